/**
 * What a person sees while a run lasts, as a pure function of the engine's events: a state, and its rendering as the block
 * of a terminal that is redrawn in place, or as lines of a log.
 */
import type { EngineEvent, StageStarted, StageTick } from '../protocol/events';
import type { CaseRecord, StageResult } from '../protocol/run-json';
import { formatValue } from '../core/metrics/format';
import { displayWidth, truncate } from '../core/report/layout';
import { plain } from '../core/report/plain';
import { VERDICT_LOOK, type Paint } from '../core/report/style';

export interface ProgressState {
  name: string;
  targets: { id: string; stages: string[] }[];
  /** Those that run, in the order in which they began: one, or several where targets run side by side. */
  running: RunningTarget[];
}

interface RunningTarget {
  id: string;
  /** The sweep or capacity stage that is running and its steps so far: how many there will be is not known ahead. */
  steps: { of: string; count: number } | null;
  stage: StageView | null;
}

interface StageView {
  started: StageStarted;
  /** Host clock at the start, so that the time goes on between ticks. */
  startedAtMs: number;
  tick: StageTick | null;
  cases: { passed: number; failed: number; errors: number; skipped: number };
}

export function initialProgress(): ProgressState {
  return { name: '', targets: [], running: [] };
}

/** The state after an event; `nowMs` is the host's monotonic clock. */
export function advance(state: ProgressState, event: EngineEvent, nowMs: number): ProgressState {
  switch (event.type) {
    case 'run-started':
      return {
        ...initialProgress(),
        name: event.name,
        targets: event.targets.map(({ id, stages }) => ({ id, stages })),
      };
    case 'target-started':
      return { ...state, running: [...state.running, { id: event.target, steps: null, stage: null }] };
    case 'stage-started': {
      const cases = { passed: 0, failed: 0, errors: 0, skipped: 0 };
      return withTarget(state, event.target, (target) => ({
        ...target,
        steps: stepsAfter(state, target, event),
        stage: { started: event, startedAtMs: nowMs, tick: null, cases },
      }));
    }
    case 'tick':
      return withStage(state, event.target, (stage) => ({ ...stage, tick: event }));
    case 'case-finished':
      return withStage(state, event.record.target, (stage) => withCase(stage, event.record));
    case 'stage-finished':
      return withTarget(state, event.target, (target) => ({ ...target, stage: null }));
    case 'target-finished':
      return { ...state, running: state.running.filter(({ id }) => id !== event.target) };
    case 'run-finished':
      return { ...state, running: [] };
    case 'answer-delta':
    case 'quality':
    case 'curve':
    case 'trace':
    case 'log':
      return state;
  }
}

function withTarget(state: ProgressState, id: string, change: (target: RunningTarget) => RunningTarget): ProgressState {
  return { ...state, running: state.running.map((target) => (target.id === id ? change(target) : target)) };
}

function withStage(state: ProgressState, id: string, change: (stage: StageView) => StageView): ProgressState {
  return withTarget(state, id, (target) =>
    target.stage === null ? target : { ...target, stage: change(target.stage) },
  );
}

/** A stage that was not announced is a step of the one that was, whose name its own begins with. */
function stepsAfter(
  { targets }: ProgressState,
  { id, steps }: RunningTarget,
  { stage }: StageStarted,
): RunningTarget['steps'] {
  const announced = targets.find((target) => target.id === id)?.stages ?? [];
  if (announced.includes(stage)) return null;
  const parents = announced.filter((name) => stage.startsWith(`${name} `));
  const of = parents.sort((a, b) => b.length - a.length)[0];
  if (of === undefined) return null;
  return { of, count: steps?.of === of ? steps.count + 1 : 1 };
}

function withCase(stage: StageView, { outcome }: CaseRecord): StageView {
  const key = outcome === 'error' ? 'errors' : outcome;
  return { ...stage, cases: { ...stage.cases, [key]: stage.cases[key] + 1 } };
}

/** A line that stays: what has just begun or ended, or what the engine warns of. Null for events that leave no trace. */
export function milestone(event: EngineEvent, paint: Paint): string | null {
  switch (event.type) {
    case 'target-started':
      return paint('strong', plain(event.target));
    case 'stage-finished':
      return stageSummary(event.stage, paint);
    case 'curve':
      return `  ${paint('strong', plain(event.curve.stage))}: ${plain(event.curve.conclusion)}`;
    case 'log':
      return event.level === 'warn' || event.level === 'error'
        ? paint(event.level === 'error' ? 'bad' : 'unsure', `${event.level}: ${plain(event.message)}`)
        : null;
    case 'run-started':
    case 'stage-started':
    case 'tick':
    case 'answer-delta':
    case 'trace':
    case 'case-finished':
    case 'quality':
    case 'target-finished':
    case 'run-finished':
      return null;
  }
}

function stageSummary(stage: StageResult, paint: Paint): string {
  const { counts, metrics } = stage;
  const lost = counts.scheduled - counts.completed;
  const slos = stage.slo.map(({ verdict, expr }) => {
    const look = VERDICT_LOOK[verdict];
    return paint(look.tone, `${look.sign} ${plain(expr)}`);
  });
  const parts = [
    `${plain(stage.name)}: ${counts.completed} completed${lost > 0 ? `, ${lost} not` : ''}`,
    metrics.ttft === undefined ? '' : `TTFT ${pair(metrics.ttft.p50, metrics.ttft.p99)}`,
    metrics.itl === undefined ? '' : `ITL ${pair(metrics.itl.p50, metrics.itl.p99)}`,
    ...slos,
  ];
  return `  ${parts.filter((part) => part !== '').join(' · ')}`;
}

/** Two lines each; a terminal's window has room for that and for what stays above it. */
const MOST_LIVE_TARGETS = 4;

/**
 * The block that is redrawn in place, two lines for each target that runs, of at most `width` columns; empty between stages.
 * A line that wrapped would break the count of lines to go back over, so each is cut rather than wrapped.
 */
export function renderLive(state: ProgressState, options: { width: number; paint: Paint; nowMs: number }): string[] {
  const { width, paint } = options;
  const busy = stagesOf(state);
  const lines = busy.slice(0, MOST_LIVE_TARGETS).flatMap((each) => renderStage(state, each, options));
  const more = busy.length - MOST_LIVE_TARGETS;
  const rest = more <= 0 ? [] : [paint('accent', truncate(`  and ${more} more`, Math.max(10, width - 1)))];
  return [...lines, ...rest];
}

type Busy = RunningTarget & { stage: StageView };

function stagesOf({ running }: ProgressState): Busy[] {
  return running.filter((target): target is Busy => target.stage !== null);
}

function renderStage(
  state: ProgressState,
  target: Busy,
  { width, paint, nowMs }: { width: number; paint: Paint; nowMs: number },
): string[] {
  const { stage } = target;
  const room = Math.max(10, width - 1);
  const elapsedMs = Math.max(0, nowMs - stage.startedAtMs);
  const share = shareDone(stage, elapsedMs);
  // Above the block of one target stands its name; of several, each line has its own.
  const whose = state.running.length > 1 ? `${plain(target.id)} / ` : '';
  const head = `  ${whose}${plain(stage.started.stage)} `;
  const tail = ` ${position(stage, elapsedMs)}${place(state, target)}`;
  const barWidth = Math.min(30, room - displayWidth(head) - displayWidth(tail));
  const first = barWidth >= 6 ? head + bar(share, barWidth) + tail : truncate(head.trimEnd() + tail, room);
  const errors = errorCount(stage);
  const second = truncate(`  ${figures(stage).join('  ')}`, room);
  return [paint('accent', truncate(first, room)), paint(errors > 0 ? 'unsure' : 'plain', second)];
}

/** One line of a log about each stage in progress; none between stages. */
export function renderPlain(state: ProgressState, nowMs: number): string[] {
  return stagesOf(state).map(({ stage }) => {
    const elapsedMs = Math.max(0, nowMs - stage.startedAtMs);
    const where = `${plain(stage.started.target)} / ${plain(stage.started.stage)}`;
    return `${where}: ${Math.floor(shareDone(stage, elapsedMs) * 100)}%, ${[position(stage, elapsedMs), ...figures(stage)].join(', ')}`;
  });
}

/** The line of a log that says what starts. */
export function renderPlainStart(event: StageStarted): string {
  const { plannedMs, plannedRequests, rate } = event;
  const extent = [
    plannedRequests === null ? '' : `${plannedRequests} ${event.pattern === 'cases' ? 'answers' : 'requests'}`,
    plannedMs === null ? '' : formatValue(plannedMs, 'ms'),
    rate === null ? '' : `${event.pattern} ${formatValue(rate, '1/s')}`,
  ].filter((part) => part !== '');
  return `${plain(event.target)} / ${plain(event.stage)}: started (${extent.join(', ')})`;
}

function shareDone({ started, tick }: StageView, elapsedMs: number): number {
  const byTime = started.plannedMs === null ? 0 : elapsedMs / started.plannedMs;
  return Math.min(1, Math.max(0, tick?.progress ?? 0, started.plannedRequests === null ? byTime : 0));
}

/** How far the stage is, in the unit in which its end is known. */
function position({ started, tick }: StageView, elapsedMs: number): string {
  const seconds = `${Math.floor(elapsedMs / 1000)} s`;
  if (started.plannedMs !== null) return `${seconds} of ${Math.round(started.plannedMs / 1000)} s`;
  if (started.plannedRequests !== null) return `${ended(tick)} of ${started.plannedRequests}, ${seconds}`;
  return seconds;
}

function ended(tick: StageTick | null): number {
  if (tick === null) return 0;
  const { completed, failed, timed_out, cancelled, truncated } = tick.counts;
  return completed + failed + timed_out + cancelled + truncated;
}

/** Which of the targets it is, and which step where a stage has several: ` (target 1 of 2, step 3)`. */
function place({ targets, running }: ProgressState, { id, steps }: RunningTarget): string {
  const index = targets.findIndex((target) => target.id === id);
  const parts = [
    targets.length > 1 && running.length === 1 && index >= 0 ? `target ${index + 1} of ${targets.length}` : '',
    steps === null ? '' : `step ${steps.count}`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

function figures(stage: StageView): string[] {
  const { tick, started, cases } = stage;
  if (tick === null) return ['waiting for the first answer'];
  const { rolling } = tick;
  const rate =
    started.rate === null
      ? formatValue(tick.rps, '1/s')
      : `${formatValue(tick.rps, '1/s')} of ${formatValue(started.rate, '1/s')}`;
  const errors = errorCount(stage);
  const judged = started.pattern === 'cases' ? [`${cases.passed} passed`, `${cases.failed + cases.errors} not`] : [];
  return [
    rate,
    `TTFT ${pair(rolling.ttftP50, rolling.ttftP99)}`,
    `ITL ${pair(rolling.itlP50, rolling.itlP99)}`,
    `errors ${errors}`,
    ...judged,
    `${tick.inFlight} in flight`,
  ];
}

function errorCount({ tick }: StageView): number {
  return tick === null ? 0 : tick.errors.reduce((sum, error) => sum + error.count, 0);
}

/** p50 and p99, as `p50 121 ms p99 184 ms`; a dash where there is no sample yet. */
function pair(p50: number | null, p99: number | null): string {
  if (p50 === null || p99 === null) return '-';
  return `p50 ${formatValue(p50, 'ms')} p99 ${formatValue(p99, 'ms')}`;
}

function bar(share: number, width: number): string {
  const filled = Math.round(share * width);
  return '█'.repeat(filled) + '░'.repeat(width - filled);
}
