import assert from 'node:assert/strict';
import { ConcurrencyGauge, SharedCounters } from '../../../src/core/load/concurrency';
import { ClosedLoop, OpenLoop, type DispatchOrder, type DispatchResult } from '../../../src/core/load/dispatcher';
import { LagHistogram } from '../../../src/core/load/lag-histogram';
import { Pacer } from '../../../src/core/load/pacer';
import { ArrivalCursor, constantArrivals, poissonArrivals } from '../../../src/core/load/schedule';
import type { UserSpan } from '../../../src/core/load/users';
import { FakeClock } from './fake-clock';

interface Sent extends DispatchOrder {
  atMs: number;
}

function openLoop(options: {
  clock?: FakeClock;
  rate?: number;
  seed?: number;
  requests: number;
  maxConcurrency?: number;
  counters?: SharedCounters;
  worker?: number;
  workers?: number;
  originMs?: number;
  giveUpAfterMs?: number;
  onSend?: (sent: Sent) => void;
}) {
  const clock = options.clock ?? new FakeClock();
  const counters = options.counters ?? new SharedCounters();
  const sent: Sent[] = [];
  const results: DispatchResult[] = [];
  const givenUp: { index: number; atMs: number }[] = [];
  const { rate = 10, worker = 0, workers = 1 } = options;
  const arrivals = options.seed === undefined ? constantArrivals(rate) : poissonArrivals(rate, options.seed);
  const loop = new OpenLoop({
    cursor: new ArrivalCursor(
      arrivals,
      { durationMs: Number.POSITIVE_INFINITY, requests: options.requests },
      worker,
      workers,
    ),
    originMs: options.originMs ?? 2000,
    maxConcurrency: options.maxConcurrency ?? 10_000,
    counters,
    shared: workers > 1,
    giveUpAfterMs: options.giveUpAfterMs ?? 1e9,
    onGivenUp: ({ index }) => givenUp.push({ index, atMs: clock.nowMs() }),
    clock,
    pacer: new Pacer(clock, clock.soon),
    soon: clock.soon,
    send: (order) => {
      counters.enter();
      const release = order.release;
      const one: Sent = {
        ...order,
        atMs: clock.nowMs(),
        release: (gotResponse) => {
          counters.leave();
          release(gotResponse);
        },
      };
      sent.push(one);
      options.onSend?.(one);
    },
    onDone: (result) => results.push(result),
  });
  return { clock, counters, sent, results, givenUp, loop };
}

describe('OpenLoop', () => {
  it('sends at absolute due times to a fraction of a millisecond', () => {
    const { clock, sent, results, loop } = openLoop({ rate: 40, seed: 3, requests: 200 });
    loop.start();
    clock.advanceTo(20_000);
    assert.equal(sent.length, 200);
    for (const { scheduledMs, atMs } of sent) {
      assert.ok(atMs >= scheduledMs && atMs - scheduledMs <= 0.11, `due ${scheduledMs}, sent ${atMs}`);
    }
    assert.deepEqual(results, [{ scheduled: 200, unsent: [] }]);
  });

  it('spins for no longer than two milliseconds before an arrival', () => {
    const { clock, loop } = openLoop({ rate: 1, requests: 3 });
    loop.start();
    clock.advanceTo(5_000, 0.1);
    assert.ok(
      clock.turns < 3 * (2 / 0.1) + 30,
      `${clock.turns} turns of the event loop for three arrivals a second apart`,
    );
  });

  it('keeps the schedule after the event loop was blocked, with the lag in the numbers', () => {
    const { clock, sent, loop } = openLoop({ rate: 100, requests: 100 });
    loop.start();
    clock.advanceTo(2_300);
    const before = sent.length;
    clock.block(200);
    clock.advanceTo(4_000);
    assert.equal(sent.length, 100);
    const late = sent.slice(before, before + 15);
    assert.ok(
      late.every(({ atMs, scheduledMs }) => atMs - scheduledMs > 0),
      'late ones say so',
    );
    assert.ok(
      late.every(({ socketWaitMs }) => socketWaitMs === null),
      'and do not blame the server',
    );
    assert.equal(sent.at(-1)?.scheduledMs, 2_990);
    assert.ok((sent.at(-1)?.atMs ?? 0) < 2_991, 'the last is on time again');
  });

  it('does not wait for answers', () => {
    const { clock, sent, loop } = openLoop({ rate: 100, requests: 100 });
    loop.start();
    clock.advanceTo(4_000);
    assert.equal(sent.length, 100);
  });

  it('makes arrivals wait in order for a slot, and says for how long', () => {
    const { clock, sent, loop } = openLoop({ rate: 100, requests: 6, maxConcurrency: 2 });
    loop.start();
    clock.advanceTo(2_100);
    assert.deepEqual(
      sent.map(({ index }) => index),
      [0, 1],
    );
    sent[1]?.release(true);
    clock.advanceTo(2_110);
    sent[0]?.release(true);
    sent[2]?.release(true);
    clock.advanceTo(2_120);
    assert.deepEqual(
      sent.map(({ index }) => index),
      [0, 1, 2, 3, 4],
    );
    assert.equal(sent[1]?.socketWaitMs, null);
    const waited = (at: number) => sent[at]?.socketWaitMs ?? -1;
    assert.ok(Math.abs(waited(2) - 80) < 0.5, `third, due at 20 and sent at 100, waited ${waited(2)}`);
    assert.ok(Math.abs(waited(3) - 80) < 0.5, `fourth, due at 30 and sent at 110, waited ${waited(3)}`);
  });

  it('holds the limit over all workers', () => {
    const clock = new FakeClock();
    const counters = new SharedCounters();
    let inFlight = 0;
    let most = 0;
    const started: number[] = [];
    const onSend = (one: Sent) => {
      most = Math.max(most, ++inFlight);
      started.push(one.index);
      clock.at(clock.nowMs() + 37, () => {
        inFlight--;
        one.release(true);
      });
    };
    const loops = [0, 1, 2].map((worker) =>
      openLoop({ clock, counters, worker, workers: 3, rate: 500, seed: 1, requests: 90, maxConcurrency: 5, onSend }),
    );
    for (const { loop } of loops) loop.start();
    clock.advanceTo(5_000);
    assert.equal(started.length, 90);
    assert.equal(most, 5);
    for (const [at, index] of started.entries())
      assert.ok(Math.abs(index - at) < 5, `arrival ${index} was sent as number ${at}`);
    for (const { results } of loops) assert.equal(results.length, 1);
  });

  it('hands back what came due but was not sent when it is cancelled', () => {
    const { clock, sent, results, loop } = openLoop({ rate: 100, requests: 100, maxConcurrency: 2 });
    loop.start();
    clock.advanceTo(2_045);
    loop.cancel();
    clock.advanceTo(5_000);
    assert.equal(sent.length, 2);
    assert.equal(results.length, 1);
    assert.equal(results[0]?.scheduled, 5);
    assert.deepEqual(
      results[0]?.unsent.map(({ index }) => index),
      [2, 3, 4],
    );
  });

  it('gives up arrivals that find no slot for too long, and ends', () => {
    const { clock, sent, results, givenUp, loop } = openLoop({
      rate: 100,
      requests: 6,
      maxConcurrency: 2,
      giveUpAfterMs: 500,
    });
    loop.start();
    clock.advanceTo(2_525);
    assert.deepEqual(
      givenUp.map(({ index }) => index),
      [2],
    );
    assert.ok(Math.abs((givenUp[0]?.atMs ?? 0) - 2_520) < 1, `given up at ${givenUp[0]?.atMs}`);
    sent[0]?.release(true);
    clock.advanceTo(10_000);
    assert.deepEqual(
      sent.map(({ index }) => index),
      [0, 1, 3],
    );
    assert.deepEqual(
      givenUp.map(({ index }) => index),
      [2, 4, 5],
    );
    assert.deepEqual(results, [{ scheduled: 6, unsent: [] }]);
  });

  it('is done at once without arrivals', () => {
    const { results, loop } = openLoop({ requests: 0 });
    loop.start();
    assert.deepEqual(results, [{ scheduled: 0, unsent: [] }]);
  });
});

function closedLoop(options: {
  users: number;
  spans?: UserSpan[];
  requests?: number;
  durationMs?: number;
  counters?: SharedCounters;
  clock?: FakeClock;
  answerMs?: number;
  dead?: boolean;
}) {
  const clock = options.clock ?? new FakeClock();
  const sent: Sent[] = [];
  const results: DispatchResult[] = [];
  let inFlight = 0;
  let most = 0;
  const loop = new ClosedLoop({
    users:
      options.spans ?? Array.from({ length: options.users }, () => ({ joinMs: 0, leaveMs: Number.POSITIVE_INFINITY })),
    originMs: 2000,
    durationMs: options.durationMs ?? Number.POSITIVE_INFINITY,
    requests: options.requests ?? Number.POSITIVE_INFINITY,
    counters: options.counters ?? new SharedCounters(),
    clock,
    soon: clock.soon,
    send: (order) => {
      sent.push({ ...order, atMs: clock.nowMs() });
      most = Math.max(most, ++inFlight);
      clock.at(clock.nowMs() + (options.answerMs ?? 10), () => {
        inFlight--;
        order.release(options.dead !== true);
      });
    },
    onDone: (result) => results.push(result),
  });
  return { clock, sent, results, loop, most: () => most };
}

describe('ClosedLoop', () => {
  it('keeps as many requests in flight as it has users, up to the number of requests', () => {
    const { clock, sent, results, loop, most } = closedLoop({ users: 4, requests: 30 });
    loop.start();
    clock.advanceTo(10_000);
    assert.equal(sent.length, 30);
    assert.equal(most(), 4);
    assert.deepEqual(
      sent.map(({ index }) => index),
      Array.from({ length: 30 }, (_, i) => i),
    );
    assert.deepEqual(results, [{ scheduled: 30, unsent: [] }]);
  });

  it('starts at the origin and stops when the duration is over', () => {
    const { clock, sent, results, loop } = closedLoop({ users: 1, durationMs: 95 });
    loop.start();
    clock.advanceTo(1_999);
    assert.equal(sent.length, 0);
    clock.advanceTo(10_000);
    assert.ok(sent.length >= 9 && sent.length <= 10, `${sent.length} requests of 10 ms in 95 ms`);
    assert.ok((sent.at(-1)?.atMs ?? 0) < 2_095);
    assert.equal(results.length, 1);
  });

  it('shares one sequence of indices between workers', () => {
    const clock = new FakeClock();
    const counters = new SharedCounters();
    const loops = [3, 2].map((users) => closedLoop({ users, requests: 20, counters, clock }));
    for (const { loop } of loops) loop.start();
    clock.advanceTo(10_000);
    const indices = loops.flatMap(({ sent }) => sent.map(({ index }) => index)).sort((a, b) => a - b);
    assert.deepEqual(
      indices,
      Array.from({ length: 20 }, (_, i) => i),
    );
  });

  it('does not hammer an endpoint that gives no response', () => {
    const { clock, sent, loop } = closedLoop({ users: 1, durationMs: 10_000, answerMs: 0.1, dead: true });
    loop.start();
    clock.advanceTo(20_000);
    assert.ok(sent.length > 8 && sent.length < 20, `${sent.length} attempts in ten seconds`);
  });

  it('sends nothing more once cancelled', () => {
    const { clock, sent, results, loop } = closedLoop({ users: 2, durationMs: 10_000 });
    loop.start();
    clock.advanceTo(2_050);
    const before = sent.length;
    loop.cancel();
    clock.advanceTo(5_000);
    assert.equal(sent.length, before);
    assert.equal(results.length, 1);
  });

  it('is done at once without users', () => {
    const { results, loop } = closedLoop({ users: 0, requests: 5 });
    loop.start();
    assert.equal(results.length, 1);
  });
});

describe('ConcurrencyGauge', () => {
  it('integrates over the window only, and sees the most in flight over all workers', () => {
    const counters = new SharedCounters();
    const a = new ConcurrencyGauge(counters, 100, 200);
    const b = new ConcurrencyGauge(counters, 100, 200);
    a.enter(50);
    b.enter(60);
    b.leave(110);
    a.enter(150);
    a.leave(180);
    a.leave(300);
    assert.equal(a.integral + b.integral, 100 + 10 + 30);
    assert.equal(Math.max(a.max, b.max), 2);
    assert.equal(a.inFlight + b.inFlight, 0);
    assert.equal(counters.ended, 3);
  });

  it('does not count a peak outside of the window', () => {
    const gauge = new ConcurrencyGauge(new SharedCounters(), 100, 200);
    gauge.enter(10);
    gauge.enter(20);
    gauge.leave(30);
    gauge.leave(150);
    assert.equal(gauge.max, 1);
  });
});

describe('LagHistogram', () => {
  it('gives the quantile to ten microseconds', () => {
    const lags = new LagHistogram();
    assert.equal(lags.quantileMs(0.99), 0);
    for (let i = 1; i <= 1000; i++) lags.add(i / 100);
    assert.ok(Math.abs(lags.quantileMs(0.99) - 9.9) <= 0.021, String(lags.quantileMs(0.99)));
    assert.ok(Math.abs(lags.quantileMs(0.5) - 5) <= 0.021);
  });

  it('keeps the order of magnitude of very long ones', () => {
    const lags = new LagHistogram();
    lags.add(-1);
    lags.add(1234);
    lags.add(1e9);
    assert.equal(lags.quantileMs(0.3), 0.01);
    assert.equal(lags.quantileMs(0.6), 1240);
    assert.equal(lags.quantileMs(1), 100_000);
  });
});
