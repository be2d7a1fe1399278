import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  parseAgeMs,
  parseBytes,
  parseDurationMs,
  parseQuantity,
  parseRatePerS,
  parseShare,
  parseUsd,
  quantitySuggestions,
} from '../../../src/core/spec/units';

describe('quantities', () => {
  it('durations are ms', () => {
    for (const [text, ms] of [
      ['200ms', 200],
      ['30s', 30_000],
      ['1.5s', 1500],
      ['5m', 300_000],
      ['1h', 3_600_000],
      ['0.05ms', 0.05],
      ['250us', 0.25],
      ['3 s', 3000],
      ['0s', 0],
    ] as const)
      assert.equal(parseDurationMs(text), ms, text);
    for (const text of ['', 's', '5', '-5s', '5 sec', '5S', '1d', 'NaNs', '1e3s', '5s5s', '1..2s'])
      assert.equal(parseDurationMs(text), null, text);
    assert.equal(parseDurationMs(250), 250);
    assert.equal(parseDurationMs(-1), null);
    assert.equal(parseDurationMs(Number.NaN), null);
  });

  it('rates are per second, exactly', () => {
    for (const [text, rate] of [
      ['8/s', 8],
      ['120/min', 2],
      ['90/m', 1.5],
      ['36/h', 0.01],
      ['0.5 / s', 0.5],
    ] as const)
      assert.equal(parseRatePerS(text), rate, text);
    for (const text of ['8', '8/day', '/s', '8 rps']) assert.equal(parseRatePerS(text), null, text);
  });

  it('money, sizes, shares and ages', () => {
    assert.equal(parseUsd('$0.50'), 0.5);
    assert.equal(parseUsd('0.50'), null);
    assert.equal(parseBytes('2GB'), 2e9);
    assert.equal(parseBytes('2 gigs'), null);
    assert.equal(parseShare('5%'), 0.05);
    assert.equal(parseAgeMs('90d'), 90 * 86_400_000);
    assert.equal(parseQuantity('speed', '2x'), 2);
    assert.equal(parseQuantity('duration', `${'9'.repeat(400)}s`), null, 'too large for a number');
  });

  it('suggestions are quantities themselves', () => {
    assert.deepEqual(quantitySuggestions('duration', '10 sec'), ['10s']);
    assert.deepEqual(quantitySuggestions('rate', '8 rps'), ['8/s']);
    assert.deepEqual(quantitySuggestions('money', '0.5'), ['$0.5']);
    fc.assert(
      fc.property(
        fc.constantFrom('duration', 'rate', 'money', 'size', 'percent', 'age', 'speed'),
        fc.string(),
        (kind, text) => {
          for (const suggestion of quantitySuggestions(kind, text))
            assert.notEqual(parseQuantity(kind, suggestion), null);
        },
      ),
    );
  });
});
