import assert from 'node:assert/strict';
import type { EngineEvent } from '../../../src/protocol/events';
import type { CurvePoint, CurveResult, StageResult } from '../../../src/protocol/run-json';
import type { RunPlan } from '../../../src/protocol/plan';
import { progressText, RunProgress } from '../../../src/extension/engine/run-progress';
import { hoverMarkdown } from '../../../src/extension/language/hover-text';
import { lineEnds, nodeStatuses, summarize, type NodeStatus } from '../../../src/extension/language/line-ends';
import { mergeObservations } from '../../../src/extension/language/observations';
import { RunObserver } from '../../../src/extension/language/run-observer';
import { compact } from '../../../src/extension/webviews/delta-sender';
import { RunPanelModel } from '../../../src/extension/webviews/run-panel-state';
import { stateOfRun } from '../../../src/core/run-panel/state-of-run';
import { slo, stage, survey, tick, type FileSketch } from './support';

const FILE: FileSketch = {
  cases: [{ name: 'refund', assert: [] }],
  load: [{ name: 'knee', slo: ['itl <= 50ms'] }, { name: 'steady' }],
  slo: ['ttft <= 200ms'],
};

const EXPR = 'ttft.p99 <= 200ms';

function point(rate: number | null, verdict: CurvePoint['verdict'], ttft: number | null): CurvePoint {
  const name = rate === null ? 'knee sync' : `knee ${rate}/s`;
  return { stage: name, rate, rps: rate ?? 4, goodput: rate, verdict, values: { [EXPR]: ttft } };
}

function curve(part: Partial<CurveResult> = {}): CurveResult {
  return {
    stage: 'knee',
    pointer: '/load/0',
    kind: 'capacity',
    status: 'found',
    points: [point(16, 'pass', 120), point(64, 'fail', 460), point(32, 'pass', 180), point(45.25, 'fail', 231)],
    rate: 32,
    bracket: [32, 45.25],
    confidence: 'high',
    cost_per_good: 0.0021,
    conclusion: 'The SLOs are met up to 32/s; at 45.3/s they are not (ttft.p99 <= 200ms: 31 ms over).',
    verdict: 'pass',
    ...part,
  };
}

function step(rate: number, verdict: 'pass' | 'fail', part: Partial<StageResult> = {}): StageResult {
  return stage(`knee ${rate}/s`, '/load/0', [slo('/slo/0', { verdict }), slo('/load/0/slo/0', { verdict })], {
    part_of: 'knee',
    rate,
    ...part,
  });
}

const LIMITED: Partial<StageResult> = {
  client: { limited: true, event_loop_delay_p99_ms: 90, dispatch_lag_p99_ms: 80, cpu: 1, workers: 1 },
  flags: ['client_limited'],
};

function observed(part: Partial<CurveResult> = {}, steps: StageResult[] = [step(16, 'pass'), step(64, 'fail')]) {
  const file = survey(FILE);
  const observer = new RunObserver(file, 'now', true);
  for (const one of steps) observer.onStage('sim', one);
  observer.onCurve('sim', curve(part));
  return nodeStatuses(file, observer.observations);
}

const at = (statuses: NodeStatus[], pointer: string): NodeStatus | undefined =>
  statuses.find((status) => status.node.pointer === pointer);

describe('a curve at the line of its stage', () => {
  it('says the rate that the SLOs allow, what lies beyond it, and its price', () => {
    const status = at(observed(), '/load/0');
    assert.equal(status?.state, 'passed');
    assert.equal(status.text, '✓ 32/s meets the SLOs · at 45.3/s they are not met · $0.0021 a good request');
  });

  it('says what is missed where the lowest rate fails already', () => {
    const status = at(
      observed({
        status: 'fails_at_lowest',
        points: [point(2, 'fail', 231)],
        rate: null,
        bracket: [null, 2],
        cost_per_good: null,
        verdict: 'fail',
      }),
      '/load/0',
    );
    assert.equal(status?.state, 'failed');
    assert.equal(status.text, '✗ fails already at 2/s · ttft.p99 231 ms');
  });

  it('says from which rate on the client is the limit, with and without a rate that passes', () => {
    const limited = { status: 'client_limited', bracket: null, cost_per_good: null } as const;
    const steps = [step(400, 'pass', LIMITED), step(200, 'pass', LIMITED), step(100, 'pass')];
    const none = at(observed({ ...limited, rate: null, verdict: 'inconclusive' }, steps), '/load/0');
    assert.equal(none?.state, 'inconclusive');
    assert.equal(none.text, '~ the load client is the limit from 200/s on');
    const some = at(observed({ ...limited, rate: 100 }, steps), '/load/0');
    assert.equal(some?.text, '✓ 100/s meets the SLOs · the load client is the limit from 200/s on');
  });

  it('says how sure it is, and of a sweep what the next step said', () => {
    const unsure = at(observed({ confidence: 'low', cost_per_good: null }), '/load/0');
    assert.equal(unsure?.text, '✓ 32/s meets the SLOs · at 45.3/s they are not met · low confidence');
    const sweep = curve({ kind: 'sweep', status: 'done', bracket: null, confidence: 'low', cost_per_good: null });
    assert.equal(at(observed(sweep), '/load/0')?.text, '✓ 32/s meets the SLOs · at 45.3/s they are not met');
    const unjudged = { ...sweep, rate: null, conclusion: '4 steps were measured; no SLO is set for them.' };
    assert.equal(at(observed(unjudged), '/load/0')?.text, '✓ 4 steps were measured; no SLO is set for them');
  });

  it('names targets where there are several, the failed one first', () => {
    const file = survey(FILE);
    const observer = new RunObserver(file, 'now', true);
    observer.onCurve('large', curve());
    observer.onCurve(
      'small',
      curve({ status: 'fails_at_lowest', points: [point(2, 'fail', 231)], rate: null, bracket: null, verdict: 'fail' }),
    );
    const status = at(nodeStatuses(file, observer.observations), '/load/0');
    assert.equal(status?.state, 'failed');
    assert.equal(status.text, '✗ small: fails already at 2/s · ✓ large: 32/s meets the SLOs');
  });

  it('shows its points in the hover, by rate, with the conclusion and what is to be known of steps', () => {
    const status = at(observed({}, [step(16, 'pass', LIMITED), step(64, 'fail')]), '/load/0');
    const text = hoverMarkdown(status ?? assert.fail());
    assert.match(text, /The SLOs are met up to 32\/s/);
    const rows = text.split('\n').filter((line) => line.startsWith('| ') && line.includes('/s'));
    assert.deepEqual(
      rows.map((row) => row.split('|').map((cell) => cell.trim())[1]),
      ['16/s', '32/s', '45.3/s', '64/s'],
    );
    assert.match(rows[2] ?? '', /231 ms .*missed/);
    assert.match(text, /knee 16\/s: The load generator itself was the bottleneck/);
  });

  it('is stale once its stage is edited', () => {
    const file = survey(FILE);
    const observer = new RunObserver(file, 'now', true);
    observer.onStage('sim', step(64, 'fail'));
    observer.onCurve('sim', curve());
    const edited = survey({ ...FILE, load: [{ name: 'knee', rate: 9, slo: ['itl <= 50ms'] }, { name: 'steady' }] });
    const statuses = nodeStatuses(edited, observer.observations);
    assert.match(at(statuses, '/load/0')?.text ?? '', /^◌ stale · was 32\/s meets the SLOs/);
    assert.equal(at(statuses, '/slo/0'), undefined);
  });
});

describe('SLOs that were judged on steps', () => {
  it('are neither met nor missed, and say where the answer is', () => {
    const statuses = observed();
    for (const pointer of ['/slo/0', '/load/0/slo/0']) {
      assert.equal(at(statuses, pointer)?.state, 'noted');
      assert.equal(at(statuses, pointer)?.text, '→ judged at each step, see "knee"');
    }
    assert.deepEqual(summarize(statuses), { state: 'passed', text: '1 passed' });
  });

  it('are answered by the other stages that judge them', () => {
    const file = survey(FILE);
    const observer = new RunObserver(file, 'now', true);
    observer.onStage('sim', step(64, 'fail'));
    observer.onCurve('sim', curve());
    observer.onStage('sim', stage('steady', '/load/1', [slo('/slo/0')]));
    assert.match(at(nodeStatuses(file, observer.observations), '/slo/0')?.text ?? '', /^✓ 184 ms/);
  });

  it('leave the line to their stage where they share it', () => {
    const anchor = { start: { line: 3, character: 0 }, end: { line: 3, character: 1 } };
    const squeezed = observed().map((status) => ({ ...status, node: { ...status.node, anchor } }));
    assert.match(lineEnds(squeezed.filter(({ node }) => node.scope === 'stage:knee'))[0]?.text ?? '', /^✓ 32\/s/);
  });
});

describe('steps while they run', () => {
  it('are shown at the line of their stage, and are gone with the run', () => {
    const file = survey(FILE);
    const observer = new RunObserver(file, 'now', true);
    const running = { subjects: new Set(['stage:knee' as const]), at: 'now' };
    observer.onStep('sim', '/load/0', 'knee 16/s', 16);
    observer.onStage('sim', step(16, 'pass'));
    observer.onStep('sim', '/load/0', 'knee 32/s', 32);
    const live = nodeStatuses(file, mergeObservations([], observer.observations), running);
    assert.equal(at(live, '/load/0')?.text, '⋯ at 32/s · step 2');
    observer.settle();
    const ended = at(nodeStatuses(file, observer.observations), '/load/0');
    assert.equal(ended?.state, 'inconclusive');
    assert.equal(ended.text, '~ broken off after 1 step, no rate is known yet');
  });

  it('count towards the progress of their stage', () => {
    const sweep = { pattern: 'sweep', sweep: { from: 2, to: 8, steps: 4, auto: false } };
    const stages = [{ name: 'knee', rate: 1, durationMs: 10_000, ...sweep }];
    const plan = { targets: [{ id: 'sim', concurrency: 1, cases: [], stages }] } as unknown as RunPlan;
    const progress = new RunProgress(plan);
    assert.equal(progress.now.remainingMs, 40_000);
    progress.apply(started('knee 2/s', 2));
    progress.apply({ type: 'stage-finished', target: 'sim', stage: step(2, 'pass') });
    progress.apply(started('knee 4/s', 4));
    progress.apply(tick(1, 5000, [], { stage: 'knee 4/s', progress: 0.5, rps: 3.9 }));
    assert.equal(progressText(progress.now), '37% · at 4/s · 3.9/s · 25 s left');
    progress.apply({ type: 'curve', target: 'sim', curve: curve() });
    assert.equal(progressText(progress.now), '100% · 3.9/s · 0 s left');
  });

  it('never fill the progress of a search before its end', () => {
    const stages = [{ name: 'knee', rate: 1, durationMs: 1000, pattern: 'capacity', capacity: { precision: 0.5 } }];
    const plan = { targets: [{ id: 'sim', concurrency: 1, cases: [], stages }] } as unknown as RunPlan;
    const progress = new RunProgress(plan);
    let before = 0;
    for (let rate = 1; rate <= 20; rate++) {
      progress.apply(started(`knee ${rate}/s`, rate));
      progress.apply(tick(rate, 900, [], { stage: `knee ${rate}/s`, progress: 0.9 }));
      const { share, remainingMs } = progress.now;
      assert.ok(share < 1, `step ${rate}: ${share}`);
      assert.equal(remainingMs, null);
      if (rate <= 5) assert.ok(share > before);
      before = share;
      progress.apply({ type: 'stage-finished', target: 'sim', stage: step(rate, 'pass') });
    }
  });
});

describe('the run panel of a curve', () => {
  const STARTED: EngineEvent = {
    type: 'run-started',
    runId: 'r',
    dir: '/runs/r',
    name: 'chat',
    targets: [{ id: 'sim', endpoint: 'sim', model: 'm', prompt: 'default', stages: ['knee', 'steady'] }],
  };
  const plan = {
    confidence: 0.9,
    targets: [{ id: 'sim', cases: [], stages: [{ name: 'knee', pattern: 'capacity', slos: [] }] }],
  } as unknown as RunPlan;

  it('puts steps after their stage, with the level of the intervals and what a reader must know', () => {
    const model = new RunPanelModel();
    model.begin('chat', 'chat.eval.yaml', 'now', [], plan);
    model.apply([STARTED]);
    const changes = model.apply([
      started('knee 16/s', 16),
      { type: 'stage-finished', target: 'sim', stage: step(16, 'pass', LIMITED) },
      started('knee 32/s', 32),
    ]);
    const target = model.state.targets[0] ?? assert.fail();
    assert.deepEqual(
      target.stages.map(({ name, partOf, pattern, status }) => [name, partOf, pattern, status]),
      [
        ['knee', undefined, 'capacity', 'running'],
        ['knee 16/s', 'knee', 'poisson', 'done'],
        ['knee 32/s', 'knee', 'poisson', 'running'],
        ['steady', undefined, '', 'waiting'],
      ],
    );
    assert.match(target.stages[1]?.caveats?.[0] ?? '', /^The load generator itself was the bottleneck/);
    assert.equal(model.state.confidence, 0.9);
    const steps = compact(changes ?? []).filter(({ kind }) => kind === 'step');
    assert.deepEqual(
      steps.map((change) => change.kind === 'step' && [change.step.name, change.step.status]),
      [
        ['knee 16/s', 'waiting'],
        ['knee 32/s', 'waiting'],
      ],
    );
    const live = model.apply([tick(1, 5000, [], { stage: 'knee 32/s', progress: 0.5 })]);
    const share = target.stages[0]?.progress ?? 0;
    assert.ok(share > 0.1 && share < 0.2, String(share));
    assert.ok(live?.some((change) => change.kind === 'stage' && change.stage === 'knee'));
    const ended = model.apply([{ type: 'curve', target: 'sim', curve: curve() }]);
    assert.deepEqual(
      ended?.map(({ kind }) => kind),
      ['curve', 'stage'],
    );
    assert.equal(target.stages[0]?.status, 'done');
    assert.equal(target.curves?.[0]?.rate, 32);
  });

  it('is read from a stored run with its stage before its steps', () => {
    const stored = {
      confidence: 0.95,
      source: { path: 'chat.eval.yaml' },
      status: 'completed',
      targets: [{ id: 'sim', quality: null, curves: [curve()], stages: [step(16, 'pass'), step(64, 'fail')] }],
    } as unknown as Parameters<typeof stateOfRun>[0];
    const [target] = stateOfRun(stored, [], new Map()).targets;
    assert.deepEqual(
      target?.stages.map(({ name, pattern, partOf }) => [name, pattern, partOf]),
      [
        ['knee', 'capacity', undefined],
        ['knee 16/s', 'poisson', 'knee'],
        ['knee 64/s', 'poisson', 'knee'],
      ],
    );
  });
});

function started(name: string, rate: number): EngineEvent {
  return {
    type: 'stage-started',
    target: 'sim',
    stage: name,
    partOf: 'knee',
    pattern: 'poisson',
    plannedMs: 10_000,
    plannedRequests: null,
    warmupMs: 0,
    cooldownMs: 0,
    rate,
    slos: [],
  };
}
