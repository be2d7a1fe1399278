/** One latency over the time of a stage: each request, the rolling p50 and p99, the limits. */
import type { TickPoint } from '../../src/protocol/events';
import type { RunPanelSample } from '../../src/protocol/run-panel';
import { latencyAxisEnd, spanAxis, timeAxis, valueAxis, type TimeSpan } from './axis';
import type { Palette } from './palette';
import { PointLayer } from './point-layer';
import type { PointSeries } from './point-series';
import { timeTicks } from './series-chart';
import { StageLayer, type Limit } from './stage-layer';
import { TimeChart } from './time-chart';

/** How near the pointer must be to a mark, in pixels. */
const REACH_PX = 12;

export interface LatencyInput {
  series: PointSeries;
  history: readonly RunPanelSample[];
  limits: Limit[];
  warmupMs: number;
  cooldownMs: number;
  plannedMs: number | null;
  elapsedMs: number;
  /** The part that is looked at; null for all of it. */
  zoom: TimeSpan | null;
}

export class LatencyChart {
  private readonly points: PointLayer;
  private readonly stage = new StageLayer();
  private readonly chart: TimeChart;
  private history: readonly RunPanelSample[] = [];
  private consumed = 0;
  private axisEnd = 0;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly metric: 'ttft' | 'itl',
    format: { time: (ms: number, step: number) => string; latency: (ms: number) => string },
    palette: Palette,
  ) {
    this.points = new PointLayer(metric, metric === 'itl' ? 'itlMax' : null);
    this.chart = new TimeChart(
      canvas,
      {
        lines: [
          { label: 'p50', color: (theme) => theme.p50, width: 1.5 },
          { label: 'p99', color: (theme) => theme.p99, width: 2, highContrastDash: [8, 3] },
        ],
        layers: [this.stage, this.points],
        formatTime: format.time,
        formatValue: format.latency,
      },
      palette,
    );
  }

  /** Draws a stage. `history` may be the same array, longer than before: only what is new is taken over. */
  draw(input: LatencyInput): void {
    if (input.series !== this.points.state.series || input.history !== this.history) this.reset(input);
    this.takeHistory();
    const tallest = this.metric === 'itl' ? 'itlMax' : 'ttft';
    const limit = input.limits.length === 0 ? null : Math.max(...input.limits.map(({ value }) => value));
    const end = latencyAxisEnd({
      limit,
      bulk: input.series.roughQuantile(tallest, 0.99),
      slowest: input.series.roughQuantile(tallest, 1),
    });
    // It only grows: an axis that shrank again would move every mark although nothing about them changed.
    this.axisEnd = Math.max(this.axisEnd, end);
    const y = valueAxis(this.axisEnd === 0 ? 100 : this.axisEnd);
    Object.assign(this.stage.state, {
      warmupMs: input.warmupMs,
      cooldownMs: input.cooldownMs,
      plannedMs: input.plannedMs,
      limits: input.limits,
    });
    this.points.state.limit = input.limits.length === 0 ? null : Math.min(...input.limits.map(({ value }) => value));
    this.points.state.top = y.max;
    const ticks = timeTicks(this.canvas);
    const x = input.zoom === null ? timeAxis(input.elapsedMs, input.plannedMs, ticks) : spanAxis(input.zoom, ticks);
    this.chart.draw({ x, y });
  }

  /** Marks that lie above the axis and are drawn at its edge. */
  get beyondAxis(): number {
    return this.points.beyondAxis;
  }

  mark(which: 'selected' | 'hovered', point: TickPoint | null): void {
    if (this.points.state[which] === point) return;
    this.points.state[which] = point;
    this.chart.redraw();
  }

  /** The request whose mark is nearest to a pixel of the canvas, within reach; null without one. */
  nearest(pixel: { x: number; y: number }): TickPoint | null {
    const { series, top } = this.points.state;
    if (series === null) return null;
    let best: TickPoint | null = null;
    let bestDistance = REACH_PX ** 2;
    const until = this.chart.timeAt(pixel.x + REACH_PX);
    for (let i = series.indexAt(this.chart.timeAt(pixel.x - REACH_PX)); i < series.points.length; i++) {
      const point = series.points[i] as TickPoint;
      if (point.t > until) break;
      for (const value of this.marksOf(point)) {
        const at = this.chart.toPixel(point.t, Math.min(value, top));
        const distance = (at.x - pixel.x) ** 2 + (at.y - pixel.y) ** 2;
        if (distance > bestDistance) continue;
        bestDistance = distance;
        best = point;
      }
    }
    return best;
  }

  /** Where the marks of a request stand: its mean and its longest gap are two; one that failed stands at the bottom. */
  private marksOf(point: TickPoint): number[] {
    if (!point.ok) return [0];
    const values = this.metric === 'itl' && !point.warmup ? [point.itl, point.itlMax] : [point[this.metric]];
    return values.filter((value) => value !== null);
  }

  /** Where the mark of a request is, in pixels of the canvas. */
  position(point: TickPoint): { x: number; y: number } {
    return this.chart.toPixel(point.t, Math.min(point[this.metric] ?? 0, this.points.state.top));
  }

  timeAt(pixel: number): number {
    return this.chart.timeAt(pixel);
  }

  get area(): { left: number; right: number; top: number; bottom: number } {
    return this.chart.area;
  }

  setPalette(palette: Palette): void {
    this.chart.setPalette(palette);
  }

  destroy(): void {
    this.chart.destroy();
  }

  private reset(input: LatencyInput): void {
    this.points.state.series = input.series;
    this.points.state.selected = this.points.state.hovered = null;
    this.history = input.history;
    this.consumed = 0;
    this.axisEnd = 0;
    for (const line of this.chart.data) line.length = 0;
  }

  private takeHistory(): void {
    const [p50, p99] = this.chart.data;
    for (; this.consumed < this.history.length; this.consumed++) {
      const sample = this.history[this.consumed] as RunPanelSample;
      const [low, high] = this.metric === 'ttft' ? [sample.ttftP50, sample.ttftP99] : [sample.itlP50, sample.itlP99];
      if (low !== null) p50?.push({ x: sample.t, y: low });
      if (high !== null) p99?.push({ x: sample.t, y: high });
    }
  }
}
