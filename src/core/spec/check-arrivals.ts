/** Load stages: ranges that have an order, and keys that contradict each other or have no effect together. */
import type { LoadPattern } from '../../protocol/plan';
import { checkTokenLengths } from '../load/synthetic-length';
import { PromptrigError } from '../util/errors';
import { durationOf, numberOf, textOf } from './node-values';
import { childPointer } from './pointer';
import type { Reporter } from './reporter';
import type { MapNode } from './tree';
import { parseQuantity, parseRatePerS, parseShare } from './units';

/** A search that asks for less would never end, and one that is content with more finds nothing. */
const FINEST_PRECISION = 0.001;
const COARSEST_PRECISION = 0.5;
/** As in the schedule of a trace: more is a slip of the finger. */
const MOST_SPEED = 10_000;

interface Stage {
  node: MapNode;
  pointer: string;
  report: Reporter;
}

export function checkArrivals(pattern: LoadPattern, node: MapNode, pointer: string, report: Reporter): void {
  const stage = { node, pointer, report };
  switch (pattern) {
    case 'ramp':
      checkRange(stage, { counts: true, ascending: false });
      return;
    case 'sweep':
      checkSweep(stage);
      return;
    case 'capacity':
      checkRange(stage, { counts: false, ascending: true });
      checkPrecision(stage);
      return;
    case 'burst':
      checkBurst(stage);
      return;
    case 'trace':
      checkSpeed(stage);
      return;
    default:
      return;
  }
}

/** What is sent: lengths that make sense, and keys that decide the same thing twice. */
export function checkContent(pattern: LoadPattern, node: MapNode, pointer: string, report: Reporter): void {
  const stage = { node, pointer, report };
  for (const key of ['input_tokens', 'output_tokens']) checkLengths(stage, key);
  if (pattern === 'trace') {
    for (const key of ['input_tokens', 'output_tokens']) unused(stage, key, 'the trace says how long they are');
    if (!node.entries.has('cases')) {
      unused(stage, 'prefix', 'the prompts are those of the trace');
      if (textOf(node, 'cache') === 'cold') unused(stage, 'cache', 'the prompts are those of the trace');
    }
  }
  if (pattern === 'trace' || pattern === 'sweep' || pattern === 'capacity') {
    problem(
      stage,
      'conflicting-keys',
      'sessions',
      `"sessions" cannot be used with "pattern: ${pattern}", which is about single requests.`,
    );
  }
}

function checkSweep(stage: Stage): void {
  const { node } = stage;
  const auto = node.entries.get('auto')?.node;
  if (auto?.kind === 'scalar' && auto.value === true) {
    for (const key of ['from', 'to'])
      problem(
        stage,
        'conflicting-keys',
        key,
        `With "auto" the ends of a sweep are measured: remove "${key}" or "auto".`,
      );
    return;
  }
  checkRange(stage, { counts: true, ascending: true });
  if (node.entries.has('from') === node.entries.has('to')) return;
  const [given, missing] = node.entries.has('from') ? ['from', 'to'] : ['to', 'from'];
  problem(stage, 'missing-key', given, `A sweep needs "${missing}" as well; without both its ends are measured.`);
}

function checkRange(stage: Stage, { counts, ascending }: { counts: boolean; ascending: boolean }): void {
  const { node } = stage;
  const from = amountAt(node, 'from');
  const to = amountAt(node, 'to');
  if (!counts) {
    for (const key of ['from', 'to'])
      if (amountAt(node, key)?.isCount === true)
        problem(stage, 'wrong-type', key, `"${key}" must be a rate here, such as ${numberOf(node, key)}/s.`);
  }
  if (from === undefined || to === undefined) return;
  if (from.isCount !== to.isCount) {
    problem(
      stage,
      'wrong-type',
      'to',
      '"from" and "to" must both be rates such as 8/s, or both numbers of requests in flight.',
    );
  } else if (ascending && to.value < from.value) {
    problem(stage, 'out-of-range', 'to', '"to" is below "from"; exchange them.');
  }
}

function checkPrecision(stage: Stage): void {
  const text = textOf(stage.node, 'precision');
  const share = text === undefined ? null : parseShare(text);
  if (share === null || (share >= FINEST_PRECISION && share <= COARSEST_PRECISION)) return;
  problem(
    stage,
    'out-of-range',
    'precision',
    `"precision" must be from ${FINEST_PRECISION * 100}% to ${COARSEST_PRECISION * 100}%, not ${text}.`,
  );
}

function checkBurst(stage: Stage): void {
  const { node } = stage;
  const every = durationOf(node, 'every');
  const length = durationOf(node, 'for');
  if (length === 0) problem(stage, 'out-of-range', 'for', 'A burst of no length is none; "for" must be above 0.');
  else if (every !== undefined && length !== undefined && length > every)
    problem(
      stage,
      'out-of-range',
      'for',
      '"for" is longer than "every": the next burst would begin before this one ends.',
    );
}

function checkSpeed(stage: Stage): void {
  const text = textOf(stage.node, 'speed');
  const speed = text === undefined ? null : parseQuantity('speed', text);
  if (speed === null || (speed > 0 && speed <= MOST_SPEED)) return;
  problem(stage, 'out-of-range', 'speed', `"speed" must be above 0x and at most ${MOST_SPEED}x, not ${text}.`);
}

function checkLengths(stage: Stage, key: string): void {
  const lengths = stage.node.entries.get(key)?.node;
  if (lengths?.kind !== 'map') return;
  const [mean, stdev, min, max] = ['mean', 'stdev', 'min', 'max'].map((name) => numberOf(lengths, name));
  if (mean === undefined) return;
  try {
    checkTokenLengths(key, {
      mean,
      ...(stdev === undefined ? {} : { stdev }),
      ...(min === undefined ? {} : { min }),
      ...(max === undefined ? {} : { max }),
    });
  } catch (error) {
    if (!(error instanceof PromptrigError)) throw error;
    problem(stage, 'out-of-range', key, error.message);
  }
}

function amountAt(node: MapNode, key: string): { value: number; isCount: boolean } | undefined {
  const count = numberOf(node, key);
  if (count !== undefined) return { value: count, isCount: true };
  const text = textOf(node, key);
  const rate = text === undefined ? null : parseRatePerS(text);
  return rate === null ? undefined : { value: rate, isCount: false };
}

/** At the value of a key, where the stage has it. */
function problem({ node, pointer, report }: Stage, code: string, key: string | undefined, message: string): void {
  const entry = key === undefined ? undefined : node.entries.get(key);
  if (entry === undefined) return;
  const span = entry.node.kind === 'scalar' ? entry.node.span : entry.keySpan;
  report.add({ code, message, span, severity: 'error', pointer: childPointer(pointer, entry.key) });
}

function unused({ node, pointer, report }: Stage, key: string, because: string): void {
  const entry = node.entries.get(key);
  if (entry === undefined) return;
  report.add({
    code: 'unused-key',
    message: `"${key}" has no effect: ${because}.`,
    span: entry.keySpan,
    severity: 'warning',
    pointer: childPointer(pointer, key),
  });
}
