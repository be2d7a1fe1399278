import type { StagePlan } from '../../protocol/plan';
import type { RequestRecord } from '../../protocol/run-json';
import { uniformAt } from './prng';
import { ArrivalCursor, arrivalsOf } from './schedule';

/** The measured part of a stage, in ms from its start. */
export interface MeasuredWindow {
  startMs: number;
  /** Infinity where the stage ends after a number of requests whose last instant nobody can know: it has no cool-down then. */
  endMs: number;
}

/**
 * The window between warm-up and cool-down. A stage with a duration ends then. An open loop bounded by requests alone ends
 * with its last arrival, which the schedule tells; a closed loop bounded by requests alone has no cool-down. Of sessions the
 * last turns come after the last arrival: they are part of the cool-down.
 */
export function measuredWindow(stage: StagePlan, seed: number): MeasuredWindow {
  const startMs = stage.warmupMs;
  const lengthMs = stage.durationMs ?? (stage.cooldownMs > 0 ? lastArrivalMs(stage, seed) : Number.POSITIVE_INFINITY);
  return { startMs, endMs: Math.max(startMs, lengthMs - stage.cooldownMs) };
}

function lastArrivalMs(stage: StagePlan, seed: number): number {
  if (stage.loop === 'closed' || stage.requests === undefined) return Number.POSITIVE_INFINITY;
  const cursor = new ArrivalCursor(arrivalsOf(stage, seed), {
    durationMs: Number.POSITIVE_INFINITY,
    requests: Math.ceil(stage.requests / (stage.sessions?.turns ?? 1)),
  });
  let last = 0;
  while (cursor.next()) last = cursor.offsetMs;
  return last;
}

export function phaseAt(window: MeasuredWindow, offsetMs: number): RequestRecord['phase'] {
  if (offsetMs < window.startMs) return 'warmup';
  return offsetMs < window.endMs ? 'measured' : 'cooldown';
}

/** Which request of the stage's pool is sent as number `index`; the same for any number of workers. */
export function templatePicker(stage: StagePlan, seed: number): (index: number) => number {
  const size = stage.requestPool.length;
  if (stage.caseOrder === 'sequential' || size <= 1) return (index) => index % size;
  if (stage.caseOrder === 'random') return (index) => Math.floor(uniformAt(seed, 'cases', index) * size);
  const ends: number[] = [];
  let total = 0;
  for (const template of stage.requestPool) {
    total += Math.max(0, template.weight);
    ends.push(total);
  }
  // Weights that are all zero say nothing about the order.
  if (!(total > 0)) return (index) => index % size;
  return (index) => {
    const at = uniformAt(seed, 'cases', index) * total;
    let low = 0;
    let high = size - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (at < (ends[middle] ?? total)) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
