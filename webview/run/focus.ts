/** The request that the reader has come for, among what the page has of the run. */
import type { TickPoint } from '../../src/protocol/events';
import type { TargetView } from './store';

export interface Wanted {
  target: string;
  stage: string;
  point: TickPoint;
}

/**
 * @param request `target/stage/index`, where names may hold slashes
 * @param complete whether every request that will be shown is there: one that is not was left out, and is shown by its record alone
 * @returns null where it is not known (yet)
 */
export function wantedRequest(targets: readonly TargetView[], request: string, complete: boolean): Wanted | null {
  const places = targets.flatMap((target) =>
    target.stages
      .filter(({ data }) => request.startsWith(`${target.id}/${data.name}/`))
      .map((stage) => ({ target: target.id, stage: stage.data.name, points: stage.points.points })),
  );
  places.sort((a, b) => b.target.length + b.stage.length - a.target.length - a.stage.length);
  for (const { target, stage, points } of places) {
    const point = points.find((one) => one.request === request);
    if (point !== undefined) return { target, stage, point };
  }
  const [place] = places;
  if (!complete || place === undefined) return null;
  const point = { t: 0, ttft: null, itl: null, itlMax: null, e2e: null, warmup: false, ok: true, request };
  return { target: place.target, stage: place.stage, point };
}
