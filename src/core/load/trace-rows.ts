/** Rows of a trace as they are read, in growing arrays of numbers, and put in order at the end. */
import { formatCount, formatSeconds } from '../../protocol/format';
import type { Trace, TraceNotice } from './trace';
import type { TraceColumns } from './trace-columns';

export interface TraceRow {
  timeMs: number;
  inputTokens: number;
  outputTokens: number;
  /** Null where the row has none. */
  blocks: readonly (number | string)[] | null;
}

/** A row may be this much earlier than the one before it: loggers write when a request ends, or from several threads. */
export const SORTED_WITHIN_MS = 60_000;
/** A silence longer than this is pointed out: a run waits through it. */
const LONG_GAP_MS = 60_000;

export class TraceRows {
  private times = new Float64Array(1024);
  private lines = new Uint32Array(1024);
  private input = new Uint32Array(1024);
  private output = new Uint32Array(1024);
  private blockStarts = new Uint32Array(1024);
  private blockIds = new Uint32Array(0);
  private blockCount = 0;
  private readonly blockNumbers = new Map<number | string, number>();
  private count = 0;
  private latestMs = Number.NEGATIVE_INFINITY;
  private latestLine = 0;
  private unsorted = 0;
  private unsortedLine = 0;
  private zeros = 0;
  private zeroLine = 0;

  get length(): number {
    return this.count;
  }

  /** Of the first row that was added, ms; NaN before. */
  get firstMs(): number {
    return this.count === 0 ? Number.NaN : (this.times[0] as number);
  }

  /** How far a row with this time lies behind the latest so far, ms, and the latest one's line. */
  behind(timeMs: number): { ms: number; line: number } {
    return { ms: this.latestMs - timeMs, line: this.latestLine };
  }

  add(line: number, row: TraceRow): void {
    if (this.count === this.times.length) this.grow();
    const i = this.count++;
    this.times[i] = row.timeMs;
    this.lines[i] = line;
    // A failed request is recorded without an answer; it cannot be asked for, and it did arrive.
    if (row.inputTokens === 0 || row.outputTokens === 0) {
      this.zeros++;
      if (this.zeroLine === 0) this.zeroLine = line;
    }
    this.input[i] = Math.max(1, row.inputTokens);
    this.output[i] = Math.max(1, row.outputTokens);
    if (row.timeMs < this.latestMs) {
      this.unsorted++;
      if (this.unsortedLine === 0) this.unsortedLine = line;
    } else {
      this.latestMs = row.timeMs;
      this.latestLine = line;
    }
    this.blockStarts[i] = this.blockCount;
    for (const id of row.blocks ?? []) this.addBlock(id);
  }

  /** The trace in order, from at least one row. */
  finish(path: string, columns: TraceColumns, cut: boolean, notices: TraceNotice[]): Trace {
    const order = this.order();
    const n = this.count;
    const offsetsMs = new Float64Array(new SharedArrayBuffer(n * 8));
    const inputTokens = new Uint32Array(new SharedArrayBuffer(n * 4));
    const outputTokens = new Uint32Array(new SharedArrayBuffer(n * 4));
    const originMs = this.times[order?.[0] ?? 0] as number;
    let gapMs = 0;
    let gapLine = 0;
    for (let i = 0; i < n; i++) {
      const from = order === null ? i : (order[i] as number);
      offsetsMs[i] = (this.times[from] as number) - originMs;
      inputTokens[i] = this.input[from] as number;
      outputTokens[i] = this.output[from] as number;
      const gap = i === 0 ? 0 : (offsetsMs[i] as number) - (offsetsMs[i - 1] as number);
      if (gap > gapMs) {
        gapMs = gap;
        gapLine = this.lines[from] as number;
      }
    }
    return {
      path,
      format: columns.format,
      length: n,
      offsetsMs,
      inputTokens,
      outputTokens,
      blocks: this.blockCount === 0 ? null : this.orderedBlocks(order),
      cut,
      notices: [...notices, ...this.notices(gapMs, gapLine)],
    };
  }

  private notices(gapMs: number, gapLine: number): TraceNotice[] {
    const out: TraceNotice[] = [];
    const add = (code: string, severity: TraceNotice['severity'], line: number, message: string) =>
      out.push({ code, severity, line, message });
    if (this.unsorted > 0) {
      const rows = this.unsorted === 1 ? '1 row is' : `${formatCount(this.unsorted)} rows are`;
      add(
        'unsorted',
        'warning',
        this.unsortedLine,
        `${rows} earlier than the one before; the rows were sorted by time.`,
      );
    }
    if (this.zeros > 0) {
      const rows = this.zeros === 1 ? '1 row has' : `${formatCount(this.zeros)} rows have`;
      add(
        'zero-tokens',
        'warning',
        this.zeroLine,
        `${rows} 0 tokens; they are sent with 1. Leave them out of the file if they are failures.`,
      );
    }
    if (gapMs > LONG_GAP_MS) {
      const message = `No request comes for ${formatSeconds(gapMs / 1000)} before this row, and the run waits through it. Raise speed, or cut the file.`;
      add('long-gap', 'info', gapLine, message);
    }
    return out;
  }

  /** Stable order by time; null where the rows are in order already, which is the rule. */
  private order(): Uint32Array | null {
    if (this.unsorted === 0) return null;
    const order = new Uint32Array(this.count);
    for (let i = 0; i < order.length; i++) order[i] = i;
    return order.sort((a, b) => (this.times[a] as number) - (this.times[b] as number) || a - b);
  }

  private orderedBlocks(order: Uint32Array | null): { starts: Uint32Array; ids: Uint32Array } {
    const starts = new Uint32Array(new SharedArrayBuffer((this.count + 1) * 4));
    const ids = new Uint32Array(new SharedArrayBuffer(this.blockCount * 4));
    let at = 0;
    for (let i = 0; i < this.count; i++) {
      const row = order === null ? i : (order[i] as number);
      const begin = this.blockStarts[row] as number;
      const end = row + 1 < this.count ? (this.blockStarts[row + 1] as number) : this.blockCount;
      starts[i] = at;
      ids.set(this.blockIds.subarray(begin, end), at);
      at += end - begin;
    }
    starts[this.count] = at;
    return { starts, ids };
  }

  private addBlock(id: number | string): void {
    let number = this.blockNumbers.get(id);
    if (number === undefined) {
      number = this.blockNumbers.size;
      this.blockNumbers.set(id, number);
    }
    if (this.blockCount === this.blockIds.length) {
      const grown = new Uint32Array(Math.max(4096, this.blockIds.length * 2));
      grown.set(this.blockIds);
      this.blockIds = grown;
    }
    this.blockIds[this.blockCount++] = number;
  }

  private grow(): void {
    const length = this.times.length * 2;
    const times = new Float64Array(length);
    times.set(this.times);
    this.times = times;
    const grown = (from: Uint32Array): Uint32Array<ArrayBuffer> => {
      const out = new Uint32Array(length);
      out.set(from);
      return out;
    };
    this.lines = grown(this.lines);
    this.input = grown(this.input);
    this.output = grown(this.output);
    this.blockStarts = grown(this.blockStarts);
  }
}
