/** Adds a case to the text of an eval file: what is there, comments included, stays as it is. */
import { Document, Scalar, stringify, visit } from 'yaml';
import type { TextEdit } from '../../spec/document';
import type { Span } from '../../spec/tree';
import type { LanguageDocument } from '../language-document';
import type { LooseEntry, LooseList, LooseMap } from '../loose/nodes';
import type { NewCase } from './new-case';

export type CaseEdit = { ok: true; edit: TextEdit } | { ok: false; reason: string };

/** The edit that adds a case at the end of the list of cases; a list is made where there is none. */
export function addCase(document: LanguageDocument, item: NewCase): CaseEdit {
  const { root } = document.loose;
  if (document.kind !== 'eval')
    return { ok: false, reason: 'Cases can be added to eval files of the native format only.' };
  if (root !== null && (root.kind !== 'map' || root.flow))
    return { ok: false, reason: 'The file cannot be read: correct it first.' };
  const entry = root?.entries.find(({ key }) => key === 'cases');
  if (root === null || entry === undefined) return newSection(document, root, item);
  const { value } = entry;
  if (value === null || (value.kind === 'list' && value.flow && value.items.length === 0))
    return firstItem(document, entry, item);
  if (value.kind !== 'list') return { ok: false, reason: '"cases" is no list that a case could be added to.' };
  return value.flow ? flowItem(document, value, item) : blockItem(document, value, item);
}

function eolOf({ text }: LanguageDocument): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

/** A case as the item of a list, indented. */
function written(document: LanguageDocument, item: NewCase, indent: number): string {
  const list = new Document([item]);
  visit(list, {
    Scalar: (_, node) => {
      // In a block the blanks of the first line would be taken for indentation.
      if (typeof node.value === 'string' && /^\s/.test(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  const lines = list
    .toString({ lineWidth: 0, nullStr: '', doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER })
    .trimEnd()
    .split('\n');
  const pad = ' '.repeat(indent);
  return lines.map((line) => (line === '' ? '' : `${pad}${line}`)).join(eolOf(document));
}

function edit(document: LanguageDocument, span: Span, newText: string): CaseEdit {
  return { ok: true, edit: { range: document.range(span), newText } };
}

function blockItem(document: LanguageDocument, list: LooseList, item: NewCase): CaseEdit {
  const { lines } = document.loose;
  const at = lines.end(lines.at(list.end));
  return edit(document, { start: at, end: at }, `${eolOf(document)}${written(document, item, list.column)}`);
}

function flowItem(document: LanguageDocument, list: LooseList, item: NewCase): CaseEdit {
  if (document.text[list.end - 1] !== ']')
    return { ok: false, reason: 'The list of cases is not closed: correct it first.' };
  const last = list.items.at(-1);
  const at = last?.value?.end ?? list.end - 1;
  const text = stringify(item, { collectionStyle: 'flow', lineWidth: 0 }).trim();
  return edit(document, { start: at, end: at }, `, ${text}`);
}

function firstItem(document: LanguageDocument, entry: LooseEntry, item: NewCase): CaseEdit {
  const eol = eolOf(document);
  const text = `${eol}${written(document, item, 2)}`;
  const { value } = entry;
  if (value !== null) {
    const { start, end } = value;
    const blanks = /[ \t]*$/.exec(document.text.slice(0, start))?.[0].length ?? 0;
    return edit(document, { start: start - blanks, end }, text);
  }
  const { lines } = document.loose;
  const at = lines.end(lines.at(entry.colon ?? entry.keySpan.end));
  const colon = entry.colon === null ? ':' : '';
  return edit(document, { start: at, end: at }, `${colon}${text}`);
}

/** Sections that come behind the cases. */
const LATER = ['dataset', 'assert', 'load', 'slo', 'budget', 'baseline', 'regress'];

function newSection(document: LanguageDocument, root: LooseMap | null, item: NewCase): CaseEdit {
  const eol = eolOf(document);
  const section = `cases:${eol}${written(document, item, 2)}${eol}`;
  const next = root?.entries.find(({ key }) => LATER.includes(key));
  const { text } = document;
  if (next === undefined) {
    const gap = text === '' || /(?:\r\n|\n){2}$/.test(text) ? '' : /[\r\n]$/.test(text) ? eol : eol + eol;
    return edit(document, { start: text.length, end: text.length }, `${gap}${section}`);
  }
  const { lines } = document.loose;
  let line = lines.at(next.keySpan.start);
  // Comments right above a section belong to it.
  while (line > 0 && lines.isEmpty(line - 1) && !lines.isBlank(line - 1)) line--;
  const at = lines.start(line);
  return edit(document, { start: at, end: at }, `${section}${eol}`);
}
