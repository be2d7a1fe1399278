/** Offered against achieved rate, with the requests in flight. */
import { formatCount, formatClock, formatValue } from '../../src/protocol/format';
import type { Palette } from '../charts/palette';
import { RateChart } from '../charts/rate-chart';
import { setHidden } from '../dom';
import { ChartFrame } from './chart-frame';
import type { Section } from './section';
import type { Shown } from './selection';
import type { RunStore, StageView } from './store';

/** Rows of the table; beyond it every n-th sample is a row. */
const MOST_ROWS = 12;

export class RateSection implements Section {
  private readonly frame: ChartFrame;
  private chart: RateChart | null = null;
  /** What the last drawing showed. */
  private drawn: unknown[] = [];

  constructor(
    private palette: Palette,
    onToggle: () => void,
  ) {
    this.frame = new ChartFrame(
      'Rate and concurrency',
      [
        { swatch: 'swatch-offered', label: 'offered' },
        { swatch: 'swatch-achieved', label: 'achieved' },
        { swatch: 'swatch-flight', label: 'in flight (right axis)' },
      ],
      [
        { label: 'Time', numeric: false },
        { label: 'Offered', numeric: true },
        { label: 'Achieved', numeric: true },
        { label: 'In flight', numeric: true },
      ],
      () => {
        this.drawn = [];
        onToggle();
      },
    );
  }

  get element(): HTMLElement {
    return this.frame.element;
  }

  get tableShown(): boolean {
    return this.frame.tableShown;
  }

  showTable(shown: boolean): void {
    this.frame.showTable(shown);
  }

  render(_store: RunStore, shown: Shown | null): void {
    const stage = shown?.stage ?? null;
    setHidden(this.element, stage === null || stage.data.pattern === 'cases');
    if (stage === null || this.element.hidden) return;
    const state = [stage.history, stage.history.length, stage.data.status];
    if (state.every((part, i) => part === this.drawn[i])) return;
    this.drawn = state;
    if (this.frame.tableShown) this.frame.setRows(rowsOf(stage));
    else this.draw(stage);
    this.frame.describe({
      summary: summaryOf(stage),
      note:
        stage.history.length > 0
          ? ''
          : stage.data.status === 'done'
            ? 'No history of the rate was kept.'
            : 'Waiting for the first request',
      caption: '',
    });
  }

  setPalette(palette: Palette): void {
    this.palette = palette;
    this.chart?.setPalette(palette);
  }

  private draw({ data, history }: StageView): void {
    const plain = (value: number) => formatValue(value, 'count');
    this.chart ??= new RateChart(
      this.frame.canvas,
      { time: formatClock, rate: (value) => formatValue(value, '1/s'), count: plain },
      this.palette,
    );
    const { warmupMs, cooldownMs, plannedMs, elapsedMs } = data;
    this.chart.draw({ history, warmupMs, cooldownMs, plannedMs, elapsedMs });
  }
}

function rowsOf({ history }: StageView): string[][] {
  const every = Math.ceil(history.length / MOST_ROWS);
  return history
    .filter((_, i) => i % every === 0)
    .map((sample) => [
      formatClock(sample.t),
      formatValue(sample.offeredRps, '1/s'),
      formatValue(sample.rps, '1/s'),
      formatCount(sample.inFlight),
    ]);
}

function summaryOf({ data }: StageView): string {
  return `Rate over time. Offered ${formatValue(data.offeredRps, '1/s')}, achieved ${formatValue(data.rps, '1/s')}, ${data.inFlight} in flight.`;
}
