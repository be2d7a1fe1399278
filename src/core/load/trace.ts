/** A recorded workload: when requests came and how long they were. */
import { PromptrigError } from '../util/errors';
import type { TraceFormat } from './trace-columns';

export interface TraceNotice {
  /** Stable: `unsorted`, `zero-tokens`, `assumed-seconds`, `epoch-ms`, `long-gap`, `cut`, `blocks-ignored`. */
  code: string;
  severity: 'warning' | 'info';
  /** 1-based line of the file; null where it is about the file. */
  line: number | null;
  /** What was found and what was made of it. */
  message: string;
}

/**
 * The rows in the order of their times. The arrays stand on shared memory: posting the trace to a worker thread copies
 * nothing.
 */
export interface Trace {
  path: string;
  format: TraceFormat;
  length: number;
  /** Ms since the first row, ascending, as recorded (at speed 1). */
  offsetsMs: Float64Array;
  /** At least 1 each. */
  inputTokens: Uint32Array;
  outputTokens: Uint32Array;
  /** The blocks of row i are `ids[starts[i]]` to before `ids[starts[i + 1]]`, numbered from 0 by first appearance; null without. */
  blocks: { starts: Uint32Array; ids: Uint32Array } | null;
  /** Whether rows of the file were left out because the limit was reached. */
  cut: boolean;
  notices: TraceNotice[];
}

/** Faster than this the rows of an hour come within a second; a larger factor is a slip of the finger. */
const MOST_SPEED = 10_000;

/**
 * The offsets at which the rows are due, ms: those of the trace divided by `speed`. They end with the trace.
 * @throws PromptrigError `usage` for a speed that is not above 0
 */
export function traceArrivals(trace: Pick<Trace, 'offsetsMs'>, speed = 1): Iterable<number> {
  if (!(speed > 0 && speed <= MOST_SPEED)) {
    throw new PromptrigError('usage', `speed is ${speed}x; it must be above 0x and at most ${MOST_SPEED}x.`);
  }
  return offsets(trace.offsetsMs, speed);
}

function* offsets(offsetsMs: Float64Array, speed: number): Generator<number> {
  for (const offset of offsetsMs) yield offset / speed;
}

/** The ids of the blocks of a row; empty where the trace has none. */
export function blocksOf(trace: Pick<Trace, 'blocks'>, row: number): Uint32Array {
  const { blocks } = trace;
  if (blocks === null) return new Uint32Array();
  return blocks.ids.subarray(blocks.starts[row], blocks.starts[row + 1]);
}
