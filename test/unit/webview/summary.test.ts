import assert from 'node:assert/strict';
import type { RunPanelState } from '../../../src/protocol/run-panel';
import { RunStore } from '../../../webview/run/store';
import { keptSentence, overallProgress, summarize } from '../../../webview/run/summary';
import { result, runningState, runState, stage, target } from '../../webview/run-fixture';

function taken(state: RunPanelState) {
  const store = new RunStore();
  store.receive({ type: 'snapshot', seq: 0, state });
  assert.ok(store.head);
  return { head: store.head, targets: store.targets };
}

const say = (state: RunPanelState) => {
  const { head, targets } = taken(state);
  return summarize(head, targets);
};

describe('run panel: summary', () => {
  it('counts what was missed, what stayed open and the answers', () => {
    assert.equal(say(runState()), '1 of 4 SLOs missed and 1 inconclusive; 1 of 3 answers passed.');
  });

  it('counts a quality SLO once that its stage lists, too', () => {
    const slo = [result('quality.pass_rate >= 95%', '/slo/0', { value: 1, limit: 0.95 })];
    const quality = { passed: 3, failed: 0, errors: 0, skipped: 0, total: 3, slo };
    const stages = [stage({ name: 'cases', pattern: 'cases', results: slo })];
    assert.equal(say(runState({ targets: [target({ stages, quality })] })), 'The SLO is met; all 3 answers passed.');
  });

  it('says what is measured now and where that is in the run', () => {
    assert.equal(say(runningState()), 'Measuring steady chat on sim, stage 2 of 3.');
  });

  it('says so where a file has nothing to judge', () => {
    const quality = { passed: 0, failed: 0, errors: 0, skipped: 0, total: 0, slo: [] };
    const targets = [target({ stages: [stage({ results: [] })], quality, cases: [] })];
    assert.match(say(runState({ targets })), /^Nothing in this file/);
  });

  it('says what a run that broke off leaves behind', () => {
    assert.equal(keptSentence(taken(runState()).targets), 'Measured before and kept: 478 requests, 4 answers.');
    assert.equal(keptSentence([]), 'Nothing was measured before.');
  });

  it('weighs stages by their planned length', () => {
    const stages = [
      stage({ plannedMs: 10_000, status: 'done' }),
      stage({ name: 'b', plannedMs: 30_000, status: 'running', progress: 0.5 }),
      stage({ name: 'c', plannedMs: 60_000, status: 'waiting', progress: 0 }),
    ];
    assert.equal(overallProgress(taken(runState({ targets: [target({ stages })] })).targets), 0.25);
    assert.equal(overallProgress([]), 0);
  });
});
