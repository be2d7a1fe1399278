import assert from 'node:assert/strict';
import { Slots, type SlotHolder } from '../../../src/core/sim/slots';

class Holder implements SlotHolder {
  granted = 0;
  onSlot(): void {
    this.granted++;
  }
}

function holders(count: number): [Holder, Holder, Holder, Holder] {
  const list = Array.from({ length: Math.max(4, count) }, () => new Holder());
  return list as [Holder, Holder, Holder, Holder];
}

describe('sim slots', () => {
  it('runs up to the limit, queues up to the limit, then refuses', () => {
    const slots = new Slots({ maxRunning: 2, maxWaiting: 1 });
    const [a, b, c, d] = holders(4);
    assert.deepEqual(
      [a, b, c, d].map((holder) => slots.enter(holder)),
      ['running', 'running', 'waiting', 'full'],
    );
    assert.deepEqual(
      [a, b, c, d].map((holder) => holder.granted),
      [1, 1, 0, 0],
    );
    assert.deepEqual([slots.running, slots.waiting], [2, 1]);
  });

  it('grants in order of arrival, passing over those who left the queue', () => {
    const slots = new Slots({ maxRunning: 1, maxWaiting: 9 });
    const [a, b, c, d] = holders(4);
    for (const holder of [a, b, c, d]) slots.enter(holder);
    slots.leave(b);
    slots.leave(a);
    assert.deepEqual([b.granted, c.granted, d.granted], [0, 1, 0]);
    slots.leave(c);
    assert.equal(d.granted, 1);
    slots.leave(d);
    slots.leave(d);
    assert.deepEqual([slots.running, slots.waiting], [0, 0]);
    assert.deepEqual(slots.peaks, { running: 1, waiting: 3 });
  });

  it('starts waiting requests when it is made larger', () => {
    const slots = new Slots({ maxRunning: 1, maxWaiting: 9 });
    const [a, b, c] = holders(3);
    for (const holder of [a, b, c]) slots.enter(holder);
    slots.resize({ maxRunning: 2, maxWaiting: 9 });
    assert.deepEqual([a.granted, b.granted, c.granted], [1, 1, 0]);
  });
});
