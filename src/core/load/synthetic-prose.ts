/** Prose of an exact number of tokens, sentence by sentence, from a generator of random numbers. */
import { CLAUSES, ENDINGS, NUMBER_SENTENCES, OPENERS, REMARKS } from './corpus';
import { byTokens, capitalised, pieceOf, type Piece } from './corpus-pieces';
import corpusTokens from './corpus-tokens.json';
import type { Random } from './prng';

/** The vocabulary by which prompts have their length. Another model's tokenizer counts English within some percent of it. */
export const PROMPT_TOKENIZER = corpusTokens.tokenizer;

const openers = pieces(OPENERS.map((text) => `${text},`));
const clauses = pieces(CLAUSES);
const startingClauses = pieces(CLAUSES.map(capitalised));
const endings = pieces(ENDINGS);
const numberSentences = pieces(NUMBER_SENTENCES);
const clausesByTokens = byTokens(clauses);
const startingByTokens = byTokens(startingClauses);
const endingsByTokens = byTokens(endings);
const remarksByTokens = byTokens(pieces(REMARKS));

const STOP_TOKENS = 1;
/** Sentences of these lengths and of every length between can be made to measure, stop included. */
const SHORTEST_SENTENCE = 7;
const LONGEST_MEASURED = 19;

/**
 * Exactly `tokens` tokens of prose. Two such texts joined by a space have the sum of their tokens.
 * @param tokens an integer of at least 1; a single token is a word without a full stop
 */
export function prose(tokens: number, random: Random): string {
  return fill([], tokens, random).join(' ');
}

/**
 * The same, with a number at its start, by which it differs from every other text from its first tokens on.
 * @param digits decimal digits, a multiple of three: each three are one token. What does not fit is cut off.
 */
export function numberedProse(tokens: number, digits: string, random: Random): string {
  const groups = Math.min(tokens, digits.length / 3);
  let first = digits.slice(0, groups * 3);
  let rest = tokens - groups;
  if (rest === 0) return first;
  const sentence = numberSentences[random.nextInt() % numberSentences.length] as Piece;
  if (sentence.tokens <= rest) {
    first = `${first} ${sentence.text}`;
    rest -= sentence.tokens;
  } else {
    first = `${first}.`;
    rest -= STOP_TOKENS;
  }
  return fill([first], rest, random).join(' ');
}

/** Adds sentences of exactly `tokens` tokens together to `parts`. */
function fill(parts: string[], tokens: number, random: Random): string[] {
  let rest = tokens;
  // Far from the end a sentence may have any length; near it each is made to measure, so that the last one fits.
  if (rest > 3 * LONGEST_MEASURED) {
    const decks = { openers: new Deck(openers), clauses: new Deck(clauses), endings: new Deck(endings) };
    while (rest > 3 * LONGEST_MEASURED) rest -= anySentence(parts, decks, random);
  }
  while (rest > LONGEST_MEASURED) {
    const longest = Math.min(LONGEST_MEASURED, rest - SHORTEST_SENTENCE);
    const length = SHORTEST_SENTENCE + (random.nextInt() % (longest - SHORTEST_SENTENCE + 1));
    parts.push(measuredSentence(length, random));
    rest -= length;
  }
  if (rest > 0) parts.push(measuredSentence(rest, random));
  return parts;
}

interface Decks {
  openers: Deck;
  clauses: Deck;
  endings: Deck;
}

/** Adds a sentence and returns its tokens. */
function anySentence(parts: string[], decks: Decks, random: Random): number {
  const form = random.nextInt() & 7;
  // Five of eight begin with an opener and five of eight have an ending: both are common, neither is the rule.
  const opener = form < 5 ? decks.openers.draw(random) : undefined;
  const ending = form >= 3 ? decks.endings.draw(random) : undefined;
  const position = decks.clauses.drawIndex(random);
  const clause = (opener === undefined ? startingClauses : clauses)[position] as Piece;
  parts.push(sentenceOf(opener, clause, ending));
  return (opener?.tokens ?? 0) + clause.tokens + (ending?.tokens ?? 0) + STOP_TOKENS;
}

function sentenceOf(opener: Piece | undefined, clause: Piece, ending: Piece | undefined): string {
  return `${opener === undefined ? '' : `${opener.text} `}${clause.text}${ending === undefined ? '' : ` ${ending.text}`}.`;
}

/** Random choices are tried this often before one that always fits is taken. */
const TRIES = 8;

/** One sentence of exactly `length` tokens, stop included, from 1 to `LONGEST_MEASURED`. */
function measuredSentence(length: number, random: Random): string {
  const rest = length - STOP_TOKENS;
  if (rest === 0) return pick(remarksByTokens[1], random).text;
  if (length < SHORTEST_SENTENCE) return `${pick(remarksByTokens[rest], random).text}.`;
  for (let i = 0; i < TRIES; i++) {
    const form = random.nextInt() & 3;
    const opener = form < 2 ? pick(openers, random) : undefined;
    const ending = form > 0 && form < 3 ? pick(endings, random) : undefined;
    const wanted = rest - (opener?.tokens ?? 0) - (ending?.tokens ?? 0);
    const fitting = (opener === undefined ? startingByTokens : clausesByTokens)[wanted];
    if (fitting !== undefined && fitting.length > 0) return sentenceOf(opener, pick(fitting, random), ending);
  }
  return plainSentence(rest, random);
}

/** A clause alone or with an ending: one of the two has every length from `SHORTEST_SENTENCE` to `LONGEST_MEASURED`. */
function plainSentence(rest: number, random: Random): string {
  const alone = startingByTokens[rest];
  if (alone !== undefined && alone.length > 0) return sentenceOf(undefined, pick(alone, random), undefined);
  for (let tokens = startingByTokens.length - 1; tokens > 0; tokens--) {
    const clause = startingByTokens[tokens];
    const ending = endingsByTokens[rest - tokens];
    if (clause === undefined || clause.length === 0 || ending === undefined || ending.length === 0) continue;
    return sentenceOf(undefined, pick(clause, random), pick(ending, random));
  }
  throw new RangeError(`The corpus has no sentence of ${rest} tokens.`);
}

/** Pieces drawn without putting them back until all have been drawn, so that a text does not repeat itself early. */
class Deck {
  private readonly order: Uint16Array;
  private left: number;

  constructor(private readonly from: readonly Piece[]) {
    this.order = Uint16Array.from(from, (_, index) => index);
    this.left = from.length;
  }

  draw(random: Random): Piece {
    return this.from[this.drawIndex(random)] as Piece;
  }

  drawIndex(random: Random): number {
    if (this.left === 0) this.left = this.order.length;
    const at = random.nextInt() % this.left;
    this.left--;
    const drawn = this.order[at] as number;
    this.order[at] = this.order[this.left] as number;
    this.order[this.left] = drawn;
    return drawn;
  }
}

function pieces(texts: readonly string[]): Piece[] {
  return texts.map((text) => pieceOf(text, corpusTokens));
}

function pick(from: readonly Piece[] | undefined, random: Random): Piece {
  const piece = from?.[random.nextInt() % from.length];
  if (piece === undefined) throw new RangeError('The corpus has no piece of the wanted length.');
  return piece;
}
