import assert from 'node:assert/strict';
import { Intake, type IntakeConsumer } from '../../../src/core/load/intake';
import { FakeClock } from './fake-clock';

function consumer(log: string[], name: string, work?: () => void): IntakeConsumer {
  return {
    decode(chunk, arrivedMs) {
      log.push(`${name}:${chunk.toString()}@${arrivedMs}`);
      work?.();
    },
    finish() {
      log.push(`${name} end`);
    },
  };
}

describe('Intake', () => {
  it('gives all bytes of one poll the instant at which the poll came back', () => {
    const clock = new FakeClock(100);
    const intake = new Intake(() => clock.nowMs(), clock.soon);
    assert.equal(intake.arrival(0, 0), 100);
    clock.block(5);
    assert.equal(intake.arrival(0, 0), 100);
    clock.advanceTo(106);
    clock.block(1);
    assert.equal(intake.arrival(0, 0), 107);
  });

  it('never puts an arrival before the request was sent', () => {
    const clock = new FakeClock(100);
    const intake = new Intake(() => clock.nowMs(), clock.soon);
    intake.arrival(0, 0);
    clock.block(5);
    assert.equal(intake.arrival(103, 0), 105);
  });

  it('takes a new instant after as many requests as one poll can return', () => {
    const clock = new FakeClock(100);
    const intake = new Intake(() => clock.nowMs(), clock.soon);
    for (let i = 0; i < 1024; i++) intake.arrival(0, 0);
    clock.block(5);
    assert.equal(intake.arrival(0, 0), 105);
  });

  it('does not count the same request twice', () => {
    const clock = new FakeClock(100);
    const intake = new Intake(() => clock.nowMs(), clock.soon);
    for (let i = 0; i < 5000; i++) intake.arrival(0, 100);
    clock.block(5);
    assert.equal(intake.arrival(0, 100), 100);
  });

  it('decodes after the poll, in order, with the end last', () => {
    const clock = new FakeClock(100);
    const intake = new Intake(() => clock.nowMs(), clock.soon);
    const log: string[] = [];
    const a = consumer(log, 'a');
    const b = consumer(log, 'b');
    intake.push(a, Buffer.from('1'), 100, 100);
    intake.push(b, Buffer.from('2'), 100, 100);
    intake.finish(b);
    intake.push(a, Buffer.from('3'), 101, 101);
    assert.deepEqual(log, []);
    clock.advanceTo(102);
    assert.deepEqual(log, ['a:1@100', 'b:2@100', 'b end', 'a:3@101']);
  });

  it('lets the event loop poll again between slices of work', () => {
    const clock = new FakeClock(100);
    const intake = new Intake(() => clock.nowMs(), clock.soon);
    const log: string[] = [];
    const slow = consumer(log, 'a', () => clock.block(0.5));
    for (let i = 0; i < 64; i++) intake.push(slow, Buffer.from('x'), 100, 100);
    const turnsBefore = clock.turns;
    clock.advanceTo(200);
    assert.equal(log.length, 64);
    assert.ok(clock.turns - turnsBefore >= 8, `${clock.turns - turnsBefore} turns`);
  });

  it('decodes everything when flushed, even from within decoding', () => {
    const clock = new FakeClock(100);
    const intake = new Intake(() => clock.nowMs(), clock.soon);
    const log: string[] = [];
    let flushed = false;
    const a = consumer(log, 'a', () => {
      if (flushed) return;
      flushed = true;
      intake.flush();
    });
    for (const text of ['1', '2', '3']) intake.push(a, Buffer.from(text), 100, 100);
    intake.flush();
    assert.deepEqual(log, ['a:1@100', 'a:2@100', 'a:3@100']);
    clock.advanceTo(110);
    assert.equal(log.length, 3);
  });

  it('keeps the order of a queue that is far longer than what one turn decodes', () => {
    const clock = new FakeClock(100);
    const intake = new Intake(() => clock.nowMs(), clock.soon);
    const decoded: string[] = [];
    let pushed = 0;
    const push = (): void => intake.push(sink, Buffer.from(String(pushed++)), 100, 100);
    const sink: IntakeConsumer = {
      decode(chunk) {
        decoded.push(chunk.toString());
        clock.block(0.01);
        // More arrives while this is decoded.
        if (pushed < 40_000) push();
        if (pushed < 40_000 && pushed % 3 === 0) push();
      },
      finish: () => decoded.push('end'),
    };
    for (let i = 0; i < 10_000; i++) push();
    clock.advanceTo(10_000);
    intake.finish(sink);
    clock.advanceTo(10_001);
    assert.deepEqual(decoded, [...Array.from({ length: pushed }, (_, i) => String(i)), 'end']);
    assert.ok(pushed >= 40_000);
  });

  it('rests between polls while very much arrives, and only then', () => {
    const clock = new FakeClock(100);
    const naps: number[] = [];
    const nap = (ms: number): boolean => {
      naps.push(clock.nowMs());
      clock.block(ms);
      return true;
    };
    const intake = new Intake(() => clock.nowMs(), clock.soon, nap);
    const sink = consumer([], 'a');
    /** One poll each half millisecond, which returns so many chunks. */
    const stream = (chunks: number, untilMs: number): void => {
      while (clock.nowMs() < untilMs) {
        for (let i = 0; i < chunks; i++) intake.push(sink, Buffer.from('x'), clock.nowMs(), clock.nowMs());
        clock.advanceTo(clock.nowMs() + 0.5);
      }
    };
    stream(4, 200);
    assert.deepEqual(naps, []);
    stream(20, 300);
    assert.ok(naps.length > 50, `${naps.length} naps at 40,000 chunks a second`);
    stream(4, 320);
    const before = naps.length;
    stream(4, 400);
    assert.equal(naps.length, before);
  });
});
