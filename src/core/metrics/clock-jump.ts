/**
 * Whether the machine slept while it measured. A laptop that was suspended has open requests whose latency is the length of a
 * nap, and a schedule that is over before it was sent: such a stage says nothing about the server.
 */
import { formatSeconds } from './format';

export interface ClockJump {
  /**
   * `suspended`: the wall clock moved on while the monotonic clock stood still (Linux; a wall clock that was set forward by
   * hand looks the same). `late`: a tick came so late that the process cannot have run in between (where the monotonic clock
   * counts sleep, or the process was stopped).
   */
  kind: 'suspended' | 'late';
  /** On the monotonic clock: the tick that noticed it, ms. */
  atMs: number;
  lostMs: number;
}

export interface ClockJumpOptions {
  /** Time between two ticks as it was asked for, ms. */
  tickMs: number;
  /** Wall time, in ms, that may pass between two ticks beyond the monotonic time: clocks are slewed and set by milliseconds. */
  suspendedMs?: number;
  /**
   * How late a tick may be, ms. More than the pauses of a busy machine, which the client's own health reports; less than any
   * sleep of a laptop.
   */
  lateMs?: number;
}

const SUSPENDED_MS = 1000;
const LATE_MS = 5000;

/** Is told both clocks at every tick and says when they cannot both be right. */
export class ClockJumpDetector {
  private lastMonotonicMs: number | null = null;
  private lastWallMs = 0;

  constructor(private readonly options: ClockJumpOptions) {}

  /**
   * @param monotonicMs `Clock.nowMs()`
   * @param wallMs `Date.now()`, read at the same moment
   * @returns what happened since the call before; null where time passed as it should. A wall clock that is set back is no
   *   jump: latencies are measured on the other one
   */
  tick(monotonicMs: number, wallMs: number): ClockJump | null {
    const before = this.lastMonotonicMs;
    const wallPassed = wallMs - this.lastWallMs;
    this.lastMonotonicMs = monotonicMs;
    this.lastWallMs = wallMs;
    if (before === null) return null;
    const passed = monotonicMs - before;
    const { tickMs, suspendedMs = SUSPENDED_MS, lateMs = LATE_MS } = this.options;
    if (wallPassed - passed > suspendedMs) return { kind: 'suspended', atMs: monotonicMs, lostMs: wallPassed - passed };
    if (passed - tickMs > lateMs) return { kind: 'late', atMs: monotonicMs, lostMs: passed - tickMs };
    return null;
  }
}

/** The sentence for `StageAggregator.invalidate`. */
export function describeClockJump(jump: ClockJump): string {
  const lost = formatSeconds(jump.lostMs / 1000);
  return jump.kind === 'suspended'
    ? `the machine was suspended for ${lost} while the stage ran, or its clock was set forward: run it again`
    : `the machine stood still for ${lost} while the stage ran: run it again`;
}
