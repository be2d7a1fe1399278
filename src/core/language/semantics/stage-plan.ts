/** How many requests a stage will measure, as far as its file says. */
import { durationOf, numberOf, textOf } from '../../spec/node-values';
import { nodeAt, type MapNode, type TreeNode } from '../../spec/tree';
import { parseRatePerS } from '../../spec/units';

export interface MeasuredRequests {
  /** Of the shortest sub-stage, where a list makes several. */
  count: number;
  /** Requests per second, where time decides how many there are. */
  ratePerS?: number;
}

/** Requests that the statistics of a stage rest on; undefined where they depend on how fast it is answered. */
export function measuredRequests(stage: MapNode): MeasuredRequests | undefined {
  const pattern = textOf(stage, 'pattern');
  const requests = numberOf(stage, 'requests');
  const duration = durationOf(stage, 'duration');
  const spentMs = (durationOf(stage, 'warmup') ?? 0) + (durationOf(stage, 'cooldown') ?? 0);
  const rate = ratePerS(stage, pattern ?? '');
  if (rate === undefined) return requests === undefined || !isClosed(pattern) ? undefined : { count: requests };
  const warmMs = durationOf(stage, 'warmup') ?? 0;
  const ofTime = duration === undefined ? Infinity : (Math.max(0, duration - spentMs) / 1000) * rate;
  // Of a number of requests those of the warm-up do not count.
  const ofNumber = requests === undefined ? Infinity : Math.max(0, requests - (warmMs / 1000) * rate);
  const count = Math.min(ofTime, ofNumber);
  if (!Number.isFinite(count)) return undefined;
  return ofTime <= ofNumber ? { count, ratePerS: rate } : { count };
}

function isClosed(pattern: string | undefined): boolean {
  return pattern === 'sync' || pattern === 'concurrent' || pattern === 'throughput';
}

/** Mean rate of an open loop; the lowest of a list. */
function ratePerS(stage: MapNode, pattern: string): number | undefined {
  switch (pattern) {
    case 'constant':
    case 'poisson':
    case 'gamma': {
      const rates = listOf(nodeAt(stage, ['rate'])).flatMap(rateOf);
      return rates.length === 0 ? undefined : Math.min(...rates);
    }
    case 'ramp': {
      const [from] = listOf(nodeAt(stage, ['from'])).flatMap(rateOf);
      const [to] = listOf(nodeAt(stage, ['to'])).flatMap(rateOf);
      // Of an exponential ramp the mean is lower, but of the same size.
      return from === undefined || to === undefined ? undefined : (from + to) / 2;
    }
    case 'burst': {
      const [base] = listOf(nodeAt(stage, ['base'])).flatMap(rateOf);
      const [peak] = listOf(nodeAt(stage, ['peak'])).flatMap(rateOf);
      const every = durationOf(stage, 'every');
      const length = durationOf(stage, 'for');
      if (base === undefined || peak === undefined || every === undefined || length === undefined || every <= 0)
        return undefined;
      return base + ((peak - base) * Math.min(length, every)) / every;
    }
    default:
      return undefined;
  }
}

function listOf(node: TreeNode | undefined): readonly TreeNode[] {
  if (node === undefined) return [];
  return node.kind === 'list' ? node.items : [node];
}

function rateOf(node: TreeNode): number[] {
  if (node.kind !== 'scalar' || typeof node.value !== 'string') return [];
  const rate = parseRatePerS(node.value);
  return rate === null || rate <= 0 ? [] : [rate];
}
