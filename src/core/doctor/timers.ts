import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from '../util/clock';
import { quantileOf } from './quantile';
import type { ClockReport } from './report';

const READINGS = 20_000;
const TIMERS = 60;
const TIMER_MS = 5;

/** How finely and how punctually this machine tells the time, in about a third of a second. */
export async function measureClock(signal: AbortSignal): Promise<ClockReport> {
  const delay = monitorEventLoopDelay({ resolution: TIMER_MS });
  delay.enable();
  const late: number[] = [];
  for (let i = 0; i < TIMERS; i++) {
    const dueMs = monotonicMs() + TIMER_MS;
    await sleep(TIMER_MS, undefined, { signal });
    late.push(monotonicMs() - dueMs);
  }
  delay.disable();
  return {
    resolution_us: round(smallestStepMs() * 1000),
    timer_late_p50_ms: round(quantileOf(late, 0.5)),
    timer_late_p99_ms: round(quantileOf(late, 0.99)),
    // The sampling interval itself is part of what the histogram holds.
    event_loop_delay_p99_ms: round(Math.max(0, delay.percentile(99) / 1e6 - TIMER_MS)),
  };
}

/** The smallest positive difference between two readings that follow each other, ms. */
function smallestStepMs(): number {
  let smallest = Number.POSITIVE_INFINITY;
  let previous = monotonicMs();
  for (let i = 0; i < READINGS; i++) {
    const now = monotonicMs();
    if (now > previous) smallest = Math.min(smallest, now - previous);
    previous = now;
  }
  return smallest;
}

function round(value: number): number {
  return Number(value.toFixed(3));
}
