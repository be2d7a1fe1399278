import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareWithBaseline, readBaseline } from '../../../src/core/compare/baseline';
import { matrixTrends } from '../../../src/core/compare/matrix';
import { qualityUnderLoad } from '../../../src/core/compare/under-load';
import { emptyTarget } from '../../../src/core/engine/target-result';
import { quality, stage } from '../report/helpers';
import { endpointPlan, targetPlan } from '../support/samples';
import { removeTempDirs, tempDir } from '../support/temp';

describe('matrixTrends', () => {
  const combination = (temperature: number, effort: string) =>
    targetPlan({
      id: `sim[effort=${effort},temperature=${temperature}]`,
      endpoint: endpointPlan(),
      matrix: { temperature, effort },
    });

  it('is one trend a parameter and setting of the others, in the order of the values', () => {
    const plans = [combination(0.7, 'low'), combination(0, 'low'), combination(0, 'high'), combination(0.7, 'high')];
    const results = plans.map((plan, index) => ({
      ...emptyTarget(plan),
      quality: quality({ pass_rate: index / 10 }),
      stages: [stage({ pattern: 'cases', name: 'cases' })],
    }));
    const trends = matrixTrends(plans, results);
    assert.deepEqual(
      trends.map(({ param, fixed, points }) => [
        param,
        fixed,
        points.map(({ value, pass_rate: rate }) => [value, rate]),
      ]),
      [
        [
          'temperature',
          'sim, effort=low',
          [
            [0, 0.1],
            [0.7, 0],
          ],
        ],
        [
          'temperature',
          'sim, effort=high',
          [
            [0, 0.2],
            [0.7, 0.3],
          ],
        ],
        [
          'effort',
          'sim, temperature=0.7',
          [
            ['high', 0.3],
            ['low', 0],
          ],
        ],
        [
          'effort',
          'sim, temperature=0',
          [
            ['high', 0.2],
            ['low', 0.1],
          ],
        ],
      ],
    );
    assert.equal(trends[0]?.points[0]?.ttft_p50, 121);
  });

  it('has none without a matrix, nor for a parameter with one value', () => {
    const plan = targetPlan({ matrix: { temperature: 0 } });
    assert.deepEqual(matrixTrends([plan, targetPlan()], [emptyTarget(plan)]), []);
  });
});

describe('qualityUnderLoad', () => {
  const judged = (name: string, concurrency: number, rate: number, ci: [number, number]) => {
    const { rates } = stage();
    return stage({
      name,
      rates: { ...rates, concurrency_mean: concurrency },
      quality: quality({ pass_rate: rate, ci, cases: 400 }),
    });
  };

  it('says that answers get worse where the interval of the difference says so', () => {
    const found = qualityUnderLoad([
      judged('8/s', 20, 0.7, [0.65, 0.745]),
      judged('1/s', 2, 0.98, [0.96, 0.99]),
      judged('4/s', 9, 0.9, [0.87, 0.92]),
    ]);
    assert.ok(found);
    assert.deepEqual([found.low.stage, found.high.stage, found.verdict], ['1/s', '8/s', 'worse']);
    assert.ok(Math.abs(found.difference + 0.28) < 1e-9);
    assert.ok(found.ci[0] < -0.28 && found.ci[1] > -0.28 && found.ci[1] < 0);
  });

  it('shows no difference where intervals overlap enough, and needs two loads', () => {
    const two = [judged('1/s', 2, 0.9, [0.8, 0.95]), judged('8/s', 20, 0.88, [0.78, 0.94])];
    assert.equal(qualityUnderLoad(two)?.verdict, 'no difference shown');
    assert.equal(qualityUnderLoad(two.slice(0, 1)), null);
    assert.equal(qualityUnderLoad([stage(), stage()]), null);
  });
});

describe('a baseline', () => {
  after(removeTempDirs);

  const line = (target: string, id: string, outcome: string, more: object = {}) =>
    JSON.stringify({ target, case: `/cases/${id}`, case_id: id, outcome, ...more });

  function runFolder(lines: string[]): string {
    const dir = tempDir();
    writeFileSync(
      join(dir, 'run.json'),
      JSON.stringify({ schema: 'promptrig.run/1', id: 'before', started_at: '2026-11-01T00:00:00.000Z' }),
    );
    writeFileSync(join(dir, 'cases.ndjson'), lines.map((text) => `${text}\n`).join(''));
    return dir;
  }

  const now = (passed: boolean, count: number, id = 'vllm') => ({
    id,
    cases: new Map(
      Array.from({ length: count }, (_, i) => [`c${i}`, { pointer: `/cases/9${i}`, n: 1, passed: passed ? 1 : 0 }]),
    ),
  });

  it('is matched by the ids of targets and cases, and says what was lost', async () => {
    const lines = Array.from({ length: 8 }, (_, i) => line('vllm', `c${i}`, 'passed'));
    const baseline = await readBaseline(runFolder([...lines, line('other', 'c0', 'failed')]));
    const result = compareWithBaseline(baseline, [now(false, 8)], 0.95);
    assert.equal(result.run, 'before');
    assert.equal(result.pairs[0]?.only_first, 8);
    assert.match(result.regressions[0] ?? '', /^vllm: 100% fewer cases pass than in the baseline \(8 lost, 0 won of 8/);
    assert.deepEqual(result.improvements, []);
  });

  it('leaves out what was skipped and the answers of load stages', async () => {
    const dir = runFolder([
      line('vllm', 'c0', 'skipped'),
      line('vllm', 'c1', 'failed', { stage: 'steady' }),
      line('vllm', 'c2', 'passed'),
    ]);
    const result = compareWithBaseline(await readBaseline(dir), [now(true, 3)], 0.95);
    assert.equal(result.pairs[0]?.cases, 1);
  });

  it('matches the only target of each run whatever their names, and nothing else', async () => {
    const baseline = await readBaseline(runFolder([line('old-name', 'c0', 'passed')]));
    assert.equal(compareWithBaseline(baseline, [now(true, 1)], 0.95).pairs.length, 1);
    assert.deepEqual(compareWithBaseline(baseline, [now(true, 1), now(true, 1, 'b')], 0.95).pairs, []);
  });
});
