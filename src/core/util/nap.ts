/** Blocks the thread for at most about `ms`; false where that is too short to be worth it. */
export type Nap = (ms: number) => boolean;

/** Below this a nap costs more CPU (two context switches) than the turns of the loop it saves. */
const SHORTEST_MS = 0.03;
/** A machine whose timed waits are this much late cannot nap: Windows, with its timer ticks of up to 15 ms. */
const LARGEST_OVERSHOOT_MS = 0.4;
const SAMPLES = 9;

/**
 * A sleep of a fraction of a millisecond, which timers of Node cannot give: a timed wait on a futex that nobody wakes. The
 * system adds an overshoot (timer slack and switching, some 0.08 ms on Linux), so it is measured once and taken off.
 * Returns null where the thread may not block or where waits are too coarse; then the caller spins.
 */
export function calibrateNap(): Nap | null {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const overshoots: number[] = [];
  try {
    for (let i = 0; i < SAMPLES; i++) {
      const startMs = performance.now();
      Atomics.wait(cell, 0, 0, 0.1);
      overshoots.push(performance.now() - startMs - 0.1);
    }
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
  const overshootMs = Math.max(0, overshoots.sort((a, b) => a - b)[SAMPLES >> 1] ?? 0);
  if (overshootMs > LARGEST_OVERSHOOT_MS) return null;
  return (ms) => {
    if (ms < SHORTEST_MS) return false;
    Atomics.wait(cell, 0, 0, Math.max(0.005, ms - overshootMs));
    return true;
  };
}
