import assert from 'node:assert/strict';
import { emptyPanelState } from '../../../src/core/compare/panel-state';
import { renderComparePanelMarkdown } from '../../../src/core/report/compare-panel-markdown';
import type { ComparePanelState } from '../../../src/protocol/compare-panel';
import { settled, slower, storedRun } from '../compare/panel-support';
import { removeTempDirs } from '../support/temp';

describe('a comparison as Markdown', () => {
  after(removeTempDirs);

  it('has the numbers, the differences, the front and the choice', async () => {
    const numbers = settled([await storedRun('run-a', 3, slower('beta', 3))]);
    const state: ComparePanelState = { ...emptyPanelState('done', ''), ...numbers, title: 'Shop' };
    const text = renderComparePanelMarkdown(state);
    assert.match(text, /^# <code>Shop<\/code>$/m);
    for (const title of ['Quality', 'Latency', 'Rates', 'Cost', 'SLOs', 'Choice'])
      assert.match(text, new RegExp(`^## ${title}$`, 'm'));
    assert.match(text, /<code>TTFT p50<\/code> \| \d+ ms \([\d.]+–[\d.]+\) \| \d+ ms \([\d.]+–[\d.]+\), \+\d+ ms \|/);
    assert.match(text, /<code>beta<\/code>: dominated by <code>alpha<\/code>/);
    for (const row of text.split('\n').filter((line) => line.startsWith('| <code>T')))
      assert.equal(row.match(/\|/g)?.length, 5, row);
  });

  it('marks nothing up that a model or a file says', () => {
    const canary = '</code><script>alert(1)</script> @everyone | [x](http://x) `#1`';
    const state: ComparePanelState = {
      ...emptyPanelState('done', ''),
      title: canary,
      stage: canary,
      caveats: [canary],
      slos: [{ expr: canary, stage: canary, cells: [] }],
    };
    const text = renderComparePanelMarkdown(state);
    for (const mark of ['<script', '@everyone', '[x](', '`', '| [']) assert.ok(!text.includes(mark), mark);
    assert.equal(renderComparePanelMarkdown(emptyPanelState('empty', '')).includes('undefined'), false);
  });
});
