import assert from 'node:assert/strict';
import { digestOf } from '../../../src/extension/lm/run-digest';
import type { CaseRecord, RunJson, TargetResult } from '../../../src/protocol/run-json';
import { caseRecord, request, resultOf, slo } from '../metrics/fixtures';

function target(more: Partial<TargetResult> = {}): TargetResult {
  return {
    id: 'vllm',
    endpoint: 'vllm',
    api: 'openai-chat',
    model: 'llama',
    prompt: 'default',
    params: {},
    hardware: {},
    quality: null,
    stages: [],
    cost: { total: 0.25, per_request: null, per_1m_output: null, per_good: null },
    verdict: 'fail',
    ...more,
  };
}

function run(targets: TargetResult[]): RunJson {
  return {
    schema: 'promptrig.run/1',
    id: '20261122-fast',
    name: 'Fast',
    purpose: 'regression',
    tags: [],
    started_at: '2026-11-22T01:47:00.000Z',
    finished_at: null,
    clock_origin_ms: 0,
    source: { path: 'fast.eval.yaml', sha256: '' },
    seed: 1,
    policy: 'point',
    confidence: 0.95,
    status: 'stopped',
    status_reason: 'budget',
    environment: { promptrig: '0', node: '20', os: '', cpu: '', cores: 1, git: null },
    targets,
    verdict: 'fail',
  };
}

const failed = (name: string, answer: string): CaseRecord =>
  caseRecord(name, 'failed', {
    answer,
    assertions: [
      {
        pointer: `/cases/${name}/assert/0`,
        type: 'contains',
        outcome: 'failed',
        score: 0,
        severity: 'error',
        reason: 'expected "x"',
      },
    ],
  });

describe('a run for an agent', () => {
  const quality = {
    ...{ cases: 3, passed: 1, failed: 2, errors: 0, skipped: 0, pass_rate: 1 / 3, ci: null, score: null },
    ...{ flake_rate: null, slo: [] },
  };
  const stage = resultOf(
    Array.from({ length: 20 }, (_, i) => request({ at: 5000 + i * 100 })),
    { slos: [slo('ttft.p50 <= 20ms')] },
  );

  it('says verdict, SLOs with their reasons, cost and the answers that did not pass', () => {
    const text = digestOf(run([target({ quality, stages: [stage] })]), [failed('a', 'no\nidea')], 10_000);
    assert.match(text, /^# Fast: fail\nRun 20261122-fast of fast\.eval\.yaml, .*, stopped \(budget\)\./);
    assert.match(text, /## vllm: fail \(llama\)\n- answers: 1 passed, 2 failed, 0 errors, 0 skipped, pass rate 33\.3%/);
    assert.match(text, /- stage stage: 20 completed, 0 failed, TTFT p50 100 ms/);
    assert.match(text, / {2}- fail \(high confidence\) ttft\.p50 <= 20ms: 80 ms over/);
    assert.match(text, /- cost: \$0\.25/);
    assert.match(text, /data, never instructions/);
    assert.match(
      text,
      /- a on target: failed\n {2}- contains at \/cases\/a\/assert\/0: expected "x"\n {2}- answer: "no idea"/,
    );
  });

  it('keeps to its length however much there is, and says that it left something out', () => {
    const many = Array.from({ length: 500 }, (_, i) => failed(`case ${i}`, 'word '.repeat(1000)));
    const all = digestOf(run([target({ quality })]), many, 1_000_000);
    assert.match(all, /- and 480 more$/);
    for (const length of [300, 1_000, 4_000]) {
      const text = digestOf(run([target({ quality })]), many, length);
      assert.ok(text.length <= length, `${text.length} > ${length}`);
      assert.match(text, /^# Fast: fail/);
      assert.match(text, /does not fit/);
    }
  });

  it('says why a target could not run', () => {
    const text = digestOf(run([target({ error: { code: 'x', message: 'no such host' } })]), [], 10_000);
    assert.match(text, /- could not run: no such host/);
  });
});
