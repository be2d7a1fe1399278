/**
 * Assertions on what one answer took: `ttft`, `itl`, `latency` (limits in ms), `cost` (USD), `output-tokens`. What equals its
 * limit meets it.
 */
import type { AssertionPlan, Json, Unit } from '../../protocol/plan';
import { formatValue } from '../metrics/format';
import { parseDurationMs, parseUsd } from '../spec/units';
import { unevaluated, type AnswerUnderTest, type Check, type Unevaluated } from './types';

interface Limited {
  /** Subject of the reasons. */
  label: string;
  unit: Extract<Unit, 'ms' | 'USD' | 'tokens'>;
  measure: (answer: AnswerUnderTest) => number | null;
  /** Why there is nothing to measure, and what to do about it. */
  unmeasured: string;
  /** A limit, for messages. */
  example: string;
}

const LIMITED: Readonly<Record<string, Limited>> = {
  ttft: {
    label: 'TTFT',
    unit: 'ms',
    measure: ({ ttftMs }) => ttftMs,
    unmeasured: 'TTFT was not measured: the answer held no token',
    example: '300ms',
  },
  itl: {
    label: 'mean ITL',
    unit: 'ms',
    measure: ({ itlMs }) => itlMs,
    unmeasured: 'ITL was not measured: the answer came in fewer than two parts',
    example: '50ms',
  },
  latency: {
    label: 'latency',
    unit: 'ms',
    measure: ({ latencyMs }) => latencyMs,
    unmeasured: 'latency was not measured: the answer held no token',
    example: '3s',
  },
  cost: {
    label: 'cost',
    unit: 'USD',
    measure: ({ costUsd }) => costUsd,
    unmeasured: 'cost is not known: give the endpoint a price (USD per 1M input and output tokens)',
    example: '$0.002',
  },
  'output-tokens': {
    label: 'the answer',
    unit: 'tokens',
    measure: ({ outputTokens }) => outputTokens,
    unmeasured: 'the number of output tokens is not known',
    example: '200',
  },
};

function limitCheck({ label, unit, measure, unmeasured, example }: Limited): Check {
  return (assertion, answer) => {
    const limit = limitOf(assertion, unit, example);
    if (typeof limit !== 'number') return limit;
    const measured = measure(answer);
    if (measured === null) return unevaluated(unmeasured);
    const holds = measured <= limit;
    const shown = formatValue(limit, unit);
    const actual = formatValue(measured, unit);
    const subject = unit === 'tokens' ? `${label} has ${actual}` : `${label} ${actual}`;
    const reason = holds
      ? `${subject}${unit === 'tokens' ? ',' : ' is'} within ${shown}`
      : `${subject}${unit === 'tokens' ? ',' : ' is'} ${formatValue(measured - limit, unit)} over ${shown}`;
    return { kind: 'found', holds, reason, expected: `<= ${shown}`, actual };
  };
}

/** The limit in the base unit, from `threshold` (a number) or from the value (a number, or text with a unit such as `1.5s`). */
function limitOf(
  { type, threshold, value }: AssertionPlan,
  unit: Limited['unit'],
  example: string,
): number | Unevaluated {
  const given: Json | undefined = threshold ?? value;
  if (given === undefined || given === null) return unevaluated(`${type} needs a limit, such as ${example}`);
  // Promptfoo's limits are bare numbers, which may well have been quoted or come from a template.
  const bare =
    typeof given === 'string' && /^\s*(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i.test(given) ? Number(given) : given;
  const limit = typeof bare === 'number' || typeof bare === 'string' ? parsed(bare, unit) : null;
  return limit ?? unevaluated(`${type} has the limit ${JSON.stringify(given)}, which is none such as ${example}`);
}

function parsed(given: number | string, unit: Limited['unit']): number | null {
  if (unit === 'ms') return parseDurationMs(given);
  if (unit === 'USD') return parseUsd(given);
  return typeof given === 'number' && Number.isFinite(given) && given >= 0 ? given : null;
}

export const SPEED_CHECKS: Readonly<Record<string, Check>> = Object.fromEntries(
  Object.entries(LIMITED).map(([type, limited]) => [type, limitCheck(limited)]),
);
