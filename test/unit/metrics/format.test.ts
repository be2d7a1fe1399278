import assert from 'node:assert/strict';
import {
  formatDifference,
  formatSeconds,
  formatSloLine,
  formatStaleSloLine,
  formatValue,
  significant,
} from '../../../src/core/metrics/format';
import type { Unit } from '../../../src/protocol/plan';
import type { SloResult } from '../../../src/protocol/run-json';

function result(more: Partial<SloResult>): SloResult {
  return {
    expr: 'ttft.p99 <= 200ms',
    pointer: '/slo/0',
    severity: 'error',
    value: 184.23,
    limit: 200,
    verdict: 'pass',
    confidence: 'high',
    ci: [176.04, 195.1],
    n: 478,
    n_effective: 390,
    reason: '15.8 ms under',
    ...more,
  };
}

describe('values', () => {
  const table: [value: number, unit: Unit, text: string][] = [
    [184.23, 'ms', '184 ms'],
    [0.01234, 'ms', '0.0123 ms'],
    [0, 'ms', '0 ms'],
    [15, 'ms', '15 ms'],
    [1236, 'ms', '1240 ms'],
    [9999, 'ms', '10000 ms'],
    [10_000, 'ms', '10 s'],
    [12_345, 'ms', '12.3 s'],
    [-31.4, 'ms', '-31.4 ms'],
    [8.016, '1/s', '8.02/s'],
    [1234.5, 'tokens/s', '1230 tok/s'],
    [0.9167, 'ratio', '91.7%'],
    [1, 'ratio', '100%'],
    [0, 'ratio', '0%'],
    [0.9996, 'ratio', '99.96%'],
    [0.99999, 'ratio', '99.999%'],
    [0.00123, 'ratio', '0.123%'],
    [12.3, 'USD', '$12.30'],
    [1234.567, 'USD', '$1,234.57'],
    [0.5, 'USD', '$0.50'],
    [0.07, 'USD', '$0.07'],
    [0.002, 'USD', '$0.002'],
    [0.000123456, 'USD', '$0.0001235'],
    [0, 'USD', '$0'],
    [-0.002, 'USD', '-$0.002'],
    [1240.4, 'tokens', '1,240 tokens'],
    [31.25, 'tokens', '31.3 tokens'],
    [1_234_567, 'count', '1,234,567'],
    [Number.NaN, 'ms', 'unknown'],
  ];
  for (const [value, unit, text] of table) {
    it(`show ${value} ${unit} as ${text}`, () => assert.equal(formatValue(value, unit), text));
  }

  it('have as many significant digits as asked for, without an exponent', () => {
    assert.equal(significant(0.000000123456), '0.000000123');
    assert.equal(significant(1e21).includes('e'), true, 'beyond 1e21 JavaScript itself needs one');
    assert.equal(significant(99.95), '100');
    assert.equal(significant(100), '100');
  });

  it('differ in points where they are shares', () => {
    assert.equal(formatDifference(-0.033, 'ratio'), '3.3 points');
    assert.equal(formatDifference(31, 'ms'), '31 ms');
  });

  it('show how long to wait, rounded up', () => {
    assert.deepEqual([0.2, 33.2, 119.5, 121, 8000, 200_000, Number.POSITIVE_INFINITY].map(formatSeconds), [
      '1 s',
      '34 s',
      '2 min',
      '3 min',
      '3 h',
      '3 days',
      'unknown',
    ]);
  });
});

describe("the end of an SLO's line", () => {
  it('says the answer first', () => {
    assert.equal(formatSloLine(result({})), '✓ 184 ms · 95% CI 176–195 · n 478');
    assert.equal(
      formatSloLine(result({ value: 231, verdict: 'fail', ci: null, reason: '31 ms over' })),
      '✗ 231 ms, 31 ms over · p99 of 478',
    );
    assert.equal(
      formatSloLine(
        result({ verdict: 'inconclusive', reason: '12 samples are too few for a p99 (299 needed, 34 s more)' }),
      ),
      '~ 12 samples are too few for a p99 (299 needed, 34 s more)',
    );
  });

  it('shows low confidence in words', () => {
    assert.equal(
      formatSloLine(result({ confidence: 'low', ci: null, reason: 'too close to call' })),
      '✓ 184 ms · low confidence: too close to call',
    );
    assert.equal(
      formatSloLine(result({ confidence: 'low', value: 201, verdict: 'fail' })),
      '✗ 201 ms, 1 ms over · p99 of 478 · low confidence',
    );
  });

  it('fits metrics without a statistic, and other levels', () => {
    const share = { expr: 'quality.pass_rate >= 95%', value: 0.9167, limit: 0.95, n: 12 };
    assert.equal(formatSloLine(result({ ...share, verdict: 'fail' })), '✗ 91.7%, 3.33 points under · n 12');
    assert.equal(
      formatSloLine(result({ ...share, value: 0.98, ci: [0.951, 0.9996] }), 0.9),
      '✓ 98% · 90% CI 95.1–99.96 · n 12',
    );
    assert.equal(
      formatSloLine(result({ expr: 'cost.per_good <= $0.002', value: 0.0015, limit: 0.002, ci: [0.001, 0.0018] })),
      '✓ $0.0015 · 95% CI 0.001–0.0018 · n 478',
    );
    assert.equal(
      formatSloLine(result({ expr: 'e2e.p99 <= 15s', value: 12_000, limit: 15_000, ci: [9500, 14_000] })),
      '✓ 12 s · 95% CI 9.5–14 · n 478',
    );
  });

  it('survives an expression of another version, a missing value and staleness', () => {
    assert.equal(formatSloLine(result({ expr: 'new_metric <= 3 foo', ci: null })), '✓ 184 · n 478');
    assert.equal(formatSloLine(result({ value: null, reason: 'no request completed' })), '~ no request completed');
    assert.equal(formatStaleSloLine(result({})), '◌ stale · was 184 ms');
    assert.equal(formatStaleSloLine(result({ value: null })), '◌ stale');
  });
});
