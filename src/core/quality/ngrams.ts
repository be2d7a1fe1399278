/** BLEU and ROUGE-N, as promptfoo computes them, from counts of n-grams. */
import { treeBankTokenize } from 'js-rouge';

/**
 * N-grams that occur in a reference. Those of an answer that are not among them never count, so nothing is stored for an
 * answer however long it is.
 */
class Reference {
  private readonly words = new Map<string, number>();
  /** Ids of longer n-grams, by that of the n-gram of all words but the last and that of the last word. */
  private readonly longer = new Map<number, number>();
  /** Occurrences by id. */
  private readonly counts: number[] = [];
  readonly length: number;

  constructor(words: readonly string[], longest: number) {
    this.length = words.length;
    const ids = words.map((word) => {
      const known = this.words.get(word) ?? this.next();
      this.words.set(word, known);
      return known;
    });
    ids.forEach((id, start) => {
      let gram = id;
      this.count(gram);
      for (let offset = 1; offset < longest && start + offset < ids.length; offset++) {
        const key = keyOf(gram, ids[start + offset] as number);
        gram = this.longer.get(key) ?? this.next();
        this.longer.set(key, gram);
        this.count(gram);
      }
    });
  }

  /** Of n-grams of each length up to `longest`: how many of `words` the reference has, each at most as often as it has it. */
  clipped(words: readonly string[], longest: number): number[] {
    const left = [...this.counts];
    const matches = new Array<number>(longest).fill(0);
    const ids = words.map((word) => this.words.get(word) ?? NONE);
    for (let start = 0; start < ids.length; start++) {
      let gram = ids[start] as number;
      for (let n = 1; gram !== NONE; n++) {
        const count = left[gram] as number;
        if (count > 0) {
          left[gram] = count - 1;
          (matches[n - 1] as number)++;
        }
        const word = ids[start + n];
        if (n >= longest || word === undefined || word === NONE) break;
        gram = this.longer.get(keyOf(gram, word)) ?? NONE;
      }
    }
    return matches;
  }

  private next(): number {
    return this.counts.push(0) - 1;
  }

  private count(gram: number): void {
    (this.counts[gram] as number)++;
  }
}

const NONE = -1;

/** Ids are far below 2^26, so that the sum is exact. */
function keyOf(gram: number, word: number): number {
  return gram * 2 ** 26 + word;
}

const LONGEST_NGRAM = 4;
/** Stands for no match at all, whose logarithm does not exist. */
const SMALLEST_PRECISION = 1e-7;

/**
 * BLEU of an answer against one or several references, 0 to 1: the geometric mean of the clipped precisions of n-grams of one
 * to four words, times a penalty for an answer shorter than the reference nearest in length. K. Papineni et al., "BLEU: a
 * method for automatic evaluation of machine translation", ACL 2002, with promptfoo's choices: words are what stands between
 * white space, in lower case; orders that the answer is too short for are left out; of several references the best one
 * counts for each order (Papineni takes the best for each n-gram).
 */
export function bleu(answer: string, references: readonly string[]): number {
  const words = wordsOf(answer);
  if (words.length === 0) return 0;
  const orders = Math.min(LONGEST_NGRAM, words.length);
  const others = references.map((reference) => new Reference(wordsOf(reference), LONGEST_NGRAM));
  const matches = others.map((reference) => reference.clipped(words, LONGEST_NGRAM));
  let logarithms = 0;
  for (let n = 1; n <= orders; n++) {
    const best = Math.max(...matches.map((counts) => counts[n - 1] ?? 0));
    logarithms += Math.log(best === 0 ? SMALLEST_PRECISION : best / (words.length - n + 1));
  }
  const nearest = others
    .map(({ length }) => length)
    .reduce((best, length) => {
      const [far, near] = [Math.abs(best - words.length), Math.abs(length - words.length)];
      return near < far || (near === far && length < best) ? length : best;
    });
  const penalty = words.length > nearest ? 1 : Math.exp(1 - nearest / words.length);
  return penalty * Math.exp(logarithms / orders);
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/\S+/g) ?? [];
}

/**
 * ROUGE-1 of an answer against a reference, 0 to 1: the harmonic mean of precision and recall of its words, each counted at
 * most as often as the reference has it. C.-Y. Lin, "ROUGE: a package for automatic evaluation of summaries", 2004. As in
 * promptfoo, words are tokens of the Penn Treebank in lower case, and the n of `rouge-n` is 1.
 */
export function rouge(answer: string, reference: string): number {
  const tokens = treeBankTokenize(answer.toLowerCase());
  const others = treeBankTokenize(reference.toLowerCase());
  const [matches = 0] = new Reference(others, 1).clipped(tokens, 1);
  if (matches === 0) return 0;
  const precision = matches / tokens.length;
  const recall = matches / others.length;
  return (2 * precision * recall) / (precision + recall);
}
