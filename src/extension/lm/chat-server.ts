/**
 * A server on loopback that lives as long as one run: the engine asks it as it asks any endpoint, and it asks the models of the
 * editor, which only the extension host can. Whoever has not got the run's token is not answered.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sseEvent } from '../../core/endpoints/request-parts';
import { messageOf } from '../../core/util/errors';
import { ChatFailure, parseChatRequest, type ChatPart, type ChatRequest } from './chat-request';

/** Bytes of a request: more is no prompt, and would fill the memory of the extension host. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** How long the tokens of an answer may take to be counted, in ms; then the answer goes without. */
const COUNT_MS = 2_000;

export interface ChatModel {
  /** Asks; ends early with the signal. @throws ChatFailure */
  ask(request: ChatRequest, signal: AbortSignal): AsyncIterable<ChatPart>;
  countTokens(text: string): Promise<number>;
}

export interface ChatServer {
  /** Base URL, to which `/chat/completions` is added. */
  url: string;
  /** The API key of this server. */
  token: string;
  close(): void;
}

/** @param models by the name that requests have in `model` */
export async function startChatServer(models: ReadonlyMap<string, ChatModel>): Promise<ChatServer> {
  const token = randomBytes(32).toString('base64url');
  const server = createServer((request, response) => {
    answer(request, response, models, token).catch((error: unknown) => fail(response, error));
  });
  // A connection that waits for its turn in a slow stage must not be closed under the engine.
  server.keepAliveTimeout = 120_000;
  await listening(server);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    token,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  models: ReadonlyMap<string, ChatModel>,
  token: string,
): Promise<void> {
  if (!isAllowed(request.headers.authorization, token)) {
    throw new ChatFailure(401, 'This server answers the run that started it, and nobody else.', 'authentication_error');
  }
  if (request.method !== 'POST' || request.url !== '/v1/chat/completions') {
    throw new ChatFailure(
      404,
      "The editor's models can be chatted with, and nothing else: they make no embeddings.",
      'not_found_error',
    );
  }
  const asked = parseChatRequest(await bodyOf(request));
  const model = models.get(asked.model);
  if (model === undefined) {
    throw new ChatFailure(404, `The editor offers no model "${asked.model}" to this run.`, 'not_found_error');
  }
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  // The first part comes before the status is sent, so that a refusal is a refusal and not a broken answer.
  const parts = model.ask(asked, gone.signal)[Symbol.asyncIterator]();
  const first = await parts.next();
  const out = new Completion(asked, model);
  if (asked.stream) {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(sseEvent(out.chunk({ role: 'assistant', content: '' })));
  }
  for (let next = first; next.done !== true; next = await parts.next()) {
    const delta = out.add(next.value);
    if (asked.stream) response.write(sseEvent(out.chunk(delta)));
  }
  const usage = await out.usage();
  if (!asked.stream) {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(out.whole(usage)));
    return;
  }
  response.write(sseEvent(out.chunk({}, out.finishReason)));
  if (usage !== null) response.write(sseEvent({ ...out.head('chat.completion.chunk'), choices: [], usage }));
  response.end('data: [DONE]\n\n');
}

/** Ends a response with what went wrong: by its status where it has not begun, else as an event of the stream. */
function fail(response: ServerResponse, error: unknown): void {
  if (response.destroyed) return;
  const { status, type } = error instanceof ChatFailure ? error : { status: 502, type: 'editor_error' };
  const body = { error: { message: messageOf(error), type, code: status } };
  if (response.headersSent) {
    response.end(sseEvent(body));
    return;
  }
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function isAllowed(authorization: string | undefined, token: string): boolean {
  const given = Buffer.from(authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new ChatFailure(413, 'The request is too large.', 'invalid_request_error');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}

/** One answer as it grows. */
class Completion {
  private readonly id = `chatcmpl-${randomBytes(8).toString('hex')}`;
  private readonly created = Math.floor(Date.now() / 1000);
  private text = '';
  private readonly calls: { id: string; type: 'function'; function: { name: string; arguments: string } }[] = [];

  constructor(
    private readonly request: ChatRequest,
    private readonly model: ChatModel,
  ) {}

  /** Takes the next part in; returns it as the delta of an event. */
  add(part: ChatPart): object {
    if (part.kind === 'text') {
      this.text += part.text;
      return { content: part.text };
    }
    const { id, name, input } = part;
    const call = { id, type: 'function' as const, function: { name, arguments: JSON.stringify(input) } };
    this.calls.push(call);
    return { tool_calls: [{ index: this.calls.length - 1, ...call }] };
  }

  get finishReason(): string {
    return this.calls.length > 0 ? 'tool_calls' : 'stop';
  }

  head(object: string): object {
    return { id: this.id, object, created: this.created, model: this.request.model };
  }

  chunk(delta: object, finish: string | null = null): object {
    return { ...this.head('chat.completion.chunk'), choices: [{ index: 0, delta, finish_reason: finish }] };
  }

  whole(usage: Usage | null): object {
    const message = {
      role: 'assistant',
      content: this.text,
      ...(this.calls.length > 0 ? { tool_calls: this.calls } : {}),
    };
    return {
      ...this.head('chat.completion'),
      choices: [{ index: 0, message, finish_reason: this.finishReason }],
      ...(usage === null ? {} : { usage }),
    };
  }

  /** Counted with the model's own tokenizer, after the answer so as not to delay it; null where it cannot say. */
  async usage(): Promise<Usage | null> {
    const prompt = this.request.turns.flatMap(({ parts }) => parts.map((part) => textIn(part))).join('\n');
    const answer = this.text + this.calls.map((call) => call.function.name + call.function.arguments).join('');
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(() => resolve(null), COUNT_MS);
    });
    try {
      const counted = Promise.all([this.model.countTokens(prompt), this.model.countTokens(answer)]);
      const counts = await Promise.race([counted, late]);
      if (counts === null) return null;
      const [promptTokens, completionTokens] = counts;
      return {
        prompt_tokens: promptTokens,
        completion_tokens: completionTokens,
        total_tokens: promptTokens + completionTokens,
      };
    } catch {
      // A provider without a tokenizer has answered all the same: the engine then counts by itself.
      return null;
    } finally {
      clearTimeout(timer);
    }
  }
}

function textIn(part: ChatRequest['turns'][number]['parts'][number]): string {
  return part.kind === 'call' ? part.name + JSON.stringify(part.input) : part.text;
}
