/**
 * Prompts made for a load stage that has no cases. Prompt number i depends on the seed and on i alone, so that every worker
 * makes the same one, whichever of them is to send it.
 */
import type { SyntheticPlan } from '../../protocol/plan';
import { PromptrigError } from '../util/errors';
import { Random, uniformAt } from './prng';
import { checkTokenLengths, drawTokens, MOST_TOKENS } from './synthetic-length';
import { numberedProse, prose } from './synthetic-prose';

/** `SyntheticPlan` with defaults: prompts of a pool of one prefix, warm. */
export interface SyntheticOptions extends Partial<Omit<SyntheticPlan, 'prefix'>> {
  seed: number;
  /** Keeps apart what shares a seed, such as the stages of a run: the same options with another name give other prompts. */
  stream?: string;
  /** Beginnings that prompts share, before `inputTokens` tokens of their own: each prompt has one of `pool` (default 1). */
  prefix?: { tokens: number; pool?: number };
}

export interface SyntheticPrompt {
  text: string;
  /** Tokens of `text` by the vocabulary `PROMPT_TOKENIZER`, exactly; chat templates of servers add a few. */
  tokens: number;
  /** Tokens to ask for; null where nothing says. */
  maxTokens: number | null;
  /** Which of the pool's prefixes it begins with, from 0; null where it shares none. */
  prefixIndex: number | null;
}

/** Shared prefixes are kept as texts up to this many characters together; more are made anew for each prompt. */
const KEPT_PREFIX_CHARACTERS = 32_000_000;
/** Digits of the number that makes a cold prompt unique; each three are one token. */
const COLD_DIGITS = 12;
const COLD_NUMBERS = 10n ** BigInt(COLD_DIGITS);
/** Coprime to 10, so that 10^12 prompts have 10^12 numbers; near the golden section of 10^12, so that neighbours differ from the first digit. */
const COLD_STEP = 618_033_988_749n;

/** Tokens of the sentence that makes a case's prompt cold, where no prefix says how long it is. */
const COLD_TOKENS = 16;

/**
 * With `cache: cold` each text begins with a number that no other text of the run has, so that no prefix cache can help, and
 * a `prefix` adds its length and is not shared. The same seed gives the same numbers: a server that kept the prompts of an
 * earlier run with the same seed still knows them.
 */
export class SyntheticPrompts {
  private readonly prefixes = new Map<number, string>();
  private prefixCharacters = 0;
  private readonly coldOffset: bigint;
  private readonly pool: number;
  private readonly stream: string;

  /** @throws PromptrigError `usage` for lengths that make no sense */
  constructor(private readonly options: SyntheticOptions) {
    if (options.inputTokens !== undefined) checkTokenLengths('input_tokens', options.inputTokens);
    if (options.outputTokens !== undefined) checkTokenLengths('output_tokens', options.outputTokens);
    this.pool = options.prefix?.pool ?? 1;
    if (options.prefix !== undefined) checkPrefix(options.prefix.tokens, this.pool);
    this.stream = options.stream ?? '';
    this.coldOffset = BigInt(Math.floor(uniformAt(options.seed, `${this.stream}:cold`, 0) * Number(COLD_NUMBERS)));
  }

  /**
   * Prompt number `index`, from 0.
   * @throws RangeError without `inputTokens`: then the stage has cases, see `before`
   */
  at(index: number): SyntheticPrompt {
    const { inputTokens, prefix, cache } = this.options;
    if (inputTokens === undefined) throw new RangeError('These prompts have no length: input_tokens is missing.');
    const own = drawTokens(inputTokens, this.randomAt('input', index));
    const tokens = own + (prefix?.tokens ?? 0);
    const maxTokens = this.maxTokens(index);
    const random = this.randomAt('text', index);
    if (cache === 'cold') {
      return { text: numberedProse(tokens, this.coldDigits(index), random), tokens, maxTokens, prefixIndex: null };
    }
    if (prefix === undefined) return { text: prose(own, random), tokens, maxTokens, prefixIndex: null };
    const shared = this.shared(index, prefix.tokens);
    return { text: `${shared.text} ${prose(own, random)}`, tokens, maxTokens, prefixIndex: shared.prefixIndex };
  }

  /**
   * What goes before the prompt of a case in request number `index`: its shared prefix, or what makes it cold. Empty, with 0
   * tokens, where there is neither.
   */
  before(index: number): SyntheticPrompt {
    const { prefix, cache } = this.options;
    const maxTokens = this.maxTokens(index);
    if (cache === 'cold') {
      const tokens = prefix?.tokens ?? COLD_TOKENS;
      const text = numberedProse(tokens, this.coldDigits(index), this.randomAt('text', index));
      return { text, tokens, maxTokens, prefixIndex: null };
    }
    if (prefix === undefined) return { text: '', tokens: 0, maxTokens, prefixIndex: null };
    return { ...this.shared(index, prefix.tokens), tokens: prefix.tokens, maxTokens };
  }

  private maxTokens(index: number): number | null {
    const { outputTokens } = this.options;
    return outputTokens === undefined ? null : drawTokens(outputTokens, this.randomAt('output', index));
  }

  private shared(index: number, tokens: number): { text: string; prefixIndex: number } {
    const prefixIndex = Math.floor(uniformAt(this.options.seed, `${this.stream}:prefix`, index) * this.pool);
    return { text: this.prefix(prefixIndex, tokens), prefixIndex };
  }

  private prefix(prefixIndex: number, tokens: number): string {
    const known = this.prefixes.get(prefixIndex);
    if (known !== undefined) return known;
    const text = prose(tokens, this.randomAt('prefix text', prefixIndex));
    if (this.prefixCharacters + text.length <= KEPT_PREFIX_CHARACTERS) {
      this.prefixes.set(prefixIndex, text);
      this.prefixCharacters += text.length;
    }
    return text;
  }

  private coldDigits(index: number): string {
    const number = (this.coldOffset + BigInt(index) * COLD_STEP) % COLD_NUMBERS;
    return number.toString().padStart(COLD_DIGITS, '0');
  }

  private randomAt(purpose: string, index: number): Random {
    return randomAt(this.options.seed, `${this.stream}:${purpose}`, index);
  }
}

/** A stream of random numbers that depends on nothing but its arguments. */
export function randomAt(seed: number, label: string, index: number): Random {
  return new Random(Math.floor(uniformAt(seed, label, index) * Number.MAX_SAFE_INTEGER), label);
}

function checkPrefix(tokens: number, pool: number): void {
  if (!Number.isInteger(tokens) || tokens < 1 || tokens > MOST_TOKENS) {
    throw new PromptrigError(
      'usage',
      `prefix: tokens is ${tokens}; it must be a whole number from 1 to ${MOST_TOKENS}.`,
    );
  }
  if (!Number.isInteger(pool) || pool < 1) {
    throw new PromptrigError('usage', `prefix: pool is ${pool}; it must be a whole number of at least 1.`);
  }
}
