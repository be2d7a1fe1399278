import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { TickPoint } from '../../../src/protocol/events';
import type { HostToRunPanel } from '../../../src/protocol/run-panel';
import { fromWire, toWire } from '../../../src/protocol/run-panel-wire';
import { points, probe, runningState } from '../../webview/run-fixture';

/** As it comes out at the other end: messages to a webview are JSON. */
function sent(message: HostToRunPanel): HostToRunPanel {
  return fromWire(JSON.parse(JSON.stringify(toWire(message))) as HostToRunPanel);
}

const delta = (list: TickPoint[]): HostToRunPanel => ({
  type: 'delta',
  seq: 1,
  changes: [{ kind: 'points', target: 'sim', stage: 'steady chat', points: list }],
});

const pointsOf = (message: HostToRunPanel): TickPoint[] => {
  const [change] = message.type === 'delta' ? message.changes : [];
  return change?.kind === 'points' ? change.points : assert.fail();
};

describe('run panel: messages on the wire', () => {
  it('come out as they went in, but for a hundredth of a millisecond', () => {
    const latency = fc.option(fc.double({ min: 0, max: 1e7, noNaN: true }));
    const any = fc.record({
      t: fc.double({ min: -1000, max: 1e8, noNaN: true }),
      ...{ ttft: latency, itl: latency, itlMax: latency, e2e: latency },
      ...{ ok: fc.boolean(), warmup: fc.boolean() },
      request: fc.oneof(
        fc.nat().map((n) => `sim/steady chat/${n}`),
        fc.constantFrom('sim/steady chat/007', 'other/steady chat/1', 'sim/steady chat/', 'sim/steady chat/-1', ''),
        fc.string(),
      ),
    });
    fc.assert(
      fc.property(fc.array(any), (list) => {
        const got = pointsOf(sent(delta(list)));
        assert.equal(got.length, list.length);
        got.forEach((point, i) => {
          const one = list[i] ?? assert.fail();
          assert.deepEqual([point.request, point.ok, point.warmup], [one.request, one.ok, one.warmup]);
          for (const name of ['t', 'ttft', 'itl', 'itlMax', 'e2e'] as const) {
            const [a, b] = [point[name], one[name]];
            assert.ok(a === b || (a !== null && b !== null && Math.abs(a - b) <= 0.0051), `${name} ${a} ${b}`);
          }
        });
      }),
    );
  });

  it('leave the state of the extension alone', () => {
    const state = runningState();
    const before = structuredClone(state);
    toWire({ type: 'snapshot', seq: 1, state });
    assert.deepEqual(state, before);
  });

  it('carry snapshots, steps, and everything that holds no requests', () => {
    const snapshot = sent({ type: 'snapshot', seq: 3, state: runningState() });
    assert.ok(snapshot.type === 'snapshot');
    assert.equal(snapshot.state.targets[0]?.stages[1]?.points.length, 119);
    const step = probe(1);
    const got = sent({ type: 'delta', seq: 4, changes: [{ kind: 'step', target: 'sim', step }] });
    assert.ok(got.type === 'delta' && got.changes[0]?.kind === 'step');
    assert.equal(got.changes[0].step.points.length, 61);
    const status: HostToRunPanel = {
      type: 'delta',
      seq: 5,
      changes: [{ kind: 'status', status: 'stopped', statusText: 'x', verdict: null }],
    };
    assert.deepEqual(sent(status), status);
  });

  it('take messages that were never packed', () => {
    assert.deepEqual(pointsOf(fromWire(delta(points(3)))), points(3));
  });

  it('need a quarter of the bytes of the objects', () => {
    const list = points(1000, { failEvery: 50 });
    const bytes = JSON.stringify(toWire(delta(list))).length;
    assert.ok(bytes < JSON.stringify(delta(list)).length / 4, String(bytes));
    assert.ok(bytes < 45 * 1000, String(bytes));
  });
});
