/** Redraws as often as a person can follow, however many messages arrive. */
export interface FrameTimers {
  nowMs(): number;
  requestFrame(callback: () => void): void;
  setTimer(callback: () => void, ms: number): void;
}

/** Runs `draw` in an animation frame after `request()`, at most once in `minIntervalMs()`; requests in between are one. */
export class FrameLimiter {
  private pending = false;
  private lastMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly draw: () => void,
    private readonly minIntervalMs: () => number,
    private readonly timers: FrameTimers,
  ) {}

  request(): void {
    if (this.pending) return;
    this.pending = true;
    const wait = this.lastMs + this.minIntervalMs() - this.timers.nowMs();
    if (wait > 0) this.timers.setTimer(() => this.schedule(), wait);
    else this.schedule();
  }

  /** Draws at once, for what the reader just did. */
  now(): void {
    this.lastMs = this.timers.nowMs();
    this.draw();
  }

  private schedule(): void {
    this.timers.requestFrame(() => {
      this.pending = false;
      this.now();
    });
  }
}
