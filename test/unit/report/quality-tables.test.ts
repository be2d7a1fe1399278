import assert from 'node:assert/strict';
import { renderTable } from '../../../src/core/report/table';
import type { QualityPair, RunJson } from '../../../src/protocol/run-json';
import { caseRecord, quality, run, stage, target } from './helpers';

const shown = (change: Partial<RunJson>, cases = [caseRecord()]) =>
  renderTable(run(change), cases, { colour: false, width: 160 });

function pair(change: Partial<QualityPair> = {}): QualityPair {
  return {
    first: 'small',
    second: 'large',
    cases: 40,
    only_first: 1,
    only_second: 9,
    difference: 0.2,
    ci: [0.05, 0.34],
    p_value: 0.0215,
    p_adjusted: 0.0215,
    verdict: 'second better',
    lost: [],
    won: [],
    ...change,
  };
}

describe('the table of a run', () => {
  it('says pass@k and pass^k, and which cases are flaky in how many wordings', () => {
    const text = shown({
      targets: [
        target({
          quality: quality({
            pass_at: { '1': 0.7, '2': 0.85, '3': 0.9 },
            pass_all: { '1': 0.7, '2': 0.6, '3': 0.5 },
            repeated: [
              { case: '/cases/0', case_id: 'a', name: 'returns', n: 3, passed: 1, distinct: 3 },
              { case: '/cases/1', case_id: 'b', name: 'gifts', n: 3, passed: 2, distinct: 1 },
              { case: '/cases/2', case_id: 'c', name: 'steady', n: 3, passed: 3, distinct: 2 },
            ],
          }),
        }),
      ],
    });
    assert.match(text, /pass@1 70% · pass@3 90% \(right at least once\) · pass\^3 50% \(right every time\)/);
    assert.match(text, /flaky: returns passes 1 of 3 times, in 3 different wordings/);
    assert.match(text, /flaky: gifts passes 2 of 3 times, although it always ends in the same answer/);
    assert.doesNotMatch(text, /steady passes/);
  });

  it('counts the judge apart, and how often it disagreed with itself', () => {
    const judge = { calls: 24, input_tokens: 30_000, output_tokens: 1_200, cost: 0.0123 };
    const of = (more: object) => shown({ targets: [target({ quality: quality({ judge: { ...judge, ...more } }) })] });
    assert.match(of({}), /Judge: 24 requests · 31,200 tokens · \$0\.0123\n/);
    assert.match(of({ graded_twice: 8, disagreed: 2 }), /disagreed with itself on 2 of 8 answers that it graded twice/);
    assert.match(of({ graded_twice: 8, disagreed: 0 }), /agreed with itself on all 8 answers/);
    assert.match(of({ cost: null }), /cost unknown: the judge has no price/);
  });

  it('says how many answers of a load stage are right, and what it could not look at', () => {
    const judged = quality({ cases: 100, passed: 71, failed: 29, pass_rate: 0.71, ci: [0.61, 0.79] });
    const of = (more: object) => shown({ targets: [target({ stages: [stage({ quality: { ...judged, ...more } })] })] });
    assert.match(of({}), /Answers: 71 of 100 right \(71%, 95% CI 61–79\)/);
    assert.match(
      of({ sampled_from: 4_120 }),
      /graded: a random sample of 4,120; goodput counts the assertions that need/,
    );
    assert.match(of({ not_judged: 12 }), /12 more could not be judged: they came faster than that/);
  });

  it('says whether answers get worse under load', () => {
    const text = shown({
      targets: [
        target({
          quality_under_load: {
            low: { stage: 'quiet', pass_rate: 0.98, n: 60 },
            high: { stage: 'busy', pass_rate: 0.7, n: 480 },
            difference: -0.28,
            ci: [-0.33, -0.22],
            verdict: 'worse',
          },
        }),
      ],
    });
    assert.match(text, /98% in "quiet", 70% in "busy": −28 points \(95% CI −33 to −22\), worse/);
  });

  it('puts targets side by side, what differs first', () => {
    const pairs = [
      pair({ second: 'same', verdict: 'no difference shown', difference: 0, p_adjusted: 1, ci: [-0.1, 0.1] }),
      pair(),
    ];
    const text = shown({ comparison: { pairs } });
    const lines = text.split('\n').filter((line) => line.includes(' less '));
    assert.match(lines[0] ?? '', /large less small: \+20 points \(95% CI \+5 to \+34\) · only the former passes 9/);
    assert.match(text, /p 0\.021 · large is better/);
    assert.match(lines[1] ?? '', /same less small: 0 points/);
  });

  it('shows what a parameter of the matrix changes, without columns that nothing has', () => {
    const point = (value: number, rate: number) => ({
      value,
      target: `bot[temperature=${value}]`,
      pass_rate: rate,
      score: null,
      flake_rate: rate / 10,
      output_tokens: 120.4,
      distinct: 1 + value,
      ttft_p50: 80,
      e2e_p50: 900,
      e2e_p99: 1500,
      cost_per_request: null,
    });
    const matrix = [{ param: 'temperature', fixed: 'bot', points: [point(0, 0.9), point(0.7, 0.8)] }];
    const text = shown({ comparison: { pairs: [], matrix } });
    assert.match(text, /By temperature {2}bot/);
    assert.match(text, /temperature +passed +flaky +distinct +tokens +TTFT p50 +e2e p50 +e2e p99\n/);
    assert.match(text, /0\.7 +80% +8% +1\.7 +120 +80 ms +900 ms +1500 ms/);
  });

  it('names what was lost against the baseline, and says where it could not be read', () => {
    const baseline = {
      run: 'before',
      started_at: '',
      pairs: [pair()],
      regressions: ['vllm: 3 lost'],
      improvements: [],
    };
    assert.match(shown({ baseline }), /Against the baseline {2}before\n.*✗ regression: vllm: 3 lost/);
    assert.match(shown({ baseline: { ...baseline, error: 'it is gone' } }), /it is gone/);
    assert.match(shown({ baseline: { ...baseline, pairs: [], regressions: [] } }), /no target and no case in common/);
  });

  it('says which rows of a dataset the verdict speaks of', () => {
    const dataset = {
      path: '/d/rows.jsonl',
      format: 'jsonl' as const,
      read: 3_740_000,
      complete: true,
      taken: 500,
      unreadable: 2,
      seed: 7,
    };
    assert.match(shown({ dataset }), /rows\.jsonl: 500 of 3,740,000 rows, 2 unreadable, drawn with the seed 7/);
    assert.match(shown({ dataset: { ...dataset, complete: false } }), /3,740,000 or more rows/);
  });

  it('does not let an assertion fail a case that its threshold has passed', () => {
    const record = caseRecord({ outcome: 'passed', score: 0.8 });
    assert.match(shown({}, [record]), /\(does not decide\)/);
  });
});
