import assert from 'node:assert/strict';
import { LiveComparison } from '../../../src/core/compare/panel-live';
import { caseGrid } from '../../../src/core/compare/panel-cases';
import { entriesOf } from '../../../src/core/compare/panel-source';
import type { EngineEvent } from '../../../src/protocol/events';
import type { RaceLane } from '../../../src/protocol/compare-panel';
import { assertion, record, slo, stage } from '../extension/support';
import { NO_CHOICES, panelNumbers, type PanelNumbers } from '../../../src/core/compare/panel-state';
import { PanelTests } from '../../../src/core/compare/panel-tests';
import type { PanelSource } from '../../../src/core/compare/panel-source';
import { removeTempDirs } from '../support/temp';
import { OPTIONS, rowOf, settled, storedRun } from './panel-support';
import { wholePlan } from '../merge/simulated';

function live(): LiveComparison {
  return new LiveComparison({ ...wholePlan('/runs/live'), runId: 'live' }, '2026-01-01T00:00:00.000Z');
}

function delta(target: string, index: number, text: string, sinceSentMs: number): EngineEvent {
  return { type: 'answer-delta', target, case: `/cases/${index}`, repeat: 0, text, sinceSentMs };
}

function finished(target: string, index: number, durationMs = 500): EngineEvent {
  const answered = record(`/cases/${index}`, `Case ${index}`, [assertion('/a')], {
    target,
    case_id: `case ${index}`,
    request: `${target}/cases/${index}`,
  });
  return { type: 'case-finished', record: answered, durationMs };
}

function laneOf({ race }: LiveComparison, target: string): RaceLane {
  const lane = race.find(({ id }) => id === `live/${target}`);
  if (lane === undefined) throw new Error(`No lane of ${target}.`);
  return lane;
}

describe('a comparison that is live', () => {
  let whole: PanelSource;

  before(async () => {
    whole = await storedRun('run-whole', 3);
  });
  after(removeTempDirs);

  it('has every contender and every case from the start', () => {
    const run = live();
    assert.deepEqual(
      run.race.map(({ id, status }) => [id, status]),
      [
        ['live/alpha', 'waiting'],
        ['live/beta', 'waiting'],
      ],
    );
    const entries = entriesOf([run.source]);
    const { cases, text } = caseGrid(entries, run.planned, run.running);
    assert.equal(text, undefined);
    assert.equal(cases.length, 14);
    assert.ok(cases.every(({ cells }) => cells.every((cell) => cell === null)));
    assert.equal(run.source.targets[0]?.verdict, null);
  });

  it('races: a lane shows one answer until its end, then the next one from its beginning', () => {
    const run = live();
    run.apply([delta('alpha', 0, 'One', 80), delta('alpha', 1, 'Two', 90), delta('alpha', 0, ' more', 100)]);
    const lane = laneOf(run, 'alpha');
    assert.deepEqual([lane.case, lane.text, lane.ttftMs, lane.chunks], ['case 0', 'One more', 80, 2]);
    assert.equal(lane.status, 'streaming');
    assert.equal(laneOf(run, 'beta').status, 'waiting');
    const { streams } = run.apply([finished('alpha', 0, 480), delta('alpha', 1, '!', 120)]);
    assert.deepEqual(streams, [
      { id: 'live/alpha', text: '', patch: { status: 'done', e2eMs: 480 } },
      {
        id: 'live/alpha',
        text: 'Two!',
        patch: { case: 'case 1', caseName: 'Case 1', ttftMs: 90, chunks: 2, status: 'streaming', e2eMs: null },
        start: true,
      },
    ]);
    assert.equal(laneOf(run, 'alpha').text, 'Two!');
  });

  it('lets answers of before race again, as fast as they came, beside the target that is answering now', () => {
    const run = live();
    run.apply([delta('alpha', 0, 'Fast', 50), delta('alpha', 0, ' one', 90), finished('alpha', 0, 100)]);
    run.apply([delta('alpha', 1, 'Another', 40), finished('alpha', 1, 60)]);
    // Beta asks the same first case; what alpha had said by then is there with it.
    run.apply([delta('beta', 0, 'Slow', 70)]);
    const again = laneOf(run, 'alpha');
    assert.deepEqual([again.case, again.text, again.ttftMs, again.status], ['case 0', 'Fast', 50, 'streaming']);
    const { streams } = run.apply([delta('beta', 0, ' one', 120)]);
    assert.deepEqual(streams, [
      { id: 'live/beta', text: ' one', patch: { chunks: 2 } },
      { id: 'live/alpha', text: ' one', patch: { chunks: 2, ttftMs: 50, status: 'done', e2eMs: 100 } },
    ]);
    run.apply([finished('beta', 0, 150), delta('beta', 1, 'x', 10)]);
    // The slower of the two is shown as it ended once the live one has.
    assert.deepEqual([laneOf(run, 'alpha').status, laneOf(run, 'alpha').text], ['waiting', '']);
    run.apply([finished('beta', 1, 20)]);
    const slower = laneOf(run, 'alpha');
    assert.deepEqual([slower.status, slower.text, slower.e2eMs], ['done', 'Another', 60]);
    // A target that answers something of its own is left alone.
    run.apply([delta('beta', 2, 'b', 5), finished('beta', 2), delta('alpha', 3, 'own', 5), delta('alpha', 2, 'a', 5)]);
    assert.equal(laneOf(run, 'alpha').case, 'case 3');
    assert.equal(laneOf(run, 'alpha').text, 'own');
  });

  it('takes the true time to the first token from the request, once it is known', () => {
    const run = live();
    run.apply([delta('alpha', 0, 'One', 80), finished('alpha', 0)]);
    const point = { t: 1, ttft: 71.5, itl: 1, itlMax: 1, e2e: 400, warmup: false, ok: true, request: 'alpha/cases/0' };
    run.apply([{ type: 'tick', target: 'alpha', stage: 'cases', points: [point] } as unknown as EngineEvent]);
    assert.equal(laneOf(run, 'alpha').ttftMs, 71.5);
  });

  it('fills cells as cases finish, and says which are being answered', () => {
    const run = live();
    const change = run.apply([delta('alpha', 1, 'T', 10), finished('alpha', 0)]);
    assert.deepEqual([change.cases, change.numbers], [true, false]);
    const { cases } = caseGrid(entriesOf([run.source]), run.planned, run.running);
    const states = cases.map(({ cells }) => cells.map((cell) => cell?.state ?? null));
    assert.deepEqual(states.slice(0, 3), [
      ['passed', null],
      ['running', null],
      [null, null],
    ]);
  });

  it('has rows when a stage ends', () => {
    const run = live();
    const metrics = { ttft: { unit: 'ms', n: 80, mean: 90, stdev: 1, min: 80, p50: 90, p99: 120, max: 130 } };
    const result = stage('slow', '/load/0', [slo('/load/0/slo/0')], { metrics } as never);
    const change = run.apply([{ type: 'stage-finished', target: 'alpha', stage: result }]);
    assert.equal(change.numbers, true);
    const state = settled([run.source]);
    assert.equal(rowOf(state, 'ttft.p50').cells[0]?.value, 90);
    assert.equal(rowOf(state, 'ttft.p50').cells[1]?.value, null);
    assert.equal(state.contenders.length, 2);
  });

  it('has the rows of its plan from the start, and fills them without adding any', () => {
    const run = live();
    const numbers = () =>
      panelNumbers({
        ...{ sources: [run.source], choices: NO_CHOICES, tests: new PanelTests(OPTIONS), confidence: 0.95 },
        awaited: run.awaited,
      });
    const names = ({ sections }: PanelNumbers) =>
      sections.flatMap(({ kind, rows }) => rows.map(({ metric, stat }) => [kind, metric, stat].join(' ')));
    const before = numbers();
    assert.deepEqual(
      before.sections.map(({ kind }) => kind),
      ['quality', 'latency', 'rates', 'cost'],
    );
    for (const name of ['quality quality.pass_rate ', 'latency ttft p90', 'latency ttft p99', 'cost cost.per_good '])
      assert.ok(names(before).includes(name), `${name} is not among ${names(before).join(', ')}`);
    assert.ok(
      before.sections.every(({ rows }) => rows.every(({ cells }) => cells.every(({ value }) => value === null))),
    );
    assert.equal(rowOf(before, 'ttft.p90').conclusion, 'not measured yet');
    const metrics = { ttft: { unit: 'ms', n: 80, mean: 90, stdev: 1, min: 80, p50: 90, p90: 99, p99: 120, max: 130 } };
    const result = stage('slow', '/load/0', [slo('/load/0/slo/0')], { metrics } as never);
    run.apply([{ type: 'stage-finished', target: 'alpha', stage: result }]);
    const after = numbers();
    assert.deepEqual(names(after), names(before));
    assert.equal(rowOf(after, 'ttft.p90').cells[0]?.value, 99);
    assert.equal(rowOf(after, 'ttft.p90').conclusion, 'only alpha has it yet');
    // Nor does the end add a row, but for that of cases whose repeats disagree.
    const added = names(settled([whole])).filter((name) => !names(before).includes(name));
    assert.deepEqual(added, ['quality quality.flake_rate ']);
  });

  it('awaits only what its plan measures', () => {
    const plan = wholePlan('/runs/live');
    const targets = plan.targets.map((target) => ({
      ...target,
      ...{ cases: [], caseSlos: [], endpoint: { ...target.endpoint, price: undefined } },
    }));
    const { awaited } = new LiveComparison({ ...plan, targets }, '2026-01-01T00:00:00.000Z');
    assert.deepEqual(awaited.kinds, ['latency', 'rates']);
    assert.ok(awaited.slos.every((expr) => expr === 'ttft.p99 <= 400ms'));
  });

  it('cuts what a lane shows', () => {
    const run = live();
    for (let i = 0; i < 20; i++) run.apply([delta('alpha', 0, 'x'.repeat(1_000), 10)]);
    assert.ok(laneOf(run, 'alpha').text.length <= 8_000);
    assert.equal(laneOf(run, 'alpha').chunks, 20);
  });
});
