/** The passage of time as the engine sees it, so that tests can drive it by hand. */
export interface Clock {
  /** Milliseconds on the machine-wide monotonic clock (comparable between threads and processes of one boot). */
  nowMs(): number;
  /** Calls `callback` once, not before `nowMs()` has reached `dueMs`. Returns a function that cancels the call. */
  at(dueMs: number, callback: () => void): () => void;
}

/**
 * `performance.now()` counts from the start of its own thread. The kernel's monotonic clock does not, so the offset between
 * the two, taken once, makes instants of different threads and processes comparable at the price of one addition.
 */
const offsetMs = (() => {
  let best = Number.POSITIVE_INFINITY;
  let offset = 0;
  for (let i = 0; i < 16; i++) {
    const before = performance.now();
    const [seconds, nanoseconds] = process.hrtime();
    const width = performance.now() - before;
    if (width < best) {
      best = width;
      offset = seconds * 1000 + nanoseconds / 1e6 - (before + width / 2);
    }
  }
  return offset;
})();

/** Milliseconds on the machine-wide monotonic clock, with sub-microsecond resolution. */
export function monotonicMs(): number {
  return performance.now() + offsetMs;
}

/** The real clock. `at` is a plain timer: it may be late by a millisecond or two; precise dispatch is the load engine's. */
export const systemClock: Clock = {
  nowMs: monotonicMs,
  at(dueMs, callback) {
    const timer = setTimeout(callback, Math.max(0, Math.ceil(dueMs - monotonicMs())));
    return () => clearTimeout(timer);
  },
};
