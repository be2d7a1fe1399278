/** Appends to and removes from a list under a key at the top of a file. */
import { isCollection, isSeq, type Node, type YAMLSeq } from 'yaml';
import { addToRoot, giveList, indented, removeEntry, removeFromFlow } from './edit-map';
import { UneditableError, type SourceEdit } from './source-edit';
import { blockLines, flowText } from './write-value';
import { contentEnd, dashesOf, entryOf, isNothing, rangeOf, refuseShared, type YamlSource } from './yaml-source';

/** Adds an item to the end of the list under `key`, which is made where there is none. */
export function appendItem(source: YamlSource, key: string, item: unknown): SourceEdit[] {
  const { root } = source;
  const entry = root === null ? undefined : entryOf(root, key);
  if (root === null || entry === undefined) return addToRoot(source, key, [item]);
  refuseShared(entry.value, `"${key}"`);
  if (isNothing(entry.value)) return [giveList(source, root, entry, item)];
  const list = listOf(entry.value, key);
  const last = list.items.at(-1);
  if (list.flow === true) {
    if (last === undefined) return [{ offset: rangeOf(list)[0] + 1, length: 0, newText: flowText(item) }];
    return [{ offset: contentEnd(last, source.text), length: 0, newText: `, ${flowText(item)}` }];
  }
  const dashes = dashesOf(list);
  const dash = dashes.at(-1);
  if (last === undefined || dash === undefined) throw new UneditableError(`"${key}" is an empty list.`);
  if (!source.isFirstOnLine(dash)) throw new UneditableError(`An item of "${key}" does not start its line.`);
  const column = source.column(dash);
  const lines = blockLines([item]).map((line) => indented(line, column));
  const end = source.blockEnd(contentEnd(list, source.text), column);
  return [{ offset: end, length: 0, newText: source.eol + lines.join(source.eol) }];
}

/** Removes an item, and the key with the last of its items. Comments between the items stay. */
export function removeItem(source: YamlSource, key: string, index: number): SourceEdit[] {
  const { root } = source;
  const entry = root === null ? undefined : entryOf(root, key);
  if (root === null || entry === undefined) throw new UneditableError(`The file has no "${key}" any more.`);
  refuseShared(entry.value, `"${key}"`);
  const list = listOf(entry.value, key);
  const item = list.items[index];
  if (item === undefined) throw new UneditableError(`"${key}" has no item ${index + 1} any more.`);
  if (isCollection(item) && (item.anchor !== undefined || item.tag?.startsWith('!') === true))
    throw new UneditableError(`Item ${index + 1} of "${key}" carries an anchor or a tag.`);
  if (list.flow === true) return removeFromFlow(source, list.items.map(rangeOf), index);
  if (list.items.length === 1) return removeEntry(source, root, entry);
  const dash = dashesOf(list)[index];
  if (dash === undefined || !source.isFirstOnLine(dash))
    throw new UneditableError(`Item ${index + 1} of "${key}" does not start its line.`);
  return [
    source.removeLines(dash, source.blockEnd(Math.max(contentEnd(item, source.text), dash + 1), source.column(dash))),
  ];
}

function listOf(node: Node | null, key: string): YAMLSeq<Node> {
  if (!isSeq(node)) throw new UneditableError(`"${key}" is not a list.`);
  return node as unknown as YAMLSeq<Node>;
}
