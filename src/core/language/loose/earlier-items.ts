/** What the tree of a text can take over from that of the text before an edit: a keystroke leaves most of a long file as it is. */
import type { LooseItem, LooseNode, LooseTree, OuterItem } from './nodes';
import type { SourceLines } from './source-lines';

export class EarlierItems {
  /** Lines before this one are the same in both texts, and so are their places. */
  private readonly firstChanged: number;
  /** From this line of the earlier text on, both go on in the same way. */
  private readonly firstSame: number;
  /** How far what follows the change has moved. */
  private readonly movedBy: number;
  private readonly linesMovedBy: number;

  constructor(
    private readonly before: LooseTree,
    text: string,
    lines: SourceLines,
  ) {
    const head = commonHead(before.text, text);
    const tail = commonTail(before.text, text, head);
    // A line end belongs to the line before it, and what follows a CR decides whether it is one.
    this.firstChanged = before.lines.at(Math.max(0, head - 1));
    this.firstSame = before.lines.at(before.text.length - tail) + 1;
    this.movedBy = text.length - before.text.length;
    this.linesMovedBy = lines.count - before.lines.count;
  }

  /** The item that starts at a line of the new text, at its place in it; undefined where it has to be read anew. */
  take(line: number, column: number, depth: number): OuterItem | undefined {
    const { outerItems } = this.before;
    const unmoved = line < this.firstChanged ? outerItems.get(line) : undefined;
    if (unmoved !== undefined && unmoved.seen < this.firstChanged)
      return unmoved.column === column && unmoved.depth === depth ? unmoved : undefined;
    const earlier = line - this.linesMovedBy;
    const moved = earlier >= this.firstSame ? outerItems.get(earlier) : undefined;
    if (moved === undefined || moved.column !== column || moved.depth !== depth) return undefined;
    const by = this.movedBy;
    return {
      ...moved,
      item: by === 0 ? moved.item : movedItem(moved.item, by),
      next: moved.next + this.linesMovedBy,
      seen: moved.seen + this.linesMovedBy,
    };
  }
}

/** Characters that two texts have in common at their start. */
function commonHead(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let same = 0;
  while (same < most && a.charCodeAt(same) === b.charCodeAt(same)) same++;
  return same;
}

/** Characters that they have in common at their end, without those at the start. */
function commonTail(a: string, b: string, head: number): number {
  const most = Math.min(a.length, b.length) - head;
  let same = 0;
  while (same < most && a.charCodeAt(a.length - 1 - same) === b.charCodeAt(b.length - 1 - same)) same++;
  return same;
}

function movedItem({ start, value }: LooseItem, by: number): LooseItem {
  return { start: start + by, value: movedNode(value, by) };
}

/** A copy: the earlier tree may still be in use. */
function movedNode(node: LooseNode | null, by: number): LooseNode | null {
  if (node === null) return null;
  const place = { start: node.start + by, end: node.end + by };
  if (node.kind === 'scalar') return { ...node, ...place };
  if (node.kind === 'list') return { ...node, ...place, items: node.items.map((item) => movedItem(item, by)) };
  return {
    ...node,
    ...place,
    entries: node.entries.map(({ key, keySpan, colon, value }) => ({
      key,
      keySpan: { start: keySpan.start + by, end: keySpan.end + by },
      colon: colon === null ? null : colon + by,
      value: movedNode(value, by),
    })),
  };
}
