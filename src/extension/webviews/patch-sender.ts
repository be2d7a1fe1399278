import type { Clock } from '../../core/util/clock';
import type { ComparePanelState, HostToComparePanel, RaceChunk } from '../../protocol/compare-panel';

/** Shortest time between two deltas, in ms. */
const DELTA_INTERVAL_MS = 100;
/** Past this many a page that does not answer is sent everything once it does. */
const MAX_STREAMS = 2_000;

type Patch = Partial<ComparePanelState>;

/**
 * Keeps a page in step with a state whose keys are replaced whole: snapshot, then deltas in sequence, one in flight. A slow page gets
 * fewer deltas, each the sum of what it missed; one that lost a delta asks for a snapshot.
 */
export class PatchSender {
  private seq = 0;
  private ready = false;
  private needsSnapshot = true;
  private inFlight = false;
  private patch: Patch = {};
  private streams: RaceChunk[] = [];
  private lastSentMs = Number.NEGATIVE_INFINITY;
  private cancelTimer: (() => void) | null = null;

  constructor(
    private readonly state: () => ComparePanelState,
    private readonly post: (message: HostToComparePanel) => void,
    private readonly clock: Clock,
  ) {}

  /** What the state has just gone through. */
  push(patch: Patch, streams: readonly RaceChunk[] = []): void {
    if (!this.needsSnapshot) {
      // A lane that is replaced whole has what was to be appended to it.
      if (patch.race !== undefined) this.streams = [];
      Object.assign(this.patch, patch);
      for (const chunk of streams) this.append(chunk);
      if (this.streams.length > MAX_STREAMS) this.forget();
    }
    this.flush();
  }

  /** The page is there, or there again: what was in flight to the one before will never be acknowledged. */
  start(): void {
    this.ready = true;
    this.inFlight = false;
    this.lastSentMs = Number.NEGATIVE_INFINITY;
    this.forget();
    this.flush();
  }

  acknowledged(seq: number): void {
    if (seq !== this.seq) return;
    this.inFlight = false;
    this.flush();
  }

  dispose(): void {
    this.cancelTimer?.();
    this.cancelTimer = null;
    this.ready = false;
  }

  /** More of the same answer is one chunk. */
  private append(chunk: RaceChunk): void {
    const last = this.streams.findLast(({ id }) => id === chunk.id);
    if (last === undefined || chunk.start === true) {
      this.streams.push({ ...chunk });
      return;
    }
    last.text += chunk.text;
    if (chunk.patch !== undefined) last.patch = { ...last.patch, ...chunk.patch };
  }

  private forget(): void {
    this.needsSnapshot = true;
    this.patch = {};
    this.streams = [];
  }

  private flush(): void {
    if (!this.ready || this.inFlight || this.cancelTimer !== null) return;
    const hasNews = this.streams.length > 0 || Object.keys(this.patch).length > 0;
    if (!this.needsSnapshot && !hasNews) return;
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
    const { seq, patch, streams } = this;
    const isSnapshot = this.needsSnapshot;
    this.forget();
    this.needsSnapshot = false;
    if (isSnapshot) this.post({ type: 'snapshot', seq, state: this.state() });
    else this.post({ type: 'delta', seq, patch, ...(streams.length === 0 ? {} : { streams }) });
  }
}
