/** A contender as single numbers, for fronts, choices and triangles: like a run's own targets, whoever measured it. */
import { shareOfPercentile } from '../metrics/stat';
import type { ComparedStage, ComparedTarget } from './compared-run';
import type { Entry } from './panel-source';
import type { PanelTests } from './panel-tests';
import { axisOf, type Candidate, type Measured } from './pareto-values';

const STATS = ['mean', 'min', 'p50', 'p75', 'p90', 'p95', 'p99', 'p99.9', 'max'];

/** @param stage the counterpart of the stage that is shown */
export function panelCandidate({ id, target }: Entry, stage: ComparedStage | null, tests: PanelTests): Candidate {
  return comparedCandidate(id, target.compared, stage, (series, share) => tests.interval(series, share));
}

/**
 * @param stage latencies, rates and SLOs are of it, and of the cases
 * @param interval of a percentile of single values
 */
export function comparedCandidate(
  id: string,
  { quality, cost, stages }: ComparedTarget,
  stage: ComparedStage | null,
  interval: (series: Float64Array | null, share: number) => [number, number] | null,
): Candidate {
  const values = new Map<string, Measured>();
  const put = (axis: string, value: number | null | undefined, ci: [number, number] | null = null): void => {
    if (value != null && Number.isFinite(value)) values.set(axis, { value, ci });
  };
  put('quality.pass_rate', quality?.pass_rate, quality?.ci ?? null);
  put('quality.score', quality?.score);
  put('quality.flake_rate', quality?.flake_rate);
  for (const [metric, { n, stats, series }] of Object.entries(stage?.metrics ?? {})) {
    if (n === 0) continue;
    for (const stat of STATS) {
      const value = stats[stat];
      if (value === undefined || !Number.isFinite(value)) continue;
      const share = shareOfPercentile(stat);
      values.set(`${metric}.${stat}`, {
        value,
        // Looked up where it is asked for: of a hundred numbers two are drawn with their interval.
        get ci() {
          return share === null ? null : interval(series, share);
        },
      });
    }
  }
  for (const [name, value] of Object.entries(stage?.rates ?? {})) {
    if (name === 'concurrency') put('concurrency.mean', value);
    else if (name === 'concurrency_max') put('concurrency.max', value);
    else if (name !== 'concurrency_mean') put(name, value);
  }
  for (const [metric, value] of Object.entries(cost)) put(metric, value);
  const ofCases = stages.filter((each) => each.isCases).flatMap(({ slo }) => slo);
  const ofStage = stage === null || stage.isCases ? [] : stage.slo;
  const slos = [
    ...[...(quality?.slo ?? []), ...ofCases].map((slo) => ({ stage: null, slo })),
    ...ofStage.map((slo) => ({ stage: stage?.name ?? null, slo })),
  ].filter(({ slo }) => slo.severity === 'error');
  for (const { slo } of slos) {
    const axis = axisOf(slo.expr);
    // An SLO of the very number brings its interval.
    if (slo.value !== null && values.get(axis)?.value === slo.value) put(axis, slo.value, slo.ci);
  }
  return { id, values, slos };
}
