import * as vscode from 'vscode';
import type { EngineProcess } from '../../core/engine/engine-process';
import { DisposableStore } from '../../core/util/disposable';
import { PromptrigError, messageOf } from '../../core/util/errors';
import type { Redactor } from '../../core/util/redact';
import type { EngineEvent } from '../../protocol/events';
import type { RunPlan, StagePlan } from '../../protocol/plan';
import type { RunJson } from '../../protocol/run-json';
import { CommandId } from '../contributions';
import type { RunObserver } from '../language/run-observer';
import type { ParsedDocument } from '../language/documents';
import type { Subject } from '../language/survey';
import type { Tell } from '../messages';
import { parts } from '../parts/load';
import type { ResultsStore } from './results-store';
import {
  prepareRun,
  type PreparationParts,
  type PreparedRun,
  type RunOptions,
  type RunRequest,
} from './run-preparation';
import { RunProgress, type ProgressNow } from './run-progress';

/** What the engine calls the stage that asks the cases. */
const CASES_STAGE = 'cases';
/** Line ends and status bar follow a run this often, in ms: more would be work nobody can read. */
const REFRESH_MS = 200;
const MAX_LOG_LINE = 500;
/** How long closing the window waits for the engine to put away what it measured; VS Code gives 5 s in all. */
const SHUTDOWN_MS = 3_000;

export interface RunStart {
  request: RunRequest;
  plan: RunPlan;
  /** The file as it is run. */
  parsed: ParsedDocument;
  startedAt: string;
}

export interface RunEnd {
  request: RunRequest;
  /** `refused`: nothing was sent. `failed`: the engine could not run it or died. */
  outcome: 'finished' | 'failed' | 'refused';
  run: RunJson | null;
  dir: string | null;
  /** What the person has been told; null of a run that went well, and of one that the person called off. */
  error: string | null;
}

interface ActiveRun {
  prepared: PreparedRun;
  startedAt: string;
  abort: AbortController;
  engine: EngineProcess;
  progress: RunProgress;
  observer: RunObserver;
  /** Answers that each case still owes. */
  owed: Map<Subject, number>;
  finished: Set<Subject>;
}

/** One run at a time per window: asks for it, follows it, ends it, and hands what it finds to those who show it. */
export class RunController implements vscode.Disposable {
  private readonly store = new DisposableStore();
  private readonly started = this.store.add(new vscode.EventEmitter<RunStart>());
  private readonly happened = this.store.add(new vscode.EventEmitter<EngineEvent[]>());
  private readonly refreshed = this.store.add(new vscode.EventEmitter<ProgressNow>());
  private readonly ended = this.store.add(new vscode.EventEmitter<RunEnd>());
  private preparing = false;
  /** The run from its preparation to its end; it never rejects. */
  private whole: Promise<void> = Promise.resolve();
  private active: ActiveRun | null = null;
  private finishing: Promise<void> = Promise.resolve();
  private refreshTimer: NodeJS.Timeout | undefined;
  private lastRequest: RunRequest | null = null;

  readonly onDidStart = this.started.event;
  /** Every event of the engine, in batches, as they come. */
  readonly onEvents = this.happened.event;
  readonly onDidProgress = this.refreshed.event;
  readonly onDidEnd = this.ended.event;

  constructor(
    private readonly parts: PreparationParts & {
      engineEntry: string;
      results: ResultsStore;
      redactor: Redactor;
      log: vscode.LogOutputChannel;
      tell: Tell;
    },
  ) {}

  get isRunning(): boolean {
    return this.active !== null;
  }

  /** Folder of the run in progress. */
  get outDir(): string | null {
    return this.active?.prepared.plan.outDir ?? null;
  }

  /** Resolves when nothing is run or prepared. */
  async idle(): Promise<void> {
    while (this.preparing || this.active !== null) await this.whole;
  }

  /** The run before this moment, for "run again". */
  get last(): RunRequest | null {
    return this.lastRequest;
  }

  /** Process id of the engine while it runs. */
  get enginePid(): number | undefined {
    return this.active?.engine.pid;
  }

  /** Runs what is asked for; resolves when it is over, also where it was refused or failed (the person has been told). */
  async run(request: RunRequest, options: RunOptions = {}): Promise<RunEnd> {
    const said: string[] = [];
    const tell: Tell = (kind, message, actions) => {
      said.push(message);
      if (options.quiet !== true) this.parts.tell(kind, message, actions);
    };
    if (this.preparing || this.active !== null) {
      this.tellBusy(tell);
      return refusal(request, said);
    }
    this.preparing = true;
    const run = this.prepareAndExecute(request, options, tell, said);
    this.whole = run.then(
      () => undefined,
      () => undefined,
    );
    return run;
  }

  private async prepareAndExecute(
    request: RunRequest,
    { signal, confirm }: RunOptions,
    tell: Tell,
    said: string[],
  ): Promise<RunEnd> {
    let prepared: PreparedRun | null;
    try {
      prepared = await prepareRun({ ...this.parts, tell }, request, confirm);
    } catch (error) {
      this.tellError(error, tell);
      return refusal(request, said);
    } finally {
      this.preparing = false;
    }
    if (prepared === null || signal?.aborted === true) {
      prepared?.release();
      return refusal(request, said);
    }
    this.lastRequest = request;
    const run = this.execute(prepared);
    this.finishing = run.then(() => undefined);
    const { active } = this;
    const stop = (): void => {
      // Never the one after it, which may start while this one's results are put away.
      if (this.active === active) this.stop();
    };
    signal?.addEventListener('abort', stop, { once: true });
    try {
      return await run;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  /** Ends the run in progress; what was measured is kept. */
  stop(): void {
    if (this.active === null) return;
    this.parts.log.info('Stopping the run.');
    this.active.abort.abort();
  }

  /** Cancels a run and waits for its results to be put away, but not for long. */
  async shutdown(): Promise<void> {
    this.active?.abort.abort();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, SHUTDOWN_MS);
    });
    await Promise.race([this.finishing, late]);
    clearTimeout(timer);
    this.active?.engine.dispose();
  }

  dispose(): void {
    clearTimeout(this.refreshTimer);
    this.active?.engine.dispose();
    this.store.dispose();
  }

  private async execute(prepared: PreparedRun): Promise<RunEnd> {
    const { plan, parsed, keys, request } = prepared;
    const { log, results, redactor } = this.parts;
    const file = parsed.uri.toString();
    const startedAt = new Date().toISOString();
    const owed = new Map<Subject, number>();
    for (const target of plan.targets) {
      for (const item of target.cases) {
        const node = parsed.survey.at(item.pointer);
        if (node !== undefined)
          owed.set(`case:${node.id}`, (owed.get(`case:${node.id}`) ?? 0) + Math.max(1, item.repeat));
      }
    }
    const { EngineCrashedError, EngineProcess, RunObserver } = parts();
    const engine = new EngineProcess({
      engineEntry: this.parts.engineEntry,
      log: (level, message) => log[level](shortLines(redactor.text(message))),
    });
    const active: ActiveRun = {
      prepared,
      startedAt,
      abort: new AbortController(),
      engine,
      progress: new RunProgress(plan),
      observer: new RunObserver(parsed.survey, startedAt, isWhole(request), {
        id: plan.runId,
        confidence: plan.confidence,
      }),
      owed,
      finished: new Set(),
    };
    this.active = active;
    log.info(
      `Run ${plan.runId}: ${plan.name} (${request.what}) on ${plan.targets.map((target) => target.id).join(', ')}.`,
    );
    const isNarrow = request.targets !== undefined || request.endpoints !== undefined || request.trace === true;
    const targets = isNarrow ? plan.targets.map(({ id }) => id) : undefined;
    results.begin(file, subjectsOf(prepared, owed), startedAt, plan.outDir, targets);
    this.started.fire({ request, plan, parsed, startedAt });

    let end: RunEnd;
    try {
      const run = await engine.run(plan, keys, (batch) => this.onBatch(active, batch), active.abort.signal);
      end = { request, outcome: 'finished', run: redactor.data(run), dir: plan.outDir, error: null };
    } catch (error) {
      const recovered = error instanceof EngineCrashedError ? redactor.data(error.run) : null;
      end = { request, outcome: 'failed', run: recovered, dir: plan.outDir, error: redactor.text(messageOf(error)) };
      log.error(redactor.text(error instanceof Error ? (error.stack ?? error.message) : String(error)));
    }
    clearTimeout(this.refreshTimer);
    this.refreshTimer = undefined;
    engine.dispose();
    prepared.release();
    this.active = null;
    await this.conclude(active, end);
    return end;
  }

  private onBatch(active: ActiveRun, batch: EngineEvent[]): void {
    if (this.active !== active) return;
    // What an endpoint answers may repeat the key it was sent: it is masked before anything shows or keeps it.
    const events = this.parts.redactor.data(batch);
    for (const event of events) {
      active.progress.apply(event);
      this.observe(active, event);
    }
    this.happened.fire(events);
    this.refreshTimer ??= setTimeout(() => {
      this.refreshTimer = undefined;
      this.refresh(active);
    }, REFRESH_MS);
  }

  private observe(active: ActiveRun, event: EngineEvent): void {
    const { observer, owed, finished, prepared } = active;
    switch (event.type) {
      case 'case-finished': {
        observer.onCase(event.record);
        const node = prepared.parsed.survey.at(event.record.case);
        if (node === undefined) return;
        const subject: Subject = `case:${node.id}`;
        const left = (owed.get(subject) ?? 1) - 1;
        owed.set(subject, left);
        if (left <= 0) finished.add(subject);
        return;
      }
      case 'stage-started': {
        if (event.partOf === undefined) return;
        const whole = planned(prepared.plan, event.target, event.partOf);
        if (whole !== undefined) observer.onStep(event.target, whole.pointer, event.stage, event.rate);
        return;
      }
      case 'tick': {
        const stage = planned(prepared.plan, event.target, event.stage);
        // A step of a sweep is no stage of the plan, and what it misses is not missed by the file.
        if (stage === undefined && event.stage !== CASES_STAGE) return;
        observer.onProvisional(event.target, event.stage, stage?.pointer ?? null, event.slos);
        return;
      }
      case 'stage-finished':
        observer.onStage(event.target, event.stage);
        return;
      case 'curve':
        observer.onCurve(event.target, event.curve);
        return;
      case 'quality':
        observer.onQuality(event.target, event.quality);
        return;
      case 'target-finished': {
        const { targets } = prepared.plan;
        if (event.target === targets.at(-1)?.id) finished.add('cases');
        return;
      }
      case 'log':
        this.parts.log[event.level](event.message);
        return;
      default:
        return;
    }
  }

  private refresh(active: ActiveRun): void {
    if (this.active !== active) return;
    this.parts.results.update(active.prepared.parsed.uri.toString(), active.observer.observations, active.finished);
    this.refreshed.fire(active.progress.now);
  }

  /** Everything that follows a run happens here once, whether it completed, was stopped or died. */
  private async conclude(active: ActiveRun, end: RunEnd): Promise<void> {
    const { prepared, observer } = active;
    const { log, planner, results } = this.parts;
    const { run } = end;
    if (run !== null) observer.onRun(run);
    observer.settle();
    const file = prepared.parsed.uri.toString();
    const name = results.nameOf(file);
    const known = results.end(file, observer.observations, run?.verdict ?? null);
    log.info(
      `Run ${prepared.plan.runId} ${run?.status ?? 'failed'}: ${run?.verdict ?? 'no verdict'}. Results: ${prepared.plan.outDir}`,
    );
    this.ended.fire(end);
    this.tellEnd(end);
    if (run === null) return;
    try {
      await parts().addHistograms(prepared.plan.outDir, run, observer.observations);
      // Renamed while it ran: the next window knows it by its new name.
      const source = name === file ? prepared.plan.source.path : planner.sourcePath(vscode.Uri.parse(name));
      // What is no longer written is remembered as long as the window is there, for an undo, and not for ever.
      const observations = parts().stillWritten(prepared.parsed.survey, known.observations);
      await parts().saveObservations(prepared.plan.outDir, source, { ...known, observations });
    } catch (error) {
      // The results themselves are stored; only their line ends will not come back with the file.
      log.warn(`The line-end results could not be stored in ${prepared.plan.outDir}: ${messageOf(error)}`);
    }
  }

  private tellEnd(end: RunEnd): void {
    const showLog = { [vscode.l10n.t('Show Log')]: () => this.parts.log.show() };
    const showRun = {
      [vscode.l10n.t('Show What Was Measured')]: () => vscode.commands.executeCommand(CommandId.openRunPanel),
    };
    if (end.error !== null) {
      this.parts.tell('error', end.error, end.run === null ? showLog : { ...showRun, ...showLog });
      return;
    }
    if (end.run?.verdict !== 'error' || end.run.status !== 'completed') return;
    const worst = end.run.targets
      .flatMap((target) => target.stages.flatMap((stage) => stage.errors))
      .sort((a, b) => b.count - a.count)[0];
    const why = worst === undefined ? vscode.l10n.t('No request could be judged.') : worst.example;
    this.parts.tell('error', why, { ...showRun, ...showLog });
  }

  private tellBusy(tell: Tell): void {
    const name = this.active?.prepared.plan.name ?? vscode.l10n.t('Another eval');
    tell(
      'warning',
      vscode.l10n.t(
        '"{0}" is running. Runs in one window take turns, so that they do not disturb each other\'s timing.',
        name,
      ),
      {
        [vscode.l10n.t('Stop')]: () => this.stop(),
        [vscode.l10n.t('Show Run')]: () => vscode.commands.executeCommand(CommandId.openRunPanel),
      },
    );
  }

  private tellError(error: unknown, tell: Tell): void {
    const { log, redactor } = this.parts;
    const reason = error instanceof PromptrigError ? error.reason : error instanceof Error ? error.stack : undefined;
    log.error(redactor.text(reason ?? messageOf(error)));
    tell('error', redactor.text(messageOf(error)), { [vscode.l10n.t('Show Log')]: () => log.show() });
  }
}

function refusal(request: RunRequest, said: readonly string[]): RunEnd {
  return { request, outcome: 'refused', run: null, dir: null, error: said[0] ?? null };
}

/** Whether the cases that run are all of the file's: only then do they say something about its SLOs. */
function isWhole({ what }: RunRequest): boolean {
  return what === 'file' || what === 'cases';
}

function planned(plan: RunPlan, target: string, stage: string): StagePlan | undefined {
  return plan.targets.find((item) => item.id === target)?.stages.find((item) => item.name === stage);
}

/** A crash prints the line of the bundle that it happened in, and a minified line is the whole program. */
function shortLines(text: string): string {
  return text
    .split('\n')
    .map((line) => (line.length <= MAX_LOG_LINE ? line : `${line.slice(0, MAX_LOG_LINE)}…`))
    .join('\n');
}

function subjectsOf({ plan, parsed, request }: PreparedRun, owed: ReadonlyMap<Subject, number>): Subject[] {
  const subjects: Subject[] = [...owed.keys()];
  if (owed.size > 0 && isWhole(request)) subjects.push('cases');
  for (const stage of plan.targets.flatMap((target) => target.stages)) {
    const node = parsed.survey.at(stage.pointer);
    if (node !== undefined) subjects.push(`stage:${node.id}`);
  }
  return [...new Set(subjects)];
}
