/** SLO lists: every text must be a preset or an expression; what is wrong is marked within the text. */
import { childPointer } from './pointer';
import type { Reporter } from './reporter';
import { mapScalar, spanInScalar } from './scalar-map';
import { readSlo, type WorkspacePresets } from './spec-slo';
import type { ScalarNode, TreeNode } from './tree';

export interface SloContext {
  source: string;
  presets: WorkspacePresets;
  /** Whether `presets` are all there are; without a workspace at hand an unknown name is no more than a suspicion. */
  complete: boolean;
}

export function checkSlos(node: TreeNode | undefined, pointer: string, context: SloContext, report: Reporter): void {
  if (node === undefined) return;
  if (node.kind !== 'list') {
    checkItem(node, pointer, context, report);
    return;
  }
  node.items.forEach((item, index) => checkItem(item, childPointer(pointer, index), context, report));
}

function checkItem(node: TreeNode, pointer: string, context: SloContext, report: Reporter): void {
  if (node.kind === 'scalar') return checkText(node, pointer, context, report);
  if (node.kind !== 'map') return;
  const expr = node.entries.get('expr')?.node;
  if (expr?.kind === 'scalar') checkText(expr, childPointer(pointer, 'expr'), context, report);
}

/** An expression of a preset of the workspace file, where presets cannot nest. */
export function checkExpression(node: TreeNode, pointer: string, source: string, report: Reporter): void {
  if (node.kind === 'scalar') checkText(node, pointer, { source, presets: {}, complete: true }, report);
}

function checkText(node: ScalarNode, pointer: string, context: SloContext, report: Reporter): void {
  if (typeof node.value !== 'string') return;
  const read = readSlo(node.value, context.presets);
  if (read.kind === 'unknown-preset') {
    report.add({
      code: 'unknown-preset',
      message: read.message,
      span: innerSpan(node, context.source),
      severity: context.complete ? 'error' : 'warning',
      pointer,
      replacements: read.near,
    });
  } else if (read.kind === 'error') {
    const { message, offset, length, suggestions } = read.error;
    report.add({
      code: 'bad-slo',
      message,
      span: length === 0 ? node.span : spanInScalar(node, context.source, offset, length),
      severity: 'error',
      pointer,
      replacements: suggestions,
    });
  }
}

/** The text without its quotes. */
function innerSpan(node: ScalarNode, source: string) {
  const map = mapScalar(node, source);
  return { start: map[0] ?? node.span.start, end: map.at(-1) ?? node.span.end };
}
