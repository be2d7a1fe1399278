/** What contenders can be drawn on, which of them nobody beats on two axes, and their triangles. */
import type { CompareAxis, CompareFront, CompareTriangles } from '../../protocol/compare-panel';
import type { Unit } from '../../protocol/plan';
import { METRICS, metricOf } from '../metrics/definitions';
import { parseSloExpression, type ParsedSlo } from '../metrics/slo';
import { shareOfPercentile } from '../metrics/stat';
import { paretoFront } from './pareto';
import { axisInfo, axisOf, splitAxis, type Candidate } from './pareto-values';
import { FULL_SCORE, triangles } from './triangle';

/** Statistics that a list of axes offers; any other is reached by typing it. */
const OFFERED = ['mean', 'p50', 'p90', 'p95', 'p99'];
const KINDS = ['quality', 'latency', 'rate', 'cost', 'tokens'];

/** What was measured of one contender at least: quality, then latencies, rates and costs. */
export function panelAxes(candidates: readonly Candidate[]): CompareAxis[] {
  const asked = new Set(limitsOf(candidates).map(({ axis }) => axis));
  const names = new Set(candidates.flatMap(({ values }) => [...values.keys()]));
  return [...names]
    .filter((axis) => {
      const { stat } = splitAxis(axis);
      return stat === null || OFFERED.includes(stat) || asked.has(axis);
    })
    .flatMap((axis) => {
      const info = axisInfo(axis);
      return info === null ? [] : [{ axis, label: info.label, unit: info.unit, better: info.better }];
    })
    .sort((a, b) => rankOf(a.axis) - rankOf(b.axis));
}

function rankOf(axis: string): number {
  const { metric, stat } = splitAxis(axis);
  const kind = KINDS.indexOf(metricOf(metric)?.kind ?? '');
  const order = Object.keys(METRICS).indexOf(metric);
  const share = stat === null ? 0 : (shareOfPercentile(stat) ?? (stat === 'mean' ? 0 : 1));
  return kind * 10_000 + order * 10 + share;
}

/** Quality, the latency that the first limit is on, and cost: what contenders are traded between. */
export function mainAxes(candidates: readonly Candidate[]): string[] {
  const known = (axis: string): boolean => candidates.some(({ values }) => values.has(axis));
  const limited = limitsOf(candidates)
    .map(({ axis }) => axis)
    .find((axis) => metricOf(splitAxis(axis).metric)?.kind === 'latency' && known(axis));
  const quality = ['quality.score', 'quality.pass_rate'].find(known);
  const latency = [limited, 'ttft.p99', 'e2e.p99'].find((axis) => axis !== undefined && known(axis));
  const cost = ['cost.per_good', 'cost.per_request'].find(known);
  return [quality, latency, cost].filter((axis) => axis !== undefined);
}

/** Latency to the right and quality upwards; cost takes the place of what was not measured. */
export function defaultPair(candidates: readonly Candidate[]): { x: string; y: string } | null {
  const main = mainAxes(candidates);
  const isQuality = (axis: string): boolean => metricOf(splitAxis(axis).metric)?.kind === 'quality';
  const y = main.find(isQuality) ?? main[0];
  const x = main.find((axis) => axis !== y);
  return x === undefined || y === undefined ? null : { x, y };
}

export interface AxisLimit extends Pick<ParsedSlo, 'limit' | 'expr'> {
  axis: string;
  unit: Unit;
}

/** The limits that decide about one contender at least, by the numbers that they are on. */
export function limitsOf(candidates: readonly Candidate[]): AxisLimit[] {
  const expressions = new Set(candidates.flatMap(({ slos }) => slos.map(({ slo }) => slo.expr)));
  return [...expressions].flatMap((expr) => {
    const parsed = parseSloExpression(expr);
    if (!parsed.ok) return [];
    return [{ axis: axisOf(parsed.expr), limit: parsed.limit, expr: parsed.expr, unit: parsed.unit }];
  });
}

/** The front on two axes; null where one of them is nothing that was measured. */
export function panelFront(candidates: readonly Candidate[], { x, y }: { x: string; y: string }): CompareFront | null {
  const known = (axis: string): boolean => axisInfo(axis) !== null && candidates.some(({ values }) => values.has(axis));
  if (!known(x) || !known(y)) return null;
  const { front, dominated, leftOut } = paretoFront(candidates, x === y ? [x] : [x, y]);
  return {
    x,
    y,
    points: candidates.map(({ id, values }) => ({
      id,
      x: values.get(x)?.value ?? null,
      y: values.get(y)?.value ?? null,
      xCi: values.get(x)?.ci ?? null,
      yCi: values.get(y)?.ci ?? null,
    })),
    front,
    dominated,
    leftOut,
    limits: limitsOf(candidates)
      .filter(({ axis }) => axis === x || axis === y)
      .map(({ axis, limit, expr }) => ({ axis, value: limit, expr })),
  };
}

export function panelTriangles(candidates: readonly Candidate[]): CompareTriangles | null {
  const axes = mainAxes(candidates);
  if (candidates.length === 0 || axes.length === 0) return null;
  const limits = new Map<string, AxisLimit>();
  // The tightest of several on one axis is the one that a contender has to meet.
  for (const limit of limitsOf(candidates)) {
    const known = limits.get(limit.axis);
    const isLower = axisInfo(limit.axis)?.better === 'lower';
    if (known === undefined || (isLower ? limit.limit < known.limit : limit.limit > known.limit))
      limits.set(limit.axis, limit);
  }
  return { axes, full: FULL_SCORE, items: triangles(candidates, axes, limits) };
}
