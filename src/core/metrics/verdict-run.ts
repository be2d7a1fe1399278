/** The verdict of a target and of a run from those of its parts. */
import type { RunJson, RunVerdict, SloResult, StageResult, TargetResult } from '../../protocol/run-json';

/** The worst first: what failed is known to be bad, what could not execute is known to be unknown. */
const ORDER: readonly RunVerdict[] = ['fail', 'error', 'inconclusive', 'pass'];

/**
 * fail, if a case failed or an SLO of severity `error` was missed; else error, if something could not be executed; else
 * inconclusive, if an SLO of severity `error` is or nothing was measured at all; else pass. A miss of severity `warning` or
 * `info` is shown and never fails a run.
 *
 * Where quality SLOs are set they decide about failed cases: "at least 95% pass" permits the other 5%.
 */
export function targetVerdict(target: TargetResult): RunVerdict {
  const { quality } = target;
  // The steps of a sweep are meant to reach rates that miss the SLOs; what they say together is in the curve.
  const deciding = target.stages.filter((stage) => stage.part_of === undefined);
  const parts: RunVerdict[] = deciding.flatMap((stage) => gating(stage.slo).map((slo) => slo.verdict));
  parts.push(...(target.curves ?? []).map((curve) => curve.verdict));
  if (quality !== null) {
    const bars = gating(quality.slo).filter(
      (slo) => slo.expr.startsWith('quality.pass_rate') || slo.expr.startsWith('quality.score'),
    );
    parts.push(...gating(quality.slo).map((slo) => slo.verdict));
    if (bars.length === 0) {
      if (quality.failed > 0) parts.push('fail');
      if (quality.errors > 0) parts.push('error');
      if (quality.passed > 0) parts.push('pass');
    }
  }
  if (target.error !== undefined) parts.push('error');
  for (const stage of deciding) parts.push(...stageVerdict(stage));
  return worst(parts);
}

/** The verdict of the run: the worst of its targets; `inconclusive` where there are none. */
export function runVerdict(run: Pick<RunJson, 'targets'>): RunVerdict {
  return worst(run.targets.map((target) => target.verdict));
}

/**
 * A regression against the baseline fails a run; a baseline that could not be read leaves it undecided. What the comparison says itself
 * goes first: of runs that select among targets it never decides. Results of older versions have its parts alone.
 */
export function verdictWithBaseline(verdict: RunVerdict, baseline: RunJson['baseline']): RunVerdict {
  if (baseline === undefined) return verdict;
  if (baseline.verdict !== undefined) return worst([verdict, baseline.verdict]);
  const parts: RunVerdict[] = [verdict];
  if (baseline.regressions.length > 0) parts.push('fail');
  if (baseline.error !== undefined) parts.push('inconclusive');
  return worst(parts);
}

/**
 * The exit code of a finished run: 0 pass, 1 fail (or single answers that could not be judged), 3 inconclusive, 4 where a
 * target could not be reached or every one of its requests failed.
 */
export function exitCodeOf(run: Pick<RunJson, 'targets' | 'verdict'>): 0 | 1 | 3 | 4 {
  const silent = run.targets.filter((target) => target.error !== undefined || everyRequestFailed(target));
  if (silent.length > 0 && (run.verdict === 'error' || silent.length === run.targets.length)) return 4;
  switch (run.verdict) {
    case 'pass':
      return 0;
    case 'fail':
    case 'error':
      return 1;
    case 'inconclusive':
      return 3;
  }
}

function everyRequestFailed(target: TargetResult): boolean {
  const sum = (count: (stage: StageResult) => number): number =>
    target.stages.reduce((total, stage) => total + count(stage), 0);
  const failed = sum(({ counts }) => counts.failed + counts.timed_out);
  return failed > 0 && sum(({ counts }) => counts.completed + counts.truncated) === 0;
}

/**
 * A stage without a complete answer is in error whatever its SLOs say; one that has some and no SLO has nothing to miss. That
 * the cases were answered is no pass by itself: their answers decide, and where none of them could be judged, nothing does.
 */
function stageVerdict(stage: StageResult): RunVerdict[] {
  const { completed, failed, timed_out: timedOut, truncated } = stage.counts;
  if (completed > 0) return stage.pattern === 'cases' ? [] : ['pass'];
  return failed + timedOut + truncated > 0 ? ['error'] : [];
}

function gating(results: readonly SloResult[]): SloResult[] {
  return results.filter((slo) => slo.severity === 'error');
}

function worst(parts: readonly RunVerdict[]): RunVerdict {
  return ORDER.find((verdict) => parts.includes(verdict)) ?? 'inconclusive';
}
