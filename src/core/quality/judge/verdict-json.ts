/**
 * From what a judge said to the value that was asked for. Models wrap JSON in prose and code fences, think aloud before it, write
 * `'pass': True`, or give a score as text. All of that is read; what two readers could read differently is not.
 */
import { jsonrepair } from 'jsonrepair';
import type { Json } from '../../../protocol/plan';
import { schemaValidator } from '../json-schema';
import { objectsIn, withoutThinking } from './json-in-text';
import { coerced } from './verdict-values';

export type VerdictReading = { ok: true; value: Json } | { ok: false; problem: string };

const SHOWN_VIOLATIONS = 3;

/**
 * @param schema what the value must conform to: a JSON Schema of an object
 * @param whole false where the answer was cut off by its token limit: half a number is then not taken for a whole one
 */
export function readVerdict(text: string, schema: { [key: string]: Json }, whole = true): VerdictReading {
  const validate = schemaValidator(schema);
  let problem: string | undefined;
  const accepted = (candidate: string, read: (text: string) => unknown): Json | undefined => {
    let parsed: unknown;
    try {
      parsed = read(candidate);
    } catch {
      // Not JSON: another candidate may be.
      return undefined;
    }
    if (typeof parsed !== 'object' || parsed === null) return undefined;
    const value = coerced(parsed as Json, schema);
    const violations = validate(value);
    if (violations.length === 0) return value;
    problem ??= `its JSON does not fit: ${violations.slice(0, SHOWN_VIOLATIONS).join('; ')}`;
    return undefined;
  };

  const all = accepted(text, parseJson);
  if (all !== undefined) return { ok: true, value: all };
  const said = withoutThinking(text);
  const readers = whole ? [parseJson, repairJson] : [parseJson];
  for (const read of readers) {
    // Wherever it stands: an object that the judge quotes from the answer must not win because it is in a code fence.
    for (const candidates of [objectsIn(said), read === repairJson ? outermost(said) : []]) {
      const found = distinct(candidates.map((candidate) => accepted(candidate, read)));
      if (found.length > 1) return { ok: false, problem: `it gave ${found.length} verdicts that differ` };
      if (found[0] !== undefined) return { ok: true, value: found[0] };
    }
  }
  if (problem !== undefined) return { ok: false, problem };
  return { ok: false, problem: said === '' ? 'it only thought aloud' : 'it holds no JSON object' };
}

function parseJson(text: string): unknown {
  return JSON.parse(text);
}

function repairJson(text: string): unknown {
  return JSON.parse(jsonrepair(text));
}

/** From the first brace to the last: quotes that are not JSON's make the braces between them look unbalanced. */
function outermost(text: string): string[] {
  const from = text.indexOf('{');
  const end = text.lastIndexOf('}');
  return from >= 0 && end > from ? [text.slice(from, end + 1)] : [];
}

function distinct(values: (Json | undefined)[]): Json[] {
  const byText = new Map<string, Json>();
  for (const value of values) if (value !== undefined) byText.set(JSON.stringify(value), value);
  return [...byText.values()];
}
