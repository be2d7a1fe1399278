/** Sends on schedule the way a careful program on timers does: absolute due times, so that a late send does not shift the rest. */
import { monotonicMs } from '../../../src/core/util/clock';
import { constantArrivals, poissonArrivals } from '../../../src/core/load/schedule';
import type { ClientLoad } from './protocol';

const LEAD_MS = 20;

export interface Arrival {
  index: number;
  scheduledMs: number;
  measured: boolean;
}

/** Starts `send` for each arrival of the load and waits for all of them to end. */
export async function drive(load: ClientLoad, seed: number, send: (arrival: Arrival) => Promise<void>): Promise<void> {
  const originMs = monotonicMs() + LEAD_MS;
  const offsets = offsetsOf(load, seed);
  const measuredFromMs = load.kind === 'burst' ? 0 : load.warmupMs;
  const running: Promise<void>[] = [];
  let index = 0;
  await new Promise<void>((resolve) => {
    const turn = (): void => {
      for (;;) {
        const offsetMs = offsets[index];
        if (offsetMs === undefined) {
          resolve();
          return;
        }
        const waitMs = originMs + offsetMs - monotonicMs();
        if (waitMs > 0) {
          setTimeout(turn, Math.max(1, Math.floor(waitMs)));
          return;
        }
        running.push(send({ index, scheduledMs: originMs + offsetMs, measured: offsetMs >= measuredFromMs }));
        index++;
      }
    };
    turn();
  });
  await Promise.all(running);
}

/** Offsets from the start in ms. */
function offsetsOf(load: ClientLoad, seed: number): number[] {
  if (load.kind === 'burst') return new Array<number>(load.streams).fill(0);
  const offsets: number[] = [];
  const untilMs = load.warmupMs + load.measuredMs;
  const arrivals = load.kind === 'constant' ? constantArrivals(load.rate) : poissonArrivals(load.rate, seed);
  for (const offsetMs of arrivals) {
    if (offsetMs >= untilMs) break;
    offsets.push(offsetMs);
  }
  return offsets;
}
