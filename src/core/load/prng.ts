/**
 * Seeded random numbers. Two forms: a stream, and a value at an index. The second is what lets every worker agree on what
 * request number i is without drawing the i - 1 before it.
 */

/** The finaliser of MurmurHash3: a bijection of 32-bit integers in which every input bit moves every output bit. */
function mix32(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** FNV-1a, so that streams can be named by what they are for. */
function hashLabel(label: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < label.length; i++) h = Math.imul(h ^ label.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** 53 bits of two 32-bit draws, in [0, 1). */
function unit(high: number, low: number): number {
  return ((high >>> 5) * 67108864 + (low >>> 6)) / 9007199254740992;
}

/** A uniform number in [0, 1) that depends on nothing but its arguments. */
export function uniformAt(seed: number, label: string, index: number): number {
  const lowIndex = index >>> 0;
  const highIndex = Math.floor(index / 4294967296) >>> 0;
  const key = mix32(mix32(seed | 0) ^ hashLabel(label) ^ mix32(highIndex + 0x9e3779b9));
  const high = mix32(key + Math.imul(lowIndex, 0x9e3779b1));
  const low = mix32((high ^ 0x5bd1e995) + mix32(lowIndex ^ key));
  return unit(high, low);
}

/** A seed of its own for each of several things that share one, such as the stages of a run: their draws are independent. */
export function seedFor(seed: number, name: string): number {
  return Math.floor(uniformAt(seed, `seed of ${name}`, 0) * 4294967296);
}

/** sfc32 (Chris Doty-Humphrey, PractRand): a small fast generator of 128 bits of state that passes PractRand. */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  /** Streams with different labels of one seed are independent for every practical purpose. */
  constructor(seed: number, label: string) {
    const name = hashLabel(label);
    // The high part of a seed beyond 32 bits counts too.
    const high = Math.floor(seed / 4294967296) | 0;
    this.a = mix32((seed | 0) ^ name);
    this.b = mix32(this.a + 0x9e3779b9 + high);
    this.c = mix32(this.b + name);
    for (let i = 0; i < 12; i++) this.nextInt();
  }

  /** The next 32-bit unsigned integer. */
  nextInt(): number {
    const t = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + t;
    return t >>> 0;
  }

  /** In [0, 1), with 53 bits. */
  next(): number {
    return unit(this.nextInt(), this.nextInt());
  }

  /** Exponential with mean 1, by inversion. */
  exponential(): number {
    return -Math.log1p(-this.next());
  }

  /** Standard normal, by the polar method of Marsaglia and Bray. */
  normal(): number {
    for (;;) {
      const u = 2 * this.next() - 1;
      const v = 2 * this.next() - 1;
      const s = u * u + v * v;
      if (s > 0 && s < 1) return u * Math.sqrt((-2 * Math.log(s)) / s);
    }
  }

  /**
   * Gamma with the given shape and scale 1: Marsaglia and Tsang, "A simple method for generating gamma variables" (2000),
   * with their boost u^(1/shape) for shapes below 1.
   */
  gamma(shape: number): number {
    if (shape < 1) return this.gamma(shape + 1) * Math.pow(1 - this.next(), 1 / shape);
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const cubeRoot = 1 + c * x;
      if (cubeRoot <= 0) continue;
      const v = cubeRoot * cubeRoot * cubeRoot;
      if (Math.log(1 - this.next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
    }
  }
}
