/**
 * Every metric of the contenders beside each other. Each is held against the reference, and the best of a row against every other:
 * only where all of those tests show a difference has the row a winner. All tests of the comparison are adjusted together (Holm).
 */
import type { CompareCell, CompareRow, CompareSection } from '../../protocol/compare-panel';
import { metricOf } from '../metrics/definitions';
import { holmAdjusted } from '../metrics/paired';
import { shareOfPercentile } from '../metrics/stat';
import type { ComparedMetric, ComparedStage } from './compared-run';
import { outcomesOf } from './panel-cases';
import type { Entry } from './panel-source';
import type { KnownDifference, PanelTests } from './panel-tests';
import { qualityPairs, type CaseOutcomeCount } from './pairs';
import type { Candidate } from './pareto-values';
import { COST_ROWS, NOT_TESTED, RATE_ROWS, latencyRows } from './run-comparison';

/** A contender with what belongs to the stage that is shown. */
export interface Contestant {
  entry: Entry;
  stage: ComparedStage | null;
  candidate: Candidate;
}

/** What a run that goes on is going to measure: its rows are there from the start, so that none of them pushes the others away. */
export interface AwaitedRows {
  kinds: readonly CompareSection['kind'][];
  /** Expressions of its SLOs, which have rows of their own. */
  slos: readonly string[];
}

export interface RowsOptions {
  reference: string;
  confidence: number;
  tests: PanelTests;
  awaited?: AwaitedRows | undefined;
}

export interface PanelRows {
  sections: CompareSection[];
  tested: number;
}

export function panelRows(contestants: readonly Contestant[], options: RowsOptions): PanelRows {
  const drafts: { kind: CompareSection['kind']; rows: RowDraft[] }[] = [
    { kind: 'quality', rows: qualityRows(contestants, options) },
    { kind: 'latency', rows: latencies(contestants, options) },
    { kind: 'rates', rows: rates(contestants) },
    { kind: 'cost', rows: costs(contestants) },
  ];
  const isAwaited = (kind: CompareSection['kind']): boolean => options.awaited?.kinds.includes(kind) === true;
  const kept = drafts
    .map(({ kind, rows }) => ({
      kind,
      rows: rows.filter(({ values }) => isAwaited(kind) || values.some((value) => value !== null)),
    }))
    .filter(({ rows }) => rows.length > 0);
  const at = contestants.findIndex(({ entry }) => entry.id === options.reference);
  const tests = kept.flatMap(({ rows }) => rows.flatMap((row) => testsOf(row, at)));
  const tested = tests.filter(({ found }) => found.kind === 'tested');
  const adjusted = holmAdjusted(tested.map(({ found }) => (found.kind === 'tested' ? found.pValue : 1)));
  const pValues = new Map(tested.map((test, index) => [test, adjusted[index] ?? 1]));
  const sections = kept.map(({ kind, rows }): CompareSection => {
    const noneHasTest = contestants.length > 1 && rows.every(({ test }) => test === null);
    const judged = {
      at,
      pValues,
      contestants,
      alpha: 1 - options.confidence,
      sectionSaysWhy: noneHasTest,
      isAwaited: isAwaited(kind),
    };
    return {
      kind,
      ...(noneHasTest ? { note: `not tested: ${NOT_TESTED}` } : {}),
      rows: rows.map((row) =>
        finished(
          row,
          tests.filter((test) => test.row === row),
          judged,
        ),
      ),
    };
  });
  return { sections, tested: tested.length };
}

/** A row before its tests are adjusted. */
interface RowDraft {
  metric: string;
  stat: string | null;
  better: 'lower' | 'higher';
  values: (number | null)[];
  n: (number | null)[];
  ci: ([number, number] | null)[];
  notes: string[][];
  /** The second less the first; null where the metric has no test. */
  test: ((first: number, second: number) => KnownDifference) | null;
}

interface PairTest {
  row: RowDraft;
  first: number;
  second: number;
  found: KnownDifference;
}

function draft(
  contestants: readonly Contestant[],
  metric: string,
  stat: string | null,
  valueOf: (contestant: Contestant) => number | null | undefined,
  nOf: (contestant: Contestant) => number | null = () => null,
): RowDraft {
  return {
    metric,
    stat,
    better: metricOf(metric)?.better ?? 'lower',
    values: contestants.map((contestant) => valueOf(contestant) ?? null),
    n: contestants.map(nOf),
    ci: contestants.map(({ candidate }) => candidate.values.get(nameOf(metric, stat))?.ci ?? null),
    notes: contestants.map(({ entry }) => [
      ...new Set(entry.source.notes.filter((note) => note.metric === metric).map(({ text }) => text)),
    ]),
    test: null,
  };
}

function qualityRows(contestants: readonly Contestant[], { confidence }: RowsOptions): RowDraft[] {
  const quality = ({ entry }: Contestant) => entry.target.compared.quality;
  const passRate = draft(
    contestants,
    'quality.pass_rate',
    null,
    (each) => quality(each)?.pass_rate,
    (each) => {
      const own = quality(each);
      return own === null ? null : own.cases - own.skipped;
    },
  );
  const outcomes = contestants.map(({ entry }) => ({ id: entry.id, cases: outcomesOf(entry.target.cases) }));
  passRate.test = (first, second) => {
    const [a, b] = [outcomes[first], outcomes[second]];
    if (a === undefined || b === undefined) return { kind: 'untested', reason: 'a contender is not there' };
    return mcNemar(a, b, confidence);
  };
  const flaky = draft(contestants, 'quality.flake_rate', null, (each) => quality(each)?.flake_rate);
  return [
    passRate,
    draft(contestants, 'quality.score', null, (each) => quality(each)?.score),
    ...(flaky.values.some((value) => (value ?? 0) > 0) ? [flaky] : []),
  ];
}

interface Outcomes {
  id: string;
  cases: ReadonlyMap<string, CaseOutcomeCount>;
}

function mcNemar(first: Outcomes, second: Outcomes, confidence: number): KnownDifference {
  const [pair] = qualityPairs([], confidence, [[first, second]]);
  if (pair === undefined) return { kind: 'untested', reason: 'they have no case in common' };
  const { difference, ci, p_value: pValue } = pair;
  return { kind: 'tested', difference, ci: ci ?? [difference, difference], pValue, method: 'mcnemar' };
}

/** Percentiles of the usual latencies, and those that an SLO of one of the contenders is about. */
function latencies(contestants: readonly Contestant[], { tests, awaited }: RowsOptions): RowDraft[] {
  const stages = contestants.flatMap(({ stage }) => stage ?? []);
  if (stages.length === 0 && awaited === undefined) return [];
  const asked = (awaited?.slos ?? []).map((expr) => ({ expr }));
  return latencyRows(...stages.map(({ slo }) => slo), asked).map(([metric, stat]) => {
    const of = ({ stage }: Contestant): ComparedMetric | undefined => stage?.metrics[metric];
    const row = draft(
      contestants,
      metric,
      stat,
      (each) => (of(each)?.n === 0 ? null : of(each)?.stats[stat]),
      (each) => of(each)?.n ?? null,
    );
    const share = shareOfPercentile(stat);
    const noun = metric === 'itl' ? 'gaps' : 'requests';
    if (share !== null) {
      const series = contestants.map((each) => of(each)?.series ?? null);
      row.test = (a, b) => tests.difference(series[a] ?? null, series[b] ?? null, share, noun);
    }
    return row;
  });
}

function rates(contestants: readonly Contestant[]): RowDraft[] {
  return [
    ...RATE_ROWS.map((metric) => draft(contestants, metric, null, ({ stage }) => stage?.rates[metric])),
    draft(contestants, 'output_tokens', 'mean', ({ stage }) => stage?.metrics.output_tokens?.stats.mean),
  ];
}

function costs(contestants: readonly Contestant[]): RowDraft[] {
  return COST_ROWS.map((metric) => draft(contestants, metric, null, ({ entry }) => entry.target.compared.cost[metric]));
}

/** Each against the reference, and the best against each: no pair twice. */
function testsOf(row: RowDraft, reference: number): PairTest[] {
  const { test, values } = row;
  if (test === null) return [];
  const best = bestOf(row);
  const pairs = new Map<string, [number, number]>();
  for (const [index, value] of values.entries()) {
    if (value === null) continue;
    for (const anchor of [reference, best]) {
      if (anchor === -1 || anchor === index || values[anchor] == null) continue;
      const key = [anchor, index].sort().join(' ');
      if (!pairs.has(key)) pairs.set(key, [anchor, index]);
    }
  }
  return [...pairs.values()].map(([first, second]) => ({ row, first, second, found: test(first, second) }));
}

function bestOf({ values, better }: RowDraft): number {
  let best = -1;
  for (const [index, value] of values.entries()) {
    if (value === null) continue;
    const known = values[best];
    if (known == null || (better === 'lower' ? value < known : value > known)) best = index;
  }
  return best;
}

interface Judged {
  at: number;
  pValues: ReadonlyMap<PairTest, number>;
  contestants: readonly Contestant[];
  alpha: number;
  /** The section says once why none of its rows has a test. */
  sectionSaysWhy: boolean;
  /** More values are on their way. */
  isAwaited: boolean;
}

function finished(row: RowDraft, tests: readonly PairTest[], judged: Judged): CompareRow {
  const { metric, stat, better, values } = row;
  const definition = metricOf(metric);
  const { winner, conclusion } = winnerOf(row, tests, judged);
  return {
    metric,
    stat,
    label: definition === undefined ? nameOf(metric, stat) : labelOf(definition.label, stat),
    unit: definition?.unit ?? 'count',
    better,
    cells: values.map((value, index) => ({
      value,
      n: row.n[index] ?? null,
      ci: value === null ? null : (row.ci[index] ?? null),
      against: againstOf(row, index, tests, judged),
      notes: row.notes[index] ?? [],
    })),
    winner,
    conclusion,
  };
}

function againstOf(
  row: RowDraft,
  index: number,
  tests: readonly PairTest[],
  { at, pValues, alpha }: Judged,
): CompareCell['against'] {
  const [own, of] = [row.values[index] ?? null, row.values[at] ?? null];
  if (index === at || own === null || of === null) return null;
  const difference = own - of;
  const test = testBetween(tests, at, index);
  if (test === undefined) return untested(difference, NOT_TESTED);
  const { found } = test;
  if (found.kind === 'pending') return untested(difference, 'it is being tested');
  if (found.kind === 'untested') return untested(difference, found.reason);
  const signed = test.first === at ? found : flipped(found);
  const pAdjusted = pValues.get(test) ?? 1;
  const shown = isShown(pAdjusted, signed.difference, alpha);
  const isBetter = signed.difference > 0 === (row.better === 'higher');
  return {
    // Of quality it is over the cases that both were asked, which the two rates are not.
    difference: signed.difference,
    ci: signed.ci,
    pAdjusted,
    verdict: shown ? (isBetter ? 'better' : 'worse') : 'no difference shown',
  };
}

function untested(difference: number, reason: string): CompareCell['against'] {
  return { difference, ci: null, pAdjusted: null, verdict: 'not tested', reason };
}

function flipped({ difference, ci }: { difference: number; ci: [number, number] }): {
  difference: number;
  ci: [number, number];
} {
  return { difference: 0 - difference, ci: [0 - ci[1], 0 - ci[0]] };
}

function isShown(pAdjusted: number, difference: number, alpha: number): boolean {
  return pAdjusted <= alpha + 1e-12 && difference !== 0;
}

function testBetween(tests: readonly PairTest[], a: number, b: number): PairTest | undefined {
  return tests.find(({ first, second }) => (first === a && second === b) || (first === b && second === a));
}

function winnerOf(
  row: RowDraft,
  tests: readonly PairTest[],
  { contestants, pValues, alpha, sectionSaysWhy, isAwaited }: Judged,
): { winner: string | null; conclusion: string } {
  const measured = row.values.flatMap((value, index) => (value === null ? [] : [index]));
  const name = (index: number): string => contestants[index]?.entry.label ?? '';
  const [lone] = measured;
  if (measured.length < 2) {
    const alone = lone === undefined ? 'not measured' : `only ${name(lone)} has it`;
    return { winner: null, conclusion: isAwaited ? `${alone} yet` : alone };
  }
  if (row.test === null)
    return { winner: null, conclusion: sectionSaysWhy ? 'not tested' : `not tested: ${NOT_TESTED}` };
  const best = bestOf(row);
  const others = measured.filter((index) => index !== best);
  const undecided = others.filter((other) => {
    const test = testBetween(tests, best, other);
    if (test?.found.kind !== 'tested') return true;
    const { difference } = test.first === best ? test.found : flipped(test.found);
    // The other one less the best: the test must show the side on which the numbers lie.
    const isWorse = difference < 0 === (row.better === 'higher');
    return !isWorse || !isShown(pValues.get(test) ?? 1, difference, alpha);
  });
  if (undecided.length === 0) {
    const than =
      others.length === 1 && contestants.length === 2 ? name(others[0] ?? 0) : everyOther(row, others.length);
    return { winner: contestants[best]?.entry.id ?? null, conclusion: `${name(best)} is better than ${than}` };
  }
  const found = undecided.map((other) => testBetween(tests, best, other)?.found);
  if (found.some((each) => each?.kind === 'pending')) return { winner: null, conclusion: 'being tested' };
  const untestedReason = found.find((each) => each?.kind === 'untested');
  if (untestedReason?.kind === 'untested' && found.every((each) => each?.kind === 'untested'))
    return { winner: null, conclusion: `not tested: ${untestedReason.reason}` };
  if (undecided.length === others.length) return { winner: null, conclusion: 'no difference shown' };
  return {
    winner: null,
    conclusion: `no difference shown between ${name(best)} and ${undecided.map(name).join(', ')}`,
  };
}

function everyOther({ values }: RowDraft, others: number): string {
  return values.length === others + 1 ? 'every other' : `the other ${others === 1 ? 'one' : others} with a value`;
}

function nameOf(metric: string, stat: string | null): string {
  return stat === null ? metric : `${metric}.${stat}`;
}

function labelOf(label: string, stat: string | null): string {
  return stat === null ? label : `${label} ${stat}`;
}
