import assert from 'node:assert/strict';
import type { CurvePoint, CurveResult, LineReport, PhaseReport, StageResult } from '../../../src/protocol/run-json';
import { displayWidth } from '../../../src/core/report/layout';
import { renderTable, renderVerdictLine, type TableOptions } from '../../../src/core/report/table';
import { distribution, quality, run, slo, stage, target } from './helpers';

const options: TableOptions = { colour: false, width: 140 };
const EXPR = 'ttft.p99 <= 200ms';

function step(rate: number, ttftP99: number, more: Partial<StageResult> = {}): StageResult {
  const verdict = ttftP99 <= 200 ? 'pass' : 'fail';
  return stage({
    name: `limit ${rate}/s`,
    part_of: 'limit',
    rate,
    slo: [slo({ expr: EXPR, value: ttftP99, verdict })],
    ...more,
  });
}

function point(rate: number, ttftP99: number, more: Partial<CurvePoint> = {}): CurvePoint {
  const verdict = ttftP99 <= 200 ? 'pass' : 'fail';
  const values = { [EXPR]: ttftP99 };
  return { stage: `limit ${rate}/s`, rate, rps: rate - 0.1, goodput: rate - 0.2, verdict, values, ...more };
}

function capacity(more: Partial<CurveResult> = {}): CurveResult {
  return {
    stage: 'limit',
    pointer: '/load/0',
    kind: 'capacity',
    status: 'found',
    points: [point(8, 120), point(32, 900), point(16, 180)],
    rate: 16,
    bracket: [16, 32],
    confidence: 'high',
    cost_per_good: 0.000_041_2,
    conclusion: 'The SLOs are met up to 16/s and not at 32/s.',
    verdict: 'pass',
    ...more,
  };
}

const steps = [step(8, 120), step(32, 900), step(16, 180)];
const searched = run({
  targets: [target({ quality: null, stages: steps, curves: [capacity()], verdict: 'pass' })],
  verdict: 'pass',
});

describe('the table of a capacity search', () => {
  const text = renderTable(searched, [], options);
  const lines = text.split('\n');

  it('has one row per step by rate, with the values of the SLOs and the verdict', () => {
    const rows = lines.filter((line) => /^ *[✓✗] (pass|fail) /.test(line)).map((line) => line.trim().split(/ {2,}/));
    assert.deepEqual(rows, [
      ['✓ pass', '8/s', '7.9/s', '120 ms', '7.8/s'],
      ['✓ pass', '16/s', '15.9/s', '180 ms', '15.8/s'],
      ['✗ fail', '32/s', '31.9/s', '900 ms', '31.8/s'],
    ]);
    const head = lines.find((line) => line.trim().startsWith('verdict')) ?? '';
    assert.match(head, /rate +achieved +ttft\.p99 <= 200ms +goodput/);
  });

  it('says the conclusion, the highest rate and what a good request costs there', () => {
    assert.match(text, /✓ The SLOs are met up to 16\/s and not at 32\/s\./);
    assert.match(
      text,
      /Highest rate 16\/s \(not at 32\/s\) · confidence high · a good request costs \$0\.0000412 there/,
    );
  });

  it('does not print its steps in full', () => {
    assert.doesNotMatch(text, /completed in/);
    assert.doesNotMatch(text, /confidence +reason|worth/);
    assert.ok(lines.length < 16, text);
  });

  it('does not count the missed SLOs of its steps', () => {
    const line = renderVerdictLine(searched, options);
    assert.doesNotMatch(line, /missed|SLOs met/);
    assert.match(line, /^✓ PASS · limit: 16\/s/);
  });

  it('marks steps in which the client was the limit, and adds up their errors', () => {
    const errors = [{ kind: 'http_429', count: 3, example: 'busy' }];
    const stages = [step(8, 120, { errors }), step(32, 900, { flags: ['client_limited', 'low_samples'], errors })];
    const curves = [capacity({ points: [point(8, 120), point(32, 900)] })];
    const shown = renderTable(run({ targets: [target({ quality: null, stages, curves })] }), [], options);
    assert.match(shown, /✗ fail +32\/s .* {2}client limited$/m);
    assert.match(shown, /6 × http_429: busy/);
    assert.equal(shown.match(/http_429/g)?.length, 1);
  });

  it('stands where it ran among the other stages, and says so where nothing was found', () => {
    const stages = [stage({ name: 'before' }), ...steps, stage({ name: 'after' })];
    const conclusion = 'The SLOs fail at the lowest rate, 8/s.';
    const curves = [
      capacity({
        rate: null,
        bracket: [null, 8],
        cost_per_good: null,
        verdict: 'fail',
        status: 'fails_at_lowest',
        conclusion,
      }),
    ];
    const shown = renderTable(run({ targets: [target({ stages, curves })] }), [], options);
    const order = ['before', 'highest rate within', 'after'].map((part) => shown.indexOf(part));
    assert.deepEqual(
      order,
      [...order].sort((a, b) => a - b),
    );
    assert.match(shown, /✗ The SLOs fail at the lowest rate/);
    assert.doesNotMatch(shown, /Highest rate/);
    assert.match(shown, /2 of 2 SLOs met · limit: no rate meets the SLOs/);
  });

  it('keeps the steps of a search that was cut off', () => {
    const shown = renderTable(run({ targets: [target({ quality: null, stages: [step(8, 120)] })] }), [], options);
    assert.match(shown, /limit 8\/s\n +poisson 8\/s · 478 of 480 completed/);
  });

  it('names the closed-loop steps of a sweep', () => {
    const points = [
      point(0, 100, { stage: 'curve sync', rate: null, rps: 2 }),
      point(0, 800, { stage: 'curve throughput', rate: null, rps: 40, verdict: 'fail' }),
    ];
    const curves = [capacity({ stage: 'curve', kind: 'sweep', points, rate: null, bracket: null })];
    const shown = renderTable(run({ targets: [target({ quality: null, stages: [], curves })] }), [], options);
    assert.match(shown, /✓ pass +sync +2\/s/);
    assert.match(shown, /✗ fail +throughput +40\/s +800 ms/);
  });
});

const fit = (more: Partial<Extract<LineReport, { kind: 'fit' }>> = {}): LineReport => ({
  kind: 'fit',
  slope: 52.1,
  slope_ci: [50.2, 54.4],
  base: 41.2,
  base_ci: [40.1, 42.3],
  r2: 0.9,
  n: 400,
  n_effective: 300,
  x_range: [0.1, 2],
  ...more,
});

function phases(more: Partial<PhaseReport> = {}): PhaseReport {
  return {
    bound: 'decode-bound',
    sentence: 'Decode-bound: decode is 93% of a request’s time.',
    prefill: fit(),
    decode: fit({ base: 14.9, base_ci: [14.8, 15], slope: 0.21, slope_ci: [0.19, 0.23] }),
    prefill_share: null,
    cold: {
      n: 8,
      ttft_p50: 160,
      ttft_max: 190,
      warm_ttft_p50: 120,
      connect_p50: 3.2,
      extra: 40,
      extra_ci: [30, 52],
    },
    ...more,
  };
}

describe('the phases of a stage', () => {
  it('are the sentence, the intervals of both lines, and the cold requests apart', () => {
    const text = renderTable(run({ targets: [target({ stages: [stage({ phases: phases() })] })] }), [], options);
    const flat = text.replace(/\s+/g, ' ');
    assert.match(flat, /Decode-bound: decode is 93%/);
    assert.match(flat, /95% CI: prefill 40\.1–42\.3 ms, 50\.2–54\.4 ms per 1,000 input tokens \(n 400\);/);
    assert.match(flat, /decode 14\.8–15 ms a token, 0\.19–0\.23 ms per further concurrent request \(n 400\)\./);
    assert.match(
      flat,
      /The first 8 requests \(cold\): TTFT p50 160 ms beside 120 ms of the others, 40 ms more \(30–52 ms\); connecting took 3\.2 ms\./,
    );
  });

  it('do not call a difference what may be none', () => {
    const shown = (extra: number, ci: [number, number] | null) => {
      const cold = { ...phases().cold, extra, extra_ci: ci };
      const text = renderTable(
        run({ targets: [target({ stages: [stage({ phases: phases({ cold }) })] })] }),
        [],
        options,
      );
      return text.replace(/\s+/g, ' ');
    };
    assert.match(shown(-0.27, null), /of the others; connecting/);
    assert.match(shown(-4, [-7, -1]), /of the others, 4 ms less \(-7–-1 ms\);/);
    assert.match(shown(2, [-3, 7]), /of the others, no difference shown \(-3–7 ms\);/);
  });

  it('say why a line could not be fitted', () => {
    const prefill: LineReport = { kind: 'none', reason: 'The prompts are too much alike.' };
    const text = renderTable(
      run({ targets: [target({ stages: [stage({ phases: phases({ prefill }) })] })] }),
      [],
      options,
    );
    assert.match(text, /The prompts are too much alike\./);
    assert.doesNotMatch(text, /per 1,000 input tokens/);
  });

  it('are one sentence where nothing is known', () => {
    const prefill: LineReport = { kind: 'none', reason: 'Too few.' };
    const unknown = phases({
      bound: 'unknown',
      sentence: 'Too few requests to tell.',
      prefill,
      decode: prefill,
      cold: {
        n: 0,
        ttft_p50: null,
        ttft_max: null,
        warm_ttft_p50: null,
        connect_p50: null,
        extra: null,
        extra_ci: null,
      },
    });
    const text = renderTable(run({ targets: [target({ stages: [stage({ phases: unknown })] })] }), [], options);
    assert.match(text, /Too few requests to tell\./);
    assert.doesNotMatch(text, /Too few\.|cold|CI:/);
  });

  it('of the whole target follow where it has several load stages, and only there', () => {
    const whole = phases({ sentence: 'Over everything: decode-bound.' });
    const shown = (stages: StageResult[]) =>
      renderTable(run({ targets: [target({ stages, phases: whole })] }), [], options);
    assert.doesNotMatch(shown([stage({ pattern: 'cases' }), stage()]), /Over everything/);
    assert.match(shown([stage(), stage({ name: 'second' })]), /All load stages together\n +Over everything/);
  });

  it('wrap to the terminal', () => {
    const text = renderTable(
      run({ targets: [target({ quality: quality(), stages: [stage({ phases: phases(), slo: [] })] })] }),
      [],
      {
        ...options,
        width: 60,
      },
    );
    const shown = text.split('\n').filter((line) => /CI: prefill|concurrent|cold|connecting/.test(line));
    assert.ok(shown.length >= 3, text);
    for (const line of shown) assert.ok(displayWidth(line) <= 60, line);
  });
});

describe('caveats of a stage', () => {
  const caveat = (more: Partial<StageResult>) =>
    renderTable(run({ targets: [target({ stages: [stage(more)] })] }), [], options);

  for (const [flag, says] of [
    ['client_limited', /load generator itself was the bottleneck/],
    ['not_steady', /the server is saturating/],
    ['clock_jump', /clock of this machine jumped.*run again/],
    ['low_samples', /sample is too small/],
    ['tokens_mixed', /counted in more than one way/],
    ['hidden_tokens', /bills tokens that it never streamed/],
    ['something_new', /Note: something new\./],
  ] as const) {
    it(`says ${flag} as a sentence`, () => assert.match(caveat({ flags: [flag] }), says));
  }

  it('says which percentiles come from a histogram', () => {
    const metrics = {
      ttft: distribution(121, 184.2),
      itl: { ...distribution(15, 22, 2_400_000), method: 'hdr' as const },
    };
    assert.match(
      caveat({ metrics }),
      /Percentiles of itl are from a histogram with 3 significant digits: up to 2,400,000/,
    );
    assert.doesNotMatch(caveat({}), /histogram/);
  });
});
