import { PromptrigError, messageOf } from '../util/errors';
import { emptyTarget, qualityOptions, qualityTally } from './target-result';
import { casesContext, isQuality, loadContext, type StageContext } from './stage-context';
import { StageRun, TICK_MS } from './stage-run';
import { Conversations } from './conversations';
import { judgeConversation, skippedCase } from './judge-answer';
import { JudgingQueue } from './judging';
import { LoadQuality } from './load-quality';
import { countOutcome } from '../compare/case-outcomes';
import { qualityUnderLoad } from '../compare/under-load';
import type { CaseOutcomeCount, TargetOutcomes } from '../compare/pairs';
import type { QualityServices } from '../quality/types';
import { CostTally } from '../metrics/cost';
import type { QualityTally } from '../metrics/quality';
import { judgeSlo } from '../metrics/verdict';
import { targetVerdict } from '../metrics/verdict-run';
import { startSimProcess, type SimProcess } from '../sim/sim-process';
import type { CaseRequest, EndedRequest, LoadTarget, StageJob } from '../load/types';
import type { LoadRunner } from '../load/load-runner';
import type { Redactor } from '../util/redact';
import type { EngineEvent } from '../../protocol/events';
import { phaseReport } from './phase-report';
import { PhaseTracker } from '../metrics/phases';
import { loadTokenCounter } from '../load/token-count';
import { runCapacity, runSweep } from './curve';
import type { CasePlan, RunPlan, StagePlan, TargetPlan } from '../../protocol/plan';
import type { CaseRecord, RequestRecord, StageInProgress, StageResult, TargetResult } from '../../protocol/run-json';
import type { RequestTrace } from '../../protocol/trace';

export interface TargetRunOptions {
  plan: RunPlan;
  target: TargetPlan;
  apiKey: string | undefined;
  runner: LoadRunner;
  /** Judges, embeddings, user code and parsers that assertions may need. */
  services: QualityServices;
  simEntry: string;
  tokenizerEntry: string;
  clockOriginMs: number;
  signal: AbortSignal;
  redactor: Redactor;
  emit: (event: EngineEvent) => void;
  writeRequests: (records: RequestRecord[]) => void;
  /** What the target has cost so far, USD: tokens at their price, else machine time; null where neither is known. */
  onCost: (totalUsd: number | null) => void;
  writeCases: (records: CaseRecord[]) => void;
  /** The state so far is to be stored; `inProgress` names the stage that starts, null where one has ended. */
  onProgress: (partial: TargetResult, inProgress: StageInProgress | null) => void;
}

const STOPPED = 'the run was stopped before it was answered';

/** Runs one target: simulator where it is one, warm-up, cases, load stages. An endpoint that fails is a result, not an exception. */
export class TargetRun {
  private readonly result: TargetResult;
  private readonly tally: QualityTally;
  /** Cases of which at least one answer has been judged, or that were skipped. */
  private readonly known = new Set<string>();
  private readonly items: ReadonlyMap<string, CasePlan>;
  private readonly outcomes = new Map<string, CaseOutcomeCount>();
  private readonly cost: CostTally;
  private sim: SimProcess | null = null;
  private phases: PhaseTracker | null = null;

  constructor(private readonly options: TargetRunOptions) {
    const { target } = options;
    this.cost = new CostTally(target.endpoint);
    this.result = emptyTarget(target);
    this.tally = qualityTally(target);
    this.items = new Map([...(target.loadCases ?? []), ...target.cases].map((item) => [item.pointer, item]));
  }

  /** What became of each case, by its id, for comparisons. */
  get caseOutcomes(): TargetOutcomes {
    return { id: this.options.target.id, cases: this.outcomes };
  }

  async execute(): Promise<TargetResult> {
    const { target, emit, signal } = this.options;
    emit({ type: 'target-started', target: target.id });
    try {
      const ready = await this.open();
      await this.runCases(ready.id);
      for (const stage of target.stages) {
        if (signal.aborted) break;
        await this.runLoad(stage);
      }
    } catch (error) {
      this.fail(error);
    } finally {
      await this.options.runner.release(target.id);
      await this.sim?.stop();
    }
    for (const note of this.options.runner.notes.splice(0)) emit({ type: 'log', level: 'warn', message: note });
    this.summarise();
    this.result.verdict = targetVerdict(this.result);
    emit({ type: 'target-finished', target: target.id });
    return this.result;
  }

  /** Starts the simulator where the target is one and warms the connections. */
  private async open(): Promise<LoadTarget> {
    const { target, runner, simEntry, signal, apiKey } = this.options;
    let endpoint = target.endpoint;
    if (endpoint.api === 'sim' && endpoint.url === null) {
      this.sim = await startSimProcess({ entry: simEntry, config: endpoint.sim ?? {}, model: endpoint.model });
      endpoint = { ...endpoint, url: this.sim.url };
    }
    const ready: LoadTarget = { id: target.id, endpoint, params: target.params, apiKey };
    await runner.open(ready, expectedConcurrency(target), signal);
    return ready;
  }

  private async runCases(targetId: string): Promise<void> {
    const { target, plan, emit } = this.options;
    if (target.cases.length === 0) return;
    const skipped = target.cases.filter((item) => item.skip !== undefined);
    for (const item of skipped) this.addCase(skippedCase(targetId, item, item.skip ?? ''));
    const asked = target.cases.filter((item) => item.skip === undefined);
    const rounds = Math.max(0, ...asked.map((item) => item.repeat));
    const requests: CaseRequest[] = [];
    // Round by round, not case by case: repeats asked back to back would find the server's prefix cache warm.
    for (let repeat = 0; repeat < rounds; repeat++) {
      for (const item of asked) {
        if (repeat < item.repeat) requests.push(caseRequest(item, repeat));
      }
    }
    if (requests.length > 0) {
      const job: StageJob = {
        kind: 'cases',
        concurrency: target.concurrency,
        requests,
        retryAttempts: target.endpoint.retryAttempts,
        ...(plan.trace === true ? { trace: true } : {}),
      };
      const count = requests.reduce((sum, { turns }) => sum + Math.max(1, turns?.length ?? 1), 0);
      await this.runStage(casesContext(plan, target, count), job);
    }
    this.summarise();
    if (this.result.quality !== null) emit({ type: 'quality', target: targetId, quality: this.result.quality });
  }

  private async runLoad(stage: StagePlan): Promise<void> {
    const { target, signal, emit } = this.options;
    const runCurve = { sweep: runSweep, capacity: runCapacity }[stage.pattern as string];
    if (runCurve === undefined) {
      await this.runStep(stage);
      return;
    }
    const curve = await runCurve(stage, target.endpoint, (step) => this.runStep(step, stage.name), signal);
    this.result.curves = [...(this.result.curves ?? []), curve];
    emit({ type: 'curve', target: target.id, curve });
    this.options.onProgress(this.result, null);
  }

  private runStep(stage: StagePlan, partOf?: string): Promise<StageResult | null> {
    const { plan, target } = this.options;
    const context = { ...loadContext(plan, target, stage), ...(partOf === undefined ? {} : { partOf }) };
    const quality = this.loadQuality(stage, context.name);
    const job: StageJob = { kind: 'load', stage, seed: plan.seed, ...(quality === null ? {} : { keepAnswers: true }) };
    return this.runStage({ ...context, judged: quality !== null }, job, quality);
  }

  /** Null where the stage sends nothing that could be judged. */
  private loadQuality(stage: StagePlan, name: string): LoadQuality | null {
    const { plan, target, services, writeCases, redactor } = this.options;
    const pointers = new Set(stage.requestPool.map(({ casePointer }) => casePointer));
    const cases = new Map([...this.items].filter(([pointer]) => pointers.has(pointer)));
    if (!LoadQuality.judges(cases.values())) return null;
    const onFailure = (record: CaseRecord) => writeCases([redactor.data(record)]);
    return new LoadQuality({ target, stage: name, cases, services, seed: plan.seed, onFailure });
  }

  private async runStage(
    context: StageContext,
    job: StageJob,
    quality: LoadQuality | null = null,
  ): Promise<StageResult | null> {
    const { target, runner, signal, emit, clockOriginMs, onProgress, writeRequests } = this.options;
    const judging = new JudgingQueue();
    const conversations = new Conversations();
    const stage = new StageRun(context, {
      clockOriginMs,
      onOrigin: (originMs) => {
        const { seed, confidence, coldFirst } = context;
        // Over all load stages: one rate alone holds too little variety of concurrency to fit a line to.
        if (job.kind === 'load') this.phases ??= new PhaseTracker({ originMs, seed, confidence, coldFirst });
        onProgress(this.result, { target: target.id, stage: context.name, origin_ms: originMs });
        emit(stageStarted(context));
      },
      onRecords: (batch) => {
        const records = batch.map((ended) => ended.record);
        for (const record of records) this.cost.add(record);
        writeRequests(records);
        this.options.onCost(this.cost.totalUsd);
        if (job.kind === 'load') for (const record of records) this.phases?.add(record);
        for (const ended of batch) {
          if (ended.trace !== undefined) this.tellTrace(ended.record, ended.trace);
          if (job.kind === 'cases') judging.add(this.judge(stage, conversations, ended));
          else if (quality !== null) judging.add(judgeUnderLoad(stage, quality, ended));
        }
        // Of cases there are only as many under way as are asked at once; holding them back would hold up a streaming view.
        return job.kind === 'cases' ? undefined : judging.room();
      },
      onAnswerDelta: (pointer, repeat, text, sinceSentMs) =>
        emit({ type: 'answer-delta', target: target.id, case: pointer, repeat, text, sinceSentMs }),
      tokenCounter: () => loadTokenCounter(this.options.tokenizerEntry),
      onTick: emit,
    });
    const timer = setInterval(() => stage.tick(), TICK_MS);
    try {
      const outcome = await runner.run(target.id, context.name, job, stage, signal);
      await judging.drained();
      for (const { item, repeat, turns } of conversations.unfinished()) {
        for (const { record } of turns) stage.addJudged(record, null);
        const request = turns[turns.length - 1]?.record.id ?? null;
        this.addCase({ ...skippedCase(target.id, item, STOPPED), request, repeat });
      }
      stage.tick();
      const result = stage.finish(outcome, signal.aborted ? 'cancelled' : undefined);
      if (result === null) return null;
      if (job.kind === 'load') await this.addQuality(result, quality, context);
      this.result.stages.push(result);
      emit({ type: 'stage-finished', target: target.id, stage: result });
      onProgress(this.result, null);
      return result;
    } finally {
      clearInterval(timer);
    }
  }

  /** The answers of a load stage, and its SLOs on them, which stand with its others. */
  private async addQuality(result: StageResult, quality: LoadQuality | null, context: StageContext): Promise<void> {
    const { confidence, policy } = this.options.plan;
    const slos = context.slos.filter(isQuality);
    const judged = await quality?.finish({ slos, confidence, policy });
    if (judged != null) {
      const { slo, ...rest } = judged;
      result.quality = { ...rest, slo: [] };
      result.slo.push(...slo);
      return;
    }
    const evidence = { kind: 'none' as const, reason: 'no answer of this stage was judged' };
    result.slo.push(...slos.map((slo) => judgeSlo(slo, evidence, { confidence, policy })));
  }

  private async judge(stage: StageRun, conversations: Conversations, ended: EndedRequest): Promise<void> {
    const { target, redactor, services } = this.options;
    const { record } = ended;
    const item = this.items.get(record.case ?? '');
    if (item === undefined) throw new PromptrigError('internal', `No case ${record.case} is known to ${target.id}.`);
    const conversation = conversations.add(item, ended);
    // An earlier turn of a conversation that goes on: it is counted with the others, when it is known what they are worth.
    if (conversation === null) return;
    const records = conversation.turns.map((turn) => turn.record);
    if (record.outcome === 'cancelled') {
      // Whoever stops a run says nothing about the quality of the answers that were still to come.
      this.addCase({ ...skippedCase(target.id, item, STOPPED), request: record.id, repeat: record.repeat ?? 0 });
      for (const each of records) stage.addJudged(each, null);
      return;
    }
    const judged = await judgeConversation(target, conversation, services);
    for (const [index, each] of records.entries()) stage.addJudged(each, judged.correct[index] ?? null);
    this.addCase(redactor.data(judged.record), durationMs(records));
  }

  private tellTrace(record: RequestRecord, attempts: RequestTrace[]): void {
    const { target, emit } = this.options;
    emit({ type: 'trace', target: target.id, case: record.case ?? '', repeat: record.repeat ?? 0, record, attempts });
  }

  private addCase(record: CaseRecord, took?: number): void {
    this.tally.add(record);
    this.known.add(record.case);
    countOutcome(this.outcomes, record.case_id, record);
    this.options.writeCases([record]);
    this.options.emit({ type: 'case-finished', record, ...(took === undefined ? {} : { durationMs: took }) });
  }

  private summarise(): void {
    const { plan, target } = this.options;
    this.result.quality = target.cases.length === 0 ? null : this.tally.result(qualityOptions(plan, target));
    const underLoad = qualityUnderLoad(this.result.stages);
    if (underLoad !== null) this.result.quality_under_load = underLoad;
    this.result.cost = this.cost.result(this.result.stages);
    if (this.phases !== null) this.result.phases = phaseReport(this.phases.result());
  }

  /** Nothing, or nothing more, of this target can run: its cases that were not asked are errors, with the reason. */
  private fail(error: unknown): void {
    const { target, signal, emit } = this.options;
    if (signal.aborted) return;
    const message = messageOf(error);
    const code = error instanceof PromptrigError ? error.code : 'internal';
    this.result.error = { code, message };
    emit({ type: 'log', level: 'error', message: `${target.id}: ${message}` });
    for (const item of target.cases) {
      if (!this.known.has(item.pointer)) this.addCase({ ...skippedCase(target.id, item, message), outcome: 'error' });
    }
  }
}

/** From being sent to their end, together. */
function durationMs(records: readonly RequestRecord[]): number {
  return records.reduce((sum, { sent, end }) => sum + (sent === null ? 0 : end - sent), 0);
}

/** Counts the answer of a load stage once it is known whether it is right. */
async function judgeUnderLoad(stage: StageRun, quality: LoadQuality, ended: EndedRequest): Promise<void> {
  stage.addJudged(ended.record, await quality.judge(ended));
}

function caseRequest({ pointer, messages, turns }: CasePlan, repeat: number): CaseRequest {
  return {
    pointer,
    repeat,
    messages,
    ...(turns === undefined ? {} : { turns: turns.map(({ user, thinkTimeMs }) => ({ user, thinkTimeMs })) }),
  };
}

function stageStarted(context: StageContext): EngineEvent {
  return {
    type: 'stage-started',
    target: context.target,
    stage: context.name,
    ...(context.partOf === undefined ? {} : { partOf: context.partOf }),
    pattern: context.pattern,
    plannedMs: context.plannedMs,
    plannedRequests: context.plannedRequests,
    warmupMs: context.warmupMs,
    cooldownMs: context.cooldownMs,
    rate: context.rate,
    slos: context.slos,
  };
}

/** How many connections are worth opening ahead. For an open loop it is a guess: one second's arrivals. */
function expectedConcurrency(target: TargetPlan): number {
  const perStage = target.stages.map((stage) =>
    Math.min(stage.maxConcurrency, stage.loop === 'closed' ? (stage.concurrency ?? 1) : Math.ceil(stage.rate ?? 1)),
  );
  return Math.max(target.cases.length > 0 ? target.concurrency : 1, ...perStage, 1);
}
