import assert from 'node:assert/strict';
import { LookAhead } from '../../../src/core/load/look-ahead';
import { FakeClock } from './fake-clock';

/** Requests of `costMs` each for a schedule of arrivals every `everyMs`. */
function looking(options: { costMs: number; everyMs?: number; bytes?: number; arrivals?: number }) {
  const { costMs, everyMs = Number.POSITIVE_INFINITY, bytes = 10, arrivals = 10_000 } = options;
  const clock = new FakeClock();
  const ready = new Set<number>();
  const made: number[] = [];
  let sent = 0;
  let overrunMs = 0;
  const dispatcher = {
    get nextDueMs() {
      return 1000 + (sent + 1) * everyMs;
    },
    upcoming: (ahead: number) => (sent + ahead < arrivals ? sent + ahead : null),
  };
  const source = {
    isReady: (index: number) => ready.has(index),
    prepare: (index: number) => {
      clock.block(costMs);
      overrunMs = Math.max(overrunMs, clock.nowMs() - dispatcher.nextDueMs);
      ready.add(index);
      made.push(index);
    },
    get readyBytes() {
      return ready.size * bytes;
    },
  };
  const ahead = new LookAhead({ source, dispatcher, requestOf: (arrival) => arrival * 2, clock, soon: clock.soon });
  const send = () => {
    const had = ready.delete(sent * 2);
    sent++;
    ahead.wake();
    return had;
  };
  return { clock, ahead, made, ready, send, overrunMs: () => overrunMs };
}

describe('LookAhead', () => {
  it('makes what is sent next, in order, until enough is ready', () => {
    const { clock, ahead, made } = looking({ costMs: 0.01 });
    ahead.wake();
    clock.advanceTo(2000);
    assert.equal(made.length, 256);
    assert.deepEqual(made.slice(0, 3), [0, 2, 4]);
  });

  it('holds no more than its bytes, and nothing beyond the last arrival', () => {
    const large = looking({ costMs: 0.01, bytes: 4 * 1024 * 1024 });
    large.ahead.wake();
    large.clock.advanceTo(2000);
    assert.equal(large.made.length, 4);
    const few = looking({ costMs: 0.01, arrivals: 3 });
    few.ahead.wake();
    few.clock.advanceTo(2000);
    assert.equal(few.made.length, 3);
  });

  it('makes one in a turn of the event loop, and none that would run into the next due time', () => {
    const { clock, ahead, send, overrunMs } = looking({ costMs: 0.5, everyMs: 3 });
    ahead.fill(clock.nowMs() + 1);
    let had = 0;
    for (let i = 1; i <= 200; i++) {
      clock.advanceTo(1000 + i * 3);
      if (send()) had++;
    }
    assert.ok(had > 195, `${had} of 200 were ready when they were due`);
    assert.ok(overrunMs() <= 0, `${overrunMs()} ms past a due time`);
  });

  it('stays out of the way where there is no time', () => {
    const { clock, ahead, made, send } = looking({ costMs: 5, everyMs: 3 });
    ahead.fill(clock.nowMs() + 1);
    const before = made.length;
    for (let i = 1; i <= 50; i++) {
      clock.advanceTo(1000 + i * 3);
      send();
    }
    assert.equal(made.length, before);
  });

  it('fills before the start no longer than it may', () => {
    const { clock, ahead, made } = looking({ costMs: 1 });
    ahead.fill(1010);
    assert.ok(made.length >= 8 && made.length <= 11 && clock.nowMs() <= 1011);
  });

  it('makes nothing once stopped', () => {
    const { clock, ahead, made } = looking({ costMs: 0.1 });
    ahead.wake();
    ahead.stop();
    clock.advanceTo(2000);
    assert.equal(made.length, 0);
  });
});
