import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { choiceSentence, limitOn, select, selectionOf, verdictOf } from '../../../src/core/compare/constraint';
import { defaultAxes, paretoFront, paretoOf } from '../../../src/core/compare/pareto';
import { axisInfo, candidateOf, commonStage, splitAxis, type Candidate } from '../../../src/core/compare/pareto-values';
import { FULL_SCORE, triangles } from '../../../src/core/compare/triangle';
import { parseSloExpression, type ParsedSlo } from '../../../src/core/metrics/slo';
import { renderTable } from '../../../src/core/report/table';
import type { TargetResult } from '../../../src/protocol/run-json';
import { distribution, run, slo, stage, target } from '../report/helpers';

const AXES = ['quality.score', 'ttft.p99', 'cost.per_good'];

function candidate(id: string, ...values: (number | null)[]): Candidate {
  return {
    id,
    values: new Map(
      AXES.flatMap((axis, i) => {
        const value = values[i];
        return value == null ? [] : [[axis, { value, ci: null }] as const];
      }),
    ),
    slos: [],
  };
}

function parsed(text: string): ParsedSlo {
  const slo = parseSloExpression(text);
  assert.ok(slo.ok, text);
  return slo;
}

/** Quality up, latency and cost down. */
function isBeaten(point: readonly number[], by: readonly number[]): boolean {
  const [q = 0, l = 0, c = 0] = point;
  const [bq = 0, bl = 0, bc = 0] = by;
  return bq >= q && bl <= l && bc <= c && (bq > q || bl < l || bc < c);
}

describe('the Pareto front', () => {
  it('holds exactly the candidates that nobody beats, and names a member of the front for each of the others', () => {
    const value = fc.integer({ min: 0, max: 6 });
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value, value), { minLength: 1, maxLength: 14 }), (points) => {
        const candidates = points.map((point, i) => candidate(`t${i}`, ...point));
        const { front, dominated, leftOut } = paretoFront(candidates, AXES);
        const expected = points.flatMap((point, i) =>
          points.some((other) => isBeaten(point, other)) ? [] : [`t${i}`],
        );
        assert.deepEqual(front, expected);
        assert.deepEqual(leftOut, []);
        assert.equal(dominated.length, points.length - front.length);
        for (const { id, by } of dominated) {
          assert.ok(front.includes(by));
          assert.ok(isBeaten(points[Number(id.slice(1))] ?? [], points[Number(by.slice(1))] ?? []));
        }
      }),
    );
  });

  it('names the member that beats most clearly', () => {
    const { dominated } = paretoFront(
      [
        candidate('slow', 0.9, 900, 3),
        candidate('near', 0.9, 890, 3),
        candidate('far', 0.9, 100, 3.5),
        candidate('best', 0.95, 300, 2),
      ],
      AXES,
    );
    assert.deepEqual(
      dominated.find(({ id }) => id === 'slow'),
      { id: 'slow', by: 'best' },
    );
  });

  it('leaves out whom an axis knows nothing of, instead of taking nothing for zero', () => {
    const { front, leftOut } = paretoFront([candidate('a', 1, 200, 1), candidate('down', 0, null, null)], AXES);
    assert.deepEqual(front, ['a']);
    assert.deepEqual(leftOut, [{ id: 'down', reason: 'no ttft.p99 and no cost.per_good was measured' }]);
  });

  it('keeps equals side by side', () => {
    assert.deepEqual(paretoFront([candidate('a', 1, 1, 1), candidate('b', 1, 1, 1)], AXES).front, ['a', 'b']);
  });
});

describe('the values that targets are compared on', () => {
  const cost = { total: 1, per_request: 0.001, per_1m_output: 2, per_good: 0.002 };

  it('are those of the first load stage that all have in common, which a silent target does not take away', () => {
    const cases = stage({ name: 'cases', pattern: 'cases', pointer: null });
    const dead = stage({
      name: 'fast',
      counts: { scheduled: 5, completed: 0, failed: 5, timed_out: 0, cancelled: 0, truncated: 0 },
    });
    const a = target({ id: 'a', stages: [cases, stage({ name: 'slow' }), stage({ name: 'fast' })] });
    const b = target({ id: 'b', stages: [cases, stage({ name: 'fast' })] });
    const silent = target({ id: 'silent', stages: [dead], quality: null });
    assert.equal(commonStage([a, b, silent]), 'fast');
    assert.equal(commonStage([target({ stages: [cases] }), a]), 'cases');
    assert.equal(commonStage([silent]), null);
    // The steps of a search are measured at loads that differ from target to target.
    assert.equal(commonStage([target({ stages: [stage({ part_of: 'search' })] })]), null);
  });

  it('take the interval of the SLO that is about the same number', () => {
    const { values } = candidateOf(target({ cost }), 'steady chat');
    assert.deepEqual(values.get('ttft.p99'), { value: 184.2, ci: [176, 195.1] });
    assert.deepEqual(values.get('ttft.p50'), { value: 121, ci: null });
    assert.deepEqual(values.get('quality.pass_rate')?.ci, [0.646, 0.985]);
    assert.equal(values.get('cost.per_good')?.value, 0.002);
    assert.equal(values.get('goodput')?.value, 7.9);
  });

  it('follow what the SLOs are about', () => {
    const own = slo({ expr: 'e2e.p95 <= 2s' });
    const timed = stage({ slo: [own], metrics: { ttft: distribution(100, 200), e2e: distribution(800, 1500) } });
    assert.deepEqual(defaultAxes([target({ stages: [timed], cost })], 'steady chat'), [
      'quality.score',
      'e2e.p95',
      'cost.per_good',
    ]);
    assert.deepEqual(defaultAxes([target({ quality: null })], 'steady chat'), ['ttft.p99']);
  });

  it('have units and directions', () => {
    assert.deepEqual(splitAxis('quality.pass_rate'), { metric: 'quality.pass_rate', stat: null });
    assert.deepEqual(splitAxis('ttft.p99.9'), { metric: 'ttft', stat: 'p99.9' });
    assert.deepEqual(axisInfo('ttft.p99'), { unit: 'ms', better: 'lower', label: 'TTFT p99' });
    assert.equal(axisInfo('nonsense.p99'), null);
  });

  it('give no front to a single target, nor to a single axis', () => {
    assert.equal(paretoOf([target()]), null);
    assert.equal(paretoOf([target({ id: 'a', quality: null }), target({ id: 'b', quality: null })]), null);
    const front = paretoOf([target({ id: 'a', cost }), target({ id: 'b', cost: { ...cost, per_good: 0.001 } })]);
    assert.deepEqual(front?.axes, AXES);
    assert.deepEqual(front?.front, ['b']);
    assert.deepEqual(front?.dominated, [{ id: 'a', by: 'b' }]);
    assert.deepEqual(front?.points[0], { id: 'a', values: [0.95, 184.2, 0.002] });
  });
});

describe('maximise X subject to Y', () => {
  const three = [
    candidate('small', 0.6, 80, 0.001),
    candidate('medium', 0.9, 200, 0.004),
    candidate('large', 0.95, 900, 0.02),
  ];

  it('chooses among those that fit, and says what the limits cost against the best without them', () => {
    const selection = select(three, ['quality.score'], [limitOn(parsed('ttft.p99 <= 250ms'))]);
    const [choice] = selection.choices;
    assert.deepEqual([choice?.best?.id, choice?.chosen?.id], ['large', 'medium']);
    assert.ok(Math.abs((choice?.cost ?? 0) - 0.05) < 1e-12);
    assert.deepEqual(selection.rejected, [{ id: 'large', reasons: ['misses ttft.p99 <= 250ms by 650 ms'] }]);
    assert.equal(
      choice === undefined ? '' : choiceSentence(choice, selection),
      'Highest score: medium with 90%; the limits cost 5 points against large with 95%.',
    );
  });

  it('minimises what is better low, with the cost as a share of it', () => {
    const selection = select(three, ['cost.per_good'], [limitOn(parsed('quality.score >= 90%'))]);
    assert.equal(
      choiceSentence(selection.choices[0] as never, selection),
      'Lowest cost per good request: medium with $0.004; the limits cost $0.003 (4 times as much) against small with $0.001.',
    );
    const free = select(three, ['cost.per_good'], [limitOn(parsed('ttft.p99 <= 250ms'))]);
    assert.match(choiceSentence(free.choices[0] as never, free), /small with \$0\.001; the limits cost nothing here/);
  });

  it('says so plainly when nothing fits, and who comes nearest', () => {
    const selection = select(
      three,
      ['quality.score'],
      [limitOn(parsed('ttft.p99 <= 100ms')), limitOn(parsed('quality.score >= 85%'))],
    );
    assert.deepEqual(selection.fitting, []);
    // small misses by 29% of its limit, medium by 100%, large by 800%.
    assert.equal(selection.nearest, 'small');
    assert.equal(
      choiceSentence(selection.choices[0] as never, selection),
      'Highest score: no target meets every limit; small comes nearest and misses quality.score >= 85% by 25 points. ' +
        'Without limits it would be large with 95%.',
    );
  });

  it('takes what was not measured for open, never for met', () => {
    const selection = select([candidate('a', 1, null, null)], ['quality.score'], [limitOn(parsed('ttft.p99 <= 1s'))]);
    assert.deepEqual(selection.fitting, []);
    assert.deepEqual(selection.rejected, [{ id: 'a', reasons: ['has no TTFT p99'] }]);
    assert.equal(selection.nearest, undefined);
  });

  it('is sure only where the whole interval meets the limit', () => {
    const measured = (ci: [number, number] | null): Candidate => ({
      id: 'a',
      values: new Map([['ttft.p99', { value: 184, ci }]]),
      slos: [],
    });
    const sure = (ci: [number, number] | null): boolean | undefined =>
      select([measured(ci)], [], [limitOn(parsed('ttft.p99 <= 200ms'))]).fitting[0]?.sure;
    assert.deepEqual([sure([176, 195]), sure([170, 215]), sure(null)], [true, false, false]);
  });

  it('goes by the verdicts of a run, in every stage that was judged', () => {
    const result = (id: string, ...verdicts: ('pass' | 'fail' | 'inconclusive')[]): TargetResult =>
      target({
        id,
        stages: verdicts.map((verdict, i) =>
          stage({
            name: `stage ${i}`,
            slo: [slo({ verdict, value: verdict === 'fail' ? 231 + i : 184, confidence: 'high', reason: 'too few' })],
          }),
        ),
      });
    const selection = selectionOf(
      [result('good', 'pass', 'pass'), result('bad', 'fail', 'fail'), result('open', 'pass', 'inconclusive')],
      ['ttft.p99'],
      'stage 0',
    );
    assert.deepEqual(selection?.fitting, [{ id: 'good', sure: true }]);
    assert.deepEqual(selection?.rejected, [
      { id: 'bad', reasons: ['misses ttft.p99 <= 200ms by 32 ms in "stage 1"'] },
      { id: 'open', reasons: ['leaves ttft.p99 <= 200ms open in "stage 1": too few'] },
    ]);
    assert.equal(verdictOf('itl.p99 <= 1ms').standing(candidateOf(result('x', 'pass'), null)).state, 'open');
    assert.equal(selectionOf([result('alone', 'pass')], ['ttft.p99'], null), null);
  });

  it('is printed for a run that selects, and not for one that guards', () => {
    const cost = { total: 1, per_request: 0.001, per_1m_output: 2, per_good: 0.002 };
    const targets = [target({ id: 'a', cost }), target({ id: 'b', cost: { ...cost, per_good: 0.001 } })];
    const pareto = paretoOf(targets);
    const selection = selectionOf(targets, pareto?.axes ?? [], pareto?.stage ?? null);
    assert.ok(pareto !== null && selection !== null);
    const comparison = { pairs: [], pareto, selection };
    const options = { colour: false, width: 120 };
    const text = renderTable(run({ purpose: 'selection', targets, comparison }), [], options);
    assert.match(text, /Front {2}steady chat/);
    assert.match(text, /a +95% +184 ms +\$0\.002 {2}dominated by b/);
    assert.match(text, /Choice\n {2}subject to ttft\.p99 <= 200ms\n/);
    assert.match(text, /Lowest cost per good request: b with \$0\.001; the limits cost nothing here\./);
    assert.doesNotMatch(renderTable(run({ targets, comparison }), [], options), /Front|Choice/);
  });
});

describe('the triangle of quality, latency and cost', () => {
  it('scores each axis against its limit, with the formula', () => {
    const limits = new Map([
      ['ttft.p99', parsed('ttft.p99 <= 250ms')],
      ['quality.score', parsed('quality.score >= 80%')],
    ]);
    const [a, b] = triangles([candidate('a', 0.9, 200, 0.004), candidate('b', 0.4, 500, 0.002)], AXES, limits);
    assert.deepEqual(
      a?.corners.map(({ score }) => score),
      [0.9 / 0.8, 1.25, 0.5],
    );
    assert.deepEqual(
      b?.corners.map(({ score }) => score),
      [0.5, 0.5, 1],
    );
    assert.equal(a?.corners[1]?.formula, 'the limit of ttft.p99 <= 250ms / ttft.p99 = 250 ms / 200 ms = 1.25');
    assert.equal(a?.corners[2]?.formula, 'the best of all / cost.per_good = $0.002 / $0.004 = 0.5');
  });

  it('draws no corner that was not measured, and does not divide by a cost of nothing', () => {
    const [free, none] = triangles([candidate('free', 1, 100, 0), candidate('none', 1, null, 2)], AXES, new Map());
    assert.equal(free?.corners[2]?.score, 1);
    assert.deepEqual(none?.corners[1], { axis: 'ttft.p99', score: null, formula: 'ttft.p99 was not measured' });
    assert.equal(none?.corners[2]?.score, 0);
    const limited = triangles(
      [candidate('free', 1, 100, 0)],
      AXES,
      new Map([['cost.per_good', parsed('cost.per_good <= $1')]]),
    );
    assert.equal(limited[0]?.corners[2]?.score, FULL_SCORE);
  });
});
