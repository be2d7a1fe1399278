/**
 * A request that keeps what was sent and what came back, for a person who looks at one case. It stands beside the measured
 * request, as a subclass: a load stage never makes one, so its path from byte to instant is untouched.
 */
import type { RequestRecord } from '../../protocol/run-json';
import type { RequestTrace, TraceEvent } from '../../protocol/trace';
import type { WireRequest } from '../endpoints/wire';
import type { Redactor } from '../util/redact';
import { SECRET_NAME } from '../util/secret-names';
import { RequestExecution, type RequestContext, type RequestListener, type RequestSpec } from './request';

const MAX_EVENTS = 5_000;
const MAX_TEXT = 256 * 1024;
const MASK = '[redacted]';

export class TracedRequest extends RequestExecution {
  constructor(
    context: RequestContext,
    spec: RequestSpec,
    listener: RequestListener,
    private readonly recorder: RequestRecorder,
  ) {
    super(context, spec, listener);
  }

  override onHeaders(status: number, headers: Buffer[]): boolean {
    this.recorder.responded(status, headers);
    return super.onHeaders(status, headers);
  }

  override decode(chunk: Buffer, arrivedMs: number, readMs: number): void {
    this.recorder.received(chunk);
    super.decode(chunk, arrivedMs, readMs);
  }

  override onContent(answer: string, reasoning: string, toolCall: boolean): void {
    this.recorder.content(answer, reasoning, toolCall);
    super.onContent(answer, reasoning, toolCall);
  }
}

export class RequestRecorder {
  private response: RequestTrace['response'] = null;
  private readonly events: Omit<TraceEvent, 'atMs'>[] = [];
  private eventsLeftOut = 0;
  private readonly decoder = new TextDecoder();
  private text = '';
  private cut = false;

  constructor(
    private readonly request: WireRequest,
    private readonly redactor: Redactor,
  ) {}

  responded(status: number, raw: readonly Buffer[]): void {
    // Interim answers say nothing; the one that follows does.
    if (status < 200) return;
    this.response = { status, headers: this.masked(raw.map((part) => part.toString('latin1'))) };
  }

  received(chunk: Buffer): void {
    if (this.text.length >= MAX_TEXT) {
      this.cut = true;
      return;
    }
    this.text += this.decoder.decode(chunk, { stream: true });
  }

  content(answer: string, reasoning: string, toolCall: boolean): void {
    if (this.events.length >= MAX_EVENTS) {
      this.eventsLeftOut++;
      return;
    }
    const kind = answer !== '' ? 'answer' : reasoning !== '' || !toolCall ? 'reasoning' : 'tool call';
    this.events.push({ kind, text: reasoning + answer });
  }

  /** What was kept, each event at the instant that the record gives it: the trace shows what was measured, and no second measurement. */
  trace(record: Pick<RequestRecord, 'sent' | 'first' | 'itl'>, attempt: number): RequestTrace {
    let atMs = record.first === null || record.sent === null ? 0 : record.first - record.sent;
    const texts = this.eventTexts();
    const events = this.events.map(({ kind }, index): TraceEvent => {
      if (index > 0) atMs += record.itl[index - 1] ?? 0;
      return { atMs, kind, text: texts?.[index] ?? '' };
    });
    const { method, path, headers, body } = this.request;
    const sent = this.redactor.text(body.toString('utf8'));
    const received = texts === null ? MASK : this.redactor.text(this.text);
    return {
      attempt,
      request: { method, path: this.redactor.text(path), headers: this.masked(headers), body: sent.slice(0, MAX_TEXT) },
      response: this.response,
      events,
      eventsLeftOut: this.eventsLeftOut,
      received: received.slice(0, MAX_TEXT),
      cut: this.cut || sent.length > MAX_TEXT || received.length > MAX_TEXT,
    };
  }

  /** Null where a secret is spread over several events, in none of which it could be found: then none is shown. */
  private eventTexts(): string[] | null {
    const texts = this.events.map(({ text }) => this.redactor.text(text));
    const together = texts.join('');
    return this.redactor.text(together) === together ? texts : null;
  }

  /** By their names, too: a redactor knows only secrets that are long enough to be told from ordinary text. */
  private masked(flat: readonly string[]): [string, string][] {
    const headers: [string, string][] = [];
    for (let i = 0; i + 1 < flat.length; i += 2) {
      const [name = '', value = ''] = [flat[i], flat[i + 1]];
      headers.push([name, isSecret(name) ? MASK : this.redactor.text(value)]);
    }
    return headers;
  }
}

/** `x-ratelimit-remaining-tokens` counts tokens of another kind. */
function isSecret(name: string): boolean {
  return SECRET_NAME.test(name) && !/ratelimit|rate-limit|token-count|max-tokens/i.test(name);
}
