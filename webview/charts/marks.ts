/** What a series is told apart by: a colour and a shape, the same on a canvas and in the page. */
import type { Palette } from './palette';
import type { SeriesLook } from './series-look';

/** Corners around a middle of 0, 0 within a radius of 1. */
const SHAPES: readonly (readonly [number, number])[][] = [
  regular(24, 0, 0.85),
  regular(4, Math.PI / 4, 1.05),
  regular(3, -Math.PI / 2, 1.1),
  regular(4, 0, 1.1),
  regular(3, Math.PI / 2, 1.1),
  plus(),
  star(),
];

export function seriesColor({ color }: SeriesLook, palette: Palette): string {
  return palette.series[color] ?? palette.foreground;
}

/** Adds the shape to the path of a context. */
export function markPath(
  context: CanvasRenderingContext2D,
  { shape }: SeriesLook,
  x: number,
  y: number,
  r: number,
): void {
  (SHAPES[shape] ?? []).forEach(([dx, dy], i) =>
    i === 0 ? context.moveTo(x + dx * r, y + dy * r) : context.lineTo(x + dx * r, y + dy * r),
  );
  context.closePath();
}

/** The shape as an SVG element that has the colour of its text. */
export function markSvg({ shape, color }: SeriesLook): SVGSVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const polygon = document.createElementNS('http://www.w3.org/2000/svg', 'polygon');
  svg.setAttribute('viewBox', '-1.2 -1.2 2.4 2.4');
  svg.setAttribute('class', `mark-shape series-${color}`);
  svg.setAttribute('aria-hidden', 'true');
  polygon.setAttribute('points', (SHAPES[shape] ?? []).map(([x, y]) => `${x.toFixed(3)},${y.toFixed(3)}`).join(' '));
  svg.append(polygon);
  return svg;
}

function regular(corners: number, start: number, radius: number): [number, number][] {
  return Array.from({ length: corners }, (_, i) => {
    const angle = start + (i / corners) * 2 * Math.PI;
    return [Math.cos(angle) * radius, Math.sin(angle) * radius];
  });
}

function plus(): [number, number][] {
  const [a, b] = [0.35, 1];
  return [
    [-a, -b],
    [a, -b],
    [a, -a],
    [b, -a],
    [b, a],
    [a, a],
    [a, b],
    [-a, b],
    [-a, a],
    [-b, a],
    [-b, -a],
    [-a, -a],
  ];
}

function star(): [number, number][] {
  return Array.from({ length: 10 }, (_, i) => {
    const angle = -Math.PI / 2 + (i / 10) * 2 * Math.PI;
    const radius = i % 2 === 0 ? 1.15 : 0.5;
    return [Math.cos(angle) * radius, Math.sin(angle) * radius];
  });
}
