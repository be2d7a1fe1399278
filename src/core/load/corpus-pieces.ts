/** The corpus as pieces of known length in tokens, sorted into buckets by that length. */
import { CLAUSES, ENDINGS, NUMBER_SENTENCES, OPENERS, REMARKS } from './corpus';

export interface Piece {
  text: string;
  /** Tokens of the text with a space before it, or at the start of a text. */
  tokens: number;
}

export interface TokenTable {
  /** Name of the vocabulary. */
  tokenizer: string;
  /** Tokens of each word with a space before it. */
  words: Record<string, number>;
}

const MARK = /[.,]$/;

/** What can stand at the start of a text. */
export function sentenceStarts(): string[] {
  return [...OPENERS, ...CLAUSES.map(capitalised), ...REMARKS];
}

/** Every word that the generator can write, without its punctuation; what the table of tokens has to know. */
export function corpusWords(): string[] {
  const words = [...sentenceStarts(), ...CLAUSES, ...ENDINGS, ...NUMBER_SENTENCES].flatMap((text) => text.split(' '));
  return [...new Set(words.map((word) => word.replace(MARK, '')))].sort();
}

/** The first letter as a capital. */
export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** @throws RangeError for a word that the table does not know: it was made for another corpus */
export function pieceOf(text: string, table: TokenTable): Piece {
  let tokens = 0;
  for (const item of text.split(' ')) {
    const word = item.replace(MARK, '');
    const count = table.words[word];
    if (count === undefined) throw new RangeError(`The table of tokens lacks "${word}": run scripts/corpus-tokens.ts.`);
    tokens += count + (word === item ? 0 : 1);
  }
  return { text, tokens };
}

/** Pieces by their number of tokens: `buckets[5]` are those of five; empty where there are none. */
export function byTokens(pieces: readonly Piece[]): Piece[][] {
  const longest = pieces.reduce((most, { tokens }) => Math.max(most, tokens), 0);
  const buckets = Array.from({ length: longest + 1 }, (): Piece[] => []);
  for (const piece of pieces) buckets[piece.tokens]?.push(piece);
  return buckets;
}
