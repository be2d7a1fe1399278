/** Load stages: the keys that each pattern needs, and lengths that leave something to measure. */
import type { LoadPattern } from '../../protocol/plan';
import { childPointer } from './pointer';
import type { Reporter } from './reporter';
import { MAX_RATE } from '../load/schedule';
import { ARRIVAL_KEYS, PATTERN_KEYS } from './schema-load';
import type { MapNode, TreeNode } from './tree';
import { checkArrivals, checkContent } from './check-arrivals';
import { durationOf, textOf } from './node-values';
import { parseRatePerS } from './units';

export function checkStage(node: TreeNode, pointer: string, report: Reporter): void {
  if (node.kind !== 'map') return;
  const patternNode = node.entries.get('pattern')?.node;
  const pattern = patternNode?.kind === 'scalar' ? String(patternNode.value) : '';
  checkName(node, pointer, report);
  checkRates(node, pattern, pointer, report);
  if (!Object.hasOwn(PATTERN_KEYS, pattern) || patternNode === undefined) return;
  const keys = PATTERN_KEYS[pattern as LoadPattern];
  for (const key of keys.required) {
    if (node.entries.has(key)) continue;
    report.add({
      code: 'missing-key',
      message: `A stage with "pattern: ${pattern}" needs "${key}".`,
      span: patternNode.span,
      severity: 'error',
      pointer,
    });
  }
  for (const entry of node.entries.values()) {
    if (!ARRIVAL_KEYS.includes(entry.key) || keys.required.includes(entry.key) || keys.allowed.includes(entry.key))
      continue;
    report.add({
      code: 'unused-key',
      message: `"${entry.key}" has no effect with "pattern: ${pattern}".`,
      span: entry.keySpan,
      severity: 'warning',
      pointer: childPointer(pointer, entry.key),
    });
  }
  checkLength(node, patternNode, pointer, report);
  checkArrivals(pattern as LoadPattern, node, pointer, report);
  checkContent(pattern as LoadPattern, node, pointer, report);
}

function checkName(node: MapNode, pointer: string, report: Reporter): void {
  const name = node.entries.get('name')?.node;
  if (name?.kind !== 'scalar' || name.value !== 'cases') return;
  report.add({
    code: 'reserved-name',
    message: 'The stage "cases" is the one in which the cases are asked; give this one another name.',
    span: name.span,
    severity: 'error',
    pointer: childPointer(pointer, 'name'),
  });
}

function checkRates(node: MapNode, pattern: string, pointer: string, report: Reporter): void {
  for (const key of ['rate', 'concurrency', 'base', 'peak', 'from', 'to']) {
    const value = node.entries.get(key)?.node;
    const single = value === undefined ? [] : value.kind === 'list' ? value.items : [value];
    single.forEach((item, index) => {
      if (item.kind !== 'scalar' || typeof item.value !== 'string') return;
      const rate = parseRatePerS(item.value);
      if (rate === null || (rate > 0 && rate <= MAX_RATE)) return;
      if (rate === 0 && mayBeZero(node, pattern, key)) return;
      const at = childPointer(pointer, key);
      report.add({
        code: 'out-of-range',
        message: `A rate must be above 0 and at most ${MAX_RATE}/s, not ${item.value}.`,
        span: item.span,
        severity: 'error',
        pointer: value?.kind === 'list' ? childPointer(at, index) : at,
      });
    });
    if (value?.kind === 'list' && value.items.length === 0) {
      report.add({
        code: 'empty-list',
        message: `"${key}" needs at least one item.`,
        span: value.span,
        severity: 'error',
        pointer: childPointer(pointer, key),
      });
    }
  }
}

/** Nothing comes between two bursts, or at the very start of a ramp: both are patterns of their own, not slips. */
function mayBeZero(node: MapNode, pattern: string, key: string): boolean {
  if (key === 'base') return true;
  return key === 'from' && pattern === 'ramp' && textOf(node, 'shape') !== 'exponential';
}

function checkLength(node: MapNode, patternNode: TreeNode, pointer: string, report: Reporter): void {
  const pattern = patternNode.kind === 'scalar' ? patternNode.value : undefined;
  // A trace ends by itself.
  if (pattern !== 'trace' && !node.entries.has('duration') && !node.entries.has('requests')) {
    report.add({
      code: 'missing-key',
      message: 'A stage needs "duration" or "requests", or it would never end.',
      span: patternNode.span,
      severity: 'error',
      pointer,
    });
    return;
  }
  const duration = durationOf(node, 'duration');
  if (duration === undefined) return;
  const spent = (durationOf(node, 'warmup') ?? 0) + (durationOf(node, 'cooldown') ?? 0);
  if (duration > spent) return;
  const entry = node.entries.get('warmup') ?? node.entries.get('cooldown') ?? node.entries.get('duration');
  report.add({
    code: 'nothing-measured',
    message:
      spent === 0
        ? 'A stage of no length measures nothing.'
        : '"warmup" and "cooldown" take up the whole "duration": nothing is left to measure.',
    span: entry?.node.span ?? node.span,
    severity: 'error',
    pointer: childPointer(pointer, entry?.key ?? 'duration'),
  });
}
