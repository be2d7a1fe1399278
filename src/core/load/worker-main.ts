/** What a load worker does with the messages of its LoadRunner. */
import type { WireApi, WireTarget } from '../endpoints/wire';
import { openaiChat } from '../endpoints/openai-chat';
import { wireApiOf } from '../endpoints/registry';
import { monotonicMs, systemClock } from '../util/clock';
import { messageOf, PromptrigError } from '../util/errors';
import { calibrateNap } from '../util/nap';
import { Redactor } from '../util/redact';
import { SECRET_NAME } from '../util/secret-names';
import { CasesRun } from './cases-run';
import { ConnectionPool, ConnectTimeoutError } from './connections';
import { HealthWatch } from './health';
import { Intake } from './intake';
import { Outbox } from './outbox';
import { proxySettings } from './proxy';
import { RequestExecution, type RequestContext, type RequestListener, type RequestSpec } from './request';
import { timeoutFailure, transportFailure } from './request-errors';
import { readTrace } from './trace-read';
import { StageRun, type JobRun } from './stage-run';
import { RequestRecorder, TracedRequest } from './traced-request';
import type { EndedRequest, LoadTarget } from './types';
import { warmCodePath } from './warm-up';
import type { FromWorker, LoadWorkerData, TlsMaterial, ToWorker } from './worker-protocol';

const WARM_UP_MS = 250;
/** For an API beyond the first: most of the path is hot by then. */
const WARM_UP_API_MS = 150;
/** Resolution of every timeout: one timer for all requests, not one each. */
const SWEEP_MS = 25;
const LIVE_MS = 200;

export interface WorkerPort {
  postMessage(message: FromWorker): void;
  on(event: 'message', listener: (message: ToWorker) => void): unknown;
}

interface Endpoint {
  wire: WireApi;
  wireTarget: WireTarget;
  context: RequestContext;
}

/** Heats the code path, says `ready`, then serves messages until the thread is ended. */
export async function runLoadWorker(port: WorkerPort, data: LoadWorkerData): Promise<void> {
  const worker = new LoadWorker(port, data);
  port.on('message', (message) => worker.receive(message));
  await worker.warmUp();
}

class LoadWorker {
  private readonly intake = new Intake(monotonicMs, setImmediate, calibrateNap());
  private readonly endpoints = new Map<string, Endpoint>();
  private readonly calls = new Map<number, () => void>();
  private readonly active = new Set<RequestExecution>();
  /** Kinds of the APIs whose code is hot. */
  private readonly warmed = new Set<string>();
  private sweep: NodeJS.Timeout | undefined;
  private readonly outbox: Outbox;

  constructor(
    private readonly port: WorkerPort,
    private readonly data: LoadWorkerData,
  ) {
    this.outbox = new Outbox(port, (call) => this.calls.get(call)?.());
  }

  async warmUp(): Promise<void> {
    const { problem } = await warmCodePath(openaiChat, this.intake, monotonicMs, WARM_UP_MS);
    this.warmed.add(openaiChat.kind);
    this.port.postMessage({ type: 'ready', warmUpProblem: problem });
  }

  receive(message: ToWorker): void {
    switch (message.type) {
      case 'open':
        this.guard(message.call, this.open(message));
        return;
      case 'release':
        this.endpoints.get(message.targetId)?.context.pool.close();
        this.endpoints.delete(message.targetId);
        return;
      case 'trace':
        this.guard(message.call, this.readTrace(message));
        return;
      case 'run':
        this.guard(message.call, this.run(message));
        return;
      case 'cancel':
        this.calls.get(message.call)?.();
        return;
      case 'ack':
        this.outbox.acknowledged();
        return;
    }
  }

  private guard(call: number, work: Promise<void>): void {
    work
      .catch((error: unknown) => {
        this.port.postMessage({
          type: 'failed',
          call,
          code: error instanceof PromptrigError ? error.code : 'internal',
          message: messageOf(error),
          reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
        });
      })
      .finally(() => this.calls.delete(call));
  }

  private async open(message: Extract<ToWorker, { type: 'open' }>): Promise<void> {
    const { call, target, tls, connections } = message;
    const controller = new AbortController();
    this.calls.set(call, () => controller.abort());
    let endpoint = this.endpoints.get(target.id);
    if (endpoint === undefined) {
      endpoint = this.createEndpoint(target, tls);
      this.endpoints.set(target.id, endpoint);
      await this.warmApi(endpoint.wire);
    }
    const { pool, place, timeouts } = endpoint.context;
    const { idle, error } = await pool.warm(connections, controller.signal);
    const problem =
      error === null
        ? null
        : error instanceof ConnectTimeoutError
          ? timeoutFailure('connect_timeout', timeouts.connectMs, place)
          : transportFailure(error, false, place);
    this.port.postMessage({
      type: 'opened',
      call,
      idle,
      problem: problem === null ? null : { kind: problem.kind, message: problem.message },
    });
  }

  /** Heats what reads the answers of an API, once. Where it cannot be done, the first warm-up has said so already. */
  private async warmApi(wire: WireApi): Promise<void> {
    if (this.warmed.has(wire.kind)) return;
    this.warmed.add(wire.kind);
    await warmCodePath(wire, this.intake, monotonicMs, WARM_UP_API_MS);
  }

  private async readTrace(message: Extract<ToWorker, { type: 'trace' }>): Promise<void> {
    const { call, path, limits } = message;
    const controller = new AbortController();
    this.calls.set(call, () => controller.abort(new PromptrigError('cancelled', 'The run was stopped.')));
    const trace = await readTrace(path, { ...limits, signal: controller.signal });
    this.port.postMessage({ type: 'trace', call, trace });
  }

  private createEndpoint(target: LoadTarget, tls: TlsMaterial): Endpoint {
    const { endpoint, params, apiKey } = target;
    if (endpoint.url === null) throw new PromptrigError('internal', `The endpoint "${endpoint.name}" has no address.`);
    const url = new URL(endpoint.url);
    const redactor = new Redactor();
    redactor.add(apiKey);
    for (const [name, value] of Object.entries(endpoint.headers)) if (SECRET_NAME.test(name)) redactor.add(value);
    for (const [name, value] of url.searchParams) if (SECRET_NAME.test(name)) redactor.add(value);
    const proxy = endpoint.proxy === undefined ? undefined : proxySettings(endpoint.proxy, process.env);
    for (const secret of proxy?.secrets ?? []) redactor.add(secret);
    const wire = wireApiOf(endpoint.api);
    return {
      wire,
      wireTarget: { url: endpoint.url, model: endpoint.model, headers: endpoint.headers, params, apiKey },
      context: {
        pool: new ConnectionPool({
          origin: url.origin,
          connectTimeoutMs: endpoint.timeout.connectMs,
          tls,
          proxy,
          nowMs: monotonicMs,
        }),
        wire,
        place: {
          endpoint: endpoint.name,
          host: url.host,
          model: endpoint.model,
          apiKeyEnv: endpoint.apiKeyEnv,
          exampleUrl: wire.exampleUrl,
          ...(proxy === undefined ? {} : { proxy: proxy.host }),
        },
        timeouts: endpoint.timeout,
        intake: this.intake,
        redactor,
        nowMs: monotonicMs,
        clockOriginMs: this.data.clockOriginMs,
      },
    };
  }

  private async run(message: Extract<ToWorker, { type: 'run' }>): Promise<void> {
    const { call, targetId, stageName, job, share } = message;
    const endpoint = this.endpoints.get(targetId);
    if (endpoint === undefined) throw new PromptrigError('internal', `The target "${targetId}" has not been opened.`);
    const shared = {
      targetId,
      stageName,
      share,
      wire: endpoint.wire,
      wireTarget: endpoint.wireTarget,
      clockOriginMs: this.data.clockOriginMs,
      clock: systemClock,
      send: (spec: RequestSpec, listener: RequestListener) => this.send(endpoint.context, spec, listener),
      onEnded: (ended: EndedRequest) => this.outbox.add(call, ended, job.kind === 'load'),
    };
    const run: JobRun =
      job.kind === 'load'
        ? new StageRun({
            ...shared,
            stage: job.stage,
            seed: job.seed,
            ...(share.trace === undefined ? {} : { trace: share.trace }),
            keepAnswers: job.keepAnswers ?? false,
            totalTimeoutMs: endpoint.context.timeouts.totalMs,
            soon: setImmediate,
          })
        : new CasesRun({
            ...shared,
            concurrency: job.concurrency,
            requests: job.requests,
            retryAttempts: job.retryAttempts,
            trace: job.trace ?? false,
            onAnswerDelta: (pointer, repeat, text, sinceSentMs) =>
              this.outbox.addDelta(call, pointer, repeat, text, sinceSentMs),
          });
    this.calls.set(call, () => run.cancel());
    const health = new HealthWatch();
    const live = setInterval(() => this.port.postMessage({ type: 'live', call, ...run.live }), LIVE_MS);
    try {
      health.start();
      const { spinMs, ...summary } = await run.run();
      const thread = health.stop(spinMs);
      await this.outbox.emptied(call);
      this.port.postMessage({ type: 'done', call, share: { ...summary, ...thread } });
    } finally {
      clearInterval(live);
    }
  }

  private send(context: RequestContext, spec: RequestSpec, listener: RequestListener): () => void {
    const { traceAttempt } = spec;
    const recorder = traceAttempt === undefined ? undefined : new RequestRecorder(spec.request, context.redactor);
    const own: RequestListener = {
      onReleased: (gotResponse) => {
        this.active.delete(execution);
        if (this.active.size === 0) this.stopSweep();
        listener.onReleased(gotResponse);
      },
      onEnded: (end) =>
        listener.onEnded(
          recorder === undefined ? end : { ...end, trace: recorder.trace(end.record, traceAttempt ?? 1) },
        ),
    };
    const execution =
      recorder === undefined
        ? new RequestExecution(context, spec, own)
        : new TracedRequest(context, spec, own, recorder);
    this.active.add(execution);
    this.sweep ??= setInterval(() => {
      const nowMs = monotonicMs();
      for (const each of this.active) each.checkTimeouts(nowMs);
    }, SWEEP_MS);
    execution.start();
    return () => execution.cancel();
  }

  private stopSweep(): void {
    clearInterval(this.sweep);
    this.sweep = undefined;
  }
}
