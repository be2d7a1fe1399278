/** What has to be cut out of a text for a key to be gone, with its value and without a trace. */
import type { MapEntry, MapNode, Span } from '../../spec/tree';

/** A key and the map that it stands in. */
export interface Owner {
  map: MapNode;
  entry: MapEntry;
}

/**
 * The span of `entry`, a key of the map that `owner` is the key of. Where it is the only one, its owner goes with it. Null
 * where it cannot be told from what is around it.
 */
export function removalOf(entry: MapEntry, owner: Owner, source: string): Span | null {
  const map = owner.entry.node;
  if (map.kind !== 'map') return null;
  const own = [...map.entries.values()].filter(({ merged }) => !merged);
  if (own.length === map.entries.size && own.length === 1) return cut(owner.entry, owner.map, source);
  return cut(entry, map, source);
}

function cut(entry: MapEntry, map: MapNode, source: string): Span | null {
  const start = entry.keySpan.start;
  const end = Math.max(entry.keySpan.end, entry.node.span.end);
  // Where an anchor stands in it, something else depends on it.
  if (/(?:^|[\s,[{:])&\w/.test(source.slice(start, end))) return null;
  return map.flow ? cutFlow(start, end, source) : cutBlock(start, end, entry, map, source);
}

function cutFlow(start: number, end: number, source: string): Span {
  const after = /^\s*,[ \t]*/.exec(source.slice(end));
  if (after !== null) return { start, end: end + after[0].length };
  const before = /,\s*$/.exec(source.slice(0, start));
  return { start: before === null ? start : before.index, end };
}

function cutBlock(start: number, end: number, entry: MapEntry, map: MapNode, source: string): Span | null {
  const lineStart = Math.max(source.lastIndexOf('\n', start - 1), source.lastIndexOf('\r', start - 1)) + 1;
  const rest = /^[^\r\n]*(?:\r\n|\r|\n|$)/.exec(source.slice(end))?.[0] ?? '';
  if (/^[ \t]*$/.test(source.slice(lineStart, start))) return { start: lineStart, end: end + rest.length };
  // The first key behind a dash: the next one takes its place.
  const next = [...map.entries.values()].find(({ keySpan, merged }) => !merged && keySpan.start > entry.keySpan.start);
  return next === undefined ? null : { start, end: next.keySpan.start };
}

/** Spans in the order of the text, those that touch or overlap joined. */
export function withoutOverlaps(spans: readonly Span[]): Span[] {
  const joined: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last !== undefined && span.start <= last.end) last.end = Math.max(last.end, span.end);
    else joined.push({ ...span });
  }
  return joined;
}
