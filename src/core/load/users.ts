/** Apart from the workers' code, so that the engine's bundle does without their HTTP client. */
import type { StagePlan } from '../../protocol/plan';
import { PromptrigError } from '../util/errors';

/** Requests in flight of a closed loop. */
export function virtualUsers(stage: StagePlan): number {
  switch (stage.pattern) {
    case 'sync':
      return 1;
    case 'concurrent':
      return Math.min(stage.concurrency ?? 1, stage.maxConcurrency);
    case 'throughput':
      return stage.maxConcurrency;
    default:
      throw new PromptrigError(
        'unsupported',
        `The load pattern "${stage.pattern}" cannot be run as a closed loop yet.`,
      );
  }
}
