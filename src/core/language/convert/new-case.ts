/** Cases made of a selected text and of an answer. */
import type { Json } from '../../../protocol/plan';
import type { LanguageDocument } from '../language-document';
import { childOf, itemsOf, textAt } from '../loose/nodes';
import { usesOf } from '../templates/uses';
import { everyNode, scalarText } from '../loose/nodes';
import { variablesOf } from '../complete/names';
import { shortText } from '../../spec/naming';
import { escapeTemplate } from './pasted';

export interface NewCase {
  name?: string;
  vars?: { [name: string]: Json };
  messages?: { role: string; content: string }[];
  expected?: Json;
  assert?: { [type: string]: Json }[];
}

/** How an answer becomes what is expected. */
export type AnswerChoice = 'equals' | 'contains' | 'expected' | 'is-json';

/** Variables that the prompts of a file read, those that a case must set first; empty where it asks nothing of the kind. */
export function promptVariables(document: LanguageDocument): string[] {
  const tree = document.loose;
  const names = new Set<string>();
  for (const { node, path } of everyNode(tree.root)) {
    if (node.kind !== 'scalar' || !['prompt', 'messages', 'prompts'].includes(String(path[0]))) continue;
    for (const { name } of usesOf(scalarText(tree, node)).uses) names.add(name);
  }
  const known = variablesOf(tree);
  const hasDefault = (name: string): boolean => known.get(name)?.some(({ owner }) => owner === null) === true;
  return [...names].sort((a, b) => Number(hasDefault(a)) - Number(hasDefault(b)));
}

/** Names of the cases of a file. */
export function caseNames(document: LanguageDocument): string[] {
  const tree = document.loose;
  return itemsOf(childOf(tree.root, 'cases')).flatMap((node) => textAt(tree, node, 'name') ?? []);
}

/**
 * The case of a selected text.
 * @param variable that the text is the value of; without one the user says it
 */
export function caseOfSelection(document: LanguageDocument, selection: string, variable: string | undefined): NewCase {
  const text = dedented(selection);
  const name = uniqueName(document, shortText(text) || 'selection');
  // Nothing is expected yet, so that a person has to say it: an assertion to fill in is the place for that.
  const assert = [{ contains: '' }];
  return variable === undefined
    ? { name, messages: [{ role: 'user', content: escapeTemplate(text) }], assert }
    : { name, vars: { [variable]: text }, assert };
}

/** What an answer can become, the likeliest first. */
export function answerChoices(answer: string): { choice: AnswerChoice; label: string; detail: string }[] {
  const text = answer.trim();
  const isJson = jsonOf(text) !== undefined;
  const phrase = tellingPhrase(text);
  return [
    ...(isJson
      ? [
          {
            choice: 'is-json' as const,
            label: 'Is JSON of this shape',
            detail: 'is-json, with the keys and types of the answer',
          },
        ]
      : []),
    { choice: 'contains', label: `Contains “${phrase}”`, detail: 'contains' },
    { choice: 'equals', label: 'Equals this answer', detail: 'equals' },
    {
      choice: 'expected',
      label: 'Keep it as the expected answer',
      detail: 'expected, with an assertion that compares',
    },
  ];
}

/** The case that expects an answer like the one that was given to `vars`. */
export function caseOfAnswer(
  document: LanguageDocument,
  answer: string,
  vars: { [name: string]: Json },
  choice: AnswerChoice,
): NewCase {
  const text = answer.trim();
  const first = Object.values(vars).find((value) => typeof value === 'string' && value !== '');
  const name = uniqueName(document, shortText(typeof first === 'string' ? first : text) || 'answer');
  const base = { name, ...(Object.keys(vars).length === 0 ? {} : { vars }) };
  switch (choice) {
    case 'equals':
      return { ...base, assert: [{ equals: escapeTemplate(text) }] };
    case 'contains':
      return { ...base, assert: [{ contains: escapeTemplate(tellingPhrase(text)) }] };
    case 'expected':
      return { ...base, expected: text, assert: [{ equals: '{{ expected }}' }] };
    case 'is-json':
      return { ...base, assert: [{ 'is-json': schemaOf(jsonOf(text) ?? null) }] };
  }
}

function uniqueName(document: LanguageDocument, name: string): string {
  const taken = new Set(caseNames(document));
  let unique = name;
  for (let n = 2; taken.has(unique); n++) unique = `${name} ${n}`;
  return unique;
}

/** A selection without the indentation that its lines share, and without the blank lines around it. */
function dedented(selection: string): string {
  const lines = selection.replace(/\r\n?/g, '\n').split('\n');
  const indents = lines.filter((line) => line.trim() !== '').map((line) => /^[ \t]*/.exec(line)?.[0].length ?? 0);
  // The first line of a selection often starts behind its indentation.
  const rest = indents.slice(1);
  const common = rest.length === 0 ? 0 : Math.min(...rest);
  return lines
    .map((line, index) =>
      index === 0 ? line.trimStart() : line.slice(Math.min(common, line.length - line.trimStart().length)),
    )
    .join('\n')
    .trim();
}

const LONGEST_PHRASE = 80;

/** The first sentence, as far as it is short: what another right answer would most likely contain. */
export function tellingPhrase(answer: string): string {
  const line =
    answer
      .split(/\r?\n/)
      .map((part) => part.replace(/^[\s>#*\-\d.)]+(?=\S)/, '').trim())
      .find((part) => part !== '') ?? '';
  const sentence = /^.+?[.!?](?=\s|$)/.exec(line)?.[0].replace(/[.!?]$/, '') ?? line;
  if (sentence.length <= LONGEST_PHRASE) return sentence;
  const cut = sentence.slice(0, LONGEST_PHRASE);
  return cut.slice(0, Math.max(cut.lastIndexOf(' '), LONGEST_PHRASE / 2)).trim();
}

function jsonOf(text: string): Json | undefined {
  if (!/^[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    // Many answers start with a bracket and are no JSON.
    return undefined;
  }
}

/** A JSON Schema that the value conforms to, and others of its shape. */
function schemaOf(value: Json): { [key: string]: Json } {
  if (Array.isArray(value)) return { type: 'array', ...(value[0] === undefined ? {} : { items: schemaOf(value[0]) }) };
  if (value !== null && typeof value === 'object') {
    const properties = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, schemaOf(item)]));
    return { type: 'object', required: Object.keys(value), properties };
  }
  return { type: value === null ? 'null' : Number.isInteger(value) ? 'integer' : typeof value };
}
