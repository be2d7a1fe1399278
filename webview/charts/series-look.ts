/** What a series is told apart by, wherever it is drawn: see marks.ts. */
export interface SeriesLook {
  /** `A`, `B`, ...: what it is called beside its mark. */
  letter: string;
  /** Index into the palette's series. */
  color: number;
  shape: number;
}

const COLORS = 5;
const SHAPES = 7;

/** Neighbours differ in both, and no two of the first 35 are the same. */
export function lookOf(index: number): SeriesLook {
  return { letter: letterOf(index), color: index % COLORS, shape: index % SHAPES };
}

function letterOf(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26));
  return index < 26 ? letter : `${letter}${Math.floor(index / 26)}`;
}
