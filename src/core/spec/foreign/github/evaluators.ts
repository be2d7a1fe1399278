/** Evaluators of a GitHub Models prompt file, each an assertion of every case. */
import type { Json } from '../../../../protocol/plan';
import type { ForeignAssertion } from '../assertion';
import type { Cursor } from '../cursor';
import { builtinRubric } from './builtins';
import { githubEndpoint } from './endpoint';
import { caseless } from './caseless';

const KEYS: ReadonlySet<string> = new Set(['name', 'string', 'llm', 'uses']);
const RULES = ['equals', 'contains', 'startsWith', 'endsWith'] as const;

export function readEvaluators(list: Cursor | undefined): ForeignAssertion[] {
  if (list === undefined) return [];
  if (list.node.kind !== 'list') {
    list.context.problems.error('wrong-type', '"evaluators" must be a list.', list.place);
    return [];
  }
  return list.items.map(read);
}

function read(item: Cursor): ForeignAssertion {
  const { problems } = item.context;
  const name = item.get('name')?.word;
  const shared = { span: item.mainSpan, ...(name === undefined ? {} : { name }) };
  for (const [key, value] of item.entries)
    if (!KEYS.has(key)) problems.ignored(`"${key}" of an evaluator has no counterpart and no effect.`, value.keyPlace);
  // Of several kinds in one evaluator GitHub's own tool looks at the first of these alone.
  const text = item.get('string');
  if (text !== undefined) return { ...shared, ...stringRule(text), isGraded: false };
  const llm = item.get('llm');
  if (llm !== undefined) return { ...shared, ...graded(llm) };
  const uses = item.get('uses')?.word;
  if (uses === undefined) {
    problems.error('missing-key', 'An evaluator needs "string", "llm" or "uses".', item.place);
    return { ...shared, type: 'evaluator', skip: 'it says nothing of what is evaluated', isGraded: false };
  }
  const rubric = builtinRubric(uses);
  if (rubric === undefined) {
    problems.skipped(`"${uses}" is not run: it is no evaluator that is known here.`, item.place);
    return { ...shared, type: uses, skip: 'it is no evaluator that is known here', isGraded: false };
  }
  return {
    ...shared,
    type: 'llm-rubric',
    value: rubric,
    threshold: 0.25,
    judge: githubEndpoint('openai/gpt-4o'),
    isGraded: true,
  };
}

/** `equals` looks at the case, the other rules do not. The first rule that is there counts. */
function stringRule(rule: Cursor): Omit<ForeignAssertion, 'span' | 'isGraded'> {
  const { problems } = rule.context;
  for (const [key, value] of rule.entries)
    if (!(RULES as readonly string[]).includes(key))
      problems.ignored(
        `"${key}" of a string evaluator is no rule that is known here, and has no effect.`,
        value.keyPlace,
      );
  const given = RULES.filter((key) => (rule.get(key)?.word ?? '') !== '');
  const [key, second] = given;
  if (key === undefined) {
    problems.error('missing-value', `A string evaluator needs one of ${RULES.join(', ')}.`, rule.keyPlace);
    return { type: 'string', skip: 'it has no rule' };
  }
  if (second !== undefined)
    problems.ignored(`"${second}" has no effect beside "${key}".`, rule.get(second)?.keyPlace ?? rule.place);
  const value = rule.get(key)?.word ?? '';
  const node = rule.get(key)?.native;
  const isText = node?.kind === 'scalar' && typeof node.value === 'string';
  switch (key) {
    case 'equals':
      return { type: 'equals', value, ...(isText ? { node } : {}) };
    case 'contains':
      return { type: 'icontains', value, ...(isText ? { node } : {}) };
    case 'startsWith':
      return { type: 'regex', value: `^\\s*${caseless(value)}` };
    case 'endsWith':
      return { type: 'regex', value: `${caseless(value)}\\s*$` };
  }
}

interface Choice {
  choice: string;
  score: number;
}

/** A question to another model whose answer is one of several words, each with a score; any score above 0 passes. */
function graded(llm: Cursor): Omit<ForeignAssertion, 'span'> {
  const { problems } = llm.context;
  const prompt = llm.get('prompt')?.word;
  const model = llm.get('modelId')?.word;
  const choices = (llm.get('choices')?.items ?? []).flatMap((item): Choice[] => {
    const choice = item.get('choice')?.word;
    const score = item.get('score')?.number;
    return choice === undefined || score === undefined ? [] : [{ choice, score }];
  });
  const refused = (skip: string): Omit<ForeignAssertion, 'span'> => {
    problems.skipped(`"llm" is not run: ${skip}.`, llm.keyPlace);
    return { type: 'llm', skip, isGraded: false };
  };
  if (prompt === undefined) return refused('it has no prompt');
  if (model === undefined) return refused('it names no model in "modelId"');
  if (choices.length === 0) return refused('it has no "choices" with scores, so no answer could pass');
  const passing = choices.map(({ score }) => score).filter((score) => score > 0);
  if (passing.length === 0) return refused('none of its choices passes');
  const highest = Math.max(...passing);
  return {
    type: 'llm-rubric',
    value: rubricOf(prompt, llm.get('systemPrompt')?.word, choices, highest),
    threshold: Math.min(...passing) / highest,
    judge: githubEndpoint(model),
    isGraded: true,
  };
}

/** The question as a rubric. The judge sees the answer beside it, so that its placeholder stands for words alone. */
function rubricOf(prompt: string, system: string | undefined, choices: readonly Choice[], highest: number): string {
  const question = prompt.replaceAll(/\{\{\s*completion\s*\}\}/g, '(the output above)').trim();
  const scores = choices.map(({ choice, score }) => `- "${choice}": score ${round(score / highest)}`);
  return [
    ...(system === undefined ? [] : [system.trim(), '']),
    question,
    '',
    'Choose the one of these that fits the output, and give its score:',
    ...scores,
  ].join('\n');
}

function round(value: number): number {
  return Math.round(Math.max(0, value) * 1000) / 1000;
}

/** `responseFormat` and `jsonSchema` as the request parameter that asks for them. */
export function responseFormat(root: Cursor): Json | undefined {
  const { problems } = root.context;
  const written = root.get('responseFormat');
  const format = written?.word;
  const schema = root.get('jsonSchema');
  if (written === undefined || format === undefined || format === 'text') return undefined;
  if (format === 'json_object') return { type: 'json_object' };
  if (format !== 'json_schema') {
    problems.error(
      'unknown-value',
      `"responseFormat" must be text, json_object or json_schema, not "${format}".`,
      written.place,
    );
    return undefined;
  }
  const data = schema === undefined ? undefined : schemaData(schema);
  if (data === undefined) {
    problems.error(
      'missing-key',
      '"responseFormat: json_schema" needs "jsonSchema", a JSON text with "name" and "schema".',
      (schema ?? written).place,
    );
    return undefined;
  }
  return { type: 'json_schema', json_schema: data };
}

function schemaData(schema: Cursor): { [key: string]: Json } | undefined {
  let data: Json = schema.plain;
  if (typeof data === 'string') {
    try {
      data = JSON.parse(data) as Json;
    } catch {
      // Said by the caller, with what it should be.
      return undefined;
    }
  }
  if (data === null || typeof data !== 'object' || Array.isArray(data)) return undefined;
  return data['name'] === undefined || data['schema'] === undefined ? undefined : data;
}
