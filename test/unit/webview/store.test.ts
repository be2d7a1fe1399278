import assert from 'node:assert/strict';
import { RunStore } from '../../../webview/run/store';
import { caseRecord, points, runningState, runState, stage, target } from '../../webview/run-fixture';

const at = { target: 'sim', stage: 'steady chat' };

function running(): RunStore {
  const store = new RunStore();
  store.receive({ type: 'snapshot', seq: 5, state: runningState() });
  return store;
}

const steady = (store: RunStore) => {
  const found = store.targets[0]?.stages.find(({ data }) => data.name === 'steady chat');
  assert.ok(found);
  return found;
};

describe('run panel: store', () => {
  it('refuses a delta before the first snapshot', () => {
    assert.equal(new RunStore().receive({ type: 'delta', seq: 0, changes: [] }), 'gap');
  });

  it('applies deltas in sequence', () => {
    const store = running();
    const received = store.receive({
      type: 'delta',
      seq: 6,
      changes: [
        { kind: 'stage', ...at, patch: { rps: 9.5, inFlight: 3 } },
        { kind: 'status', status: 'completed', statusText: '', verdict: 'pass' },
      ],
    });
    assert.equal(received, 'applied');
    assert.equal(steady(store).data.rps, 9.5);
    assert.equal(steady(store).data.inFlight, 3);
    assert.equal(store.head?.verdict, 'pass');
    assert.equal(store.seq, 6);
  });

  it('reports a gap and changes nothing', () => {
    const store = running();
    const changes = [{ kind: 'stage' as const, ...at, patch: { rps: 99 } }];
    assert.equal(store.receive({ type: 'delta', seq: 7, changes }), 'gap');
    assert.notEqual(steady(store).data.rps, 99);
    assert.equal(store.seq, 5);
  });

  it('takes a delta that comes twice once', () => {
    const store = running();
    const before = steady(store).points.points.length;
    const message = {
      type: 'delta' as const,
      seq: 6,
      changes: [{ kind: 'points' as const, ...at, points: points(3) }],
    };
    assert.equal(store.receive(message), 'applied');
    assert.equal(store.receive(message), 'repeated');
    assert.equal(steady(store).points.points.length, before + 3);
  });

  it('asks for a snapshot where a change names a stage or a target that it does not know', () => {
    const unknown = { kind: 'points' as const, target: 'sim', stage: 'nope', points: points(1) };
    assert.equal(running().receive({ type: 'delta', seq: 6, changes: [unknown] }), 'gap');
    const elsewhere = { kind: 'case' as const, target: 'nope', record: caseRecord() };
    assert.equal(running().receive({ type: 'delta', seq: 6, changes: [elsewhere] }), 'gap');
  });

  it('samples the lines over time from patches, at most five a second', () => {
    const store = new RunStore();
    const state = runningState();
    state.targets[0] = target({ stages: [stage({ status: 'running', history: [], elapsedMs: 0 })] });
    store.receive({ type: 'snapshot', seq: 0, state });
    [100, 150, 299, 300, 650].forEach((elapsedMs, i) => {
      store.receive({
        type: 'delta',
        seq: i + 1,
        changes: [
          {
            kind: 'stage',
            ...at,
            patch: { elapsedMs, rolling: { ttftP50: elapsedMs, ttftP99: null, itlP50: null, itlP99: null } },
          },
        ],
      });
    });
    assert.deepEqual(
      steady(store).history.map(({ t, ttftP50 }) => [t, ttftP50]),
      [
        [100, 100],
        [300, 300],
        [650, 650],
      ],
    );
  });

  it('keeps the lines over a snapshot of the same run that has none, and drops them for another run', () => {
    const store = running();
    const length = steady(store).history.length;
    assert.ok(length > 0);
    const bare = (startedAt: string) => {
      const state = runningState();
      for (const one of state.targets) for (const each of one.stages) delete each.history;
      return { ...state, startedAt };
    };
    store.receive({ type: 'snapshot', seq: 9, state: bare(runState().startedAt ?? '') });
    assert.equal(steady(store).history.length, length);
    store.receive({ type: 'snapshot', seq: 10, state: bare('2026-02-01T00:00:00.000Z') });
    assert.equal(steady(store).history.length, 0);
  });

  it('replaces the record of a case that is reported again and keeps repeats apart', () => {
    const store = running();
    const cases = store.targets[0]?.cases ?? [];
    const before = cases.length;
    const first = caseRecord({ case_id: 'refund-time', outcome: 'passed' });
    const second = caseRecord({ case_id: 'refund-time', repeat: 1 });
    store.receive({
      type: 'delta',
      seq: 6,
      changes: [first, second].map((record) => ({ kind: 'case' as const, target: 'sim', record })),
    });
    assert.equal(cases.length, before + 1);
    assert.equal(cases[1]?.outcome, 'passed');
    assert.equal(cases.at(-1)?.repeat, 1);
  });
});
