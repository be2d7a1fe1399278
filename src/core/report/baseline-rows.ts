/** The numbers of a run beside those of its baseline, as every report lists them: what got worse first. */
import type { BaselineComparison, BaselineRow } from '../../protocol/run-json';
import { pText, rowLabel, signed } from '../compare/regression-text';
import { formatCount, formatDifference, formatValue, significant } from '../metrics/format';
import type { Tone } from './style';

const ORDER: readonly BaselineRow['verdict'][] = [
  'regression',
  'improvement',
  'within tolerance',
  'no difference shown',
  'not tested',
];

export const ROW_LOOK: Record<BaselineRow['verdict'], { sign: string; tone: Tone }> = {
  regression: { sign: '✗', tone: 'bad' },
  improvement: { sign: '✓', tone: 'good' },
  'within tolerance': { sign: '≈', tone: 'unsure' },
  'no difference shown': { sign: '·', tone: 'plain' },
  'not tested': { sign: '·', tone: 'dim' },
};

/** Stable: within a verdict the order of the comparison stays. */
export function orderedRows({ rows = [] }: BaselineComparison): BaselineRow[] {
  return [...rows].sort((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict));
}

export interface RowText {
  place: string;
  metric: string;
  before: string;
  now: string;
  /** With its share of the baseline's value. */
  difference: string;
  ci: string;
  tolerated: string;
  n: string;
  /** The verdict in words, with its evidence or what kept it from being tested. */
  verdict: string;
}

export function rowText(row: BaselineRow, targets: number): RowText {
  const { target, stage, unit, before, now, difference, ci, tolerance, n, verdict, reason, p_adjusted: p } = row;
  const value = (number: number | null): string => (number === null ? '' : formatValue(number, unit));
  const share =
    difference === null || difference === 0 || before === null || before === 0 || unit === 'ratio'
      ? ''
      : ` (${difference < 0 ? '−' : '+'}${significant(Math.abs(difference / before) * 100)}%)`;
  const place = [...(targets > 1 ? [target] : []), ...(stage === null ? [] : [stage])].join(' · ');
  return {
    place,
    metric: rowLabel(row),
    before: value(before),
    now: value(now),
    difference: difference === null ? '' : `${signed(difference, unit)}${share}`,
    ci: ci === null ? '' : `${signed(ci[0], unit)} to ${signed(ci[1], unit)}`,
    tolerated: tolerance === null ? '' : tolerance === 0 ? 'none' : formatDifference(tolerance, unit),
    n: `${formatCount(n[0])} / ${formatCount(n[1])}`,
    verdict: `${verdict}${reason !== undefined ? `: ${reason}` : p === null || verdict === 'not tested' ? '' : `, ${pText(p)}`}`,
  };
}

/** `of 2026-11-26, commit 0123456 (run …)` for each pinned baseline that was used; the run's id where the file names it. */
export function baselineName({ run, pinned = [] }: BaselineComparison): string {
  const [first] = pinned;
  if (first === undefined) return run;
  const runs = new Set(pinned.map((each) => each.run));
  if (runs.size > 1) return `${runs.size} pinned runs`;
  const commit = first.commit === null ? '' : `, commit ${first.commit.slice(0, 7)}`;
  return `${first.run}, pinned ${first.at.slice(0, 10)}${commit}`;
}
