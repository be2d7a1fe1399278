/**
 * A stored run: what its run.json says at once, then its answers and requests as they are read. A hundred thousand requests
 * are 150 MB of lines, and nobody waits for the last of them to see the verdict.
 */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { runFile } from '../results/files';
import { stagesInProgress } from '../results/in-progress';
import { readRun } from '../results/store';
import { PromptrigError, messageOf } from '../util/errors';
import type { TickPoint } from '../../protocol/events';
import type { RequestRecord, RunJson } from '../../protocol/run-json';
import type { PanelCase, RunPanelChange, RunPanelState } from '../../protocol/run-panel';
import { formatCount } from '../../protocol/format';
import { AnswerBudget } from './answers';
import { StageHistory } from './stage-history';
import { planOf, type PlanIndex } from './plan-index';
import { RunRecords, type RequestScan } from './records';
import { emptyState } from './shape';
import { PANEL_LIMITS, thinned } from './limits';
import { stateOfRun } from './state-of-run';

/** A plan up to this size is read before anything is shown: it says how long the cool-down was. */
const SMALL_PLAN_BYTES = 2 << 20;
/** Requests of one change: decoded and drawn in a frame. */
const BATCH = 4_000;

/** Where a change of the state goes. */
export type OnChanges = (changes: RunPanelChange[]) => void;

export interface StoredRun {
  /** Live while `load` runs. */
  readonly state: RunPanelState;
  readonly records: RunRecords;
  readonly run: RunJson | null;
  /** Reads answers and requests; each batch of changes leads on from the state before. Resolves early once `signal` is aborted. */
  load(onChanges: OnChanges, signal: AbortSignal): Promise<void>;
}

/** Opens a run's folder. Never rejects for what is in it: a run that cannot be shown is a state that says so. */
export async function openStoredRun(dir: string): Promise<StoredRun> {
  let run: RunJson;
  try {
    run = await readRun(dir);
    if (!Array.isArray(run.targets)) throw new PromptrigError('unreadable', `${runFile(dir, 'run')} names no targets.`);
  } catch (error) {
    return brokenRun(dir, error);
  }
  const known = await planOf(dir, SMALL_PLAN_BYTES);
  return new ReadableRun(dir, run, 'plan' in known ? known.plan : null);
}

class ReadableRun implements StoredRun {
  readonly state: RunPanelState;
  readonly records: RunRecords;
  private readonly stages: StageReader[] = [];

  constructor(
    dir: string,
    readonly run: RunJson,
    plan: PlanIndex | null,
  ) {
    this.records = new RunRecords(dir);
    this.state = stateOfRun(run, [], new Map(), plan);
  }

  async load(onChanges: OnChanges, signal: AbortSignal): Promise<void> {
    const total = await sizeOf(runFile(this.records.dir, 'requests'));
    this.set({ loading: { read: 0, total } }, onChanges);
    await this.loadAnswers(onChanges, signal);
    const scan = await this.loadRequests(onChanges, signal);
    if (signal.aborted) return;
    for (const stage of this.stages) stage.finish(onChanges);
    this.set({ loading: null, caveats: scanCaveats(scan, this.run) }, onChanges);
  }

  private async loadAnswers(onChanges: OnChanges, signal: AbortSignal): Promise<void> {
    const budget = new AnswerBudget(PANEL_LIMITS.answer);
    let changes: RunPanelChange[] = [];
    const counts = new Map<string, number>();
    try {
      await this.records.eachAnswer((record) => {
        if (record.stage !== undefined || !Array.isArray(record.assertions)) return !signal.aborted;
        const count = counts.get(record.target) ?? 0;
        const target = this.state.targets.find(({ id }) => id === record.target);
        if (target === undefined || count >= PANEL_LIMITS.cases) return !signal.aborted;
        counts.set(record.target, count + 1);
        const taken: PanelCase = budget.take(record);
        target.cases.push(taken);
        changes.push({ kind: 'case', target: target.id, record: taken });
        if (changes.length >= 200) {
          onChanges(changes);
          changes = [];
        }
        return !signal.aborted;
      });
    } catch (error) {
      this.addCaveat(`The answers of this run could not be read: ${messageOf(error)}`, onChanges);
    }
    // A run that was cut off has counted nothing.
    for (const target of this.state.targets) {
      if (target.qualityResult !== null || target.cases.length === 0) continue;
      const quality = { passed: 0, failed: 0, errors: 0, skipped: 0, total: target.cases.length, slo: [] };
      for (const { outcome } of target.cases) quality[outcome === 'error' ? 'errors' : outcome]++;
      target.quality = quality;
      changes.push({ kind: 'quality', target: target.id, quality });
    }
    if (changes.length > 0) onChanges(changes);
  }

  private async loadRequests(onChanges: OnChanges, signal: AbortSignal): Promise<RequestScan> {
    try {
      return await this.records.scan(
        (record) => this.readerOf(record).add(record, onChanges),
        (read, total) => {
          for (const stage of this.stages) stage.flush(onChanges);
          this.set({ loading: { read, total } }, onChanges);
          return !signal.aborted;
        },
      );
    } catch (error) {
      this.addCaveat(`The requests of this run could not be read: ${messageOf(error)}`, onChanges);
      return { size: 0, read: 0, tailBytes: 0, damaged: 0, firstDamaged: null };
    }
  }

  private readerOf(record: RequestRecord): StageReader {
    // Almost always that of the request before.
    const known = this.stages.find(({ target, stage }) => target === record.target && stage === record.stage);
    if (known !== undefined) return known;
    const reader = new StageReader(this.state, this.run, record);
    this.stages.push(reader);
    return reader;
  }

  private addCaveat(text: string, onChanges: OnChanges): void {
    this.set({ caveats: [...(this.state.caveats ?? []), text] }, onChanges);
  }

  private set(patch: Extract<RunPanelChange, { kind: 'run' }>['patch'], onChanges: OnChanges): void {
    const caveats =
      patch.caveats === undefined ? undefined : [...new Set([...(this.state.caveats ?? []), ...patch.caveats])];
    const whole = caveats === undefined ? patch : { ...patch, caveats };
    Object.assign(this.state, whole);
    onChanges([{ kind: 'run', patch: whole }]);
  }
}

/** The requests of one stage on their way into the panel. */
class StageReader {
  readonly target: string;
  readonly stage: string;
  private readonly loop: 'open' | 'closed';
  private readonly originMs: number;
  private readonly history: StageHistory;
  private readonly hasResult: boolean;
  private batch: TickPoint[] = [];
  private every = 1;
  private seen = 0;
  private endMs = 0;

  constructor(
    private readonly state: RunPanelState,
    run: RunJson,
    first: RequestRecord,
  ) {
    const { target, stage } = first;
    this.target = target;
    this.stage = stage;
    const result = run.targets.find(({ id }) => id === target)?.stages.find(({ name }) => name === stage);
    const cut = stagesInProgress(run).find((each) => each.target === target && each.stage === stage);
    this.hasResult = result !== undefined;
    this.loop = result?.loop ?? 'closed';
    this.originMs = result?.origin_ms ?? cut?.origin_ms ?? first.scheduled;
    this.history = new StageHistory(this.originMs, this.loop);
  }

  add(record: RequestRecord, onChanges: OnChanges): void {
    this.history.add(record);
    this.endMs = Math.max(this.endMs, record.end - this.originMs);
    if (!this.hasResult) this.count(record);
    if (this.seen++ % this.every !== 0 && record.outcome === 'completed') return;
    this.batch.push(pointOf(record, this.originMs, this.loop));
    if (this.batch.length >= BATCH) this.flush(onChanges);
  }

  /** Hands over what was read since. */
  flush(onChanges: OnChanges): void {
    const { batch, target } = this;
    const shown = this.shown();
    if (batch.length === 0 || shown === undefined) return;
    this.batch = [];
    for (const point of batch) shown.points.push(point);
    while (shown.points.length > PANEL_LIMITS.points) {
      this.every *= 2;
      shown.points = thinned(shown.points, PANEL_LIMITS.points);
    }
    onChanges([{ kind: 'points', target, stage: this.stage, points: batch }]);
  }

  /** The lines over time, and the counts of a stage that has no result. */
  finish(onChanges: OnChanges): void {
    this.flush(onChanges);
    const { target, stage } = this;
    const shown = this.shown();
    if (shown === undefined) return;
    const history = this.history.samples();
    shown.history = history;
    const last = history.at(-1);
    const patch = {
      elapsedMs: Math.max(shown.elapsedMs, this.endMs),
      ...(last === undefined
        ? {}
        : { rolling: { ttftP50: last.ttftP50, ttftP99: last.ttftP99, itlP50: last.itlP50, itlP99: last.itlP99 } }),
      ...(this.hasResult ? {} : { counts: shown.counts, errors: shown.errors }),
    };
    Object.assign(shown, patch);
    onChanges([
      { kind: 'history', target, stage, history },
      { kind: 'stage', target, stage, patch },
    ]);
  }

  private count(record: RequestRecord): void {
    const shown = this.shown();
    if (shown === undefined) return;
    shown.counts.scheduled++;
    shown.counts[record.outcome]++;
    if (record.error === undefined) return;
    const { kind, message } = record.error;
    const known = shown.errors.find((error) => error.kind === kind);
    if (known !== undefined) known.count++;
    else shown.errors.push({ kind, count: 1, example: message });
  }

  private shown() {
    return this.state.targets.find(({ id }) => id === this.target)?.stages.find(({ name }) => name === this.stage);
  }
}

/** As the engine makes one of each request that ends: latencies count from the schedule in an open loop. */
function pointOf(record: RequestRecord, originMs: number, loop: 'open' | 'closed'): TickPoint {
  const ok = record.outcome === 'completed';
  const origin = loop === 'open' ? record.scheduled : record.sent;
  const since = (instant: number | null): number | null =>
    !ok || instant === null || origin === null ? null : instant - origin;
  const { itl } = record;
  let sum = 0;
  let longest = 0;
  for (const gap of itl) {
    sum += gap;
    if (gap > longest) longest = gap;
  }
  const gaps = ok && itl.length > 0;
  return {
    t: (record.first ?? record.end) - originMs,
    ttft: since(record.first),
    itl: gaps ? sum / itl.length : null,
    itlMax: gaps ? longest : null,
    e2e: since(record.last),
    warmup: record.phase !== 'measured',
    ok,
    request: record.id,
  };
}

function scanCaveats(scan: RequestScan, run: RunJson): string[] {
  const caveats: string[] = [];
  if (scan.size === 0 && run.targets.some(({ stages }) => stages.some(({ counts }) => counts.scheduled > 0)))
    caveats.push(
      'requests.ndjson is gone or empty: verdicts and metrics are from run.json, single requests cannot be shown.',
    );
  if (scan.damaged > 0)
    caveats.push(
      `${formatCount(scan.damaged)} ${scan.damaged === 1 ? 'line' : 'lines'} of requests.ndjson ${scan.damaged === 1 ? 'is' : 'are'} damaged (line ${formatCount(scan.firstDamaged ?? 0)} first) and left out.`,
    );
  if (scan.tailBytes > 0)
    caveats.push('The last line of requests.ndjson was cut off while it was written; its request is not shown.');
  return caveats;
}

/** A run that cannot be shown: what happened, and what to do. */
function brokenRun(dir: string, error: unknown): StoredRun {
  const code = error instanceof PromptrigError ? error.code : 'unreadable';
  const advice =
    code === 'unsupported'
      ? 'Its files are untouched.'
      : code === 'not_found'
        ? 'It may have been deleted, or moved with its folder.'
        : 'The other files of the run may still be of use.';
  const state: RunPanelState = {
    ...emptyState(),
    title: path.basename(dir),
    status: 'error',
    statusText: messageOf(error),
    advice,
    can: { pin: false, rerunFailed: false, files: false },
  };
  return { state, records: new RunRecords(dir), run: null, load: () => Promise.resolve() };
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await fs.stat(file)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}
