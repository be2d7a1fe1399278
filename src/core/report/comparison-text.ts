/** Words and numbers of a comparison that the table and the Markdown share. */
import type { ComparedPair, ComparedRow, ComparedSection, RunComparison, SloCell } from '../../protocol/run-comparison';
import { formatCount, formatInterval, formatValue, significant } from '../metrics/format';
import { signedPoints } from './points';

/** `ttft.p99`. */
export function rowName({ metric, stat }: ComparedRow): string {
  return stat === null ? metric : `${metric}.${stat}`;
}

export function valueText(value: number | null, { unit }: Pick<ComparedRow, 'unit'>): string {
  return value === null ? '-' : formatValue(value, unit);
}

/** `+12 ms (+8.1%)`, `−3.5 points`. */
export function differenceText(row: ComparedRow): string {
  const { difference, unit, first } = row;
  if (difference === null) return '-';
  if (unit === 'ratio') {
    const points = signedPoints(difference);
    return `${points} ${/^[+−]?1$/.test(points) ? 'point' : 'points'}`;
  }
  const sign = difference > 0 ? '+' : difference < 0 ? '−' : '';
  const share =
    first === null || first === 0
      ? ''
      : ` (${difference > 0 ? '+' : difference < 0 ? '−' : ''}${significant(Math.abs(difference / first) * 100)}%)`;
  return `${sign}${formatValue(Math.abs(difference), unit)}${share}`;
}

/** `−2.1 to 26`, in the scale of the difference. */
export function intervalText({ ci, unit, difference }: ComparedRow): string {
  if (ci === null) return '';
  if (unit === 'ratio') return `${signedPoints(ci[0])} to ${signedPoints(ci[1])}`;
  const [low, high] = ci;
  const scale = Math.max(Math.abs(low), Math.abs(high), Math.abs(difference ?? 0));
  const bound = (value: number): string => {
    const [text = ''] = formatInterval([Math.abs(value), Math.abs(value)], scale, unit).split('–');
    return `${value < 0 ? '−' : value > 0 ? '+' : ''}${text}`;
  };
  return `${bound(low)} to ${bound(high)}`;
}

export function pText({ p_adjusted: p }: ComparedRow): string {
  if (p === null) return '';
  return p < 0.0001 ? '< 0.0001' : String(Number(p.toPrecision(2)));
}

/** Who wins, by the name of the run; why nobody does. */
export function winnerText(row: ComparedRow, labels: readonly [first: string, second: string]): string {
  switch (row.verdict) {
    case 'first better':
      return labels[0];
    case 'second better':
      return labels[1];
    case 'no difference shown':
      return row.verdict;
    case 'not tested':
      // Of single numbers, which are many, one sentence below the table speaks.
      return row.stat === null || row.stat === 'mean' ? row.verdict : `not tested: ${row.reason ?? 'without a reason'}`;
  }
}

export function sampleText({ n }: ComparedRow): string {
  if (n[0] === null && n[1] === null) return '';
  return n.map((count) => (count === null ? '?' : formatCount(count))).join(' / ');
}

export function sectionTitle({ kind, first_stage: a, second_stage: b }: ComparedSection): string {
  switch (kind) {
    case 'quality':
      return 'Quality';
    case 'cases':
      return 'Latency of the cases';
    case 'cost':
      return 'Cost';
    case 'load':
    case 'search':
      return a === b ? `${a}` : `${a} / ${b}`;
  }
}

/** Short names of the runs, all different: A, B, C and so on, with what they stand for beside them. */
export function labelsOf({ runs }: RunComparison): string[] {
  return runs.map((_, index) => (index < 26 ? String.fromCharCode(65 + index) : `R${index + 1}`));
}

/** `A`, or `A small` where the run has several targets. */
export function candidateNames(comparison: RunComparison, labels: readonly string[]): (id: string) => string {
  const { candidates = [], runs } = comparison;
  const names = new Map(
    candidates.map(({ id, run, target }) => {
      const label = labels[run] ?? '';
      return [id, (runs[run]?.targets.length ?? 0) > 1 ? `${label} ${target}` : label];
    }),
  );
  return (id) => names.get(id) ?? id;
}

export function pairTitle(pair: ComparedPair, labels: readonly string[]): string {
  const other = labels[pair.run] ?? '';
  const targets = pair.first === pair.second ? pair.first : `${pair.first} / ${pair.second}`;
  return `${other} against ${labels[0] ?? ''}: ${targets}`;
}

/** What another tool's number means an SLO; `(own definition)` where it is judged by that tool's. */
export function cellText(cell: SloCell | null, unit: ComparedRow['unit'] | null): string {
  if (cell === null) return '-';
  const value = cell.value === null ? '' : unit === null ? String(cell.value) : formatValue(cell.value, unit);
  return [
    value,
    cell.confidence === 'low' && cell.foreign === undefined ? 'low confidence' : '',
    cell.foreign ? 'by its own definition' : '',
  ]
    .filter((part) => part !== '')
    .join(', ');
}

/** What stands below every comparison. */
export function methodText({ tested }: RunComparison, level: string): string {
  return (
    `${tested} differences were tested at ${level}: quality by the exact test of McNemar, percentiles by a moving-block bootstrap or, ` +
    'where values are few or depend on each other, by order statistics at the effective sample size; p-values are adjusted for their ' +
    'number (Holm), intervals are not. Rates, scores and costs are one number a run, whose scatter from run to run is unknown: their ' +
    'differences are shown and not tested.'
  );
}
