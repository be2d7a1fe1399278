/** SLOs on what their stage cannot produce: they would come out as inconclusive, after the run has been paid for. */
import { metricOf } from '../../metrics/definitions';
import { shareOfPercentile } from '../../metrics/stat';
import { numberOf } from '../../spec/node-values';
import type { Finding, Reporter } from '../../spec/reporter';
import { BUILTIN_ENDPOINT } from '../../spec/references';
import { nodeAt, type MapNode, type TreeNode } from '../../spec/tree';
import type { SemanticScope } from './check';
import { cutItem } from './move-slo';
import { textOf, type FoundSlo, type FoundSlos } from './slos';

export function checkMeasurable(root: MapNode, found: FoundSlos, context: SemanticScope, report: Reporter): void {
  const said = new Set<string>();
  for (const slo of found.slos) {
    const problem = problemOf(slo, root, found, context);
    // Of a preset several objectives may have the same fault.
    if (problem === undefined || said.has(`${slo.pointer} ${problem.message}`)) continue;
    said.add(`${slo.pointer} ${problem.message}`);
    report.add({ span: report.headOf(slo.node), pointer: slo.pointer, ...problem });
  }
}

type Problem = Pick<Finding, 'code' | 'message' | 'severity'> & Pick<Finding, 'suggestions'>;

function problemOf(slo: FoundSlo, root: MapNode, found: FoundSlos, context: SemanticScope): Problem | undefined {
  const { metric } = slo.parsed;
  switch (metricOf(metric)?.kind) {
    case 'quality':
      return qualityProblem(slo, root, context);
    case 'cost':
      return costProblem(metric, root, context);
    case 'latency':
      return latencyProblem(metric, root);
    default:
      return metric === 'goodput' || metric === 'goodput_ratio' ? goodputProblem(slo, root, found) : undefined;
  }
}

function warning(message: string): Problem {
  return { code: 'unmeasurable-slo', message, severity: 'warning' };
}

function qualityProblem(
  { parsed, node, stage }: FoundSlo,
  root: MapNode,
  { source }: SemanticScope,
): Problem | undefined {
  const move = stage === null ? undefined : cutItem(root, stage.node, node, source);
  const suggestions = move === undefined ? [] : [{ title: 'Move it to the "slo" of the file', edits: move }];
  if (stage !== null && isMadeUp(stage.node)) {
    const message = `The made-up prompts of this stage have no right answer, so "${parsed.expr}" cannot be judged on it; move it to the "slo" of the file, or let the stage send the cases.`;
    return { code: 'misplaced-slo', message, severity: 'error', suggestions };
  }
  if (parsed.metric === 'quality.flake_rate') {
    if (stage !== null)
      return {
        ...warning(
          'Flakiness is how the repeats of a case disagree, and a load stage has none: it is judged on the cases.',
        ),
        suggestions,
      };
    if (!repeats(root))
      return warning('Flakiness is how the repeats of a case disagree, and no case is asked twice: set "repeat".');
  }
  const cases = nodeAt(root, ['cases']);
  const hasCases = (cases?.kind === 'list' && cases.items.length > 0) || root.entries.has('dataset');
  return hasCases ? undefined : warning(`"${parsed.metric}" is judged on the cases, and the file has none.`);
}

function isMadeUp(stage: MapNode): boolean {
  return (
    textOf(stage, 'pattern') === 'trace' ||
    (nodeAt(stage, ['input_tokens']) !== undefined && nodeAt(stage, ['cases']) === undefined)
  );
}

function repeats(root: MapNode): boolean {
  if ((numberOf(root, 'repeat') ?? 1) > 1 || root.entries.has('dataset')) return true;
  const cases = nodeAt(root, ['cases']);
  return (
    cases?.kind === 'list' && cases.items.some((item) => item.kind === 'map' && (numberOf(item, 'repeat') ?? 1) > 1)
  );
}

function costProblem(metric: string, root: MapNode, context: SemanticScope): Problem | undefined {
  const endpoints = targets(root, context);
  if (endpoints === null) return undefined;
  const isPriced = ({ price, perHour }: Priced): boolean => price || (metric !== 'cost' && perHour);
  const unpriced = endpoints.filter((endpoint) => !isPriced(endpoint));
  if (unpriced.length === 0) return undefined;
  const names = unpriced.map(({ name }) => `"${name}"`).join(', ');
  const needs = metric === 'cost' ? 'a "price"' : 'a "price", or "hardware" with "cost_per_hour"';
  return warning(
    `The cost of ${names} is not known: the endpoint needs ${needs}. Without it "${metric}" stays undecided.`,
  );
}

interface Priced {
  name: string;
  price: boolean;
  perHour: boolean;
}

/** The endpoints of the file with what is known of their prices; null where one of them is not known. */
function targets(root: MapNode, { workspace, complete }: SemanticScope): Priced[] | null {
  const shared = (name: string): Priced | null => {
    const endpoint = workspace?.endpoints?.find((item) => item.name === name);
    if (endpoint !== undefined)
      return { name, price: endpoint.price !== undefined, perHour: endpoint.hardware?.cost_per_hour !== undefined };
    // The simulator costs nothing, and says nothing of a price.
    return name === BUILTIN_ENDPOINT ? { name, price: false, perHour: false } : null;
  };
  const list = nodeAt(root, ['endpoints']);
  if (list?.kind === 'list' && list.items.length > 0) {
    const found = list.items.map((item): Priced | null => {
      if (item.kind === 'scalar') return shared(String(item.value));
      return {
        name: textOf(item, 'name') ?? '',
        price: nodeAt(item, ['price']) !== undefined,
        perHour: nodeAt(item, ['hardware', 'cost_per_hour']) !== undefined,
      };
    });
    return found.every((endpoint) => endpoint !== null) ? found : null;
  }
  // The user's settings may name another default.
  if (!complete || workspace?.defaults?.endpoint === undefined) return null;
  const fallback = shared(workspace.defaults.endpoint);
  return fallback === null ? null : [fallback];
}

function latencyProblem(metric: string, root: MapNode): Problem | undefined {
  if (metric !== 'itl' && metric !== 'tpot') return undefined;
  const limit = ['max_tokens', 'max_completion_tokens'].flatMap((key) => {
    const node = nodeAt(root, ['params', key]);
    return node?.kind === 'scalar' && typeof node.value === 'number' ? [node.value] : [];
  })[0];
  if (limit === undefined || limit > 1) return undefined;
  return warning(`An answer of one token has no time between tokens: raise "max_tokens", or leave "${metric}" out.`);
}

/** What decides whether a request is good: a limit on a latency in the same list, or an assertion. */
function goodputProblem(slo: FoundSlo, root: MapNode, { slos, stages }: FoundSlos): Problem | undefined {
  if (hasAssertions(root)) return undefined;
  const judgedOn = slo.stage === null ? stages : [slo.stage];
  const limits = slos.filter(({ parsed }) => isLimit(parsed.metric, parsed.op, parsed.stat));
  const isBare = (pointer: string): boolean => !limits.some(({ stage }) => stage === null || stage.pointer === pointer);
  const bare = judgedOn.length === 0 ? limits.length === 0 : judgedOn.some(({ pointer }) => isBare(pointer));
  return bare
    ? warning(
        'Nothing says when a request is good: add a limit on a latency, such as "ttft.p99 <= 300ms", or assertions.',
      )
    : undefined;
}

function isLimit(metric: string, op: string, stat: string | null): boolean {
  return (
    ['ttft', 'ttft_sent', 'ttfat', 'itl', 'tpot', 'e2e', 'e2e_sent'].includes(metric) &&
    (op === '<=' || op === '<') &&
    (stat === 'max' || stat === 'mean' || shareOfPercentile(stat ?? '') !== null)
  );
}

function hasAssertions(root: MapNode): boolean {
  const hasItems = (node: TreeNode | undefined): boolean => node?.kind === 'list' && node.items.length > 0;
  if (hasItems(nodeAt(root, ['assert'])) || root.entries.has('dataset')) return true;
  const cases = nodeAt(root, ['cases']);
  return cases?.kind === 'list' && cases.items.some((item) => hasItems(nodeAt(item, ['assert'])));
}
