import assert from 'node:assert/strict';
import type { RunPanelState } from '../../../src/protocol/run-panel';
import { caveatsOf } from '../../../webview/run/caveat-model';
import { curveOf, wholeOf, type CurveModel } from '../../../webview/run/curve-model';
import { resolveChoice } from '../../../webview/run/selection';
import { RunStore } from '../../../webview/run/store';
import { overallProgress, summarize } from '../../../webview/run/summary';
import {
  capacityState,
  curve,
  phases,
  probe,
  PROBES,
  runState,
  stage,
  target,
  wholeStage,
} from '../../webview/run-fixture';

const NOTHING = { target: null, stage: null };

function taken(state: RunPanelState): RunStore {
  const store = new RunStore();
  store.receive({ type: 'snapshot', seq: 0, state });
  return store;
}

function modelOf(state: RunPanelState): CurveModel {
  const store = taken(state);
  const [one] = store.targets;
  const whole = one?.stages.find(({ data }) => data.name === 'knee');
  assert.ok(one !== undefined && whole !== undefined);
  return curveOf(one, whole, store.head?.metrics);
}

const searching = (done: number): RunPanelState =>
  runState({
    status: 'running',
    verdict: null,
    targets: [
      target({
        stages: [
          stage({ name: 'warm' }),
          wholeStage({ status: 'running', progress: 0.4 }),
          ...PROBES.slice(0, done).map((_, i) => probe(i)),
          ...(done < PROBES.length ? [probe(done, { status: 'running', result: null, progress: 0.5 })] : []),
        ],
        cases: [],
      }),
    ],
  });

describe('run panel: curve', () => {
  it('has the steps by rate, what ends them, and the conclusion', () => {
    const model = modelOf(capacityState());
    assert.deepEqual(
      model.steps.map(({ rate }) => rate),
      [8, 16, 32, 38.05, 45.25, 64],
    );
    assert.equal(model.binding, 'ttft.p99 <= 200ms');
    assert.equal(model.rate, 32);
    assert.equal(model.heading, curve().conclusion);
    assert.deepEqual(
      model.slos.map(({ subject, limit, unit }) => [subject, limit, unit]),
      [
        ['ttft.p99', 200, 'ms'],
        ['itl.p99', 50, 'ms'],
      ],
    );
  });

  it('grows while its steps run, and vouches for no rate above one that failed', () => {
    assert.equal(modelOf(searching(0)).heading, 'Looking for the highest rate that meets the SLOs.');
    const early = modelOf(searching(3));
    assert.deepEqual([early.steps.length, early.rate], [3, 32]);
    assert.equal(early.heading, 'So far the SLOs are met up to 32/s.');
    const failed = searching(4);
    const [, , low] = failed.targets[0]?.stages ?? [];
    if (low?.result != null) low.result.slo = low.result.slo.map((slo) => ({ ...slo, verdict: 'fail' as const }));
    assert.equal(modelOf(failed).rate, null);
  });

  it('is found from each of its steps, and from no other stage', () => {
    const store = taken(capacityState());
    const [one] = store.targets;
    assert.ok(one !== undefined);
    const names = one.stages.map((candidate) => wholeOf(one, candidate)?.data.name);
    assert.deepEqual(names, [undefined, ...Array<string>(7).fill('knee')]);
  });

  it('is shown at the end in place of the step that ran last, unless the reader chose one', () => {
    const running = taken(searching(2));
    const during = resolveChoice(running.targets, NOTHING, NOTHING);
    assert.equal(during?.stage?.data.name, 'knee 32/s');
    const { targets } = taken(capacityState());
    const previous = { target: 'sim', stage: 'knee 32/s' };
    assert.equal(resolveChoice(targets, NOTHING, previous)?.stage?.data.name, 'knee');
    assert.equal(resolveChoice(targets, previous, previous)?.stage?.data.name, 'knee 32/s');
  });

  it('does not open at a step that missed an SLO', () => {
    const { targets } = taken(capacityState());
    assert.equal(resolveChoice(targets, NOTHING, NOTHING)?.stage?.data.name, 'steady chat');
    const failed = taken(capacityState());
    for (const one of failed.targets) one.curves = [curve({ verdict: 'fail', rate: null })];
    assert.equal(resolveChoice(failed.targets, NOTHING, NOTHING)?.stage?.data.name, 'knee');
  });

  it('is counted in the summary once, and its steps are not', () => {
    const store = taken(capacityState());
    assert.ok(store.head);
    assert.equal(summarize(store.head, store.targets), 'All 2 SLOs are met; up to 32/s meets the SLOs of knee.');
    const running = taken(searching(2));
    assert.ok(running.head);
    assert.equal(summarize(running.head, running.targets), 'Measuring knee 32/s on sim, stage 2 of 2.');
    assert.equal(overallProgress(running.targets), 0.7);
  });

  it('takes steps, curve and phases as they come', () => {
    const store = taken(searching(1));
    const received = store.receive({
      type: 'delta',
      seq: 1,
      changes: [
        { kind: 'step', target: 'sim', step: probe(2, { status: 'waiting', result: null }) },
        { kind: 'stage', target: 'sim', stage: 'knee 32/s', patch: { status: 'running' } },
        { kind: 'curve', target: 'sim', curve: curve() },
        { kind: 'phases', target: 'sim', phases: phases() },
      ],
    });
    assert.equal(received, 'applied');
    const [one] = store.targets;
    assert.deepEqual(
      one?.stages.map(({ data }) => data.name),
      ['warm', 'knee', 'knee 8/s', 'knee 16/s', 'knee 32/s'],
    );
    assert.equal(one.curves.length, 1);
    assert.equal(one.phases?.bound, 'decode-bound');
  });

  it('says remarks on steps once, with the steps that they are true of', () => {
    const { targets } = taken(capacityState());
    const shown = resolveChoice(targets, { target: 'sim', stage: 'knee' }, NOTHING);
    assert.ok(shown);
    const [only, ...others] = caveatsOf(shown);
    assert.match(only ?? '', /^knee 64\/s and knee 45\.25\/s: The load generator itself/);
    assert.deepEqual(others, []);
  });
});
