import assert from 'node:assert/strict';
import { mergeObservations, type Observation } from '../../../src/extension/language/observations';
import { placeObservations } from '../../../src/extension/language/place-observations';
import { RunObserver } from '../../../src/extension/language/run-observer';
import { lineEnds, nodeStatuses, summarize } from '../../../src/extension/language/line-ends';
import type { Survey } from '../../../src/extension/language/survey';
import { assertion, record, slo, stage, survey, type FileSketch } from './support';

const FILE: FileSketch = {
  prompt: 'Answer {{q}}',
  cases: [
    { name: 'refund', vars: { q: 1 }, assert: [{ contains: '30 days' }, { contains: 'refund' }] },
    { name: 'shipping', vars: { q: 2 }, assert: [{ contains: 'Friday' }] },
  ],
  load: [{ name: 'steady', rate: 8, slo: ['itl <= 50ms'] }],
  slo: ['ttft <= 200ms'],
};

function observe(file: Survey, at = '2026-01-01T00:00:00.000Z'): RunObserver {
  const observer = new RunObserver(file, at, true);
  for (const outcome of ['passed', 'failed', 'failed'] as const) {
    observer.onCase(
      record('/cases/0', 'refund', [
        assertion('/cases/0/assert/0', {
          outcome,
          ...(outcome === 'failed' ? { expected: '30 days', reason: 'The answer does not contain it.' } : {}),
        }),
        assertion('/cases/0/assert/1'),
      ]),
    );
  }
  observer.onCase(record('/cases/1', 'shipping', [assertion('/cases/1/assert/0')]));
  observer.onStage(
    'sim',
    stage('steady', '/load/0', [
      slo('/load/0/slo/0', { expr: 'itl.p99 <= 50ms', value: 21, limit: 50, ci: null }),
      slo('/slo/0', { value: 231, verdict: 'fail', reason: '31 ms over' }),
    ]),
  );
  return observer;
}

function texts(file: Survey, observations: Observation[]): Record<string, string> {
  return Object.fromEntries(nodeStatuses(file, observations).map((status) => [status.node.pointer, status.text]));
}

describe('observations', () => {
  it('finds what is found of the rows of a dataset at the dataset, and calls none of it flaky', () => {
    const file = survey({ prompt: 'Answer {{q}}', dataset: 'rows.csv', assert: [{ contains: 'yes' }] });
    const observer = new RunObserver(file, '2026-01-01T00:00:00.000Z', true);
    for (const [row, outcome] of (['passed', 'failed', 'passed'] as const).entries()) {
      const pointer = `/dataset#${row + 1}`;
      const reason = 'does not contain "yes"';
      const found = [assertion('/assert/0', { outcome, reason }), assertion(`${pointer}/assert/0`)];
      observer.onCase(record(pointer, `row ${row + 1}`, found, { outcome }));
    }
    const shown = texts(file, observer.observations);
    assert.equal(shown['/dataset'], '✗ 2/3 rows passed');
    assert.equal(shown['/assert/0'], '✗ 2/3 failed · row 2: does not contain "yes"');
  });

  it('answers each assertion, case, stage and SLO at its place', () => {
    const file = survey(FILE);
    const shown = texts(file, observe(file).observations);
    assert.equal(shown['/cases/0/assert/0'], '✗ 1/3 flaky · expected "30 days"');
    assert.equal(shown['/cases/0/assert/1'], '✓ 3/3');
    assert.equal(shown['/cases/0'], '✗ 1/3 flaky');
    assert.equal(shown['/cases/1'], '✓ passed');
    assert.match(shown['/slo/0'] ?? '', /^✗ 231 ms/);
    assert.match(shown['/load/0/slo/0'] ?? '', /^✓ 21/);
    assert.match(shown['/load/0'] ?? '', /^✓ done/);
  });

  it('keeps results with their case when another is inserted above', () => {
    const before = survey(FILE);
    const { observations } = observe(before);
    const cases = FILE.cases ?? [];
    const after = survey({ ...FILE, cases: [{ name: 'new', vars: {}, assert: [{ contains: 'x' }] }, ...cases] });
    const shown = texts(after, observations);
    assert.equal(shown['/cases/0'], undefined);
    assert.equal(shown['/cases/0/assert/0'], undefined);
    assert.equal(shown['/cases/1/assert/0'], '✗ 1/3 flaky · expected "30 days"');
    assert.equal(shown['/cases/2/assert/0'], '✓ passed');
    // The load draws its prompts from the cases, and there is one more of them now.
    assert.match(shown['/slo/0'] ?? '', /^◌ stale · was 231 ms/);
  });

  it('dims an edited assertion alone, with what it was', () => {
    const { observations } = observe(survey(FILE));
    const edited = structuredClone(FILE);
    edited.cases?.[0]?.assert?.splice(0, 1, { contains: '60 days' });
    const shown = texts(survey(edited), observations);
    assert.equal(shown['/cases/0/assert/0'], '◌ stale · was 1/3 flaky · expected "30 days"');
    assert.equal(shown['/cases/0/assert/1'], '✓ 3/3');
    assert.match(shown['/slo/0'] ?? '', /^✗/);
  });

  it('follows an assertion that moved within its case', () => {
    const { observations } = observe(survey(FILE));
    const moved = structuredClone(FILE);
    moved.cases?.[0]?.assert?.reverse();
    const shown = texts(survey(moved), observations);
    assert.equal(shown['/cases/0/assert/0'], '✓ 3/3');
    assert.equal(shown['/cases/0/assert/1'], '✗ 1/3 flaky · expected "30 days"');
  });

  it('dims everything when the prompt changes, and one case when its variables do', () => {
    const { observations } = observe(survey(FILE));
    const all = nodeStatuses(survey({ ...FILE, prompt: 'Other' }), observations);
    assert.ok(all.length > 0);
    assert.ok(all.every((status) => status.state === 'stale'));
    const edited = structuredClone(FILE);
    if (edited.cases?.[0] !== undefined) edited.cases[0].vars = { q: 3 };
    const shown = texts(survey(edited), observations);
    assert.match(shown['/cases/0'] ?? '', /^◌/);
    assert.equal(shown['/cases/1'], '✓ passed');
  });

  it('forgets results whose place is gone', () => {
    const { observations } = observe(survey(FILE));
    const shown = placeObservations(survey({ ...FILE, cases: [], slo: [] }), observations);
    assert.deepEqual([...shown.keys()].map((node) => node.pointer).sort(), ['/load/0', '/load/0/slo/0']);
  });

  it('replaces what was run and keeps the rest', () => {
    const file = survey(FILE);
    const first = observe(file).observations;
    const rerun = new RunObserver(file, '2026-01-02T00:00:00.000Z', false);
    rerun.onCase(record('/cases/0', 'refund', [assertion('/cases/0/assert/0'), assertion('/cases/0/assert/1')]));
    const shown = texts(file, mergeObservations(first, rerun.observations));
    assert.equal(shown['/cases/0/assert/0'], '✓ passed');
    assert.equal(shown['/cases/1'], '✓ passed');
    assert.match(shown['/slo/0'] ?? '', /^✗ 231 ms/);
  });

  it('does not judge the whole file by a part of its cases', () => {
    const file = survey({ ...FILE, load: [] });
    const partial = new RunObserver(file, 'now', false);
    const none = {
      cases: 1,
      passed: 1,
      failed: 0,
      errors: 0,
      skipped: 0,
      pass_rate: 1,
      ci: null,
      score: 1,
      flake_rate: null,
    };
    partial.onQuality('sim', { ...none, slo: [slo('/slo/0')] });
    partial.onStage('sim', stage('cases', null, [slo('/slo/0')]));
    assert.deepEqual(partial.observations, []);
  });

  it('drops values that were provisional when the run ended', () => {
    const file = survey(FILE);
    const observer = new RunObserver(file, 'now', true);
    observer.onProvisional('sim', 'steady', '/load/0', [slo('/slo/0')]);
    assert.equal(observer.observations.length, 1);
    observer.settle();
    assert.deepEqual(observer.observations, []);
  });

  it('says what could not be evaluated or was skipped, and never counts it as passed', () => {
    const file = survey(FILE);
    const observer = new RunObserver(file, 'now', true);
    observer.onCase(
      record(
        '/cases/0',
        'refund',
        [
          assertion('/cases/0/assert/0', { outcome: 'error', reason: 'The judge did not answer.' }),
          assertion('/cases/0/assert/1', { outcome: 'skipped', reason: 'not supported yet' }),
        ],
        { outcome: 'error', reason: 'The judge did not answer.' },
      ),
    );
    const shown = texts(file, observer.observations);
    assert.equal(shown['/cases/0/assert/0'], '! not evaluated · The judge did not answer.');
    assert.equal(shown['/cases/0/assert/1'], '○ skipped · not supported yet');
    assert.match(shown['/cases/0'] ?? '', /^! no answer/);
    assert.notEqual(summarize(nodeStatuses(file, observer.observations))?.state, 'passed');
  });

  it('names targets where several are measured, the missed one first', () => {
    const file = survey(FILE);
    const observer = new RunObserver(file, 'now', true);
    observer.onStage('small', stage('steady', '/load/0', [slo('/slo/0', { value: 84 })]));
    observer.onStage(
      'large',
      stage('steady', '/load/0', [slo('/slo/0', { value: 620, verdict: 'fail', reason: '420 ms over' })]),
    );
    const status = nodeStatuses(file, observer.observations).find((item) => item.node.pointer === '/slo/0');
    assert.equal(status?.state, 'failed');
    assert.match(status.text, /^✗ large 620 ms.* · ✓ small 84(\.0)? ms$/);
    observer.onStage('small', stage('steady', '/load/0', [slo('/slo/0', { value: 84, verdict: 'inconclusive' })]));
    const limited = nodeStatuses(file, observer.observations).find((item) => item.node.pointer === '/slo/0');
    assert.match(limited?.text ?? '', / · ~ small 84(\.0)? ms undecided$/);
  });

  it('names the target whose answer failed where several answered the same case', () => {
    const file = survey(FILE);
    const observer = new RunObserver(file, 'now', true);
    for (const target of ['small', 'large']) {
      const outcome = target === 'small' ? 'failed' : 'passed';
      const result = assertion('/cases/1/assert/0', {
        outcome,
        ...(outcome === 'failed' ? { expected: 'Friday' } : {}),
      });
      observer.onCase(record('/cases/1', 'shipping', [result], { target }));
    }
    assert.equal(texts(file, observer.observations)['/cases/1/assert/0'], '✗ 1/2 failed · small: expected "Friday"');
  });

  it('shows a miss of severity warning as a warning', () => {
    const file = survey(FILE);
    const observer = new RunObserver(file, 'now', true);
    observer.onStage(
      'sim',
      stage('steady', '/load/0', [slo('/slo/0', { verdict: 'fail', severity: 'warning', value: 231 })]),
    );
    const status = nodeStatuses(file, observer.observations).find((item) => item.node.pointer === '/slo/0');
    assert.equal(status?.state, 'warning');
  });
});

describe('line ends', () => {
  it('shows provisional values of this run while it goes on, not those of the last one', () => {
    const file = survey(FILE);
    const before = observe(file, 'yesterday').observations;
    const running = { subjects: new Set(['stage:steady' as const]), at: 'now' };
    const waiting = nodeStatuses(file, before, running).find((item) => item.node.pointer === '/slo/0');
    assert.equal(waiting?.text, '⋯ running');
    const observer = new RunObserver(file, 'now', true);
    observer.onProvisional('sim', 'steady', '/load/0', [slo('/slo/0', { value: 150 })]);
    const live = nodeStatuses(file, mergeObservations(before, observer.observations), running);
    const status = live.find((item) => item.node.pointer === '/slo/0');
    assert.equal(status?.state, 'running');
    assert.match(status.text, /^⋯ so far ✓ 150 ms/);
    assert.equal(live.find((item) => item.node.pointer === '/cases/1')?.text, '✓ passed');
  });

  it('joins what shares a line and leaves out the parent that repeats it', () => {
    const file = survey(FILE);
    const statuses = nodeStatuses(file, observe(file).observations);
    const anchor = { start: { line: 7, character: 0 }, end: { line: 7, character: 1 } };
    const squeezed = statuses
      .filter((status) => status.node.scope === 'case:refund')
      .map((status) => ({ ...status, node: { ...status.node, anchor } }));
    const [only, ...others] = lineEnds(squeezed);
    assert.deepEqual(others, []);
    assert.equal(only?.line, 7);
    assert.equal(only.state, 'failed');
    assert.equal(only.text, '✗ 1/3 flaky · expected "30 days" │ ✓ 3/3');
  });

  it('keeps texts on one line and short', () => {
    const file = survey(FILE);
    const observer = new RunObserver(file, 'now', true);
    observer.onCase(
      record('/cases/1', 'shipping', [
        assertion('/cases/1/assert/0', { outcome: 'failed', reason: `line one\nline two ${'x'.repeat(500)}` }),
      ]),
    );
    for (const { text } of lineEnds(nodeStatuses(file, observer.observations))) {
      assert.ok(text.length < 100);
      assert.ok(!text.includes('\n'));
    }
  });

  it('sums up a file', () => {
    const file = survey(FILE);
    assert.equal(summarize([]), null);
    const { state, text } = summarize(nodeStatuses(file, observe(file).observations)) ?? {};
    assert.equal(state, 'failed');
    assert.equal(text, '2 of 5 failed');
  });
});
