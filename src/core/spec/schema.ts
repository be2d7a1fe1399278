/**
 * The eval file format and the workspace file, defined once: the static types below, the parser's checks and the JSON Schemas
 * in `media/schema/` all come from these definitions.
 */
import { assertionJsonSchema, assertions } from './schema-assertion';
import { caseSchema, datasetSchema, messagesSchema, variantSchema } from './schema-case';
import { endpointSchema } from './schema-endpoint';
import {
  choice,
  custom,
  decimal,
  either,
  flag,
  freeMap,
  integer,
  list,
  mapOf,
  optional,
  quantity,
  record,
  text,
  type Static,
  type TSchema,
} from './schema-kit';
import type { Json } from '../../protocol/plan';
import { sloList, stageSchema } from './schema-load';
import { regressSchema } from './schema-regress';

const endpointReference = either(
  [text('Name of an endpoint.', { label: 'the name of an endpoint' }), endpointSchema],
  'An endpoint, by name or in place.',
);

/** `x-…` keys hold anchors that other places refer to. */
const EXTENSION_KEYS = /^x-/;

export const evalSchema = record(
  {
    name: optional(text('Shown in the sidebar and in results.')),
    description: optional(text('What is evaluated and why.')),
    tags: optional(list(text('A tag.'), 'Tags filter runs.')),
    purpose: optional(
      choice(
        {
          regression: 'Each target is held against its baseline.',
          selection: 'Targets are ranked against each other.',
        },
        'What the run decides.',
        { default: 'regression' },
      ),
    ),
    endpoints: optional(list(endpointReference, 'The targets, run side by side; without any, the default endpoint.')),
    prompt: optional(text('The text of one user message; a template, or a `file://` path relative to this file.')),
    messages: optional(messagesSchema),
    prompts: optional(list(variantSchema, 'Named variants; each is a target dimension.', { minItems: 1 })),
    params: optional(freeMap('Request parameters, sent as they are.', { temperature: 0, max_tokens: 256 })),
    matrix: optional(
      custom<Record<string, Json[]> & { include?: Record<string, Json>[]; exclude?: Record<string, Json>[] }>(
        { label: 'a map of parameters to lists' },
        {
          type: 'object',
          description: 'Every combination of these parameters is a target.',
          properties: {
            include: {
              type: 'array',
              items: { type: 'object' },
              description:
                'Adds parameters to the combinations that agree with an entry, else a combination of its own.',
            },
            exclude: {
              type: 'array',
              items: { type: 'object' },
              description: 'Leaves out the combinations that agree with an entry.',
            },
          },
          additionalProperties: { type: 'array', minItems: 1 },
          examples: [{ temperature: [0, 0.7] }],
        },
      ),
    ),
    vars: optional(freeMap('Default variables of every case.', { city: 'Paris' })),
    cases: optional(list(caseSchema, 'Cases in place.')),
    dataset: optional(datasetSchema),
    assert: optional(assertions('Added to every case.')),
    repeat: optional(
      integer('Answers per case, for variance and flakiness.', { minimum: 1, maximum: 10_000, default: 1 }),
    ),
    concurrency: optional(integer('How many cases are asked at once.', { minimum: 1, maximum: 10_000, default: 4 })),
    judge: optional(endpointReference),
    load: optional(either([stageSchema, list(stageSchema, 'Stages, run in order.')], 'Load stages, run in order.')),
    slo: optional(sloList('Service level objectives: presets and expressions.')),
    budget: optional(
      record(
        {
          cost: optional(quantity('money', 'Most USD.')),
          tokens: optional(integer('Most tokens, input and output together.', { minimum: 1 })),
          time: optional(quantity('duration', 'Longest time.')),
        },
        {
          description: 'A hard stop; what ran so far is kept.',
          examples: [{ cost: '$0.50', tokens: 200000, time: '10m' }],
        },
      ),
    ),
    baseline: optional(text('A run id or a path, instead of the pinned baseline.')),
    regress: optional(regressSchema),
    interleave: optional(
      flag('Targets run side by side, for endpoints that do not share hardware.', { default: false }),
    ),
  },
  'A prompt, the cases that judge its quality, the load that judges its speed, and the objectives that decide.',
  { openKeys: EXTENSION_KEYS },
);

export const workspaceSchema = record(
  {
    endpoints: optional(list(endpointSchema, 'Endpoints that files refer to by name.')),
    defaults: optional(
      record(
        {
          endpoint: optional(text('Endpoint of files that name none.')),
          judge: optional(text('Judge of files that name none.')),
          params: optional(freeMap('Request parameters of every file.', { temperature: 0 })),
          regress: optional(regressSchema),
          confidence: optional(decimal('Level of every interval.', { minimum: 0.5, maximum: 0.9999, default: 0.95 })),
          policy: optional(
            choice(
              {
                point: 'The point estimate decides; a low confidence is shown beside it.',
                strict: 'A low confidence is inconclusive.',
              },
              'What decides an SLO.',
              { default: 'point' },
            ),
          ),
        },
        'Defaults of every file.',
      ),
    ),
    presets: optional(
      mapOf(list(text('An expression such as `ttft.p99 <= 200ms`.'), 'SLO expressions.'), 'SLO presets by name.'),
    ),
    retention: optional(
      record(
        {
          runs: optional(integer('Most runs.', { minimum: 1 })),
          age: optional(quantity('age', 'Longest age.')),
          size: optional(quantity('size', 'Most space.')),
        },
        { description: 'Which runs are kept.', examples: [{ runs: 200, age: '90d', size: '2GB' }] },
      ),
    ),
  },
  'What the files of a workspace folder share; nothing secret.',
  { openKeys: EXTENSION_KEYS },
);

export type EvalSpec = Static<typeof evalSchema>;
export type WorkspaceSpec = Static<typeof workspaceSchema>;
export type EndpointRef = Static<typeof endpointReference>;

/** The JSON Schema (draft-07, which is what YAML language servers understand best) of an eval file. */
export function evalJsonSchema(): object {
  return finish(evalSchema, 'Promptrig eval file');
}

/** The JSON Schema of `promptrig.yaml`. */
export function workspaceJsonSchema(): object {
  return finish(workspaceSchema, 'Promptrig workspace file');
}

function finish(schema: TSchema, title: string): object {
  // Through JSON: TypeBox keeps its own bookkeeping under symbols, which only a serialised copy is free of.
  const plain = JSON.parse(JSON.stringify(schema)) as Record<string, unknown>;
  const { type, description, properties, ...rest } = plain;
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title,
    description,
    type,
    ...rest,
    patternProperties: { '^x-': { description: 'Free for anchors that other places refer to.' } },
    properties,
    definitions: { assertion: assertionJsonSchema() },
  };
}
