/** What `run --watch` does between runs: which evals a change is about, and when it is time to run them. */
import type { Clock } from '../core/util/clock';

/** An editor that saves several files, or one in two steps, is waited for. */
export const SETTLE_MS = 200;

/** State of every file that counts, by absolute path: equal texts mean an unchanged file. */
export type FileStates = ReadonlyMap<string, string>;

export interface WatchDeps {
  /** The eval files as they are now, and the state of each file that one of them depends on. */
  look: () => Promise<Look>;
  /** Runs these evals; what is wrong with them has been said. */
  run: (evals: readonly string[]) => Promise<void>;
  /** Says that it waits. */
  waiting: () => void;
  clock: Clock;
  /** From the end of one look to the next, ms. */
  everyMs: number;
  signal: AbortSignal;
}

export interface Look {
  /** The files that an eval depends on, itself included, by its path. */
  evals: ReadonlyMap<string, readonly string[]>;
  states: FileStates;
}

/** The evals that a file of theirs has changed for since, new ones included; what is gone is in neither. */
export function affectedEvals(before: Look, now: Look): string[] {
  return [...now.evals]
    .filter(([path, files]) => {
      const known = before.evals.get(path);
      if (known === undefined) return true;
      return [...new Set([...known, ...files])].some((file) => before.states.get(file) !== now.states.get(file));
    })
    .map(([path]) => path);
}

/**
 * Runs all evals, then those that a change is about, until `signal` is aborted. What changes while they run is run afterwards, once:
 * a run in progress has been paid for and is not thrown away.
 */
export async function watchEvals({ look, run, waiting, clock, everyMs, signal }: WatchDeps): Promise<void> {
  let known = await look();
  await run([...known.evals.keys()]);
  if (signal.aborted) return;
  waiting();
  while (await pause(clock, everyMs, signal)) {
    let now = await look();
    if (affectedEvals(known, now).length === 0) {
      known = now;
      continue;
    }
    // Until nothing has moved for a moment.
    for (let last: Look | null = null; last === null || affectedEvals(last, now).length > 0;) {
      last = now;
      if (!(await pause(clock, SETTLE_MS, signal))) return;
      now = await look();
    }
    const affected = affectedEvals(known, now);
    known = now;
    if (affected.length === 0) continue;
    await run(affected);
    if (signal.aborted) return;
    waiting();
  }
}

/** @returns false where the wait was ended by the signal */
function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      resolve(false);
    };
    const cancel = clock.at(clock.nowMs() + ms, () => {
      signal.removeEventListener('abort', end);
      resolve(true);
    });
    signal.addEventListener('abort', end, { once: true });
  });
}
