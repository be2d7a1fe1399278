/** The judges and embedders of a run: each made once, with what they took together. */
import { setMaxListeners } from 'node:events';
import type { EndpointPlan, JudgePlan, RunPlan } from '../../../protocol/plan';
import type { JudgeUsage } from '../../../protocol/run-json';
import type { Clock } from '../../util/clock';
import { messageOf } from '../../util/errors';
import type { Redactor } from '../../util/redact';
import type { Embedder, JudgeQuestion, JudgeReply, QualityServices } from '../types';
import { embeddingApiOf } from './embedding-api';
import type { AddressedEndpoint } from './endpoint-http';
import type { PromptedJudge } from './grading';
import { HttpEmbedder, type EmbedReply } from './http-embedder';
import { HttpJudge, labelOf } from './http-judge';
import { JudgePrompts } from './prompts';
import { NO_USAGE, plus } from './usage';

export interface JudgeBookOptions {
  plan: Pick<RunPlan, 'judge'>;
  /** API keys by endpoint name. */
  secrets: Readonly<Record<string, string | undefined>>;
  /** Starts a simulator for an endpoint of the API `sim` and returns its base URL. Called once for each such endpoint. */
  startSim(endpoint: EndpointPlan): Promise<string>;
  /** Folder of the prompts, `media/judges`. */
  judgesDir: string;
  redactor: Redactor;
  /** Ends what is under way when the run is stopped. */
  signal: AbortSignal;
  clock?: Clock;
}

export interface JudgeBook extends Pick<QualityServices, 'judge' | 'embedder'> {
  /**
   * The model that grades: that of the assertion, else that of the run; null where neither names one.
   * @throws PromptrigError `not_found`, `invalid_file` where the prompts cannot be read
   */
  judge(plan: JudgePlan | undefined): PromptedJudge | null;
  /** What makes embeddings, likewise; null also where the API has none. */
  embedder(plan: JudgePlan | undefined): Embedder | null;
  /** What all of them took so far. */
  usage(): JudgeUsage;
  /** Closes every connection. Nothing may be asked afterwards. */
  close(): Promise<void>;
}

export function createJudges(options: JudgeBookOptions): JudgeBook {
  return new Book(options);
}

class Book implements JudgeBook {
  private readonly judges = new Map<string, LazyJudge>();
  private readonly embedders = new Map<string, LazyEmbedder>();
  private readonly addresses = new Map<string, Promise<AddressedEndpoint>>();
  private prompts: JudgePrompts | undefined;

  constructor(private readonly options: JudgeBookOptions) {
    // Hundreds of questions may wait on it, which is no leak.
    setMaxListeners(0, options.signal);
  }

  judge(plan: JudgePlan | undefined): PromptedJudge | null {
    const wanted = plan ?? this.options.plan.judge;
    if (wanted === undefined) return null;
    this.prompts ??= JudgePrompts.read(this.options.judgesDir);
    return madeOnce(this.judges, wanted, () => new LazyJudge(this.source(wanted), this.prompts as JudgePrompts));
  }

  embedder(plan: JudgePlan | undefined): Embedder | null {
    const wanted = plan ?? this.options.plan.judge;
    if (wanted === undefined || embeddingApiOf(wanted.endpoint.api) === null) return null;
    return madeOnce(this.embedders, wanted, () => new LazyEmbedder(this.source(wanted)));
  }

  usage(): JudgeUsage {
    return [...this.judges.values(), ...this.embedders.values()].map(({ usage }) => usage).reduce(plus, NO_USAGE);
  }

  async close(): Promise<void> {
    await Promise.all([...this.judges.values(), ...this.embedders.values()].map((each) => each.close()));
  }

  private source(plan: JudgePlan): Source {
    const { secrets, redactor, clock, signal } = this.options;
    const apiKey = secrets[plan.endpoint.name];
    // At once: what a simulator says when it does not start is redacted too.
    redactor.add(apiKey);
    return {
      plan,
      redactor,
      signal,
      open: async () => ({
        plan: { ...plan, endpoint: await this.address(plan.endpoint) },
        apiKey,
        redactor,
        ...(clock === undefined ? {} : { clock }),
      }),
    };
  }

  /** The endpoint with its address: that of a simulator is known when it has started, once for all who ask it. */
  private address(endpoint: EndpointPlan): Promise<AddressedEndpoint> {
    const { url, api, name } = endpoint;
    if (url !== null) return Promise.resolve({ ...endpoint, url });
    if (api !== 'sim') {
      return Promise.reject(new Error(`the endpoint "${name}" has no url: give it one, so that it can be asked`));
    }
    const key = JSON.stringify(endpoint);
    const known = this.addresses.get(key) ?? this.options.startSim(endpoint).then((url) => ({ ...endpoint, url }));
    this.addresses.set(key, known);
    return known;
  }
}

/** By endpoint and parameters: one that is asked otherwise is another judge. */
function madeOnce<T>(made: Map<string, T>, { endpoint, params }: JudgePlan, make: () => T): T {
  const key = JSON.stringify([endpoint, params]);
  const known = made.get(key);
  if (known !== undefined) return known;
  const item = make();
  made.set(key, item);
  return item;
}

interface Source {
  plan: JudgePlan;
  redactor: Redactor;
  signal: AbortSignal;
  /** Rejects where the endpoint has no address. */
  open(): Promise<ConstructorParameters<typeof HttpJudge>[0]>;
}

/** Most often both are that of the run: a signal of signals for each question would be in vain. */
function either(first: AbortSignal, second: AbortSignal): AbortSignal {
  return first === second ? first : AbortSignal.any([first, second]);
}

/** Opened with the first question, since a simulator need not be started for a file whose cases are all skipped. */
class LazyJudge implements PromptedJudge {
  readonly label: string;
  private opened: Promise<HttpJudge> | undefined;
  private http: HttpJudge | undefined;

  constructor(
    private readonly source: Source,
    readonly prompts: JudgePrompts,
  ) {
    this.label = labelOf(source.plan.endpoint);
  }

  get usage(): JudgeUsage {
    return this.http?.usage ?? NO_USAGE;
  }

  async ask(question: JudgeQuestion, signal: AbortSignal): Promise<JudgeReply> {
    const { source } = this;
    try {
      this.opened ??= source.open().then((options) => (this.http = new HttpJudge(options)));
      const judge = await this.opened;
      return await judge.ask(question, either(signal, source.signal));
    } catch (error) {
      const reason = source.redactor.text(`the judge ${this.label} cannot be asked: ${messageOf(error)}`);
      return { ok: false, reason, usage: NO_USAGE };
    }
  }

  async close(): Promise<void> {
    await this.http?.close();
  }
}

class LazyEmbedder implements Embedder {
  readonly label: string;
  private opened: Promise<HttpEmbedder> | undefined;
  private http: HttpEmbedder | undefined;

  constructor(private readonly source: Source) {
    this.label = labelOf(source.plan.endpoint);
  }

  get usage(): JudgeUsage {
    return this.http?.usage ?? NO_USAGE;
  }

  async embed(texts: string[], signal: AbortSignal): Promise<EmbedReply> {
    const { source } = this;
    try {
      this.opened ??= source.open().then((options) => (this.http = new HttpEmbedder(options)));
      const embedder = await this.opened;
      return await embedder.embed(texts, either(signal, source.signal));
    } catch (error) {
      const reason = source.redactor.text(`${this.label} cannot be asked for embeddings: ${messageOf(error)}`);
      return { ok: false, reason, usage: NO_USAGE };
    }
  }

  async close(): Promise<void> {
    await this.http?.close();
  }
}
