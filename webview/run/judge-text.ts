/** What grading took, in words. */
import { formatCount, formatValue } from '../../src/protocol/format';
import type { JudgeUsage } from '../../src/protocol/run-json';

/** `2 requests · 340 tokens · $0.0012` */
export function judgeText({ calls, input_tokens: input, output_tokens: output, cost }: JudgeUsage): string {
  const requests = `${formatCount(calls)} ${calls === 1 ? 'request' : 'requests'}`;
  const price = cost === null ? 'cost unknown: the judge has no price' : formatValue(cost, 'USD');
  return `${requests} · ${formatValue(input + output, 'tokens')} · ${price}`;
}
