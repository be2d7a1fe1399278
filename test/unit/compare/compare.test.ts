import assert from 'node:assert/strict';
import { matrixTrends } from '../../../src/core/compare/matrix';
import { qualityUnderLoad } from '../../../src/core/compare/under-load';
import { emptyTarget } from '../../../src/core/engine/target-result';
import { quality, stage } from '../report/helpers';
import { endpointPlan, targetPlan } from '../support/samples';

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
