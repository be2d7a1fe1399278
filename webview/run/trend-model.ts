/** What the section of trends says: which numbers there are, how one has gone, how a run is called. */
import { formatDifference, formatValue } from '../../src/protocol/format';
import type { RunTrends, TrendRun, TrendSeries } from '../../src/protocol/trends';
import { verdictWord } from '../words';

/** The series of one target with their names, those that say most first. */
export function seriesOfTarget({ series }: RunTrends, target: string | null): { key: string; series: TrendSeries }[] {
  const own = series.filter((one) => one.target === target);
  // A target that was renamed, or is new: what there is of the others.
  const shown = own.length > 0 ? own : series.filter((one) => one.target === series[0]?.target);
  return shown.map((one) => ({ key: keyOf(one), series: one }));
}

export function keyOf({ stage, metric, stat }: TrendSeries): string {
  return JSON.stringify([stage, metric, stat]);
}

/** The one that is shown until the reader chooses: a latency under load, else the share of right answers. */
export function firstChoice(choices: readonly { key: string; series: TrendSeries }[]): string | null {
  const underLoad = choices.find(
    ({ series: { metric, stat, stage } }) => metric === 'ttft' && stat === 'p99' && stage !== 'cases',
  );
  const right = choices.find(({ series }) => series.metric === 'quality.pass_rate');
  return (underLoad ?? right ?? choices[0])?.key ?? null;
}

export function nameOf({ label, stat, stage }: TrendSeries): string {
  return `${label}${stat === null ? '' : ` ${stat}`}${stage === null ? '' : `, ${stage}`}`;
}

/** A commit, with `+` where there were changes in none; of a run outside of git its day. */
export function shortLabel({ commit, dirty, startedAt }: TrendRun): string {
  if (commit !== null) return `${commit.slice(0, 7)}${dirty ? '+' : ''}`;
  return startedAt.slice(5, 10);
}

/** A run in words, for a tip, a table and a screen reader. */
export function runText(run: TrendRun, value: number | null, { unit, baseline }: TrendSeries): string {
  const parts = [
    new Date(run.startedAt).toLocaleString(),
    value === null ? 'no value' : formatValue(value, unit),
    ...(value === null || baseline === null ? [] : [distanceText(value - baseline, unit)]),
    verdictWord(run.verdict).word.toLowerCase(),
    ...(run.commit === null ? [] : [`commit ${shortLabel(run)}`]),
    ...(run.pinned ? ['pinned as baseline'] : []),
  ];
  return parts.join(' · ');
}

function distanceText(difference: number, unit: TrendSeries['unit']): string {
  if (difference === 0) return 'as the baseline';
  return `${formatDifference(Math.abs(difference), unit)} ${difference > 0 ? 'above' : 'below'} the baseline`;
}

/** The whole line in words: what the picture shows at a glance. */
export function summaryOf(series: TrendSeries): string {
  const { unit, baseline } = series;
  const known = series.values.filter((value) => value !== null);
  const [first] = known;
  const last = known.at(-1);
  if (first === undefined || last === undefined) return `${nameOf(series)}: no run has measured it.`;
  const text = (value: number): string => formatValue(value, unit);
  const range = `between ${text(Math.min(...known))} and ${text(Math.max(...known))}`;
  const pinned = baseline === null ? '' : ` The baseline is ${text(baseline)}.`;
  if (known.length === 1) return `${nameOf(series)} of one run: ${text(first)}.${pinned}`;
  return `${nameOf(series)} over ${known.length} runs: from ${text(first)} to ${text(last)}, ${range}.${pinned}`;
}
