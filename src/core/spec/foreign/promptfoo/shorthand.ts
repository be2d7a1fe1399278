/** Assertions in one cell of a table: `contains: refund`, `similar(0.8): …`, `fn: output.length < 9`, or a text that is expected. */
import type { Json } from '../../../../protocol/plan';
import { KNOWN_TYPES } from './assertion-types';

/** Types whose cell may have a number in brackets; without one they get a threshold of their own. */
const WITH_THRESHOLD: ReadonlySet<string> = new Set([
  'answer-relevance',
  'classifier',
  'context-faithfulness',
  'context-recall',
  'context-relevance',
  'cost',
  'latency',
  'levenshtein',
  'perplexity-score',
  'perplexity',
  'rouge-n',
  'similar',
  'starts-with',
]);
const LISTS: ReadonlySet<string> = new Set(['contains-all', 'contains-any', 'icontains-all', 'icontains-any']);

/** `similar` before `similar:cosine`, whose rest then is a value, as in promptfoo. */
const BY_LENGTH = [...KNOWN_TYPES].sort((a, b) => a.length - b.length);

/** What may follow a type: a number in brackets, and a value behind a colon. */
const REST = /^(?:\((\d+(?:\.\d+)?)\))?(?::([\s\S]*))?$/;

/** An assertion in its long form. */
export type LongForm = { type: string; value?: Json; threshold?: number };

/** Reads a cell as promptfoo does; what is no shorthand is the text that the answer must equal. */
export function parseShorthand(cell: string): LongForm {
  const code = /^(?:javascript|fn|eval):/.exec(cell)?.[0];
  if (code !== undefined) return { type: 'javascript', value: cell.slice(code.length).trim() };
  if (/^file:\/\/.*\.[cm]?[jt]sx?(?::\w+)?$/s.test(cell)) return { type: 'javascript', value: cell };
  const rubric = /^(?:grade|llm-rubric):/.exec(cell)?.[0];
  if (rubric !== undefined) return { type: 'llm-rubric', value: cell.slice(rubric.length).trim() };
  if (cell.startsWith('python:')) return { type: 'python', value: cell.slice('python:'.length).trim() };
  if (/^file:\/\/.*\.py(?::\w+)?$/s.test(cell)) return { type: 'python', value: cell };
  const negated = cell.startsWith('not-');
  const body = negated ? cell.slice('not-'.length) : cell;
  const found = BY_LENGTH.flatMap((name) => {
    const rest = body.startsWith(name) ? REST.exec(body.slice(name.length)) : null;
    return rest === null ? [] : [{ type: name, number: rest[1], value: rest[2] }];
  })[0];
  if (found === undefined) return { type: 'equals', value: cell };
  const { type, number, value } = found;
  const full = (negated ? 'not-' : '') + type;
  if (LISTS.has(type)) return { type: full, ...(value === undefined ? {} : { value: splitList(value) }) };
  const text = value?.trim();
  const own = text === undefined ? {} : { value: text };
  if (!WITH_THRESHOLD.has(type)) return { type: full, ...own };
  const threshold = number === undefined ? (type === 'similar' ? 0.8 : 0.75) : Number(number);
  return { type: full, ...own, threshold };
}

/** Texts that commas separate; one in quotes may hold commas, and quotes doubled or after a backslash. */
export function splitList(value: string): string[] {
  const items: string[] = [];
  let at = 0;
  while (at < value.length) {
    while (at < value.length && /[\s,]/.test(value.charAt(at))) at++;
    if (at >= value.length) break;
    if (value.charAt(at) !== '"') {
      const end = value.indexOf(',', at);
      items.push(value.slice(at, end < 0 ? value.length : end).trim());
      at = end < 0 ? value.length : end;
      continue;
    }
    const quoted = /^"((?:\\["\\]|""|[^"])*)"\s*(?=,|$)/.exec(value.slice(at));
    if (quoted === null) {
      // A quote that nothing closes is taken for a character: the author sees it in what the answer is held against.
      items.push(value.slice(at).trim());
      break;
    }
    items.push((quoted[1] ?? '').replace(/\\(["\\])|""/g, (_, escaped?: string) => escaped ?? '"'));
    at += quoted[0].length;
  }
  return items;
}
