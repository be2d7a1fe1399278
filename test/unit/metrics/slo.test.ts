import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { METRICS, metricOf } from '../../../src/core/metrics/definitions';
import { PRESETS } from '../../../src/core/metrics/presets';
import { parseSloExpression } from '../../../src/core/metrics/slo';
import { shareOfPercentile } from '../../../src/core/metrics/stat';

function parsed(text: string) {
  const result = parseSloExpression(text);
  assert.ok(result.ok, `${text}: ${result.ok ? '' : result.message}`);
  return result;
}

function refused(text: string) {
  const result = parseSloExpression(text);
  assert.ok(!result.ok, `${text} parsed`);
  return result;
}

describe('SLO expressions', () => {
  const valid: [text: string, expr: string, limit: number, unit: string][] = [
    ['ttft<=200ms', 'ttft.p99 <= 200ms', 200, 'ms'],
    ['  ttft.p95  <  3 s ', 'ttft.p95 < 3s', 3000, 'ms'],
    ['e2e.p99.9 <= 1.5s', 'e2e.p99.9 <= 1.5s', 1500, 'ms'],
    ['itl.mean <= 500us', 'itl.mean <= 500us', 0.5, 'ms'],
    ['rps >= 8/s', 'rps >= 8/s', 8, '1/s'],
    ['rps >= 120/min', 'rps >= 120/min', 2, '1/s'],
    ['output_tps > 1_000 tok/s', 'output_tps > 1000/s', 1000, 'tokens/s'],
    ['error_rate <= 1%', 'error_rate <= 1%', 0.01, 'ratio'],
    ['error_rate <= 0', 'error_rate <= 0', 0, 'ratio'],
    ['quality.pass_rate >= 95%', 'quality.pass_rate >= 95%', 0.95, 'ratio'],
    ['cost.per_good <= $0.002', 'cost.per_good <= $0.002', 0.002, 'USD'],
    ['cost.per_good <= 0.002 USD', 'cost.per_good <= $0.002', 0.002, 'USD'],
    ['cost.p99 <= $0.1', 'cost.p99 <= $0.1', 0.1, 'USD'],
    ['output_tokens <= 200', 'output_tokens.mean <= 200', 200, 'tokens'],
    ['concurrency.max <= 32', 'concurrency.max <= 32', 32, 'count'],
    ['tokens_per_event.mean <= 4', 'tokens_per_event.mean <= 4', 4, 'ratio'],
  ];
  for (const [text, expr, limit, unit] of valid) {
    it(`reads "${text}"`, () => {
      const result = parsed(text);
      assert.deepEqual([result.expr, result.limit, result.unit], [expr, limit, unit]);
      assert.equal(parsed(result.expr).expr, expr, 'the canonical form is stable');
    });
  }

  const invalid: [text: string, at: string, message: RegExp, suggestion?: string][] = [
    ['tfft <= 200ms', 'tfft', /not a metric.*"ttft"/, 'ttft'],
    ['TTFT <= 200ms', 'TTFT', /not a metric/, 'ttft'],
    ['ttft_p99 <= 200ms', 'ttft_p99', /not a metric/, 'ttft.p99'],
    ['latency.p95 <= 3s', 'latency.p95', /not a metric/, 'e2e.p95'],
    ['cost.per_god <= $1', 'cost.per_god', /not a metric/, 'cost.per_good'],
    ['ttft.avg <= 200ms', 'avg', /not a statistic of ttft/, 'mean'],
    ['ttft.p100 <= 200ms', 'p100', /not a statistic/, 'max'],
    ['ttft.constructor <= 200ms', 'constructor', /not a statistic/],
    ['constructor <= 200ms', 'constructor', /not a metric/],
    ['rps.p99 >= 8/s', 'rps.p99', /takes no statistic/, 'rps'],
    ['concurrency.p99 <= 8', 'p99', /mean or max/],
    ['ttft ≤ 200ms', '≤', /not an operator/, '<='],
    ['ttft = 200ms', '=', /not an operator/, '<='],
    ['ttft <= 200', '200', /no unit/, '200ms'],
    ['ttft <= 8/s', '8/s', /wrong unit/],
    ['rps >= 8', '8', /no unit/, '8/s'],
    ['ttft <= 5%', '5%', /wrong unit/],
    ['quality.pass_rate >= 95', '95', /between 0% and 100%/, '95%'],
    ['error_rate <= 120%', '120%', /between/],
    ['ttft <= -3ms', '-3ms', /negative/],
    ['ttft <= fast', 'fast', /not a limit/],
    ['ttft <= 2 0ms', '2 0ms', /wrong unit/],
  ];
  for (const [text, at, message, suggestion] of invalid) {
    it(`refuses "${text}" at "${at}"`, () => {
      const result = refused(text);
      assert.match(result.message, message);
      assert.equal(text.slice(result.offset, result.offset + result.length), at);
      if (suggestion !== undefined) {
        assert.equal(result.suggestions[0], suggestion);
        const fixed = text.slice(0, result.offset) + suggestion + text.slice(result.offset + result.length);
        parsed(fixed);
      }
    });
  }

  it('says what is missing where an operator or a limit is', () => {
    assert.match(refused('ttft').message, /needs one of <=/);
    assert.equal(refused('ttft <=').suggestions[0], 'ttft.p99 <= 200ms');
    assert.match(refused('').message, /needs a metric/);
    assert.match(refused('<= 3s').message, /starts with the name/);
  });

  it('never throws and never places an error outside the text', () => {
    const word = fc.constantFrom('ttft', 'rps', '.', 'p99', '<=', '>', '200ms', '95%', '$', ' ', '/s', '-', 'é', '1e9');
    const text = fc.oneof(
      fc.string(),
      fc.array(word).map((words) => words.join('')),
    );
    fc.assert(
      fc.property(text, (input) => {
        const result = parseSloExpression(input);
        if (result.ok) assert.ok(Number.isFinite(result.limit) && result.limit >= 0);
        else assert.ok(result.offset >= 0 && result.offset + result.length <= input.length);
      }),
      { numRuns: 500 },
    );
  });

  it('suggests an example that parses, for every metric', () => {
    for (const name of Object.keys(METRICS)) {
      const [example] = refused(name).suggestions;
      assert.ok(example !== undefined, name);
      assert.equal(parsed(example).metric, name);
    }
  });
});

describe('presets and definitions', () => {
  it('has every preset in canonical form', () => {
    assert.equal(Object.keys(PRESETS).length, 14);
    for (const [name, preset] of Object.entries(PRESETS)) {
      assert.ok(preset.source.length > 10, name);
      for (const expr of preset.slos) assert.equal(parsed(expr).expr, expr);
    }
    assert.deepEqual(PRESETS['rag']?.slos, ['ttft.p99 <= 300ms', 'itl.p99 <= 100ms', 'e2e.p99 <= 3s']);
  });

  it('gives latencies a p99 by default and knows no inherited names', () => {
    for (const metric of Object.values(METRICS)) {
      if (metric.kind === 'latency') assert.equal(metric.defaultStat, 'p99', metric.name);
      assert.equal(metric.stats, metric.defaultStat !== null);
    }
    assert.equal(metricOf('toString'), undefined);
  });

  it('reads percentiles without binary noise', () => {
    assert.equal(shareOfPercentile('p99.9'), 0.999);
    assert.equal(shareOfPercentile('p99'), 0.99);
    assert.equal(shareOfPercentile('p5'), 0.05);
    for (const text of ['p0', 'p100', 'p', 'p9.', 'P99', 'p99.9999', '99']) assert.equal(shareOfPercentile(text), null);
  });
});
