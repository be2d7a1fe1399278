/** Quality, latency and cost of each contender as a triangle, all on one scale, with the limits as a smaller one within. */
import type { Sheet } from './drawing';
import { markPath, seriesColor } from './marks';
import type { SeriesLook } from './series-look';
import { withAlpha } from './time-chart';

export interface TriangleInput {
  id: string;
  label: string;
  look: SeriesLook;
  /** Of each corner: 1 is exactly at the limit; null where nothing was measured. */
  scores: (number | null)[];
}

export interface TrianglesInput {
  /** Short names of the corners: top, right, left. */
  corners: string[];
  /** Score at which the outer triangle lies. */
  full: number;
  items: TriangleInput[];
}

export const TRIANGLE_PX = { width: 204, height: 208 };
const RADIUS = 76;
const TITLE_PX = 24;
/** Top, bottom right, bottom left. */
const ANGLES = [-Math.PI / 2, Math.PI / 6, (5 * Math.PI) / 6];

/** How many stand beside each other. */
export function triangleColumns(width: number): number {
  return Math.max(1, Math.floor(width / TRIANGLE_PX.width));
}

/** Returns where each corner was drawn, by triangle and corner. */
export function drawTriangles(sheet: Sheet, input: TrianglesInput): Map<string, { x: number; y: number }> {
  const places = new Map<string, { x: number; y: number }>();
  const columns = triangleColumns(sheet.width);
  input.items.forEach((item, i) => {
    const middle = {
      x: (i % columns) * TRIANGLE_PX.width + TRIANGLE_PX.width / 2,
      y: Math.floor(i / columns) * TRIANGLE_PX.height + TITLE_PX + RADIUS + 22,
    };
    drawOne(sheet, input, item, middle);
    item.scores.forEach((score, corner) =>
      places.set(`${i} ${corner}`, at(middle, corner, shown(score ?? 0, input.full) / input.full)),
    );
  });
  return places;
}

function drawOne(
  { context, palette }: Sheet,
  { corners, full }: TrianglesInput,
  { label, look, scores }: TriangleInput,
  middle: { x: number; y: number },
): void {
  const color = seriesColor(look, palette);
  const left = middle.x - TRIANGLE_PX.width / 2 + 4;
  const top = middle.y - RADIUS - 22 - TITLE_PX + 12;
  context.beginPath();
  markPath(context, look, left + 7, top, 6);
  context.fillStyle = color;
  context.fill();
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  context.font = `600 12px ${palette.fontFamily}`;
  context.fillStyle = palette.foreground;
  context.fillText(`${look.letter} ${label}`, left + 19, top, TRIANGLE_PX.width - 28);

  outline(context, middle, () => 1);
  context.lineWidth = 1;
  context.strokeStyle = palette.grid;
  context.stroke();
  for (const corner of [0, 1, 2]) {
    const end = at(middle, corner, 1);
    context.beginPath();
    context.moveTo(middle.x, middle.y);
    context.lineTo(end.x, end.y);
    context.strokeStyle = withAlpha(palette.grid, palette.highContrast ? 0.8 : 0.5);
    context.stroke();
  }

  const known = scores.every((score) => score !== null);
  if (known) {
    outline(context, middle, (corner) => shown(scores[corner] ?? 0, full) / full);
    context.fillStyle = withAlpha(color, palette.highContrast ? 0.3 : 0.2);
    context.fill();
    context.lineWidth = palette.highContrast ? 2.5 : 2;
    context.strokeStyle = color;
    context.stroke();
  }
  outline(context, middle, () => 1 / full);
  context.setLineDash([4, 3]);
  context.lineWidth = palette.highContrast ? 2 : 1.5;
  context.strokeStyle = palette.limit;
  context.stroke();
  context.setLineDash([]);

  scores.forEach((score, corner) => {
    if (score !== null) {
      const place = at(middle, corner, shown(score, full) / full);
      context.beginPath();
      // Hollow where the limit is missed: the side of the line is hard to see near it.
      markPath(context, look, place.x, place.y, 5);
      context.fillStyle = score < 1 ? palette.background : color;
      context.fill();
      context.lineWidth = 2;
      context.strokeStyle = color;
      context.stroke();
    }
    const end = at(middle, corner, 1);
    context.font = `11px ${palette.fontFamily}`;
    context.fillStyle = palette.muted;
    context.textAlign = corner === 0 ? 'center' : corner === 1 ? 'right' : 'left';
    const x = corner === 0 ? end.x : corner === 1 ? middle.x + TRIANGLE_PX.width / 2 - 4 : left;
    const text = `${corners[corner] ?? ''} ${score === null ? '–' : scoreText(score)}`;
    context.fillText(text, x, corner === 0 ? end.y - 10 : end.y + 13, TRIANGLE_PX.width / 2 - 8);
  });
}

/** `1.36×` its limit. */
export function scoreText(score: number): string {
  return `${Number(score.toPrecision(3))}×`;
}

/** Beyond `full` a triangle would leave its frame. */
function shown(score: number, full: number): number {
  return Math.max(0, Math.min(full, score));
}

function at(middle: { x: number; y: number }, corner: number, share: number): { x: number; y: number } {
  const angle = ANGLES[corner] ?? 0;
  return { x: middle.x + Math.cos(angle) * RADIUS * share, y: middle.y + Math.sin(angle) * RADIUS * share };
}

function outline(
  context: CanvasRenderingContext2D,
  middle: { x: number; y: number },
  share: (corner: number) => number,
): void {
  context.beginPath();
  for (const corner of [0, 1, 2]) {
    const { x, y } = at(middle, corner, share(corner));
    if (corner === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  }
  context.closePath();
}
