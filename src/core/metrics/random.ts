/** A seeded generator of uniform numbers in [0, 1): resampling gives the same interval for the same run. */
export function seededRandom(seed: number): () => number {
  // Mulberry32 (T. Ettinger, public domain): 32 bits of state are plenty for some thousand resamples.
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
