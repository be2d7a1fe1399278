import assert from 'node:assert/strict';
import type http from 'node:http';
import { wireApiOf } from '../../../src/core/endpoints/registry';
import type { ApiKind } from '../../../src/protocol/plan';
import { fixture } from '../endpoints/support';
import { clientOf, KEY, serve, wait, type ClientOptions, type Handler } from './client';

interface Replay {
  file: string;
  api: ApiKind;
  outcome?: 'completed' | 'failed';
  error?: string;
  events: number;
  /** input, output, cached, reasoning, and where the output is counted from. */
  tokens: (number | string | null)[];
  finish: string | null;
  text?: string;
  reasoning?: string;
}

const THOUGHT = 'Zwei Städte, zwei Aufrufe.';
const GREETING = 'Grüße aus 東京 🚀';
const HALF = { outcome: 'failed' as const, error: 'server_error_event', events: 1, finish: null, text: 'Half' };

/** What becomes of the answers in the product: the record is what every number of a result stems from. */
const REPLAYS: Replay[] = [
  {
    file: 'openai-chat-text.sse',
    api: 'openai-chat',
    events: 3,
    tokens: [21, 7, 16, 0, 'usage'],
    finish: 'stop',
    text: GREETING,
  },
  {
    file: 'openai-chat-tools.sse',
    api: 'openai-chat',
    events: 6,
    tokens: [80, 44, null, 9, 'usage'],
    finish: 'tool_calls',
    reasoning: THOUGHT,
  },
  { file: 'openai-chat-error.sse', api: 'openai-chat', ...HALF, tokens: [null, 1, null, null, 'chunks'] },
  {
    file: 'openai-completions-text.sse',
    api: 'openai-completions',
    events: 3,
    tokens: [12, 7, 4, null, 'usage'],
    finish: 'length',
    text: GREETING,
  },
  { file: 'openai-completions-error.sse', api: 'openai-completions', ...HALF, tokens: [null, 1, null, null, 'chunks'] },
  {
    file: 'openai-completions-body.json',
    api: 'openai-completions',
    events: 1,
    tokens: [5, 4, null, null, 'usage'],
    finish: 'stop',
    text: 'Ja, natürlich.',
  },
  {
    file: 'openai-responses-text.sse',
    api: 'openai-responses',
    events: 3,
    tokens: [21, 7, 16, 0, 'usage'],
    finish: 'completed',
    text: GREETING,
  },
  {
    file: 'openai-responses-tools.sse',
    api: 'openai-responses',
    events: 7,
    tokens: [80, 44, 0, 9, 'usage'],
    finish: 'completed',
    reasoning: '**Zwei Städte**\n\nZwei Aufrufe.',
  },
  {
    file: 'openai-responses-refusal.sse',
    api: 'openai-responses',
    events: 3,
    tokens: [9, 6, null, 2, 'usage'],
    finish: 'max_output_tokens',
    text: 'I can’t help with that.',
    reasoning: 'Not allowed.',
  },
  { file: 'openai-responses-error.sse', api: 'openai-responses', ...HALF, tokens: [null, 1, null, null, 'chunks'] },
  { file: 'openai-responses-failed.sse', api: 'openai-responses', ...HALF, tokens: [null, 1, null, null, 'chunks'] },
  {
    file: 'openai-responses-body.json',
    api: 'openai-responses',
    events: 1,
    tokens: [5, 12, null, 8, 'usage'],
    finish: 'completed',
    text: 'Ja, natürlich.',
    reasoning: 'Kurz überlegt.',
  },
  {
    file: 'anthropic-messages-text.sse',
    api: 'anthropic-messages',
    events: 3,
    tokens: [21, 7, 16, null, 'usage'],
    finish: 'end_turn',
    text: GREETING,
  },
  {
    file: 'anthropic-messages-tools.sse',
    api: 'anthropic-messages',
    events: 6,
    tokens: [80, 44, 0, 9, 'usage'],
    finish: 'tool_use',
    reasoning: THOUGHT,
  },
  // What was counted before the first token is not the answer's count.
  { file: 'anthropic-messages-error.sse', api: 'anthropic-messages', ...HALF, tokens: [4, 1, null, null, 'chunks'] },
  {
    file: 'anthropic-messages-body.json',
    api: 'anthropic-messages',
    events: 1,
    tokens: [5, 12, null, null, 'usage'],
    finish: 'tool_use',
    text: 'Ja, natürlich.',
    reasoning: 'Kurz überlegt.',
  },
  {
    file: 'gemini-text.sse',
    api: 'gemini',
    events: 3,
    tokens: [21, 7, 16, null, 'usage'],
    finish: 'STOP',
    text: GREETING,
  },
  {
    file: 'gemini-tools.sse',
    api: 'gemini',
    events: 3,
    tokens: [80, 44, null, 9, 'usage'],
    finish: 'STOP',
    reasoning: THOUGHT,
  },
  { file: 'gemini-error.sse', api: 'gemini', ...HALF, tokens: [4, 1, null, null, 'chunks'] },
  {
    file: 'gemini-blocked.sse',
    api: 'gemini',
    outcome: 'failed',
    error: 'empty_answer',
    events: 0,
    tokens: [14, null, null, null, null],
    finish: 'PROHIBITED_CONTENT',
  },
  {
    file: 'gemini-body.json',
    api: 'gemini',
    events: 1,
    tokens: [5, 12, null, 8, 'usage'],
    finish: 'STOP',
    text: 'Ja, natürlich.',
    reasoning: 'Kurz überlegt.',
  },
  {
    file: 'ollama-text.ndjson',
    api: 'ollama',
    events: 3,
    tokens: [21, 7, null, null, 'usage'],
    finish: 'stop',
    text: GREETING,
  },
  {
    file: 'ollama-tools.ndjson',
    api: 'ollama',
    events: 4,
    tokens: [80, 44, null, null, 'usage'],
    finish: 'stop',
    reasoning: THOUGHT,
  },
  { file: 'ollama-error.ndjson', api: 'ollama', ...HALF, tokens: [null, 1, null, null, 'chunks'] },
  {
    file: 'ollama-body.json',
    api: 'ollama',
    events: 1,
    tokens: [5, 12, null, null, 'usage'],
    finish: 'length',
    text: 'Ja, natürlich.',
    reasoning: 'Kurz überlegt.',
  },
];

async function ask(api: ApiKind, handler: Handler, target: ClientOptions['target'] = {}) {
  const { url } = await serve(handler);
  return clientOf(url, {}, { wire: wireApiOf(api), target: { url, ...target } }).ask();
}

/** In pieces that respect nothing, each sent by itself. */
async function replay(response: http.ServerResponse, file: string, size: number): Promise<void> {
  const bytes = fixture(file);
  response.writeHead(200, { 'content-type': 'application/octet-stream' });
  for (let at = 0; at < bytes.length; at += size) {
    response.write(bytes.subarray(at, at + size));
    await wait(1);
  }
  response.end();
}

describe('an answer of every API, through the connection pool', () => {
  for (const {
    file,
    api,
    outcome = 'completed',
    error,
    events,
    tokens,
    finish,
    text = '',
    reasoning = '',
  } of REPLAYS) {
    it(`${file} becomes its record`, async () => {
      const { record, answer } = await ask(api, (_request, response) => replay(response, file, 97));
      assert.equal(record.outcome, outcome, record.error?.message);
      assert.equal(record.error?.kind, error);
      assert.deepEqual([record.events, record.finish_reason, record.status], [events, finish, 200]);
      assert.deepEqual(
        [
          record.input_tokens,
          record.output_tokens,
          record.cached_input_tokens,
          record.reasoning_tokens,
          record.tokens_source,
        ],
        tokens,
      );
      assert.equal(record.itl.length, Math.max(0, events - 1));
      assert.equal(record.first === null, events === 0);
      // Calls alone are their own text.
      if (text !== '' || !file.includes('tools')) assert.equal(answer?.text, text);
      assert.equal(answer?.reasoning, reasoning);
    });
  }

  it('has the reasoning before the answer in its instants', async () => {
    for (const api of ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini', 'ollama'] as const) {
      const file = `${api}-tools.${api === 'ollama' ? 'ndjson' : 'sse'}`;
      const { record } = await ask(api, (_request, response) => replay(response, file, 150));
      const { first, first_answer: answer, last } = record;
      assert.ok(first !== null && answer !== null && last !== null);
      assert.ok(first < answer && answer <= last, `${api}: ${first} ${answer} ${last}`);
    }
  });
});

describe('a refusal of every API', () => {
  interface Refusal {
    api: ApiKind;
    status: number;
    headers: Record<string, string>;
    body: (key: string) => unknown;
    message: RegExp;
    retryAfterMs: number | null;
  }
  const openai = (key: string) => ({ error: { message: `Rate limit for ${key}`, type: 'tokens', code: 'rate_limit' } });
  const openaiHeaders = {
    'x-ratelimit-limit-tokens': '1000',
    'x-ratelimit-remaining-tokens': '0',
    'x-ratelimit-reset-tokens': '6s',
  };
  const REFUSALS: Refusal[] = [
    ...(['openai-chat', 'openai-completions', 'openai-responses'] as const).map((api) => ({
      api,
      status: 429,
      headers: openaiHeaders,
      body: openai,
      message: /The limit on tokens \(0 of 1000 left\) resets in 6 s\. It said: Rate limit for \[redacted\]$/,
      retryAfterMs: 6000,
    })),
    {
      api: 'anthropic-messages',
      status: 429,
      headers: {
        'anthropic-ratelimit-requests-limit': '50',
        'anthropic-ratelimit-requests-remaining': '0',
        'anthropic-ratelimit-requests-reset': '2030-01-01T00:00:07Z',
        date: 'Tue, 01 Jan 2030 00:00:00 GMT',
        'retry-after': '8',
      },
      body: (key) => ({ type: 'error', error: { type: 'rate_limit_error', message: `slow down, ${key}` } }),
      message:
        /The limit on requests \(0 of 50 left\) resets in 7 s; it asks to wait 8 s\. It said: slow down, \[redacted\]$/,
      retryAfterMs: 8000,
    },
    {
      api: 'anthropic-messages',
      status: 529,
      headers: {},
      body: () => ({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
      message: /overloaded \(HTTP 529\).*It said: Overloaded$/,
      retryAfterMs: null,
    },
    {
      api: 'gemini',
      status: 429,
      headers: {},
      body: (key) => [
        {
          error: {
            code: 429,
            message: `Quota of ${key} exceeded`,
            status: 'RESOURCE_EXHAUSTED',
            details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '36s' }],
          },
        },
      ],
      message: /HTTP 429.*It said: Quota of \[redacted\] exceeded$/,
      retryAfterMs: 36_000,
    },
    {
      api: 'ollama',
      status: 404,
      headers: {},
      body: () => ({ error: 'model "m" not found, try pulling it first' }),
      message: /looks like http:\/\/127\.0\.0\.1:11434\).*It said: model "m" not found/,
      retryAfterMs: null,
    },
    {
      api: 'ollama',
      status: 503,
      headers: { 'retry-after-ms': '250' },
      body: () => ({ error: 'server busy' }),
      message: /It asks to wait 250 ms\. It said: server busy$/,
      retryAfterMs: 250,
    },
  ];
  for (const { api, status, headers, body, message, retryAfterMs } of REFUSALS) {
    it(`${api}: HTTP ${status} says what the server said, which limit, and when to come again`, async () => {
      const end = await ask(api, (_request, response) => {
        response.writeHead(status, { 'content-type': 'application/json', ...headers });
        response.end(JSON.stringify(body(KEY)));
      });
      assert.deepEqual([end.record.outcome, end.record.error?.kind], ['failed', `http_${status}`]);
      assert.match(end.record.error?.message ?? '', message);
      assert.equal(end.retryAfterMs, retryAfterMs);
    });
  }

  const KEY_HEADERS: Partial<Record<ApiKind, string>> = {
    'openai-chat': 'authorization',
    'openai-completions': 'authorization',
    'openai-responses': 'authorization',
    'anthropic-messages': 'x-api-key',
    gemini: 'x-goog-api-key',
    ollama: 'authorization',
  };
  for (const [api, header] of Object.entries(KEY_HEADERS) as [ApiKind, string][]) {
    it(`${api}: shows no key that the server sends back, and sends it in ${header} alone`, async () => {
      const seen: http.IncomingMessage[] = [];
      const echo = (request: http.IncomingMessage) =>
        JSON.stringify({ error: { message: request.rawHeaders.join(' ') } });
      const refused = await ask(api, (request, response) => {
        seen.push(request);
        response.writeHead(401).end(echo(request));
      });
      const failed = await ask(api, (request, response) => {
        response.writeHead(200);
        response.end(api === 'ollama' ? `${echo(request)}\n` : `data: ${echo(request)}\n\n`);
      });
      for (const { record } of [refused, failed]) {
        assert.match(record.error?.message ?? '', /\[redacted\]/);
        assert.ok(!JSON.stringify(record).includes(KEY));
      }
      const [request] = seen;
      assert.ok(request !== undefined && !(request.url ?? '').includes(KEY));
      const holding = Object.entries(request.headers).filter(([, value]) => String(value).includes(KEY));
      assert.deepEqual(
        holding.map(([name]) => name),
        [header],
      );
    });
  }
});
