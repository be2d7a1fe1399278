/** A series as a line of blocks for one line of text, and what it shows in words for those who do not see it. */
import { formatValue } from '../../protocol/format';
import type { RunTrends, TrendSeries } from '../../protocol/trends';

const BLOCKS = '▁▂▃▄▅▆▇█';
/** Two points are no line. */
const FEWEST = 3;
/** Less than this share of the largest value is drawn as no change: noise is not to look like a mountain range. */
const FLAT = 0.02;

/** A block a value, from the smallest to the largest; a gap where there is none. */
export function sparkline(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null);
  if (known.length < FEWEST) return '';
  const low = Math.min(...known);
  const high = Math.max(...known);
  const isFlat = high - low <= Math.abs(high) * FLAT;
  return values
    .map((value) => {
      if (value === null) return ' ';
      const share = isFlat ? 0.4 : (value - low) / (high - low);
      return BLOCKS[Math.min(BLOCKS.length - 1, Math.floor(share * BLOCKS.length))] ?? '';
    })
    .join('');
}

/** The series that stands for an eval: the latency of its first load stage, else the share of right answers, else any. */
export function mainSeries({ series }: RunTrends): TrendSeries | null {
  const own = series.filter(({ target }) => target === series[0]?.target);
  const underLoad = own.find(({ metric, stat, stage }) => metric === 'ttft' && stat === 'p99' && stage !== 'cases');
  return underLoad ?? own.find(({ metric }) => metric === 'quality.pass_rate') ?? own[0] ?? null;
}

export interface TrendWords {
  /** `TTFT p99, steady chat`. */
  name: string;
  first: string;
  last: string;
  low: string;
  high: string;
  runs: number;
}

/** Null of a series that is too short to be one. */
export function trendWords(series: TrendSeries): TrendWords | null {
  const known = series.values.filter((value) => value !== null);
  const [first] = known;
  const last = known.at(-1);
  if (known.length < FEWEST || first === undefined || last === undefined) return null;
  const text = (value: number): string => formatValue(value, series.unit);
  return {
    name: seriesName(series),
    first: text(first),
    last: text(last),
    low: text(Math.min(...known)),
    high: text(Math.max(...known)),
    runs: known.length,
  };
}

export function seriesName({ label, stat, stage }: Pick<TrendSeries, 'label' | 'stat' | 'stage'>): string {
  return `${label}${stat === null ? '' : ` ${stat}`}${stage === null ? '' : `, ${stage}`}`;
}
