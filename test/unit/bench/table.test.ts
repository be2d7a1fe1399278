import assert from 'node:assert/strict';
import type { BenchRow } from '../../bench/bench';
import { withBenchSection } from '../../bench/readme-section';
import { markdownTable } from '../../bench/table';

const row = (change: Partial<BenchRow>): BenchRow => ({ what: 'w', reach: 'r', measured: 'm', met: true, ...change });

describe('the table of the benches', () => {
  it('says met, missed or nothing, and gives the reason', () => {
    const lines = markdownTable([row({}), row({ met: false, note: 'busy' }), row({ met: null })]).split('\n');
    assert.deepEqual(lines.slice(2), [
      '| w | r | m | met |  |',
      '| w | r | m | **missed** | busy |',
      '| w | r | m | – |  |',
    ]);
  });

  it('keeps each row on one line and in its cells', () => {
    const lines = markdownTable([row({ note: 'a | b\n  c' })]).split('\n');
    assert.equal(lines.length, 3);
    assert.equal(lines[2], '| w | r | m | met | a \\| b c |');
  });

  it('replaces what stands between the markers and nothing else', () => {
    const readme = 'before\n<!-- bench -->\nold\n<!-- /bench -->\nafter\n';
    const once = withBenchSection(readme, 'new');
    assert.equal(once, 'before\n<!-- bench -->\n\nnew\n\n<!-- /bench -->\nafter\n');
    assert.equal(withBenchSection(once, 'new'), once);
  });

  it('refuses a text without its markers', () => {
    for (const readme of ['', '<!-- bench -->', '<!-- /bench --> <!-- bench -->']) {
      assert.throws(() => withBenchSection(readme, 'new'), /no place to write/);
    }
  });
});
