import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DueHeap, type Due } from '../../../src/core/sim/due-heap';
import { Pacer, type PacedTask } from '../../../src/core/sim/pacer';
import { ClockWaker } from '../../../src/core/sim/waker';
import { FakeClock } from '../support/fake-clock';

describe('sim due heap', () => {
  it('yields in order of due instants whatever is removed from its middle', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ max: 50, min: 0 }), fc.boolean()), { maxLength: 60 }), (entries) => {
        const heap = new DueHeap<Due>();
        const items = entries.map(([dueMs, removed]) => ({ dueMs, removed, heapIndex: -1 }));
        for (const item of items) heap.push(item);
        for (const item of items) if (item.removed) heap.remove(item);
        const kept = items.filter((item) => !item.removed).map((item) => item.dueMs);
        const popped: number[] = [];
        for (let item = heap.pop(); item !== undefined; item = heap.pop()) popped.push(item.dueMs);
        assert.deepEqual(
          popped,
          kept.sort((a, b) => a - b),
        );
        assert.ok(items.every((item) => item.heapIndex === -1));
      }),
    );
  });
});

class Stream implements PacedTask {
  dueMs = 0;
  heapIndex = -1;
  readonly ranAt: number[] = [];
  constructor(
    private readonly pacer: () => Pacer,
    private readonly gapMs: number,
    private left: number,
  ) {}
  run(nowMs: number): void {
    this.ranAt.push(nowMs);
    if (--this.left > 0) this.pacer().schedule(this, this.dueMs + this.gapMs);
  }
}

describe('sim pacer', () => {
  it('runs every stream at its own instants and leaves no timer behind', () => {
    const clock = new FakeClock(0);
    const pacer = new Pacer((onWake) => new ClockWaker(clock, onWake));
    const fast = new Stream(() => pacer, 10, 3);
    const slow = new Stream(() => pacer, 25, 2);
    pacer.schedule(slow, 20);
    pacer.schedule(fast, 5);
    clock.advance(100);
    assert.deepEqual(fast.ranAt, [5, 15, 25]);
    assert.deepEqual(slow.ranAt, [20, 45]);
    assert.equal(clock.pending, 0);
  });

  it('does not hand lateness on: after a stall the due instants are those of before', () => {
    let nowMs = 0;
    let wake = (): void => undefined;
    const pacer = new Pacer((onWake) => {
      wake = onWake;
      return { nowMs: () => nowMs, wakeAt: () => undefined, cancel: () => undefined };
    });
    const stream = new Stream(() => pacer, 10, 4);
    pacer.schedule(stream, 10);
    for (nowMs of [10, 27, 30, 41]) wake();
    assert.deepEqual(stream.ranAt, [10, 27, 30, 41]);
    assert.equal(stream.dueMs, 40);
  });

  it('gives the event loop a turn when very many streams are due at once', async () => {
    const clock = new FakeClock(0);
    const pacer = new Pacer((onWake) => new ClockWaker(clock, onWake));
    const streams = Array.from({ length: 1000 }, () => new Stream(() => pacer, 1, 1));
    for (const stream of streams) pacer.schedule(stream, 1);
    clock.advance(1);
    const ranAtOnce = streams.filter((stream) => stream.ranAt.length > 0).length;
    assert.ok(ranAtOnce > 0 && ranAtOnce <= 200, `${ranAtOnce} at once`);
    while (pacer.size > 0) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(streams.every((stream) => stream.ranAt.length === 1));
  });

  it('forgets a cancelled stream', () => {
    const clock = new FakeClock(0);
    const pacer = new Pacer((onWake) => new ClockWaker(clock, onWake));
    const stream = new Stream(() => pacer, 1, 1);
    pacer.schedule(stream, 5);
    pacer.cancel(stream);
    assert.equal(clock.pending, 0);
    clock.advance(10);
    assert.deepEqual(stream.ranAt, []);
  });

  it('goes on with the others when one stream throws', () => {
    const clock = new FakeClock(0);
    const pacer = new Pacer((onWake) => new ClockWaker(clock, onWake));
    const other = new Stream(() => pacer, 1, 1);
    pacer.schedule(
      {
        dueMs: 0,
        heapIndex: -1,
        run() {
          throw new Error('broken');
        },
      },
      1,
    );
    pacer.schedule(other, 2);
    assert.throws(() => clock.advance(1), /broken/);
    clock.advance(5);
    assert.equal(other.ranAt.length, 1);
  });
});
