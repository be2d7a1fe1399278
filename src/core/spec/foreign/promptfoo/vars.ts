/** Variables of tests: files in them, lists that expand, and variables that name each other. */
import { basename } from 'node:path';
import type { Json } from '../../../../protocol/plan';
import { renderText } from '../../template';
import { setOwn } from '../../own';
import { expandVars } from '../../variables';
import type { Cursor } from '../cursor';
import type { FileEnvironment } from '../env-templates';
import { codeReason, dataOf, isFileUrl, isGlob, parseReference, readData, readFile } from '../references';

export interface ReadVars {
  vars: Record<string, Json>;
  /** Names of the lists that stand for one test each element. */
  expanding: string[];
  isPending: boolean;
  /** Why the test cannot be run. */
  fault?: string;
}

/** Layers of variables, the later ones before the earlier; each is a map, or files that hold maps. */
export function readVars(layers: readonly (Cursor | undefined)[], env: FileEnvironment): ReadVars {
  const result: ReadVars = { vars: {}, expanding: [], isPending: false };
  const merged = new Map<string, Cursor>();
  for (const layer of layers) for (const [name, value] of entriesOf(layer, result)) merged.set(name, value);
  for (const [name, value] of merged) {
    const read = valueOf(name, value, env);
    if (read.kind === 'pending') result.isPending = true;
    if (read.kind === 'fault') result.fault ??= read.reason;
    if (read.kind !== 'value') continue;
    setOwn(result.vars, name, read.value);
    if (read.expands) result.expanding.push(name);
  }
  return result;
}

function entriesOf(layer: Cursor | undefined, result: ReadVars): [string, Cursor][] {
  if (layer === undefined) return [];
  if (layer.node.kind === 'map') return layer.entries;
  // A path, or a list of paths, of files with the variables.
  const paths = layer.node.kind === 'list' ? layer.items : [layer];
  return paths.flatMap((item): [string, Cursor][] => {
    const text = item.text;
    if (text === undefined) {
      item.context.problems.error('wrong-type', '"vars" must be a map of names to values.', item.place);
      return [];
    }
    const { path } = parseReference(text, item.context);
    const files = isGlob(path) ? item.context.files.list(path) : [path];
    if (files === undefined) {
      result.isPending = true;
      return [];
    }
    return files.flatMap((file): [string, Cursor][] => {
      const data = readData(item, file);
      if (data.state === 'pending') result.isPending = true;
      return data.state === 'read' ? data.value.entries : [];
    });
  });
}

type ReadValue =
  { kind: 'value'; value: Json; expands: boolean } | { kind: 'pending' } | { kind: 'fault'; reason: string };

function valueOf(name: string, cursor: Cursor, env: FileEnvironment): ReadValue {
  const { text } = cursor;
  if (text === undefined) {
    const filled = filledDeep(cursor.plain, env);
    if (!filled.ok) return { kind: 'fault', reason: readsEnvironment(name, filled.variable) };
    const { value } = filled;
    return { kind: 'value', value, expands: Array.isArray(value) && typeof value[0] === 'string' };
  }
  const filled = env.fill(text);
  if (!filled.ok) return { kind: 'fault', reason: readsEnvironment(name, filled.variable) };
  if (/^package:/.test(text)) return { kind: 'fault', reason: `"${name}" is made by code of a package` };
  if (!isFileUrl(text)) return { kind: 'value', value: filled.text.replace(/\n$/, ''), expands: false };
  const { path, kind } = parseReference(filled.text, cursor.context);
  if (kind === 'javascript' || codeReason(kind) !== undefined)
    return { kind: 'fault', reason: `"${name}" is made by code, which makes no variables here` };
  if (!isGlob(path)) return fileValue(name, cursor, path);
  const files = cursor.context.files.list(path);
  if (files === undefined) return { kind: 'pending' };
  if (files.length === 0) {
    cursor.context.problems.error('missing-file', `No file matches ${path}.`, cursor.place);
    return { kind: 'fault', reason: `no file matches ${text}` };
  }
  const values: Json[] = [];
  for (const file of files) {
    const value = fileValue(name, cursor, file);
    if (value.kind !== 'value') return value;
    values.push(value.value);
  }
  return { kind: 'value', value: values, expands: true };
}

function fileValue(name: string, cursor: Cursor, path: string): ReadValue {
  const { kind } = parseReference(path, cursor.context);
  if (kind === 'media' || kind === 'sheet')
    return { kind: 'fault', reason: `"${name}" is ${basename(path)}, and only texts are sent here` };
  const read = readFile(cursor, path);
  if (read.state === 'pending') return { kind: 'pending' };
  if (read.state === 'failed') return { kind: 'fault', reason: `"${name}" could not be read from ${path}` };
  if (kind !== 'yaml') return { kind: 'value', value: read.value.text.trim(), expands: false };
  const data = dataOf(cursor, read.value);
  if (data.state !== 'read') return { kind: 'fault', reason: `"${name}" could not be read from ${path}` };
  return { kind: 'value', value: JSON.stringify(data.value.plain), expands: false };
}

function readsEnvironment(name: string, variable: string): string {
  return `"${name}" reads the environment variable ${variable}, which would end up in the results`;
}

function filledDeep(value: Json, env: FileEnvironment): { ok: true; value: Json } | { ok: false; variable: string } {
  if (typeof value === 'string') {
    const filled = env.fill(value);
    return filled.ok ? { ok: true, value: filled.text } : filled;
  }
  if (value === null || typeof value !== 'object') return { ok: true, value };
  const isList = Array.isArray(value);
  const list: Json[] = [];
  const map: { [key: string]: Json } = {};
  for (const [key, item] of Object.entries(value)) {
    const filled = filledDeep(item, env);
    if (!filled.ok) return filled;
    if (isList) list.push(filled.value);
    else setOwn(map, key, filled.value);
  }
  return { ok: true, value: isList ? list : map };
}

/** Rounds in which variables may take the values of others. */
const MOST_ROUNDS = 5;

/** Variables whose texts name other variables, with these filled in, as promptfoo does before it renders a prompt. */
export function resolveVars(vars: Record<string, Json>): Record<string, Json> {
  if (!Object.values(vars).some((value) => typeof value === 'string' && /\{\{|\{%/.test(value))) return vars;
  let known = vars;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    let isChanged = false;
    const next: Record<string, Json> = {};
    for (const [name, value] of Object.entries(known)) {
      // Itself it cannot name: that would grow for ever.
      const others = Object.fromEntries(Object.entries(known).filter(([other]) => other !== name));
      const rendered = typeof value === 'string' && /\{\{|\{%/.test(value) ? renderText(value, others) : undefined;
      const text = rendered?.ok === true ? rendered.text : value;
      isChanged ||= text !== value;
      setOwn(next, name, text);
    }
    if (!isChanged) return known;
    known = next;
  }
  return known;
}

/** A test multiplied by the lists among its variables. */
export function combinationsOf(
  { vars, expanding }: Pick<ReadVars, 'vars' | 'expanding'>,
  limit: number,
): { vars: Record<string, Json>; suffix: string }[] {
  if (expanding.length === 0) return [{ vars, suffix: '' }];
  const lists = Object.fromEntries(expanding.map((name) => [name, vars[name] ?? []]));
  return expandVars(vars, lists, true, limit).cases;
}
