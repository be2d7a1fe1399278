/** The edits that move an SLO from a stage to the file. */
import type { Span, MapNode, TreeNode } from '../../spec/tree';

interface SpanEdit {
  span: Span;
  newText: string;
}

/** Undefined where the text around it does not allow it: a list in one line is left to its author. */
export function cutItem(root: MapNode, stage: MapNode, node: TreeNode, source: string): SpanEdit[] | undefined {
  const own = stage.entries.get('slo');
  if (own === undefined || own.merged || root.flow || stage.flow || source[node.span.start] === '*') return undefined;
  const text = source.slice(node.span.start, node.span.end);
  if (/[\r\n]/.test(text)) return undefined;
  const cut =
    own.node.kind === 'list' && own.node.items.length > 1
      ? itemSpan(own.node.flow, node, source)
      : lineOf(own.keySpan, own.node.span, source);
  if (cut === undefined) return undefined;
  const target = root.entries.get('slo');
  const eol = source.includes('\r\n') ? '\r\n' : '\n';
  if (target === undefined) {
    const end = source.length;
    const newText = `${/(?:^|[\r\n])$/.test(source) ? '' : eol}slo:${eol}  - ${text}${eol}`;
    return [
      { span: cut, newText: '' },
      { span: { start: end, end }, newText },
    ];
  }
  if (target.merged || target.node.kind !== 'list') return undefined;
  const last = target.node.items.at(-1);
  if (last === undefined || source[last.span.start] === '*') return undefined;
  const at = last.span.end;
  if (target.node.flow)
    return [
      { span: cut, newText: '' },
      { span: { start: at, end: at }, newText: `, ${text}` },
    ];
  const lineStart = source.lastIndexOf('\n', last.span.start - 1) + 1;
  const dash = /^[ \t]*-[ \t]*/.exec(source.slice(lineStart))?.[0];
  if (dash === undefined || last.kind !== 'scalar') return undefined;
  const lineEnd = at + (/^[^\r\n]*/.exec(source.slice(at))?.[0].length ?? 0);
  return [
    { span: cut, newText: '' },
    { span: { start: lineEnd, end: lineEnd }, newText: `${eol}${dash}${text}` },
  ];
}

function itemSpan(flow: boolean, node: TreeNode, source: string): Span | undefined {
  if (flow) {
    const after = /^\s*,[ \t]*/.exec(source.slice(node.span.end));
    if (after !== null) return { start: node.span.start, end: node.span.end + after[0].length };
    const before = /,\s*$/.exec(source.slice(0, node.span.start));
    return before === null ? undefined : { start: before.index, end: node.span.end };
  }
  return lineOf(node.span, node.span, source);
}

/** Whole lines, from that of a key or dash to that of the end of its value. */
function lineOf(key: Span, value: Span, source: string): Span | undefined {
  const start = Math.max(source.lastIndexOf('\n', key.start - 1), source.lastIndexOf('\r', key.start - 1)) + 1;
  if (!/^[ \t]*(?:-[ \t]*)?$/.test(source.slice(start, key.start))) return undefined;
  // A key behind the dash of its stage takes the dash with it.
  if (/-/.test(source.slice(start, key.start)) && key !== value) return undefined;
  const rest = /^[^\r\n]*(?:\r\n|\r|\n|$)/.exec(source.slice(value.end))?.[0] ?? '';
  return { start, end: value.end + rest.length };
}
