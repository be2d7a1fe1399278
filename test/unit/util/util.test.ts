import * as assert from 'node:assert/strict';
import { Worker } from 'node:worker_threads';
import { monotonicMs } from '../../../src/core/util/clock';
import { DisposableStore, toDisposable } from '../../../src/core/util/disposable';
import { Emitter } from '../../../src/core/util/emitter';
import { Redactor } from '../../../src/core/util/redact';

describe('monotonicMs', () => {
  it('is the kernel clock that other threads and processes read too', async () => {
    const worker = new Worker(
      `const { parentPort } = require('node:worker_threads');
       parentPort.on('message', () => { const [s, n] = process.hrtime(); parentPort.postMessage(s * 1000 + n / 1e6); });`,
      { eval: true },
    );
    // The thread's reading must fall between two of ours, whatever the machine is doing meanwhile.
    const before = monotonicMs();
    const theirs = await new Promise<number>((resolve) => {
      worker.once('message', resolve);
      worker.postMessage('now');
    });
    const after = monotonicMs();
    await worker.terminate();
    assert.ok(before - 0.05 <= theirs && theirs <= after + 0.05, `${before} <= ${theirs} <= ${after}`);
  });
});

describe('DisposableStore', () => {
  it('disposes in reverse order, once, and late additions at once', () => {
    const order: string[] = [];
    const store = new DisposableStore();
    store.add(toDisposable(() => order.push('first')));
    store.add(toDisposable(() => order.push('second')));
    store.dispose();
    store.dispose();
    store.add(toDisposable(() => order.push('late')));
    assert.deepEqual(order, ['second', 'first', 'late']);
  });
});

describe('Emitter', () => {
  it('lets a listener leave while the event is delivered', () => {
    const emitter = new Emitter<number>();
    const seen: string[] = [];
    const first = emitter.event((value) => {
      seen.push(`first ${value}`);
      first.dispose();
    });
    emitter.event((value) => seen.push(`second ${value}`));
    emitter.fire(1);
    emitter.fire(2);
    assert.deepEqual(seen, ['first 1', 'second 1', 'second 2']);
  });
});

describe('Redactor', () => {
  const key = 'sk-canary/"7+1';
  const redactor = new Redactor();
  redactor.add(key);

  it('masks a secret in each form in which it travels', () => {
    for (const form of [key, encodeURIComponent(key), JSON.stringify(key), Buffer.from(key).toString('base64')]) {
      const text = redactor.text(`before ${form} after`);
      assert.ok(!text.includes('canary') && !text.includes(Buffer.from(key).toString('base64')), text);
      assert.match(text, /^before .*\[redacted\].* after$/);
    }
  });

  it('masks deep in data and leaves the rest and the original alone', () => {
    const data = { list: [{ message: `key ${key} refused`, n: 1 }], none: null };
    assert.deepEqual(redactor.data(data), { list: [{ message: 'key [redacted] refused', n: 1 }], none: null });
    assert.ok(data.list[0]?.message.includes(key));
  });

  it('does not shred texts for the sake of a trivial secret', () => {
    const trivial = new Redactor();
    trivial.add('a');
    trivial.add('');
    assert.equal(trivial.text('a banana'), 'a banana');
  });
});
