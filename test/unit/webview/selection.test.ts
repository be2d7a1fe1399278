import assert from 'node:assert/strict';
import type { RunPanelState } from '../../../src/protocol/run-panel';
import { resolveChoice, type Choice } from '../../../webview/run/selection';
import { RunStore } from '../../../webview/run/store';
import { result, runningState, runState, stage, target } from '../../webview/run-fixture';

const NOTHING: Choice = { target: null, stage: null };

function show(state: RunPanelState, choice: Choice = NOTHING, previous: Choice = NOTHING): (string | undefined)[] {
  const store = new RunStore();
  store.receive({ type: 'snapshot', seq: 0, state });
  const shown = resolveChoice(store.targets, choice, previous);
  return [shown?.target.id, shown?.stage?.data.name];
}

const passing = { results: [result('ttft.p99 <= 200ms', '/slo/0', { value: 100 })] };

describe('run panel: what is shown', () => {
  it('follows the stage that runs', () => {
    assert.deepEqual(show(runningState()), ['sim', 'steady chat']);
  });

  it('stays with what the reader chose', () => {
    assert.deepEqual(show(runningState(), { target: 'sim', stage: 'burst' }), ['sim', 'burst']);
  });

  it('ignores a choice that is no longer there', () => {
    assert.deepEqual(show(runningState(), { target: 'gone', stage: 'burst' }), ['sim', 'steady chat']);
  });

  it('opens a finished run at what went worst', () => {
    const good = target({ id: 'good', stages: [stage(passing)] });
    const bad = target({ id: 'bad', stages: [stage({ name: 'calm', ...passing }), stage({ name: 'rush' })] });
    assert.deepEqual(show(runState({ targets: [good, bad] })), ['bad', 'rush']);
  });

  it('does not jump when the run ends', () => {
    const stages = [stage({ name: 'rush' }), stage({ name: 'calm', ...passing })];
    assert.deepEqual(show(runState({ targets: [target({ stages })] }), NOTHING, { target: 'sim', stage: 'calm' }), [
      'sim',
      'calm',
    ]);
  });

  it('shows a target without stages, and nothing for a run without targets', () => {
    assert.deepEqual(show(runState({ targets: [target({ stages: [] })] })), ['sim', undefined]);
    assert.deepEqual(show(runState({ targets: [] })), [undefined, undefined]);
  });
});
