import { DueHeap, type Due } from './due-heap';
import type { Waker } from './waker';

/** One stream of instants; `run` may schedule the next one. */
export interface PacedTask extends Due {
  run(nowMs: number): void;
}

/** After this many tasks the loop gets a turn, so that 1,000 streams due at once cannot keep new requests waiting. */
const TASKS_PER_TURN = 64;

/** Runs every stream's next step when it is due, from one heap and one waker. */
export class Pacer {
  private readonly heap = new DueHeap<PacedTask>();
  private readonly waker: Waker;
  private turn: NodeJS.Immediate | null = null;
  private running = false;
  private armedMs = Number.POSITIVE_INFINITY;

  constructor(makeWaker: (onWake: () => void) => Waker) {
    this.waker = makeWaker(() => this.pump());
  }

  get size(): number {
    return this.heap.size;
  }

  nowMs(): number {
    return this.waker.nowMs();
  }

  /** Runs `task` once at `dueMs`, or as soon as possible when that has passed. Replaces an earlier schedule of it. */
  schedule(task: PacedTask, dueMs: number): void {
    this.heap.remove(task);
    task.dueMs = dueMs;
    this.heap.push(task);
    if (!this.running) this.arm();
  }

  cancel(task: PacedTask): void {
    this.heap.remove(task);
    if (!this.running) this.arm();
  }

  /** Forgets every task. */
  stop(): void {
    while (this.heap.pop() !== undefined);
    this.arm();
  }

  private arm(): void {
    if (this.turn !== null) return;
    const dueMs = this.heap.peek()?.dueMs ?? Number.POSITIVE_INFINITY;
    if (dueMs === this.armedMs) return;
    this.armedMs = dueMs;
    if (dueMs === Number.POSITIVE_INFINITY) this.waker.cancel();
    else this.waker.wakeAt(dueMs);
  }

  private pump(): void {
    this.turn = null;
    this.armedMs = Number.POSITIVE_INFINITY;
    this.running = true;
    let nowMs = this.waker.nowMs();
    let left = TASKS_PER_TURN;
    try {
      for (let task = this.heap.peek(); task !== undefined && task.dueMs <= nowMs; task = this.heap.peek()) {
        if (left-- === 0) {
          this.turn = setImmediate(() => this.pump());
          return;
        }
        this.heap.remove(task);
        task.run(nowMs);
        nowMs = this.waker.nowMs();
      }
    } finally {
      this.running = false;
      // Also after an exception: one broken stream must not silence all others.
      this.arm();
    }
  }
}
