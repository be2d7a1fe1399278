import assert from 'node:assert/strict';
import type { QualityResult } from '../../../src/protocol/run-json';
import { lineEnds, nodeStatuses, summarize } from '../../../src/extension/language/line-ends';
import { RunObserver } from '../../../src/extension/language/run-observer';
import { AT, parsed, statusAt, texts } from './inline-support';
import { assertion, record, slo, stage } from './support';

const FILE = `name: Chat
prompt: "Answer {{ q }}"
cases:
  - name: refund
    vars: { q: one }
    assert:
      - contains: 30 days
      - type: assert-set
        assert:
          - contains: a
          - contains: b
  - name: talk
    turns:
      - user: Hello
        assert:
          - contains: hi
      - user: And then?
      - user: Bye
load:
  - name: steady
    pattern: constant
    rate: 8/s
    duration: 10s
slo:
  - ttft.p99 <= 200ms
  - quality.pass_rate >= 90%
baseline: run-0
`;

function observer(confidence = 0.95): { survey: ReturnType<typeof parsed>['survey']; run: RunObserver } {
  const { survey } = parsed(FILE);
  return { survey, run: new RunObserver(survey, AT, true, { id: 'run-1', confidence }) };
}

function quality(part: Partial<QualityResult> = {}): QualityResult {
  return {
    cases: 3,
    passed: 1,
    failed: 2,
    errors: 0,
    skipped: 0,
    pass_rate: 1 / 3,
    ci: null,
    score: 0.5,
    flake_rate: 1,
    slo: [],
    ...part,
  };
}

describe('the end of a line', () => {
  it('names the level of the interval that the run was made with', () => {
    const { survey, run } = observer(0.9);
    run.onStage('sim', stage('steady', '/load/0', [slo('/slo/0')]));
    assert.equal(texts(survey, run.observations)['/slo/0'], '✓ 184 ms · 90% CI 176–195 · n 478');
  });

  it('says what share of the answers was right under load, and that it is less than at the lowest', () => {
    const { survey, run } = observer();
    const underLoad = quality({ cases: 480, passed: 469, failed: 9, errors: 0, skipped: 2 });
    run.onStage('sim', stage('steady', '/load/0', [], { quality: underLoad }));
    assert.equal(texts(survey, run.observations)['/load/0'], '✓ done · 80 requests · 8/s · 98.1% right of 478');
    run.onRun({
      targets: [
        {
          id: 'sim',
          quality: null,
          stages: [stage('steady', '/load/0', [], { quality: underLoad })],
          quality_under_load: {
            low: { stage: 'calm', pass_rate: 0.995, n: 200 },
            high: { stage: 'steady', pass_rate: 0.981, n: 478 },
            difference: -0.014,
            ci: [-0.02, -0.01],
            verdict: 'worse',
          },
        },
      ] as unknown as Parameters<RunObserver['onRun']>[0]['targets'],
    });
    assert.match(texts(survey, run.observations)['/load/0'] ?? '', /98\.1% right of 478, 99\.5% at the lowest load$/);
  });

  it('tells a flaky case with its different answers from one that always says the same', () => {
    for (const [distinct, words] of [
      [2, '2 different answers'],
      [1, 'always the same answer'],
    ] as const) {
      const { survey, run } = observer();
      for (const outcome of ['passed', 'failed', 'failed'] as const)
        run.onCase(record('/cases/0', 'refund', [assertion('/cases/0/assert/0', { outcome })]));
      run.onQuality(
        'sim',
        quality({ repeated: [{ case: '/cases/0', case_id: 'refund', name: 'refund', n: 3, passed: 1, distinct }] }),
      );
      assert.equal(texts(survey, run.observations)['/cases/0'], `✗ 1/3 flaky, ${words}`);
    }
  });

  it('says that the judge disagrees with itself, whatever it said first', () => {
    const { survey, run } = observer();
    const graded = assertion('/cases/0/assert/0', { type: 'llm-rubric', again: 'failed' });
    run.onCase(record('/cases/0', 'refund', [graded]));
    const status = statusAt(survey, run.observations, '/cases/0/assert/0');
    assert.equal(status.state, 'passed');
    assert.equal(status.text, '✓ passed · judge disagrees with itself on 1 of 1');
    run.onCase(record('/cases/0', 'refund', [{ ...graded, again: 'passed' }]));
    assert.equal(texts(survey, run.observations)['/cases/0/assert/0'], '✓ 2/2 · judge disagrees with itself on 1 of 2');
  });

  it('answers the members of a set, and does not blame one that its set bears', () => {
    const { survey, run } = observer();
    const members = [
      assertion('/cases/0/assert/1/assert/0'),
      assertion('/cases/0/assert/1/assert/1', { outcome: 'failed', reason: 'does not contain "b"' }),
    ];
    run.onCase(record('/cases/0', 'refund', [assertion('/cases/0/assert/1', { type: 'assert-set', members })]));
    const held = nodeStatuses(survey, run.observations);
    const member = held.find(({ node }) => node.pointer === '/cases/0/assert/1/assert/1');
    assert.equal(held.find(({ node }) => node.pointer === '/cases/0/assert/1/assert/0')?.text, '✓ passed');
    assert.equal(member?.state, 'noted');
    assert.equal(member.text, '→ failed, the set holds · does not contain "b"');
    const failing = assertion('/cases/0/assert/1', {
      type: 'assert-set',
      outcome: 'failed',
      reason: 'holds 1 of 2',
      members,
    });
    run.onCase(record('/cases/0', 'refund', [failing]));
    const shown = texts(survey, run.observations);
    assert.equal(shown['/cases/0/assert/1/assert/1'], '✗ 0/2 failed · does not contain "b"');
    assert.equal(shown['/cases/0/assert/1'], '✗ 1/2 flaky · contains: does not contain "b"');
  });

  it('does not blame an assertion that the score outvotes', () => {
    const { survey, run } = observer();
    const failed = assertion('/cases/0/assert/0', { outcome: 'failed', expected: '30 days' });
    run.onCase(record('/cases/0', 'refund', [failed], { outcome: 'passed', score: 0.8 }));
    const status = statusAt(survey, run.observations, '/cases/0/assert/0');
    assert.equal(status.state, 'warning');
    assert.equal(status.text, '✗ failed, the score decides · expected "30 days"');
    run.onCase(record('/cases/0', 'refund', [failed], { outcome: 'failed' }));
    assert.equal(statusAt(survey, run.observations, '/cases/0/assert/0').state, 'failed');
  });

  it('shows an assertion of no weight as a remark', () => {
    const { survey, run } = observer();
    const failed = assertion('/cases/0/assert/0', { outcome: 'failed', severity: 'info', reason: 'no' });
    run.onCase(record('/cases/0', 'refund', [failed], { outcome: 'passed' }));
    assert.equal(statusAt(survey, run.observations, '/cases/0/assert/0').state, 'noted');
  });

  it('answers a conversation turn by turn, as far as it came', () => {
    const { survey, run } = observer();
    const turns = [
      { request: 'sim/cases/0', user: 'Hello', answer: 'hi there' },
      { request: 'sim/cases/1', user: 'And then?', answer: 'Nothing more.' },
      { request: 'sim/cases/2', user: 'Bye', answer: null },
    ];
    run.onCase(
      record('/cases/1', 'talk', [assertion('/cases/1/turns/0/assert/0')], {
        outcome: 'error',
        reason: 'turn 3 of 3: timed out',
        turns,
      }),
    );
    const shown = texts(survey, run.observations);
    assert.equal(shown['/cases/1/turns/0'], '✓ passed');
    assert.equal(shown['/cases/1/turns/1'], '→ answered "Nothing more."');
    assert.equal(shown['/cases/1/turns/2'], '! no answer · turn 3 of 3: timed out');
    const lines = lineEnds(nodeStatuses(survey, run.observations));
    const at = FILE.split('\n').indexOf('      - user: Hello');
    assert.equal(lines.find(({ line }) => line === at)?.text, '✓ passed');
  });

  it('keeps the answer of its turn with an assertion of a turn', () => {
    const { survey, run } = observer();
    const turns = [
      { request: 'sim/cases/7', user: 'Hello', answer: 'hello you' },
      { request: 'sim/cases/8', user: 'Bye', answer: 'bye' },
    ];
    const failed = assertion('/cases/1/turns/0/assert/0', { outcome: 'failed', spans: [[0, 5]] });
    run.onCase(record('/cases/1', 'talk', [failed], { turns, answer: 'bye' }));
    const [{ observation } = { observation: undefined }] = statusAt(
      survey,
      run.observations,
      '/cases/1/turns/0/assert/0',
    ).placed;
    assert.ok(observation?.kind === 'assertion');
    assert.equal(observation.sample?.answer, 'hello you');
    assert.equal(observation.sample.request, 'sim/cases/7');
    assert.deepEqual(observation.sample.spans, [[0, 5]]);
  });

  it('says at the baseline what got worse, and at the case that it passed there', () => {
    const { survey, run } = observer();
    run.onCase(record('/cases/0', 'refund', [assertion('/cases/0/assert/0', { outcome: 'failed' })]));
    const pair = {
      first: 'sim',
      second: 'sim',
      cases: 12,
      only_first: 6,
      only_second: 0,
      difference: -0.5,
      ci: null,
      p_value: 0.03,
      p_adjusted: 0.03,
      verdict: 'first better' as const,
      lost: ['/cases/0'],
      won: [],
    };
    const baseline = {
      run: 'run-0',
      started_at: AT,
      pairs: [pair],
      regressions: ['sim: 50% fewer cases pass'],
      improvements: [],
    };
    run.onRun({ targets: [], baseline });
    const shown = texts(survey, run.observations);
    assert.equal(shown['/baseline'], '✗ worse than the baseline · sim: 50% fewer cases pass');
    assert.equal(shown['/cases/0'], '✗ failed · passed in the baseline');
    assert.equal(summarize(nodeStatuses(survey, run.observations))?.state, 'failed');

    const equal = { ...baseline, regressions: [], pairs: [{ ...pair, only_first: 1 }] };
    run.onRun({ targets: [], baseline: equal });
    assert.equal(
      texts(survey, run.observations)['/baseline'],
      '✓ no worse than the baseline · 1 of 12 cases lost, too few to tell',
    );
    run.onRun({ targets: [], baseline: { ...equal, pairs: [], error: 'run.json is damaged' } });
    assert.equal(texts(survey, run.observations)['/baseline'], '! not compared · run.json is damaged');
  });

  it('sums a file up as its run does: where enough answers are right, the others are permitted', () => {
    const { survey, run } = observer();
    const rate = (verdict: 'pass' | 'fail') =>
      slo('/slo/1', { expr: 'quality.pass_rate >= 90%', verdict, severity: 'error' });
    run.onCase(record('/cases/0', 'refund', [assertion('/cases/0/assert/0', { outcome: 'failed' })]));
    assert.equal(summarize(nodeStatuses(survey, run.observations))?.state, 'failed');
    run.onQuality('sim', quality({ slo: [rate('pass')] }));
    assert.deepEqual(summarize(nodeStatuses(survey, run.observations)), {
      state: 'passed',
      text: '1 passed, 1 failed as permitted',
    });
    run.onQuality('other', quality({ slo: [rate('fail')] }));
    assert.equal(summarize(nodeStatuses(survey, run.observations))?.state, 'failed', 'one target of two');
  });

  it('does not hold a part of the cases against the baseline', () => {
    const { survey } = parsed(FILE);
    const run = new RunObserver(survey, AT, false);
    run.onRun({ targets: [], baseline: { run: 'r', started_at: AT, pairs: [], regressions: ['x'], improvements: [] } });
    assert.deepEqual(run.observations, []);
  });

  it('keeps of a long answer no more than is looked at', () => {
    const { survey, run } = observer();
    const answer = 'x'.repeat(100_000);
    const failed = assertion('/cases/0/assert/0', {
      outcome: 'failed',
      expected: answer,
      spans: [
        [99_000, 99_010],
        [3, 5],
      ],
    });
    run.onCase(record('/cases/0', 'refund', [failed], { answer }));
    assert.ok(JSON.stringify(run.observations).length < 15_000);
    const [placed] = statusAt(survey, run.observations, '/cases/0/assert/0').placed;
    assert.ok(placed?.observation.kind === 'assertion');
    assert.equal(placed.observation.sample?.cut, true);
    assert.deepEqual(placed.observation.sample.spans, [[3, 5]]);
  });
});
