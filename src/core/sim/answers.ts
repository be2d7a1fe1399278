import { createHash } from 'node:crypto';
import type { SimFinishReason } from '../../protocol/plan';
import type { CompiledScriptEntry, ResolvedSimConfig, ScriptedAnswer } from './config';
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
  /** After the answer, each a name, which counts as one token, and its arguments. */
  calls: readonly PlannedCall[];
  finishReason: SimFinishReason;
}

export interface PlannedCall {
  name: string;
  arguments: TokenSequence;
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
const NO_CALLS: readonly PlannedCall[] = [];
/** Nothing to generate. */
export const NO_ANSWER: PlannedAnswer = { reasoning: EMPTY, answer: EMPTY, calls: NO_CALLS, finishReason: 'stop' };
/** Longer keys are hashed: whole conversations would make the memory of turns a large one. */
const LONGEST_KEY = 1000;
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
   * Reasoning tokens come first and count against `max_tokens`, as in servers that bill them; tool calls come last.
   * With `takeTurn` false a scripted entry answers without moving on to its next answer.
   */
  plan(request: GenerationRequest, takeTurn = true): PlannedAnswer {
    const limit = request.maxTokens ?? Number.POSITIVE_INFINITY;
    const own = this.ownAnswer(request, takeTurn);
    const reasoning = this.reasoningOf(request, own, limit);
    const left = limit - reasoning.texts.length;

    let answer: TokenSequence;
    let calls = NO_CALLS;
    let finishReason: SimFinishReason = 'stop';
    if (own === null) {
      answer = this.repeated(this.config.template, Math.min(left, request.maxTokens ?? this.config.outputTokens));
      if (request.maxTokens !== null) finishReason = 'length';
    } else {
      finishReason = own.finishReason === 'tool_calls' && request.kind !== 'chat' ? 'stop' : own.finishReason;
      const whole = this.encodedText(own.text);
      answer = firstOf(whole, left);
      if (request.kind === 'chat' && own.toolCalls.length > 0) calls = this.callsOf(own, left - answer.texts.length);
      if (answer !== whole || isCut(calls, own)) finishReason = 'length';
    }
    const stopped = this.cutAtStop(answer, request.stop);
    return stopped === null
      ? { reasoning, answer, calls, finishReason }
      : { reasoning, answer: stopped, calls: NO_CALLS, finishReason: 'stop' };
  }

  /** The vector that a script entry gives for a text; null where none does. */
  embeddingOf(text: string): number[] | null {
    if (this.config.answer !== 'script') return null;
    return this.config.script.find((entry) => entry.embedding !== null && entry.matches(text))?.embedding ?? null;
  }

  private reasoningOf(request: GenerationRequest, own: ScriptedAnswer | null, limit: number): TokenSequence {
    if (request.kind !== 'chat') return EMPTY;
    if (own !== null && own.reasoning !== null) return firstOf(this.encodedText(own.reasoning), limit);
    const wanted = this.config.reasoningTokens;
    return wanted > 0 ? this.repeated(REASONING_TEXT, Math.min(wanted, limit)) : EMPTY;
  }

  /** The tool calls of which `left` tokens at most are written; one whose name has no room is not begun. */
  private callsOf(own: ScriptedAnswer, left: number): PlannedCall[] {
    const calls: PlannedCall[] = [];
    for (const call of own.toolCalls) {
      if (left < 1) break;
      const written = firstOf(this.encodedText(call.arguments), left - 1);
      calls.push({ name: call.name, arguments: written });
      left -= 1 + written.texts.length;
    }
    return calls;
  }

  private ownAnswer(request: GenerationRequest, takeTurn: boolean): ScriptedAnswer | null {
    if (this.config.answer === 'echo') return request.lastUserText === '' ? null : spoken(request.lastUserText);
    if (this.config.answer === 'template') return null;
    const { script } = this.config;
    for (let index = 0; index < script.length; index++) {
      const entry = script[index] as CompiledScriptEntry;
      if (entry.answers.length === 0) continue;
      const subject = subjectOf(request, entry.looksAt);
      if (!entry.matches(subject)) continue;
      const key = `${index} ${subject.length > LONGEST_KEY ? hashOf(subject) : subject}`;
      const turn = this.turns.get(key) ?? 0;
      if (takeTurn && entry.answers.length > 1) this.turns.set(key, turn + 1);
      return entry.answers[turn % entry.answers.length] ?? null;
    }
    return null;
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

function spoken(text: string): ScriptedAnswer {
  return { text, reasoning: null, toolCalls: [], finishReason: 'stop' };
}

/** The text that a script entry looks at. */
function subjectOf(request: GenerationRequest, looksAt: CompiledScriptEntry['looksAt']): string {
  if (looksAt === 'last') return request.lastUserText;
  const texts = looksAt === 'all' ? request.conversation : request.conversation.filter(({ role }) => isSystem(role));
  return texts.map(({ text }) => text).join('\n');
}

function isSystem(role: string): boolean {
  return role === 'system' || role === 'developer';
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}

/** The sequence itself where it is no longer than `count`. */
function firstOf(sequence: TokenSequence, count: number): TokenSequence {
  if (sequence.texts.length <= count) return sequence;
  return { texts: sequence.texts.slice(0, count), bytes: sequence.bytes.slice(0, count) };
}

function isCut(calls: readonly PlannedCall[], { toolCalls }: ScriptedAnswer): boolean {
  if (calls === NO_CALLS) return false;
  const last = calls.at(-1);
  const wanted = toolCalls[calls.length - 1];
  return calls.length < toolCalls.length || last?.arguments.texts.join('') !== wanted?.arguments;
}
