/** Load stages and service level objectives. */
import type { LoadPattern } from '../../protocol/plan';
import { SEVERITIES } from './schema-assertion';
import {
  choice,
  decimal,
  either,
  flag,
  integer,
  list,
  optional,
  quantity,
  record,
  text,
  type Static,
} from './schema-kit';

export const sloItemSchema = either(
  [
    text('A preset, or an expression such as `ttft.p99 <= 200ms`.'),
    record(
      {
        expr: text('The expression, such as `ttft.p99 <= 200ms`.'),
        severity: optional(choice(SEVERITIES, 'How a miss is reported.', { default: 'error' })),
        name: optional(text('Shown instead of the expression.')),
      },
      'An SLO with a name or a severity.',
    ),
  ],
  'A preset such as `ecommerce-chatbot`, or an expression `metric[.stat] op value` such as `ttft.p99 <= 200ms`.',
);

export function sloList(description: string) {
  return either([text('A preset or one expression.'), list(sloItemSchema, 'Presets and expressions.')], description);
}

const patterns: Record<LoadPattern, string> = {
  sync: 'One request at a time (closed loop).',
  concurrent: '`concurrency` requests in flight (closed loop).',
  throughput: 'As many in flight as `max_concurrency` allows (closed loop).',
  constant: 'Arrivals at even distances of `rate` (open loop).',
  poisson: 'Random arrivals of `rate` on average, as from many independent users (open loop).',
  gamma: 'Random arrivals with `burstiness` (open loop).',
  ramp: 'From `from` to `to` over `duration`.',
  burst: '`base`, with `peak` for `for` every `every` (open loop).',
  trace: 'Arrivals of a recorded trace (open loop).',
  sweep: '`steps` rates from `from` to `to`, or `auto`.',
  capacity: 'Finds the highest rate that still meets the SLOs (open loop).',
};

const tokenCounts = (description: string) =>
  record(
    {
      mean: decimal('Mean number of tokens.', { minimum: 1 }),
      stdev: optional(decimal('Standard deviation.', { minimum: 0 })),
      min: optional(integer('Fewest tokens.', { minimum: 1 })),
      max: optional(integer('Most tokens.', { minimum: 1 })),
    },
    description,
  );

const rateOrCount = (description: string) =>
  either(
    [quantity('rate', 'A rate (open loop).'), integer('Requests in flight (closed loop).', { minimum: 1 })],
    description,
  );

export const stageSchema = record(
  {
    name: optional(text('Shown in results; unique in the file.', { minLength: 1 })),
    pattern: choice(patterns, 'How requests arrive.'),
    rate: optional(
      either(
        [
          quantity('rate', 'Requests per second or minute.'),
          list(quantity('rate', 'A rate.'), 'One sub-stage for each.'),
        ],
        'Requests per second or minute of an open loop; of a list, one sub-stage each.',
      ),
    ),
    concurrency: optional(
      either(
        [
          integer('Requests in flight.', { minimum: 1 }),
          list(integer('Requests in flight.', { minimum: 1 }), 'One sub-stage for each.'),
        ],
        'Requests in flight of a closed loop; of a list, one sub-stage each.',
      ),
    ),
    burstiness: optional(decimal('Shape of `gamma` arrivals: 1 is Poisson, below 1 burstier.', { minimum: 0.001 })),
    duration: optional(quantity('duration', 'Length of the stage, warm-up and cool-down included.')),
    requests: optional(integer('Number of requests; with `duration` too, whichever is reached first.', { minimum: 1 })),
    warmup: optional(quantity('duration', 'Measured, shown, and left out of every statistic.')),
    cooldown: optional(quantity('duration', 'The same at the end of the stage.')),
    max_concurrency: optional(
      integer('Most requests in flight; an arrival beyond it waits, and its wait counts.', { minimum: 1 }),
    ),
    cases: optional(
      choice(
        {
          sequential: 'In the order of the file, again and again.',
          random: 'Drawn evenly.',
          weighted: 'Drawn by the `weight` of each case.',
        },
        'Which case is sent next.',
        { default: 'sequential' },
      ),
    ),
    input_tokens: optional(tokenCounts('Length of synthetic prompts, where a stage has no cases.')),
    output_tokens: optional(tokenCounts('Length of the answers that are asked for.')),
    prefix: optional(
      record(
        {
          tokens: integer('Length of a shared prefix.', { minimum: 1 }),
          pool: optional(integer('Number of different prefixes.', { minimum: 1 })),
        },
        'Shared prefixes, to exercise prefix caching.',
      ),
    ),
    cache: optional(
      choice(
        { warm: 'Prompts may repeat.', cold: 'Every prompt is unique from its first token.' },
        'Whether the prefix cache of the server can help.',
      ),
    ),
    sessions: optional(
      record(
        {
          turns: integer('Turns of a conversation.', { minimum: 1 }),
          think_time: optional(quantity('duration', 'Pause of the user between turns.')),
        },
        'Users with several turns.',
      ),
    ),
    from: optional(rateOrCount('Where `ramp`, `sweep` and `capacity` start.')),
    to: optional(rateOrCount('Where `ramp`, `sweep` and `capacity` end.')),
    shape: optional(
      choice({ linear: 'Even steps.', exponential: 'Even factors.' }, 'Course of a `ramp`.', { default: 'linear' }),
    ),
    base: optional(quantity('rate', 'Rate of `burst` between the peaks.')),
    peak: optional(quantity('rate', 'Rate of `burst` at its peaks.')),
    every: optional(quantity('duration', 'From the start of one peak to the start of the next.')),
    for: optional(quantity('duration', 'Length of a peak.')),
    trace: optional(text('`file://` of a trace: JSONL or CSV with `timestamp`, `input_tokens`, `output_tokens`.')),
    speed: optional(quantity('speed', 'How much faster than recorded a trace is played, such as `2x`.')),
    steps: optional(integer('Number of rates of a `sweep`.', { minimum: 2 })),
    auto: optional(flag('Of a `sweep`: `sync`, then `throughput`, then evenly between the two.')),
    precision: optional(quantity('percent', 'Of `capacity`: how near the highest rate is found.')),
    slo: optional(sloList('SLOs of this stage alone.')),
  },
  'A load stage.',
);

export type StageSpec = Static<typeof stageSchema>;
export type SloItemSpec = Static<typeof sloItemSchema>;
export type SloSpec = string | SloItemSpec[];

/** The keys that shape the arrivals of each pattern; `required` ones must be there. */
export const PATTERN_KEYS: Readonly<Record<LoadPattern, { required: readonly string[]; allowed: readonly string[] }>> =
  {
    sync: { required: [], allowed: [] },
    concurrent: { required: ['concurrency'], allowed: [] },
    throughput: { required: [], allowed: [] },
    constant: { required: ['rate'], allowed: [] },
    poisson: { required: ['rate'], allowed: [] },
    gamma: { required: ['rate', 'burstiness'], allowed: [] },
    ramp: { required: ['from', 'to', 'duration'], allowed: ['shape'] },
    burst: { required: ['base', 'peak', 'every', 'for'], allowed: [] },
    trace: { required: ['trace'], allowed: ['speed'] },
    sweep: { required: [], allowed: ['from', 'to', 'steps', 'auto'] },
    capacity: { required: [], allowed: ['from', 'to', 'precision'] },
  };

/** Keys that belong to some patterns only. */
export const ARRIVAL_KEYS: readonly string[] = [
  'rate',
  'concurrency',
  'burstiness',
  'from',
  'to',
  'shape',
  'base',
  'peak',
  'every',
  'for',
  'trace',
  'speed',
  'steps',
  'auto',
  'precision',
];
