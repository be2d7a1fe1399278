/** Assertions that look for texts in an answer: the `contains` family, `starts-with`, `ends-with`. */
import type { AssertionPlan } from '../../protocol/plan';
import { place, quote, quoteAround } from './excerpt';
import { mergeSpans, Searched } from './occurrences';
import { listed, manyTexts, oneText } from './values';
import type { AnswerUnderTest, Check, CheckResult, TextSpan } from './types';

function containsCheck(ignoreCase: boolean): Check {
  return (assertion, answer) => {
    const needle = oneText(assertion);
    if (typeof needle !== 'string') return needle;
    const searched = new Searched(answer.text, ignoreCase);
    const [first, ...more] = searched.all(needle);
    const reason =
      first === undefined ? describeAbsence(needle, searched) : `contains ${found(needle, first, searched)}`;
    return {
      kind: 'found',
      holds: first !== undefined,
      reason,
      spans: first === undefined ? [] : [first, ...more],
      expected: needle,
      actual: answer.text,
    };
  };
}

function containsAnyCheck(ignoreCase: boolean): Check {
  return (assertion, answer) => {
    const texts = manyTexts(assertion);
    if (!Array.isArray(texts)) return texts;
    const searched = new Searched(answer.text, ignoreCase);
    const { present, spans } = search(texts, searched);
    const reason =
      present.length > 0
        ? `contains ${listed(present.map(({ text, span }) => found(text, span, searched)))}`
        : describeNone(texts, searched);
    return finding(present.length > 0, reason, spans, texts, answer);
  };
}

function containsAllCheck(ignoreCase: boolean): Check {
  return (assertion, answer) => {
    const texts = manyTexts(assertion);
    if (!Array.isArray(texts)) return texts;
    const searched = new Searched(answer.text, ignoreCase);
    const { present, absent, spans } = search(texts, searched);
    const [firstAbsent] = absent;
    if (firstAbsent === undefined) {
      const all = `contains ${listed(present.map(({ text, span }) => found(text, span, searched)))}`;
      return finding(true, all, spans, texts, answer);
    }
    const reason =
      absent.length === 1
        ? `${describeAbsence(firstAbsent, searched)}${texts.length > 1 ? `; the other ${texts.length - 1} of ${texts.length} texts are there` : ''}`
        : `lacks ${absent.length} of ${texts.length} texts: ${listed(absent.map((text) => quote(text, 30)))}`;
    return finding(false, reason, spans, texts, answer);
  };
}

interface Present {
  text: string;
  span: TextSpan;
}

function search(texts: readonly string[], searched: Searched) {
  const present: Present[] = [];
  const absent: string[] = [];
  const spans: TextSpan[] = [];
  for (const text of texts) {
    const all = searched.all(text);
    spans.push(...all);
    const [span] = all;
    if (span === undefined) absent.push(text);
    else present.push({ text, span });
  }
  return { present, absent, spans: mergeSpans(spans) };
}

function finding(
  holds: boolean,
  reason: string,
  spans: TextSpan[],
  texts: readonly string[],
  answer: AnswerUnderTest,
): CheckResult {
  return { kind: 'found', holds, reason, spans, expected: texts.join('\n'), actual: answer.text };
}

/** `"30 days" at character 8`; where case does not count, as the answer has it. */
function found(needle: string, { start, end }: TextSpan, { text, ignoreCase }: Searched): string {
  return `${quote(ignoreCase ? text.slice(start, end) : needle)} at ${place(text, start)}`;
}

/** Each look costs a scan of the answer. */
const MOST_HINTS = 20;

function describeNone(texts: readonly string[], searched: Searched): string {
  const [only, second] = texts;
  if (only !== undefined && second === undefined) return describeAbsence(only, searched);
  const none = `contains none of ${listed(texts.map((text) => quote(text, 30)))}`;
  if (searched.text.trim() === '') return `${none}: the answer is empty`;
  const otherCase = texts.slice(0, MOST_HINTS).find((text) => caseHint(text, searched) !== '');
  if (otherCase !== undefined) return none + caseHint(otherCase, searched);
  return `${none}; the answer starts ${quote(searched.text, 48)}`;
}

/** Where case counts and is all that differs. */
function caseHint(needle: string, searched: Searched): string {
  if (searched.ignoreCase) return '';
  const { text } = searched;
  const span = searched.inAnyCase.first(needle);
  return span === null
    ? ''
    : `, but does in another case, ${quote(text.slice(span.start, span.end))}: icontains would accept it`;
}

/** Of a longer needle only the start is looked for: each look costs a scan of the answer. */
const LONGEST_PARTIAL = 200;

function describeAbsence(needle: string, searched: Searched): string {
  const { text } = searched;
  const lacks = `does not contain ${quote(needle)}`;
  if (text.trim() === '') return `${lacks}: the answer is empty`;
  const hint = caseHint(needle, searched);
  if (hint !== '') return lacks + hint;
  const known = searched.longestStart(needle, LONGEST_PARTIAL);
  const length = known === null ? 0 : known.end - known.start;
  if (known !== null && length >= 4 && length * 2 >= needle.length) {
    const closest = quoteAround(text, known.start, 0, needle.length + 12);
    return `${lacks}; closest is ${closest}, which differs after ${quote(text.slice(known.start, known.end), 30)}`;
  }
  return `${lacks}; the answer starts ${quote(text, 48)}`;
}

function startsWith(assertion: AssertionPlan, answer: AnswerUnderTest): CheckResult {
  const start = oneText(assertion);
  if (typeof start !== 'string') return start;
  const { text } = answer;
  const holds = text.startsWith(start);
  const spans = holds ? [{ start: 0, end: start.length }] : elsewhere(start, text);
  const reason = holds
    ? `starts with ${quote(start)}`
    : edgeReason('start', start, text, spans[0], text.trimStart().startsWith(start));
  return { kind: 'found', holds, reason, spans, expected: start, actual: text };
}

function endsWith(assertion: AssertionPlan, answer: AnswerUnderTest): CheckResult {
  const end = oneText(assertion);
  if (typeof end !== 'string') return end;
  const { text } = answer;
  const holds = text.endsWith(end);
  const spans = holds ? [{ start: text.length - end.length, end: text.length }] : elsewhere(end, text);
  const reason = holds
    ? `ends with ${quote(end)}`
    : edgeReason('end', end, text, spans[0], text.trimEnd().endsWith(end));
  return { kind: 'found', holds, reason, spans, expected: end, actual: text };
}

function elsewhere(needle: string, text: string): TextSpan[] {
  const span = new Searched(text, false).first(needle);
  return span === null ? [] : [span];
}

function edgeReason(
  edge: 'start' | 'end',
  needle: string,
  text: string,
  other: TextSpan | undefined,
  trimmed: boolean,
): string {
  const lacks = `does not ${edge} with ${quote(needle)}`;
  if (text.trim() === '') return `${lacks}: the answer is empty`;
  if (trimmed) return `${lacks}, but would without the white space at its ${edge}`;
  const length = Math.max(40, needle.length + 10);
  const shown =
    edge === 'start' ? quote(text, Math.min(length, 60)) : quoteAround(text, text.length, Math.min(length, 60), 0);
  const atEdge = edge === 'start' ? text.slice(0, needle.length) : text.slice(-needle.length);
  if (atEdge.toLowerCase() === needle.toLowerCase()) return `${lacks} but in another case; it ${edge}s ${shown}`;
  const at = other === undefined ? '' : `, though it has it at ${place(text, other.start)}`;
  return `${lacks}; it ${edge}s ${shown}${at}`;
}

export const TEXT_CHECKS: Readonly<Record<string, Check>> = {
  contains: containsCheck(false),
  icontains: containsCheck(true),
  'contains-all': containsAllCheck(false),
  'contains-any': containsAnyCheck(false),
  'icontains-all': containsAllCheck(true),
  'icontains-any': containsAnyCheck(true),
  'starts-with': startsWith,
  'ends-with': endsWith,
};
