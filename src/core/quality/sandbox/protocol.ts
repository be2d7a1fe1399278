/**
 * What crosses between the runner and a process that runs user code. Both ways it is lines over pipes, not Node's own message
 * channel: that one has messages with a meaning inside Node, buffers without a limit, and would put a handle into the process.
 */

/** First line of a call; the second is `{output, context}` as JSON, which only the code itself ever parses. */
export interface CallHeader {
  id: number;
  source: string;
  kind: 'assertion' | 'transform';
  /** Name of the file that the code is; absent for code that stands in an eval file. */
  file?: string;
  exportName?: string;
}

/** Last part of a line `ID RETIRE JSON`, where RETIRE is 1 when the process has grown and should be replaced. */
export interface GuestReply {
  /** What the code returned; absent where one of the others is there. */
  value?: unknown;
  /** Of what cannot be a result, such as `a function` or `nothing`. */
  wrong?: string;
  /** Anything else that kept a result from coming, as a sentence without its full stop. */
  problem?: string;
  /** What the code threw. */
  thrown?: string;
  /** Line of the code at which it threw or does not compile, from 1. */
  line?: number;
  /** What it wrote with `console`, cut. */
  logs?: string;
}

/** Sent once, when the process has locked itself down and may be given code. */
export const READY_LINE = 'ready';

/** Limits that the process keeps itself, as its one argument. */
export interface GuestLimits {
  /** Stops code whose runner is gone; the runner's own limit is shorter. */
  orphanMs: number;
  /** Longest result as JSON, in UTF-16 units. */
  outputLength: number;
  /** Growth of its resident memory beyond which the process asks to be replaced: what a call left behind would count for the next. */
  retireGrowthBytes: number;
}
