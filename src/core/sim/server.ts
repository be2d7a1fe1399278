import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIPv4, type AddressInfo, type Socket } from 'node:net';
import type { SimConfig } from '../../protocol/plan';
import type { Clock } from '../util/clock';
import { PromptrigError, messageOf } from '../util/errors';
import { AnswerBook, NO_ANSWER } from './answers';
import { ApiError } from './api-error';
import { resolveSimConfig, type ResolvedFailure, type ResolvedSimConfig } from './config';
import { embeddingsBody, parseEmbeddingsRequest } from './embeddings';
import { Exchange, type ExchangeInput } from './exchange';
import { FAILURE_HEADER, failureStrikes, parseFailureHeader } from './failures';
import { parseGenerationRequest, type GenerationRequest } from './generation-request';
import { Lateness, type LatenessStats } from './lateness';
import { Pacer } from './pacer';
import { randomOf } from './random';
import { readBody } from './read-body';
import { ChunkInstants, RequestLog, type LoggedRequest, type SimOutcome, type SimRequest } from './request-log';
import { Slots } from './slots';
import { ClockWaker, PreciseWaker } from './waker';
import { WARM_UP_CONFIG, warmUp } from './warm-up';

/**
 * A request with this header is answered as usual, but leaves no trace: it is not recorded, counts for no `every`, takes
 * no turn of a scripted answer and is spared failures. For clients that warm their connections and code first.
 */
export const WARM_UP_HEADER = 'x-sim-warmup';

const PAGE_LIMIT = 1000;
const LISTEN_BACKLOG = 4096;

export interface SimulatorOptions {
  /** A loopback address; 127.0.0.1 by default. Any other is refused. */
  host?: string;
  /** 0, the default, takes a free one. */
  port?: number;
  /** The name that `/v1/models` lists; `sim` by default. Requests may name any model. */
  model?: string;
  /** With a key, `/v1` answers 401 to requests without `Authorization: Bearer KEY`. */
  apiKey?: string;
  /** Drives all times; the real, precise clock by default. */
  clock?: Clock;
  /** Ended requests kept; 20,000 by default. */
  maxRecordedRequests?: number;
  /** Content chunks kept over all requests, 32 bytes each; 2 million by default. */
  maxRecordedChunks?: number;
}

export interface SimStats {
  uptimeMs: number;
  pid: number;
  /** Since the last reset, warm-ups left out. */
  requests: { received: number } & Record<SimOutcome, number>;
  running: number;
  waiting: number;
  peakRunning: number;
  peakWaiting: number;
  outputTokens: number;
  contentWrites: number;
  blockedWrites: number;
  /** Of content writes after their due instants, in ms. */
  latenessMs: LatenessStats;
  /** CPU time of the process since the simulator started. */
  cpuMs: { user: number; system: number };
  recorded: number;
  dropped: number;
}

export interface Simulator {
  /** Base URL for clients: `http://127.0.0.1:PORT/v1`. */
  readonly url: string;
  readonly port: number;
  stats(): SimStats;
  /** Ended requests that are still on record, oldest first. */
  requests(): SimRequest[];
  /** Forgets records and counters, and starts failure counts and scripted turns anew. Requests in flight go on. */
  reset(): void;
  /**
   * Settings for requests to come; scripted turns start anew.
   * @throws PromptrigError `usage`; the settings then stay as they were.
   */
  reconfigure(config: SimConfig): void;
  /** Cuts what is in flight and frees the port. */
  close(): Promise<void>;
}

function requireLoopback(host: string): void {
  if ((isIPv4(host) && host.startsWith('127.')) || host === '::1' || host === 'localhost') return;
  throw new PromptrigError(
    'usage',
    `The simulator listens on this machine only and refuses the address ${host}. Use 127.0.0.1.`,
  );
}

/**
 * Starts the simulator and warms its code, so that the first real request is not slowed by it.
 * @throws PromptrigError `usage` for unusable settings, an address beyond loopback, or a port that cannot be had.
 */
export async function startSimulator(config: SimConfig, options: SimulatorOptions = {}): Promise<Simulator> {
  const host = options.host ?? '127.0.0.1';
  requireLoopback(host);
  const resolved = resolveSimConfig(config);
  // With a clock of the caller's nothing would move during the warm-up.
  const simulator = new HttpSimulator(options.clock === undefined ? WARM_UP_CONFIG : resolved, options);
  await simulator.listen(host, options.port ?? 0);
  try {
    if (options.clock === undefined) await warmUp(simulator.url, options.apiKey);
  } catch (error) {
    await simulator.close();
    throw new PromptrigError('internal', 'The simulator started but does not answer itself.', {
      reason: messageOf(error),
      cause: error,
    });
  }
  simulator.configure(resolved);
  simulator.reset();
  return simulator;
}

class HttpSimulator implements Simulator {
  url = '';
  port = 0;

  private readonly server: Server;
  private readonly pacer: Pacer;
  private readonly slots: Slots;
  private readonly log: RequestLog;
  private readonly lateness = new Lateness();
  private readonly model: string;
  private readonly startedMs: number;
  private readonly cpuAtStart = process.cpuUsage();
  private answers: AnswerBook;
  private counts = { received: 0, completed: 0, failed: 0, cancelled: 0, rejected: 0 };
  private outputTokens = 0;
  private contentWrites = 0;
  private blockedWrites = 0;
  private answerIds = 0;
  /** Where a client pipelines, the response that has the connection or waits for it last. */
  private readonly lastResponse = new WeakMap<Socket, ServerResponse>();

  constructor(
    private config: ResolvedSimConfig,
    private readonly options: SimulatorOptions,
  ) {
    const clock = options.clock;
    this.pacer = new Pacer((onWake) =>
      clock === undefined ? new PreciseWaker(onWake) : new ClockWaker(clock, onWake),
    );
    this.startedMs = this.pacer.nowMs();
    this.slots = new Slots(config);
    this.answers = new AnswerBook(config);
    this.model = options.model ?? 'sim';
    this.log = new RequestLog({
      requests: options.maxRecordedRequests ?? 20_000,
      chunks: options.maxRecordedChunks ?? 2_000_000,
    });
    this.server = createServer({ noDelay: true, keepAlive: true }, (request, response) => {
      const receivedMs = this.pacer.nowMs();
      this.dispatch(request, response, receivedMs).catch((error: unknown) => {
        this.sendError(response, error instanceof ApiError ? error : new ApiError(500, messageOf(error)));
      });
    });
    // Closing idle connections would race with a client that is about to reuse one, which shows as a failed request.
    this.server.keepAliveTimeout = 0;
  }

  async listen(host: string, port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', (error: NodeJS.ErrnoException) => {
        const why = error.code === 'EADDRINUSE' ? 'it is in use' : error.message;
        reject(
          new PromptrigError('usage', `The simulator cannot listen on ${host}:${port}: ${why}. Choose another port.`, {
            reason: error.message,
            cause: error,
          }),
        );
      });
      this.server.listen({ host, port, backlog: LISTEN_BACKLOG }, resolve);
    });
    const address = this.server.address() as AddressInfo;
    this.port = address.port;
    this.url = `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}/v1`;
  }

  stats(): SimStats {
    const cpu = process.cpuUsage(this.cpuAtStart);
    const peaks = this.slots.peaks;
    return {
      uptimeMs: this.pacer.nowMs() - this.startedMs,
      pid: process.pid,
      requests: { ...this.counts },
      running: this.slots.running,
      waiting: this.slots.waiting,
      peakRunning: peaks.running,
      peakWaiting: peaks.waiting,
      outputTokens: this.outputTokens,
      contentWrites: this.contentWrites,
      blockedWrites: this.blockedWrites,
      latenessMs: this.lateness.stats(),
      cpuMs: { user: cpu.user / 1000, system: cpu.system / 1000 },
      recorded: this.log.size,
      dropped: this.log.dropped,
    };
  }

  requests(): SimRequest[] {
    return this.log.since(0).requests;
  }

  reset(): void {
    this.log.clear();
    this.lateness.clear();
    this.slots.resetPeaks();
    this.answers.resetTurns();
    this.counts = { received: 0, completed: 0, failed: 0, cancelled: 0, rejected: 0 };
    this.outputTokens = 0;
    this.contentWrites = 0;
    this.blockedWrites = 0;
  }

  reconfigure(config: SimConfig): void {
    this.configure(resolveSimConfig(config));
  }

  configure(config: ResolvedSimConfig): void {
    this.config = config;
    this.answers = new AnswerBook(config);
    this.slots.resize(config);
  }

  async close(): Promise<void> {
    this.pacer.stop();
    await new Promise<void>((resolve, reject) => {
      this.server.close((error) => {
        // Closing twice is harmless.
        if (error === undefined || (error as NodeJS.ErrnoException).code === 'ERR_SERVER_NOT_RUNNING') resolve();
        else reject(error);
      });
      this.server.closeAllConnections();
    });
  }

  private async dispatch(request: IncomingMessage, response: ServerResponse, receivedMs: number): Promise<void> {
    const socket = request.socket;
    const previous = this.lastResponse.get(socket);
    this.lastResponse.set(socket, response);
    if (response.socket === null && previous !== undefined) {
      // Pipelined: the connection still belongs to the answer before.
      await new Promise<void>((resolve) => previous.once('close', resolve));
      if (socket.destroyed) return;
    }

    const target = request.url ?? '/';
    if (!URL.canParse(target, 'http://localhost')) throw new ApiError(400, 'The request target is not a valid URL.');
    const url = new URL(target, 'http://localhost');
    const path = url.pathname.length > 1 ? url.pathname.replace(/\/$/, '') : url.pathname;
    switch (path) {
      case '/v1/chat/completions':
        return this.generate('chat', request, response, receivedMs);
      case '/v1/completions':
        return this.generate('completions', request, response, receivedMs);
      case '/v1/embeddings':
        return this.generate('embeddings', request, response, receivedMs);
    }
    request.resume();
    switch (path) {
      case '/v1/models':
        this.requireMethod(request, 'GET');
        this.requireKey(request);
        return this.sendJson(response, {
          object: 'list',
          data: [{ id: this.model, object: 'model', created: 0, owned_by: 'promptrig' }],
        });
      case '/sim/stats':
        this.requireMethod(request, 'GET');
        return this.sendJson(response, this.stats());
      case '/sim/requests':
        this.requireMethod(request, 'GET', 'DELETE');
        if (request.method === 'DELETE') {
          this.log.clear();
          return this.sendJson(response, { cleared: true });
        }
        return this.sendJson(
          response,
          this.log.since(queryNumber(url, 'since', 0), queryNumber(url, 'limit', PAGE_LIMIT)),
        );
      case '/sim/reset':
        this.requireMethod(request, 'POST');
        this.reset();
        return this.sendJson(response, { reset: true });
      default:
        throw new ApiError(404, `Unknown path ${request.method} ${path}.`, { code: 'unknown_url' });
    }
  }

  private async generate(
    kind: GenerationRequest['kind'],
    message: IncomingMessage,
    response: ServerResponse,
    receivedMs: number,
  ): Promise<void> {
    const warm = message.headers[WARM_UP_HEADER] !== undefined;
    const ordinal = warm ? 0 : ++this.counts.received;
    const id = requestId(message) ?? `sim-${ordinal}`;
    let bodyMs: number | null = null;
    try {
      this.requireMethod(message, 'POST');
      this.requireKey(message);
      const body = await readBody(message);
      bodyMs = this.pacer.nowMs();
      const asked = this.read(kind, body, !warm);
      const exchange = new Exchange(
        {
          config: this.config,
          pacer: this.pacer,
          slots: this.slots,
          ended: (entry) => {
            if (!warm) this.record(entry);
          },
        },
        response,
        message.socket,
        {
          id,
          answerId: `sim${++this.answerIds}`,
          ...asked,
          failure: warm ? null : this.failureOf(message, id, ordinal),
          random: randomOf(this.config.seed, id),
          receivedMs,
          bodyMs,
        },
      );
      exchange.begin();
    } catch (error) {
      const gone = message.socket.destroyed;
      if (!gone && !(error instanceof ApiError)) throw error;
      if (error instanceof ApiError && !gone) {
        message.resume();
        this.sendError(response, error, id);
      }
      if (!warm) this.record(refusedEntry(kind, id, receivedMs, bodyMs, this.pacer.nowMs(), gone ? null : error));
    }
  }

  /** What is asked and what will be answered. @throws ApiError 400 */
  private read(
    kind: GenerationRequest['kind'],
    json: string,
    takeTurn: boolean,
  ): Pick<ExchangeInput, 'request' | 'planned' | 'body'> {
    if (kind !== 'embeddings') {
      const request = parseGenerationRequest(kind, json, this.model);
      return { request, planned: this.answers.plan(request, takeTurn) };
    }
    const embeddings = parseEmbeddingsRequest(json, this.model);
    const { model, inputTokens } = embeddings;
    return {
      request: { ...NOTHING_GENERATED, model, inputTokens },
      planned: NO_ANSWER,
      body: embeddingsBody(embeddings, (text) => this.answers.embeddingOf(text)),
    };
  }

  private failureOf(message: IncomingMessage, id: string, ordinal: number): ResolvedFailure | null {
    const header = message.headers[FAILURE_HEADER];
    if (typeof header === 'string') return parseFailureHeader(header);
    const failure = this.config.failure;
    return failure !== null && failureStrikes(failure, this.config.seed, id, ordinal) ? failure : null;
  }

  private record(entry: LoggedRequest): void {
    this.counts[entry.outcome]++;
    this.outputTokens += entry.outputTokens;
    this.contentWrites += entry.chunks.length;
    this.blockedWrites += entry.blockedWrites;
    entry.chunks.eachLateness((ms) => this.lateness.add(ms));
    this.log.add(entry);
  }

  private requireMethod(request: IncomingMessage, ...allowed: string[]): void {
    if (allowed.includes(request.method ?? '')) return;
    throw new ApiError(
      405,
      `This path takes ${allowed.join(' or ')}, not ${request.method}.`,
      {},
      {
        allow: allowed.join(', '),
      },
    );
  }

  private requireKey(request: IncomingMessage): void {
    const key = this.options.apiKey;
    if (key === undefined || request.headers.authorization === `Bearer ${key}`) return;
    throw new ApiError(
      401,
      'Incorrect API key provided.',
      { code: 'invalid_api_key' },
      { 'www-authenticate': 'Bearer' },
    );
  }

  private sendJson(response: ServerResponse, data: unknown): void {
    const body = JSON.stringify(data);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    response.end(body);
  }

  private sendError(response: ServerResponse, error: ApiError, id?: string): void {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const body = error.toBody();
    response.writeHead(error.status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...(id === undefined ? {} : { 'x-request-id': id }),
      ...error.headers,
    });
    response.end(body);
  }
}

/** Of a request for embeddings, which has no text to come. */
const NOTHING_GENERATED: Omit<GenerationRequest, 'model' | 'inputTokens'> = {
  kind: 'embeddings',
  stream: false,
  includeUsage: false,
  maxTokens: null,
  stop: [],
  lastUserText: '',
  conversation: [],
};

/** The client's own id, where it can be given back in a header. */
function requestId(message: IncomingMessage): string | null {
  const id = message.headers['x-request-id'];
  return typeof id === 'string' && /^[\x21-\x7e][\x20-\x7e]{0,255}$/.test(id) ? id : null;
}

function queryNumber(url: URL, name: string, fallback: number): number {
  const text = url.searchParams.get(name);
  if (text === null) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0)
    throw new ApiError(400, `'${name}' must be a whole number.`, { param: name });
  return value;
}

/** The record of a request that never became an answer; `error` null where the client left while sending it. */
function refusedEntry(
  kind: GenerationRequest['kind'],
  id: string,
  receivedMs: number,
  bodyMs: number | null,
  endMs: number,
  error: unknown,
): LoggedRequest {
  return {
    id,
    kind,
    model: '',
    stream: false,
    outcome: error === null ? 'cancelled' : 'rejected',
    status: error instanceof ApiError ? error.status : null,
    failure: null,
    finishReason: null,
    inputTokens: 0,
    outputTokens: 0,
    reasoningTokens: 0,
    receivedMs,
    bodyMs,
    runningMs: null,
    headersMs: null,
    chunks: new ChunkInstants(0),
    blockedWrites: 0,
    endMs,
  };
}
