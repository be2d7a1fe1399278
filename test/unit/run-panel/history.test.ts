import assert from 'node:assert/strict';
import { StageHistory } from '../../../src/core/run-panel/stage-history';
import { ORIGIN_MS, refused, request } from './stored';

/** `count` requests, one each `everyMs`, that take `tookMs` in all. */
function steady(count: number, everyMs: number, tookMs: number, loop: 'open' | 'closed' = 'open') {
  const history = new StageHistory(ORIGIN_MS, loop);
  for (let i = 0; i < count; i++) {
    const scheduled = ORIGIN_MS + i * everyMs;
    const last = scheduled + tookMs;
    const first = scheduled + 100;
    const instants = { scheduled, sent: scheduled + 40, headers: first, first, first_answer: first, last, end: last };
    history.add(request(i, { ...instants, itl: [10, 10, 10, 80], output_tokens: 5 }));
  }
  return history.samples();
}

const within = (value: number | null | undefined, wanted: number, share: number) =>
  assert.ok(value != null && Math.abs(value - wanted) <= wanted * share, `${value} is not ${wanted}`);

describe('lines over time of a stored stage', () => {
  it('say rate, concurrency, tokens and rolling percentiles', () => {
    const samples = steady(300, 100, 400);
    const middle = samples.find(({ t }) => t === 20_000);
    assert.ok(middle);
    within(middle.rps, 10, 0.02);
    within(middle.offeredRps, 10, 0.02);
    within(middle.outputTps, 50, 0.02);
    assert.ok(Math.abs(middle.inFlight - 4) <= 1, String(middle.inFlight));
    within(middle.ttftP50, 100, 0.02);
    within(middle.ttftP99, 100, 0.02);
    within(middle.itlP50, 10, 0.02);
    within(middle.itlP99, 80, 0.02);
    assert.ok(samples.every(({ t }, i) => t === (i + 1) * 250));
  });

  it('count a latency from the send in a closed loop', () => {
    within(steady(100, 100, 400, 'closed').at(-1)?.ttftP50, 60, 0.02);
  });

  it('forget what is older than ten seconds', () => {
    const history = new StageHistory(ORIGIN_MS, 'open');
    for (let i = 0; i < 10; i++) history.add(request(i));
    history.add(request(300, { ...shifted(30_000) }));
    const samples = history.samples();
    const at = (t: number) => samples.find((sample) => sample.t === t);
    assert.ok((at(5000)?.rps ?? 0) > 0);
    assert.equal(at(15_000)?.rps, 0);
    assert.equal(at(15_000)?.ttftP50, null);
  });

  it('leave failures out of latencies and rate, and in what was offered', () => {
    const history = new StageHistory(ORIGIN_MS, 'open');
    for (let i = 0; i < 50; i++) history.add(refused(i));
    const last = history.samples().at(-1);
    assert.equal(last?.rps, 0);
    assert.equal(last.ttftP99, null);
    within(last.offeredRps, 10, 0.05);
  });

  it('are at most two thousand however long the stage was', () => {
    const samples = steady(5000, 2000, 400);
    assert.ok(samples.length <= 2000 && samples.length > 900, String(samples.length));
    within(samples[500]?.offeredRps, 0.5, 0.3);
    assert.ok((samples.at(-1)?.t ?? 0) >= 5000 * 2000 - 2000);
  });

  it('do not depend on the order of the records', () => {
    const requests = Array.from({ length: 80 }, (_, i) => request(i));
    const forth = new StageHistory(ORIGIN_MS, 'open');
    const back = new StageHistory(ORIGIN_MS, 'open');
    for (const one of requests) forth.add(one);
    for (const one of [...requests].reverse()) back.add(one);
    assert.deepEqual(back.samples(), forth.samples());
  });
});

function shifted(ms: number) {
  const scheduled = ORIGIN_MS + ms;
  const first = scheduled + 100;
  return { scheduled, sent: scheduled, headers: first, first, first_answer: first, last: first + 30, end: first + 31 };
}
