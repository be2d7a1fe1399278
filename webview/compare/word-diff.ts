/** The words in which an answer differs from the reference's. Bounded, and never longer at a time than a reader notices. */
import { formatCount } from '../../src/protocol/format';
import { diffWordsWithSpace, type Change } from 'diff';

export interface Piece {
  text: string;
  kind: 'same' | 'added' | 'removed';
}

export interface WordDiff {
  pieces: Piece[];
  /** What the reader must know about it: that only a part was compared, or nothing. */
  note: string;
  /** Whether anything differs. */
  same: boolean;
}

/** Of what lies between the beginning and the end that both have. More would take seconds and be read by nobody. */
const MOST_CHARACTERS = 60_000;
/** At once, before it is done in steps. */
const AT_ONCE_MS = 20;
const AT_ONCE_EDITS = 300;
const STEPS_MS = 4000;
const MOST_EDITS = 1500;

/** Calls `done` once, at once where that is quick; the function that is returned cancels it. */
export function wordDiff(before: string, after: string, done: (diff: WordDiff) => void): () => void {
  if (before === after) {
    done({ pieces: [{ text: after, kind: 'same' }], note: '', same: true });
    return () => undefined;
  }
  const [start, end] = commonEnds(before, after);
  const middle = [before, after].map((text) => text.slice(start, text.length - end)) as [string, string];
  const cut = middle.map((text) => text.slice(0, MOST_CHARACTERS)) as [string, string];
  const whole = cut[0].length === middle[0].length && cut[1].length === middle[1].length;
  const result = (changes: readonly Change[]): WordDiff => {
    const pieces: Piece[] = [
      { text: after.slice(0, start), kind: 'same' },
      ...joined(
        changes.map(({ value, added, removed }): Piece => ({
          text: value,
          kind: added ? 'added' : removed ? 'removed' : 'same',
        })),
      ),
      { text: middle[1].slice(cut[1].length), kind: 'same' },
      { text: end === 0 ? '' : after.slice(-end), kind: 'same' },
    ];
    return {
      pieces: pieces.filter(({ text }) => text !== ''),
      note: whole ? '' : `Words are compared in the first ${formatCount(MOST_CHARACTERS)} characters that differ.`,
      same: false,
    };
  };
  const quick = diffWordsWithSpace(cut[0], cut[1], { timeout: AT_ONCE_MS, maxEditLength: AT_ONCE_EDITS });
  if (quick !== undefined) {
    done(result(quick));
    return () => undefined;
  }
  let cancelled = false;
  diffWordsWithSpace(cut[0], cut[1], {
    timeout: STEPS_MS,
    maxEditLength: MOST_EDITS,
    callback: (changes) => {
      if (cancelled) return;
      done(
        changes === undefined
          ? {
              pieces: [{ text: after, kind: 'same' }],
              note: 'Too much differs for single words to be marked.',
              same: false,
            }
          : result(changes),
      );
    },
  });
  return () => {
    cancelled = true;
  };
}

/** Changes with nothing but blanks between them as one: `two weeks` in place of `30 days`, and not word by word in turns. */
function joined(pieces: readonly Piece[]): Piece[] {
  const all: Piece[] = [];
  let removed = '';
  let added = '';
  const flush = () => {
    // Blanks that both have were taken as a bridge, and only one side of it has words.
    if (removed.trim() !== '' || added.trim() === '') all.push({ text: removed, kind: 'removed' });
    if (added.trim() !== '' || removed.trim() === '') all.push({ text: added, kind: 'added' });
    else all.push({ text: added, kind: 'same' });
    removed = added = '';
  };
  pieces.forEach(({ text, kind }, i) => {
    const bridge = kind === 'same' && /^[^\S\n]+$/.test(text) && removed + added !== '' && pieces[i + 1] !== undefined;
    if (kind === 'removed' || bridge) removed += text;
    if (kind === 'added' || bridge) added += text;
    if (kind !== 'same' || bridge) return;
    flush();
    all.push({ text, kind });
  });
  flush();
  return all.filter(({ text }) => text !== '');
}

/** Lengths of what both begin and end with, up to the edges of words, so that no word is cut in two. */
function commonEnds(a: string, b: string): [number, number] {
  const most = Math.min(a.length, b.length);
  let start = 0;
  while (start < most && a.charCodeAt(start) === b.charCodeAt(start)) start++;
  while (start > 0 && !/\s/.test(a.charAt(start - 1))) start--;
  let end = 0;
  while (end < most - start && a.charCodeAt(a.length - 1 - end) === b.charCodeAt(b.length - 1 - end)) end++;
  while (end > 0 && !/\s/.test(a.charAt(a.length - end))) end--;
  return [start, end];
}
