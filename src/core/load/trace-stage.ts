/** A stage that replays a trace, once the trace is known. */
import type { StagePlan } from '../../protocol/plan';
import { formatSeconds } from '../../protocol/format';
import { PromptrigError } from '../util/errors';
import type { Trace } from './trace';

export interface TraceStage {
  stage: StagePlan;
  trace: Trace;
}

/**
 * How long a trace is played: from its first row to its last and, so that its rate comes out true, one mean gap more.
 * @param speed how much faster than recorded
 * @returns ms, above 0
 */
export function traceSpanMs(trace: Pick<Trace, 'length' | 'offsetsMs'>, speed: number): number {
  const lastMs = (trace.offsetsMs[trace.length - 1] ?? 0) / speed;
  return lastMs + Math.max(1, trace.length > 1 ? lastMs / (trace.length - 1) : 0);
}

/**
 * Gives a stage the length of its trace, where it is not to end before.
 * @throws PromptrigError `usage` where warm-up and cool-down leave nothing to measure
 */
export function traceStage(stage: StagePlan, trace: Trace): TraceStage {
  const spanMs = traceSpanMs(trace, stage.trace?.speed ?? 1);
  const durationMs = Math.min(stage.durationMs ?? Number.POSITIVE_INFINITY, spanMs);
  if (stage.warmupMs + stage.cooldownMs >= durationMs) {
    throw new PromptrigError(
      'usage',
      `The trace of "${stage.name}" lasts ${formatSeconds(durationMs / 1000)}, which its warm-up and cool-down take up: nothing is left to measure. Shorten them.`,
    );
  }
  return { stage: { ...stage, durationMs }, trace };
}
