/** Runs the stages of targets in load workers: the engine's side of the load. */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { wireApiOf } from '../endpoints/registry';
import { systemClock, type Clock } from '../util/clock';
import type { Disposable } from '../util/disposable';
import { messageOf, PromptrigError, type ErrorCode } from '../util/errors';
import { SharedCounters } from './concurrency';
import { LagHistogram } from './lag-histogram';
import { limitedStage, mostConnections, openFilesLimit, withinOpenFiles } from './open-files';
import { seedFor } from './prng';
import type { TraceRows } from './prompt-source';
import { peakRate } from './schedule';
import type { Trace } from './trace';
import { traceStage, type TraceStage } from './trace-stage';
import { virtualUsers } from './users';
import type { StagePlan } from '../../protocol/plan';
import type { AnswerDelta, EndedRequest, LoadTarget, StageJob, StageListener, StageOutcome } from './types';
import { measuredWindow } from './windows';
import type { FromWorker, LoadWorkerData, ShareOutcome, TlsMaterial, ToWorker, TraceLimits } from './worker-protocol';

/** From here on one thread is not enough to stamp every arrival in time. */
const ONE_WORKER_CONCURRENCY = 64;
const ONE_WORKER_RATE = 200;
const MAX_WORKERS = 4;
/** Connections opened ahead, over all workers. */
const MAX_WARM_CONNECTIONS = 1024;
/** From posting a stage to its zero, so that every worker has it by then. */
const LEAD_MS = 20;
/** The same where requests differ from each other: the first of them are made in it. */
const LEAD_TO_PREPARE_MS = 150;
/** A worker that has not ended its requests so long after a cancellation hangs. */
const CANCEL_GRACE_MS = 2000;

export interface LoadRunnerOptions {
  /** Path of the worker's bundle. */
  workerEntry: string;
  /** Fixed number of workers; else it is chosen from the cores and the offered load. */
  workers?: number;
  /** Monotonic ms; instants of records count from here. */
  clockOriginMs: number;
  clock?: Clock;
  /** Files that this process may have open; null where there is no limit. By default the system is asked. */
  openFiles?: () => Promise<number | null>;
}

interface OpenTarget {
  target: LoadTarget;
  tls: TlsMaterial;
  expectedConcurrency: number;
}

export class LoadRunner implements Disposable {
  /** Conditions worth a line in the log, such as a worker that could not warm its code path. */
  readonly notes: string[] = [];
  private readonly clock: Clock;
  private readonly targets = new Map<string, OpenTarget>();
  private workers: Promise<WorkerLink>[] = [];
  /** The last one read: the steps of a stage and the targets of a run replay the same one. */
  private trace: { key: string; trace: Trace } | undefined;
  private closed = false;

  constructor(private readonly options: LoadRunnerOptions) {
    this.clock = options.clock ?? systemClock;
  }

  /**
   * Starts workers, warms their code and opens connections to the target.
   * @param expectedConcurrency most requests in flight of the stages to come
   * @throws PromptrigError `endpoint_unreachable` when no connection at all can be opened, `unsupported` for an API that
   *   cannot be used yet, `usage` for an address or a proxy that is none, `unreadable` for a CA file that cannot be read, `cancelled`
   */
  async open(target: LoadTarget, expectedConcurrency: number, signal: AbortSignal): Promise<void> {
    const { endpoint } = target;
    wireApiOf(endpoint.api);
    if (endpoint.proxy !== undefined && (!URL.canParse(endpoint.proxy) || !/^https?:/.test(endpoint.proxy))) {
      throw new PromptrigError('usage', `Endpoint "${endpoint.name}": its proxy must begin with http:// or https://.`);
    }
    if (endpoint.url === null || !URL.canParse(endpoint.url) || !/^https?:/.test(endpoint.url)) {
      throw new PromptrigError('usage', `Endpoint "${endpoint.name}": its url must begin with http:// or https://.`);
    }
    // The same name may mean another address now, such as that of a simulator started anew.
    if (this.targets.has(target.id)) await this.release(target.id);
    // A stage that needs more than can be opened is refused when it is run, with the numbers; here it would be a puzzle.
    const expected = Math.min(expectedConcurrency, mostConnections(await this.openFiles()));
    const opened: OpenTarget = { target, tls: await tlsOf(target), expectedConcurrency: expected };
    const count = this.workersFor(expected, 0);
    const links = await this.start(count);
    const answers = await this.warm(opened, links, expected, signal);
    if (signal.aborted) throw new PromptrigError('cancelled', 'The run was stopped.');
    const problem = answers.find((answer) => answer.idle === 0 && answer.problem !== null)?.problem;
    if (problem !== undefined && problem !== null && answers.every((answer) => answer.idle === 0)) {
      await this.release(target.id);
      throw new PromptrigError('endpoint_unreachable', problem.message, { reason: problem.kind });
    }
    this.targets.set(target.id, opened);
  }

  /** Closes the connections to a target that is done with. */
  async release(targetId: string): Promise<void> {
    this.targets.delete(targetId);
    const links = await Promise.allSettled(this.workers);
    for (const link of links) if (link.status === 'fulfilled') link.value.post({ type: 'release', targetId });
  }

  /**
   * Runs one stage to its end. When `signal` is aborted, requests in flight end as cancelled and the outcome covers what ran.
   * @throws PromptrigError `engine_crashed` when a worker dies (what it had delivered stays delivered), `usage` and
   *   `unsupported` for a stage that cannot be run as it is or needs more connections than this process may open,
   *   `not_found`, `unreadable` and `invalid_file` for a trace
   */
  async run(
    targetId: string,
    stageName: string,
    asked: StageJob,
    listener: StageListener,
    signal: AbortSignal,
  ): Promise<StageOutcome> {
    const opened = this.targets.get(targetId);
    if (opened === undefined) throw new PromptrigError('internal', `The target "${targetId}" has not been opened.`);
    const { job, trace } = await this.resolve(asked, signal);
    const { concurrency, rate } = offeredLoad(job, opened.expectedConcurrency, trace);
    const links = await this.start(job.kind === 'cases' ? 1 : this.workersFor(concurrency, rate));
    // Connections that the server has closed since are opened again, and new workers get to know the target. An endpoint
    // that has gone meanwhile is not an error here: each request will say so.
    if (!signal.aborted) await this.warm(opened, links, concurrency, signal);

    const counters = new SharedCounters();
    const originMs = this.originFor(job);
    const lags = new LagHistogram();
    const lives = links.map(() => ({ scheduled: 0, inFlight: 0 }));
    listener.onStart(originMs);
    const shares = links.map((link, worker) =>
      link.run(
        {
          targetId,
          stageName,
          job,
          share: {
            originMs,
            worker,
            workers: links.length,
            counters: counters.buffer,
            ...(trace === undefined ? {} : { trace: rowsOf(trace) }),
          },
        },
        {
          onEnded: (batch) => {
            for (const ended of batch) addLag(lags, ended);
            return listener.onEnded(batch);
          },
          onDeltas: (deltas) => {
            for (const { pointer, repeat, text, sinceSentMs } of deltas)
              listener.onAnswerDelta(pointer, repeat, text, sinceSentMs);
          },
          onLive: (live) => {
            lives[worker] = live;
            listener.onLive({
              scheduled: lives.reduce((sum, each) => sum + each.scheduled, 0),
              inFlight: lives.reduce((sum, each) => sum + each.inFlight, 0),
            });
          },
        },
      ),
    );
    const cancelAll = () => {
      for (const share of shares) share.cancel();
    };
    if (signal.aborted) cancelAll();
    else signal.addEventListener('abort', cancelAll, { once: true });
    try {
      const settled = await Promise.allSettled(
        shares.map((share) =>
          share.outcome.catch((error: unknown) => {
            // The stage has failed: the others' part of it is of no more use.
            cancelAll();
            throw error;
          }),
        ),
      );
      const failed = settled.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
      const outcomes = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      return summarise(job, originMs, outcomes, lags);
    } finally {
      signal.removeEventListener('abort', cancelAll);
    }
  }

  /** The job as the workers get it: with its trace read, its own seed, and no more connections than can be opened. */
  private async resolve(job: StageJob, signal: AbortSignal): Promise<{ job: StageJob; trace?: Trace }> {
    const limit = await this.openFiles();
    if (job.kind === 'cases') {
      withinOpenFiles('cases', job.concurrency, limit);
      return { job };
    }
    const { stage: checked, note } = limitedStage(job.stage, limit);
    if (note !== null && !this.notes.includes(note)) this.notes.push(note);
    const seed = seedFor(job.seed, checked.name);
    if (checked.pattern !== 'trace') return { job: { ...job, seed, stage: checked } };
    const { stage, trace } = await this.readTrace(checked, signal);
    return { job: { ...job, seed, stage }, trace };
  }

  private openFiles(): Promise<number | null> {
    return (this.options.openFiles ?? openFilesLimit)();
  }

  private async readTrace(stage: StagePlan, signal: AbortSignal): Promise<TraceStage> {
    const { trace: replay, requests, durationMs } = stage;
    if (replay === undefined)
      throw new PromptrigError('usage', `The stage "${stage.name}" does not say which trace it replays.`);
    const limits = {
      ...(requests === undefined ? {} : { requests }),
      ...(durationMs === undefined ? {} : { durationMs: durationMs * replay.speed }),
    };
    const key = JSON.stringify([replay.path, limits]);
    if (this.trace?.key !== key) {
      const [link] = await this.start(1);
      if (link === undefined) throw new PromptrigError('internal', 'No load worker could be started.');
      const trace = await link.readTrace(replay.path, limits, signal);
      for (const { message } of trace.notices) this.notes.push(`${replay.path}: ${message}`);
      this.trace = { key, trace };
    }
    return traceStage(stage, this.trace.trace);
  }

  /** A whole number of microseconds after the clock's origin, as records have their instants: so that 0 stays 0. */
  private originFor(job: StageJob): number {
    const { clockOriginMs } = this.options;
    const differing = job.kind === 'load' && (job.stage.synthetic !== undefined || job.stage.pattern === 'trace');
    const afterMs = this.clock.nowMs() + (differing ? LEAD_TO_PREPARE_MS : LEAD_MS) - clockOriginMs;
    return clockOriginMs + Math.ceil(afterMs * 1000) / 1000;
  }

  /** Ends the workers; runs in progress fail. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    const links = await Promise.allSettled(this.workers);
    this.workers = [];
    await Promise.all(links.flatMap((link) => (link.status === 'fulfilled' ? [link.value.terminate()] : [])));
  }

  dispose(): void {
    this.close().catch((error: unknown) =>
      this.notes.push(`Load workers did not end in good order: ${messageOf(error)}`),
    );
  }

  private workersFor(concurrency: number, rate: number): number {
    if (this.options.workers !== undefined) return Math.max(1, this.options.workers);
    const heavy = concurrency > ONE_WORKER_CONCURRENCY || rate > ONE_WORKER_RATE;
    // One core is left to the engine (and, with a local server, to that).
    return heavy ? Math.max(1, Math.min(availableParallelism() - 1, MAX_WORKERS)) : 1;
  }

  /** The first `count` workers; missing and dead ones are started. */
  private async start(count: number): Promise<WorkerLink[]> {
    if (this.closed) throw new PromptrigError('internal', 'The load runner has been closed.');
    for (let i = 0; i < count; i++) {
      const known = this.workers[i];
      if (known !== undefined && (await isAlive(known))) continue;
      this.workers[i] = WorkerLink.start(
        this.options.workerEntry,
        { clockOriginMs: this.options.clockOriginMs },
        (note) => this.notes.push(note),
      );
      // Whoever waits for it gets the error; until then it is not unhandled.
      this.workers[i]?.catch(() => undefined);
    }
    return Promise.all(this.workers.slice(0, count));
  }

  private async warm(
    opened: OpenTarget,
    links: WorkerLink[],
    concurrency: number,
    signal: AbortSignal,
  ): Promise<Extract<FromWorker, { type: 'opened' }>[]> {
    const total = Math.max(1, Math.min(Math.ceil(concurrency), MAX_WARM_CONNECTIONS));
    return Promise.all(
      links.map((link, i) => {
        const connections = Math.floor(total / links.length) + (i < total % links.length ? 1 : 0);
        return link.open({ target: opened.target, tls: opened.tls, connections }, signal);
      }),
    );
  }
}

async function isAlive(link: Promise<WorkerLink>): Promise<boolean> {
  try {
    return (await link).alive;
  } catch {
    // It never came up; its error has been reported to whoever asked for it.
    return false;
  }
}

async function tlsOf(target: LoadTarget): Promise<TlsMaterial> {
  const { tls, name } = target.endpoint;
  const rejectUnauthorized = tls?.rejectUnauthorized ?? true;
  if (tls?.caPath === undefined) return { ca: undefined, rejectUnauthorized };
  try {
    return { ca: await readFile(tls.caPath, 'utf8'), rejectUnauthorized };
  } catch (error) {
    throw new PromptrigError(
      'unreadable',
      `Endpoint "${name}": the file of tls.ca, ${tls.caPath}, cannot be read. Correct the path.`,
      {
        cause: error,
      },
    );
  }
}

/** What the workers need of a trace. */
function rowsOf({ length, offsetsMs, inputTokens, outputTokens, blocks }: Trace): TraceRows {
  return { length, offsetsMs, inputTokens, outputTokens, blocks };
}

/** Requests in flight and per second that a job may ask for. */
function offeredLoad(
  job: StageJob,
  expectedConcurrency: number,
  trace: Trace | undefined,
): { concurrency: number; rate: number } {
  if (job.kind === 'cases') return { concurrency: job.concurrency, rate: 0 };
  const { stage } = job;
  if (stage.loop === 'closed') return { concurrency: virtualUsers(stage), rate: 0 };
  const rate = peakRate(stage, trace);
  // Connections opened ahead are a guess: those of one second's arrivals.
  return { concurrency: Math.min(Math.max(expectedConcurrency, Math.ceil(rate)), stage.maxConcurrency), rate };
}

/**
 * The client's own part of the lag: waiting for a slot of `max_concurrency` is the server's doing, and opening a connection
 * the network's.
 */
function addLag(lags: LagHistogram, { record }: EndedRequest): void {
  if (record.sent === null || record.phase !== 'measured') return;
  lags.add(record.sent - record.scheduled - (record.socket_wait ?? 0) - (record.connect_ms ?? 0));
}

function summarise(job: StageJob, originMs: number, shares: ShareOutcome[], lags: LagHistogram): StageOutcome {
  const most = (pick: (share: ShareOutcome) => number) => shares.reduce((max, share) => Math.max(max, pick(share)), 0);
  const sum = (pick: (share: ShareOutcome) => number) => shares.reduce((total, share) => total + pick(share), 0);
  const endMs = Math.max(
    originMs,
    most((share) => share.endMs),
  );
  const window =
    job.kind === 'load' ? measuredWindow(job.stage, job.seed) : { startMs: 0, endMs: Number.POSITIVE_INFINITY };
  const windowMs = Math.min(originMs + window.endMs, endMs) - (originMs + window.startMs);
  return {
    originMs,
    endMs,
    scheduled: sum((share) => share.scheduled),
    client: {
      limited: false,
      event_loop_delay_p99_ms: round(most((share) => share.eventLoopDelayP99Ms)),
      dispatch_lag_p99_ms: round(lags.quantileMs(0.99)),
      cpu: round(most((share) => share.cpu)),
      workers: shares.length,
    },
    concurrencyMean: windowMs > 0 ? sum((share) => share.concurrencyIntegral) / windowMs : 0,
    concurrencyMax: most((share) => share.concurrencyMax),
  };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

interface ShareListener {
  onEnded(batch: EndedRequest[]): void | Promise<void>;
  onDeltas(deltas: AnswerDelta[]): void;
  onLive(live: { scheduled: number; inFlight: number }): void;
}

interface Call {
  resolve(message: FromWorker): void;
  reject(error: Error): void;
  listener?: ShareListener;
}

/** One worker thread. */
class WorkerLink {
  alive = true;
  private readonly calls = new Map<number, Call>();
  private nextCall = 1;
  private failure: PromptrigError | undefined;

  private constructor(private readonly worker: Worker) {
    worker.on('message', (message: FromWorker) => this.receive(message));
    worker.on('messageerror', (error) => this.die(`a message could not be read: ${error.message}`));
    worker.on('error', (error: unknown) =>
      this.die(error instanceof Error ? (error.stack ?? error.message) : String(error)),
    );
    worker.on('exit', (code) => this.die(`the thread ended with code ${code}`));
  }

  static async start(entry: string, data: LoadWorkerData, note: (text: string) => void): Promise<WorkerLink> {
    // Flags of the host process (a debugger, a loader) must not slow the measuring thread down.
    const link = new WorkerLink(new Worker(entry, { workerData: data, execArgv: [] }));
    const ready = await link.wait(READY_CALL);
    if (ready.type === 'ready' && ready.warmUpProblem !== null) {
      note(
        `A load worker could not warm its code path, so its first requests are measured cold: ${ready.warmUpProblem}`,
      );
    }
    return link;
  }

  post(message: ToWorker): void {
    if (this.alive) this.worker.postMessage(message);
  }

  async open(
    request: { target: LoadTarget; tls: TlsMaterial; connections: number },
    signal: AbortSignal,
  ): Promise<Extract<FromWorker, { type: 'opened' }>> {
    const call = this.nextCall++;
    const answer = this.wait(call);
    const cancel = () => this.post({ type: 'cancel', call });
    this.post({ type: 'open', call, ...request });
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      const message = await answer;
      if (message.type !== 'opened')
        throw new PromptrigError('internal', `A load worker answered with "${message.type}".`);
      return message;
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  async readTrace(path: string, limits: TraceLimits, signal: AbortSignal): Promise<Trace> {
    const call = this.nextCall++;
    const answer = this.wait(call);
    const cancel = () => this.post({ type: 'cancel', call });
    this.post({ type: 'trace', call, path, limits });
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      const message = await answer;
      if (message.type !== 'trace')
        throw new PromptrigError('internal', `A load worker answered with "${message.type}".`);
      return message.trace;
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  run(
    request: Omit<Extract<ToWorker, { type: 'run' }>, 'type' | 'call'>,
    listener: ShareListener,
  ): { outcome: Promise<ShareOutcome>; cancel: () => void } {
    const call = this.nextCall++;
    const answer = this.wait(call, listener);
    this.post({ type: 'run', call, ...request });
    let grace: NodeJS.Timeout | undefined;
    let settled = false;
    const outcome = answer
      .then((message) => {
        if (message.type !== 'done')
          throw new PromptrigError('internal', `A load worker answered with "${message.type}".`);
        return message.share;
      })
      .finally(() => {
        settled = true;
        clearTimeout(grace);
      });
    return {
      outcome,
      cancel: () => {
        if (settled || !this.alive) return;
        this.post({ type: 'cancel', call });
        grace ??= setTimeout(() => {
          this.die(`it did not end its requests within ${CANCEL_GRACE_MS} ms of being cancelled`);
          this.terminate().catch((error: unknown) => this.die(messageOf(error)));
        }, CANCEL_GRACE_MS);
      },
    };
  }

  async terminate(): Promise<void> {
    this.die('it was ended');
    await this.worker.terminate();
  }

  private wait(call: number, listener?: ShareListener): Promise<FromWorker> {
    return new Promise((resolve, reject) => {
      if (this.failure !== undefined) reject(this.failure);
      else this.calls.set(call, { resolve, reject, listener });
    });
  }

  private receive(message: FromWorker): void {
    if (!this.alive) return;
    const id = message.type === 'ready' ? READY_CALL : message.call;
    const call = this.calls.get(id);
    switch (message.type) {
      case 'ended':
        this.take(call, message.batch);
        return;
      case 'deltas':
        call?.listener?.onDeltas(message.deltas);
        return;
      case 'live':
        call?.listener?.onLive({ scheduled: message.scheduled, inFlight: message.inFlight });
        return;
      case 'failed':
        this.calls.delete(id);
        call?.reject(new PromptrigError(message.code as ErrorCode, message.message, { reason: message.reason }));
        return;
      default:
        this.calls.delete(id);
        call?.resolve(message);
    }
  }

  /** Confirms a batch once it has been taken: the receiver's pace is the worker's. */
  private take(call: Call | undefined, batch: EndedRequest[]): void {
    const taken = call?.listener?.onEnded(batch);
    if (taken === undefined) {
      this.post({ type: 'ack' });
      return;
    }
    const ack = () => this.post({ type: 'ack' });
    // The receiver knows of its own failure; without the confirmation the stage would never end.
    taken.then(ack, ack);
  }

  private die(reason: string): void {
    if (!this.alive) return;
    this.alive = false;
    this.failure = new PromptrigError(
      'engine_crashed',
      'A load worker stopped unexpectedly. What was measured so far is kept; run the stage again.',
      { reason },
    );
    for (const call of this.calls.values()) call.reject(this.failure);
    this.calls.clear();
  }
}

/** The call number under which a worker's first message is awaited. */
const READY_CALL = 0;
