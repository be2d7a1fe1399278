/**
 * A run against its baseline: every number that both have, its difference with an interval, and a verdict only where a test shows one.
 * A regression is a worsening that is shown (its p-value, adjusted for all that is tested, is at most alpha) and larger than what is
 * tolerated. Half of alpha is for quality and half for everything else, so that many latencies cannot hide a wrong answer.
 */
import type { BaselineFile, BaselineStage } from '../../protocol/baseline';
import type { RegressRule } from '../../protocol/plan';
import type { BaselineComparison, BaselineRow, QualityPair } from '../../protocol/run-json';
import { METRICS, metricOf } from '../metrics/definitions';
import { formatCount } from '../metrics/format';
import { holmAdjusted } from '../metrics/paired';
import { shareOfPercentile } from '../metrics/stat';
import { qualityPairs, type CaseOutcomeCount, type TargetOutcomes } from './pairs';
import { qualityDifference, scoreDifference, type CasePair } from './regression-quality';
import { testedNumbers, toleranceOf, type Tested } from './regression-rules';
import { lostSentence, regressionSentence } from './regression-text';
import { Sketch } from './sketch';
import {
  differenceOf,
  errorRateOf,
  meanOf,
  percentileOf,
  rateOf,
  tooFewSentence,
  worthNeeded,
  type Uncertain,
} from './sketch-test';

export interface RegressionOptions {
  confidence: number;
  policy: 'point' | 'strict';
  purpose: 'regression' | 'selection';
  rules: readonly RegressRule[];
  /** Whether two single targets are held against each other whatever their names; not with baselines that are pinned by name. */
  matchLone: boolean;
}

/**
 * @param before of earlier runs @param now of this run, made by `baselinesOfRun`
 */
export function compareBaselines(
  before: readonly BaselineFile[],
  now: readonly BaselineFile[],
  options: RegressionOptions,
): BaselineComparison {
  const caveats: string[] = [];
  const matched = now.flatMap((target): { first: BaselineFile; second: BaselineFile }[] => {
    const lone = options.matchLone && now.length === 1 && before.length === 1 ? before[0] : undefined;
    const first = before.find((each) => each.target === target.target) ?? lone;
    if (first !== undefined) return [{ first, second: target }];
    caveats.push(`There is no baseline of ${target.target}.`);
    return [];
  });
  const pairs = qualityPairs(
    [],
    options.confidence,
    matched.map(({ first, second }) => [outcomesOf(first), outcomesOf(second)]),
  );
  const rows: BaselineRow[] = [];
  const lost: NonNullable<BaselineComparison['lost']> = [];
  const missing: string[] = [];
  for (const { first, second } of matched) {
    caveats.push(...targetCaveats(first, second));
    const cases = commonCases(first, second);
    for (const tested of testedNumbers(options.rules)) {
      if (metricOf(tested.metric)?.kind !== 'quality') continue;
      const row = qualityRow(tested, second.target, cases, options.confidence);
      if (row !== null) rows.push(row);
    }
    for (const { id, before: was, now: is } of cases) {
      if (was.of === 0 || was.passed < was.of || is.passed > 0) continue;
      lost.push({
        target: second.target,
        case_id: id,
        before: `${was.passed}/${was.of}`,
        now: `${is.passed}/${is.of}`,
      });
    }
    rows.push(...stageRows(first, second, options, caveats, missing));
  }
  adjust(rows, options.confidence);
  const regressions = rows.filter(({ verdict }) => verdict === 'regression');
  const improvements = rows.filter(({ verdict }) => verdict === 'improvement');
  const comparison: BaselineComparison = {
    run: matched[0]?.first.pinned.run ?? before[0]?.pinned.run ?? '',
    started_at: matched[0]?.first.pinned.started_at ?? before[0]?.pinned.started_at ?? '',
    pairs: withVerdicts(pairs, rows),
    regressions: regressions.map((row) => regressionSentence(row, options.confidence) + lostOf(row, lost)),
    improvements: improvements.map((row) => regressionSentence(row, options.confidence)),
    rows,
    ...(lost.length === 0 ? {} : { lost }),
    ...(caveats.length === 0 ? {} : { caveats: [...caveats, ...missing] }),
  };
  if (missing.length > 0) comparison.caveats = [...caveats, ...missing];
  return { ...comparison, verdict: verdictOf(comparison, missing, options) };
}

function verdictOf(
  { rows = [], regressions }: BaselineComparison,
  missing: readonly string[],
  { purpose, policy }: RegressionOptions,
): NonNullable<BaselineComparison['verdict']> {
  // A run that ranks targets is decided by their ranks.
  if (purpose === 'selection') return 'pass';
  if (regressions.length > 0) return 'fail';
  if (missing.length > 0) return 'inconclusive';
  const open = rows.some(({ verdict, pointer }) => verdict === 'not tested' && pointer !== undefined);
  return policy === 'strict' && open ? 'inconclusive' : 'pass';
}

function lostOf({ target, metric }: BaselineRow, lost: NonNullable<BaselineComparison['lost']>): string {
  const own = lost.filter((each) => each.target === target);
  return metric.startsWith('quality.') && own.length > 0 ? ` ${lostSentence(own)}` : '';
}

/** What the exact test of single answers says of a pair stays; a verdict on quality is one, whichever list it is read from. */
function withVerdicts(pairs: QualityPair[], rows: readonly BaselineRow[]): QualityPair[] {
  return pairs.map((pair) => {
    const row = rows.find(({ target, metric }) => target === pair.second && metric === 'quality.pass_rate');
    if (row?.p_adjusted == null || row.p_value === null) return pair;
    const shown = row.verdict !== 'no difference shown' && row.difference !== null && row.difference !== 0;
    const verdict = !shown ? 'no difference shown' : (row.difference ?? 0) > 0 ? 'second better' : 'first better';
    return { ...pair, p_value: row.p_value, p_adjusted: row.p_adjusted, verdict };
  });
}

function outcomesOf({ target, quality }: BaselineFile): TargetOutcomes {
  const cases = Object.entries(quality?.cases ?? {}).map(([id, { passed, of }]): [string, CaseOutcomeCount] => [
    id,
    { pointer: id, n: of, passed },
  ]);
  return { id: target, cases: new Map(cases) };
}

function commonCases(first: BaselineFile, second: BaselineFile): CasePair[] {
  const earlier = new Map(Object.entries(first.quality?.cases ?? {}));
  return Object.entries(second.quality?.cases ?? {}).flatMap(([id, now]): CasePair[] => {
    const before = earlier.get(id);
    return before === undefined || before.of === 0 || now.of === 0 ? [] : [{ id, before, now }];
  });
}

function targetCaveats(first: BaselineFile, second: BaselineFile): string[] {
  const { target } = second;
  const caveats: string[] = [];
  if (first.model !== second.model) caveats.push(`${target}: the model was ${first.model} and is ${second.model}.`);
  if (first.pinned.machine !== second.pinned.machine) {
    caveats.push(
      `${target}: the clients differ (${first.pinned.machine}; ${second.pinned.machine}), which latencies may show.`,
    );
  }
  const ofBefore = Object.keys(first.quality?.cases ?? {}).length;
  const ofNow = Object.keys(second.quality?.cases ?? {}).length;
  const common = commonCases(first, second).length;
  if (ofBefore > 0 && ofNow > 0 && common === 0) {
    caveats.push(`${target}: no case is in both the run and its baseline, so that quality is not compared.`);
  } else if (ofBefore > 0 && common < ofNow) {
    caveats.push(`${target}: ${common} of ${ofNow} cases are in the baseline, too; the others are not compared.`);
  }
  return caveats;
}

function qualityRow(
  { metric, stat, rule }: Tested,
  target: string,
  cases: readonly CasePair[],
  confidence: number,
): BaselineRow | null {
  if (cases.length === 0) return null;
  const value = (side: 'before' | 'now'): number =>
    cases.reduce(
      (sum, pair) => sum + (metric === 'quality.score' ? pair[side].score : pair[side].passed / pair[side].of),
      0,
    ) / cases.length;
  const row = emptyRow({ metric, stat, rule }, target, null);
  row.before = value('before');
  row.now = value('now');
  row.n = [sumOf(cases, 'before'), sumOf(cases, 'now')];
  row.tolerance = toleranceOf({ metric, stat, rule }, row.before);
  const tested = metric === 'quality.score' ? scoreDifference(cases, confidence) : qualityDifference(cases, confidence);
  if (tested === null)
    return { ...row, difference: row.now - row.before, reason: 'one case says nothing about others' };
  return taken(row, tested, metric === 'quality.score' ? 'student' : 'exact');
}

function sumOf(cases: readonly CasePair[], side: 'before' | 'now'): number {
  return cases.reduce((sum, pair) => sum + pair[side].of, 0);
}

function stageRows(
  first: BaselineFile,
  second: BaselineFile,
  options: RegressionOptions,
  caveats: string[],
  missing: string[],
): BaselineRow[] {
  const { target } = second;
  const earlier = new Map(Object.entries(first.stages));
  const stages = Object.entries(second.stages);
  const hasLoad = stages.some(([, stage]) => !isCases(stage));
  return stages.flatMap(([name, now]): BaselineRow[] => {
    // Load stages say more about latency than the few cases, as with SLOs.
    if (hasLoad && isCases(now)) return [];
    const before = earlier.get(name);
    const place = `${target}, "${name}"`;
    if (before === undefined) {
      caveats.push(`${place}: the stage is not in the baseline. Pin a run that has it.`);
      return [];
    }
    if (before.load !== now.load) {
      caveats.push(`${place}: the load was ${before.load} and is ${now.load}, so that its numbers are not compared.`);
      return [];
    }
    if (isCases(now) && !haveSameCases(first, second)) {
      // Long answers take longer: other cases are other latencies.
      caveats.push(`${place}: the cases are not those of the baseline, so that their latencies are not compared.`);
      return [];
    }
    const unfit = now.unfit ?? before.unfit;
    if (unfit !== undefined) {
      caveats.push(
        `${place}: ${unfit}${now.unfit === undefined ? ' in the baseline' : ''}, so that its latencies are not compared.`,
      );
      return [];
    }
    return testedNumbers(options.rules).flatMap((tested): BaselineRow[] => {
      if (metricOf(tested.metric)?.kind === 'quality') return [];
      const pair = numbersOf(tested, before, now);
      if (pair.now === null) return [];
      if (pair.before === null) {
        if (tested.rule !== null) {
          missing.push(`${place}: the baseline has no ${tested.metric}, which "regress" asks for. Pin a newer run.`);
        }
        return [];
      }
      const row = emptyRow(tested, target, name);
      row.before = pair.before.value;
      row.now = pair.now.value;
      row.difference = row.now - row.before;
      row.n = pair.n;
      row.tolerance = toleranceOf(tested, row.before);
      const reason = tooFew(tested, pair, options.confidence);
      if (reason !== null) return [{ ...row, reason }];
      return [taken(row, differenceOf(pair.before, pair.now, options.confidence), pair.method)];
    });
  });
}

function haveSameCases(first: BaselineFile, second: BaselineFile): boolean {
  const [before, now] = [first, second].map(({ quality }) => Object.keys(quality?.cases ?? {}).sort());
  return JSON.stringify(before) === JSON.stringify(now);
}

function isCases({ load }: BaselineStage): boolean {
  return /^cases\b/.test(load);
}

interface Numbers {
  before: Uncertain | null;
  now: Uncertain | null;
  n: [number, number];
  /** The smaller effective sample; null where its size is no matter. */
  worth: number | null;
  method: NonNullable<BaselineRow['method']>;
}

function numbersOf({ metric, stat }: Tested, before: BaselineStage, now: BaselineStage): Numbers {
  if (metric === 'error_rate') {
    const of = ({ errors }: BaselineStage): Uncertain => errorRateOf(errors);
    const n: [number, number] = [before.errors.requests, now.errors.requests];
    return { before: of(before), now: of(now), n, worth: null, method: 'score' };
  }
  if (stat === null) {
    const of = ({ rates }: BaselineStage): Uncertain | null => {
      const rate = Object.hasOwn(rates, metric) ? rates[metric] : undefined;
      return rate === undefined ? null : rateOf(rate);
    };
    const n: [number, number] = [before.errors.requests, now.errors.requests];
    return { before: of(before), now: of(now), n, worth: null, method: 'student' };
  }
  const sketch = ({ metrics }: BaselineStage): Sketch | null => {
    const data = Object.hasOwn(metrics, metric) ? metrics[metric] : undefined;
    if (data === undefined) return null;
    const made = new Sketch(data);
    return made.isEmpty ? null : made;
  };
  const [a, b] = [sketch(before), sketch(now)];
  const share = shareOfPercentile(stat);
  const of = (made: Sketch | null): Uncertain | null =>
    made === null ? null : share === null ? meanOf(made) : percentileOf(made, share);
  const worth = (made: Sketch | null): number =>
    made === null ? 0 : share === null ? (made.data.worth.mean ?? made.data.n) : made.worthAt(share);
  return {
    before: of(a),
    now: of(b),
    n: [a?.data.n ?? 0, b?.data.n ?? 0],
    worth: Math.min(worth(a), worth(b)),
    method: share === null ? 'student' : 'order-statistics',
  };
}

/** Why a difference of these could not be shown whatever it were; null where it could. */
function tooFew({ metric, stat }: Tested, { worth, n, before, now }: Numbers, confidence: number): string | null {
  if (worth === null) {
    const tail = (1 - confidence) / 2;
    const known = [before, now].every(
      (each) => each !== null && Number.isFinite(each.bound(tail, -1)) && Number.isFinite(each.bound(tail, 1)),
    );
    return known ? null : `${formatCount(Math.min(...n))} requests are too few to say how it scatters`;
  }
  const needed = worthNeeded(shareOfPercentile(stat ?? ''), confidence);
  if (worth >= needed) return null;
  return tooFewSentence(stat ?? '', metric === 'itl' ? 'gaps' : 'requests', { n: Math.min(...n), worth, needed });
}

function emptyRow({ metric, stat, rule }: Tested, target: string, stage: string | null): BaselineRow {
  const definition = METRICS[metric];
  return {
    target,
    stage,
    metric,
    stat,
    unit: definition?.unit ?? 'count',
    better: definition?.better ?? 'lower',
    before: null,
    now: null,
    n: [0, 0],
    difference: null,
    ci: null,
    p_value: null,
    p_adjusted: null,
    tolerance: null,
    method: null,
    verdict: 'not tested',
    ...(rule === null ? {} : { pointer: rule.pointer }),
  };
}

function taken(
  row: BaselineRow,
  { difference, ci, pValue }: { difference: number; ci: [number, number] | null; pValue: number },
  method: NonNullable<BaselineRow['method']>,
): BaselineRow {
  return { ...row, difference, ci, p_value: pValue, method, verdict: 'no difference shown' };
}

/** Adjusts the p-values and gives the verdicts. */
function adjust(rows: BaselineRow[], confidence: number): void {
  const tested = rows.filter(({ p_value: p }) => p !== null);
  const ofQuality = tested.filter(({ stage }) => stage === null);
  const others = tested.filter(({ stage }) => stage !== null);
  const families = [ofQuality, others].filter(({ length }) => length > 0);
  for (const family of families) {
    const adjusted = holmAdjusted(family.map(({ p_value: p }) => p ?? 1));
    family.forEach((row, index) => {
      row.p_adjusted = Math.min(1, families.length * (adjusted[index] ?? 1));
      row.verdict = rowVerdict(row, confidence);
    });
  }
}

function rowVerdict(row: BaselineRow, confidence: number): BaselineRow['verdict'] {
  const { difference, tolerance, better, p_adjusted: p } = row;
  if (difference === null || difference === 0 || p === null || p > 1 - confidence + 1e-12) return 'no difference shown';
  // Points are stored as shares: a hair of rounding must not turn exactly what is tolerated into more.
  if (Math.abs(difference) <= (tolerance ?? 0) * (1 + 1e-9)) return 'within tolerance';
  return difference > 0 === (better === 'lower') ? 'regression' : 'improvement';
}
