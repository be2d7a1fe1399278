/** The targets between which no axis decides alone: every other one is beaten outright by one of them. */
import type { ParetoResult, TargetResult } from '../../protocol/run-json';
import { METRICS } from '../metrics/definitions';
import { axisInfo, axisOf, candidateOf, commonStage, decidingSlos, type Candidate } from './pareto-values';

export interface Front {
  front: string[];
  dominated: { id: string; by: string }[];
  leftOut: { id: string; reason: string }[];
}

/**
 * The Pareto front: a candidate is dominated where another is at least as good on every axis and better on one. `by` is the member
 * of the front that beats it most clearly, by the sum of the advantages as shares of each axis' range.
 * Source: V. Pareto (1906); dominance as in K. Miettinen, "Nonlinear Multiobjective Optimization" (1999), definition 2.2.1.
 * @param axes with at least one; a candidate without a value on one of them takes no part
 */
export function paretoFront(candidates: readonly Candidate[], axes: readonly string[]): Front {
  const signs = axes.map((axis) => (axisInfo(axis)?.better === 'lower' ? -1 : 1));
  const leftOut: Front['leftOut'] = [];
  const points: { id: string; at: number[] }[] = [];
  for (const { id, values } of candidates) {
    const missing = axes.filter((axis) => !values.has(axis));
    if (missing.length > 0) leftOut.push({ id, reason: `no ${missing.join(' and no ')} was measured` });
    else points.push({ id, at: axes.map((axis, i) => (values.get(axis)?.value ?? 0) * (signs[i] ?? 1)) });
  }
  const front = points.filter((point) => !points.some((other) => dominates(other.at, point.at)));
  const ranges = axes.map((_, i) => {
    const along = points.map(({ at }) => at[i] ?? 0);
    return Math.max(...along) - Math.min(...along);
  });
  const advantage = (by: readonly number[], over: readonly number[]): number =>
    by.reduce((sum, value, i) => sum + ((ranges[i] ?? 0) > 0 ? (value - (over[i] ?? 0)) / (ranges[i] ?? 1) : 0), 0);
  const dominated = points
    .filter((point) => !front.includes(point))
    .map(({ id, at }) => {
      const beating = front.filter((member) => dominates(member.at, at));
      const by = beating.reduce((best, each) => (advantage(each.at, at) > advantage(best.at, at) ? each : best));
      return { id, by: by.id };
    });
  return { front: front.map(({ id }) => id), dominated, leftOut };
}

function dominates(a: readonly number[], b: readonly number[]): boolean {
  return a.every((value, i) => value >= (b[i] ?? 0)) && a.some((value, i) => value > (b[i] ?? 0));
}

/**
 * Quality, latency and cost as a run measures them: the score, the latency that the first SLO on one is about (else the p99 of TTFT),
 * and the cost of a good request. An axis on which nothing was measured is not among them.
 */
export function defaultAxes(results: readonly TargetResult[], stage: string | null): string[] {
  const candidates = results.map((result) => candidateOf(result, stage));
  const known = (axis: string): boolean => candidates.some(({ values }) => values.has(axis));
  const limited = results
    .flatMap((result) => decidingSlos(result))
    .map(({ slo }) => axisOf(slo.expr))
    .find((axis) => METRICS[axis.split('.')[0] ?? '']?.kind === 'latency' && known(axis));
  const quality = ['quality.score', 'quality.pass_rate'].find(known);
  const latency = [limited, 'ttft.p99', 'e2e.p99'].find((axis) => axis !== undefined && known(axis));
  const cost = ['cost.per_good', 'cost.per_request'].find(known);
  return [quality, latency, cost].filter((axis) => axis !== undefined);
}

/** The front of a run over its default axes; null with fewer than two targets or two axes, where there is nothing to trade. */
export function paretoOf(results: readonly TargetResult[]): ParetoResult | null {
  if (results.length < 2) return null;
  const stage = commonStage(results);
  const axes = defaultAxes(results, stage);
  if (axes.length < 2) return null;
  const candidates = results.map((result) => candidateOf(result, stage));
  const { front, dominated, leftOut } = paretoFront(candidates, axes);
  return {
    axes,
    ...(stage === null ? {} : { stage }),
    points: candidates.map(({ id, values }) => ({ id, values: axes.map((axis) => values.get(axis)?.value ?? null) })),
    front,
    dominated,
    ...(leftOut.length === 0 ? {} : { left_out: leftOut }),
  };
}
