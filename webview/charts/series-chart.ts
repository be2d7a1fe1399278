/** Lines over the time of a stage: rates, concurrency, throughput. One scale a chart, so that no line stands for another's axis. */
import type { RunPanelSample } from '../../src/protocol/run-panel';
import { spanAxis, timeAxis, valueAxis, type TimeSpan } from './axis';
import type { Palette } from './palette';
import { StageLayer } from './stage-layer';
import { TimeChart, type LineSpec } from './time-chart';

export interface SeriesInput {
  history: readonly RunPanelSample[];
  warmupMs: number;
  cooldownMs: number;
  plannedMs: number | null;
  elapsedMs: number;
  /** The part that is looked at; null for all of it. */
  zoom: TimeSpan | null;
}

export interface SeriesLine extends LineSpec {
  of: (sample: RunPanelSample) => number;
}

export class SeriesChart {
  private readonly stage = new StageLayer();
  private readonly chart: TimeChart;
  private history: readonly RunPanelSample[] = [];
  private consumed = 0;
  private most = 0;

  /** @param least the scale reaches at least to it */
  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly lines: readonly SeriesLine[],
    format: { time: (ms: number, step: number) => string; value: (value: number) => string },
    private readonly least: number,
    palette: Palette,
  ) {
    this.chart = new TimeChart(
      canvas,
      { lines: [...lines], layers: [this.stage], formatTime: format.time, formatValue: format.value },
      palette,
    );
  }

  draw(input: SeriesInput): void {
    if (input.history !== this.history) {
      this.history = input.history;
      this.consumed = this.most = 0;
      for (const line of this.chart.data) line.length = 0;
    }
    for (; this.consumed < this.history.length; this.consumed++) {
      const sample = this.history[this.consumed] as RunPanelSample;
      this.lines.forEach(({ of }, i) => {
        const y = of(sample);
        this.chart.data[i]?.push({ x: sample.t, y });
        this.most = Math.max(this.most, y);
      });
    }
    const { warmupMs, cooldownMs, plannedMs, elapsedMs, zoom } = input;
    Object.assign(this.stage.state, { warmupMs, cooldownMs, plannedMs });
    const ticks = timeTicks(this.canvas);
    this.chart.draw({
      x: zoom === null ? timeAxis(elapsedMs, plannedMs, ticks) : spanAxis(zoom, ticks),
      y: valueAxis(Math.max(this.most * 1.1, this.least)),
    });
  }

  timeAt(pixel: number): number {
    return this.chart.timeAt(pixel);
  }

  pixelAt(ms: number): number {
    return this.chart.toPixel(ms, 0).x;
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
}

/** Steps of a time axis that have room for their labels. */
export function timeTicks(canvas: HTMLCanvasElement): number {
  return canvas.clientWidth < 360 ? 4 : canvas.clientWidth < 480 ? 5 : 8;
}
