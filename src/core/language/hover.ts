/** Documentation of what lies at a place: keys, words, presets, metrics, assertions, endpoints, variables and filters. */
import { BUILTIN_ENDPOINT } from '../spec/references';
import { FILTERS, TESTS } from '../spec/template-filters';
import type { TSchema } from '../spec/schema-kit';
import { namedEndpoints, variablesOf } from './complete/names';
import { FILTER_DOCS, valuesDocs } from './complete/template';
import { cursorAt, type Cursor } from './cursor';
import {
  assertionDocs,
  assertionKeyDocs,
  endpointDocs,
  expressionDocs,
  paramDocs,
  presetDocs,
  schemaDocs,
} from './docs';
import type { LanguageDocument } from './language-document';
import { scalarText, type LooseTree, type Path } from './loose/nodes';
import { alternatives, annotationsOf, patternOf, slotsAt, usedPath, type Slot } from './slots';
import { assertionType, splitNegation } from '../spec/schema-assertion';
import { wordAt } from './templates/word-at';
import type { HoverText, LanguageContext } from './types';

/** What a hover says at `offset`; undefined where there is nothing to say. */
export function hoverAt(
  document: LanguageDocument,
  offset: number,
  context: LanguageContext = {},
): HoverText | undefined {
  const tree = document.loose;
  const cursor = cursorAt(tree, offset);
  if (cursor.at === 'none') return undefined;
  const path = usedPath(tree, cursor.path);
  if (cursor.at === 'key') return cursor.entry === null ? undefined : keyHover(document, cursor, path, context);
  return templateHover(document, cursor, path) ?? valueHover(document, cursor, path, context);
}

function keyHover(
  document: LanguageDocument,
  cursor: Cursor,
  path: Path,
  context: LanguageContext,
): HoverText | undefined {
  const { entry } = cursor;
  if (entry === null) return undefined;
  const range = document.range(entry.keySpan);
  const at = [...path, entry.key];
  for (const slot of slotsAt(document.loose, document.kind, at)) {
    const markdown = slotDocs(slot);
    if (markdown !== '') return { markdown: `**${entry.key}**\n\n${markdown}`, range, source: 'schema' };
  }
  const pattern = patternOf(path);
  const free =
    /(?:^|\/)(?:params|matrix)$/.test(pattern) && document.kind !== 'promptfoo'
      ? paramDocs(entry.key)
      : pattern === 'presets'
        ? presetDocs(entry.key, context.workspace?.workspace?.presets ?? {})
        : pattern === 'vars' || pattern === 'cases/*/vars'
          ? variableDocs(document.loose, entry.key, ownerOf(path))
          : undefined;
  return free === undefined ? undefined : { markdown: `**${entry.key}**\n\n${free}`, range, source: 'context' };
}

function slotDocs(slot: Slot): string {
  switch (slot.kind) {
    case 'schema':
      return schemaDocs(slot.schema);
    case 'assertion-value':
      return assertionDocs(slot.name, slot.type);
    case 'assertion-key':
      return assertionKeyDocs(slot.key);
    case 'assertion':
    case 'free':
      return '';
  }
}

function valueHover(
  document: LanguageDocument,
  cursor: Cursor,
  path: Path,
  context: LanguageContext,
): HoverText | undefined {
  const { scalar } = cursor;
  if (scalar === null || scalar.style === 'block') return undefined;
  const tree = document.loose;
  const text = scalarText(tree, scalar);
  const range = document.range(cursor.span);
  const fromContext = (markdown: string | undefined): HoverText | undefined =>
    markdown === undefined || markdown === '' ? undefined : { markdown, range, source: 'context' };
  const pattern = patternOf(path);
  if (/^(?:load\/\*\/)?slo(?:\/\*(?:\/expr)?)?$|^presets\/[^/]+\/\*$/.test(pattern)) {
    const presets = context.workspace?.workspace?.presets ?? {};
    const preset = presetDocs(text.trim(), presets);
    return fromContext(preset === undefined ? expressionDocs(text) : `**${text.trim()}**\n\n${preset}`);
  }
  if (/^(?:endpoints\/\*|judge|defaults\/(?:endpoint|judge))$/.test(pattern)) {
    const endpoint = namedEndpoints(tree, context).find(({ name }) => name === text);
    if (endpoint === undefined) return undefined;
    const note = endpoint.name === BUILTIN_ENDPOINT && endpoint.from === 'built in' ? 'No network, no key.' : '';
    return fromContext(`**${endpoint.name}**\n\n${endpointDocs(endpoint)}${note === '' ? '' : `\n\n${note}`}`);
  }
  for (const slot of slotsAt(tree, document.kind, path)) {
    if (slot.kind === 'assertion-key' && slot.key === 'type') {
      const type = assertionType(splitNegation(text).type);
      if (type !== undefined)
        return { markdown: `**${text}**\n\n${assertionDocs(text, type)}`, range, source: 'schema' };
    }
    if (slot.kind !== 'schema') continue;
    const word = wordDocs(slot.schema, text);
    if (word !== undefined) return { markdown: `**${text}**\n\n${word}`, range, source: 'schema' };
  }
  return undefined;
}

/** What a word of an enumeration means. */
function wordDocs(schema: TSchema, word: string): string | undefined {
  for (const option of alternatives(schema)) {
    const { enum: words = [], enumDescriptions = [] } = annotationsOf(option);
    const description = enumDescriptions[words.indexOf(word)];
    if (description !== undefined) return description;
  }
  return undefined;
}

function templateHover(document: LanguageDocument, cursor: Cursor, path: Path): HoverText | undefined {
  const { scalar, offset } = cursor;
  if (scalar === null) return undefined;
  const tree = document.loose;
  const raw = tree.text.slice(scalar.start, scalar.end);
  const word = wordAt(raw, offset - scalar.start);
  if (word === null) return undefined;
  const range = document.range({ start: scalar.start + word.start, end: scalar.start + word.end });
  const hover = (markdown: string): HoverText => ({ markdown, range, source: 'context' });
  switch (word.kind) {
    case 'filter': {
      const docs = FILTER_DOCS[word.text];
      return FILTERS.has(word.text)
        ? hover(`**${word.text}** (filter)${docs === undefined ? '' : `\n\n${docs}`}`)
        : undefined;
    }
    case 'test':
      return TESTS.has(word.text) ? hover(`**${word.text}** (test)`) : undefined;
    case 'name': {
      const values = variableDocs(tree, word.text, ownerOf(path));
      return values === undefined ? undefined : hover(`**${word.text}**\n\n${values}`);
    }
    case 'other':
      return undefined;
  }
}

function variableDocs(tree: LooseTree, name: string, owner: number | null): string | undefined {
  const values = variablesOf(tree).get(name);
  if (values !== undefined) return valuesDocs(tree, values, owner);
  return name === 'expected' ? 'What `expected` of the case says.' : undefined;
}

function ownerOf([first, second]: Path): number | null {
  return first === 'cases' && typeof second === 'number' ? second : null;
}
