/** Endpoints: where requests go, how, and at what price. */
import type { ApiKind, SimFailure, SimFinishReason } from '../../protocol/plan';
import {
  choice,
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

const apis: Record<ApiKind, string> = {
  'openai-chat': 'OpenAI-compatible chat completions (`/chat/completions`).',
  'openai-completions': 'OpenAI-compatible text completions (`/completions`); the messages become one prompt.',
  'openai-responses': 'OpenAI responses (`/responses`).',
  'anthropic-messages': 'Anthropic messages (`/v1/messages`); `max_tokens` is 4096 where nothing sets it.',
  gemini: 'Google Gemini (`/models/MODEL:streamGenerateContent`).',
  ollama: 'Ollama (`/api/chat`).',
  sim: 'The built-in simulator: no network, no key.',
  'vscode-lm': 'A language model of the editor.',
};

export const API_KINDS: readonly string[] = Object.keys(apis);

/** Keys under which people put a secret; each gets a diagnostic of its own. */
export const SECRET_KEYS = /^(?:api[-_]?(?:key|token)|key|token|secret|password|bearer|authorization)$/i;

const failureKinds: Record<SimFailure['kind'], string> = {
  status: 'Answers with the HTTP status `status`.',
  'error-event': 'Sends an error event in the middle of the stream.',
  stall: 'Stops sending in the middle of the stream.',
  disconnect: 'Cuts the connection in the middle of the stream.',
  'malformed-json': 'Sends an event that is not JSON.',
  html: 'Answers with an HTML page.',
  'slow-headers': 'Waits before it answers at all.',
};

export const failureSchema = record(
  {
    kind: choice(failureKinds, 'What goes wrong.'),
    rate: optional(decimal('Share of requests that fail, 0 to 1, drawn from the seed.', { minimum: 0, maximum: 1 })),
    every: optional(integer('Every n-th request fails.', { minimum: 1 })),
    status: optional(integer('HTTP status of `kind: status`.', { minimum: 400, maximum: 599 })),
    after_tokens: optional(integer('Tokens that are sent before a failure in mid-stream.', { minimum: 0 })),
    delay: optional(quantity('duration', 'Delay of `slow-headers`; length of a `stall` (without one: for ever).')),
  },
  'A fault on demand.',
);

const finishReasons: Record<SimFinishReason, string> = {
  stop: 'The model had said everything.',
  length: 'The limit of tokens was reached.',
  tool_calls: 'Tools are to be called.',
  content_filter: 'A filter kept the rest back.',
};

const simAnswerSchema = record(
  {
    text: optional(text('The text of the answer.')),
    reasoning: optional(text('Reasoning that comes before the answer, in place of `reasoning_tokens`.')),
    tool_calls: optional(
      list(
        record(
          {
            name: text('Name of the tool.', { minLength: 1 }),
            arguments: optional(
              either(
                [
                  freeMap('The arguments, sent as JSON.', { city: 'Oslo' }),
                  text('The arguments as the model writes them, such as JSON that is broken.'),
                ],
                'The arguments; none where left out.',
              ),
            ),
          },
          'One tool call.',
        ),
        'Tools that the answer calls, after its text.',
      ),
    ),
    finish_reason: optional(
      choice(
        finishReasons,
        'Why the answer ends; `tool_calls` where there are some, else `stop`. An answer that `max_tokens` cuts is `length` all the same.',
      ),
    ),
    embedding: optional(
      list(decimal('One component.'), 'Vector of the texts that match, of requests to `/embeddings`.', { minItems: 1 }),
    ),
  },
  'An answer that is more than a text; one with `embedding` alone answers embedding requests only.',
);

export const simSchema = record(
  {
    ttft: optional(quantity('duration', 'Time to the first token of an empty prompt on an idle server.')),
    ttft_per_input_token: optional(quantity('duration', 'Added to the first token for every token of input.')),
    itl: optional(quantity('duration', 'Time between tokens with one request running.')),
    jitter: optional(
      decimal('Standard deviation of each time as a share of it (0: exact times).', { minimum: 0, maximum: 2 }),
    ),
    max_running: optional(integer('Requests that are served at once.', { minimum: 1 })),
    max_waiting: optional(integer('Requests that may queue; one more gets a 429.', { minimum: 0 })),
    load_factor: optional(
      decimal('ITL with `max_running` requests running, as a multiple of ITL with one.', { minimum: 1 }),
    ),
    chunk_tokens: optional(integer('Tokens of one event.', { minimum: 1 })),
    reasoning_tokens: optional(integer('Tokens of reasoning before the answer.', { minimum: 0 })),
    output_tokens: optional(
      integer('Tokens of an answer where the request does not limit them and no script sets the text.', { minimum: 1 }),
    ),
    answer: optional(
      choice(
        {
          echo: 'Repeats the last user message.',
          template: 'Answers with `template`.',
          script: 'Answers as `script` says; without a match, with a standing text.',
        },
        'Where the text of an answer comes from.',
      ),
    ),
    template: optional(text('The text of `answer: template`.')),
    script: optional(
      list(
        record(
          {
            match: text('Substring of what `in` says, or `/regex/flags`.'),
            in: optional(
              choice(
                {
                  last: 'In the last user message.',
                  system: 'In the system messages.',
                  all: 'In the whole conversation, one message a line; for prompts of judges.',
                },
                'Where `match` is looked for.',
                { default: 'last' },
              ),
            ),
            answer: either(
              [
                text('The answer.'),
                simAnswerSchema,
                list(
                  either([text('An answer.'), simAnswerSchema], 'An answer.'),
                  'Answers given in turn, so that repeats can disagree.',
                  { minItems: 1 },
                ),
              ],
              'The answer, or several that are given in turn.',
            ),
          },
          'One scripted answer.',
        ),
        'Scripted answers; the first entry that matches gives the answer.',
      ),
    ),
    failure: optional(failureSchema),
    early_role_chunk: optional(flag('Sends an event with the role alone before the first token.')),
    split_utf8: optional(flag('Splits chunks inside a UTF-8 character.')),
    comments: optional(flag('Sends SSE comments between events.')),
    seed: optional(integer('Seed of everything random in the simulator.')),
  },
  'Settings of the built-in simulator.',
);

export const priceSchema = record(
  {
    input: decimal('USD per 1M input tokens.', { minimum: 0 }),
    output: decimal('USD per 1M output tokens.', { minimum: 0 }),
    cached_input: optional(decimal('USD per 1M input tokens read from a cache.', { minimum: 0 })),
  },
  { description: 'USD per 1M tokens.', examples: [{ input: 0.1, output: 0.4, cached_input: 0.02 }] },
);

export const endpointSchema = record(
  {
    name: text('How files and results refer to the endpoint.', { minLength: 1 }),
    api: optional(
      choice(apis, 'The wire protocol; `openai-chat` where there is a `url`, `sim` where there is a `sim` block.'),
    ),
    url: optional(
      text(
        'Base URL, such as `http://127.0.0.1:8000/v1`; the whole address of the method will do as well. May be left out for `openai-responses` (`https://api.openai.com/v1`), `anthropic-messages` (`https://api.anthropic.com/v1`), `gemini` (`https://generativelanguage.googleapis.com/v1beta`) and `ollama` (`http://127.0.0.1:11434`).',
        { examples: ['http://127.0.0.1:8000/v1'] },
      ),
    ),
    model: optional(text('Name of the model, as the endpoint knows it.')),
    apiKeyEnv: optional(text('Name of the environment variable that holds the key.', { examples: ['OPENAI_API_KEY'] })),
    headers: optional(
      mapOf(text('Value of the header.'), 'Headers sent with every request; none that holds a secret.'),
    ),
    params: optional(
      freeMap("Request parameters, sent as they are; OpenAI's names for them are translated where an API has others.", {
        temperature: 0.2,
        max_tokens: 256,
      }),
    ),
    price: optional(priceSchema),
    hardware: optional(
      record(
        {
          cost_per_hour: optional(decimal('USD per hour of the whole deployment.', { minimum: 0 })),
          gpus: optional(decimal('Number of GPUs.', { minimum: 0 })),
          precision: optional(text('Such as `fp8` or `bf16`.')),
          note: optional(text('Anything else worth knowing, such as `1xH100, TP1`.')),
        },
        'What the endpoint runs on.',
      ),
    ),
    timeout: optional(
      record(
        {
          connect: optional(quantity('duration', 'Until the connection stands.', { default: '5s' })),
          first_token: optional(quantity('duration', 'From the send to the first token.', { default: '30s' })),
          idle: optional(quantity('duration', 'Between two tokens.', { default: '15s' })),
          total: optional(quantity('duration', 'From the send to the end.', { default: '120s' })),
        },
        'After how long a request is given up.',
      ),
    ),
    retry: optional(
      record(
        { attempts: optional(integer('How often a failed request is sent again.', { minimum: 0, maximum: 20 })) },
        'Retries of quality cases. Load stages never retry: a retry hides a failure.',
      ),
    ),
    tls: optional(
      record(
        {
          ca: optional(text('File with the certificate authority, relative to this file.')),
          reject_unauthorized: optional(flag('Whether an unknown certificate is an error.', { default: true })),
        },
        'How the certificate is checked.',
      ),
    ),
    proxy: optional(
      text(
        'URL of an HTTP proxy, without a login: that is taken from the environment variable `HTTPS_PROXY` (or `HTTP_PROXY`, `ALL_PROXY`) where it names the same host and port.',
        { examples: ['http://127.0.0.1:3128'] },
      ),
    ),
    sim: optional(simSchema),
  },
  'Where requests go.',
  { openKeys: SECRET_KEYS },
);

export type EndpointSpec = Static<typeof endpointSchema>;
export type SimSpec = Static<typeof simSchema>;
