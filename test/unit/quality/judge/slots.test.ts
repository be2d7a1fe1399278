import assert from 'node:assert/strict';
import { Slots } from '../../../../src/core/quality/judge/slots';
import { tick } from './support';

describe('Slots', () => {
  const never = new AbortController().signal;

  it('are given out up to their number, then first come, first served', async () => {
    const slots = new Slots(1);
    const first = await slots.take(never);
    const order: string[] = [];
    const waiting = ['a', 'b'].map(async (name) => {
      const giveBack = await slots.take(never);
      order.push(name);
      giveBack?.();
    });
    await tick();
    assert.deepEqual(order, []);
    first?.();
    await Promise.all(waiting);
    assert.deepEqual(order, ['a', 'b']);
  });

  it('are not lost to who gave up waiting', async () => {
    const slots = new Slots(1);
    const first = await slots.take(never);
    const stop = new AbortController();
    const gaveUp = slots.take(stop.signal);
    const patient = slots.take(never);
    stop.abort();
    assert.equal(await gaveUp, null);
    first?.();
    assert.notEqual(await patient, null);
  });

  it('are not multiplied by giving one back twice', async () => {
    const slots = new Slots(1);
    const first = await slots.take(never);
    first?.();
    first?.();
    assert.notEqual(await slots.take(never), null);
    const stop = new AbortController();
    const third = slots.take(stop.signal);
    await tick();
    stop.abort();
    assert.equal(await third, null);
  });

  it('are not given to who has stopped already', async () => {
    assert.equal(await new Slots(1).take(AbortSignal.abort()), null);
  });
});
