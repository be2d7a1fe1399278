/** Quality, latency and cost of a target in one picture: each against its limit, so that 1 is exactly good enough. */
import type { ParsedSlo } from '../metrics/slo';
import { formatValue, significant } from '../metrics/format';
import { axisInfo, type Candidate } from './pareto-values';

export interface TriangleCorner {
  axis: string;
  /** 1 is exactly at the limit, more is better; null where nothing was measured. */
  score: number | null;
  /** The formula with its numbers, for a hover. */
  formula: string;
}

export interface Triangle {
  id: string;
  corners: TriangleCorner[];
}

/** Twice as good as asked fills a corner; beyond it a picture would be about one outlier. */
export const FULL_SCORE = 2;

/**
 * Scores each axis against its limit: value / limit where more is better, limit / value where less is. An axis without a limit
 * is held against the best of all candidates, which then has 1.
 * @param limits by axis
 */
export function triangles(
  candidates: readonly Candidate[],
  axes: readonly string[],
  limits: ReadonlyMap<string, Pick<ParsedSlo, 'limit' | 'expr'>>,
): Triangle[] {
  return candidates.map(({ id, values }) => ({
    id,
    corners: axes.map((axis) => cornerOf(axis, values.get(axis)?.value, limits.get(axis), candidates)),
  }));
}

function cornerOf(
  axis: string,
  value: number | undefined,
  limit: Pick<ParsedSlo, 'limit' | 'expr'> | undefined,
  candidates: readonly Candidate[],
): TriangleCorner {
  const info = axisInfo(axis);
  if (info === null || value === undefined) return { axis, score: null, formula: `${axis} was not measured` };
  const lower = info.better === 'lower';
  const all = candidates.flatMap((each) => each.values.get(axis)?.value ?? []);
  const reference = limit?.limit ?? (lower ? Math.min(...all) : Math.max(...all));
  const source = limit === undefined ? 'the best of all' : `the limit of ${limit.expr}`;
  const [over, under] = lower ? [reference, value] : [value, reference];
  // A cost of nothing is as good as it gets; 0 / 0 is a target exactly at a limit of nothing.
  const score = under === 0 ? (over === 0 ? 1 : FULL_SCORE) : over / under;
  const shown = (number: number): string => formatValue(number, info.unit);
  const quotient = lower
    ? `${source} / ${axis} = ${shown(reference)} / ${shown(value)}`
    : `${axis} / ${source} = ${shown(value)} / ${shown(reference)}`;
  return { axis, score, formula: `${quotient} = ${significant(score)}` };
}
