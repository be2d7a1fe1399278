/** Two metrics of a few contenders against each other: their intervals, the front of those that none beats, and the limits. */
import { distributionAxis, type Axis } from './axis';
import { markPath, seriesColor } from './marks';
import type { SeriesLook } from './series-look';
import type { Palette } from './palette';
import { TimeChart, withAlpha, type Frame, type Layer } from './time-chart';

export interface ScatterPoint {
  id: string;
  look: SeriesLook;
  x: number;
  y: number;
  xCi: [number, number] | null;
  yCi: [number, number] | null;
  /** Another one is at least as good on both axes. */
  dominated: boolean;
}

export interface ScatterLimit {
  axis: 'x' | 'y';
  value: number;
  /** The side that misses it. */
  bad: 'above' | 'below';
  label: string;
}

export interface ScatterInput {
  points: ScatterPoint[];
  /** Ids of the front. */
  front: string[];
  lower: { x: boolean; y: boolean };
  limits: ScatterLimit[];
  /** Shares end at 1. */
  share: { x: boolean; y: boolean };
}

const MARK_PX = 7;

export class ScatterChart {
  private readonly layer: ScatterLayer;
  private readonly chart: TimeChart;

  /** @param onPlaced after each redraw: where the points are, in pixels of the canvas */
  constructor(
    canvas: HTMLCanvasElement,
    format: { x: (value: number) => string; y: (value: number) => string },
    palette: Palette,
    onPlaced: (places: Map<string, { x: number; y: number }>) => void,
  ) {
    this.layer = new ScatterLayer(onPlaced);
    this.chart = new TimeChart(
      canvas,
      { lines: [], layers: [this.layer], formatTime: (value) => format.x(value), formatValue: format.y },
      palette,
    );
  }

  draw(input: ScatterInput): void {
    this.layer.input = input;
    this.chart.draw({ x: axisOf(input, 'x'), y: axisOf(input, 'y') });
  }

  setPalette(palette: Palette): void {
    this.chart.setPalette(palette);
  }
}

/** All points with their intervals; a limit where it is not so far off that it would press the points together. */
function axisOf({ points, limits, share }: ScatterInput, axis: 'x' | 'y'): Axis {
  const values = points.flatMap((point) => [point[axis], ...((axis === 'x' ? point.xCi : point.yCi) ?? [])]);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const near = limits.filter((limit) => limit.axis === axis && limit.value <= high * 2 && limit.value >= low / 2);
  const all = [...values, ...near.map(({ value }) => value)];
  const from = Math.max(0, Math.min(...all));
  const to = Math.max(...all, 0);
  // Room on both sides: a mark at the very edge of the plot would be cut.
  const room = (to - from) * 0.08;
  const spread = to > 0 ? distributionAxis(Math.max(0, from - room), to + room) : distributionAxis(0, 1);
  return share[axis] && to <= 1 && spread.max > 1 ? { ...spread, max: 1 + spread.step * 0.2 } : spread;
}

class ScatterLayer implements Layer {
  input: ScatterInput = {
    points: [],
    front: [],
    lower: { x: true, y: true },
    limits: [],
    share: { x: false, y: false },
  };

  constructor(private readonly onPlaced: (places: Map<string, { x: number; y: number }>) => void) {}

  below(frame: Frame): void {
    const { area, context } = frame;
    context.save();
    context.beginPath();
    context.rect(area.left, area.top, area.right - area.left, area.bottom - area.top);
    context.clip();
    for (const limit of this.input.limits) drawLimit(frame, limit);
    drawFront(frame, this.input);
    context.restore();
  }

  above(frame: Frame): void {
    const { x, y } = frame;
    // What is dimmed lies below what is not.
    const sorted = [...this.input.points].sort((a, b) => Number(b.dominated) - Number(a.dominated));
    for (const point of sorted) drawWhiskers(frame, point);
    for (const point of sorted) drawMark(frame, point);
    this.onPlaced(new Map(this.input.points.map((point) => [point.id, { x: x(point.x), y: y(point.y) }])));
  }
}

function drawLimit({ context, area, palette, x, y }: Frame, { axis, value, bad, label }: ScatterLimit): void {
  const at = axis === 'x' ? x(value) : y(value);
  const vertical = axis === 'x';
  context.fillStyle = withAlpha(palette.limit, palette.highContrast ? 0.2 : 0.08);
  if (vertical) {
    const from = bad === 'above' ? at : area.left;
    context.fillRect(from, area.top, bad === 'above' ? area.right - at : at - area.left, area.bottom - area.top);
  } else {
    // Values grow upwards.
    const from = bad === 'above' ? area.top : at;
    context.fillRect(area.left, from, area.right - area.left, bad === 'above' ? at - area.top : area.bottom - at);
  }
  context.beginPath();
  if (vertical) {
    context.moveTo(at, area.top);
    context.lineTo(at, area.bottom);
  } else {
    context.moveTo(area.left, at);
    context.lineTo(area.right, at);
  }
  context.setLineDash([6, 4]);
  context.lineWidth = palette.highContrast ? 2 : 1.5;
  context.strokeStyle = palette.limit;
  context.stroke();
  context.setLineDash([]);
  context.font = `11px ${palette.fontFamily}`;
  const width = context.measureText(label).width;
  if (vertical) {
    const inside = bad === 'above' && at + 6 + width < area.right ? at + 6 : at - 6 - width;
    write(context, palette, label, Math.max(area.left + 4, inside), area.bottom - 8);
  } else write(context, palette, label, area.right - 4 - width, bad === 'above' ? at - 6 : at + 14);
}

/** Steps, since nothing was measured between two of its points: up to the next one, the last one is the best there is. */
function drawFront({ context, palette, x, y }: Frame, { points, front, lower }: ScatterInput): void {
  const on = points.filter(({ id }) => front.includes(id)).sort((a, b) => a.x - b.x);
  if (on.length < 2) return;
  context.beginPath();
  on.forEach((point, i) => {
    const before = on[i - 1];
    if (before === undefined) {
      context.moveTo(x(point.x), y(point.y));
      return;
    }
    if (lower.x) context.lineTo(x(point.x), y(before.y));
    else context.lineTo(x(before.x), y(point.y));
    context.lineTo(x(point.x), y(point.y));
  });
  context.lineWidth = palette.highContrast ? 2.5 : 1.5;
  context.strokeStyle = withAlpha(palette.foreground, palette.highContrast ? 1 : 0.6);
  context.stroke();
}

function drawWhiskers(
  { context, palette, x, y }: Frame,
  { look, xCi, yCi, x: atX, y: atY, dominated }: ScatterPoint,
): void {
  context.beginPath();
  if (xCi !== null) {
    const [from, to, level] = [x(xCi[0]), x(xCi[1]), y(atY)];
    context.moveTo(from, level - 3);
    context.lineTo(from, level + 3);
    context.moveTo(from, level);
    context.lineTo(to, level);
    context.moveTo(to, level - 3);
    context.lineTo(to, level + 3);
  }
  if (yCi !== null) {
    const [from, to, level] = [y(yCi[0]), y(yCi[1]), x(atX)];
    context.moveTo(level - 3, from);
    context.lineTo(level + 3, from);
    context.moveTo(level, from);
    context.lineTo(level, to);
    context.moveTo(level - 3, to);
    context.lineTo(level + 3, to);
  }
  context.lineWidth = palette.highContrast ? 2 : 1.25;
  context.strokeStyle = withAlpha(seriesColor(look, palette), dominated ? 0.4 : 0.8);
  context.stroke();
}

function drawMark({ context, palette, x, y, area }: Frame, point: ScatterPoint): void {
  const [atX, atY] = [x(point.x), y(point.y)];
  const color = seriesColor(point.look, palette);
  context.beginPath();
  markPath(context, point.look, atX, atY, MARK_PX);
  context.lineWidth = 4;
  context.strokeStyle = palette.background;
  context.stroke();
  // Dimmed and hollow: the shape says it where a theme leaves no room for paler colours.
  context.fillStyle = point.dominated ? palette.background : color;
  context.fill();
  context.lineWidth = 2;
  context.strokeStyle = point.dominated ? withAlpha(color, palette.highContrast ? 1 : 0.6) : color;
  context.stroke();
  const { letter } = point.look;
  context.font = `600 12px ${palette.fontFamily}`;
  const left = atX + MARK_PX + 16 > area.right;
  const width = context.measureText(letter).width;
  const above = atY - MARK_PX - 8 > area.top;
  write(
    context,
    palette,
    letter,
    left ? atX - MARK_PX - 4 - width : atX + MARK_PX + 4,
    above ? atY - MARK_PX : atY + MARK_PX + 10,
    point.dominated ? palette.muted : palette.foreground,
  );
}

/** A halo of the background keeps it readable over lines. */
function write(
  context: CanvasRenderingContext2D,
  palette: Palette,
  text: string,
  x: number,
  y: number,
  color = palette.foreground,
): void {
  context.textAlign = 'left';
  context.textBaseline = 'alphabetic';
  context.lineJoin = 'round';
  context.lineWidth = 3;
  context.strokeStyle = palette.background;
  context.strokeText(text, x, y);
  context.fillStyle = color;
  context.fillText(text, x, y);
}
