/** Embeddings over HTTP. */
import type { JudgePlan } from '../../../protocol/plan';
import type { JudgeUsage } from '../../../protocol/run-json';
import { excerpt } from '../../endpoints/error-text';
import { decodeFailure, streamCutFailure } from '../../load/request-errors';
import { systemClock, type Clock } from '../../util/clock';
import { messageOf } from '../../util/errors';
import type { Redactor } from '../../util/redact';
import type { Embedder } from '../types';
import { isAbsent, MOST_ATTEMPTS, pause, retryDelayMs, type HttpFailure } from './attempts';
import { checkedVectors, embeddingApiOf, objectOfBody, type EmbeddingApi } from './embedding-api';
import { EndpointHttp, type AddressedEndpoint, type BodyReader } from './endpoint-http';
import { labelOf } from './http-judge';
import { Slots } from './slots';
import { NO_USAGE, plus, UsageMeter } from './usage';

const REQUESTS_AT_ONCE = 8;
/** Texts of one request: the smallest limit of common servers (TEI) is 32. */
const TEXTS_A_REQUEST = 32;
/** 32 vectors of 8,192 numbers take some 6 MB as JSON. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** Of servers that have no embeddings at all. */
const NO_SUCH_METHOD = new Set([404, 405, 501]);
/** Of servers whose model makes none; but of a text that is too long as well. */
const REFUSED = new Set([400, 422]);

export type EmbedReply =
  | { ok: true; vectors: number[][]; usage: JudgeUsage }
  /** `unsupported`: the endpoint, or its model, makes no embeddings, and will not later either. */
  | { ok: false; reason: string; usage: JudgeUsage; unsupported?: true };

export interface HttpEmbedderOptions {
  /** With the address of its endpoint filled in. */
  plan: JudgePlan & { endpoint: AddressedEndpoint };
  apiKey: string | undefined;
  redactor: Redactor;
  clock?: Clock;
}

export class HttpEmbedder implements Embedder {
  readonly label: string;
  private total: JudgeUsage = NO_USAGE;
  private readonly clock: Clock;
  private readonly http: EndpointHttp;
  private readonly slots = new Slots(REQUESTS_AT_ONCE);
  private absent = false;
  /** It has made embeddings: what is refused now is refused for its text. */
  private proven = false;
  private unsupported: string | undefined;

  /** @throws TypeError for a url that is none */
  constructor(private readonly options: HttpEmbedderOptions) {
    const { endpoint } = options.plan;
    this.clock = options.clock ?? systemClock;
    this.label = labelOf(endpoint);
    options.redactor.add(options.apiKey);
    this.http = new EndpointHttp(endpoint, {
      clock: this.clock,
      redactor: options.redactor,
      connections: REQUESTS_AT_ONCE,
    });
  }

  /** What every call so far took. */
  get usage(): JudgeUsage {
    return this.total;
  }

  async embed(texts: string[], signal: AbortSignal): Promise<EmbedReply> {
    const meter = new UsageMeter(this.options.plan.endpoint);
    try {
      const reply = await this.batches(texts, meter, signal);
      return reply.ok ? reply : { ...reply, reason: this.options.redactor.text(reply.reason) };
    } catch (error) {
      const reason = this.options.redactor.text(`${this.label} could not be asked: ${messageOf(error)}`);
      return { ok: false, reason, usage: meter.usage };
    } finally {
      this.total = plus(this.total, meter.usage);
    }
  }

  close(): Promise<void> {
    return this.http.close();
  }

  private async batches(texts: string[], meter: UsageMeter, signal: AbortSignal): Promise<EmbedReply> {
    const api = embeddingApiOf(this.options.plan.endpoint.api);
    if (api === null) {
      const reason = `${this.label} makes no embeddings: its API, ${this.options.plan.endpoint.api}, has none; name an endpoint of another as the judge of the assertion`;
      return { ok: false, reason, usage: meter.usage, unsupported: true };
    }
    const vectors: number[][] = [];
    for (let from = 0; from < texts.length; from += TEXTS_A_REQUEST) {
      const batch = texts.slice(from, from + TEXTS_A_REQUEST);
      const reply = await this.batch(api, batch, meter, signal);
      if (!Array.isArray(reply)) return { ok: false, usage: meter.usage, ...reply };
      vectors.push(...reply);
    }
    // Batches may have been answered by different models behind one address.
    return { ok: true, vectors: checkedVectors(vectors, texts.length), usage: meter.usage };
  }

  private async batch(
    api: EmbeddingApi,
    texts: string[],
    meter: UsageMeter,
    signal: AbortSignal,
  ): Promise<number[][] | { reason: string; unsupported?: true }> {
    // A server without embeddings is not asked again for every answer.
    if (this.unsupported !== undefined) return { reason: this.unsupported, unsupported: true };
    const giveBack = await this.slots.take(signal);
    try {
      const mostFailures = this.absent ? 1 : MOST_ATTEMPTS;
      for (let attempt = 1; ; attempt++) {
        const found = signal.aborted ? null : await this.send(api, texts, meter, signal);
        if (found === null || signal.aborted) return { reason: 'the run was stopped before the embeddings were made' };
        if (Array.isArray(found)) {
          this.absent = false;
          this.proven = true;
          return checkedVectors(found, texts.length);
        }
        this.absent = isAbsent(found);
        const waitMs = attempt < mostFailures ? retryDelayMs(found, attempt) : null;
        if (waitMs === null) return this.refusal(found, attempt);
        await pause(waitMs, this.clock, signal);
      }
    } catch (error) {
      if (error instanceof RangeError)
        return { reason: `the embeddings of ${this.label} are unusable: ${error.message}` };
      throw error;
    } finally {
      giveBack?.();
    }
  }

  private refusal({ failure, status }: HttpFailure, attempts: number): { reason: string; unsupported?: true } {
    const times = attempts === 1 ? '' : ` in ${attempts} attempts`;
    const reason = `${this.label} could not be asked for embeddings${times}: ${failure.message}`;
    const missing = status !== null && NO_SUCH_METHOD.has(status);
    if (this.proven || (!missing && !REFUSED.has(status ?? 0))) return { reason };
    const advice = `${reason} Is "${this.options.plan.endpoint.model}" a model that makes embeddings?`;
    if (missing) this.unsupported = advice;
    return { reason: advice, unsupported: true };
  }

  private async send(
    api: EmbeddingApi,
    texts: string[],
    meter: UsageMeter,
    signal: AbortSignal,
  ): Promise<unknown[] | HttpFailure> {
    const { plan, apiKey, redactor } = this.options;
    const { url, model, headers } = plan.endpoint;
    const request = api.buildRequest({ url, model, headers, params: plan.params, apiKey }, texts);
    const reader = new WholeBody();
    const outcome = await this.http.send(request, reader, signal);
    const body = outcome.kind === 'answered' ? objectOfBody(reader.text) : null;
    meter.add(body === null ? null : api.usageIn(body), body !== null);
    if (outcome.kind === 'failed') return outcome;
    if (body !== null) return api.vectorsIn(body);
    const failure = outcome.cut
      ? streamCutFailure(this.http.place)
      : decodeFailure('not_json', excerpt(redactor.text(reader.text.slice(0, 10_000))), this.http.place);
    return { kind: 'failed', failure, status: null, retryAfterMs: null };
  }
}

class WholeBody implements BodyReader {
  private readonly chunks: Buffer[] = [];
  private bytes = 0;

  get text(): string {
    return Buffer.concat(this.chunks).toString('utf8');
  }

  push(chunk: Buffer): boolean {
    this.bytes += chunk.length;
    this.chunks.push(chunk);
    return this.bytes <= MAX_BODY_BYTES;
  }

  hasBegun(): boolean {
    return this.bytes > 0;
  }

  /** Its end is that of the body. */
  isWhole(): boolean {
    return false;
  }
}
