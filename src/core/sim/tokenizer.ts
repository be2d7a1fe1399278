/**
 * The simulator's own tokens: a word of up to five characters with the space before it, further pieces of a longer word,
 * a punctuation mark, or a run of white space. About four characters of English each, which is what real tokenizers
 * average. Deterministic, and the concatenation of the tokens is exactly the text.
 */
const PIECE = / ?[\p{L}\p{M}\p{N}_]{1,5}| ?[^\s\p{L}\p{M}\p{N}_]|\s+?(?= ?\S)|\s+/gu;

/** The tokens of `text`, in order; none for the empty text. */
export function tokenize(text: string): string[] {
  return text.match(PIECE) ?? [];
}

/** Number of tokens of `text`, counted the same way as answers are cut. */
export function countTokens(text: string): number {
  PIECE.lastIndex = 0;
  let count = 0;
  while (PIECE.test(text)) count++;
  return count;
}
