/** `regex`: a pattern matches somewhere in the answer. */
import type { AssertionPlan } from '../../protocol/plan';
import { allMatchesBounded, matchBounded, RegexSyntaxError, RegexTimeoutError } from './bounded-regex';
import { place, quote } from './excerpt';
import { oneText } from './values';
import { unevaluated, type AnswerUnderTest, type Check, type CheckResult } from './types';

function regex(assertion: AssertionPlan, answer: AnswerUnderTest): CheckResult {
  const pattern = oneText(assertion);
  if (typeof pattern !== 'string') return pattern;
  const { text } = answer;
  try {
    const match = matchBounded(pattern, '', text);
    const common = { kind: 'found', expected: `/${pattern}/`, actual: text } as const;
    if (match === null) {
      const shown = text === '' ? 'is empty' : `starts ${quote(text, 48)}`;
      const hint = matchesInAnyCase(pattern, text) ? ', but would in another case (as with [Aa] for a)' : '';
      return { ...common, holds: false, reason: `does not match /${pattern}/${hint}; the answer ${shown}` };
    }
    const reason = `matches /${pattern}/ with ${quote(match.text, 40)} at ${place(text, match.index)}`;
    const first = { start: match.index, end: match.index + match.text.length };
    const all = allMatchesBounded(pattern, '', text);
    // A match of nothing has nothing to mark.
    const spans = (all.length === 0 ? [first] : all).filter(({ start, end }) => end > start);
    return { ...common, holds: true, reason, spans };
  } catch (error) {
    if (error instanceof RegexTimeoutError) return unevaluated(error.message);
    if (error instanceof RegexSyntaxError) return unevaluated(`the pattern does not compile: ${error.message}`);
    throw error;
  }
}

/** How long the search for a hint may take. */
const HINT_TIMEOUT_MS = 100;

function matchesInAnyCase(pattern: string, text: string): boolean {
  try {
    return matchBounded(pattern, 'i', text, HINT_TIMEOUT_MS) !== null;
  } catch (error) {
    if (error instanceof RegexTimeoutError) return false;
    throw error;
  }
}

export const REGEX_CHECKS: Readonly<Record<string, Check>> = { regex };
