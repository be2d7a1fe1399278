/** Quality of one target over its judged answers. */
import type { SloPlan } from '../../protocol/plan';
import type { CaseRecord, QualityResult } from '../../protocol/run-json';
import { clusteredSampleSize, wilsonInterval } from './binomial';
import { estimateRatio, studentInterval } from './ratio';
import { judgeSlo, type SloEvidence } from './verdict';

export interface QualityOptions {
  /** Weight of a case by its pointer; 1 where it is not listed. */
  weights: ReadonlyMap<string, number>;
  /** SLOs on `quality.*`; others are ignored. */
  slos: readonly SloPlan[];
  confidence: number;
  policy: 'point' | 'strict';
}

interface Cluster {
  weight: number;
  n: number;
  hits: number;
  score: number;
}

/**
 * Counts and judges answers, repeats included. An error is an answer that did not pass, with a score of 0; a skipped one does
 * not count at all. Repeats of one case form one cluster: ten answers to one question are not ten questions.
 */
export function summariseQuality(records: readonly CaseRecord[], options: QualityOptions): QualityResult {
  const count = (outcome: CaseRecord['outcome']): number =>
    records.reduce((sum, record) => sum + (record.outcome === outcome ? 1 : 0), 0);
  const skipped = count('skipped');
  const passed = count('passed');
  const asked = records.length - skipped;
  const clusters = clustersOf(records, options.weights);
  const passRate = asked === 0 ? null : passed / asked;
  const nEffective = clusteredSampleSize(clusters);
  const score = scoreOf(clusters, options.confidence);
  const repeated = clusters.filter((cluster) => cluster.n > 1);
  const flaky = repeated.filter((cluster) => cluster.hits > 0 && cluster.hits < cluster.n).length;
  const flakeRate = repeated.length === 0 ? null : flaky / repeated.length;
  const passCi = passRate === null ? null : wilsonInterval(passRate, nEffective, options.confidence);

  const evidence: Record<string, SloEvidence | null> = {
    'quality.pass_rate':
      passRate === null ? null : { kind: 'estimate', value: passRate, n: asked, nEffective, ci: passCi },
    'quality.score': score === null ? null : { kind: 'estimate', ...score, n: asked },
    'quality.flake_rate':
      flakeRate === null
        ? null
        : {
            kind: 'estimate',
            value: flakeRate,
            n: repeated.length,
            nEffective: repeated.length,
            ci: wilsonInterval(flakeRate, repeated.length, options.confidence),
          },
  };
  return {
    cases: records.length,
    passed,
    failed: count('failed'),
    errors: count('error'),
    skipped,
    pass_rate: passRate,
    ci: passCi,
    score: score?.value ?? null,
    flake_rate: flakeRate,
    slo: options.slos
      .filter((slo) => Object.hasOwn(evidence, slo.metric))
      .map((slo) =>
        judgeSlo(slo, evidence[slo.metric] ?? { kind: 'none', reason: absence(slo.metric, asked) }, options),
      ),
  };
}

function absence(metric: string, asked: number): string {
  return metric === 'quality.flake_rate' && asked > 0
    ? 'no case was asked twice: set "repeat" to see whether answers agree'
    : 'no case was asked';
}

function clustersOf(records: readonly CaseRecord[], weights: ReadonlyMap<string, number>): Cluster[] {
  const clusters = new Map<string, Cluster>();
  for (const record of records) {
    if (record.outcome === 'skipped') continue;
    const cluster = clusters.get(record.case) ?? { weight: weights.get(record.case) ?? 1, n: 0, hits: 0, score: 0 };
    cluster.n++;
    if (record.outcome === 'passed') cluster.hits++;
    cluster.score += record.outcome === 'error' ? 0 : (record.score ?? (record.outcome === 'passed' ? 1 : 0));
    clusters.set(record.case, cluster);
  }
  return [...clusters.values()];
}

/** sum(score x weight) / sum(weight) over answers, its interval over cases. */
function scoreOf(
  clusters: readonly Cluster[],
  confidence: number,
): { value: number; nEffective: number; ci: [number, number] | null } | null {
  const weight = clusters.reduce((sum, cluster) => sum + cluster.weight * cluster.n, 0);
  if (!(weight > 0)) return null;
  // Cases have no order in time: their order in the file must not make them look dependent, hence no tau.
  const estimate = estimateRatio(
    Float64Array.from(clusters, (cluster) => cluster.weight * cluster.score),
    Float64Array.from(clusters, (cluster) => cluster.weight * cluster.n),
    { independent: true },
  );
  const ci = studentInterval(estimate, confidence);
  return {
    value: estimate.ratio,
    nEffective: clusters.length,
    ci: ci === null ? null : [Math.max(0, ci[0]), Math.min(1, ci[1])],
  };
}
