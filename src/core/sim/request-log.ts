/** How a request ended: answered whole; broken by a failure on demand; left by the client; refused (4xx or a full queue). */
export type SimOutcome = 'completed' | 'failed' | 'cancelled' | 'rejected';

/**
 * What the simulator really did for one request. Every instant is `monotonicMs()` of the simulator's machine, which a client in another
 * process of it can compare with its own. null where the request did not get that far.
 */
export interface SimRequest {
  /** Counts up in the order in which requests ended. */
  seq: number;
  /** The client's `x-request-id`, else one made here. */
  id: string;
  kind: 'chat' | 'completions' | 'embeddings';
  model: string;
  stream: boolean;
  outcome: SimOutcome;
  status: number | null;
  /** Kind of the failure on demand that struck it. */
  failure: string | null;
  finishReason: string | null;
  inputTokens: number;
  outputTokens: number;
  reasoningTokens: number;
  /** The request's headers were complete. */
  receivedMs: number;
  /** The request's body was complete. */
  bodyMs: number | null;
  /** It took a running slot: prefill starts. */
  runningMs: number | null;
  /** The response's headers were written. */
  headersMs: number | null;
  /** When each content chunk was to be written. */
  dueMs: number[];
  /**
   * Taken just before each content chunk was handed to the kernel. A client cannot have seen the chunk earlier, so
   * `arrival - writesMs[i]` is never negative; of a chunk split in two it is the part that completes it.
   */
  writesMs: number[];
  /** Taken when that write call had returned: the chunk left between `writesMs[i]` and `writtenMs[i]`. */
  writtenMs: number[];
  /** Tokens in each content chunk. */
  chunkTokens: number[];
  /** Writes that the kernel did not take at once because the client reads too slowly: their instants are not send instants. */
  blockedWrites: number;
  endMs: number;
}

/** The instants of one request's content chunks, in the order of their writing. */
export class ChunkInstants {
  private data: Float64Array;
  private count = 0;

  constructor(expectedChunks: number) {
    this.data = new Float64Array(4 * Math.max(1, expectedChunks));
  }

  get length(): number {
    return this.count;
  }

  add(dueMs: number, writeMs: number, writtenMs: number, tokens: number): void {
    let at = 4 * this.count++;
    if (at >= this.data.length) {
      const grown = new Float64Array(2 * this.data.length);
      grown.set(this.data);
      this.data = grown;
    }
    this.data[at++] = dueMs;
    this.data[at++] = writeMs;
    this.data[at++] = writtenMs;
    this.data[at] = tokens;
  }

  /** `write - due` of each chunk, in ms. */
  eachLateness(visit: (ms: number) => void): void {
    for (let i = 0; i < this.count; i++) visit((this.data[4 * i + 1] ?? 0) - (this.data[4 * i] ?? 0));
  }

  /**
   * Column 0: due, 1: before the write, 2: after it, 3: tokens. Times to the microsecond, which keeps the JSON short; before is
   * rounded down and after up, so that rounding cannot make a chunk seem to arrive before it was sent.
   */
  column(index: 0 | 1 | 2 | 3): number[] {
    const round = index === 1 ? Math.floor : index === 2 ? Math.ceil : Math.round;
    const out = new Array<number>(this.count);
    for (let i = 0; i < this.count; i++) out[i] = round((this.data[4 * i + index] ?? 0) * 1000) / 1000;
    return out;
  }
}

/** As `SimRequest`, with the chunks in compact form. */
export type LoggedRequest = Omit<SimRequest, 'seq' | 'dueMs' | 'writesMs' | 'writtenMs' | 'chunkTokens'> & {
  chunks: ChunkInstants;
};

export interface SimRequestPage {
  requests: SimRequest[];
  /** Pass as `since` to get what ended later. */
  next: number;
  /** More have ended already than this page holds. */
  more: boolean;
  /** Ended requests that the log has dropped for want of room since the last reset. */
  dropped: number;
}

export interface RequestLogLimits {
  /** Requests kept. */
  requests: number;
  /** Content chunks kept, 32 bytes each. */
  chunks: number;
}

/** The ended requests, the oldest dropped first: a simulator that runs for days must not grow. */
export class RequestLog {
  private entries: { seq: number; request: LoggedRequest }[] = [];
  private start = 0;
  private chunks = 0;
  private nextSeq = 1;
  private droppedCount = 0;

  constructor(private readonly limits: RequestLogLimits) {}

  get size(): number {
    return this.entries.length - this.start;
  }

  get dropped(): number {
    return this.droppedCount;
  }

  add(request: LoggedRequest): void {
    this.entries.push({ seq: this.nextSeq++, request });
    this.chunks += request.chunks.length;
    while (this.size > this.limits.requests || (this.chunks > this.limits.chunks && this.size > 1)) this.drop();
  }

  clear(): void {
    this.entries = [];
    this.start = 0;
    this.chunks = 0;
    this.droppedCount = 0;
  }

  /** Requests that ended after the one with the sequence number `since`, oldest first. */
  since(since: number, limit = Number.POSITIVE_INFINITY): SimRequestPage {
    const first = this.entries[this.start]?.seq ?? this.nextSeq;
    const from = this.start + Math.max(0, since + 1 - first);
    const to = Math.min(this.entries.length, from + limit);
    const requests = this.entries.slice(from, to).map(({ seq, request }) => toSimRequest(seq, request));
    return {
      requests,
      next: requests.at(-1)?.seq ?? Math.max(since, this.nextSeq - 1),
      more: to < this.entries.length,
      dropped: this.droppedCount,
    };
  }

  private drop(): void {
    const entry = this.entries[this.start];
    if (entry === undefined) return;
    this.chunks -= entry.request.chunks.length;
    this.droppedCount++;
    this.start++;
    // Shifting an array of 20,000 for each request would cost more than the request.
    if (this.start > 1024 && this.start * 2 > this.entries.length) {
      this.entries = this.entries.slice(this.start);
      this.start = 0;
    }
  }
}

/** Rounds ms to whole microseconds. */
export function roundUs(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

function toSimRequest(seq: number, { chunks, ...request }: LoggedRequest): SimRequest {
  const rounded = (ms: number | null): number | null => (ms === null ? null : roundUs(ms));
  return {
    seq,
    ...request,
    receivedMs: roundUs(request.receivedMs),
    bodyMs: rounded(request.bodyMs),
    runningMs: rounded(request.runningMs),
    headersMs: rounded(request.headersMs),
    endMs: roundUs(request.endMs),
    dueMs: chunks.column(0),
    writesMs: chunks.column(1),
    writtenMs: chunks.column(2),
    chunkTokens: chunks.column(3),
  };
}
