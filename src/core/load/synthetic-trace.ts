/**
 * Prompts for the rows of a trace that says which blocks of a prompt are shared: rows with the same leading block ids get
 * texts with the same beginning, so that a prefix cache hits as often as it did when the trace was recorded.
 */
import { prose } from './synthetic-prose';
import { randomAt } from './synthetic';

/** Block length of the Mooncake traces. */
export const MOONCAKE_BLOCK_TOKENS = 512;
/** Texts of whole blocks that are kept, about 2.5 kB each. */
const KEPT_BLOCKS = 4096;

export interface TracePromptOptions {
  seed: number;
  /** See `SyntheticOptions.stream`. */
  stream?: string;
  /** Tokens of a block; default `MOONCAKE_BLOCK_TOKENS`. */
  blockTokens?: number;
}

export class TracePrompts {
  private readonly kept = new Map<number, string>();
  private readonly blockTokens: number;
  private readonly stream: string;

  constructor(private readonly options: TracePromptOptions) {
    this.blockTokens = options.blockTokens ?? MOONCAKE_BLOCK_TOKENS;
    this.stream = options.stream ?? '';
  }

  /**
   * A prompt of exactly `tokens` tokens. Blocks beyond its length are left out; what the blocks do not cover is the row's own.
   * @param index of the row, from 0 @param blocks ids of its blocks from the start; empty where the trace has none
   */
  at(index: number, tokens: number, blocks: ArrayLike<number> = []): string {
    const parts: string[] = [];
    let rest = tokens;
    for (let i = 0; i < blocks.length && rest > 0; i++) {
      const id = blocks[i] as number;
      const length = Math.min(rest, this.blockTokens);
      parts.push(length === this.blockTokens ? this.block(id) : prose(length, this.randomOf(id)));
      rest -= length;
    }
    if (rest > 0) parts.push(prose(rest, randomAt(this.options.seed, `${this.stream}:row`, index)));
    return parts.join(' ');
  }

  private block(id: number): string {
    const known = this.kept.get(id);
    if (known !== undefined) return known;
    const text = prose(this.blockTokens, this.randomOf(id));
    // The oldest goes first: recent blocks are the ones that a conversation comes back to.
    const oldest = this.kept.keys().next();
    if (this.kept.size >= KEPT_BLOCKS && oldest.done !== true) this.kept.delete(oldest.value);
    this.kept.set(id, text);
    return text;
  }

  private randomOf(id: number): ReturnType<typeof randomAt> {
    return randomAt(this.options.seed, `${this.stream}:block`, id);
  }
}
