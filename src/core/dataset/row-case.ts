/** From a row to a case: a row that is a whole case as it is, any other as the variables of one. */
import type { Json } from '../../protocol/plan';
import { INVALID } from '../spec/cleaned';
import { clip } from '../spec/describe';
import type { Diagnostic } from '../spec/document';
import { TextLines } from '../spec/lines';
import { childPointer, pointerKeys } from '../spec/pointer';
import { Reporter } from '../spec/reporter';
import { caseSchema, type CaseSpec } from '../spec/schema-case';
import { nearKeys } from '../spec/suggest';
import { setOwn } from '../spec/own';
import { MAX_DEPTH, type MapEntry, type TreeNode } from '../spec/tree';
import { validate } from '../spec/validate';
import type { DataFormat, ReadableRow } from './rows';
import { moved, type RowPlace } from './row-place';

/** Every key of a case. */
export const CASE_KEYS: readonly string[] = Object.keys(caseSchema.properties);

/** A row with one of these, and with no key that a case has not, is a case as it stands. */
const WHOLE_CASE_KEYS = ['vars', 'assert', 'messages', 'turns'];

export interface RowCase {
  value: CaseSpec;
  /** Located in the dataset file. */
  problems: Diagnostic[];
}

export interface RowMapping {
  format: DataFormat;
  /** Variables, or keys of a case, to columns. */
  map?: Readonly<Record<string, string>>;
}

/** The case of a row; `place` is asked only where something is wrong with it. */
export function caseOfRow(row: ReadableRow, mapping: RowMapping, place: RowPlace): RowCase {
  const { fields } = row;
  if (isDeeperThan(fields, MAX_DEPTH))
    return {
      value: {},
      problems: [problemAt(place, '', 'too-deep', `The row is nested more than ${MAX_DEPTH} levels deep.`)],
    };
  if (mapping.map !== undefined) return mappedCase(row, mapping, mapping.map, place);
  if (mapping.format !== 'csv' && isWholeCase(fields)) return wholeCase(fields, place);
  const value: CaseSpec = { vars: fields };
  const slip = mapping.format === 'csv' ? undefined : slipOf(fields);
  return { value, problems: slip === undefined ? [] : [slipProblem(slip, place)] };
}

function isWholeCase(fields: Record<string, Json>): boolean {
  const keys = Object.keys(fields);
  return keys.every((key) => CASE_KEYS.includes(key)) && WHOLE_CASE_KEYS.some((key) => Object.hasOwn(fields, key));
}

/** A key that keeps what is plainly meant as a whole case from being one. */
function slipOf(fields: Record<string, Json>): { key: string; near: string } | undefined {
  const { vars, assert } = fields;
  const isMeant = (vars !== null && typeof vars === 'object' && !Array.isArray(vars)) || Array.isArray(assert);
  if (!isMeant) return undefined;
  for (const key of Object.keys(fields)) {
    if (CASE_KEYS.includes(key)) continue;
    const [near] = nearKeys(
      key,
      CASE_KEYS.filter((known) => !Object.hasOwn(fields, known)),
    );
    if (near !== undefined) return { key, near };
  }
  return undefined;
}

function slipProblem({ key, near }: { key: string; near: string }, place: RowPlace): Diagnostic {
  const message = `"${key}" is no key of a case, so every key of this row is taken for a variable. Did you mean "${near}"?`;
  return { ...problemAt(place, childPointer('', key), 'unknown-key', message), severity: 'warning' };
}

function wholeCase(fields: Record<string, Json>, place: RowPlace): RowCase {
  const quick = new Reporter('', new TextLines(''));
  const cleaned = validate(treeOf(fields), caseSchema, '', quick);
  const value = cleaned === INVALID ? {} : (cleaned as CaseSpec);
  return quick.findings.length === 0 ? { value, problems: [] } : { value, problems: locatedProblems(quick, place) };
}

/** The findings of a row once more, this time with their places. */
function locatedProblems(quick: Reporter, place: RowPlace): Diagnostic[] {
  const source = place.tree();
  if (source === null)
    return quick.diagnostics(place.path).map((problem) => ({ ...problem, range: place.rangeOf(''), suggestions: [] }));
  const report = new Reporter(source.text, source.lines);
  validate(source.root, caseSchema, '', report);
  return report.diagnostics(place.path).map((problem) => ({
    ...problem,
    range: moved(problem.range, source.origin),
    suggestions: problem.suggestions.map(({ title, edits }) => ({
      title,
      edits: edits.map(({ range, newText }) => ({ range: moved(range, source.origin), newText })),
    })),
  }));
}

/** Mapped columns under their new names, the others under their own. `vars.name` is the variable, `name` the case's own. */
function mappedCase(
  { fields }: ReadableRow,
  { format }: RowMapping,
  map: Readonly<Record<string, string>>,
  place: RowPlace,
): RowCase {
  const used = new Set(Object.values(map));
  const vars: Record<string, Json> = {};
  const own: Record<string, Json> = {};
  for (const [column, value] of Object.entries(fields)) if (!used.has(column)) setOwn(vars, column, value);
  const problems: Diagnostic[] = [];
  for (const [key, column] of Object.entries(map)) {
    const value = Object.hasOwn(fields, column) ? fields[column] : undefined;
    if (value === undefined) continue;
    const variable = variableOf(key);
    if (variable !== undefined) {
      setOwn(vars, variable, value);
      continue;
    }
    const text = format === 'csv' && typeof value === 'string' ? value : undefined;
    const read = text === undefined ? { value } : fromText(key, text);
    if ('expected' in read) {
      const message = `The column "${column}" is mapped to "${key}", which must be ${read.expected}, not "${clip(text ?? '')}".`;
      problems.push(problemAt(place, childPointer('', column), 'wrong-type', message));
    } else if (read.value !== undefined) setOwn(own, key, read.value);
  }
  const report = new Reporter('', new TextLines(''));
  const cleaned = validate(treeOf(own), caseSchema, '', report);
  const { vars: more, ...value } = cleaned === INVALID ? {} : (cleaned as CaseSpec);
  for (const [name, item] of Object.entries(more ?? {})) setOwn(vars, name, item);
  for (const { code, message, severity, pointer = '' } of report.findings) {
    const [key, ...rest] = pointerKeys(pointer);
    const column = key === undefined ? undefined : map[key];
    const at = column === undefined ? '' : [column, ...rest].reduce<string>(childPointer, '');
    problems.push({ ...problemAt(place, at, code, message), severity });
  }
  return { value: { ...value, vars }, problems };
}

/** The variable that a key of `map` names; undefined where it names a key of the case. */
export function variableOf(key: string): string | undefined {
  if (key.startsWith('vars.') && key.length > 'vars.'.length) return key.slice('vars.'.length);
  return CASE_KEYS.includes(key) ? undefined : key;
}

type FromText = { value: Json | undefined } | { expected: string };

/** What a text of a CSV file means for a key of a case; an empty one leaves the key out. */
function fromText(key: string, text: string): FromText {
  const trimmed = text.trim();
  if (trimmed === '') return { value: undefined };
  switch (key) {
    case 'weight':
    case 'threshold':
    case 'repeat': {
      const value = Number(trimmed);
      return Number.isFinite(value) ? { value } : { expected: 'a number' };
    }
    case 'tags':
      return {
        value: trimmed
          .split(/[,;]/)
          .map((tag) => tag.trim())
          .filter((tag) => tag !== ''),
      };
    case 'only':
    case 'expand': {
      const value = flagOf(trimmed);
      return value === undefined ? { expected: 'true or false' } : { value };
    }
    case 'skip':
      return { value: flagOf(trimmed) ?? trimmed };
    case 'vars':
    case 'messages':
    case 'assert':
    case 'turns':
      try {
        return { value: JSON.parse(trimmed) as Json };
      } catch {
        return { expected: key === 'vars' ? 'a map, as JSON' : 'a list, as JSON' };
      }
    default:
      return { value: text };
  }
}

function flagOf(text: string): boolean | undefined {
  if (/^(?:true|yes|1)$/i.test(text)) return true;
  return /^(?:false|no|0)$/i.test(text) ? false : undefined;
}

function problemAt(place: RowPlace, pointer: string, code: string, message: string): Diagnostic {
  return {
    code,
    message,
    path: place.path,
    range: place.rangeOf(pointer),
    severity: 'error',
    pointer,
    suggestions: [],
  };
}

function isDeeperThan(value: Json, levels: number): boolean {
  if (value === null || typeof value !== 'object') return false;
  if (levels === 0) return true;
  for (const item of Array.isArray(value) ? value : Object.values(value))
    if (isDeeperThan(item, levels - 1)) return true;
  return false;
}

const NOWHERE = { start: 0, end: 0 };

/** Plain data as a tree without places, for its validation. */
function treeOf(value: Json): TreeNode {
  if (value === null || typeof value !== 'object')
    return { kind: 'scalar', value, span: NOWHERE, style: 'plain', size: 1 };
  if (Array.isArray(value)) {
    const items = value.map(treeOf);
    return { kind: 'list', items, span: NOWHERE, flow: true, size: items.length };
  }
  const entries = new Map<string, MapEntry>();
  for (const [key, item] of Object.entries(value))
    entries.set(key, { key, keySpan: NOWHERE, node: treeOf(item), merged: false });
  return { kind: 'map', entries, span: NOWHERE, flow: true, size: entries.size };
}
