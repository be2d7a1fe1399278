/** A comparison with a baseline in sentences. */
import type { BaselineComparison, BaselineRow } from '../../protocol/run-json';
import { metricOf } from '../metrics/definitions';
import { formatDifference, formatValue, significant } from '../metrics/format';

/** Cases that a sentence names. */
const MOST_NAMED = 3;

/** `sim, "steady": ttft.p99 is 36.8 ms (20%) slower than in the baseline, 221 ms after 184 ms (95% CI +28 to +45 ms, p < 0.0001).` */
export function regressionSentence(row: BaselineRow, confidence: number): string {
  const { target, stage, unit, before, now, difference } = row;
  const place = stage === null ? target : `${target}, "${stage}"`;
  if (before === null || now === null || difference === null) return `${place}: ${rowLabel(row)} is not known.`;
  const by = formatDifference(difference, unit);
  const share = unit === 'ratio' || before === 0 ? '' : ` (${significant(Math.abs(difference / before) * 100)}%)`;
  const evidence = [
    ...(row.ci === null ? [] : [`${significant(confidence * 100)}% CI ${signedInterval(row)}`]),
    ...(row.p_adjusted === null ? [] : [pText(row.p_adjusted)]),
  ];
  const brackets = evidence.length === 0 ? '' : ` (${evidence.join(', ')})`;
  return `${place}: ${rowLabel(row)} is ${by}${share} ${wordOf(row)} than in the baseline, ${formatValue(now, unit)} after ${formatValue(before, unit)}${brackets}.`;
}

/** `ttft.p99` */
export function rowLabel({ metric, stat }: Pick<BaselineRow, 'metric' | 'stat'>): string {
  return stat === null ? metric : `${metric}.${stat}`;
}

function wordOf({ metric, difference }: BaselineRow): string {
  const more = (difference ?? 0) > 0;
  if (metricOf(metric)?.kind === 'latency') return more ? 'slower' : 'faster';
  return more ? 'higher' : 'lower';
}

/** `+28 to +45 ms`, `−8.3 to −1.2 points`. */
export function signedInterval({ ci, unit }: Pick<BaselineRow, 'ci' | 'unit'>): string {
  if (ci === null) return 'unknown';
  return `${signed(ci[0], unit)} to ${signed(ci[1], unit)}`;
}

/** `+36.8 ms`, `−8.3 points`. */
export function signed(difference: number, unit: BaselineRow['unit']): string {
  const sign = difference > 0 ? '+' : difference < 0 ? '−' : '';
  return sign + formatDifference(difference, unit);
}

export function pText(p: number): string {
  return p < 0.0001 ? 'p < 0.0001' : `p ${Number(p.toPrecision(2))}`;
}

/** `Lost: capital, boiling point and 3 more.` */
export function lostSentence(lost: NonNullable<BaselineComparison['lost']>): string {
  const names = lost.slice(0, MOST_NAMED).map(({ case_id: id }) => id);
  const more = lost.length - names.length;
  const last = more > 0 ? `${more} more` : names.length > 1 ? names.pop() : undefined;
  return `Lost: ${names.join(', ')}${last === undefined ? '' : ` and ${last}`}.`;
}
