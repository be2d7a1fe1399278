/**
 * Entry of the tokenizer, a bundle of its own (`dist/tokenizer.js`): its vocabulary is larger than everything else together,
 * and it is needed only where a server does not say how many tokens it sent.
 */
import { countTokens as countPiece } from 'gpt-tokenizer/encoding/o200k_base';

export const TOKENIZER_NAME = 'o200k_base';

/**
 * Words, punctuation and white space longer than this are counted in pieces of this many characters. The merging of one
 * unbroken word takes time that grows with its square: 100,000 equal letters would block the process for ten seconds.
 */
const LONGEST_PIECE = 256;
const LONG_RUN = /[\p{L}\p{M}]{257,}|\s{257,}|[^\s\p{L}\p{M}\p{N}]{257,}/gu;

/** An answer may well contain the text `<|endoftext|>`: it is counted as text and not refused. */
const OPTIONS = { disallowedSpecial: new Set<string>() };

/** Number of tokens of `text`; exact but for unbroken runs of more than 256 characters, which may come out a few tokens higher. */
export function countTokens(text: string): number {
  let count = 0;
  let from = 0;
  for (const run of text.matchAll(LONG_RUN)) {
    count += countPiece(text.slice(from, run.index), OPTIONS);
    from = run.index + run[0].length;
    // By code points, so that no character is cut in two.
    const characters = [...run[0]];
    for (let i = 0; i < characters.length; i += LONGEST_PIECE) {
      count += countPiece(characters.slice(i, i + LONGEST_PIECE).join(''), OPTIONS);
    }
  }
  return count + countPiece(text.slice(from), OPTIONS);
}
