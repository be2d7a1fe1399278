import assert from 'node:assert/strict';
import { emptyPanelState } from '../../../src/core/compare/panel-state';
import { PatchSender } from '../../../src/extension/webviews/patch-sender';
import type { ComparePanelState, HostToComparePanel } from '../../../src/protocol/compare-panel';
import { FakeClock } from '../support/fake-clock';

describe('keeping the compare panel in step', () => {
  let clock: FakeClock;
  let state: ComparePanelState;
  let posted: HostToComparePanel[];
  let sender: PatchSender;

  beforeEach(() => {
    clock = new FakeClock();
    state = emptyPanelState('empty', '');
    posted = [];
    sender = new PatchSender(
      () => state,
      (message) => posted.push(message),
      clock,
    );
  });

  it('posts nothing before the page is there, then a snapshot', () => {
    sender.push({ title: 'a' });
    assert.equal(posted.length, 0);
    state.title = 'a';
    sender.start();
    assert.deepEqual(posted, [{ type: 'snapshot', seq: 1, state }]);
  });

  it('has one delta in flight, with the sum of what has changed meanwhile', () => {
    sender.start();
    sender.push({ title: 'a' });
    sender.push({ stage: 'x' });
    sender.push({ title: 'b' });
    clock.advance(1_000);
    assert.equal(posted.length, 1);
    sender.acknowledged(1);
    assert.deepEqual(posted[1], { type: 'delta', seq: 2, patch: { title: 'b', stage: 'x' } });
  });

  it('sends at most ten a second', () => {
    sender.start();
    for (let i = 0; i < 100; i++) {
      sender.push({ title: String(i) });
      clock.advance(10);
      sender.acknowledged(posted.length);
    }
    assert.ok(posted.length <= 11, String(posted.length));
    assert.ok(posted.length >= 9, String(posted.length));
    for (const [index, { seq }] of posted.entries()) assert.equal(seq, index + 1);
  });

  it('joins what is appended to a lane, and starts afresh where it does', () => {
    sender.start();
    sender.push({}, [{ id: 'a', text: 'Hel' }]);
    sender.push({}, [{ id: 'a', text: 'lo', patch: { chunks: 2 } }]);
    sender.push({}, [{ id: 'b', text: 'x' }]);
    sender.push({}, [{ id: 'a', text: 'New', start: true, patch: { chunks: 1 } }]);
    clock.advance(1_000);
    sender.acknowledged(1);
    assert.deepEqual(posted[1]?.type === 'delta' ? posted[1].streams : null, [
      { id: 'a', text: 'Hello', patch: { chunks: 2 } },
      { id: 'b', text: 'x' },
      { id: 'a', text: 'New', start: true, patch: { chunks: 1 } },
    ]);
  });

  it('drops what was to be appended to lanes that are replaced', () => {
    sender.start();
    sender.push({}, [{ id: 'a', text: 'Hel' }]);
    sender.push({ race: [] });
    clock.advance(1_000);
    sender.acknowledged(1);
    assert.deepEqual(posted[1], { type: 'delta', seq: 2, patch: { race: [] } });
  });

  it('sends everything again to a page that was reloaded, or that missed something', () => {
    sender.start();
    sender.push({ title: 'a' });
    sender.start();
    assert.equal(posted.at(-1)?.type, 'snapshot');
    assert.equal(posted.at(-1)?.seq, 2);
    sender.dispose();
    sender.push({ title: 'b' });
    clock.advance(1_000);
    assert.equal(posted.length, 2);
  });

  it('keeps no queue for a page that does not answer', () => {
    sender.start();
    for (let i = 0; i < 5_000; i++) sender.push({}, [{ id: String(i), text: 'x', start: true }]);
    clock.advance(1_000);
    sender.acknowledged(1);
    assert.equal(posted.at(-1)?.type, 'snapshot');
  });
});
