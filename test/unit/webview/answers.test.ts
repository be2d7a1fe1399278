import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { BaselineRow, AssertionResult, QualityPair } from '../../../src/protocol/run-json';
import { comparisonOf } from '../../../webview/run/comparison-model';
import { costFact, loadFacts, qualityFacts, underLoadFact } from '../../../webview/run/quality-model';
import { piecesOf } from '../../../webview/run/spans';
import { csvOf, jsonOf } from '../../../webview/charts/chart-data';
import { quality } from '../../webview/run-fixture';

const assertion = (part: Partial<AssertionResult>): AssertionResult => ({
  ...{ pointer: '/a', type: 'contains', outcome: 'passed', score: 1, severity: 'error', reason: 'r' },
  ...part,
});

describe('run panel: spans of an answer', () => {
  it('lose and move no character, whatever the spans', () => {
    const span = fc.tuple(fc.integer({ min: -5, max: 60 }), fc.integer({ min: -5, max: 60 }));
    const outcome = fc.constantFrom<AssertionResult['outcome']>('passed', 'failed', 'error', 'skipped');
    const any = fc.record({ outcome, spans: fc.array(span), reason: fc.string() }).map(assertion);
    fc.assert(
      fc.property(fc.string({ maxLength: 50 }), fc.array(any), (text, assertions) => {
        assert.equal(
          piecesOf(text, assertions)
            .map((piece) => piece.text)
            .join(''),
          text,
        );
      }),
    );
  });

  it('show what failed where it overlaps with what passed, and members of sets', () => {
    const passed = assertion({ spans: [[0, 5]], reason: 'good' });
    const failed = assertion({ outcome: 'failed', spans: [[3, 8]], reason: 'bad' });
    const set = assertion({ members: [failed] });
    assert.deepEqual(piecesOf('0123456789', [passed, set]), [
      { text: '012', mark: { outcome: 'passed', reason: 'good' } },
      { text: '34567', mark: { outcome: 'failed', reason: 'bad' } },
      { text: '89', mark: null },
    ]);
  });
});

describe('run panel: quality in numbers', () => {
  const textOf = (facts: { label: string; text: string }[], label: string) =>
    facts.find((fact) => fact.label === label)?.text;

  it('says how many pass, what repeats say, who is flaky, and what the judge took', () => {
    const facts = qualityFacts(quality(), 0.9);
    assert.equal(textOf(facts, 'Passed'), '66.7% · 90% CI 30–90.3 · n 6');
    assert.equal(textOf(facts, 'Repeats'), 'pass@1 66.7% · pass@3 100% · pass^3 50%');
    assert.equal(textOf(facts, 'Flaky'), '50% of the repeated cases: Says how long a refund takes 2/3');
    assert.equal(
      textOf(facts, 'Judge'),
      '9 requests · 4,420 tokens · $0.0031 · disagreed with itself on 1 of 3 answers that it graded twice',
    );
  });

  it('leaves out what does not apply', () => {
    const plain = quality({
      flake_rate: null,
      pass_at: undefined,
      pass_all: undefined,
      judge: undefined,
      repeated: undefined,
    });
    assert.deepEqual(
      qualityFacts(plain, 0.95).map(({ label }) => label),
      ['Passed', 'Score'],
    );
    assert.equal(costFact({ total: null, per_request: null, per_1m_output: null, per_good: null }), null);
  });

  it('says how many answers of a load stage are right, and of how many they were drawn', () => {
    const judged = quality({
      passed: 90,
      cases: 100,
      pass_rate: 0.9,
      ci: [0.82, 0.95],
      sampled_from: 4000,
      not_judged: 12,
    });
    const [fact] = loadFacts(judged, 0.95);
    assert.equal(
      fact?.text,
      '90 of 100 right · 90% · 95% CI 82–95 · a random sample of 4,000 · 12 more came faster than they could be judged',
    );
    assert.equal(fact.word?.word, 'Inconclusive');
  });

  it('says whether answers get worse as the load grows', () => {
    const { text, word } = underLoadFact(
      {
        low: { stage: 'calm', pass_rate: 0.98, n: 400 },
        high: { stage: 'rush', pass_rate: 0.9, n: 400 },
        ...{ difference: -0.08, ci: [-0.12, -0.04], verdict: 'worse' },
      },
      0.95,
    );
    assert.equal(text, '98% right in calm, 90% in rush: −8 points (95% CI −12 to −4), worse');
    assert.equal(word?.word, 'Fail');
  });
});

describe('run panel: comparison', () => {
  const pair = (part: Partial<QualityPair> = {}): QualityPair => ({
    ...{ first: 'a', second: 'b', cases: 40, only_first: 1, only_second: 9, difference: 0.2, ci: [0.05, 0.34] },
    ...{ p_value: 0.02, p_adjusted: 0.021, verdict: 'second better', lost: ['/cases/3'], won: ['/cases/4'] },
    ...part,
  });

  it('is nothing where nothing is compared', () => {
    assert.equal(comparisonOf(null, undefined, 0.95), null);
  });

  it('names regressions and improvements against the baseline, with their cases', () => {
    const model = comparisonOf(
      null,
      {
        ...{ run: 'r0', started_at: '', pairs: [pair()] },
        ...{ regressions: ['b passes 20% less.'], improvements: [] },
      },
      0.95,
    );
    assert.equal(model?.summary, '1 regression and 0 improvements against the baseline r0.');
    assert.deepEqual(model.lines[0]?.cases, ['/cases/3']);
    assert.equal(model.lines[0].word.tone, 'fail');
  });

  it('lists the numbers beside those of a pinned baseline, what got worse first', () => {
    const row = (metric: string, verdict: BaselineRow['verdict'], more: Partial<BaselineRow> = {}): BaselineRow => ({
      ...{ target: 'a', stage: 'steady', metric, stat: 'p50', unit: 'ms', better: 'lower', before: 100, now: 104 },
      ...{
        n: [100, 100],
        difference: 4,
        ci: [1, 7],
        p_value: 0.01,
        p_adjusted: 0.04,
        tolerance: 5,
        method: null,
        verdict,
      },
      ...more,
    });
    const model = comparisonOf(
      null,
      {
        ...{ run: 'r0', started_at: '', pairs: [], improvements: [] },
        pinned: [{ target: 'a', run: 'r0', at: '2026-11-26T05:00:00.000Z', commit: null }],
        regressions: ['a, "steady": itl.p50 is 20 ms slower.'],
        rows: [
          row('tpot', 'not tested', { reason: '12 requests are too few' }),
          row('itl', 'regression'),
          row('ttft', 'within tolerance'),
        ],
        caveats: ['a, "burst": the stage is not in the baseline.'],
      },
      0.95,
    );
    assert.equal(model?.summary, '1 regression and 0 improvements against the baseline pinned 2026-11-26.');
    assert.deepEqual(
      model.lines.map(({ word, text }) => [word.tone, text]),
      [
        ['fail', 'a, "steady": itl.p50 is 20 ms slower.'],
        ['neutral', 'steady · ttft.p50: 104 ms after 100 ms (+4 ms) · within tolerance'],
        ['neutral', 'steady · tpot.p50: 104 ms after 100 ms (+4 ms) · 12 requests are too few'],
        ['inconclusive', 'a, "burst": the stage is not in the baseline.'],
      ],
    );
  });

  it('says why a baseline is of no use', () => {
    const baseline = { run: 'r0', started_at: '', pairs: [], regressions: [], improvements: [] };
    assert.match(comparisonOf(null, baseline, 0.95)?.summary ?? '', /^Nothing in common/);
    const broken = comparisonOf(null, { ...baseline, error: 'It is gone.' }, 0.95);
    assert.equal(broken?.lines[0]?.text, 'It is gone.');
  });

  it('puts pairs that differ first, and the rest into words', () => {
    const same = pair({ verdict: 'no difference shown', first: 'c', second: 'd', difference: -0.01, ci: null });
    const model = comparisonOf({ pairs: [same, pair()] }, null, 0.95);
    assert.equal(model?.summary, '1 pair of targets differs in quality.');
    assert.equal(
      model.lines[0]?.text,
      'b is better · b less a: +20 points (95% CI 5 to 34) · only b passes 9, only a 1 of 40 cases · p 0.021',
    );
    assert.match(model.lines[1]?.text ?? '', /^d and c: no difference shown · d less c: −1 point/);
    assert.equal(comparisonOf({ pairs: Array.from({ length: 15 }, () => same) }, null, 0.95)?.more, 5);
  });
});

describe('run panel: data of a chart as a file', () => {
  const data = {
    columns: ['t_ms', 'request'],
    rows: [
      [1.5, '=SUM(1), "x"\nnext'],
      [null, 'plain'],
    ],
  };

  it('is CSV that no spreadsheet runs', () => {
    assert.equal(csvOf(data), 't_ms,request\r\n1.5,"\'=SUM(1), ""x"" next"\r\n,plain\r\n');
  });

  it('is JSON, an object a row', () => {
    assert.deepEqual(JSON.parse(jsonOf(data)), [
      { t_ms: 1.5, request: '=SUM(1), "x"\nnext' },
      { t_ms: null, request: 'plain' },
    ]);
  });
});
