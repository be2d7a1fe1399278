/** An in-place complex FFT of one power-of-two size, with its twiddle factors kept between calls. */
export class Fft {
  private readonly cos: Float64Array;
  private readonly sin: Float64Array;
  private readonly reversed: Uint32Array;

  /** @param size a power of two, at least 2 */
  constructor(readonly size: number) {
    if (size < 2 || (size & (size - 1)) !== 0)
      throw new RangeError(`The FFT size must be a power of two, not ${size}.`);
    const half = size / 2;
    this.cos = new Float64Array(half);
    this.sin = new Float64Array(half);
    for (let i = 0; i < half; i++) {
      this.cos[i] = Math.cos((2 * Math.PI * i) / size);
      this.sin[i] = Math.sin((2 * Math.PI * i) / size);
    }
    this.reversed = new Uint32Array(size);
    for (let i = 1; i < size; i++) this.reversed[i] = (this.reversed[i >> 1] as number) / 2 + (i & 1 ? half : 0);
  }

  /** Forward transform, unnormalised: X[k] = sum x[j] exp(-2 pi i jk / size). Iterative Cooley-Tukey, radix 2. */
  forward(re: Float64Array, im: Float64Array): void {
    const { size, cos, sin, reversed } = this;
    for (let i = 0; i < size; i++) {
      const j = reversed[i] as number;
      if (j <= i) continue;
      const r = re[i] as number;
      const m = im[i] as number;
      re[i] = re[j] as number;
      im[i] = im[j] as number;
      re[j] = r;
      im[j] = m;
    }
    for (let span = 1; span < size; span *= 2) {
      const stride = size / (2 * span);
      for (let start = 0; start < size; start += 2 * span) {
        for (let k = 0, twiddle = 0; k < span; k++, twiddle += stride) {
          const a = start + k;
          const b = a + span;
          const c = cos[twiddle] as number;
          const s = sin[twiddle] as number;
          const bRe = re[b] as number;
          const bIm = im[b] as number;
          const tRe = bRe * c + bIm * s;
          const tIm = bIm * c - bRe * s;
          re[b] = (re[a] as number) - tRe;
          im[b] = (im[a] as number) - tIm;
          re[a] = (re[a] as number) + tRe;
          im[a] = (im[a] as number) + tIm;
        }
      }
    }
  }
}
