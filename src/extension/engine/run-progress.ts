/** How far a run is, for the status bar: determinate wherever the plan gives a total. */
import { formatValue } from '../../protocol/format';
import type { EngineEvent } from '../../protocol/events';
import type { RunPlan, StagePlan, TargetPlan } from '../../protocol/plan';
import { l10n } from '../l10n';

/** A guess at one answer's time, used only to weigh cases against load stages before the first one has been timed. */
const GUESSED_ANSWER_MS = 1_000;

/** Probes that a capacity search takes beside those that halve its bracket: it cannot be known, only guessed. */
const GUESSED_PROBES = 4;
const DEFAULT_PRECISION = 0.05;

interface Segment {
  target: string;
  stage: string;
  /** Expected length; known for stages with a duration. */
  weightMs: number;
  known: boolean;
  progress: number;
  elapsedMs: number;
  done: boolean;
  /** Of a `sweep` or `capacity` stage: its steps so far, and how many there will be. */
  steps?: { finished: number; expected: number; known: boolean };
}

export interface ProgressNow {
  /** 0 to 1. */
  share: number;
  stage: string;
  target: string;
  /** Requests completed per second, over the last window. */
  rps: number;
  /** Ms until the end; null until it can be told. */
  remainingMs: number | null;
  /** The step of a `sweep` or `capacity` stage that runs: `at 16/s`. */
  step?: string;
}

export class RunProgress {
  private readonly segments: Segment[];
  private active: Segment | null = null;
  /** Requests per second by target; several where targets run side by side. */
  private readonly rps = new Map<string, number>();
  private step: string | null = null;
  private readonly sideBySide: boolean;
  /** The stage that each step is a part of, by target and step. */
  private readonly partOf = new Map<string, string>();

  constructor(plan: RunPlan) {
    this.sideBySide = plan.interleave === true;
    this.segments = plan.targets.flatMap((target) => [
      ...(target.cases.length > 0 ? [casesSegment(target)] : []),
      ...target.stages.map((stage) => stageSegment(target, stage)),
    ]);
  }

  get now(): ProgressNow {
    const totalMs = this.segments.reduce((sum, segment) => sum + segment.weightMs, 0);
    const doneMs = this.segments.reduce((sum, segment) => sum + segment.weightMs * shareOf(segment), 0);
    return {
      share: totalMs === 0 ? 0 : doneMs / totalMs,
      stage: this.active?.stage ?? '',
      target: this.active?.target ?? '',
      rps: [...this.rps.values()].reduce((sum, rps) => sum + rps, 0),
      remainingMs: this.remaining(),
      ...(this.step === null ? {} : { step: this.step }),
    };
  }

  apply(event: EngineEvent): void {
    switch (event.type) {
      case 'stage-started': {
        if (event.partOf !== undefined) this.partOf.set(`${event.target}\n${event.stage}`, event.partOf);
        const segment = this.find(event.target, event.stage);
        if (segment === undefined) return;
        this.active = segment;
        this.rps.set(event.target, 0);
        this.step = event.partOf === undefined ? null : stepName(event.stage, event.partOf, event.rate);
        if (segment.steps !== undefined) {
          this.weigh(segment, event.plannedMs);
          return;
        }
        if (event.plannedMs !== null) {
          segment.weightMs = event.plannedMs;
          segment.known = true;
        }
        return;
      }
      case 'tick': {
        const segment = this.find(event.target, event.stage);
        if (segment === undefined) return;
        this.active = segment;
        if (segment.steps !== undefined) {
          segment.progress = (segment.steps.finished + event.progress) / segment.steps.expected;
          this.rps.set(event.target, event.rps);
          return;
        }
        segment.progress = event.progress;
        segment.elapsedMs = event.elapsedMs;
        this.rps.set(event.target, event.rps);
        return;
      }
      case 'stage-finished': {
        const segment = this.find(event.target, event.stage.name);
        if (segment?.steps !== undefined) {
          segment.steps.finished++;
          segment.progress = Math.min(1, segment.steps.finished / segment.steps.expected);
        } else if (segment !== undefined) segment.done = true;
        return;
      }
      case 'curve': {
        const segment = this.find(event.target, event.curve.stage);
        if (segment !== undefined) segment.done = true;
        this.step = null;
        return;
      }
      case 'target-finished':
        this.rps.delete(event.target);
        return;
      default:
        return;
    }
  }

  /** A step starts: what is left is counted in steps, each as long as this one. */
  private weigh(segment: Segment, plannedMs: number | null): void {
    const { steps } = segment;
    if (steps === undefined) return;
    if (steps.finished >= steps.expected) {
      // One more than expected: a guess that was reached is no total.
      steps.expected = steps.finished + 1;
      steps.known = false;
    }
    segment.known = steps.known && plannedMs !== null;
    if (plannedMs !== null) segment.weightMs = plannedMs * steps.expected;
    segment.progress = steps.finished / steps.expected;
  }

  private find(target: string, name: string): Segment | undefined {
    const stage = this.partOf.get(`${target}\n${name}`) ?? name;
    return this.segments.find((segment) => segment.target === target && segment.stage === stage);
  }

  /** One after the other the targets take the sum of their times, side by side the longest. */
  private remaining(): number | null {
    const targets = [...new Set(this.segments.map(({ target }) => target))];
    const each = targets.map((target) => remainingOf(this.segments.filter((segment) => segment.target === target)));
    if (each.some((ms) => ms === null)) return null;
    const known = each.map((ms) => ms ?? 0);
    return this.sideBySide ? Math.max(0, ...known) : known.reduce((sum, ms) => sum + ms, 0);
  }
}

function remainingOf(segments: readonly Segment[]): number | null {
  let sum = 0;
  for (const segment of segments) {
    if (segment.done) continue;
    if (segment.known) {
      sum += segment.weightMs * (1 - segment.progress);
    } else {
      // How many probes a search takes is not known before its end.
      if (segment.steps !== undefined) return null;
      // Below a tenth an extrapolation says more about the first answer than about the rest.
      if (segment.progress < 0.1) return null;
      sum += (segment.elapsedMs / segment.progress) * (1 - segment.progress);
    }
  }
  return sum;
}

function shareOf(segment: Segment): number {
  return segment.done ? 1 : segment.progress;
}

function casesSegment(target: TargetPlan): Segment {
  const answers = target.cases.reduce((sum, item) => sum + (item.skip === undefined ? item.repeat : 0), 0);
  return segment(target.id, 'cases', (answers / Math.max(1, target.concurrency)) * GUESSED_ANSWER_MS, false);
}

function stageSegment(target: TargetPlan, stage: StagePlan): Segment {
  const steps = stepsOf(stage);
  if (steps !== undefined) {
    const single = stageSegment(target, { ...stage, pattern: 'constant' });
    const weightMs = single.weightMs * steps.expected;
    return { ...single, weightMs, known: single.known && steps.known, steps };
  }
  if (stage.durationMs !== undefined && stage.requests === undefined) {
    return segment(target.id, stage.name, stage.durationMs, true);
  }
  const perSecond = stage.rate ?? stage.concurrency ?? 1;
  const byRequests = stage.requests === undefined ? Infinity : (stage.requests / Math.max(1e-9, perSecond)) * 1000;
  return segment(target.id, stage.name, Math.min(byRequests, stage.durationMs ?? Infinity), false);
}

/** How many steps a `sweep` or `capacity` stage will have, as far as the plan tells; undefined for other stages. */
export function stepsOf({ pattern, sweep, capacity }: StagePlan): Segment['steps'] {
  if (pattern === 'sweep' && sweep !== undefined) {
    const auto = sweep.auto || sweep.from === undefined || sweep.to === undefined;
    return { finished: 0, expected: Math.max(1, sweep.steps + (auto ? 2 : 0)), known: true };
  }
  if (pattern !== 'sweep' && pattern !== 'capacity') return undefined;
  // Each probe within the bracket halves it; `precision` is the share of its lower end at which that stops.
  const halvings = Math.ceil(Math.log2(1 / Math.max(0.001, capacity?.precision ?? DEFAULT_PRECISION)));
  return { finished: 0, expected: GUESSED_PROBES + halvings, known: false };
}

/** `at 16/s`, or what the name of a closed-loop step adds to that of its stage. */
function stepName(step: string, stage: string, rate: number | null): string {
  if (rate !== null) return l10n.t('at {0}', formatValue(rate, '1/s'));
  return step.startsWith(`${stage} `) ? step.slice(stage.length + 1) : step;
}

function segment(target: string, stage: string, weightMs: number, known: boolean): Segment {
  return { target, stage, weightMs, known, progress: 0, elapsedMs: 0, done: false };
}

/** `43% · 8.1/s · 12 s left`. */
export function progressText(now: ProgressNow): string {
  const parts = [`${Math.floor(now.share * 100)}%`];
  if (now.step !== undefined) parts.push(now.step);
  if (now.rps > 0) parts.push(formatValue(now.rps, '1/s'));
  if (now.remainingMs !== null) parts.push(l10n.t('{0} left', durationText(now.remainingMs)));
  return parts.join(' · ');
}

function durationText(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return l10n.t('{0} s', seconds);
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? l10n.t('{0} min {1} s', minutes, seconds % 60)
    : l10n.t('{0} h {1} min', Math.floor(minutes / 60), minutes % 60);
}
