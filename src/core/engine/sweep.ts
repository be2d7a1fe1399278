/** The stages that a sweep becomes: known at once where its rates are given, one after the other where they are measured. */
import type { LoadPattern } from '../../protocol/plan';
import { significant } from '../../protocol/format';
import { MAX_RATE } from '../load/schedule';
import { PromptrigError } from '../util/errors';

export interface StageStep {
  /** Unique within the sweep: its name and what is different, such as `sweep 4.2/s`. */
  name: string;
  pattern: Extract<LoadPattern, 'sync' | 'throughput' | 'constant' | 'concurrent'>;
  /** Requests per second, of `constant`. */
  rate?: number;
  /** Requests in flight, of `concurrent`. */
  concurrency?: number;
}

/** What the engine knows of a step that has ended. */
export interface SweepStepResult {
  /** Completed requests per second over the window; null where there was none. */
  rps: number | null;
  clientLimited: boolean;
  /** Why the step could not be run, as a sentence. */
  error?: string;
}

export type SweepPlan = { name: string; steps: number } & (
  | { kind: 'rates'; from: number; to: number }
  | { kind: 'concurrency'; from: number; to: number }
  /** One request at a time, then as many as possible, then rates between the two. */
  | { kind: 'auto' }
);

export interface SweepPlanner {
  /** Steps known so far to be ahead, for progress; of `auto` the rates are counted before they are known. */
  readonly total: number;
  /** The step after those with results; null where the sweep is over, or the last step could not be run. */
  next(results: readonly SweepStepResult[]): StageStep | null;
  /** A sentence where the sweep had to end early or its range is not the server's; null where all went to plan. */
  remark(results: readonly SweepStepResult[]): string | null;
}

const MOST_STEPS = 1000;
/** With less room than this between one at a time and all at once there is no curve to draw. */
const LEAST_ROOM = 1.05;

/**
 * Plans a sweep. Given: `steps` rates (or numbers of requests in flight) evenly from `from` to `to`, both included. Auto:
 * `sync`, `throughput`, and `steps` rates evenly between the two measured ones, neither included: the lower is measured
 * already, and at the upper an open loop has no steady state.
 * @throws PromptrigError `usage` for a range or a number of steps that makes no sense
 */
export function planSweep(plan: SweepPlan): SweepPlanner {
  const { name, steps } = plan;
  const fewest = plan.kind === 'auto' ? 1 : 2;
  if (!Number.isInteger(steps) || steps < fewest || steps > MOST_STEPS) {
    throw new PromptrigError('usage', `steps is ${steps}; it must be a whole number from ${fewest} to ${MOST_STEPS}.`);
  }
  if (plan.kind === 'auto') return new AutoSweep(name, steps);
  const { from, to } = plan;
  if (to < from) throw new PromptrigError('usage', `to (${to}) is below from (${from}); exchange them.`);
  if (plan.kind === 'concurrency') {
    if (!Number.isInteger(from) || !Number.isInteger(to) || from < 1) {
      throw new PromptrigError(
        'usage',
        `from and to are ${from} and ${to}; requests in flight are whole numbers of at least 1.`,
      );
    }
    const counts = distinct(evenly(from, to, steps).map(Math.round));
    return new GivenSweep(
      counts.map((concurrency) => ({ name: `${name} ${concurrency}`, pattern: 'concurrent', concurrency })),
    );
  }
  if (!(from > 0 && to <= MAX_RATE)) {
    throw new PromptrigError(
      'usage',
      `from and to are ${from}/s and ${to}/s; rates must be above 0/s and at most ${MAX_RATE}/s.`,
    );
  }
  return new GivenSweep(rateSteps(name, distinct(evenly(from, to, steps).map(tidy))));
}

class GivenSweep implements SweepPlanner {
  readonly total: number;

  constructor(private readonly steps: readonly StageStep[]) {
    this.total = steps.length;
  }

  next(results: readonly SweepStepResult[]): StageStep | null {
    if (results.at(-1)?.error !== undefined) return null;
    return this.steps[results.length] ?? null;
  }

  remark(results: readonly SweepStepResult[]): string | null {
    const failed = results.findIndex(({ error }) => error !== undefined);
    if (failed >= 0) return endedAt(this.steps[failed]?.name ?? '', results[failed]?.error ?? '');
    const limited = results.findIndex(({ clientLimited }) => clientLimited);
    if (limited < 0) return null;
    return `From "${this.steps[limited]?.name ?? ''}" on the load client was the limit and not the server: those steps say little about it.`;
  }
}

class AutoSweep implements SweepPlanner {
  readonly total: number;

  constructor(
    private readonly name: string,
    private readonly steps: number,
  ) {
    this.total = steps + 2;
  }

  next(results: readonly SweepStepResult[]): StageStep | null {
    if (results.at(-1)?.error !== undefined) return null;
    if (results.length === 0) return { name: `${this.name} sync`, pattern: 'sync' };
    if (results.length === 1) {
      return results[0]?.rps == null ? null : { name: `${this.name} throughput`, pattern: 'throughput' };
    }
    return this.between(results)[results.length - 2] ?? null;
  }

  remark(results: readonly SweepStepResult[]): string | null {
    const failed = results.findIndex(({ error }) => error !== undefined);
    if (failed >= 0) {
      const first = [`${this.name} sync`, `${this.name} throughput`];
      return endedAt(first[failed] ?? this.between(results)[failed - 2]?.name ?? '', results[failed]?.error ?? '');
    }
    const [alone, together] = results;
    if (alone === undefined) return null;
    if (alone.rps === null)
      return 'The sweep ended: no request was completed one at a time, so there is no rate to start from.';
    if (together === undefined) return null;
    if (together.rps === null)
      return 'The sweep ended: no request was completed at full load, so there is no rate to go up to.';
    if (together.rps < alone.rps * LEAST_ROOM) {
      return `The sweep ended: at full load the server completes ${significant(together.rps)}/s and one at a time ${significant(alone.rps)}/s, so there is nothing between. It seems to serve one request at a time.`;
    }
    if (together.clientLimited) {
      return `The highest rate, ${significant(together.rps)}/s, is that of the load client and not of the server, which may take more.`;
    }
    return null;
  }

  private between(results: readonly SweepStepResult[]): StageStep[] {
    const low = results[0]?.rps ?? null;
    const high = results[1]?.rps ?? null;
    if (low === null || high === null || high < low * LEAST_ROOM) return [];
    const rates = Array.from({ length: this.steps }, (_, i) => low + ((high - low) * (i + 1)) / (this.steps + 1));
    return rateSteps(this.name, distinct(rates.map(tidy)));
  }
}

function evenly(from: number, to: number, steps: number): number[] {
  return Array.from({ length: steps }, (_, i) => from + ((to - from) * i) / (steps - 1));
}

function rateSteps(name: string, rates: readonly number[]): StageStep[] {
  return rates.map((rate) => ({ name: `${name} ${significant(rate, 5)}/s`, pattern: 'constant', rate }));
}

/** Five digits: a rate is sent as its name says it. */
function tidy(rate: number): number {
  return Number(rate.toPrecision(5));
}

/** Rounded to whole requests or digits, steps of a narrow range may coincide; each is run once. */
function distinct(values: readonly number[]): number[] {
  return [...new Set(values)];
}

function endedAt(name: string, error: string): string {
  return `The sweep ended at "${name}": ${error}`;
}
