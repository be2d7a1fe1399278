/** How quality, length, latency and cost move along each parameter of a matrix. */
import type { Json, TargetPlan } from '../../protocol/plan';
import type { MatrixTrend, StageResult, TargetResult } from '../../protocol/run-json';

type Point = MatrixTrend['points'][number];

/**
 * One trend for each parameter and each setting of all the others, which are what its targets have in common. A parameter
 * that is the same in all of them gives none.
 */
export function matrixTrends(plans: readonly TargetPlan[], results: readonly TargetResult[]): MatrixTrend[] {
  const params = new Set(plans.flatMap(({ matrix = {} }) => Object.keys(matrix)));
  const trends: MatrixTrend[] = [];
  for (const param of params) {
    const groups = new Map<string, { fixed: string; points: Point[] }>();
    for (const plan of plans) {
      const { matrix = {} } = plan;
      const value = matrix[param];
      const result = results.find(({ id }) => id === plan.id);
      if (value === undefined || result === undefined) continue;
      const others = Object.entries(matrix)
        .filter(([key]) => key !== param)
        .map(([key, other]) => `${key}=${shown(other)}`)
        .sort();
      const prompt = plan.prompt === 'default' ? [] : [plan.prompt];
      const fixed = [plan.endpoint.name, ...prompt, ...others].join(', ');
      const group = groups.get(fixed) ?? { fixed, points: [] };
      group.points.push(pointOf(value, result));
      groups.set(fixed, group);
    }
    for (const { fixed, points } of groups.values()) {
      if (points.length > 1) trends.push({ param, fixed, points: points.sort(byValue) });
    }
  }
  return trends;
}

function pointOf(value: Json, { id, quality, stages, cost }: TargetResult): Point {
  // Load stages say more about latency than the few quality cases; of several the first stands for all targets alike.
  const stage = stages.find(({ pattern }) => pattern !== 'cases') ?? stages[0];
  const answers = stages.find(({ pattern }) => pattern === 'cases') ?? stage;
  const repeated = quality?.repeated ?? [];
  const metric = (of: StageResult | undefined, name: string, stat: 'mean' | 'p50' | 'p99'): number | null => {
    const distribution = of?.metrics[name];
    return distribution === undefined || distribution.n === 0 ? null : distribution[stat];
  };
  return {
    value,
    target: id,
    pass_rate: quality?.pass_rate ?? null,
    score: quality?.score ?? null,
    flake_rate: quality?.flake_rate ?? null,
    output_tokens: metric(answers, 'output_tokens', 'mean'),
    distinct:
      repeated.length === 0 ? null : repeated.reduce((sum, { distinct }) => sum + distinct, 0) / repeated.length,
    ttft_p50: metric(stage, 'ttft', 'p50'),
    e2e_p50: metric(stage, 'e2e', 'p50'),
    e2e_p99: metric(stage, 'e2e', 'p99'),
    cost_per_request: cost.per_request,
  };
}

function byValue(a: Point, b: Point): number {
  if (typeof a.value === 'number' && typeof b.value === 'number') return a.value - b.value;
  const [left, right] = [shown(a.value), shown(b.value)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function shown(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
