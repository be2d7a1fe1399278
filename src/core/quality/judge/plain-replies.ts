/**
 * Replies in plain text, to prompts of the author's own in imported files: the forms in which promptfoo's prompts ask for them.
 */
import { firstObjectIn } from './json-in-text';
import { linesOf, partsOf } from './question';

/** `{"category": "A", "reason": ...}`, else a letter before a bracket, such as `(A) because`; null where there is neither. */
export function categoryIn(reply: string): { category: string; reason: string } | null {
  const json = firstObjectIn(reply);
  const named = json?.['category'];
  if (typeof named === 'string' && /^[a-e]$/i.test(named.trim())) {
    const reason = json?.['reason'];
    return { category: named.trim().toUpperCase(), reason: typeof reason === 'string' ? reason : '' };
  }
  const match = /(?:^|[^\w])\(?([a-e])\)\s*([^]*)$/i.exec(reply);
  return match?.[1] === undefined ? null : { category: match[1].toUpperCase(), reason: match[2] ?? '' };
}

/** The letter that a reply ends with. */
export function verdictLetterIn(reply: string): 'Y' | 'N' | null {
  const letter = /(?:^|[^A-Za-z])([YN])["'*.)\s]*$/.exec(reply)?.[1];
  return letter === 'Y' || letter === 'N' ? letter : null;
}

/**
 * How many of `count` statements a reply supports: by a last line `Final verdict for each statement in order: Yes. No.`, else by
 * each `Verdict: Yes`. One without a verdict is not supported. Null where there is no verdict at all.
 */
export function supportedIn(reply: string, count: number): number | null {
  const text = reply.toLowerCase();
  const marker = 'final verdict for each statement in order:';
  const at = text.indexOf(marker);
  const verdicts =
    at >= 0
      ? text
          .slice(at + marker.length)
          .split('.')
          .filter((verdict) => /\b(?:yes|no)\b/.test(verdict))
          .map((verdict) => /\byes\b/.test(verdict))
      : [...text.matchAll(/verdict: (yes|no)/g)].map(([, verdict]) => verdict === 'yes');
  if (verdicts.length === 0) return null;
  return verdicts.slice(0, count).filter((supported) => supported).length;
}

/** Of the lines that are marked, how many are `[Attributed]` and not `[Not Attributed]`; null where none is marked. */
export function attributedIn(reply: string): { attributed: number; total: number } | null {
  const lines = linesOf(reply.toLowerCase()).filter((line) => /\[(?:not )?attributed\]/.test(line));
  if (lines.length === 0) return null;
  return { attributed: lines.filter((line) => !line.includes('[not attributed]')).length, total: lines.length };
}

/** How many parts of the context a reply repeats: none where it says `Insufficient Information`. */
export function extractedIn(reply: string, context: string | string[]): number {
  if (reply.includes('Insufficient Information')) return 0;
  const byLine = Array.isArray(context) || linesOf(context).length > 1;
  return new Set(byLine ? linesOf(reply) : partsOf(reply)).size;
}
