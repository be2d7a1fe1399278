/** Values of assertions that are more than a text or a number: lists, schemas, limits of words, SQL dialects, tool calls. */
import { SQL_DIALECTS, sqlDialect } from '../quality/sql-dialects';
import { schemaInText } from './assertions';
import { INVALID, type Cleaned } from './cleaned';
import { describeNode, nameOf } from './describe';
import { childPointer } from './pointer';
import type { Reporter } from './reporter';
import { splitTexts } from './text-list';
import { toPlain, type ListNode, type MapNode, type ScalarNode, type TreeNode } from './tree';

/** Reports that a node is not what `label` says. */
export function wrong(node: TreeNode, label: string, pointer: string, report: Reporter): typeof INVALID {
  return refuse('wrong-type', `${nameOf(pointer)} must be ${label}, not ${describeNode(node)}.`, node, pointer, report);
}

function refuse(
  code: string,
  message: string,
  node: TreeNode,
  pointer: string,
  report: Reporter,
  replacements: string[] = [],
): typeof INVALID {
  const span = node.kind === 'scalar' ? node.span : report.headOf(node);
  report.add({ code, message, span, severity: 'error', pointer, replacements });
  return INVALID;
}

/** What is rendered or read later cannot be checked now. */
function isLater(text: string): boolean {
  return text.includes('{{') || text.includes('{%') || text.startsWith('file://');
}

export function isText(node: TreeNode): node is ScalarNode & { value: string } {
  return node.kind === 'scalar' && typeof node.value === 'string';
}

/** A list of texts. */
export function texts(node: TreeNode, label: string, pointer: string, report: Reporter): Cleaned {
  if (node.kind !== 'list') return wrong(node, label, pointer, report);
  if (node.items.length === 0) {
    return refuse('empty-list', `${nameOf(pointer)} needs at least one text.`, node, pointer, report);
  }
  const bad = node.items.findIndex((item) => item.kind !== 'scalar' || item.value === null);
  const item = node.items[bad];
  if (item !== undefined) return wrong(item, 'a text', childPointer(pointer, bad), report);
  return toPlain(node);
}

/** A list of texts that are looked for, or one text with commas between them. */
export function textList(node: TreeNode, pointer: string, report: Reporter): Cleaned {
  if (node.kind === 'list') return noneEmpty(node, pointer, report) ?? texts(node, LIST, pointer, report);
  if (node.kind !== 'scalar' || node.value === null) return wrong(node, LIST, pointer, report);
  const text = String(node.value);
  if (isLater(text)) return text;
  const list = splitTexts(text);
  if (!list.ok) {
    return refuse('bad-list', `${nameOf(pointer)} is no list of texts: ${list.reason}.`, node, pointer, report);
  }
  if (list.texts.length === 0 || list.texts.includes('')) return emptyText(node, pointer, report);
  return text;
}

const LIST = 'a list of texts, or a text with commas between them';

function noneEmpty(node: ListNode, pointer: string, report: Reporter): typeof INVALID | undefined {
  const index = node.items.findIndex((item) => item.kind === 'scalar' && item.value === '');
  const item = node.items[index];
  return item === undefined ? undefined : emptyText(item, childPointer(pointer, index), report);
}

function emptyText(node: TreeNode, pointer: string, report: Reporter): typeof INVALID {
  return refuse('empty-text', 'Every answer contains the empty text: write what to look for.', node, pointer, report);
}

/** A number of words, or a map with `min` and `max`. */
export function wordLimits(node: TreeNode, pointer: string, report: Reporter): Cleaned {
  if (node.kind === 'scalar') return wordLimit(node, pointer, report) === INVALID ? INVALID : toPlain(node);
  if (node.kind !== 'map') return wrong(node, 'a number of words, or a map with min and max', pointer, report);
  knownKeys(node, ['min', 'max'], pointer, report);
  const limits: Partial<Record<'min' | 'max', number | null>> = {};
  for (const key of ['min', 'max'] as const) {
    const entry = node.entries.get(key);
    if (entry === undefined) continue;
    const limit = wordLimit(entry.node, childPointer(pointer, key), report);
    if (limit === INVALID) return INVALID;
    limits[key] = limit;
  }
  const { min, max } = limits;
  if (min === undefined && max === undefined) {
    return refuse('missing-key', `${nameOf(pointer)} needs "min", "max", or both.`, node, pointer, report);
  }
  if (typeof min === 'number' && typeof max === 'number' && min > max) {
    const message = `No answer has at least ${min} and at most ${max} words.`;
    return refuse('out-of-range', message, node.entries.get('min')?.node ?? node, pointer, report);
  }
  return toPlain(node);
}

/** Null where it is known only later. */
function wordLimit(node: TreeNode, pointer: string, report: Reporter): number | null | typeof INVALID {
  if (isText(node) && isLater(node.value)) return null;
  const value = node.kind === 'scalar' && node.value !== '' ? Number(node.value) : NaN;
  const isNumber = node.kind === 'scalar' && (typeof node.value === 'number' || typeof node.value === 'string');
  if (!isNumber || !Number.isFinite(value)) return wrong(node, 'a number of words', pointer, report);
  if (value >= 0 && Number.isInteger(value)) return value;
  const message = `${nameOf(pointer)} must be a whole number of words, not ${value}.`;
  return refuse('out-of-range', message, node, pointer, report);
}

/** A JSON Schema: a map, its text, or a path. Whether it compiles is known where it is used. */
export function jsonSchema(node: TreeNode, pointer: string, report: Reporter): Cleaned {
  if (node.kind === 'map') return toPlain(node);
  if (isText(node) && (node.value === '' || isLater(node.value) || schemaInText(node.value) !== null)) {
    return toPlain(node);
  }
  return wrong(node, 'a JSON Schema (a map), or a file:// path of one', pointer, report);
}

/** Elements of XML: a text with commas, a list, or promptfoo's `{requiredElements: […]}`. */
export function elements(node: TreeNode, pointer: string, report: Reporter): Cleaned {
  if (node.kind !== 'map') return textList(node, pointer, report);
  knownKeys(node, ['requiredElements'], pointer, report);
  const entry = node.entries.get('requiredElements');
  if (entry === undefined) return toPlain(node);
  const list = texts(entry.node, 'a list of elements such as root.item', childPointer(pointer, entry.key), report);
  return list === INVALID ? INVALID : toPlain(node);
}

/** A dialect of SQL, and what its statements may use. */
export function sql(node: TreeNode, pointer: string, report: Reporter): Cleaned {
  if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value;
  if (isText(node) && isLater(node.value)) return node.value;
  if (node.kind !== 'map') {
    return wrong(node, 'left empty, or a map such as {databaseType: PostgreSQL}', pointer, report);
  }
  knownKeys(node, ['databaseType', 'allowedTables', 'allowedColumns'], pointer, report);
  const dialect = node.entries.get('databaseType')?.node;
  if (dialect !== undefined) {
    const at = childPointer(pointer, 'databaseType');
    if (!isText(dialect)) return wrong(dialect, 'a dialect of SQL such as PostgreSQL', at, report);
    if (!isLater(dialect.value) && sqlDialect(dialect.value) === undefined) {
      report.unknownWord(dialect, dialect.value, [...SQL_DIALECTS], at);
      return INVALID;
    }
  }
  for (const key of ['allowedTables', 'allowedColumns'] as const) {
    const entry = node.entries.get(key);
    if (entry !== undefined && patterns(entry.node, childPointer(pointer, key), report) === INVALID) return INVALID;
  }
  return toPlain(node);
}

function patterns(node: TreeNode, pointer: string, report: Reporter): Cleaned {
  if (node.kind !== 'list') return wrong(node, 'a list of texts such as "select::(.*)::users"', pointer, report);
  for (const [index, item] of node.items.entries()) {
    const at = childPointer(pointer, index);
    if (!isText(item)) return wrong(item, 'a text such as "select::(.*)::users"', at, report);
    try {
      if (!isLater(item.value)) new RegExp(item.value);
    } catch (error) {
      const reason = error instanceof Error ? error.message.replace(/^.*: /, '') : String(error);
      return refuse('bad-regex', `The regular expression does not compile: ${reason}.`, item, at, report);
    }
  }
  return toPlain(node);
}

/** The name of a tool, or `{name, arguments}`. */
export function call(node: TreeNode, pointer: string, report: Reporter): Cleaned {
  if (isText(node) && node.value.trim() !== '') return node.value;
  if (node.kind !== 'map') {
    return wrong(node, 'the name of a tool, or a map such as {name: get_weather, arguments: {…}}', pointer, report);
  }
  knownKeys(node, ['name', 'arguments'], pointer, report);
  const name = node.entries.get('name')?.node;
  if (name === undefined) {
    return refuse('missing-key', `${nameOf(pointer)} needs the "name" of a tool.`, node, pointer, report);
  }
  if (!isText(name) || name.value.trim() === '') {
    return wrong(name, 'the name of a tool', childPointer(pointer, 'name'), report);
  }
  const schema = node.entries.get('arguments')?.node;
  const isSchema =
    schema === undefined || schema.kind === 'map' || (schema.kind === 'scalar' && isNullOrBoolean(schema.value));
  if (!isSchema) return wrong(schema, 'a JSON Schema (a map)', childPointer(pointer, 'arguments'), report);
  return toPlain(node);
}

function isNullOrBoolean(value: unknown): boolean {
  return value === null || typeof value === 'boolean';
}

function knownKeys(node: MapNode, known: readonly string[], pointer: string, report: Reporter): void {
  for (const entry of node.entries.values()) {
    if (!known.includes(entry.key)) report.unknownKey(entry, childPointer(pointer, entry.key), known, node);
  }
}

/** A regular expression. */
export function pattern(node: TreeNode, pointer: string, report: Reporter): Cleaned {
  if (node.kind !== 'scalar' || node.value === null) return wrong(node, 'a regular expression', pointer, report);
  const source = String(node.value);
  if (isLater(source)) return source;
  try {
    new RegExp(source);
    return source;
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^.*: /, '') : String(error);
    const hint = /^\(\?[a-z]+\)/.test(source)
      ? ' JavaScript has no inline flags; use icontains, or classes such as [Rr].'
      : '';
    return refuse('bad-regex', `The regular expression does not compile: ${reason}.${hint}`, node, pointer, report);
  }
}
