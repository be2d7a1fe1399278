/**
 * The users of closed loops: how many there are, and when each of them comes and goes. Apart from the workers' code, so
 * that the engine's bundle does without their HTTP client.
 */
import type { StagePlan } from '../../protocol/plan';
import { PromptrigError } from '../util/errors';

/** When a virtual user is there, in ms from the start of the stage. */
export interface UserSpan {
  joinMs: number;
  /** From then on it sends nothing more; what it has in flight goes on. */
  leaveMs: number;
}

/** Most users of a closed loop at the same time. */
export function virtualUsers(stage: StagePlan): number {
  switch (stage.pattern) {
    case 'sync':
      return 1;
    case 'concurrent':
      return Math.min(stage.concurrency ?? 1, stage.maxConcurrency);
    case 'throughput':
      return stage.maxConcurrency;
    case 'ramp':
      return Math.min(Math.max(stage.ramp?.from ?? 1, stage.ramp?.to ?? 1), stage.maxConcurrency);
    default:
      throw new PromptrigError('unsupported', `The load pattern "${stage.pattern}" cannot be run as a closed loop.`);
  }
}

/**
 * The users that one of several workers has, in the order in which they join. User number k lives in worker k modulo
 * `workers`, so that at every instant of a ramp the workers have the same number of users, give or take one.
 */
export function userSpans(stage: StagePlan, worker = 0, workers = 1): UserSpan[] {
  const spans: UserSpan[] = [];
  const users = virtualUsers(stage);
  for (let k = worker; k < users; k += workers) {
    spans.push(stage.pattern === 'ramp' ? rampSpan(stage, k) : { joinMs: 0, leaveMs: Number.POSITIVE_INFINITY });
  }
  return spans;
}

/**
 * The number of users at time t is the ramp's course from `from` to `to`, rounded: user k is there while that course is at
 * or above k + 1/2. So the last of a ramp up joins half a step before its end, and is seen at work.
 */
function rampSpan(stage: StagePlan, k: number): UserSpan {
  const { ramp, durationMs } = stage;
  if (ramp === undefined || durationMs === undefined || !(durationMs > 0)) {
    throw new PromptrigError('usage', `The ramp "${stage.name}" needs "from", "to" and a duration above 0.`);
  }
  const { from, to, shape } = ramp;
  if (!(from > 0 && to > 0)) {
    throw new PromptrigError(
      'usage',
      `The ramp "${stage.name}" goes from ${from} to ${to} users; both must be 1 or more.`,
    );
  }
  const crossedMs = () => {
    const level = k + 0.5;
    const share = shape === 'exponential' ? Math.log(level / from) / Math.log(to / from) : (level - from) / (to - from);
    return share * durationMs;
  };
  return {
    joinMs: k + 0.5 <= from ? 0 : crossedMs(),
    leaveMs: k + 0.5 <= to ? Number.POSITIVE_INFINITY : crossedMs(),
  };
}
