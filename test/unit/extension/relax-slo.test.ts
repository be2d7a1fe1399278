import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseSloExpression } from '../../../src/core/metrics/slo';
import { relaxedSlo } from '../../../src/extension/language/relax-slo';

function relaxed(text: string, ...values: number[]): string | null {
  const change = relaxedSlo(text, values);
  return change === null
    ? null
    : text.slice(0, change.offset) + change.newText + text.slice(change.offset + change.length);
}

function meets(text: string, value: number): boolean {
  const parsed = parseSloExpression(text);
  assert.ok(parsed.ok, text);
  const { op, limit } = parsed;
  return op === '<=' ? value <= limit : op === '<' ? value < limit : op === '>=' ? value >= limit : value > limit;
}

describe('relaxedSlo', () => {
  it('moves the limit a little beyond what was measured, in few digits', () => {
    assert.equal(relaxed('ttft.p99 <= 200ms', 231.4), 'ttft.p99 <= 240ms');
    assert.equal(relaxed('quality.pass_rate >= 95%', 0.9167), 'quality.pass_rate >= 91%');
    assert.equal(relaxed('cost.per_request <= $0.002', 0.00231), 'cost.per_request <= $0.0024');
    assert.equal(relaxed('rps >= 100/s', 93.7), 'rps >= 93/s');
    assert.equal(relaxed('output_tokens.mean <= 200', 512), 'output_tokens.mean <= 520');
    assert.equal(relaxed('error_rate <= 1%', 0.0171), 'error_rate <= 1.8%');
  });

  it('takes more digits where the value is near the limit', () => {
    assert.equal(relaxed('quality.pass_rate >= 99.5%', 0.9942), 'quality.pass_rate >= 99.4%');
    assert.equal(relaxed('ttft.p99 <= 200ms', 200.4), 'ttft.p99 <= 200.4ms');
  });

  it('keeps unit, spaces, operator and place as they were written', () => {
    assert.equal(relaxed('  ttft.p99<=3s ', 4160), '  ttft.p99<=4.2s ');
    assert.equal(relaxed('e2e.p95  <  2_000 ms', 3000), 'e2e.p95  <  3100 ms');
    assert.equal(relaxed('rps >= 120/min', 1.9), 'rps >= 114/min');
    assert.equal(relaxed('quality.score >= 0.9', 0.83), 'quality.score >= 0.83');
  });

  it('goes beyond a value that a strict operator excludes', () => {
    assert.equal(relaxed('ttft.p99 < 200ms', 240), 'ttft.p99 < 250ms');
    assert.equal(relaxed('quality.pass_rate > 90%', 0.8), 'quality.pass_rate > 79%');
  });

  it('holds the worst of several values', () => {
    assert.equal(relaxed('ttft.p99 <= 200ms', 231, 410, 205), 'ttft.p99 <= 410ms');
    assert.equal(relaxed('rps >= 100/s', 99, 40), 'rps >= 40/s');
  });

  it('relaxes a limit of nothing at all', () => {
    assert.equal(relaxed('error_rate <= 0%', 0.021), 'error_rate <= 2.1%');
    assert.equal(relaxed('quality.pass_rate >= 10%', 0), 'quality.pass_rate >= 0%');
  });

  it('leaves alone what is met, is no expression or has no value', () => {
    assert.equal(relaxed('ttft.p99 <= 200ms', 184), null);
    assert.equal(relaxed('ecommerce-chatbot', 184), null);
    assert.equal(relaxed('ttft.p99 <= 200ms'), null);
    assert.equal(relaxed('ttft.p99 <= 200ms', Number.NaN), null);
  });

  it('always gives an expression of the same metric that the value meets, and no further than need be', () => {
    const metric = fc.constantFrom('ttft.p99', 'e2e.p50', 'itl.mean');
    const op = fc.constantFrom('<=', '<', '>=', '>');
    const unit = fc.constantFrom(['ms', 1], ['s', 1000]) as fc.Arbitrary<[string, number]>;
    const amount = fc.double({ min: 0.001, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(metric, op, unit, amount, amount, (name, operator, [word, factor], limit, value) => {
        const text = `${name} ${operator} ${Number(limit.toPrecision(4))
          .toFixed(7)
          .replace(/\.?0+$/, '')}${word}`;
        const before = parseSloExpression(text);
        if (!before.ok || before.limit === 0) return;
        const after = relaxed(text, value);
        if (meets(text, value)) {
          assert.equal(after, null);
          return;
        }
        assert.ok(after !== null, `${text} for ${value}`);
        assert.ok(meets(after, value), `${after} for ${value}`);
        const parsed = parseSloExpression(after);
        assert.ok(parsed.ok);
        assert.equal(parsed.metric, before.metric);
        const distance = Math.abs(value - before.limit);
        assert.ok(Math.abs(parsed.limit - value) <= distance * 0.51 + 1e-6 * factor, `${after} for ${value}`);
      }),
    );
  });
});
