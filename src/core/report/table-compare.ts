import type { Unit } from '../../protocol/plan';
import type { MatrixTrend, QualityPair, RunJson } from '../../protocol/run-json';
import { formatValue } from '../metrics/format';
import { columns, type Cell } from './columns';
import { pointsWithInterval } from './points';
import { INDENT, sentence } from './sentence';
import type { TableContext } from './table';
import { baselineLines } from './table-baseline';
import { selectionLines } from './table-selection';

/** Pairs beyond these are in run.json: sixteen targets have 120 of them. */
const SHOWN_PAIRS = 10;

/** Targets against each other, what each parameter of the matrix changes, and the baseline. */
export function comparisonLines(run: RunJson, context: TableContext): string[] {
  const { paint } = context;
  const lines: string[] = [];
  for (const trend of run.comparison?.matrix ?? []) {
    lines.push('', `${paint('strong', `By ${trend.param}`)}  ${paint('dim', trend.fixed)}`);
    lines.push(...trendRows(trend, context).map((line) => INDENT + line));
  }
  const pairs = run.comparison?.pairs ?? [];
  if (pairs.length > 0) {
    lines.push(
      '',
      `${paint('strong', 'Quality side by side')}  ${paint('dim', 'exact McNemar over the cases that both were asked')}`,
    );
    // What differs is what is looked for; the order of the others stays.
    const ordered = [...pairs].sort((a, b) => rank(a) - rank(b));
    for (const pair of ordered.slice(0, SHOWN_PAIRS)) lines.push(...pairLines(pair, context));
    const more = ordered.length - SHOWN_PAIRS;
    if (more > 0) lines.push(`${INDENT}${paint('dim', `and ${more} more pairs, in run.json`)}`);
  }
  lines.push(...selectionLines(context));
  const { baseline, confidence } = run;
  if (baseline !== undefined) lines.push(...baselineLines(baseline, { ...context, confidence }));
  return lines;
}

function rank({ verdict }: QualityPair): number {
  return verdict === 'no difference shown' ? 1 : 0;
}

function pairLines(pair: QualityPair, context: TableContext): string[] {
  const { first, second, only_first: lost, only_second: won, cases, verdict } = pair;
  const better =
    verdict === 'second better' ? `${second} is better` : verdict === 'first better' ? `${first} is better` : verdict;
  const text =
    `${second} less ${first}: ${pointsWithInterval(pair.difference, pair.ci, context.run.confidence)} · ` +
    `only the former passes ${won}, only the latter ${lost} of ${cases} cases · p ${pValue(pair.p_adjusted)} · ${better}`;
  return sentence(text, context, verdict === 'no difference shown' ? 'dim' : 'plain');
}

function pValue(p: number): string {
  return p < 0.0001 ? '< 0.0001' : String(Number(p.toPrecision(2)));
}

type Point = MatrixTrend['points'][number];

/** Columns of a trend; one that no point has a value for is left out. */
const TREND: { head: string; unit: Unit; of: (point: Point) => number | null }[] = [
  { head: 'passed', unit: 'ratio', of: (point) => point.pass_rate },
  { head: 'score', unit: 'count', of: (point) => point.score },
  { head: 'flaky', unit: 'ratio', of: (point) => point.flake_rate },
  { head: 'distinct', unit: 'count', of: (point) => point.distinct },
  { head: 'tokens', unit: 'count', of: (point) => point.output_tokens },
  { head: 'TTFT p50', unit: 'ms', of: (point) => point.ttft_p50 },
  { head: 'e2e p50', unit: 'ms', of: (point) => point.e2e_p50 },
  { head: 'e2e p99', unit: 'ms', of: (point) => point.e2e_p99 },
  { head: 'a request', unit: 'USD', of: (point) => point.cost_per_request },
];

function trendRows({ param, points }: MatrixTrend, { paint }: TableContext): string[] {
  const used = TREND.filter(({ of }) => points.some((point) => of(point) !== null));
  const head: Cell[] = [
    { text: param, tone: 'dim', align: 'right' },
    ...used.map((column): Cell => ({ text: column.head, tone: 'dim', align: 'right' })),
  ];
  const rows = points.map((point): Cell[] => [
    { text: typeof point.value === 'string' ? point.value : JSON.stringify(point.value), align: 'right' },
    ...used.map(({ of, unit }): Cell => {
      const value = of(point);
      return { text: value === null ? '-' : formatValue(value, unit), align: 'right' };
    }),
  ]);
  return columns([head, ...rows], paint);
}
