/** Assertions on how fast one answer came: `ttft`, `latency`. Limits in ms; a time equal to its limit meets it. */
import type { AssertionPlan, Json } from '../../protocol/plan';
import { METRICS } from '../metrics/definitions';
import { formatValue } from '../metrics/format';
import { parseSloValue } from '../metrics/slo-value';
import { unevaluated, type AnswerUnderTest, type Check, type Unevaluated } from './types';

function speedCheck(
  metricName: 'ttft' | 'e2e',
  label: string,
  measure: (answer: AnswerUnderTest) => number | null,
): Check {
  return (assertion, answer) => {
    const limitMs = limitOf(assertion, metricName);
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
function limitOf({ type, threshold, value }: AssertionPlan, metricName: 'ttft' | 'e2e'): number | Unevaluated {
  const given: Json | undefined = threshold ?? value;
  if (given === undefined || given === null) return unevaluated(`${type} needs a limit, such as 300ms`);
  if (typeof given === 'number') {
    return Number.isFinite(given) && given >= 0
      ? given
      : unevaluated(`${type} has the limit ${given}, which is no time`);
  }
  const definition = METRICS[metricName];
  if (typeof given !== 'string' || definition === undefined) return unevaluated(`${type} needs a time such as 300ms`);
  // Promptfoo's limits are bare numbers of ms, which may well have been quoted.
  const text = given.trim();
  const parsed = parseSloValue(/^[\d.]+$/.test(text) ? `${text}ms` : text, definition);
  return parsed.ok
    ? parsed.limit
    : unevaluated(`${type} has the limit ${JSON.stringify(given)}, which is no time such as 300ms`);
}

export const SPEED_CHECKS: Readonly<Record<string, Check>> = {
  ttft: speedCheck('ttft', 'TTFT', (answer) => answer.ttftMs),
  latency: speedCheck('e2e', 'latency', (answer) => answer.latencyMs),
};
