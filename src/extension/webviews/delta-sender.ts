import type { Clock } from '../../core/util/clock';
import type { HostToRunPanel, RunPanelChange, RunPanelState, RunPanelToHost } from '../../protocol/run-panel';

/** Shortest time between two deltas, in ms. */
const DELTA_INTERVAL_MS = 100;
/** A hidden panel acknowledges nothing: past this many changes it is cheaper to send it the whole state when it is back. */
const MAX_PENDING = 5_000;
/** Likewise of requests, which a change may hold hundreds of. */
const MAX_PENDING_POINTS = 20_000;

/**
 * Keeps one panel in step with the state: snapshot, then deltas in sequence, one in flight. A slow panel gets fewer and larger
 * deltas, never a queue that grows; a panel that lost one asks for a snapshot.
 */
export class DeltaSender {
  private seq = 0;
  private ready = false;
  private needsSnapshot = true;
  private inFlight = false;
  private pending: RunPanelChange[] = [];
  private pendingPoints = 0;
  private lastSentMs = Number.NEGATIVE_INFINITY;
  private cancelTimer: (() => void) | null = null;

  constructor(
    private readonly state: () => RunPanelState,
    private readonly post: (message: HostToRunPanel) => void,
    private readonly clock: Clock,
  ) {}

  /** Changes that the state has just gone through; null where only a snapshot says it. */
  push(changes: RunPanelChange[] | null): void {
    if (changes === null) this.forget();
    else if (!this.needsSnapshot) {
      for (const change of changes) {
        this.pending.push(change);
        if (change.kind === 'points') this.pendingPoints += change.points.length;
      }
      if (this.pending.length > MAX_PENDING || this.pendingPoints > MAX_PENDING_POINTS) this.forget();
    }
    this.flush();
  }

  onMessage(message: RunPanelToHost): void {
    switch (message.type) {
      case 'ready':
      case 'need-snapshot':
        // A view that was hidden starts anew: what was in flight to the one before will never be acknowledged.
        this.ready = true;
        this.inFlight = false;
        this.needsSnapshot = true;
        this.lastSentMs = Number.NEGATIVE_INFINITY;
        this.flush();
        return;
      case 'ack':
        if (message.seq !== this.seq) return;
        this.inFlight = false;
        this.flush();
        return;
      default:
        return;
    }
  }

  dispose(): void {
    this.cancelTimer?.();
    this.cancelTimer = null;
    this.ready = false;
  }

  /** What was not sent yet is part of the snapshot that comes instead. */
  private forget(): void {
    this.needsSnapshot = true;
    this.pending = [];
    this.pendingPoints = 0;
  }

  private flush(): void {
    if (!this.ready || this.inFlight || this.cancelTimer !== null) return;
    if (!this.needsSnapshot && this.pending.length === 0) return;
    const dueMs = this.lastSentMs + DELTA_INTERVAL_MS;
    if (this.clock.nowMs() < dueMs) {
      this.cancelTimer = this.clock.at(dueMs, () => {
        this.cancelTimer = null;
        this.flush();
      });
      return;
    }
    this.lastSentMs = this.clock.nowMs();
    this.inFlight = true;
    this.seq++;
    if (this.needsSnapshot) {
      this.forget();
      this.needsSnapshot = false;
      this.post({ type: 'snapshot', seq: this.seq, state: this.state() });
      return;
    }
    const changes = compact(this.pending);
    this.pending = [];
    this.pendingPoints = 0;
    this.post({ type: 'delta', seq: this.seq, changes });
  }
}

/** Joins changes that overwrite each other, so that a slow panel is sent the sum of what it missed and not its history. */
export function compact(changes: readonly RunPanelChange[]): RunPanelChange[] {
  const merged = new Map<string, RunPanelChange>();
  const out: RunPanelChange[] = [];
  for (const change of changes) {
    const name = nameOf(change);
    const before = name === null ? undefined : merged.get(name);
    if (before === undefined) {
      const copy = copyOf(change);
      if (name !== null) merged.set(name, copy);
      out.push(copy);
    } else if (before.kind === 'points' && change.kind === 'points') {
      for (const point of change.points) before.points.push(point);
    } else if (before.kind === 'answer' && change.kind === 'answer') {
      before.text += change.text;
    } else if ('patch' in before && 'patch' in change) {
      Object.assign(before.patch, change.patch);
    } else {
      Object.assign(before, change);
    }
  }
  return out;
}

/** Changes of one name become one; null for those that each stand for themselves. */
function nameOf(change: RunPanelChange): string | null {
  switch (change.kind) {
    case 'case':
    case 'step':
    case 'curve':
    case 'phases':
    case 'history':
      return null;
    case 'status':
    case 'run':
      return change.kind;
    case 'quality':
    case 'target':
      return `${change.kind}\n${change.target}`;
    case 'answer':
      return `answer\n${change.target}\n${change.repeat}\n${change.case}`;
    case 'stage':
    case 'points':
      return `${change.kind}\n${change.target}\n${change.stage}`;
  }
}

function copyOf(change: RunPanelChange): RunPanelChange {
  if (change.kind === 'points') return { ...change, points: [...change.points] };
  if ('patch' in change) return { ...change, patch: { ...change.patch } } as RunPanelChange;
  return { ...change };
}
