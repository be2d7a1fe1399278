/** The run against its baseline and its targets against each other, as sentences; differences first. */
import { formatCount, formatDifference, formatValue } from '../../src/protocol/format';
import type { BaselineComparison, BaselineRow, Comparison, QualityPair } from '../../src/protocol/run-json';
import { verdictWord, type Word } from '../words';

export interface Line {
  word: Word;
  text: string;
  /** Cases that the line is about, by pointer. */
  cases: string[];
}

const NOTHING: Word = { icon: 'dash', tone: 'neutral', word: 'No difference shown' };
/** Pairs that are listed: sixteen targets have 120. */
const MOST_PAIRS = 10;

export interface ComparisonModel {
  summary: string;
  lines: Line[];
  /** Lines that are not listed. */
  more: number;
}

/** Null where the run is compared with nothing. */
export function comparisonOf(
  comparison: Comparison | null | undefined,
  baseline: BaselineComparison | null | undefined,
  confidence: number,
): ComparisonModel | null {
  const parts: string[] = [];
  const lines: Line[] = [];
  if (baseline != null) {
    const { regressions, improvements, error, rows = [] } = baseline;
    const name = nameOf(baseline);
    if (error !== undefined) {
      parts.push(`${name} could not be used`);
      lines.push({ word: verdictWord('error'), text: error, cases: [] });
    } else if (baseline.pairs.length === 0 && rows.length === 0) {
      parts.push(`nothing in common with ${name}`);
      lines.push({ word: NOTHING, text: 'The baseline has no target and no case in common with this run.', cases: [] });
    } else {
      parts.push(
        regressions.length + improvements.length === 0
          ? `no difference shown from ${name}`
          : `${count(regressions.length, 'regression')} and ${count(improvements.length, 'improvement')} against ${name}`,
      );
      const ofQuality = (text: string, which: 'lost' | 'won'): string[] =>
        rows.length === 0 || text.includes('quality.') ? casesOf(baseline.pairs, which) : [];
      for (const text of regressions) lines.push({ word: verdictWord('fail'), text, cases: ofQuality(text, 'lost') });
      for (const text of improvements) lines.push({ word: verdictWord('pass'), text, cases: ofQuality(text, 'won') });
      lines.push(...otherRows(rows));
    }
    for (const text of baseline.caveats ?? [])
      lines.push({ word: { icon: 'warning', tone: 'inconclusive', word: 'Not compared' }, text, cases: [] });
  }
  const pairs = comparison?.pairs ?? [];
  const differing = pairs.filter(({ verdict }) => verdict !== 'no difference shown');
  if (pairs.length > 0)
    parts.push(
      differing.length === 0
        ? 'no difference in quality shown between the targets'
        : `${count(differing.length, 'pair')} of targets differ${differing.length === 1 ? 's' : ''} in quality`,
    );
  for (const pair of [...differing, ...pairs.filter((pair) => !differing.includes(pair))].slice(0, MOST_PAIRS))
    lines.push(pairLine(pair, confidence));
  if (parts.length === 0) return null;
  const summary = parts.join('; ');
  return {
    summary: `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    lines,
    more: Math.max(0, pairs.length - MOST_PAIRS),
  };
}

/** What a run was held against, for the middle of a sentence. */
function nameOf({ run, pinned = [] }: BaselineComparison): string {
  const [first] = pinned;
  return first === undefined ? `the baseline ${run}` : `the baseline pinned ${first.at.slice(0, 10)}`;
}

/** The numbers that are neither better nor worse, those that are a little worse first. */
function otherRows(rows: readonly BaselineRow[]): Line[] {
  const targets = new Set(rows.map(({ target }) => target)).size;
  return (['within tolerance', 'no difference shown', 'not tested'] as const).flatMap((verdict) =>
    rows.filter((row) => row.verdict === verdict).map((row): Line => rowLine(row, targets)),
  );
}

function rowLine(row: BaselineRow, targets: number): Line {
  const { target, stage, metric, stat, unit, before, now, difference, verdict, reason } = row;
  const value = (number: number | null): string => (number === null ? '–' : formatValue(number, unit));
  const sign = (difference ?? 0) < 0 ? '−' : '+';
  const by = difference === null ? '' : ` (${sign}${formatDifference(difference, unit)})`;
  const place = [...(targets > 1 ? [target] : []), ...(stage === null ? [] : [stage])].join(' · ');
  const label = `${place === '' ? '' : `${place} · `}${metric}${stat === null ? '' : `.${stat}`}`;
  return {
    word: verdict === 'within tolerance' ? { icon: 'check', tone: 'neutral', word: 'Within tolerance' } : NOTHING,
    text: `${label}: ${value(now)} after ${value(before)}${by} · ${reason ?? verdict}`,
    cases: [],
  };
}

function pairLine(pair: QualityPair, confidence: number): Line {
  const { first, second, verdict, only_first: lost, only_second: won, cases } = pair;
  const better = verdict === 'second better' ? second : first;
  const head =
    verdict === 'no difference shown' ? `${second} and ${first}: no difference shown` : `${better} is better`;
  const ci =
    pair.ci === null ? '' : ` (${formatValue(confidence, 'ratio')} CI ${signed(pair.ci[0])} to ${signed(pair.ci[1])})`;
  const sign = pair.difference < 0 ? '−' : '+';
  return {
    word: verdict === 'no difference shown' ? NOTHING : { icon: 'trophy', tone: 'neutral', word: 'Differs' },
    text: `${head} · ${second} less ${first}: ${sign}${formatDifference(pair.difference, 'ratio')}${ci} · only ${second} passes ${formatCount(won)}, only ${first} ${formatCount(lost)} of ${count(cases, 'case')} · p ${pValue(pair.p_adjusted)}`,
    cases: [...pair.lost, ...pair.won],
  };
}

function casesOf(pairs: readonly QualityPair[], which: 'lost' | 'won'): string[] {
  return [...new Set(pairs.flatMap((pair) => pair[which]))];
}

function signed(share: number): string {
  const points = Number((share * 100).toPrecision(3));
  return points < 0 ? `−${-points}` : `${points}`;
}

function pValue(p: number): string {
  return p < 0.0001 ? '< 0.0001' : String(Number(p.toPrecision(2)));
}

function count(n: number, noun: string): string {
  return `${formatCount(n)} ${noun}${n === 1 ? '' : 's'}`;
}
