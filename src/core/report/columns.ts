import { displayWidth, padEnd, padStart } from './layout';
import type { Paint, Tone } from './style';

export interface Cell {
  text: string;
  tone?: Tone;
  /** Numbers end at the same column. */
  align?: 'right';
}

/** Lays rows out in columns as wide as their widest cell, two spaces apart; lines do not end in spaces. */
export function columns(rows: Cell[][], paint: Paint): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, displayWidth(cell.text));
  }
  return rows.map((row) => {
    const lastFilled = row.findLastIndex((cell) => cell.text !== '');
    return row
      .slice(0, lastFilled + 1)
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        const padded =
          cell.align === 'right' ? padStart(cell.text, width) : padEnd(cell.text, index === lastFilled ? 0 : width);
        return paint(cell.tone ?? 'plain', padded);
      })
      .join('  ');
  });
}

/** The width of a row as `columns` lays it out among `rows`. */
export function columnsWidth(rows: Cell[][]): number {
  return Math.max(0, ...columns(rows, (_tone, text) => text).map(displayWidth));
}
