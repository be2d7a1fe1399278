import { nearest } from '../metrics/nearest';

/** Keys that a person may have meant; case and `-`/`_` do not matter. */
export function nearKeys(word: string, known: readonly string[]): string[] {
  const fold = (text: string) => text.toLowerCase().replace(/[-_\s]/g, '');
  const same = known.filter((candidate) => fold(candidate) === fold(word));
  if (same.length > 0) return same;
  const near = nearest(word, known);
  // `openai` for `openai-chat`: far in letters, near in meaning.
  const longer = known.filter((candidate) => fold(word).length >= 3 && fold(candidate).startsWith(fold(word)));
  return [...new Set([...near, ...longer])].slice(0, 3);
}
