/** `regress`: every key must be a number that has a test, every value a tolerance of it. */
import { parseRegressKey, parseTolerance } from '../compare/regress-rule';
import { childPointer } from './pointer';
import type { Reporter } from './reporter';
import type { TreeNode } from './tree';

export function checkRegress(node: TreeNode | undefined, pointer: string, report: Reporter): void {
  if (node?.kind !== 'map') return;
  const seen = new Map<string, string>();
  for (const { key, keySpan, node: value } of node.entries.values()) {
    const at = childPointer(pointer, key);
    const subject = parseRegressKey(key);
    if (!subject.ok) {
      report.add({
        code: 'bad-regress',
        message: subject.message,
        span: keySpan,
        severity: 'error',
        pointer: at,
        replacements: subject.suggestions,
      });
      continue;
    }
    const { metric, stat, definition } = subject;
    const name = stat === null ? metric : `${metric}.${stat}`;
    const before = seen.get(name);
    if (before !== undefined) {
      report.add({
        code: 'duplicate-key',
        message: `"${key}" and "${before}" are the same number, ${name}; remove one of the two.`,
        span: keySpan,
        severity: 'error',
        pointer: at,
      });
      continue;
    }
    seen.set(name, key);
    if (value.kind !== 'scalar' || (typeof value.value !== 'string' && typeof value.value !== 'number')) continue;
    const parsed = parseTolerance(value.value, definition);
    if (parsed.ok) continue;
    report.add({
      code: 'bad-regress',
      message: parsed.message,
      span: value.span,
      severity: 'error',
      pointer: at,
      replacements: parsed.suggestions,
    });
  }
}
