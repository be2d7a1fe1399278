/** SLO verdicts as every surface shows them at the end of a line. */
import { formatCount, formatInterval, formatValue, gapOf, significant } from '../../protocol/format';
import type { Unit } from '../../protocol/plan';
import type { SloResult } from '../../protocol/run-json';
import { parseSloExpression } from './slo';

// The plain number formats live where webviews can reach them, too.
export {
  formatCount,
  formatDifference,
  formatInterval,
  formatMoney,
  formatSeconds,
  formatValue,
  gapOf,
  significant,
} from '../../protocol/format';

/**
 * The end of an SLO's line, answer first and reason after: `✓ 184 ms · 95% CI 176–195 · n 478`,
 * `✗ 231 ms, 31 ms over · p99 of 478`, `~ 12 samples are too few for a p99 (299 needed, 34 s more)`.
 * @param confidence level of the interval in `result.ci`
 */
export function formatSloLine(result: SloResult, confidence = 0.95): string {
  if (result.verdict === 'inconclusive' || result.value === null) return `~ ${result.reason}`;
  const { unit, stat } = shapeOf(result);
  const value = formatValue(result.value, unit);
  const low = result.confidence === 'low';
  if (result.verdict === 'fail') {
    const parts = [`✗ ${value}, ${gapOf(result, unit)}`];
    if (result.n > 0) parts.push(stat === null ? `n ${formatCount(result.n)}` : `${stat} of ${formatCount(result.n)}`);
    if (low) parts.push('low confidence');
    return parts.join(' · ');
  }
  if (low) return `✓ ${value} · low confidence: ${result.reason}`;
  const parts = [`✓ ${value}`];
  if (result.ci !== null)
    parts.push(`${significant(confidence * 100)}% CI ${formatInterval(result.ci, result.value, unit)}`);
  if (result.n > 0) parts.push(`n ${formatCount(result.n)}`);
  return parts.join(' · ');
}

/** The end of an SLO's line whose file has changed since: `◌ stale · was 184 ms`. */
export function formatStaleSloLine(result: SloResult): string {
  return result.value === null ? '◌ stale' : `◌ stale · was ${formatValue(result.value, shapeOf(result).unit)}`;
}

function shapeOf(result: SloResult): { unit: Unit; stat: string | null } {
  const parsed = parseSloExpression(result.expr);
  // An expression of a newer version may name a metric that this one does not know: its number is still worth showing.
  return parsed.ok ? parsed : { unit: 'count', stat: null };
}
