import type { ResolvedSimConfig } from './config';
import type { GenerationRequest } from './generation-request';
import { tokenize } from './tokenizer';

/** The tokens of an answer in both forms: as text, and as what goes into a JSON string on the wire. */
export interface TokenSequence {
  texts: string[];
  /** JSON-escaped, without quotes; one character per UTF-8 byte (see `toByteString`). */
  bytes: string[];
}

export interface PlannedAnswer {
  reasoning: TokenSequence;
  answer: TokenSequence;
  finishReason: 'stop' | 'length';
}

/**
 * The UTF-8 bytes of `text` as a string of one character per byte. Written to a socket as latin1 it gives exactly those bytes, at
 * less than half the CPU of a UTF-8 string or a Buffer, and its length is the byte length that an HTTP chunk needs.
 */
export function toByteString(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

const REASONING_TEXT =
  'The question needs a moment of thought: what is asked, what is known, and which of the possible answers holds up.';
const EMPTY: TokenSequence = { texts: [], bytes: [] };
const CACHED_ANSWERS = 512;
const REMEMBERED_TURNS = 20_000;

function encode(texts: string[]): TokenSequence {
  return { texts, bytes: texts.map((text) => toByteString(JSON.stringify(text).slice(1, -1))) };
}

/** A map that forgets what was used longest ago. */
class BoundedCache<V> {
  private readonly entries = new Map<string, V>();

  constructor(private readonly limit: number) {}

  get(key: string): V | undefined {
    const value = this.entries.get(key);
    if (value !== undefined) {
      this.entries.delete(key);
      this.entries.set(key, value);
    }
    return value;
  }

  set(key: string, value: V): void {
    this.entries.delete(key);
    this.entries.set(key, value);
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= this.limit) break;
      this.entries.delete(oldest);
    }
  }
}

/** Decides what is answered. Encoded answers are cached, so that a load test does not pay for each of them again. */
export class AnswerBook {
  private readonly encoded = new BoundedCache<TokenSequence>(CACHED_ANSWERS);
  /** Next answer of each scripted entry, per prompt: the repeats of one prompt take turns whatever else is asked meanwhile. */
  private turns = new BoundedCache<number>(REMEMBERED_TURNS);

  constructor(private readonly config: ResolvedSimConfig) {}

  /** Starts every scripted entry with its first answer again. */
  resetTurns(): void {
    this.turns = new BoundedCache(REMEMBERED_TURNS);
  }

  /**
   * The answer to `request`. `echo` and scripted texts are cut at `max_tokens`; a template is repeated or cut to exactly
   * `max_tokens` where the request sets it (load tests rely on the length), else to `outputTokens`.
   * Reasoning tokens come first and count against `max_tokens`, as in servers that bill them.
   * With `takeTurn` false a scripted entry answers without moving on to its next answer.
   */
  plan(request: GenerationRequest, takeTurn = true): PlannedAnswer {
    const limit = request.maxTokens ?? Number.POSITIVE_INFINITY;
    const wanted = request.kind === 'chat' ? this.config.reasoningTokens : 0;
    const reasoning = wanted > 0 ? this.repeated(REASONING_TEXT, Math.min(wanted, limit)) : EMPTY;
    const left = limit - reasoning.texts.length;

    const own = this.ownText(request, takeTurn);
    let answer: TokenSequence;
    let finishReason: 'stop' | 'length' = 'stop';
    if (own === null) {
      answer = this.repeated(this.config.template, Math.min(left, request.maxTokens ?? this.config.outputTokens));
      if (request.maxTokens !== null) finishReason = 'length';
    } else {
      answer = this.encodedText(own);
      if (answer.texts.length > left) {
        answer = { texts: answer.texts.slice(0, left), bytes: answer.bytes.slice(0, left) };
        finishReason = 'length';
      }
    }
    const stopped = this.cutAtStop(answer, request.stop);
    return stopped === null
      ? { reasoning, answer, finishReason }
      : { reasoning, answer: stopped, finishReason: 'stop' };
  }

  private ownText(request: GenerationRequest, takeTurn: boolean): string | null {
    if (this.config.answer === 'echo') return request.lastUserText === '' ? null : request.lastUserText;
    if (this.config.answer === 'template') return null;
    const index = this.config.script.findIndex((entry) => entry.matches(request.lastUserText));
    const entry = this.config.script[index];
    if (entry === undefined) return null;
    const key = `${index} ${request.lastUserText}`;
    const turn = this.turns.get(key) ?? 0;
    if (takeTurn && entry.answers.length > 1) this.turns.set(key, turn + 1);
    return entry.answers[turn % entry.answers.length] ?? '';
  }

  private cutAtStop(sequence: TokenSequence, stop: string[]): TokenSequence | null {
    if (stop.length === 0) return null;
    const text = sequence.texts.join('');
    const positions = stop.map((word) => text.indexOf(word)).filter((position) => position >= 0);
    return positions.length === 0 ? null : this.encodedText(text.slice(0, Math.min(...positions)));
  }

  private encodedText(text: string): TokenSequence {
    const cached = this.encoded.get(text);
    if (cached !== undefined) return cached;
    const sequence = encode(tokenize(text));
    // A cache of long echoes would hold many megabytes for texts that hardly ever come again.
    if (text.length <= 16_384) this.encoded.set(text, sequence);
    return sequence;
  }

  /** Exactly `count` tokens of `text`, repeated with a space between. */
  private repeated(text: string, count: number): TokenSequence {
    const key = `${count} ${text}`;
    const cached = this.encoded.get(key);
    if (cached !== undefined) return cached;
    const first = this.encodedText(text);
    const again = this.encodedText(` ${text.trimStart()}`);
    const sequence: TokenSequence = { texts: [], bytes: [] };
    for (let i = 0; i < count; i++) {
      const source = i < first.texts.length ? first : again;
      const at = i < first.texts.length ? i : (i - first.texts.length) % again.texts.length;
      sequence.texts.push(source.texts[at] ?? '');
      sequence.bytes.push(source.bytes[at] ?? '');
    }
    if (count <= 8192) this.encoded.set(key, sequence);
    return sequence;
  }
}
