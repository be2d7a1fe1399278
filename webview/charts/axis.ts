/** Round axis ends and steps, chosen so that an axis grows in few, large steps instead of creeping along. */

/** Steps of a time axis in ms: what a reader of a clock expects. */
const TIME_STEPS_MS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000,
  1_800_000, 3_600_000, 7_200_000, 21_600_000, 86_400_000,
];

export interface Axis {
  /** 0 where it is absent. */
  min?: number;
  max: number;
  step: number;
}

/** A stretch of time, in ms since the stage started. */
export interface TimeSpan {
  from: number;
  to: number;
}

/** The tightest axis from 0 to at least `value` that has three to five round steps (1, 2, 2.5 or 5 times a power of ten). */
export function valueAxis(value: number): Axis {
  const wanted = value > 0 ? value : 1;
  let best: Axis | null = null;
  for (let power = 10 ** Math.floor(Math.log10(wanted / 5)); power <= wanted; power *= 10) {
    for (const factor of [1, 2, 2.5, 5]) {
      const step = factor * power;
      const count = Math.ceil((wanted / step) * (1 - 1e-9));
      if (count < 3 || count > 5 || (best !== null && step * count >= best.max)) continue;
      best = { step, max: step * count };
    }
  }
  return best ?? { step: wanted / 4, max: wanted };
}

/**
 * A time axis from 0 in at most `ticks` steps. With a planned length it ends there; without one it ends at the next step
 * after `elapsedMs`, at the earliest after 10 s.
 */
export function timeAxis(elapsedMs: number, plannedMs: number | null, ticks: number): Axis {
  const end = Math.max(elapsedMs, plannedMs ?? 10_000);
  const step = TIME_STEPS_MS.find((candidate) => end / candidate <= ticks) ?? Math.ceil(end / ticks);
  const beyondPlan = plannedMs === null || elapsedMs > plannedMs;
  return { step, max: beyondPlan ? Math.ceil(end / step) * step : plannedMs };
}

/**
 * End of a latency axis: all of the bulk and the limit are in view; the slowest few may lie above it (they are drawn at its
 * edge), since one stall of ten seconds would press everything else flat.
 */
export function latencyAxisEnd(parts: { limit: number | null; bulk: number | null; slowest: number | null }): number {
  const bulk = Math.max((parts.bulk ?? 0) * 1.25, (parts.limit ?? 0) * 1.25);
  const slowest = (parts.slowest ?? 0) * 1.05;
  return slowest <= bulk * 2 ? Math.max(slowest, bulk) : bulk;
}

/** A part of a time axis: exactly from its one end to the other, with round steps in between. */
export function spanAxis({ from, to }: TimeSpan, ticks: number): Axis {
  const length = to - from;
  return {
    min: from,
    max: to,
    step: TIME_STEPS_MS.find((step) => length / step <= ticks) ?? Math.ceil(length / ticks),
  };
}

/**
 * The axis of a distribution: from 0, or from a round value below `low` where nearly half of it would be empty otherwise.
 * What lies beyond `high` is for the caller to count.
 */
export function distributionAxis(low: number, high: number): Axis {
  const whole = valueAxis(high);
  if (low < high * 0.4) return whole;
  const { step } = valueAxis(high - low);
  const min = Math.max(0, Math.floor(low / step - 1e-9) * step);
  return { min, max: Math.max(min + step, Math.ceil(high / step - 1e-9) * step), step };
}
