/** Assertions on how fast one answer came: `ttft`, `latency`. Limits in ms; a time equal to its limit meets it. */
import type { AssertionPlan, Json } from '../../protocol/plan';
import { formatValue } from '../metrics/format';
import { parseDurationMs } from '../spec/units';
import { unevaluated, type AnswerUnderTest, type Check, type Unevaluated } from './types';

function speedCheck(label: string, measure: (answer: AnswerUnderTest) => number | null): Check {
  return (assertion, answer) => {
    const limitMs = limitOf(assertion);
    if (typeof limitMs !== 'number') return limitMs;
    const measuredMs = measure(answer);
    if (measuredMs === null) return unevaluated(`${label} was not measured: the answer held no token`);
    const holds = measuredMs <= limitMs;
    const limit = formatValue(limitMs, 'ms');
    const actual = formatValue(measuredMs, 'ms');
    const reason = holds
      ? `${label} ${actual} is within ${limit}`
      : `${label} ${actual} is ${formatValue(measuredMs - limitMs, 'ms')} over ${limit}`;
    return { kind: 'found', holds, reason, expected: `<= ${limit}`, actual };
  };
}

/** The limit in ms, from `threshold` (a number) or from the value (a number of ms, or text with a unit such as `1.5s`). */
function limitOf({ type, threshold, value }: AssertionPlan): number | Unevaluated {
  const given: Json | undefined = threshold ?? value;
  if (given === undefined || given === null) return unevaluated(`${type} needs a limit, such as 300ms`);
  // Promptfoo's limits are bare numbers of ms, which may well have been quoted.
  const bare = typeof given === 'string' && /^\s*[\d.]+\s*$/.test(given) ? Number(given) : given;
  const limitMs = typeof bare === 'number' || typeof bare === 'string' ? parseDurationMs(bare) : null;
  return limitMs ?? unevaluated(`${type} has the limit ${JSON.stringify(given)}, which is no time such as 300ms`);
}

export const SPEED_CHECKS: Readonly<Record<string, Check>> = {
  ttft: speedCheck('TTFT', (answer) => answer.ttftMs),
  latency: speedCheck('latency', (answer) => answer.latencyMs),
};
