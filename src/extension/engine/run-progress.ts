/** How far a run is, for the status bar: determinate wherever the plan gives a total. */
import type { EngineEvent } from '../../protocol/events';
import type { RunPlan, StagePlan, TargetPlan } from '../../protocol/plan';

/** A guess at one answer's time, used only to weigh cases against load stages before the first one has been timed. */
const GUESSED_ANSWER_MS = 1_000;

interface Segment {
  target: string;
  stage: string;
  /** Expected length; known for stages with a duration. */
  weightMs: number;
  known: boolean;
  progress: number;
  elapsedMs: number;
  done: boolean;
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
}

export class RunProgress {
  private readonly segments: Segment[];
  private active: Segment | null = null;
  private rps = 0;

  constructor(plan: RunPlan) {
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
      rps: this.rps,
      remainingMs: this.remaining(),
    };
  }

  apply(event: EngineEvent): void {
    switch (event.type) {
      case 'stage-started': {
        const segment = this.find(event.target, event.stage);
        if (segment === undefined) return;
        this.active = segment;
        this.rps = 0;
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
        segment.progress = event.progress;
        segment.elapsedMs = event.elapsedMs;
        this.rps = event.rps;
        return;
      }
      case 'stage-finished': {
        const segment = this.find(event.target, event.stage.name);
        if (segment !== undefined) segment.done = true;
        return;
      }
      default:
        return;
    }
  }

  private find(target: string, stage: string): Segment | undefined {
    return this.segments.find((segment) => segment.target === target && segment.stage === stage);
  }

  private remaining(): number | null {
    let sum = 0;
    for (const segment of this.segments) {
      if (segment.done) continue;
      if (segment.known) {
        sum += segment.weightMs * (1 - segment.progress);
      } else {
        // Below a tenth an extrapolation says more about the first answer than about the rest.
        if (segment.progress < 0.1) return null;
        sum += (segment.elapsedMs / segment.progress) * (1 - segment.progress);
      }
    }
    return sum;
  }
}

function shareOf(segment: Segment): number {
  return segment.done ? 1 : segment.progress;
}

function casesSegment(target: TargetPlan): Segment {
  const answers = target.cases.reduce((sum, item) => sum + (item.skip === undefined ? item.repeat : 0), 0);
  return segment(target.id, 'cases', (answers / Math.max(1, target.concurrency)) * GUESSED_ANSWER_MS, false);
}

function stageSegment(target: TargetPlan, stage: StagePlan): Segment {
  if (stage.durationMs !== undefined && stage.requests === undefined) {
    return segment(target.id, stage.name, stage.durationMs, true);
  }
  const perSecond = stage.rate ?? stage.concurrency ?? 1;
  const byRequests = stage.requests === undefined ? Infinity : (stage.requests / Math.max(1e-9, perSecond)) * 1000;
  return segment(target.id, stage.name, Math.min(byRequests, stage.durationMs ?? Infinity), false);
}

function segment(target: string, stage: string, weightMs: number, known: boolean): Segment {
  return { target, stage, weightMs, known, progress: 0, elapsedMs: 0, done: false };
}

/** `43% · 8.1/s · 12 s left`. */
export function progressText(now: ProgressNow): string {
  const parts = [`${Math.floor(now.share * 100)}%`];
  if (now.rps > 0) parts.push(`${now.rps.toPrecision(2)}/s`);
  if (now.remainingMs !== null) parts.push(`${durationText(now.remainingMs)} left`);
  return parts.join(' · ');
}

function durationText(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
