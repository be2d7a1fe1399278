/** Prompts, messages, cases and datasets. */
import type { Json, Message } from '../../protocol/plan';
import { assertions } from './schema-assertion';
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
} from './schema-kit';

const roles: Record<Message['role'], string> = {
  system: 'Instructions of the application.',
  developer: 'Instructions of the developer, for models that tell them apart.',
  user: 'What the user says.',
  assistant: 'What the model said before.',
  tool: 'What a tool returned.',
};

export const messageSchema = record(
  {
    role: choice(roles, 'Who speaks.'),
    content: text('The text; a template, or a `file://` path relative to this file.'),
  },
  'One message of a conversation.',
);

export const messagesSchema = list(messageSchema, 'Messages, in order; each content is a template.', { minItems: 1 });

const variantObject = record(
  {
    name: text('Shown in results; unique in the file.', { minLength: 1 }),
    prompt: optional(text('The text of one user message; a template, or a `file://` path.')),
    messages: optional(messagesSchema),
  },
  'A named variant of the prompt: either `prompt` or `messages`.',
);

export const variantSchema = either(
  [variantObject, text('A `file://` path; its file name is the name of the variant.')],
  'A variant of the prompt.',
);

const severalTexts = {
  anyOf: [{ type: 'string' }, { type: 'object' }, { type: 'array' }, { type: 'number' }, { type: 'boolean' }],
};

export const caseSchema = record(
  {
    name: optional(text('Shown in results; unique in the file.', { minLength: 1 })),
    vars: optional(freeMap('Variables of the templates; they come before those of the file.', { name: 'Ada' })),
    messages: optional(list(messageSchema, 'Messages added after those of the prompt.')),
    expected: optional(
      custom<Json>({ kind: 'json' }, { ...severalTexts, description: 'The right answer, for graders and templates.' }),
    ),
    assert: optional(assertions('What must be true of the answer.')),
    threshold: optional(
      decimal('Score from which the case passes; without it every assertion must pass.', { minimum: 0, maximum: 1 }),
    ),
    transform: optional(
      text('JavaScript over `output`, applied to the answer before its assertions; or a `file://` path.', {
        examples: ['output.trim()', 'file://transforms.js:lastLine'],
      }),
    ),
    repeat: optional(integer('Answers to ask for, for variance and flakiness.', { minimum: 1, maximum: 10_000 })),
    weight: optional(decimal('Weight in the mix of a load stage with `cases: weighted`.', { minimum: 0, default: 1 })),
    tags: optional(list(text('A tag.'), 'Tags filter runs.')),
    turns: optional(
      list(
        record(
          {
            user: text('What the user says in this turn; a template, or a `file://` path relative to this file.'),
            assert: optional(assertions('What must be true of the answer of this turn.')),
            think_time: optional(quantity('duration', 'Pause before this turn.')),
          },
          'One turn of a conversation.',
        ),
        'Turns of a conversation, after the messages; each answer becomes part of the next request.',
        { minItems: 1 },
      ),
    ),
    skip: optional(
      either(
        [text('The reason.'), flag('Whether it is left out.')],
        'Why the case is not run; it is counted as skipped.',
      ),
    ),
    only: optional(flag('Runs the cases marked so and no others.')),
    expand: optional(flag('Array-valued variables become one case per element (all combinations).')),
  },
  'A case: variables, and what must be true of the answer.',
);

export type CaseSpec = Static<typeof caseSchema>;
export type MessageSpec = Static<typeof messageSchema>;
export type VariantSpec = Static<typeof variantObject>;
export type DatasetSpec = Static<typeof datasetSchema>;
export type TurnSpec = NonNullable<CaseSpec['turns']>[number];

export const datasetSchema = either(
  [
    text('Path of a CSV, JSONL, JSON or YAML file, relative to this file.'),
    record(
      {
        path: text('Path of the file, relative to this file.'),
        format: optional(
          choice(
            {
              csv: 'Comma-separated values with a header.',
              jsonl: 'One JSON object a line.',
              json: 'A JSON list of objects.',
              yaml: 'A YAML list of maps.',
            },
            'Format of the file; by default its extension decides.',
          ),
        ),
        sample: optional(integer('Use this many rows, drawn at random from the whole file.', { minimum: 1 })),
        shuffle: optional(flag('Take the rows in a random order.')),
        seed: optional(integer('Seed of `sample` and `shuffle`; by default that of the run.')),
        map: optional(
          mapOf(
            text('Name of a column.'),
            'Variables, or keys of a case such as `expected`, `name`, `tags` and `weight`, to the columns that hold them.',
          ),
        ),
      },
      'Rows of a file, each a case.',
    ),
  ],
  'A file whose rows are cases.',
);
