/** Offered against achieved rate, and how many requests were in flight meanwhile: a gap between the two is a growing queue. */
import type { RunPanelSample } from '../../src/protocol/run-panel';
import { timeAxis, valueAxis } from './axis';
import type { Palette } from './palette';
import { StageLayer } from './stage-layer';
import { TimeChart } from './time-chart';

export interface RateInput {
  history: readonly RunPanelSample[];
  warmupMs: number;
  cooldownMs: number;
  plannedMs: number | null;
  elapsedMs: number;
}

export class RateChart {
  private readonly stage = new StageLayer();
  private readonly chart: TimeChart;
  private history: readonly RunPanelSample[] = [];
  private consumed = 0;
  private mostRate = 0;
  private mostInFlight = 0;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    format: { time: (ms: number) => string; rate: (value: number) => string; count: (value: number) => string },
    palette: Palette,
  ) {
    this.chart = new TimeChart(
      canvas,
      {
        lines: [
          { label: 'in flight', color: (theme) => theme.secondary, width: 1, axis: 'y2', dash: [2, 2] },
          { label: 'offered', color: (theme) => theme.p50, width: 1.5, dash: [6, 3] },
          { label: 'achieved', color: (theme) => theme.point, width: 2 },
        ],
        layers: [this.stage],
        formatTime: format.time,
        formatValue: format.rate,
        formatSecond: format.count,
      },
      palette,
    );
  }

  draw(input: RateInput): void {
    if (input.history !== this.history) {
      this.history = input.history;
      this.consumed = this.mostRate = this.mostInFlight = 0;
      for (const line of this.chart.data) line.length = 0;
    }
    const [inFlight, offered, achieved] = this.chart.data;
    for (; this.consumed < this.history.length; this.consumed++) {
      const sample = this.history[this.consumed] as RunPanelSample;
      inFlight?.push({ x: sample.t, y: sample.inFlight });
      offered?.push({ x: sample.t, y: sample.offeredRps });
      achieved?.push({ x: sample.t, y: sample.rps });
      this.mostRate = Math.max(this.mostRate, sample.offeredRps, sample.rps);
      this.mostInFlight = Math.max(this.mostInFlight, sample.inFlight);
    }
    Object.assign(this.stage.state, {
      warmupMs: input.warmupMs,
      cooldownMs: input.cooldownMs,
      plannedMs: input.plannedMs,
    });
    this.chart.draw({
      x: timeAxis(input.elapsedMs, input.plannedMs, this.canvas.clientWidth < 480 ? 5 : 8),
      y: valueAxis(Math.max(this.mostRate * 1.1, 1)),
      y2: valueAxis(Math.max(this.mostInFlight * 1.1, 3)),
    });
  }

  setPalette(palette: Palette): void {
    this.chart.setPalette(palette);
  }

  destroy(): void {
    this.chart.destroy();
  }
}
