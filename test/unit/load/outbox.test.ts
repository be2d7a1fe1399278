import assert from 'node:assert/strict';
import { Outbox } from '../../../src/core/load/outbox';
import type { EndedRequest } from '../../../src/core/load/types';
import type { FromWorker } from '../../../src/core/load/worker-protocol';

const ended = (index: number) => ({ record: { index, itl: [1, 2] } }) as unknown as EndedRequest;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function outbox(mostRecords?: number) {
  const posted: Extract<FromWorker, { type: 'ended' }>[] = [];
  const cancelled: number[] = [];
  const box = new Outbox(
    { postMessage: (message) => void (message.type === 'ended' && posted.push(message)) },
    (call) => cancelled.push(call),
    mostRecords,
  );
  const indices = () => posted.flatMap(({ batch }) => batch.map(({ record }) => record.index));
  return { box, posted, cancelled, indices };
}

describe('Outbox', () => {
  it('posts what ended in one turn as one message', async () => {
    const { box, posted, indices } = outbox();
    for (let i = 0; i < 5; i++) box.add(1, ended(i));
    assert.equal(posted.length, 0);
    await turn();
    assert.equal(posted.length, 1);
    assert.deepEqual(indices(), [0, 1, 2, 3, 4]);
    await box.emptied(1);
  });

  it('keeps back what the receiver has no room for, and in order posts it once it has', async () => {
    const { box, posted, indices } = outbox();
    for (let i = 0; i < 10_000; i++) box.add(1, ended(i));
    await turn();
    assert.equal(posted.length, 8);
    let done = false;
    const emptied = box.emptied(1).then(() => (done = true));
    await turn();
    assert.equal(posted.length, 8);
    assert.equal(done, false);
    while (indices().length < 10_000) box.acknowledged();
    await emptied;
    assert.deepEqual(
      indices(),
      Array.from({ length: 10_000 }, (_, i) => i),
    );
    assert.ok(posted.every(({ batch }) => batch.length <= 512));
  });

  it('never mixes the records of two calls', async () => {
    const { box, posted } = outbox();
    for (const call of [1, 1, 2, 1]) box.add(call, ended(call));
    await turn();
    assert.deepEqual(
      posted.map(({ call, batch }) => [call, batch.length]),
      [
        [1, 2],
        [2, 1],
        [1, 1],
      ],
    );
  });

  it('stops a stage whose results nobody takes, before memory is full', async () => {
    const { box, cancelled, indices } = outbox(6000);
    for (let i = 0; i < 20_000; i++) {
      box.add(1, ended(i));
      if (i % 512 === 0) await turn();
    }
    assert.deepEqual(cancelled, [1]);
    const before = indices().length;
    assert.ok(before > 0 && before <= 8 * 512);
    const emptied = assert.rejects(box.emptied(1), { code: 'results_write', message: /lower rate/ });
    for (let i = 0; i < 40; i++) box.acknowledged();
    await emptied;
    assert.ok(indices().length > before && indices().length < 12_000, `${indices().length} kept`);
    box.add(2, ended(0));
    await turn();
    await box.emptied(2);
  });
});
