/** Reads the answer of a chat endpoint through the decoder of its wire API. */
import type { AnswerSink, DecodeFailure, StreamDecoder, WireUsage } from '../../endpoints/wire';
import type { BodyReader } from './endpoint-http';

/** A verdict has some hundred characters. What goes on beyond this is nonsense that must fill neither memory nor the bill. */
export const MAX_REPLY_CHARS = 200_000;

export class ChatReader implements BodyReader, AnswerSink {
  /** Visible text; its start where it was too long. */
  text = '';
  tooLong = false;
  usage: WireUsage | null = null;
  finishReason: string | null = null;
  failure: { kind: DecodeFailure; detail: string } | null = null;
  private begun = false;
  private done = false;

  constructor(private readonly decoder: StreamDecoder) {}

  push(chunk: Buffer): boolean {
    this.decoder.push(chunk, this);
    return this.failure === null && !this.tooLong;
  }

  /** The body has ended. @param cut the connection was lost */
  end(cut: boolean): void {
    if (this.failure === null && !this.tooLong) this.decoder.end(this, cut);
  }

  hasBegun(): boolean {
    return this.begun;
  }

  isWhole(): boolean {
    return this.done || this.finishReason !== null;
  }

  onContent(answer: string): void {
    this.begun = true;
    if (this.tooLong) return;
    this.text += answer;
    if (this.text.length <= MAX_REPLY_CHARS) return;
    this.tooLong = true;
    this.text = this.text.slice(0, MAX_REPLY_CHARS);
  }

  onUsage(usage: WireUsage): void {
    this.usage = usage;
  }

  onFinish(reason: string): void {
    this.finishReason = reason;
  }

  onDone(): void {
    this.done = true;
  }

  onFailure(kind: DecodeFailure, detail: string): void {
    this.failure = { kind, detail };
  }
}
