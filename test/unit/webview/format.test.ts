import assert from 'node:assert/strict';
import { formatDifference, formatInterval, formatValue } from '../../../src/protocol/format';

describe('numbers for a reader', () => {
  it('shows a bound that is nothing beside the other one as zero', () => {
    assert.equal(formatInterval([1.69e-16, 0.0077], 0.002, 'ratio'), '0–0.77');
    assert.equal(formatInterval([-2e-15, 12.4], 3, 'ms'), '0–12.4');
    assert.equal(formatInterval([-31, 1e-12], -5, 'ms'), '-31–0');
    assert.equal(formatInterval([0, 0], 0, 'ratio'), '0–0');
  });

  it('keeps small bounds that belong together, and small ones that can be seen', () => {
    assert.equal(formatInterval([1.2e-6, 3.45e-6], 2e-6, 'USD'), '0.0000012–0.00000345');
    assert.equal(formatInterval([0.42, 195.1], 184, 'ms'), '0.42–195');
    assert.equal(formatInterval([176, 195.1], 184, 'ms'), '176–195');
  });

  it('never shows more than six zeros after the point in an interval of a latency', () => {
    for (let power = 0; power < 20; power++) {
      assert.doesNotMatch(formatInterval([1.69 * 10 ** -power, 195], 184, 'ms'), /0\.000000/);
    }
  });

  it('counts one in the singular', () => {
    assert.equal(formatDifference(0.01, 'ratio'), '1 point');
    assert.equal(formatDifference(-0.033, 'ratio'), '3.3 points');
    assert.equal(formatValue(1, 'tokens'), '1 token');
    assert.equal(formatValue(12, 'tokens'), '12 tokens');
  });
});
