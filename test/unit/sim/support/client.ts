import assert from 'node:assert/strict';
import { Agent, request, type IncomingHttpHeaders } from 'node:http';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** As they came from the socket. */
  pieces: Buffer[];
  /** The connection broke before the body was complete. */
  broken: boolean;
}

export interface Call {
  method?: string;
  body?: unknown;
  /** Sent as it is instead of `body`. */
  raw?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  agent?: Agent;
}

/** One HTTP exchange, on a connection of its own unless an agent is given. */
export function call(url: string, options: Call = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const payload = options.raw ?? (options.body === undefined ? '' : JSON.stringify(options.body));
    const outgoing = request(
      url,
      {
        method: options.method ?? (payload === '' ? 'GET' : 'POST'),
        headers: { ...options.headers, 'content-length': Buffer.byteLength(payload) },
        agent: options.agent ?? false,
        signal: options.signal,
      },
      (response) => {
        const pieces: Buffer[] = [];
        const finish = (broken: boolean): void =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(pieces).toString('utf8'),
            pieces,
            broken,
          });
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.once('end', () => finish(false));
        response.once('error', () => finish(true));
      },
    );
    outgoing.once('error', reject);
    outgoing.end(payload);
  });
}

export interface ToolCallDelta {
  index: number;
  id?: string;
  type?: string;
  function?: { name?: string; arguments?: string };
}

export interface Chunk {
  id: string;
  object: string;
  model: string;
  choices: {
    delta?: { role?: string; content?: string | null; reasoning_content?: string; tool_calls?: ToolCallDelta[] };
    text?: string;
    finish_reason: string | null;
  }[];
  usage?: {
    prompt_tokens: number;
    completion_tokens: number;
    total_tokens: number;
    completion_tokens_details: { reasoning_tokens: number };
  } | null;
  error?: { message: string; type: string };
}

/** The data of each event of a stream, `[DONE]` included, comments left out. */
export function events(answer: Answer): string[] {
  return answer.text
    .split('\n\n')
    .filter((event) => event.startsWith('data: '))
    .map((event) => event.slice('data: '.length));
}

export function chunks(answer: Answer): Chunk[] {
  return events(answer)
    .filter((data) => data !== '[DONE]')
    .map((data) => JSON.parse(data) as Chunk);
}

export function contentOf(answer: Answer): string {
  return chunks(answer)
    .map((chunk) => (chunk.error === undefined ? (chunk.choices[0]?.delta?.content ?? '') : ''))
    .join('');
}

export function errorOf(answer: Answer): { message: string; type: string; param: string | null; code: string | null } {
  const body = JSON.parse(answer.text) as { error?: { message: string; type: string; param: null; code: null } };
  assert.ok(body.error, `not an error body: ${answer.text}`);
  return body.error;
}

/** A chat request with one user message. */
export function chat(content: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { model: 'test-model', messages: [{ role: 'user', content }], ...more };
}

/** Waits for what other turns of the event loop bring about; the test's own timeout ends a wait in vain. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}
