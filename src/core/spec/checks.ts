/** What the schema cannot say of an eval file: which keys exclude each other, names that must differ, what cannot run yet. */
import { checkEndpoint } from './check-endpoint';
import { checkStage } from './check-load';
import { checkRegress } from './check-regress';
import { checkSlos, type SloContext } from './check-slo';
import { checkTemplates } from './check-template';
import { childPointer } from './pointer';
import type { Reporter } from './reporter';
import { nodeAt, type MapNode, type TreeNode } from './tree';

export function checkEvalFile(root: MapNode, context: SloContext, report: Reporter): void {
  checkPrompt(root, report);
  checkVariants(root, report);
  listAt(root, 'endpoints').forEach(({ node, pointer }) => checkEndpoint(node, pointer, true, report));
  const judge = root.entries.get('judge');
  if (judge !== undefined) checkEndpoint(judge.node, '/judge', false, report);
  const stages = stageNodes(root);
  stages.forEach(({ node, pointer }) => checkStage(node, pointer, report));
  checkSlos(nodeAt(root, ['slo']), '/slo', context, report);
  stages.forEach(({ node, pointer }) => checkSlos(nodeAt(node, ['slo']), `${pointer}/slo`, context, report));
  checkRegress(nodeAt(root, ['regress']), '/regress', report);
  const cases = listAt(root, 'cases');
  checkNames(cases, 'case', report);
  checkNames(stages, 'stage', report);
  checkNames(listAt(root, 'endpoints'), 'endpoint', report);
  checkNames(listAt(root, 'prompts'), 'variant', report);
  checkWork(root, report);
  checkTemplates(root, context.source, report);
}

export function checkNames(items: { node: TreeNode; pointer: string }[], what: string, report: Reporter): void {
  const seen = new Set<string>();
  for (const { node, pointer } of items) {
    const name = node.kind === 'map' ? node.entries.get('name')?.node : node;
    if (name?.kind !== 'scalar' || typeof name.value !== 'string') continue;
    if (!seen.has(name.value)) {
      seen.add(name.value);
      continue;
    }
    report.add({
      code: 'duplicate-name',
      message: `There is another ${what} called "${name.value}" above; results could not tell them apart.`,
      span: name.span,
      severity: 'error',
      pointer: node.kind === 'map' ? childPointer(pointer, 'name') : pointer,
    });
  }
}

function checkPrompt(root: MapNode, report: Reporter): void {
  const present = ['prompt', 'messages', 'prompts'].flatMap((key) => root.entries.get(key) ?? []);
  const given = present.filter(({ node }) => node.kind !== 'scalar' || node.value !== null);
  for (const extra of given.slice(1)) {
    report.add({
      code: 'several-prompts',
      message: `"${given[0]?.key}" already says what is asked: keep one of prompt, messages and prompts.`,
      span: extra.keySpan,
      severity: 'error',
      pointer: childPointer('', extra.key),
    });
  }
  if (given.length > 0 || isSyntheticOnly(root) || casesAskThemselves(root)) return;
  report.add({
    code: 'missing-prompt',
    message: 'The file does not say what is asked: add "prompt", "messages" or "prompts".',
    span: present[0]?.keySpan ?? report.headOf(root),
    severity: 'error',
    pointer: '',
  });
}

/** A workload of synthetic prompts, or of a trace, needs none of its own. */
function isSyntheticOnly(root: MapNode): boolean {
  const stages = stageNodes(root);
  return stages.length > 0 && stages.every(({ node }) => nodeAt(node, ['input_tokens']) !== undefined || isTrace(node));
}

/** Cases with messages or turns of their own need no prompt; what the rows of a dataset hold is known when they are read. */
function casesAskThemselves(root: MapNode): boolean {
  const cases = listAt(root, 'cases').filter(({ node }) => !isSkippedCase(node));
  if (cases.length === 0) return root.entries.has('dataset');
  return cases.every(({ node }) =>
    ['messages', 'turns'].some((key) => {
      const list = nodeAt(node, [key]);
      return list?.kind === 'list' && list.items.length > 0;
    }),
  );
}

function isSkippedCase(node: TreeNode): boolean {
  const skip = nodeAt(node, ['skip']);
  return skip?.kind === 'scalar' && skip.value !== null && skip.value !== false;
}

function isTrace(node: TreeNode): boolean {
  const pattern = nodeAt(node, ['pattern']);
  return pattern?.kind === 'scalar' && pattern.value === 'trace';
}

function checkVariants(root: MapNode, report: Reporter): void {
  for (const { node, pointer } of listAt(root, 'prompts')) {
    if (node.kind === 'scalar' && typeof node.value === 'string' && !node.value.startsWith('file://')) {
      report.add({
        code: 'unnamed-variant',
        message: 'A variant needs a name that results can show: write "name: …" and "prompt: …".',
        span: node.span,
        severity: 'error',
        pointer,
      });
    }
    if (node.kind !== 'map') continue;
    const prompt = node.entries.get('prompt');
    const messages = node.entries.get('messages');
    if ((prompt === undefined) !== (messages === undefined)) continue;
    report.add({
      code: prompt === undefined ? 'missing-prompt' : 'several-prompts',
      message: 'A variant has either "prompt" or "messages".',
      span: messages?.keySpan ?? report.headOf(node),
      severity: 'error',
      pointer,
    });
  }
}

function checkWork(root: MapNode, report: Reporter): void {
  const hasCases = listAt(root, 'cases').length > 0 || root.entries.has('dataset');
  if (hasCases || stageNodes(root).length > 0) return;
  report.add({
    code: 'nothing-to-run',
    message: 'The file has neither "cases", a "dataset" nor "load", so there is nothing to run.',
    span: root.entries.get('cases')?.keySpan ?? report.headOf(root),
    severity: 'warning',
    pointer: '',
  });
}

function listAt(root: MapNode, key: string): { node: TreeNode; pointer: string }[] {
  const list = root.entries.get(key)?.node;
  if (list?.kind !== 'list') return [];
  return list.items.map((node, index) => ({ node, pointer: childPointer(`/${key}`, index) }));
}

function stageNodes(root: MapNode): { node: TreeNode; pointer: string }[] {
  const load = root.entries.get('load')?.node;
  return load?.kind === 'map' ? [{ node: load, pointer: '/load' }] : listAt(root, 'load');
}
