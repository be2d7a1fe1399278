/** Sets and removes keys of a map, at the top of a file or one level below it. */
import { isMap, isScalar, type Node, type YAMLMap } from 'yaml';
import { UneditableError, type SourceEdit } from './source-edit';
import { blockLines, flowText, scalarText } from './write-value';
import {
  colonOf,
  entryEnd,
  entryOf,
  isNothing,
  rangeOf,
  refuseShared,
  type Entry,
  type YamlSource,
} from './yaml-source';

type Map = YAMLMap<Node, Node | null>;

/** Adds a key that the top level does not have. */
export function addToRoot(source: YamlSource, key: string, value: unknown): SourceEdit[] {
  const { root, text, eol } = source;
  if (root !== null) return [addToMap(source, root, key, value)];
  const body = blockLines({ [key]: value }).join(eol);
  const { contents } = source.document;
  if (contents !== null && isScalar(contents) && contents.source !== '' && contents.range) {
    // An explicit null.
    const [start, end] = rangeOf(contents);
    if (end > start) return [{ offset: start, length: end - start, newText: body }];
  }
  const isWhole = text === '' || text.endsWith('\n');
  return [{ offset: text.length, length: 0, newText: isWhole ? body + eol : eol + body }];
}

/** Sets `outer.key` to a text, whatever of it is there already. */
export function setNested(source: YamlSource, outer: string, key: string, value: string): SourceEdit[] {
  const { root } = source;
  const at = root === null ? undefined : entryOf(root, outer);
  if (root === null || at === undefined) return addToRoot(source, outer, { [key]: value });
  const inner = at.value;
  refuseShared(inner, `"${outer}"`);
  if (isNothing(inner)) return [giveValue(source, root, at, { [key]: value })];
  if (!isMap(inner)) throw new UneditableError(`"${outer}" is not a map of keys.`);
  const map = inner as Map;
  const known = entryOf(map, key);
  if (known === undefined) return [addToMap(source, map, key, value)];
  refuseShared(known.value, `"${outer}.${key}"`);
  if (isNothing(known.value)) return [giveValue(source, map, known, value)];
  const old = known.value;
  if (!isScalar(old)) throw new UneditableError(`"${outer}.${key}" is not a text.`);
  const [start, end] = rangeOf(old);
  // A block scalar ends with the line break that the next key needs.
  const isBlock = old.type === 'BLOCK_LITERAL' || old.type === 'BLOCK_FOLDED';
  return [{ offset: start, length: end - start, newText: scalarText(value, old) + (isBlock ? source.eol : '') }];
}

/** Removes a key with its value and, where it was the only one of a map below the top, that map. */
export function removeNested(source: YamlSource, outer: string, key: string): SourceEdit[] {
  const { root } = source;
  const at = root === null ? undefined : entryOf(root, outer);
  if (root === null || at === undefined || !isMap(at.value)) return [];
  const map = at.value as Map;
  const entry = entryOf(map, key);
  if (entry === undefined) return [];
  return map.items.length === 1 ? removeEntry(source, root, at) : removeEntry(source, map, entry);
}

/** Removes an entry of a map. */
export function removeEntry(source: YamlSource, map: Map, entry: Entry): SourceEdit[] {
  const index = map.items.indexOf(entry);
  const [start] = rangeOf(entry.key);
  const end = entryEnd(entry, source.text);
  if (map.flow === true)
    return removeFromFlow(
      source,
      map.items.map((item) => spanOf(source, item)),
      index,
    );
  if (!source.isFirstOnLine(start)) throw new UneditableError('The key to be removed does not start its line.');
  return [source.removeLines(start, source.blockEnd(end, source.column(start)))];
}

/** Removes one of the elements of a collection in brackets, with the comma that parted it from its neighbour. */
export function removeFromFlow(
  source: YamlSource,
  spans: readonly (readonly [start: number, end: number])[],
  index: number,
): SourceEdit[] {
  const span = spans[index];
  if (span === undefined) return [];
  const [start, end] = span;
  const previous = spans[index - 1];
  if (previous !== undefined) {
    const comma = commaAfter(source.text, previous[1]);
    const between = source.text.slice(comma + 1, start);
    if (between.trim() === '' && !between.includes('\n')) return [{ offset: comma, length: end - comma, newText: '' }];
    return [
      { offset: comma, length: 1, newText: '' },
      { offset: start, length: end - start, newText: '' },
    ];
  }
  const next = spans[1];
  const comma = commaAfter(source.text, end);
  if (comma < 0) return [{ offset: start, length: end - start, newText: '' }];
  const between = next === undefined ? '' : source.text.slice(comma + 1, next[0]);
  if (next !== undefined && between.trim() === '' && !between.includes('\n'))
    return [{ offset: start, length: next[0] - start, newText: '' }];
  return [
    { offset: start, length: end - start, newText: '' },
    { offset: comma, length: 1, newText: '' },
  ];
}

/** Adds a key to a map that does not have it, behind its last one. */
function addToMap(source: YamlSource, map: Map, key: string, value: unknown): SourceEdit {
  const last = map.items.at(-1);
  if (map.flow === true) {
    const text = flowText({ [key]: value }).replace(/^\{\s*|\s*\}$/g, '');
    if (last === undefined) return { offset: rangeOf(map)[0] + 1, length: 0, newText: ` ${text} ` };
    return { offset: entryEnd(last, source.text), length: 0, newText: `, ${text}` };
  }
  const first = map.items[0];
  if (first === undefined || last === undefined) throw new UneditableError('The map is empty.');
  const column = source.column(rangeOf(first.key)[0]);
  if (!source.isFirstOnLine(rangeOf(last.key)[0]) && map.items.length > 1)
    throw new UneditableError('Several keys share a line.');
  const lines = blockLines({ [key]: value }).map((line) => indented(line, column));
  return {
    offset: source.blockEnd(entryEnd(last, source.text), column),
    length: 0,
    newText: source.eol + lines.join(source.eol),
  };
}

/** Gives a value to a key that has none. */
function giveValue(source: YamlSource, map: Map, entry: Entry, value: unknown): SourceEdit {
  const colon = colonOf(entry);
  const { value: old } = entry;
  const [start, end] = old === null ? [colon + 1, colon + 1] : rangeOf(old);
  if (end > start) {
    // An explicit null, replaced where it stands.
    return { offset: start, length: end - start, newText: flowText(value) };
  }
  if (map.flow === true || typeof value === 'string')
    return { offset: colon + 1, length: 0, newText: ` ${flowText(value)}` };
  const column = source.column(rangeOf(entry.key)[0]) + 2;
  const lines = blockLines(value).map((line) => indented(line, column));
  return { offset: source.lineEnd(colon), length: 0, newText: source.eol + lines.join(source.eol) };
}

/** Gives a list to a key that has no value, as its first item. */
export function giveList(source: YamlSource, map: Map, entry: Entry, item: unknown): SourceEdit {
  return giveValue(source, map, entry, [item]);
}

export function indented(line: string, column: number): string {
  return line === '' ? '' : ' '.repeat(column) + line;
}

function spanOf(source: YamlSource, entry: Entry): readonly [number, number] {
  return [rangeOf(entry.key)[0], entryEnd(entry, source.text)];
}

/** Offset of the next comma, comments passed over; -1 where the collection ends before it. */
function commaAfter(text: string, offset: number): number {
  for (let at = offset; at < text.length; at++) {
    const char = text[at];
    if (char === ',') return at;
    if (char === ']' || char === '}') return -1;
    if (char === '#') {
      const end = text.indexOf('\n', at);
      if (end < 0) return -1;
      at = end;
    }
  }
  return -1;
}
