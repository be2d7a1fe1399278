import { conclude } from '../../../src/core/doctor/conclusion';
import type { DoctorReport, LadderEnd, Machine, RateStep, StreamStep } from '../../../src/core/doctor/report';

export const MACHINE: Machine = { os: 'linux 6 x64', cpu: 'A CPU', cores: 8, node: '20.20.2' };

export function streamStep(streams: number, why: string | null = null): StreamStep {
  return {
    streams,
    tokens_per_s: streams * 48,
    ttft_error_p50_ms: 0.21,
    token_error_p50_ms: 0.08,
    token_error_p99_ms: 1.4,
    itl_error_p99_ms: 1.6,
    cpu: 0.12,
    workers: 1,
    lost: 0,
    attempts: why === null ? 1 : 2,
    limited: why !== null,
    why,
  };
}

export function rateStep(rate: number, why: string | null = null): RateStep {
  return {
    rate,
    lag_p50_ms: 0.05,
    lag_p99_ms: 0.9,
    cpu: 0.1,
    workers: 1,
    lost: 0,
    attempts: why === null ? 1 : 2,
    limited: why !== null,
    why,
  };
}

export interface Given {
  streams?: StreamStep[];
  rates?: RateStep[];
  streamsEnded?: LadderEnd;
  ratesEnded?: LadderEnd;
  busy?: [before: number, after: number];
  openFiles?: number | null;
  machine?: Machine;
}

export function doctorReport(given: Given = {}): DoctorReport {
  const { streams = [streamStep(1), streamStep(256)], rates = [rateStep(50), rateStep(400)] } = given;
  const { streamsEnded = 'top', ratesEnded = 'top', busy = [0.02, 0.03], openFiles = 20_000 } = given;
  const load = { average_1m: 0.4, busy_before: busy[0], busy_after: busy[1] };
  return {
    schema: 'promptrig.doctor/1',
    date: '2025-03-04T05:06:07.000Z',
    promptrig: '0.1.0',
    quick: false,
    machine: given.machine ?? MACHINE,
    load,
    open_files: openFiles,
    clock: { resolution_us: 0.04, timer_late_p50_ms: 0.4, timer_late_p99_ms: 1.2, event_loop_delay_p99_ms: 1.1 },
    streams,
    rates,
    ...conclude({ streams, rates, streamsEnded, ratesEnded, load, open_files: openFiles }),
  };
}
