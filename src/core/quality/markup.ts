/** Assertions on markup: `is-xml`, `contains-xml`, `is-html`, `contains-html`. */
import type { AssertionPlan } from '../../protocol/plan';
import { isStackOverflow, runBounded } from './bounded';
import { place, quote } from './excerpt';
import { htmlTags } from './html-tags';
import { listed, manyTexts } from './values';
import {
  unevaluated,
  type AnswerUnderTest,
  type Check,
  type CheckResult,
  type Parsers,
  type QualityServices,
  type TextSpan,
  type Unevaluated,
} from './types';
import { xmlRegions } from './xml-finder';

/** The whole answer is one well-formed document, with the elements that the value asks for. */
async function isXml(
  assertion: AssertionPlan,
  answer: AnswerUnderTest,
  services: QualityServices,
): Promise<CheckResult> {
  const required = requiredElements(assertion);
  if (!Array.isArray(required)) return required;
  const parsers = await services.parsers();
  const { text } = answer;
  const common = { kind: 'found', expected: expectedXml(required), actual: text } as const;
  return bounded('reading the answer as XML', () => {
    if (text.trim() === '') return { ...common, holds: false, reason: 'is empty, not XML' };
    const problem = parsers.xmlProblem(text, { namespaces: true });
    if (problem !== null) {
      const where = fenceHint(text) ?? proseHint(text, parsers);
      return { ...common, holds: false, reason: where ?? `is not well-formed XML: ${problem}` };
    }
    const missing = parsers.xmlMissing(text, required);
    if (missing.length > 0) return { ...common, holds: false, reason: `is well-formed XML without ${named(missing)}` };
    const having = required.length === 0 ? '' : ` with ${named(required)}`;
    return { ...common, holds: true, reason: `is well-formed XML${having}` };
  });
}

/** Elements that are marked. */
const MOST_SPANS = 100;

/**
 * Well-formed elements stand somewhere in the answer, and have between them the elements that the value asks for. It is the
 * outermost elements that are looked at, and what is inside of those that are not well-formed.
 */
async function containsXml(
  assertion: AssertionPlan,
  answer: AnswerUnderTest,
  services: QualityServices,
): Promise<CheckResult> {
  const required = requiredElements(assertion);
  if (!Array.isArray(required)) return required;
  const parsers = await services.parsers();
  const { text } = answer;
  const common = { kind: 'found', expected: expectedXml(required), actual: text } as const;
  return bounded('looking for XML in the answer', () => {
    const spans: TextSpan[] = [];
    let missing: string[] = required;
    let problem: string | undefined;
    const parts: TextSpan[] = [{ start: 0, end: text.length }];
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
      for (const region of xmlRegions(text, part)) {
        const element = text.slice(region.start, region.end);
        const wrong = parsers.xmlProblem(element, { namespaces: false });
        if (wrong === null) {
          if (spans.length < MOST_SPANS) spans.push({ start: region.start, end: region.end });
          missing = parsers.xmlMissing(element, missing);
        } else {
          problem ??= `${quote(element, 30)} at ${place(text, region.start)} is not: ${wrong}`;
          if (region.inside.end > region.inside.start) parts.push(region.inside);
        }
        if (missing.length === 0 && spans.length >= MOST_SPANS) break;
      }
      if (missing.length === 0 && spans.length > 0) break;
    }
    const [first] = spans;
    if (first === undefined) {
      const shown = text.trim() === '' ? ': the answer is empty' : `; the answer starts ${quote(text, 48)}`;
      return {
        ...common,
        holds: false,
        reason: `contains no well-formed XML${problem === undefined ? shown : `: ${problem}`}`,
      };
    }
    const at = place(text, first.start);
    if (missing.length > 0) {
      return { ...common, holds: false, spans, reason: `contains XML at ${at}, but without ${named(missing)}` };
    }
    const having = required.length === 0 ? '' : ` with ${named(required)}`;
    return { ...common, holds: true, spans, reason: `contains well-formed XML at ${at}${having}` };
  });
}

/** The whole answer is HTML: a document or a fragment, without prose around it. */
async function isHtml(
  _assertion: AssertionPlan,
  answer: AnswerUnderTest,
  services: QualityServices,
): Promise<CheckResult> {
  const parsers = await services.parsers();
  const { text } = answer;
  return bounded('reading the answer as HTML', () => {
    const problem = parsers.htmlProblem(text);
    const reason = problem === null ? 'is HTML' : (fenceHint(text) ?? `is not HTML as a whole: it ${problem}`);
    return { kind: 'found', holds: problem === null, reason, expected: 'HTML', actual: text };
  });
}

function containsHtml(_assertion: AssertionPlan, { text }: AnswerUnderTest): CheckResult {
  return bounded('looking for HTML in the answer', () => {
    const spans = htmlTags(text, MOST_SPANS);
    const [first] = spans;
    const reason =
      first !== undefined
        ? `contains HTML: ${quote(text.slice(first.start, first.end), 30)} at ${place(text, first.start)}`
        : `contains no HTML${text.trim() === '' ? ': the answer is empty' : `; the answer starts ${quote(text, 48)}`}`;
    return { kind: 'found', holds: first !== undefined, reason, spans, expected: 'HTML', actual: text };
  });
}

function bounded(what: string, check: () => CheckResult): CheckResult {
  try {
    return runBounded(what, check);
  } catch (error) {
    if (isStackOverflow(error)) return unevaluated('the answer is nested too deeply to be read');
    throw error;
  }
}

/** Paths of elements, from a list, from text with commas, or from promptfoo's `{requiredElements: […]}`. */
function requiredElements(assertion: AssertionPlan): string[] | Unevaluated {
  const { value, type } = assertion;
  if (value === undefined || value === null || value === '' || typeof value === 'boolean') return [];
  if (typeof value === 'object' && !Array.isArray(value)) {
    const listed = value['requiredElements'];
    if (Array.isArray(listed)) return requiredElements({ ...assertion, value: listed });
    if (Object.keys(value).length === 0) return [];
    return unevaluated(`${type} needs a list of elements such as root.item, or {requiredElements: […]}`);
  }
  return Array.isArray(value) && value.length === 0 ? [] : manyTexts(assertion);
}

function expectedXml(required: readonly string[]): string {
  return required.length === 0 ? 'XML' : `XML with ${required.join(', ')}`;
}

function named(paths: readonly string[]): string {
  return `${paths.length === 1 ? 'the element' : 'the elements'} ${listed(paths)}`;
}

function fenceHint(text: string): string | null {
  if (!text.trimStart().startsWith('```')) return null;
  return 'is inside a Markdown code fence (```): tell the prompt to answer without one';
}

/** Where the answer is XML but for the prose around it. */
function proseHint(text: string, parsers: Parsers): string | null {
  const first = xmlRegions(text, { start: 0, end: text.length }).next();
  if (first.done === true) return null;
  const region = first.value;
  const before = text.slice(0, region.start).trim();
  const after = text.slice(region.end).trim();
  // A declaration before it, or a second root, is no prose.
  const isProse = (part: string) => part !== '' && !part.startsWith('<');
  if (!isProse(before) && !isProse(after)) return null;
  if (parsers.xmlProblem(text.slice(region.start, region.end), { namespaces: false }) !== null) return null;
  const around = isProse(before) ? `${quote(before, 40)} before it` : `${quote(after, 40)} after it`;
  return `holds XML with other text around it, ${around}: tell the prompt to answer with XML alone`;
}

export const MARKUP_CHECKS: Readonly<Record<string, Check>> = {
  'is-xml': isXml,
  'contains-xml': containsXml,
  'is-html': isHtml,
  'contains-html': containsHtml,
};
