import assert from 'node:assert/strict';
import { ParseQueue } from '../../../src/extension/language/parse-queue';
import type { Pause, Work } from '../../../src/core/util/work';
import { FakeClock } from '../support/fake-clock';

/** A machine whose event loop turns when a test says so. */
class Loop {
  readonly clock = new FakeClock();
  readonly turns: (() => void)[] = [];
  readonly queue = new ParseQueue({
    clock: this.clock,
    rest: (callback) => {
      this.turns.push(callback);
      return () => void this.turns.splice(this.turns.indexOf(callback), 1);
    },
  });

  /** Ms of the one slice that is due; null where none is. */
  turn(): number | null {
    const callback = this.turns.shift();
    if (callback === undefined) return null;
    const startedMs = this.clock.nowMs();
    callback();
    return this.clock.nowMs() - startedMs;
  }

  /** Ms of each slice until nothing is left to do. */
  slices(): number[] {
    const took: number[] = [];
    for (let ms = this.turn(); ms !== null; ms = this.turn()) took.push(ms);
    return took;
  }

  /** Work of parts that take so many ms each; what is long is said before it. */
  *work(parts: readonly (number | 'long')[], done: () => void): Work<void> {
    for (const part of parts) {
      if (part === 'long') {
        yield 'long';
        continue;
      }
      this.clock.advance(part);
      yield 'short' satisfies Pause;
    }
    done();
  }
}

describe('the queue of texts to parse', () => {
  const done: string[] = [];
  const note = (name: string) => () => void done.push(name);
  beforeEach(() => void done.splice(0));

  it('does nothing while somebody types, and parses once after the pause', () => {
    const loop = new Loop();
    let started = 0;
    for (let key = 0; key < 40; key++) {
      loop.queue.later('a', 150, () => {
        started++;
        return loop.work([1], note('a'));
      });
      loop.clock.advance(120);
      assert.deepEqual(loop.slices(), []);
    }
    assert.equal(started, 0);
    loop.clock.advance(30);
    loop.slices();
    assert.deepEqual({ started, done }, { started: 1, done: ['a'] });
    assert.equal(loop.clock.pending, 0);
  });

  it('parses a long text in slices of 8 ms, with everything else between them', () => {
    const loop = new Loop();
    loop.queue.later('a', 0, () => loop.work(Array<number>(30).fill(1), note('a')));
    loop.clock.advance(0);
    assert.deepEqual(loop.slices(), [8, 8, 8, 6]);
    assert.deepEqual(done, ['a']);
  });

  it('gives what cannot be interrupted a slice of its own', () => {
    const loop = new Loop();
    loop.queue.later('a', 0, () => loop.work([5, 'long', 7, 'long', 6, 1], note('a')));
    loop.clock.advance(0);
    assert.deepEqual(loop.slices(), [5, 7, 7]);
  });

  it('drops a text that is half parsed when it changes', () => {
    const loop = new Loop();
    loop.queue.later('a', 0, () => loop.work([8, 8, 8], note('old')));
    loop.clock.advance(0);
    loop.turn();
    loop.queue.later('a', 150, () => loop.work([1], note('new')));
    assert.deepEqual(loop.slices(), [0]);
    loop.clock.advance(150);
    loop.slices();
    assert.deepEqual(done, ['new']);
  });

  it('parses one text after the other: several at once would have their slices in one turn', () => {
    const loop = new Loop();
    for (const name of ['a', 'b', 'c']) loop.queue.later(name, 0, () => loop.work([8, 8], note(name)));
    loop.clock.advance(0);
    assert.ok(loop.turns.length === 1);
    // The last slice of each has nothing left to do but to end.
    assert.deepEqual(loop.slices(), [8, 8, 0, 8, 8, 0, 8, 8, 0]);
    assert.deepEqual(done, ['a', 'b', 'c']);
  });

  it('forgets a text that is cancelled, before and while it is parsed', () => {
    const loop = new Loop();
    loop.queue.later('a', 150, () => loop.work([1], note('a')));
    assert.ok(loop.queue.has('a'));
    loop.queue.cancel('a');
    assert.ok(!loop.queue.has('a'));
    loop.queue.later('b', 0, () => loop.work([8, 8], note('b')));
    loop.clock.advance(150);
    loop.turn();
    loop.queue.cancel('b');
    loop.slices();
    assert.deepEqual(done, []);
    assert.ok(!loop.queue.has('b'));
  });

  it('takes a wish for the same text from within its own work', () => {
    const loop = new Loop();
    loop.queue.later('a', 0, () =>
      loop.work([1], () => {
        done.push('first');
        loop.queue.later('a', 0, () => loop.work([1], note('second')));
      }),
    );
    loop.clock.advance(0);
    loop.slices();
    loop.clock.advance(0);
    loop.slices();
    assert.deepEqual(done, ['first', 'second']);
  });

  it('goes on with the other texts when one of them fails', () => {
    const loop = new Loop();
    loop.queue.later('a', 0, () =>
      loop.work([1], () => {
        throw new Error('at fault');
      }),
    );
    loop.queue.later('b', 0, () => loop.work([1], note('b')));
    loop.clock.advance(0);
    assert.throws(() => loop.slices(), /at fault/);
    loop.slices();
    assert.deepEqual(done, ['b']);
    assert.ok(!loop.queue.has('a'));
  });

  it('does nothing any more once it is disposed of', () => {
    const loop = new Loop();
    loop.queue.later('a', 0, () => loop.work([8, 8], note('a')));
    loop.queue.later('b', 150, () => loop.work([8, 8], note('b')));
    loop.clock.advance(0);
    loop.queue.dispose();
    loop.clock.advance(150);
    assert.deepEqual(loop.slices(), []);
    assert.equal(loop.clock.pending, 0);
    assert.deepEqual(done, []);
  });
});
