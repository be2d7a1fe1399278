import assert from 'node:assert/strict';
import type { RunPanelToHost } from '../../../src/protocol/run-panel';
import { RunClient } from '../../../webview/run/client';
import { RunStore } from '../../../webview/run/store';
import { runState } from '../../webview/run-fixture';

function connect() {
  const posted: RunPanelToHost[] = [];
  const drawn: string[] = [];
  const client = new RunClient(
    (message) => posted.push(message),
    new RunStore(),
    (what) => drawn.push(what),
  );
  return { client, drawn, take: () => posted.splice(0) };
}

describe('run panel: conversation with the extension', () => {
  it('says that it is ready, then acknowledges snapshot and deltas', () => {
    const { client, drawn, take } = connect();
    client.start();
    assert.deepEqual(take(), [{ type: 'ready' }]);
    client.receive({ type: 'snapshot', seq: 3, state: runState() });
    client.receive({ type: 'delta', seq: 4, changes: [] });
    assert.deepEqual(take(), [
      { type: 'ack', seq: 3 },
      { type: 'ack', seq: 4 },
    ]);
    assert.deepEqual(drawn, ['snapshot', 'delta']);
  });

  it('asks once for a snapshot after a gap and ignores deltas until it comes', () => {
    const { client, drawn, take } = connect();
    client.receive({ type: 'snapshot', seq: 1, state: runState() });
    take();
    client.receive({ type: 'delta', seq: 3, changes: [] });
    client.receive({ type: 'delta', seq: 4, changes: [] });
    assert.deepEqual(take(), [{ type: 'need-snapshot', have: 1 }]);
    client.receive({ type: 'snapshot', seq: 5, state: runState() });
    client.receive({ type: 'delta', seq: 6, changes: [] });
    assert.deepEqual(take(), [
      { type: 'ack', seq: 5 },
      { type: 'ack', seq: 6 },
    ]);
    assert.deepEqual(drawn, ['snapshot', 'snapshot', 'delta']);
  });

  it('acknowledges a repeated delta without drawing again: the sender may have missed the first word', () => {
    const { client, drawn, take } = connect();
    client.receive({ type: 'snapshot', seq: 1, state: runState() });
    client.receive({ type: 'delta', seq: 2, changes: [] });
    take();
    client.receive({ type: 'delta', seq: 2, changes: [] });
    assert.deepEqual(take(), [{ type: 'ack', seq: 2 }]);
    assert.deepEqual(drawn, ['snapshot', 'delta']);
  });
});
