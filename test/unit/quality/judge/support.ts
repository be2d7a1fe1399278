/** A judge's endpoint that a test scripts, and the plans that lead to it. */
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import type { JudgePlan, Json, Message } from '../../../../src/protocol/plan';
import type { JudgeUsage } from '../../../../src/protocol/run-json';
import type { AddressedEndpoint } from '../../../../src/core/quality/judge/endpoint-http';
import type { PromptedJudge } from '../../../../src/core/quality/judge/grading';
import { JudgePrompts } from '../../../../src/core/quality/judge/prompts';
import type { Embedder, JudgeQuestion, JudgeReply } from '../../../../src/core/quality/types';

export const JUDGES_DIR = resolve(__dirname, '../../../../media/judges');
export const prompts = JudgePrompts.read(JUDGES_DIR);

export interface Heard {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: { [key: string]: Json };
  messages: Message[];
}

export interface Scripted {
  status?: number;
  headers?: Record<string, string>;
  body: string;
  /** The connection is cut behind the body, or the body is left open. */
  ending?: 'cut' | 'open';
}

/** Answers the n-th request (from 0); null never answers. */
export type Script = (heard: Heard, n: number) => Scripted | null;

export class FakeEndpoint {
  readonly heard: Heard[] = [];
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(script: Script): Promise<FakeEndpoint> {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    const endpoint = new FakeEndpoint(server, `http://127.0.0.1:${port}/v1`);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { [key: string]: Json };
        const heard: Heard = {
          method: request.method ?? '',
          path: request.url ?? '',
          headers: request.headers,
          body,
          messages: (body['messages'] ?? []) as unknown as Message[],
        };
        endpoint.heard.push(heard);
        const answer = script(heard, endpoint.heard.length - 1);
        if (answer !== null) send(response, answer);
      });
    });
    return endpoint;
  }

  /** Waits until it has heard `count` requests. */
  async heardAtLeast(count: number): Promise<void> {
    while (this.heard.length < count) await tick();
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((done) => this.server.close(() => done()));
  }
}

function send(response: ServerResponse, { status = 200, headers = {}, body, ending }: Scripted): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  if (ending === undefined) response.end(body);
  else response.write(body, () => (ending === 'cut' ? response.destroy() : undefined));
}

export function tick(ms = 2): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

/** Waits until `holds`; the suite's own limit ends what never does. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await tick();
}

/** A chat completion with this text. */
export function says(
  text: string,
  { input = 100, output = 20, finish = 'stop', reasoning }: Partial<Says> = {},
): Scripted {
  const message = { role: 'assistant', content: text, ...(reasoning === undefined ? {} : { reasoning }) };
  return {
    body: JSON.stringify({
      choices: [{ index: 0, message, finish_reason: finish }],
      usage: { prompt_tokens: input, completion_tokens: output },
    }),
  };
}

interface Says {
  input: number;
  output: number;
  finish: string;
  reasoning: string;
}

export function saysJson(value: Json, more: Partial<Says> = {}): Scripted {
  return says(JSON.stringify(value), more);
}

export function failsWith(status: number, message: string, headers: Record<string, string> = {}): Scripted {
  return { status, headers, body: JSON.stringify({ error: { message } }) };
}

export function endpointPlan(url: string, more: Partial<AddressedEndpoint> = {}): AddressedEndpoint {
  return {
    name: 'grader',
    api: 'openai-chat',
    url,
    model: 'grader-1',
    headers: {},
    timeout: { connectMs: 5_000, firstTokenMs: 30_000, idleMs: 15_000, totalMs: 120_000 },
    retryAttempts: 0,
    ...more,
  };
}

export function judgePlan(
  url: string,
  more: Partial<AddressedEndpoint> = {},
  params: Record<string, Json> = {},
): JudgePlan & { endpoint: AddressedEndpoint } {
  return { endpoint: endpointPlan(url, more), params };
}

export const VERDICT: JudgeQuestion = {
  purpose: 'llm-rubric',
  messages: [
    { role: 'system', content: 'Grade.' },
    { role: 'user', content: 'The answer' },
  ],
  schema: {
    name: 'llm-rubric',
    schema: {
      type: 'object',
      properties: {
        reason: { type: 'string' },
        score: { type: 'number', minimum: 0, maximum: 1 },
        pass: { type: 'boolean' },
      },
      required: ['score', 'pass'],
    },
  },
};

export const ONE_CALL: JudgeUsage = { calls: 1, input_tokens: 10, output_tokens: 5, cost: 0.01 };

/** A judge without a network: replies in turn, or by what it is asked. */
export class FakeJudge implements PromptedJudge {
  readonly label = 'grader';
  readonly prompts = prompts;
  readonly asked: JudgeQuestion[] = [];

  constructor(private readonly replies: (Json | Error)[] | ((question: JudgeQuestion) => Json | Error)) {}

  ask(question: JudgeQuestion): Promise<JudgeReply> {
    this.asked.push(question);
    const { replies } = this;
    const value = typeof replies === 'function' ? replies(question) : replies[this.asked.length - 1];
    if (value === undefined) throw new Error(`nobody told the judge what to say to question ${this.asked.length}`);
    return Promise.resolve(
      value instanceof Error
        ? { ok: false, reason: value.message, usage: ONE_CALL }
        : { ok: true, value, text: JSON.stringify(value), usage: ONE_CALL },
    );
  }

  /** Everything that was said to it in question `n`. */
  said(n: number): string {
    return (this.asked[n]?.messages ?? []).map(({ content }) => content).join('\n');
  }
}

/** Vectors by text. */
export function fakeEmbedder(vectors: Record<string, number[]>): Embedder & { texts: string[] } {
  const texts: string[] = [];
  return {
    label: 'embeddings',
    texts,
    embed(asked) {
      texts.push(...asked);
      const found = asked.map((text) => {
        const vector = vectors[text];
        if (vector === undefined) throw new Error(`no vector was made up for ${JSON.stringify(text)}`);
        return vector;
      });
      return Promise.resolve({ ok: true, vectors: found, usage: ONE_CALL });
    },
  };
}
