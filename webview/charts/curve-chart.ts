/** A metric against the offered rate: each step with its verdict, the limit, and the highest rate that is within it. */
import type { RunVerdict } from '../../src/protocol/run-json';
import { latencyAxisEnd, valueAxis } from './axis';
import type { Palette } from './palette';
import { StageLayer, type Limit } from './stage-layer';
import { TimeChart, withAlpha, type Frame, type Layer } from './time-chart';

/** How near the pointer must be to a mark, in pixels. */
const REACH_PX = 16;

export interface CurveMark {
  /** Name of the step. */
  id: string;
  /** Requests per second. */
  x: number;
  /** Null where nothing was answered. */
  y: number | null;
  verdict: RunVerdict;
}

export interface CurveInput {
  /** By `x`. */
  marks: CurveMark[];
  limit: Limit | null;
  /** Highest rate that meets the limits, with its label. */
  best: Limit | null;
  /** `id` of the step that is shown elsewhere. */
  selected: string | null;
}

export class CurveChart {
  private readonly limits = new StageLayer();
  private readonly marks = new MarkLayer();
  private readonly chart: TimeChart;

  constructor(
    canvas: HTMLCanvasElement,
    format: { rate: (value: number) => string; value: (value: number) => string },
    palette: Palette,
  ) {
    this.chart = new TimeChart(
      canvas,
      {
        lines: [{ label: 'mean of the steps at a rate', color: (theme) => theme.muted, width: 1.5 }],
        layers: [this.limits, this.marks],
        formatTime: format.rate,
        formatValue: format.value,
      },
      palette,
    );
  }

  draw(input: CurveInput): void {
    const { marks, limit, best, selected } = input;
    const passing = marks.filter(({ verdict }) => verdict === 'pass');
    const missed = marks.find(({ verdict }) => verdict === 'fail');
    const values = (of: CurveMark[]) => of.flatMap(({ y }) => (y === null ? [] : [y]));
    const y = valueAxis(
      latencyAxisEnd({
        limit: limit?.value ?? null,
        // The bend of the curve is what one looks for: far beyond it a queue grows as long as the step lasts.
        bulk: Math.max(0, ...values(passing), missed?.y ?? 0),
        slowest: Math.max(0, ...values(marks)),
      }),
    );
    this.limits.state.limits = limit === null ? [] : [limit];
    Object.assign(this.marks.state, { marks, best, selected, top: y.max });
    const line = this.chart.data[0];
    if (line !== undefined) line.splice(0, line.length, ...means(marks));
    this.chart.draw({ x: valueAxis(Math.max(...marks.map(({ x }) => x * 1.05), best?.value ?? 0, 1e-6)), y });
  }

  /** Marks that lie above the axis and are drawn at its edge. */
  get beyondAxis(): number {
    const { marks, top } = this.marks.state;
    return marks.filter(({ y }) => y !== null && y > top).length;
  }

  /** The step whose mark is nearest to a pixel of the canvas, within reach; null without one. */
  nearest(pixel: { x: number; y: number }): CurveMark | null {
    let best: CurveMark | null = null;
    let bestDistance = REACH_PX ** 2;
    for (const mark of this.marks.state.marks) {
      const at = this.position(mark);
      const distance = (at.x - pixel.x) ** 2 + (at.y - pixel.y) ** 2;
      if (distance > bestDistance) continue;
      bestDistance = distance;
      best = mark;
    }
    return best;
  }

  /** Where the mark of a step is, in pixels of the canvas. */
  position({ x, y }: CurveMark): { x: number; y: number } {
    return this.chart.toPixel(x, Math.min(y ?? 0, this.marks.state.top));
  }

  setPalette(palette: Palette): void {
    this.chart.setPalette(palette);
  }
}

/** One point for each rate: probes of one rate would otherwise make the line go up and down on the spot. */
function means(marks: readonly CurveMark[]): { x: number; y: number }[] {
  const byX = new Map<number, number[]>();
  for (const { x, y } of marks) if (y !== null) byX.set(x, [...(byX.get(x) ?? []), y]);
  return [...byX].map(([x, ys]) => ({ x, y: ys.reduce((sum, y) => sum + y, 0) / ys.length }));
}

export class MarkLayer implements Layer {
  readonly state: { marks: CurveMark[]; best: Limit | null; selected: string | null; top: number } = {
    marks: [],
    best: null,
    selected: null,
    top: 1,
  };

  below({ context, area, palette, x }: Frame): void {
    const { best } = this.state;
    if (best === null) return;
    const at = x(best.value);
    context.fillStyle = withAlpha(palette.secondary, palette.highContrast ? 0.2 : 0.08);
    context.fillRect(area.left, area.top, at - area.left, area.bottom - area.top);
    context.beginPath();
    context.moveTo(at, area.top);
    context.lineTo(at, area.bottom);
    context.lineWidth = palette.highContrast ? 3 : 2;
    context.strokeStyle = palette.secondary;
    context.stroke();
    context.font = `11px ${palette.fontFamily}`;
    const room = context.measureText(best.label).width + 8;
    const left = at + room > area.right;
    context.textAlign = left ? 'right' : 'left';
    context.textBaseline = 'alphabetic';
    context.fillStyle = palette.foreground;
    context.fillText(best.label, at + (left ? -4 : 4), area.bottom - 6);
  }

  above(frame: Frame): void {
    const { context, area, palette, x, y } = frame;
    for (const mark of this.state.marks) {
      const atX = x(mark.x);
      const beyond = mark.y !== null && mark.y > this.state.top;
      const atY = mark.y === null ? area.bottom - 6 : beyond ? area.top + 5 : y(mark.y);
      context.beginPath();
      path(context, mark.y === null ? 'error' : beyond ? 'beyond' : mark.verdict, atX, atY);
      context.lineWidth = palette.highContrast ? 2.5 : 2;
      const color = colorOf(mark.verdict, palette);
      context.strokeStyle = color;
      // Hollow where nothing is decided: the shape says it without its colour, too.
      context.fillStyle = mark.verdict === 'inconclusive' ? palette.background : color;
      context.fill();
      context.stroke();
      if (mark.id !== this.state.selected) continue;
      context.beginPath();
      context.arc(atX, atY, 9, 0, Math.PI * 2);
      context.strokeStyle = palette.focus;
      context.stroke();
    }
  }
}

function path(context: CanvasRenderingContext2D, shape: RunVerdict | 'beyond', x: number, y: number): void {
  const lines = (...points: [number, number][]) => {
    points.forEach(([dx, dy], i) => (i === 0 ? context.moveTo(x + dx, y + dy) : context.lineTo(x + dx, y + dy)));
    context.closePath();
  };
  switch (shape) {
    case 'pass':
      context.arc(x, y, 4, 0, Math.PI * 2);
      return;
    case 'fail':
      lines([0, -5.5], [5.5, 0], [0, 5.5], [-5.5, 0]);
      return;
    case 'inconclusive':
      lines([-4, -4], [4, -4], [4, 4], [-4, 4]);
      return;
    case 'beyond':
      lines([-5, 4], [0, -4], [5, 4]);
      return;
    case 'error':
      context.moveTo(x - 4, y - 4);
      context.lineTo(x + 4, y + 4);
      context.moveTo(x + 4, y - 4);
      context.lineTo(x - 4, y + 4);
      return;
  }
}

function colorOf(verdict: RunVerdict, palette: Palette): string {
  if (verdict === 'pass') return palette.secondary;
  return verdict === 'inconclusive' ? palette.muted : palette.failed;
}
