/** Cases whose answers nothing judges: they pass whatever the model says. */
import { metricOf } from '../../metrics/definitions';
import { nameCase } from '../../spec/naming';
import { childPointer } from '../../spec/pointer';
import type { Finding, Reporter } from '../../spec/reporter';
import { nodeAt, toPlain, type MapNode, type TreeNode } from '../../spec/tree';
import { slosIn } from './slos';

/** More of them are one decision of their author, which one finding is enough for. */
const MAX_SHOWN = 20;

export function checkUnjudged(root: MapNode, source: string, report: Reporter): void {
  if (hasItems(nodeAt(root, ['assert']))) return;
  const list = nodeAt(root, ['cases']);
  if (list?.kind !== 'list') return;
  const cases = list.items.flatMap((node, index) =>
    node.kind === 'map' && !isSkipped(node) ? [{ node, pointer: childPointer('/cases', index) }] : [],
  );
  const unjudged = cases.filter(({ node }) => !isJudged(node));
  if (unjudged.length === 0) return;
  const asksForQuality = slosIn(root, {}).slos.some(({ parsed }) => metricOf(parsed.metric)?.kind === 'quality');
  const isAll = unjudged.length === cases.length;
  // Cases that only load a server need no right answer.
  if (isAll && !asksForQuality && nodeAt(root, ['load']) !== undefined) return;
  if (isAll && !asksForQuality && root.entries.has('dataset')) return;
  for (const { node, pointer } of unjudged.slice(0, isAll ? 1 : MAX_SHOWN)) {
    const name = nameCase(toPlain(node)).name;
    report.add({
      code: 'unjudged-case',
      message:
        isAll && unjudged.length > 1
          ? 'No case has an assertion, and neither has the file: every answer passes, whatever it says.'
          : `No assertion judges "${name}": its answer passes, whatever it says.`,
      span: report.headOf(node),
      severity: asksForQuality ? 'warning' : 'info',
      pointer,
      suggestions: addition(node, source),
    });
  }
}

function hasItems(node: TreeNode | undefined): boolean {
  return node?.kind === 'list' && node.items.length > 0;
}

function isSkipped(node: MapNode): boolean {
  const skip = nodeAt(node, ['skip']);
  return skip?.kind === 'scalar' && skip.value !== null && skip.value !== false;
}

function isJudged(node: MapNode): boolean {
  if (hasItems(nodeAt(node, ['assert']))) return true;
  const turns = nodeAt(node, ['turns']);
  return turns?.kind === 'list' && turns.items.some((turn) => hasItems(nodeAt(turn, ['assert'])));
}

/** The edit that gives a case an assertion to fill in. */
function addition(node: MapNode, source: string): NonNullable<Finding['suggestions']> {
  const entries = [...node.entries.values()].filter(({ merged }) => !merged);
  const last = entries.at(-1);
  if (last === undefined || node.entries.has('assert')) return [];
  const title = 'Add an assertion';
  const at = Math.max(last.keySpan.end, last.node.span.end);
  // Behind an alias there is no telling where the case ends.
  if (last.node.span.end < last.keySpan.end && last.node.span.end > 0) return [];
  if (node.flow) return [{ title, edits: [{ span: { start: at, end: at }, newText: ", assert: [{ contains: '' }]" }] }];
  const lineStart =
    Math.max(source.lastIndexOf('\n', last.keySpan.start - 1), source.lastIndexOf('\r', last.keySpan.start - 1)) + 1;
  const indent = source.slice(lineStart, last.keySpan.start).replace(/[^ ]/g, ' ');
  const lineEnd = at + (/^[^\r\n]*/.exec(source.slice(at))?.[0].length ?? 0);
  const eol = source.includes('\r\n') ? '\r\n' : '\n';
  const newText = `${eol}${indent}assert:${eol}${indent}  - contains: ''`;
  return [{ title, edits: [{ span: { start: lineEnd, end: lineEnd }, newText }] }];
}
