/** A source of pseudo-random numbers that is fully determined by its seed. */
export interface Random {
  /** Uniform in [0, 1), 32 bits of resolution. */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
}

/** Final mixing step of MurmurHash3 (Appleby, 2011): every input bit affects every output bit. */
function mix(value: number): number {
  let h = value >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** FNV-1a over the UTF-16 units of `text`, mixed: 32 bits. */
export function hash(text: string, start: number): number {
  let h = (0x811c9dc5 ^ start) >>> 0;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return mix(h);
}

/**
 * An own stream for each `(seed, key)`: what one request draws does not depend on how it is interleaved with others,
 * so a run with the same requests has the same times whatever the client's concurrency. The generator is sfc32
 * (Doty-Humphrey, PractRand).
 */
export function randomOf(seed: number, key: string): Random {
  // Both halves of the double enter the state, so that seeds above 2^32 and fractions differ from each other.
  const words = new Uint32Array(new Float64Array([seed]).buffer);
  let a = mix(words[0] ?? 0);
  let b = mix((words[1] ?? 0) ^ 0x9e3779b9);
  let c = hash(key, 0x51ed270b);
  let counter = 1;
  let spare: number | null = null;

  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 15; i++) next();

  const uniform = (): number => next() / 4294967296;
  return {
    uniform,
    normal() {
      if (spare !== null) {
        const value = spare;
        spare = null;
        return value;
      }
      // Box-Muller gives two; `1 - u` keeps the logarithm away from zero.
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      const angle = 2 * Math.PI * uniform();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
  };
}
