/** One number over the runs of an eval, a mark a run, with the baseline as a line. */
import type { RunVerdict } from '../../src/protocol/run-json';
import { valueAxis } from './axis';
import { MarkLayer } from './curve-chart';
import type { Palette } from './palette';
import { StageLayer, type Limit } from './stage-layer';
import { TimeChart } from './time-chart';

/** How near the pointer must be to a mark, in pixels; in height any distance will do. */
const REACH_PX = 24;
/** Runs beyond this many have a label for every second, third, … of them. */
const MOST_LABELS = 8;

export interface TrendMark {
  /** Name of the run's folder. */
  id: string;
  value: number | null;
  verdict: RunVerdict;
  /** Below the axis: the commit, or the day. */
  label: string;
}

export class TrendChart {
  private readonly limits = new StageLayer();
  private readonly layer = new MarkLayer();
  private readonly chart: TimeChart;
  private marks: readonly TrendMark[] = [];

  constructor(canvas: HTMLCanvasElement, format: (value: number) => string, palette: Palette) {
    this.chart = new TimeChart(
      canvas,
      {
        lines: [{ label: 'value', color: (theme) => theme.point, width: 1.5 }],
        layers: [this.limits, this.layer],
        formatTime: (at) => this.labelAt(at),
        formatValue: format,
      },
      palette,
    );
  }

  /** @param selected the run that is pointed at or shown */
  draw(marks: readonly TrendMark[], baseline: Limit | null, selected: string | null): void {
    this.marks = marks;
    const values = marks.flatMap(({ value }) => (value === null ? [] : [value]));
    const y = valueAxis(Math.max(...values, baseline?.value ?? 0, 0) * 1.05);
    this.limits.state.limits = baseline === null ? [] : [baseline];
    Object.assign(this.layer.state, {
      marks: marks.flatMap(({ id, value, verdict }, index) =>
        value === null ? [] : [{ id, x: index + 1, y: value, verdict }],
      ),
      best: null,
      selected,
      top: y.max,
    });
    const line = this.chart.data[0];
    const points = marks.flatMap(({ value }, index) => (value === null ? [] : [{ x: index + 1, y: value }]));
    if (line !== undefined) line.splice(0, line.length, ...points);
    const step = Math.max(1, Math.ceil(marks.length / MOST_LABELS));
    this.chart.draw({ x: { min: 0, max: marks.length + 1, step }, y });
  }

  /** The run whose mark is nearest along the axis; null where none is near. */
  nearest(pixel: { x: number }): TrendMark | null {
    let best: TrendMark | null = null;
    let reach = REACH_PX;
    for (const mark of this.marks) {
      const distance = Math.abs(this.position(mark).x - pixel.x);
      if (mark.value === null || distance > reach) continue;
      reach = distance;
      best = mark;
    }
    return best;
  }

  /** Where the mark of a run is, in pixels of the canvas. */
  position(mark: TrendMark): { x: number; y: number } {
    return this.chart.toPixel(this.marks.indexOf(mark) + 1, mark.value ?? 0);
  }

  setPalette(palette: Palette): void {
    this.chart.setPalette(palette);
  }

  private labelAt(at: number): string {
    const index = Math.round(at) - 1;
    return Math.abs(at - index - 1) > 0.01 ? '' : (this.marks[index]?.label ?? '');
  }
}
