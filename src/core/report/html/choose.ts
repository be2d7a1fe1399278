/** Which requests of a large run a report keeps: those that somebody will look for. */
import type { TickPoint } from '../../../protocol/events';

/** Of each stage and latency. */
const SLOWEST = 25;

/** The failures of all stages by id, then the slowest requests of each, then an even sample: the order in which room is given. */
export function chooseRequests(stages: readonly (readonly TickPoint[])[], most: number): string[] {
  const chosen = new Set<string>();
  const failed = stages.flatMap((points) => points.filter(({ ok }) => !ok));
  for (const { request } of evenly(failed, most)) chosen.add(request);
  for (const points of stages) {
    for (const latency of ['ttft', 'itlMax', 'e2e'] as const) {
      for (const { request } of slowest(points, latency)) chosen.add(request);
    }
  }
  const rest = stages.flat().filter(({ request }) => !chosen.has(request));
  for (const { request } of evenly(rest, Math.max(0, most - chosen.size))) chosen.add(request);
  return [...chosen].slice(0, most);
}

/** At most `most` of them at equal distances, in their order. */
export function evenly<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items];
  return Array.from({ length: most }, (_, i) => items[Math.floor((i * items.length) / most)] as T);
}

function slowest(points: readonly TickPoint[], latency: 'ttft' | 'itlMax' | 'e2e'): TickPoint[] {
  const valueOf = (point: TickPoint): number => point[latency] ?? Number.NEGATIVE_INFINITY;
  return points
    .filter((point) => point[latency] !== null)
    .sort((a, b) => valueOf(b) - valueOf(a))
    .slice(0, SLOWEST);
}
