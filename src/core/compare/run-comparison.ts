/**
 * Runs against the first of them: every metric with its difference, its interval and a winner only where a test shows one. Quality by
 * the exact test of McNemar on the cases of both, percentiles of latency as `testPercentile` does, all of them adjusted together.
 * Rates and costs are single numbers of a run, whose scatter from run to run nobody has seen: they are shown and not tested.
 */
import { METRICS, metricOf } from '../metrics/definitions';
import { holmAdjusted } from '../metrics/paired';
import { parseSloExpression } from '../metrics/slo';
import { shareOfPercentile } from '../metrics/stat';
import { meets } from '../metrics/verdict';
import type {
  ComparedPair,
  ComparedRow,
  ComparedSection,
  RunComparison,
  SloCell,
  SloMatrixRow,
} from '../../protocol/run-comparison';
import type { SloResult } from '../../protocol/run-json';
import type { ComparedRun, ComparedStage, ComparedTarget } from './compared-run';
import { qualityPairs } from './pairs';
import { choiceOfRuns } from './runs-choice';
import { matchStages, sameLoad } from './stage-match';
import { testPercentile } from './test-difference';

export interface CompareOptions {
  /** Level of intervals and verdicts. */
  confidence: number;
  /** Of the bootstrap: the same runs give the same comparison. */
  seed: number;
}

/** Latencies that are compared whether or not an SLO asks for them. */
const LATENCY_ROWS: readonly (readonly [metric: string, stat: string])[] = [
  ['ttft', 'p50'],
  ['ttft', 'p99'],
  ['itl', 'p50'],
  ['itl', 'p99'],
  ['tpot', 'p50'],
  ['e2e', 'p50'],
  ['e2e', 'p99'],
];
export const RATE_ROWS = ['rps', 'output_tps', 'goodput', 'goodput_ratio', 'error_rate'];
export const COST_ROWS = ['cost.per_request', 'cost.per_1m_output', 'cost.per_good'];
/** Why a row has no test. */
export const NOT_TESTED = 'one number a run says nothing about how it scatters';

/** @param runs at least two; the first is the one that the others are held against */
export function compareRuns(runs: readonly ComparedRun[], options: CompareOptions): RunComparison {
  const [first, ...others] = runs;
  if (first === undefined || others.length === 0) throw new RangeError('A comparison takes two runs or more.');
  const pairs = others.flatMap((other, index) =>
    matchTargets(first, other).map(([a, b]) =>
      pairOf(index + 1, { run: first, target: a }, { run: other, target: b }, options),
    ),
  );
  const tested = adjust(pairs, options.confidence);
  return {
    schema: 'promptrig.comparison/1',
    confidence: options.confidence,
    runs: runs.map(({ id, tool, path, name, startedAt, verdict, targets, notes, caveats }) => ({
      ...{ id, tool, path, name, started_at: startedAt, verdict, notes, caveats },
      targets: targets.map((target) => target.id),
    })),
    pairs,
    slos: sloMatrix(runs),
    ...choiceOfRuns(runs, options.confidence),
    tested,
  };
}

/** Counterparts: of the same id, or, where one run has a single target, that; else of the same model where it is the only one. */
function matchTargets(first: ComparedRun, other: ComparedRun): [ComparedTarget, ComparedTarget][] {
  const lone = other.targets.length === 1 ? other.targets[0] : undefined;
  return first.targets.flatMap((target): [ComparedTarget, ComparedTarget][] => {
    const sameModel = other.targets.filter(({ model }) => model !== '' && model === target.model);
    const match =
      other.targets.find(({ id }) => id === target.id) ??
      (first.targets.length === 1 || other.tool !== first.tool ? lone : undefined) ??
      (sameModel.length === 1 && first.targets.filter(({ model }) => model === target.model).length === 1
        ? sameModel[0]
        : undefined);
    return match === undefined ? [] : [[target, match]];
  });
}

interface Side {
  run: ComparedRun;
  target: ComparedTarget;
}

function pairOf(index: number, first: Side, second: Side, options: CompareOptions): ComparedPair {
  const sections: ComparedSection[] = [];
  const caveats = pairCaveats(first, second);
  const quality = qualityRows(first, second, options, caveats);
  if (quality.length > 0) sections.push({ kind: 'quality', rows: quality });
  const { matched, unmatched } = matchStages(first.target.stages, second.target.stages);
  for (const [a, b] of matched) {
    const rows = stageRows(a, b, first, second, options);
    caveats.push(...stageCaveats(a, b));
    if (rows.length > 0) {
      const kind = a.isCases ? 'cases' : 'load';
      sections.push({ kind, ...(a.isCases ? {} : { first_stage: a.name, second_stage: b.name }), rows });
    }
  }
  for (const { stage, side } of unmatched) {
    caveats.push(`"${stage.name}" is in the ${side} run alone: no stage of the other has its name or its load.`);
  }
  sections.push(...searchSections(first.target, second.target));
  const costs = COST_ROWS.map((metric) =>
    plainRow(metric, null, first.target.cost[metric] ?? null, second.target.cost[metric] ?? null, first, second),
  ).filter(hasValue);
  if (costs.length > 0) sections.push({ kind: 'cost', rows: costs });
  return { run: index, first: first.target.id, second: second.target.id, sections, caveats };
}

function pairCaveats(first: Side, second: Side): string[] {
  const caveats: string[] = [];
  const [a, b] = [first.run, second.run];
  if (a.source !== undefined && b.source !== undefined && a.source.sha256 !== b.source.sha256) {
    caveats.push(
      a.source.path === b.source.path
        ? `${a.source.path} differs between the runs: what was asked may not be the same.`
        : `The runs are of different files, ${a.source.path} and ${b.source.path}.`,
    );
  }
  if (a.machine !== undefined && b.machine !== undefined && a.machine !== b.machine) {
    caveats.push(`The clients differ (${a.machine}; ${b.machine}).`);
  }
  if (first.target.model !== second.target.model) {
    caveats.push(`The models differ (${first.target.model}; ${second.target.model}).`);
  }
  return caveats;
}

function qualityRows(first: Side, second: Side, { confidence }: CompareOptions, caveats: string[]): ComparedRow[] {
  const [a, b] = [first.target.quality, second.target.quality];
  if (a === null || b === null) return [];
  const rows: ComparedRow[] = [];
  const row = plainRow('quality.pass_rate', null, a.pass_rate, b.pass_rate, first, second);
  row.n = [a.cases - a.skipped, b.cases - b.skipped];
  const [left, right] = [first.target.outcomes, second.target.outcomes];
  const [pair] = left === null || right === null ? [] : qualityPairs([], confidence, [[left, right]]);
  if (pair === undefined) {
    row.reason = 'the runs have no case in common';
  } else {
    row.difference = pair.difference;
    row.ci = pair.ci;
    row.p_value = pair.p_value;
    row.method = 'mcnemar';
    row.verdict = 'no difference shown';
    delete row.reason;
    row.notes.push(
      `over ${pair.cases} cases in both: ${pair.only_first} passed in the first alone, ${pair.only_second} in the second`,
    );
    const most = Math.max(left?.cases.size ?? 0, right?.cases.size ?? 0);
    if (pair.cases < most)
      caveats.push(`${pair.cases} of ${most} cases are in both runs; the others are left out of the test.`);
  }
  rows.push(row);
  rows.push(plainRow('quality.score', null, a.score, b.score, first, second));
  if ((a.flake_rate ?? 0) > 0 || (b.flake_rate ?? 0) > 0) {
    rows.push(plainRow('quality.flake_rate', null, a.flake_rate, b.flake_rate, first, second));
  }
  return rows.filter(hasValue);
}

export function stageCaveats(a: ComparedStage, b: ComparedStage): string[] {
  const caveats: string[] = [];
  const name = a.name === b.name ? `"${a.name}"` : `"${a.name}" and "${b.name}"`;
  if (a.loop !== null && b.loop !== null && a.loop !== b.loop) {
    caveats.push(
      `${name}: one sends by a schedule, the other waits for answers, so latencies count from different instants.`,
    );
  } else if (
    !a.isCases &&
    !sameLoad(a, b) &&
    (a.rate ?? a.concurrency) !== null &&
    (b.rate ?? b.concurrency) !== null
  ) {
    caveats.push(`${name}: the load differs (${loadOf(a)}; ${loadOf(b)}).`);
  }
  if (a.tokensSource !== null && b.tokensSource !== null && a.tokensSource !== b.tokensSource) {
    caveats.push(`${name}: output tokens were counted differently (${a.tokensSource}; ${b.tokensSource}).`);
  }
  return caveats;
}

function loadOf({ rate, concurrency }: ComparedStage): string {
  if (rate !== null) return `${rate}/s`;
  return concurrency === null ? 'unknown' : `${concurrency} at a time`;
}

function stageRows(
  a: ComparedStage,
  b: ComparedStage,
  first: Side,
  second: Side,
  options: CompareOptions,
): ComparedRow[] {
  const rows: ComparedRow[] = [];
  for (const [metric, stat] of latencyRows(a.slo, b.slo)) {
    const [left, right] = [a.metrics[metric], b.metrics[metric]];
    const row = plainRow(metric, stat, left?.stats[stat] ?? null, right?.stats[stat] ?? null, first, second);
    row.n = [left?.n ?? null, right?.n ?? null];
    const share = shareOfPercentile(stat);
    if (row.first !== null && row.second !== null && share !== null) {
      const noun = metric === 'itl' ? 'gaps' : 'requests';
      const { confidence, seed } = options;
      const tested = testPercentile(left?.series ?? null, right?.series ?? null, { share, confidence, seed, noun });
      if (tested.kind === 'tested') {
        row.ci = tested.ci;
        row.p_value = tested.pValue;
        row.method = tested.method;
        row.verdict = 'no difference shown';
        delete row.reason;
      } else {
        row.reason = tested.reason;
      }
    }
    rows.push(row);
  }
  for (const metric of RATE_ROWS) {
    rows.push(plainRow(metric, null, a.rates[metric] ?? null, b.rates[metric] ?? null, first, second));
  }
  const tokens = (stage: ComparedStage): number | null => stage.metrics.output_tokens?.stats.mean ?? null;
  rows.push(plainRow('output_tokens', 'mean', tokens(a), tokens(b), first, second));
  return rows.filter(hasValue);
}

/** The usual ones, and every percentile that one of the SLOs is about. */
export function latencyRows(...slos: readonly (readonly { expr: string }[])[]): [metric: string, stat: string][] {
  const rows = new Map(LATENCY_ROWS.map(([metric, stat]) => [`${metric}.${stat}`, [metric, stat] as [string, string]]));
  for (const { expr } of slos.flat()) {
    const parsed = parseSloExpression(expr);
    if (!parsed.ok || parsed.stat === null || METRICS[parsed.metric]?.kind !== 'latency') continue;
    rows.set(`${parsed.metric}.${parsed.stat}`, [parsed.metric, parsed.stat]);
  }
  const order = [...new Set(LATENCY_ROWS.map(([metric]) => metric))];
  const rank = (metric: string): number => (order.includes(metric) ? order.indexOf(metric) : order.length);
  const height = (stat: string): number => shareOfPercentile(stat) ?? -1;
  return [...rows.values()].sort(([m, s], [n, t]) => rank(m) - rank(n) || height(s) - height(t));
}

function searchSections(first: ComparedTarget, second: ComparedTarget): ComparedSection[] {
  return first.curves.flatMap((curve): ComparedSection[] => {
    const other = second.curves.find(({ stage, kind }) => stage === curve.stage && kind === curve.kind);
    if (other === undefined) return [];
    const row = emptyRow('rps', null, curve.rate, other.rate);
    row.notes.push('the highest rate that meets the SLOs');
    row.reason = 'the edge of a search is as sharp as its precision';
    return [{ kind: 'search', first_stage: curve.stage, second_stage: other.stage, rows: [row] }];
  });
}

function plainRow(
  metric: string,
  stat: string | null,
  first: number | null,
  second: number | null,
  a: Side,
  b: Side,
): ComparedRow {
  const row = emptyRow(metric, stat, first, second);
  const about = [...a.run.notes, ...b.run.notes].filter((note) => note.metric === metric);
  row.notes = [...new Set(about.map(({ text }) => text))];
  return row;
}

function emptyRow(metric: string, stat: string | null, first: number | null, second: number | null): ComparedRow {
  const definition = metricOf(metric);
  return {
    metric,
    stat,
    unit: definition?.unit ?? 'count',
    better: definition?.better ?? 'lower',
    first,
    second,
    n: [null, null],
    difference: first === null || second === null ? null : second - first,
    ci: null,
    p_value: null,
    p_adjusted: null,
    method: null,
    verdict: 'not tested',
    reason: first === null || second === null ? 'only one of the runs has it' : NOT_TESTED,
    notes: [],
  };
}

function hasValue({ first, second }: ComparedRow): boolean {
  return first !== null || second !== null;
}

/** Adjusts all p-values together and names winners. @returns how many there are */
function adjust(pairs: readonly ComparedPair[], confidence: number): number {
  const rows = pairs
    .flatMap(({ sections }) => sections.flatMap((section) => section.rows))
    .filter((row) => row.p_value !== null);
  const adjusted = holmAdjusted(rows.map((row) => row.p_value ?? 1));
  rows.forEach((row, index) => {
    const p = adjusted[index] ?? 1;
    row.p_adjusted = p;
    if (p > 1 - confidence + 1e-12 || row.difference === null || row.difference === 0) return;
    row.verdict = row.difference > 0 === (row.better === 'higher') ? 'second better' : 'first better';
  });
  return rows.length;
}

/** Every SLO that one of our runs was judged by, against all runs. */
function sloMatrix(runs: readonly ComparedRun[]): SloMatrixRow[] {
  const rows = new Map<string, SloMatrixRow>();
  for (const [index, { targets }] of runs.entries()) {
    for (const target of targets) {
      const ofCases = (target.quality?.slo ?? []).map((slo) => ({ slo, stage: '' }));
      const ofStages = target.stages.flatMap(({ name, isCases, slo }) =>
        slo.map((item) => ({ slo: item, stage: isCases ? '' : name })),
      );
      for (const { slo, stage } of [...ofCases, ...ofStages]) {
        const key = JSON.stringify([slo.expr, stage]);
        const row = rows.get(key) ?? { expr: slo.expr, stage, cells: runs.map(() => null) };
        rows.set(key, row);
        row.cells[index] = worse(row.cells[index] ?? null, cellOf(target.id, slo));
      }
    }
  }
  for (const row of rows.values()) {
    row.cells = row.cells.map((cell, index) => cell ?? foreignCell(runs[index], row));
  }
  return [...rows.values()];
}

function cellOf(target: string, { value, verdict, confidence }: SloResult): SloCell {
  return { target, value, verdict, confidence };
}

/** Of several targets the one that does worst: a run meets an SLO where all of them do. */
function worse(a: SloCell | null, b: SloCell): SloCell {
  const order = ['fail', 'inconclusive', 'pass'];
  return a !== null && order.indexOf(a.verdict) <= order.indexOf(b.verdict) ? a : b;
}

/** The point estimate of a run that was not judged by it: what another tool's number would say, with no more than low confidence. */
function foreignCell(run: ComparedRun | undefined, { expr, stage }: SloMatrixRow): SloCell | null {
  const parsed = parseSloExpression(expr);
  if (run === undefined || run.tool === 'promptrig' || !parsed.ok) return null;
  const cells = run.targets.flatMap((target): SloCell[] => {
    const load = target.stages.filter(({ isCases }) => !isCases);
    const [of] = load.length === 1 ? load : load.filter(({ name }) => name === stage);
    const value = parsed.stat === null ? of?.rates[parsed.metric] : of?.metrics[parsed.metric]?.stats[parsed.stat];
    if (value == null) return [];
    const verdict = meets(value, parsed.op, parsed.limit) ? 'pass' : 'fail';
    return [{ target: target.id, value, verdict, confidence: 'low', foreign: true }];
  });
  return cells.reduce<SloCell | null>((worst, cell) => worse(worst, cell), null);
}
