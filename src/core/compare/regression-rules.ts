/** What is held against a baseline, and how much worse it may be before it counts. */
import type { RegressRule } from '../../protocol/plan';
import { metricOf } from '../metrics/definitions';
import { shareOfPercentile } from '../metrics/stat';

/** A number that is tested. */
export interface Tested {
  metric: string;
  stat: string | null;
  /** The file's own word about it. */
  rule: RegressRule | null;
}

/** Without a word of the file: where answers begin, how evenly they flow, how long they take, whether they come and whether they are right. */
const DEFAULTS: readonly (readonly [metric: string, stat: string | null])[] = [
  ['quality.pass_rate', null],
  ['error_rate', null],
  ['ttft', 'p50'],
  ['ttft', 'p95'],
  ['ttft', 'p99'],
  ['itl', 'p50'],
  ['itl', 'p99'],
  ['tpot', 'p50'],
  ['e2e', 'p50'],
  ['e2e', 'p99'],
];

/**
 * Two runs of an unchanged server differ by more than their own scatter says: another day, another neighbour, another client. A latency
 * is therefore no regression below 5% or a millisecond, however surely it is shown, unless the file says otherwise.
 */
const DEFAULT_SHARE = 0.05;
const DEFAULT_MS = 1;

/** What has a test: one number a run, such as goodput, says nothing about how it scatters. */
export function isTestable(metric: string, stat: string | null): boolean {
  if (['quality.pass_rate', 'quality.score', 'error_rate', 'rps', 'output_tps'].includes(metric)) return stat === null;
  if (!['ttft', 'ttfat', 'itl', 'tpot', 'e2e', 'output_tokens', 'cost'].includes(metric)) return false;
  return stat === 'mean' || (stat !== null && shareOfPercentile(stat) !== null);
}

/** Names for a message about what has no test. */
export const TESTABLE =
  'percentiles and means of ttft, ttfat, itl, tpot, e2e, output_tokens and cost, and quality.pass_rate, quality.score, error_rate, rps and output_tps';

/** The usual numbers and those that the file names, less those that it turns off. */
export function testedNumbers(rules: readonly RegressRule[]): Tested[] {
  const byKey = new Map<string, Tested>(
    DEFAULTS.map(([metric, stat]) => [`${metric} ${stat}`, { metric, stat, rule: null }]),
  );
  for (const rule of rules) byKey.set(`${rule.metric} ${rule.stat}`, { metric: rule.metric, stat: rule.stat, rule });
  return [...byKey.values()].filter(({ rule }) => rule?.tolerance.kind !== 'off');
}

/** In the unit of the metric. @param before the baseline's value, of which a share may be allowed */
export function toleranceOf({ metric, rule }: Tested, before: number): number {
  if (rule !== null && rule.tolerance.kind !== 'off') {
    const { kind, value } = rule.tolerance;
    return kind === 'share' ? value * Math.abs(before) : value;
  }
  return metricOf(metric)?.kind === 'latency' ? Math.max(DEFAULT_SHARE * Math.abs(before), DEFAULT_MS) : 0;
}
