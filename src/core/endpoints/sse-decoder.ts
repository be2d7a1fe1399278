/** Answers whose events are JSON objects in server-sent events: every API but Ollama's. */
import { AnswerDecoder, type AnswerForm } from './answer-decoder';
import { DeltaTemplate } from './delta-template';
import type { JsonObject } from './json-values';
import { SseEventTooLargeError, SseFramer } from './sse';
import type { WireDecoderOptions } from './wire';

/** Stands for text that nobody keeps: decoding it would be in vain. */
const SOME_TEXT = '…';

export abstract class SseDecoder extends AnswerDecoder {
  protected readonly keepText: boolean;
  private readonly framer: SseFramer;
  private readonly template: DeltaTemplate;

  /** @param needle what stands before the text, such as `"content":`, where the events of the API differ in nothing else */
  constructor(options: WireDecoderOptions, needle: Buffer | null = null) {
    super();
    this.keepText = options.keepText;
    this.template = new DeltaTemplate(needle);
    this.framer = new SseFramer((bytes, start, end, type, terminated) =>
      this.frame(bytes, start, end, type, terminated),
    );
  }

  /**
   * One event of the stream; it is no error.
   * @returns its text, where it holds a piece of the answer after the constructor's `needle` and says nothing else
   */
  protected abstract event(event: JsonObject, type: string): string | null;

  /** A stream begins with a field name or a colon, a JSON body with `{` or `[`, a page in HTML with `<`. */
  protected formOf(byte: number): AnswerForm {
    return byte === 123 || byte === 91 || byte === 60 ? 'body' : 'events';
  }

  protected pushEvents(chunk: Buffer): void {
    if (this.framer.betweenEvents && this.template.matchFrame(chunk) && this.repeated(chunk)) return;
    try {
      this.framer.push(chunk);
    } catch (error) {
      if (!(error instanceof SseEventTooLargeError)) throw error;
      this.fail('response_too_large', error.message);
    }
  }

  protected endEvents(): void {
    this.framer.end();
  }

  private frame(bytes: Buffer, start: number, end: number, type: string, terminated: boolean): void {
    if (this.failed || end === start) return;
    if (this.template.match(bytes, start, end, type) && this.repeated(bytes)) return;
    if (isDone(bytes, start, end)) {
      this.sink.onDone();
      return;
    }
    const parsed = this.parseEvent(bytes, start, end, type, terminated);
    if (parsed === null) return;
    const plain = this.event(parsed, type);
    if (plain !== null) this.template.learn(bytes, start, end, plain, type);
  }

  /** Hands on the text that the template has found in `bytes`. False where it is not valid JSON, which parsing reports. */
  private repeated(bytes: Buffer): boolean {
    const text = this.keepText ? unescaped(bytes, this.template.textStart, this.template.textEnd) : SOME_TEXT;
    if (text === null) return false;
    this.sink.onContent(text, '', false);
    return true;
  }
}

/** A JSON string's text, given what stands between its quotes; null where that is not valid. */
function unescaped(bytes: Buffer, start: number, end: number): string | null {
  const text = bytes.toString('utf8', start, end);
  if (!text.includes('\\')) return text;
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    // A bad escape: parsing the whole event reports it.
    return null;
  }
}

/** `[DONE]`, with white space around it allowed. */
function isDone(bytes: Buffer, start: number, end: number): boolean {
  if (bytes[start] !== 91 || end - start > 16) return false;
  return bytes.toString('latin1', start, end).trim() === '[DONE]';
}
