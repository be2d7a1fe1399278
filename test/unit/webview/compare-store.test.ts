import assert from 'node:assert/strict';
import { CompareStore } from '../../../webview/compare/store';
import { RaceTally, winnerOf } from '../../../webview/compare/race-tally';
import { compareState, FP8, LARGE, raceLane, SMALL } from '../../webview/compare-fixture';

function started(race = [raceLane(SMALL), raceLane(LARGE), raceLane(FP8)]): CompareStore {
  const store = new CompareStore();
  store.receive({ type: 'snapshot', seq: 1, state: compareState({ status: 'running', race }) });
  return store;
}

describe('copy of the comparison', () => {
  it('replaces the keys of a patch and leaves the other parts the same objects', () => {
    const store = started();
    const before = store.state;
    assert.equal(store.receive({ type: 'delta', seq: 2, patch: { tested: 9 } }), 'applied');
    assert.equal(store.state?.tested, 9);
    assert.equal(store.state?.sections, before?.sections);
    assert.equal(store.state?.cases, before?.cases);
  });

  it('notices a gap, and a message that it knows already', () => {
    const store = new CompareStore();
    assert.equal(store.receive({ type: 'delta', seq: 0, patch: {} }), 'gap');
    store.receive({ type: 'snapshot', seq: 4, state: compareState() });
    assert.equal(store.receive({ type: 'delta', seq: 4, patch: { title: 'again' } }), 'repeated');
    assert.equal(store.receive({ type: 'delta', seq: 6, patch: { title: 'late' } }), 'gap');
    assert.notEqual(store.state?.title, 'late');
  });

  it('appends to a stream, and starts it afresh', () => {
    const store = started();
    store.receive({ type: 'delta', seq: 2, patch: {}, streams: [{ id: SMALL, text: 'You ', patch: { chunks: 1 } }] });
    store.receive({ type: 'delta', seq: 3, patch: {}, streams: [{ id: SMALL, text: 'have', patch: { chunks: 2 } }] });
    const lane = () => store.state?.race.find(({ id }) => id === SMALL);
    assert.deepEqual([lane()?.text, lane()?.chunks], ['You have', 2]);
    store.receive({
      type: 'delta',
      seq: 4,
      patch: {},
      streams: [{ id: SMALL, text: '', start: true, patch: { case: 'greeting' } }],
    });
    assert.deepEqual([lane()?.text, lane()?.chunks, lane()?.case], ['', 0, 'greeting']);
  });

  it('takes a chunk of an unknown lane for a gap, and keeps what it had', () => {
    const store = started([]);
    const before = store.state;
    assert.equal(store.receive({ type: 'delta', seq: 2, patch: {}, streams: [{ id: SMALL, text: 'x' }] }), 'gap');
    assert.equal(store.state, before);
    assert.equal(store.seq, 1);
  });

  it('notes an end that the next case follows within one message', () => {
    const store = started();
    const done = (id: string, e2eMs: number) => ({ id, text: '', patch: { status: 'done' as const, e2eMs } });
    store.receive({
      type: 'delta',
      seq: 2,
      patch: {},
      streams: [
        done(SMALL, 900),
        { id: SMALL, text: '', start: true, patch: { case: 'greeting', caseName: 'Greeting' } },
        done(LARGE, 2000),
        done(FP8, 1500),
      ],
    });
    assert.deepEqual(store.tally.results, [
      {
        case: 'refund-window',
        caseName: 'Refund window',
        finishers: [
          { id: SMALL, e2eMs: 900 },
          { id: FP8, e2eMs: 1500 },
          { id: LARGE, e2eMs: 2000 },
        ],
      },
    ]);
  });

  it('begins a new count with a new run', () => {
    const store = started([raceLane(SMALL, { status: 'done', e2eMs: 1 })]);
    store.receive({ type: 'delta', seq: 2, patch: { status: 'done', race: [] } });
    const { tally } = store;
    store.receive({ type: 'delta', seq: 3, patch: { status: 'running' } });
    assert.notEqual(store.tally, tally);
  });
});

describe('race', () => {
  const lane = (id: string, e2eMs: number, key = 'a') =>
    raceLane(id, { case: key, caseName: key, status: 'done', e2eMs });

  it('decides a case when all have ended, counts an error as no finish, and a repeat once', () => {
    const tally = new RaceTally();
    tally.note(lane('x', 100), ['x', 'y']);
    tally.note(lane('x', 5), ['x', 'y']);
    assert.equal(tally.results.length, 0);
    tally.note(raceLane('y', { case: 'a', status: 'error' }), ['x', 'y']);
    assert.deepEqual(tally.results[0]?.finishers, [{ id: 'x', e2eMs: 100 }]);
    tally.note(lane('x', 1), ['x', 'y']);
    tally.note(lane('y', 2), ['x', 'y']);
    assert.equal(tally.results.length, 1);
  });

  it('counts wins, of which a tie is none', () => {
    const tally = new RaceTally();
    for (const [key, x, y] of [
      ['a', 1, 2],
      ['b', 3, 3],
      ['c', 9, 4],
      ['d', 1, 4],
    ] as const) {
      tally.note(lane('x', x, key), ['x', 'y']);
      tally.note(lane('y', y, key), ['x', 'y']);
    }
    assert.deepEqual([...tally.wins()].sort(), [
      ['x', 2],
      ['y', 1],
    ]);
    assert.equal(winnerOf([]), null);
  });
});
