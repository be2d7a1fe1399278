import assert from 'node:assert/strict';
import type { EngineEvent } from '../../../src/protocol/events';
import type { RunPlan } from '../../../src/protocol/plan';
import { progressText, RunProgress } from '../../../src/extension/engine/run-progress';
import { isLoopback, originOf } from '../../../src/extension/endpoints/hosts';
import { stage, tick } from './support';

function plan(parts: { cases: number; stages: { name: string; durationMs?: number; requests?: number }[] }): RunPlan {
  return {
    targets: [
      {
        id: 'sim',
        concurrency: 2,
        cases: Array.from({ length: parts.cases }, () => ({ repeat: 1 })),
        stages: parts.stages.map((item) => ({ rate: 8, ...item })),
      },
    ],
  } as unknown as RunPlan;
}

const started = (name: string, plannedMs: number | null): EngineEvent => ({
  type: 'stage-started',
  target: 'sim',
  stage: name,
  pattern: 'poisson',
  plannedMs,
  plannedRequests: null,
  warmupMs: 0,
  cooldownMs: 0,
  rate: 8,
  slos: [],
});

describe('RunProgress', () => {
  it('knows share and remaining time of stages with a duration', () => {
    const progress = new RunProgress(
      plan({
        cases: 0,
        stages: [
          { name: 'a', durationMs: 10_000 },
          { name: 'b', durationMs: 30_000 },
        ],
      }),
    );
    assert.deepEqual(progress.now, { share: 0, stage: '', target: '', rps: 0, remainingMs: 40_000 });
    progress.apply(started('a', 10_000));
    progress.apply(tick(1, 5000, [], { stage: 'a', progress: 0.5, rps: 7.96 }));
    assert.equal(progress.now.share, 0.125);
    assert.equal(progress.now.remainingMs, 35_000);
    assert.equal(progressText(progress.now), '12% · 7.96/s · 35 s left');
    progress.apply({ type: 'stage-finished', target: 'sim', stage: stage('a', '/load/0', []) });
    assert.equal(progress.now.share, 0.25);
    progress.apply(started('b', 30_000));
    progress.apply({ type: 'stage-finished', target: 'sim', stage: stage('b', '/load/1', []) });
    assert.equal(progress.now.share, 1);
    assert.equal(progress.now.remainingMs, 0);
  });

  it('of targets side by side waits for the slowest, and adds up their rates', () => {
    const one = plan({ cases: 0, stages: [{ name: 'a', durationMs: 10_000 }] });
    const other = plan({ cases: 0, stages: [{ name: 'a', durationMs: 30_000 }] });
    const targets = [...one.targets, ...other.targets.map((target) => ({ ...target, id: 'other' }))];
    const sideBySide = new RunProgress({ ...one, targets, interleave: true });
    const inTurn = new RunProgress({ ...one, targets });
    for (const progress of [sideBySide, inTurn]) {
      progress.apply(started('a', 10_000));
      progress.apply({ ...started('a', 30_000), target: 'other' } as EngineEvent);
      progress.apply(tick(1, 5000, [], { stage: 'a', progress: 0.5, rps: 4 }));
      progress.apply({ ...tick(1, 5000, [], { stage: 'a', progress: 0.1, rps: 2 }), target: 'other' });
    }
    assert.equal(sideBySide.now.remainingMs, 27_000);
    assert.equal(inTurn.now.remainingMs, 32_000);
    assert.equal(sideBySide.now.rps, 6);
    sideBySide.apply({ type: 'target-finished', target: 'sim' });
    assert.equal(sideBySide.now.rps, 2);
  });

  it('extrapolates what has no duration, but not from its first answer', () => {
    const progress = new RunProgress(plan({ cases: 20, stages: [] }));
    assert.equal(progress.now.remainingMs, null);
    progress.apply(started('cases', null));
    progress.apply(tick(1, 500, [], { stage: 'cases', progress: 0.05 }));
    assert.equal(progress.now.remainingMs, null);
    progress.apply(tick(2, 2000, [], { stage: 'cases', progress: 0.25 }));
    assert.equal(progress.now.remainingMs, 6000);
    assert.equal(progress.now.share, 0.25);
  });

  it('is not thrown off by a stage that the plan does not have', () => {
    const progress = new RunProgress(plan({ cases: 0, stages: [] }));
    progress.apply(tick(1, 100, [], { stage: 'other' }));
    assert.equal(progress.now.share, 0);
    assert.equal(progressText(progress.now), '0% · 0 s left');
  });

  it('shows long times in minutes', () => {
    assert.equal(
      progressText({ share: 0.5, stage: '', target: '', rps: 0, remainingMs: 125_000 }),
      '50% · 2 min 5 s left',
    );
  });
});

describe('hosts', () => {
  it('knows this machine from others', () => {
    for (const url of ['http://localhost:8000/v1', 'http://127.0.0.1:1', 'http://127.8.9.1/', 'http://[::1]:80']) {
      assert.equal(isLoopback(originOf(url) ?? 'http://none'), true, url);
    }
    for (const url of [
      'https://api.example.com/v1',
      'http://127.0.0.1.example.com',
      'http://10.0.0.1',
      'http://localhost.evil.org',
    ]) {
      assert.equal(isLoopback(originOf(url) ?? 'http://localhost'), false, url);
    }
  });

  it('reads origins', () => {
    assert.equal(originOf('https://a.example:8443/v1?x=1'), 'https://a.example:8443');
    assert.equal(originOf(null), null);
    assert.equal(originOf('not a url'), null);
  });
});
