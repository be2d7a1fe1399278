/**
 * What reading an answer has in common in every API: a stream of events or, from servers that ignore `stream`, one JSON body
 * (or a page of a proxy) - told from the first byte; their bounds; and that nothing is reported after a failure.
 */
import type { ToolCall } from '../quality/types';
import { errorOf, excerpt, excerptOf } from './error-text';
import { isObject, type JsonObject } from './json-values';
import type { AnswerSink, DecodeFailure, StreamDecoder } from './wire';

/** Bound of an answer that is one JSON body. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;

export type AnswerForm = 'events' | 'body';

export abstract class AnswerDecoder implements StreamDecoder {
  private form: AnswerForm | 'unknown' | 'failed' = 'unknown';
  private body: Buffer[] = [];
  private bodyBytes = 0;
  /** That of the `push` or `end` in progress. */
  protected sink: AnswerSink = NOBODY;

  push(chunk: Buffer, sink: AnswerSink): void {
    this.sink = sink;
    if (this.form === 'events') {
      this.pushEvents(chunk);
      return;
    }
    if (this.form === 'failed') return;
    if (this.form === 'unknown') {
      this.form = firstTelling(chunk, (byte) => this.formOf(byte)) ?? 'unknown';
      if (this.form === 'events') {
        // A byte order mark may have been cut in two: its first half is waiting here.
        const whole = this.body.length === 0 ? chunk : Buffer.concat([...this.body, chunk]);
        this.body = [];
        this.pushEvents(whole);
        return;
      }
    }
    this.keep(chunk);
  }

  end(sink: AnswerSink, cut: boolean): void {
    this.sink = sink;
    if (this.form === 'events') this.endEvents();
    if (this.form === 'body') this.endBody(cut);
  }

  abstract toolCalls(): ToolCall[];

  /** What an answer is that begins with this byte, white space and a byte order mark left out. */
  protected abstract formOf(byte: number): AnswerForm;
  protected abstract pushEvents(chunk: Buffer): void;
  protected abstract endEvents(): void;
  /** The whole answer as one JSON body. It reports the text as one content event. */
  protected abstract whole(body: JsonObject): void;

  /** The answer in what a body held; null where it is none. */
  protected bodyIn(parsed: unknown): JsonObject | null {
    return isObject(parsed) ? parsed : null;
  }

  protected get failed(): boolean {
    return this.form === 'failed';
  }

  protected fail(failure: DecodeFailure, detail: string): void {
    if (this.form === 'failed') return;
    this.form = 'failed';
    this.body = [];
    this.sink.onFailure(failure, detail);
  }

  /** What was kept turns out to be one body. */
  protected becomeBody(): void {
    if (this.form !== 'failed') this.form = 'body';
  }

  /** Keeps a piece of what may be one body. */
  protected keep(chunk: Buffer): void {
    this.bodyBytes += chunk.length;
    if (this.bodyBytes > MAX_BODY_BYTES) {
      this.fail('response_too_large', `the answer is larger than ${MAX_BODY_BYTES} bytes`);
      return;
    }
    this.body.push(chunk);
  }

  /**
   * The JSON object in `bytes[start, end)`; null where there is none, or an error of the server instead, which is then reported.
   * @param type name of the SSE event, empty where it has none
   * @param terminated false for what the stream ended in the middle of: the cut is the failure then, not the half event
   */
  protected parseEvent(
    bytes: Buffer,
    start: number,
    end: number,
    type: string,
    terminated: boolean,
  ): JsonObject | null {
    let parsed: unknown;
    try {
      parsed = JSON.parse(bytes.toString('utf8', start, end));
    } catch (error) {
      if (!terminated) return null;
      const shown = excerptOf(bytes, start, end);
      if (type === 'error') this.fail('server_error_event', shown);
      else this.fail('malformed_event', `${error instanceof Error ? error.message : String(error)}: ${shown}`);
      return null;
    }
    if (!isObject(parsed)) {
      if (terminated) this.fail('malformed_event', `expected an object: ${excerpt(JSON.stringify(parsed))}`);
      return null;
    }
    const problem = errorOf(parsed, type);
    if (problem === null) return parsed;
    this.fail('server_error_event', problem);
    return null;
  }

  private endBody(cut: boolean): void {
    const text = Buffer.concat(this.body)
      .toString('utf8')
      .replace(/^\ufeff/, '');
    this.body = [];
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      // Half a body of a lost connection is no failure of its own.
      if (!cut) this.fail('not_json', excerpt(text));
      return;
    }
    const body = this.bodyIn(parsed);
    if (body === null) {
      this.fail('not_json', excerpt(text));
      return;
    }
    const problem = errorOf(body, '');
    if (problem !== null) {
      this.fail('server_error_event', problem);
      return;
    }
    this.whole(body);
    // A body that parses is whole, whether or not it names a finish reason.
    if (!this.failed) this.sink.onDone();
  }
}

function firstTelling<T>(chunk: Buffer, tell: (byte: number) => T): T | undefined {
  for (const byte of chunk) {
    if (byte === 32 || byte === 9 || byte === 10 || byte === 13) continue;
    if (byte === 0xef || byte === 0xbb || byte === 0xbf) continue;
    return tell(byte);
  }
  return undefined;
}

const NOBODY: AnswerSink = {
  onContent: () => undefined,
  onUsage: () => undefined,
  onFinish: () => undefined,
  onDone: () => undefined,
  onFailure: () => undefined,
};
