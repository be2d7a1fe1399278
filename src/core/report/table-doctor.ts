import type { DoctorReport, RateStep, StreamStep } from '../doctor/report';
import { formatCount, formatValue } from '../metrics/format';
import { columns, type Cell } from './columns';
import { wrap } from './layout';
import { plainData } from './plain';
import { painter, type Paint } from './style';

/** The self-check for a person: the machine, both ladders, and what they mean in sentences. */
export function renderDoctor(report: DoctorReport, options: { colour: boolean; width: number }): string {
  const paint = painter(options.colour);
  const safe = plainData(report);
  const [first = '', ...others] = safe.conclusion;
  const tone = safe.status === 'fine' ? 'good' : 'bad';
  const sign = safe.status === 'fine' ? '✓' : '✗';
  const lines = [
    paint('strong', 'This machine'),
    ...machineLines(safe).flatMap((text) => indented(text, options.width)),
    '',
    paint('strong', 'Streams of 50 tokens/s, against the instants at which the simulator wrote'),
    ...streamRows(safe.streams, paint),
    '',
    paint('strong', 'Poisson arrivals: how late requests are sent'),
    ...rateRows(safe.rates, paint),
    '',
    ...wrap(`${sign} ${first}`, options.width).map((line) => paint(tone, line)),
    ...others.flatMap((text) => wrap(text, options.width)),
    '',
  ];
  return lines.join('\n');
}

function indented(text: string, width: number): string[] {
  return wrap(text, Math.max(20, width - 2)).map((line) => `  ${line}`);
}

function machineLines({ machine, load, clock, open_files: openFiles }: DoctorReport): string[] {
  const average = load.average_1m === null ? '' : `load average ${load.average_1m.toFixed(2)} · `;
  return [
    `${machine.cpu} · ${machine.cores} cores · Node ${machine.node} · ${machine.os} · ${openFiles === null ? 'open files not limited' : `${formatCount(openFiles)} open files`}`,
    `${average}cores in use by others ${formatValue(load.busy_before, 'ratio')} before, ${formatValue(load.busy_after, 'ratio')} after`,
    `clock resolves ${clock.resolution_us} µs · timers late ${ms(clock.timer_late_p50_ms)} p50, ${ms(clock.timer_late_p99_ms)} p99 · event-loop delay ${ms(clock.event_loop_delay_p99_ms)} p99`,
  ];
}

function streamRows(steps: StreamStep[], paint: Paint): string[] {
  const head = ['streams', 'tokens/s', 'TTFT error p50', 'token error p50', 'p99', 'ITL error p99'];
  return table(head, steps, paint, (step) => [
    formatCount(step.streams),
    step.tokens_per_s === null ? '-' : formatCount(step.tokens_per_s),
    ms(step.ttft_error_p50_ms),
    ms(step.token_error_p50_ms),
    ms(step.token_error_p99_ms),
    ms(step.itl_error_p99_ms),
  ]);
}

function rateRows(steps: RateStep[], paint: Paint): string[] {
  return table(['rate', 'late p50', 'late p99'], steps, paint, (step) => [
    formatValue(step.rate, '1/s'),
    ms(step.lag_p50_ms),
    ms(step.lag_p99_ms),
  ]);
}

type Step = StreamStep | RateStep;

function table<S extends Step>(head: string[], steps: S[], paint: Paint, figures: (step: S) => string[]): string[] {
  const right = (text: string): Cell => ({ text, align: 'right' });
  const rows: Cell[][] = [
    ['', ...head, 'CPU', 'workers', 'lost'].map((text) => ({ ...right(text), tone: 'dim' })),
    ...steps.map((step): Cell[] => [
      step.limited ? { text: '✗ client limited', tone: 'bad' } : { text: '✓ measured well', tone: 'good' },
      ...[...figures(step), formatValue(step.cpu, 'ratio'), String(step.workers), String(step.lost)].map(right),
      { text: step.attempts > 1 ? `(${step.attempts} attempts)` : '', tone: 'dim' },
    ]),
  ];
  return columns(rows, paint).map((line) => `  ${line}`);
}

function ms(value: number | null): string {
  return value === null ? '-' : formatValue(value, 'ms');
}
