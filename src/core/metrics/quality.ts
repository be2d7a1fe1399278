/** Quality of one target over its judged answers. */
import { createHash } from 'node:crypto';
import type { SloPlan } from '../../protocol/plan';
import type { CaseRecord, JudgeTotals, QualityResult, RepeatedCase } from '../../protocol/run-json';
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
  /** Digests of its answers; a case with more than this many different ones needs no exact count. */
  answers: Set<string>;
  caseId: string;
  name: string;
}

const MOST_DISTINCT = 1000;
/** Repeated cases that are listed one by one. */
const MOST_LISTED = 1000;

/** What of a judged answer counts. */
export type JudgedAnswer = Pick<CaseRecord, 'case' | 'case_id' | 'name' | 'outcome' | 'score' | 'answer'> & {
  assertions?: CaseRecord['assertions'];
};

/**
 * Counts judged answers one by one and holds a few numbers a case, so that the answers of a long load stage need not be kept.
 * An error is an answer that did not pass, with a score of 0; a skipped one does not count at all. Repeats of one case form
 * one cluster: ten answers to one question are not ten questions.
 */
export class QualityTally {
  private readonly counts: Record<CaseRecord['outcome'], number> = { passed: 0, failed: 0, error: 0, skipped: 0 };
  private readonly clusters = new Map<string, Cluster>();
  private judge: JudgeTotals | null = null;

  constructor(private readonly weights: ReadonlyMap<string, number>) {}

  get total(): number {
    const { passed, failed, error, skipped } = this.counts;
    return passed + failed + error + skipped;
  }

  add(record: JudgedAnswer): void {
    this.counts[record.outcome]++;
    this.addJudge(record.assertions ?? []);
    if (record.outcome === 'skipped') return;
    const cluster = this.clusters.get(record.case) ?? this.newCluster(record);
    cluster.n++;
    if (record.outcome === 'passed') cluster.hits++;
    cluster.score += record.outcome === 'error' ? 0 : (record.score ?? (record.outcome === 'passed' ? 1 : 0));
    if (record.answer !== null && cluster.answers.size < MOST_DISTINCT) cluster.answers.add(digest(record.answer));
  }

  result(options: Omit<QualityOptions, 'weights'>): QualityResult {
    const { passed, failed, error, skipped } = this.counts;
    const asked = this.total - skipped;
    const clusters = [...this.clusters.values()];
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
      cases: this.total,
      passed,
      failed,
      errors: error,
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
      ...passOfK(clusters),
      ...(repeated.length === 0 ? {} : { repeated: this.listed() }),
      ...(this.judge === null ? {} : { judge: this.judge }),
    };
  }

  private newCluster(record: JudgedAnswer): Cluster {
    const cluster: Cluster = {
      weight: this.weights.get(record.case) ?? 1,
      n: 0,
      hits: 0,
      score: 0,
      answers: new Set(),
      caseId: record.case_id,
      name: record.name,
    };
    this.clusters.set(record.case, cluster);
    return cluster;
  }

  private addJudge(results: CaseRecord['assertions']): void {
    for (const { judge, again, outcome, members } of results) {
      // That of a set is the sum of its members'.
      if (members !== undefined) {
        this.addJudge(members);
        continue;
      }
      if (judge === undefined) continue;
      const sum = this.judge ?? { calls: 0, input_tokens: 0, output_tokens: 0, cost: 0 };
      sum.calls += judge.calls;
      sum.input_tokens += judge.input_tokens;
      sum.output_tokens += judge.output_tokens;
      sum.cost = sum.cost === null || judge.cost === null ? null : sum.cost + judge.cost;
      if (again !== undefined) {
        sum.graded_twice = (sum.graded_twice ?? 0) + 1;
        sum.disagreed = (sum.disagreed ?? 0) + (again === outcome ? 0 : 1);
      }
      this.judge = sum;
    }
  }

  private listed(): RepeatedCase[] {
    const all = [...this.clusters].filter(([, { n }]) => n > 1);
    const undecided = ({ hits, n }: Cluster) => (hits > 0 && hits < n ? 0 : 1);
    all.sort(([, a], [, b]) => undecided(a) - undecided(b));
    return all.slice(0, MOST_LISTED).map(([pointer, { n, hits, answers, caseId, name }]) => ({
      case: pointer,
      case_id: caseId,
      name,
      n,
      passed: hits,
      distinct: answers.size,
    }));
  }
}

/** Quality over records that are at hand; see `QualityTally`. */
export function summariseQuality(records: readonly CaseRecord[], options: QualityOptions): QualityResult {
  const tally = new QualityTally(options.weights);
  for (const record of records) tally.add(record);
  return tally.result(options);
}

/** More values of k than these say nothing new. */
const SHOWN_K = [1, 2, 3, 4, 5, 10, 20, 50, 100];

/**
 * pass@k and pass^k, the mean over cases of the unbiased estimates from n answers of which c passed:
 * 1 - C(n - c, k) / C(n, k) and C(c, k) / C(n, k).
 * Sources: M. Chen et al., "Evaluating Large Language Models Trained on Code" (2021), section 2.1; S. Yao et al.,
 * "tau-bench" (2024), section 3.
 * @returns nothing where no case was answered twice; k reaches to the smallest number of answers of a repeated case
 */
export function passOfK(clusters: readonly { n: number; hits: number }[]): Pick<QualityResult, 'pass_at' | 'pass_all'> {
  const repeated = clusters.filter(({ n }) => n > 1);
  if (repeated.length === 0) return {};
  const most = Math.min(...repeated.map(({ n }) => n));
  const ks = [...new Set([...SHOWN_K.filter((k) => k < most), most])];
  const mean = (share: (cluster: { n: number; hits: number }) => number): number =>
    repeated.reduce((sum, cluster) => sum + share(cluster), 0) / repeated.length;
  const passAt: Record<string, number> = {};
  const passAll: Record<string, number> = {};
  for (const k of ks) {
    passAt[k] = mean(({ n, hits }) => 1 - drawnAll(n - hits, n, k));
    passAll[k] = mean(({ n, hits }) => drawnAll(hits, n, k));
  }
  return { pass_at: passAt, pass_all: passAll };
}

/** C(some, k) / C(n, k): the chance that k drawn without replacement are all of the `some`. */
function drawnAll(some: number, n: number, k: number): number {
  let chance = 1;
  for (let i = 0; i < k; i++) chance *= Math.max(0, some - i) / (n - i);
  return chance;
}

/** Answers that differ in white space at their ends alone are the same to every reader. */
function digest(answer: string): string {
  const text = answer.trim();
  return text.length <= 32 ? text : createHash('sha256').update(text).digest('base64');
}

function absence(metric: string, asked: number): string {
  return metric === 'quality.flake_rate' && asked > 0
    ? 'no case was asked twice: set "repeat" to see whether answers agree'
    : 'no case was asked';
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
