/** What the assertions of a run may ask for, and the processes behind it. */
import type { EndpointPlan, JudgePlan, RunPlan } from '../../protocol/plan';
import { startSimProcess, type SimProcess } from '../sim/sim-process';
import type { Redactor } from '../util/redact';
import type { JudgeBook } from './judge/judge-book';
import { loadJudges } from './judge/load-judges';
import { loadParsers } from './parsers';
import { SandboxRunner } from './sandbox/sandbox-runner';
import type { CodeRunner, Embedder, Judge, Parsers, QualityServices } from './types';

/** Absolute paths of what is loaded or started only where an assertion needs it. */
export interface QualityEntries {
  simEntry: string;
  sandboxEntry: string;
  parsersEntry: string;
  judgesEntry: string;
  /** Folder of the judges' prompts. */
  judgesDir: string;
}

export interface ServiceOptions extends QualityEntries {
  plan: Pick<RunPlan, 'judge' | 'allowCode'>;
  /** API keys by endpoint name; held in memory only. */
  secrets: Readonly<Record<string, string | undefined>>;
  redactor: Redactor;
  signal: AbortSignal;
}

/** Nothing is started before it is asked for; `dispose` ends what was. */
export class RunServices implements QualityServices {
  readonly code: CodeRunner;
  readonly signal: AbortSignal;
  private book: JudgeBook | undefined;
  private readonly sandbox: SandboxRunner;
  private readonly sims: Promise<SimProcess>[] = [];

  constructor(private readonly options: ServiceOptions) {
    const { plan, signal, sandboxEntry } = options;
    this.signal = signal;
    this.sandbox = new SandboxRunner({ entry: sandboxEntry, allow: plan.allowCode === true });
    this.code = this.sandbox;
  }

  judge(plan: JudgePlan | undefined): Judge | null {
    return this.judges().judge(plan);
  }

  embedder(plan: JudgePlan | undefined): Embedder | null {
    return this.judges().embedder(plan);
  }

  /** Rejects with PromptrigError `not_found` where their bundle is missing. */
  parsers(): Promise<Parsers> {
    return Promise.resolve().then(() => loadParsers(this.options.parsersEntry));
  }

  async dispose(): Promise<void> {
    await Promise.all([this.book?.close(), this.sandbox.dispose()]);
    for (const started of await Promise.allSettled(this.sims)) {
      if (started.status === 'fulfilled') await started.value.stop();
    }
  }

  private judges(): JudgeBook {
    const { plan, secrets, redactor, signal, judgesDir, judgesEntry } = this.options;
    const startSim = (endpoint: EndpointPlan) => this.startSim(endpoint);
    this.book ??= loadJudges(judgesEntry)({ plan, secrets, redactor, signal, judgesDir, startSim });
    return this.book;
  }

  /** A simulator that grades is a process of its own: the one under test must not be slowed by it. */
  private async startSim({ sim = {}, model }: EndpointPlan): Promise<string> {
    const started = startSimProcess({ entry: this.options.simEntry, config: sim, model });
    this.sims.push(started);
    return (await started).url;
  }
}
