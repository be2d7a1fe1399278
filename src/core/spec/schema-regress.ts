import { REGRESS_KEYS, regressKeyDoc, type RegressSpec } from '../compare/regress-rule';
import { custom, decimal, either, text } from './schema-kit';

const DESCRIPTION =
  'How much worse a number may be than in the baseline before it is a regression: a share such as `10%`, an amount with its unit such as `20ms`, or `off`. Without a word about it, latencies may be 5% worse and at least 1 ms, and everything else not at all.';

const tolerance = (description: string) =>
  either(
    [
      text(description, { examples: ['10%', '20ms', 'off'], label: 'a tolerance such as 10%, 20ms or off' }),
      decimal(description, { minimum: 0 }),
    ],
    description,
  );

/** Known names first, for completion; any other number that has a test may stand there, too. */
export const regressSchema = custom<RegressSpec>(
  { label: 'a map of metrics to tolerances' },
  {
    type: 'object',
    description: DESCRIPTION,
    properties: Object.fromEntries(REGRESS_KEYS.map((key) => [key, tolerance(regressKeyDoc(key))])),
    additionalProperties: tolerance('A tolerance.'),
    examples: [{ 'ttft.p99': '10%', 'quality.pass_rate': '2%' }],
  },
);
