/** The end of the line of a `sweep` or `capacity` stage: the rate that the SLOs allow, what lies beyond it, and its price. */
import { formatValue } from '../../core/metrics/format';
import { parseSloExpression } from '../../core/metrics/slo';
import type { CurvePoint, CurveResult } from '../../protocol/run-json';
import type { CurveObservation, Observation } from './observations';
import { l10n } from '../l10n';

export interface CurveText {
  state: 'passed' | 'failed' | 'inconclusive' | 'error';
  /** `32/s meets the SLOs` */
  answer: string;
  /** `at 45.3/s they are not met`, `$0.0021 a good request` */
  rest: string[];
}

const STATES = { pass: 'passed', fail: 'failed', inconclusive: 'inconclusive', error: 'error' } as const;

export function isCurve(observation: Observation): observation is CurveObservation {
  return observation.kind === 'curve';
}

export function curveText({ curve, limitedFrom }: CurveObservation): CurveText {
  const state = STATES[curve.verdict];
  const limit = curve.status === 'client_limited' ? limitText(curve, limitedFrom) : null;
  if (curve.rate === null) return { state, ...withoutRate(curve, limit) };
  const rest = [
    limit ?? beyond(curve),
    curve.status === 'budget' ? l10n.t('the search ran out of probes or time') : '',
    curve.status === 'unfinished' ? l10n.t('stopped before the end') : '',
    curve.cost_per_good === null ? '' : l10n.t('{0} a good request', formatValue(curve.cost_per_good, 'USD')),
    curve.kind === 'capacity' && curve.confidence === 'low' ? l10n.t('low confidence') : '',
  ];
  return {
    state,
    answer:
      curve.status === 'passes_at_highest'
        ? l10n.t('{0} meets the SLOs, the highest rate tried', rateText(curve.rate))
        : l10n.t('{0} meets the SLOs', rateText(curve.rate)),
    rest: rest.filter((part) => part !== ''),
  };
}

function withoutRate(curve: CurveResult, limit: string | null): { answer: string; rest: string[] } {
  const lowest = byRate(curve)[0];
  if (curve.verdict === 'fail' && lowest !== undefined) {
    const missed = missedBy(lowest);
    return { answer: l10n.t('fails already at {0}', rateText(lowest.rate)), rest: missed === null ? [] : [missed] };
  }
  if (limit !== null) return { answer: limit, rest: [] };
  return { answer: curve.conclusion.replace(/\.$/, ''), rest: [] };
}

function limitText(curve: CurveResult, limitedFrom: number | null): string {
  const from = limitedFrom ?? curve.points.at(-1)?.rate ?? null;
  return from === null
    ? l10n.t('the load client is the limit')
    : l10n.t('the load client is the limit from {0} on', rateText(from));
}

/** What is known of the next rate above the one that passes. */
function beyond(curve: CurveResult): string {
  const { rate } = curve;
  if (rate === null) return '';
  const failed = curve.bracket?.[1] ?? null;
  if (failed !== null) return l10n.t('at {0} they are not met', rateText(failed));
  const next = byRate(curve).find((point) => point.rate > rate);
  if (next === undefined) return '';
  return next.verdict === 'fail'
    ? l10n.t('at {0} they are not met', rateText(next.rate))
    : l10n.t('at {0} they are not shown to be met', rateText(next.rate));
}

/** The first SLO of the point that its value misses: `ttft.p99 231 ms`. */
function missedBy(point: CurvePoint): string | null {
  for (const [expr, value] of Object.entries(point.values)) {
    const slo = parseSloExpression(expr);
    if (value === null || !slo.ok) continue;
    const { op, limit } = slo;
    const met =
      op === '<=' ? value <= limit : op === '<' ? value < limit : op === '>=' ? value >= limit : value > limit;
    if (!met) return `${expr.split(/\s/)[0] ?? expr} ${formatValue(value, slo.unit)}`;
  }
  return null;
}

/** The points of open-loop steps by their rate; of several at one rate the last that ran stands. */
export function byRate(curve: CurveResult): (CurvePoint & { rate: number })[] {
  return curve.points
    .filter((point): point is CurvePoint & { rate: number } => point.rate !== null)
    .sort((a, b) => a.rate - b.rate);
}

function rateText(rate: number): string {
  return formatValue(rate, '1/s');
}
