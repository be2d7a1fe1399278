/** Values of the first chunk: most metrics of most stages need little more. */
const FIRST_CHUNK = 512;
/** Values of a full chunk. */
const CHUNK = 16_384;

/** Full chunks that one list gave up, for the next to take: freed memory would wait for the garbage collector beside new one. */
export class ChunkPool {
  private readonly free: Float64Array[] = [];

  take(): Float64Array {
    return this.free.pop() ?? new Float64Array(CHUNK);
  }

  give(chunk: Float64Array): void {
    if (chunk.length === CHUNK) this.free.push(chunk);
  }
}

/**
 * A growing list of numbers in pieces that are never copied: an array that doubles needs three times its content while it grows.
 */
export class ChunkedList {
  private chunks: Float64Array[] = [];
  /** The last chunk, and how much of it is in use. */
  private open: Float64Array = new Float64Array(0);
  private used = 0;
  private count = 0;

  constructor(private readonly pool: ChunkPool) {}

  get length(): number {
    return this.count;
  }

  push(value: number): void {
    if (this.used === this.open.length) {
      this.open = this.count < CHUNK ? new Float64Array(Math.max(FIRST_CHUNK, this.count)) : this.pool.take();
      this.chunks.push(this.open);
      this.used = 0;
    }
    this.open[this.used++] = value;
    this.count++;
  }

  /** Views of what is held, in order; writing to them writes to the list. */
  views(): Float64Array[] {
    return this.chunks.map((chunk) => (chunk === this.open ? chunk.subarray(0, this.used) : chunk));
  }

  /** A copy. */
  toArray(): Float64Array {
    const out = new Float64Array(this.count);
    let at = 0;
    for (const view of this.views()) {
      out.set(view, at);
      at += view.length;
    }
    return out;
  }

  /** Empties the list and gives its memory to the pool. */
  release(): void {
    for (const chunk of this.chunks) this.pool.give(chunk);
    this.chunks = [];
    this.open = new Float64Array(0);
    this.used = 0;
    this.count = 0;
  }
}
