import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import { displayWidth } from '../../../src/core/report/layout';
import { renderTable, renderVerdictLine, type TableOptions } from '../../../src/core/report/table';
import { caseRecord, quality, run, slo, stage, target } from './helpers';

const options: TableOptions = { colour: false, width: 140, dir: '.promptrig/runs/20250101-000000-abc' };
const lineOf = (pointer: string) => ({ '/cases/0': 12, '/cases/0/assert/0': 14 })[pointer];

describe('renderTable', () => {
  it('says the quality with its interval, and each failed assertion at its line', () => {
    const text = renderTable(run(), [caseRecord()], { ...options, lineOf });
    assert.match(text, /Quality {2}11 of 12 answers passed \(91\.7%, 95% CI 64\.6–98\.5\) · 1 failed · score 0\.95/);
    assert.match(
      text,
      /evals\/chat\.eval\.yaml:14 ✗ contains "30 days" · Refund\n +the answer starts "Refunds take a while\."/,
    );
  });

  it('gives each SLO its value, limit, sample, interval and confidence in words', () => {
    const low = slo({
      expr: 'itl.p99 <= 20ms',
      value: 22,
      limit: 20,
      verdict: 'fail',
      confidence: 'low',
      ci: [18, 26],
      n_effective: 478,
      reason: '2 ms over',
    });
    const lines = renderTable(
      run({ targets: [target({ stages: [stage({ slo: [slo(), low] })] })] }),
      [],
      options,
    ).split('\n');
    const row = (start: RegExp) => lines.find((line) => start.test(line.trim())) ?? '';
    assert.match(row(/^verdict/), /SLO +value +limit +n +95% CI +confidence/);
    assert.match(row(/^✓ pass/), /ttft\.p99 +184 ms +<= 200ms +478 \(worth 390\) +176–195 +high +15\.8 ms under/);
    assert.match(row(/^✗ fail/), /itl\.p99 +22 ms +<= 20ms +478 +18–26 +low +2 ms over/);
    assert.equal(row(/^✓ pass/).indexOf('high'), row(/^✗ fail/).indexOf('low'), 'columns line up');
  });

  it('says what decided, and where the results are, on the last line', () => {
    const stages = [
      stage({ slo: [slo(), slo({ verdict: 'fail' }), slo({ verdict: 'inconclusive', value: null, ci: null })] }),
    ];
    const last = renderTable(run({ targets: [target({ stages })] }), [], options)
      .trimEnd()
      .split('\n')
      .at(-1);
    assert.equal(
      last,
      '✗ FAIL · 11 of 12 answers passed · 1 of 3 SLOs met · 1 missed · 1 undecided · results in .promptrig/runs/20250101-000000-abc',
    );
  });

  it('names the reason of a run that did not complete', () => {
    const line = renderVerdictLine(
      run({ status: 'stopped', status_reason: 'cancelled', verdict: 'inconclusive' }),
      options,
    );
    assert.match(line, /^~ INCONCLUSIVE · stopped: cancelled · /);
    const spent = run({ status: 'stopped', status_reason: 'budget: the run cost $0.5012 of $0.5' });
    assert.match(renderVerdictLine(spent, options), / · stopped: budget, the run cost \$0\.5012 of \$0\.5 · /);
  });

  it('counts the repeats of a case together', () => {
    const passed = caseRecord({
      outcome: 'passed',
      repeat: 1,
      assertions: caseRecord().assertions.map((a) => ({ ...a, outcome: 'passed' })),
    });
    const text = renderTable(run(), [caseRecord(), passed, caseRecord({ repeat: 2 })], { ...options, lineOf });
    assert.equal(text.match(/✗ contains/g)?.length, 1);
    assert.match(text, /Refund \(2 of 3 answers\)/);
  });

  it('says a failed request once, not once per assertion', () => {
    const assertions = [0, 1].map((index) => ({
      ...caseRecord().assertions[0]!,
      pointer: `/cases/0/assert/${index}`,
      outcome: 'error' as const,
      reason: 'not evaluated: the request failed (http_500)',
    }));
    const broken = caseRecord({ outcome: 'error', reason: 'the request failed (http_500): boom', assertions });
    const text = renderTable(run(), [broken], { ...options, lineOf });
    assert.match(text, /evals\/chat\.eval\.yaml:12 ! error · Refund\n +the request failed \(http_500\): boom/);
    assert.equal(text.match(/http_500/g)?.length, 1);
  });

  it('shows a skipped assertion of a case that passed, and a failed warning as one that does not decide', () => {
    const [first] = caseRecord().assertions;
    const record = caseRecord({
      outcome: 'passed',
      assertions: [
        {
          ...first!,
          type: 'llm-rubric',
          outcome: 'skipped',
          expected: undefined,
          reason: 'llm-rubric is not supported',
        },
        { ...first!, severity: 'warning' },
      ],
    });
    const text = renderTable(run(), [record], options);
    assert.match(text, /○ llm-rubric · Refund/);
    assert.match(text, /✗ contains "30 days" · Refund \(does not decide\)/);
  });

  it('counts errors by kind, and says why a stage cannot be trusted', () => {
    const errors = [{ kind: 'http_429', count: 3, example: 'Too many requests' }];
    const client = { ...stage().client, limited: true, dispatch_lag_p99_ms: 12.3 };
    const text = renderTable(
      run({ targets: [target({ stages: [stage({ errors, flags: ['client_limited'], client })] })] }),
      [],
      options,
    );
    assert.match(text, /3 × http_429: Too many requests/);
    assert.match(text, /load generator itself was the bottleneck \(p99 of its dispatch lag 12\.3 ms\)/);
  });

  it('shows cost where there is a price and says so where there is none', () => {
    const cost = { total: 1.5, per_request: 0.003, per_1m_output: 0.4, per_good: 0.0031 };
    assert.match(
      renderTable(run({ targets: [target({ cost })] }), [], options),
      /Cost {2}\$1\.50 in total · \$0\.003 a request/,
    );
    assert.match(renderTable(run(), [], options), /Cost {2}unknown/);
  });

  it('never prints what a model wrote raw, and colours nothing by itself', () => {
    const evil = '\u001b[2J\u001b]0;owned\u0007\u009b31m\u202Ereversed\r\nnext';
    const [first] = caseRecord().assertions;
    const record = caseRecord({ name: evil, assertions: [{ ...first!, reason: evil, expected: evil }] });
    const dirty = run({
      name: evil,
      targets: [
        target({
          model: evil,
          error: { code: 'x', message: evil },
          stages: [stage({ errors: [{ kind: evil, count: 1, example: evil }] })],
        }),
      ],
    });
    const text = renderTable(dirty, [record], options);
    assert.doesNotMatch(text, /(?!\n)[\p{Cc}\u202e]/u);
    assert.match(text, /\\u001b\[2J/);
  });

  it('uses colour only when told to, and then changes nothing but colour', () => {
    const cases = [caseRecord()];
    const coloured = renderTable(run(), cases, { ...options, colour: true });
    assert.notEqual(coloured, stripVTControlCharacters(coloured));
    assert.equal(stripVTControlCharacters(coloured), renderTable(run(), cases, options));
  });

  it('wraps reasons and moves them below their rows on a narrow terminal', () => {
    const reason = 'the sample is too small to be sure of this percentile, some more seconds of load would settle it';
    const narrow = renderTable(
      run({ targets: [target({ stages: [stage({ slo: [slo({ reason })] })] })] }),
      [caseRecord()],
      { ...options, width: 80 },
    );
    const sentences = narrow.split('\n').filter((line) => /sample|settle|starts/.test(line));
    assert.ok(sentences.length >= 2);
    for (const line of sentences) assert.ok(displayWidth(line) <= 80, line);
  });

  it('stays short where hundreds of assertions failed', () => {
    const records = Array.from({ length: 300 }, (_, index) =>
      caseRecord({ case: `/cases/${index}`, name: `Case ${index}` }),
    );
    const text = renderTable(run({ targets: [target({ quality: quality({ cases: 300 }) })] }), records, options);
    assert.match(text, /and 280 more, in cases\.ndjson/);
    assert.ok(text.split('\n').length < 70);
  });
});
