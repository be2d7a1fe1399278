/**
 * HTTP to the endpoint of a judge or of embeddings: its TLS, proxy and time limits, from the engine process. The load workers'
 * client measures to the millisecond and keeps a connection a request; grading needs neither.
 */
import { readFile } from 'node:fs/promises';
import type { Dispatcher } from 'undici';
import buildConnector from 'undici/lib/core/connect.js';
import Agent from 'undici/lib/dispatcher/agent.js';
import type { EndpointPlan } from '../../../protocol/plan';
import { errorMessageIn, excerpt, retryDelayIn } from '../../endpoints/error-text';
import type { WireRequest } from '../../endpoints/wire';
import { openTunnel, ProxyError, proxySettings, type ProxySettings, type TunnelOptions } from '../../load/proxy';
import { rateLimitOf, type RateLimit } from '../../load/rate-limit';
import {
  decodeFailure,
  httpFailure,
  streamCutFailure,
  timeoutFailure,
  transportFailure,
  type ErrorPlace,
  type RequestFailure,
  type TimeoutKind,
} from '../../load/request-errors';
import type { Clock } from '../../util/clock';
import { messageOf } from '../../util/errors';
import type { Redactor } from '../../util/redact';

/** Of the body of an error response, only so much is read. */
const MAX_ERROR_BYTES = 16 * 1024;
/** Names of headers and parameters of an address whose values are secrets, whoever put them there. */
const SECRET_NAME = /auth|key|token|secret|cookie/i;
/** undici gives up a connection attempt only after this client has, so that the sentence is this client's. */
const CONNECT_MARGIN_MS = 2_000;

/** An endpoint whose address is known. */
export type AddressedEndpoint = EndpointPlan & { url: string };

/** Receives the body of a successful response as it arrives. */
export interface BodyReader {
  /** False where it wants no more: the rest is not read. */
  push(chunk: Buffer): boolean;
  /** Whether the first token has been seen: from then on the limit is that on silence. */
  hasBegun(): boolean;
  /** Whether the answer is whole, though the server may not have closed the body yet. */
  isWhole(): boolean;
}

export type HttpOutcome =
  /** A status of 2xx; `cut` where the connection was lost before the body's end. */
  | { kind: 'answered'; cut: boolean }
  | { kind: 'failed'; failure: RequestFailure; status: number | null; retryAfterMs: number | null };

export interface EndpointHttpOptions {
  clock: Clock;
  redactor: Redactor;
  /** Most that are open at once. */
  connections: number;
  /** What a url of its API looks like, for the sentence about one that is not found. */
  exampleUrl?: string;
}

export class EndpointHttp {
  /** What the sentences about its failures name. */
  readonly place: ErrorPlace;
  private readonly origin: string;
  private readonly proxy: ProxySettings | undefined;
  private dispatcher: Promise<Dispatcher> | undefined;
  private closed = false;

  /** @throws TypeError for a url or a proxy that is none */
  constructor(
    private readonly endpoint: AddressedEndpoint,
    private readonly options: EndpointHttpOptions,
  ) {
    const { origin, host, searchParams } = new URL(endpoint.url);
    const { name, model, headers, apiKeyEnv } = endpoint;
    const { redactor, exampleUrl } = options;
    this.origin = origin;
    this.proxy = endpoint.proxy === undefined ? undefined : proxySettings(endpoint.proxy, process.env);
    this.place = {
      endpoint: name,
      host,
      model,
      apiKeyEnv,
      ...(exampleUrl === undefined ? {} : { exampleUrl }),
      ...(this.proxy === undefined ? {} : { proxy: this.proxy.host }),
    };
    for (const [key, value] of Object.entries(headers)) if (SECRET_NAME.test(key)) redactor.add(value);
    for (const [key, value] of searchParams) if (SECRET_NAME.test(key)) redactor.add(value);
    for (const secret of this.proxy?.secrets ?? []) redactor.add(secret);
  }

  /** Sends one request and hands its body to `reader`. Never rejects; ends as `cancelled` when `signal` is aborted. */
  async send(request: WireRequest, reader: BodyReader, signal: AbortSignal): Promise<HttpOutcome> {
    let dispatcher: Dispatcher;
    try {
      dispatcher = await (this.dispatcher ??= this.open());
    } catch (error) {
      return failed({ outcome: 'failed', kind: 'tls_ca', message: messageOf(error) });
    }
    return new Promise((resolve) => {
      const context = { timeouts: this.endpoint.timeout, place: this.place, ...this.options };
      const exchange = new Exchange(context, reader, signal, resolve);
      try {
        if (!exchange.ended) dispatcher.dispatch(this.dispatchOptions(request), exchange);
      } catch (error) {
        exchange.onError(error);
      }
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    const { dispatcher } = this;
    if (dispatcher === undefined) return;
    const [opened] = await Promise.allSettled([dispatcher]);
    if (opened?.status === 'fulfilled') await opened.value.destroy();
  }

  private dispatchOptions({ method, path, headers, body }: WireRequest): Dispatcher.DispatchOptions {
    const { proxy, origin } = this;
    // The limits are kept here: undici's count in steps of half a second, and not by the clock of a test.
    const options = { origin, method, path, headers, body, headersTimeout: 0, bodyTimeout: 0 };
    if (proxy === undefined || origin.startsWith('https:')) return options;
    const { authorization } = proxy;
    const login = authorization === undefined ? [] : ['proxy-authorization', authorization];
    return { ...options, path: origin + path, headers: [...headers, ...login] };
  }

  private async open(): Promise<Dispatcher> {
    const { tls: given, timeout, name } = this.endpoint;
    let ca: string | undefined;
    if (given?.caPath !== undefined) {
      try {
        ca = await readFile(given.caPath, 'utf8');
      } catch (error) {
        const reason = `Endpoint "${name}": the file of tls.ca, ${given.caPath}, cannot be read. Correct the path.`;
        throw new Error(reason, { cause: error });
      }
    }
    if (this.closed) throw new Error('The run has ended.');
    const tls = { ca, rejectUnauthorized: given?.rejectUnauthorized ?? true };
    const direct = buildConnector({
      timeout: timeout.connectMs + CONNECT_MARGIN_MS,
      rejectUnauthorized: tls.rejectUnauthorized,
      ...(ca === undefined ? {} : { ca }),
    });
    const connect = this.proxy === undefined ? direct : through(this.proxy, tls, direct);
    return new Agent({ connections: this.options.connections, pipelining: 1, connect });
  }
}

/** Opens connections through a proxy: to it for an http endpoint, in a tunnel for an https one. */
function through(
  proxy: ProxySettings,
  tls: TunnelOptions['tls'],
  direct: buildConnector.connector,
): buildConnector.connector {
  return (target, done) => {
    if (target.protocol !== 'https:') {
      const { hostname, host, port, secure } = proxy;
      const protocol = secure ? 'https:' : 'http:';
      direct({ hostname, host, port: String(port), protocol }, (...[error, socket]) => {
        if (error === null) done(null, socket);
        else done(new ProxyError('connect', error.message, { cause: error }), null);
      });
      return;
    }
    openTunnel({
      proxy,
      hostname: target.hostname,
      port: target.port === '' ? 443 : Number(target.port),
      tls,
      onLookup: () => undefined,
      onConnected: () => undefined,
      done: (error, tunnel) => {
        if (tunnel === null) done(error ?? new ProxyError('answer', 'it opened no tunnel'), null);
        else direct({ ...target, httpSocket: tunnel }, done);
      },
    });
  };
}

function failed(
  failure: RequestFailure,
  status: number | null = null,
  retryAfterMs: number | null = null,
): HttpOutcome {
  return { kind: 'failed', failure, status, retryAfterMs };
}

interface ExchangeContext extends EndpointHttpOptions {
  timeouts: EndpointPlan['timeout'];
  place: ErrorPlace;
}

/** One request and its response: undici's handler, in the form with raw headers. */
class Exchange implements Dispatcher.DispatchHandler {
  ended = false;
  private abort: ((error?: Error) => void) | undefined;
  private status: number | null = null;
  private rateLimit: RateLimit | undefined;
  private readonly errorBody: Buffer[] = [];
  private errorBytes = 0;
  private readonly cancelTotal: () => void;
  private cancelStep: () => void;

  constructor(
    private readonly context: ExchangeContext,
    private readonly reader: BodyReader,
    private readonly signal: AbortSignal,
    private readonly resolve: (outcome: HttpOutcome) => void,
  ) {
    this.cancelTotal = this.after(context.timeouts.totalMs, 'total_timeout');
    this.cancelStep = this.after(context.timeouts.connectMs, 'connect_timeout');
    if (signal.aborted) this.onAbort();
    else signal.addEventListener('abort', this.onAbort, { once: true });
  }

  onConnect(abort: (error?: Error) => void): void {
    // It was given up while the connection was being opened.
    if (this.ended) {
      abort();
      return;
    }
    this.abort = abort;
    this.expect('first_token_timeout', this.context.timeouts.firstTokenMs);
  }

  onHeaders(status: number, headers: Buffer[]): boolean {
    if (this.ended || status < 200) return true;
    this.status = status;
    this.rateLimit = rateLimitOf(headers, status === 429 || status === 503, Date.now());
    const encoding = encodingIn(headers);
    if (this.isAnswer() && encoding !== '' && encoding !== 'identity') {
      this.settle(failed(decodeFailure('content_encoding', encoding, this.context.place), status));
    }
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (this.ended) return true;
    if (!this.isAnswer()) {
      this.errorBytes += chunk.length;
      this.errorBody.push(chunk);
      if (this.errorBytes > MAX_ERROR_BYTES) this.finish(false);
      return true;
    }
    const more = this.reader.push(chunk);
    if (!more) this.settle({ kind: 'answered', cut: false });
    else if (this.reader.hasBegun()) this.expect('idle_timeout', this.context.timeouts.idleMs);
    return true;
  }

  onComplete(): void {
    this.finish(false);
  }

  onError(error: unknown): void {
    if (this.status !== null) this.finish(true);
    else this.settle(failed(transportFailure(error, this.abort !== undefined, this.context.place)));
  }

  private finish(cut: boolean): void {
    const { status } = this;
    if (this.isAnswer() || status === null) {
      this.settle(status === null ? failed(streamCutFailure(this.context.place)) : { kind: 'answered', cut });
      return;
    }
    const body = Buffer.concat(this.errorBody).subarray(0, MAX_ERROR_BYTES).toString('utf8');
    // Redacted before it is shortened: half a key would not be recognised.
    const detail = excerpt(this.context.redactor.text(errorMessageIn(body)));
    const { retryAfterMs = null, sentence = '' } = this.rateLimit ?? {};
    const failure = httpFailure(status, detail, this.context.place, sentence);
    this.settle(failed(failure, status, retryAfterMs ?? retryDelayIn(body)));
  }

  private isAnswer(): boolean {
    return this.status !== null && this.status >= 200 && this.status < 300;
  }

  private readonly onAbort = (): void => {
    const message = 'The run was stopped.';
    this.settle(failed({ outcome: 'cancelled', kind: 'cancelled', message }));
  };

  /** Replaces the limit on what is waited for. */
  private expect(kind: TimeoutKind, limitMs: number): void {
    this.cancelStep();
    this.cancelStep = this.after(limitMs, kind);
  }

  private after(limitMs: number, kind: TimeoutKind): () => void {
    const { clock } = this.context;
    return clock.at(clock.nowMs() + limitMs, () => {
      // A server that leaves the body open after the answer's end has answered.
      if (this.isAnswer() && this.reader.isWhole()) this.settle({ kind: 'answered', cut: false });
      else this.settle(failed(timeoutFailure(kind, limitMs, this.context.place), this.status));
    });
  }

  private settle(outcome: HttpOutcome): void {
    if (this.ended) return;
    this.ended = true;
    this.cancelTotal();
    this.cancelStep();
    this.signal.removeEventListener('abort', this.onAbort);
    this.resolve(outcome);
    // Of a response that has ended by itself this does nothing.
    this.abort?.();
  }
}

function encodingIn(headers: readonly Buffer[]): string {
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (headers[i]?.toString('latin1').toLowerCase() !== 'content-encoding') continue;
    return (headers[i + 1]?.toString('latin1') ?? '').trim().toLowerCase();
  }
  return '';
}
