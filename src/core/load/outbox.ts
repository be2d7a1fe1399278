/** Ended requests and pieces of answers on their way from a worker to the engine, with a bound on what may be under way. */
import { PromptrigError } from '../util/errors';
import type { AnswerDelta, EndedRequest } from './types';
import type { FromWorker } from './worker-protocol';

const DELTAS_MS = 50;
/** Records in one message, and messages that may be under way unconfirmed: a slow receiver must not drown in them. */
const BATCH_RECORDS = 512;
const BATCHES_UNDER_WAY = 8;
/** Records and gaps between tokens that wait here for a slow receiver: about 500 MB. */
const MOST_WAITING_RECORDS = 200_000;
const MOST_WAITING_GAPS = 40_000_000;
/** Characters of answers that wait to be judged; past them answers of load stages are dropped, never their records. */
const MOST_WAITING_TEXT = 64 * 1024 * 1024;

interface Waiting {
  call: number;
  request: EndedRequest;
}

/**
 * One message for what ended in one turn of the event loop.
 *
 * Back-pressure stops here: where the engine does not keep up with judging and writing, records wait in this worker, and
 * neither the schedule nor the stamping of arrivals is slowed down for it, because that would change what is measured. What
 * waits is bounded: past the bound the stage is cancelled with an error, since the numbers of a machine that runs out of
 * memory would be worth nothing. Up to there the memory of a worker does not grow with the number of requests.
 */
export class Outbox {
  private waiting: Waiting[] = [];
  private head = 0;
  private waitingGaps = 0;
  private waitingText = 0;
  private readonly deltas = new Map<string, AnswerDelta & { call: number }>();
  private planned = false;
  private underWay = 0;
  private deltaTimer: NodeJS.Timeout | undefined;
  private waiters: (() => void)[] = [];
  /** Calls that were cancelled because too much waits: what ends of them is dropped. */
  private readonly overrun = new Set<number>();

  /** @param cancel ends a call whose results cannot be taken */
  constructor(
    private readonly port: { postMessage(message: FromWorker): void },
    private readonly cancel: (call: number) => void,
    private readonly mostRecords = MOST_WAITING_RECORDS,
    private readonly mostText = MOST_WAITING_TEXT,
  ) {}

  /** @param mayDrop whether the answer, but never the record, may be left out where too much text waits */
  add(call: number, request: EndedRequest, mayDrop = false): void {
    if (this.overrun.has(call)) return;
    if (mayDrop && request.answer !== undefined && this.waitingText > this.mostText) {
      request = { ...request, dropped: true };
      delete request.answer;
    }
    this.waiting.push({ call, request });
    this.waitingGaps += request.record.itl.length;
    this.waitingText += textLength(request);
    if (this.waitingCount > this.mostRecords || this.waitingGaps > MOST_WAITING_GAPS) {
      this.overrun.add(call);
      this.cancel(call);
    }
    if (this.planned) return;
    this.planned = true;
    setImmediate(() => {
      this.planned = false;
      this.flush();
    });
  }

  addDelta(call: number, pointer: string, repeat: number, text: string, sinceSentMs: number): void {
    const key = `${call} ${repeat} ${pointer}`;
    const waiting = this.deltas.get(key);
    if (waiting === undefined) this.deltas.set(key, { call, pointer, repeat, text, sinceSentMs });
    else waiting.text += text;
    this.deltaTimer ??= setTimeout(() => this.flushDeltas(), DELTAS_MS);
  }

  acknowledged(): void {
    this.underWay--;
    this.flush();
  }

  /**
   * Resolves when everything added has been posted.
   * @throws PromptrigError `results_write` where not all of the call's records could be kept
   */
  async emptied(call: number): Promise<void> {
    this.flush();
    if (this.waitingCount > 0) await new Promise<void>((resolve) => this.waiters.push(resolve));
    if (!this.overrun.delete(call)) return;
    throw new PromptrigError(
      'results_write',
      'Results came faster than they could be taken and written, so the stage was stopped. What was written is kept. ' +
        'Use a lower rate, fewer requests in flight, or a faster disk.',
    );
  }

  private get waitingCount(): number {
    return this.waiting.length - this.head;
  }

  private flush(): void {
    if (this.waitingCount > 0) this.flushDeltas();
    while (this.underWay < BATCHES_UNDER_WAY) {
      const call = this.waiting[this.head]?.call;
      if (call === undefined) break;
      const batch: EndedRequest[] = [];
      for (let next = this.waiting[this.head]; next?.call === call; next = this.waiting[this.head]) {
        if (batch.length === BATCH_RECORDS) break;
        batch.push(next.request);
        this.waitingGaps -= next.request.record.itl.length;
        this.waitingText -= textLength(next.request);
        this.head++;
      }
      this.underWay++;
      this.port.postMessage({ type: 'ended', call, batch });
    }
    if (this.head === this.waiting.length) this.waiting = [];
    else if (this.head > 4096) this.waiting = this.waiting.slice(this.head);
    else return;
    this.head = 0;
    if (this.waiting.length > 0) return;
    const waiters = this.waiters;
    this.waiters = [];
    for (const resolve of waiters) resolve();
  }

  private flushDeltas(): void {
    clearTimeout(this.deltaTimer);
    this.deltaTimer = undefined;
    if (this.deltas.size === 0) return;
    const byCall = new Map<number, AnswerDelta[]>();
    for (const { call, ...delta } of this.deltas.values()) {
      const list = byCall.get(call);
      if (list === undefined) byCall.set(call, [delta]);
      else list.push(delta);
    }
    this.deltas.clear();
    for (const [call, deltas] of byCall) this.port.postMessage({ type: 'deltas', call, deltas });
  }
}

function textLength({ answer }: EndedRequest): number {
  return answer === undefined ? 0 : answer.text.length + answer.reasoning.length;
}
