import assert from 'node:assert/strict';
import fc from 'fast-check';
import { passOfK, QualityTally, type JudgedAnswer } from '../../../src/core/metrics/quality';

const options = { slos: [], confidence: 0.95, policy: 'point' as const };

function answerTo(name: string, outcome: JudgedAnswer['outcome'], text: string): JudgedAnswer {
  return { case: `/cases/${name}`, case_id: name, name, outcome, score: outcome === 'passed' ? 1 : 0, answer: text };
}

function tallied(answers: JudgedAnswer[]) {
  const tally = new QualityTally(new Map());
  for (const each of answers) tally.add(each);
  return tally.result(options);
}

describe('passOfK', () => {
  it('is what drawing k of n answers without replacement gives, counted out', () => {
    const cluster = fc
      .integer({ min: 2, max: 7 })
      .chain((n) => fc.record({ n: fc.constant(n), hits: fc.integer({ min: 0, max: n }) }));
    fc.assert(
      fc.property(fc.array(cluster, { minLength: 1, maxLength: 4 }), (clusters) => {
        const { pass_at: at = {}, pass_all: all = {} } = passOfK(clusters);
        const most = Math.min(...clusters.map(({ n }) => n));
        assert.equal(Math.max(...Object.keys(at).map(Number)), most);
        for (const k of Object.keys(at).map(Number)) {
          const mean = (share: (drawn: boolean[]) => boolean) =>
            clusters.reduce((sum, each) => sum + shareOfDraws(each, k, share), 0) / clusters.length;
          assert.ok(Math.abs((at[k] ?? -1) - mean((drawn) => drawn.some(Boolean))) < 1e-9);
          assert.ok(Math.abs((all[k] ?? -1) - mean((drawn) => drawn.every(Boolean))) < 1e-9);
        }
      }),
    );
  });

  it('says nothing where no case was answered twice', () => {
    assert.deepEqual(passOfK([{ n: 1, hits: 1 }]), {});
  });
});

/** Share of all ways to draw k of a case's answers that `share` holds for. */
function shareOfDraws({ n, hits }: { n: number; hits: number }, k: number, holds: (drawn: boolean[]) => boolean) {
  let drawn = 0;
  let held = 0;
  for (let mask = 0; mask < 1 << n; mask++) {
    const chosen = Array.from({ length: n }, (_, i) => i).filter((i) => (mask & (1 << i)) !== 0);
    if (chosen.length !== k) continue;
    drawn++;
    if (holds(chosen.map((i) => i < hits))) held++;
  }
  return held / drawn;
}

describe('QualityTally', () => {
  it('lists repeated cases with their different answers, those that disagree first', () => {
    const { repeated, flake_rate: flakeRate } = tallied([
      answerTo('steady', 'passed', 'Paris'),
      answerTo('steady', 'passed', ' Paris\n'),
      answerTo('steady', 'passed', 'Paris'),
      answerTo('flaky', 'passed', 'Lyon'),
      answerTo('flaky', 'failed', 'Nice'),
      answerTo('flaky', 'failed', 'Lyon.'),
      answerTo('single', 'failed', 'Rome'),
    ]);
    assert.deepEqual(repeated, [
      { case: '/cases/flaky', case_id: 'flaky', name: 'flaky', n: 3, passed: 1, distinct: 3 },
      { case: '/cases/steady', case_id: 'steady', name: 'steady', n: 3, passed: 3, distinct: 1 },
    ]);
    assert.equal(flakeRate, 0.5);
  });

  it('adds up what the judge took apart from the answers, and how often it disagreed with itself', () => {
    const usage = { calls: 2, input_tokens: 100, output_tokens: 10, cost: 0.001 };
    const graded = (outcome: 'passed' | 'failed', again?: 'passed' | 'failed') => ({
      ...answerTo('one', outcome, 'text'),
      assertions: [
        {
          pointer: '/a',
          type: 'llm-rubric',
          outcome,
          score: null,
          severity: 'error' as const,
          reason: '',
          judge: usage,
          ...(again === undefined ? {} : { again }),
        },
      ],
    });
    const { judge } = tallied([graded('passed', 'failed'), graded('passed', 'passed'), graded('failed')]);
    assert.deepEqual(judge, {
      calls: 6,
      input_tokens: 300,
      output_tokens: 30,
      cost: 0.003,
      graded_twice: 2,
      disagreed: 1,
    });
  });

  it('counts the members of a set once, not the set as well', () => {
    const usage = { calls: 1, input_tokens: 10, output_tokens: 1, cost: null };
    const member = {
      pointer: '/a/0',
      type: 'llm-rubric',
      outcome: 'passed' as const,
      score: 1,
      severity: 'error' as const,
      reason: '',
      judge: usage,
    };
    const set = { ...member, pointer: '/a', type: 'assert-set', members: [member, member] };
    const { judge } = tallied([{ ...answerTo('one', 'passed', 'text'), assertions: [set] }]);
    assert.deepEqual(judge, { calls: 2, input_tokens: 20, output_tokens: 2, cost: null });
  });

  it('has no repeats where each case was asked once', () => {
    const result = tallied([answerTo('one', 'passed', 'a'), answerTo('two', 'failed', 'b')]);
    assert.equal(result.repeated, undefined);
    assert.equal(result.pass_at, undefined);
  });
});
