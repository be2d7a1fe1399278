import assert from 'node:assert/strict';
import * as path from 'node:path';
import { readOwnRun } from '../../../src/core/compare/own-run';
import { compareRuns } from '../../../src/core/compare/run-comparison';
import { readForeign } from '../../../src/core/interchange/read-foreign';
import { renderComparisonMarkdown } from '../../../src/core/report/comparison-markdown';
import { renderComparisonTable } from '../../../src/core/report/comparison-table';
import { removeTempDirs } from '../support/temp';
import { OPTIONS, slower, storedRun } from './panel-support';

describe('the choice among runs', () => {
  after(removeTempDirs);

  it('puts the targets of all runs on one front, and names them by their runs', async () => {
    const first = await readOwnRun((await storedRun('run-a', 3)).path);
    const second = await readOwnRun((await storedRun('run-b', 4, slower('beta', 3))).path);
    const comparison = compareRuns([first, second], OPTIONS);
    const { pareto, selection, candidates } = comparison;
    assert.ok(pareto && selection);
    assert.deepEqual(
      candidates?.map(({ run, target }) => [run, target]),
      [
        [0, 'alpha'],
        [0, 'beta'],
        [1, 'alpha'],
        [1, 'beta'],
      ],
    );
    assert.equal(pareto.points.length, 4);
    assert.ok(
      pareto.dominated.some(({ id }) => id === 'run-b/beta'),
      JSON.stringify(pareto),
    );
    assert.ok(selection.rejected.some(({ id }) => id === 'run-b/beta'));
    const table = renderComparisonTable(comparison, { colour: false, width: 120 });
    assert.match(table, /^Front {2}slow$/m);
    assert.match(table, /B beta .*dominated by [AB] /);
    assert.match(table, /✗ B beta .*misses ttft/);
    assert.match(table, /Lowest TTFT p90: no target meets every limit; [AB] alpha comes nearest/);
    assert.match(renderComparisonMarkdown(comparison), /dominated by/);
  });

  it('draws no front where one of the runs says too little', async () => {
    const own = await readOwnRun((await storedRun('run-c', 3)).path);
    const foreign = await readForeign(path.join(__dirname, '../../fixtures/interchange/vllm.json'));
    const comparison = compareRuns([own, foreign], OPTIONS);
    assert.deepEqual([comparison.pareto, comparison.selection], [undefined, undefined]);
    assert.ok(!renderComparisonTable(comparison, { colour: false, width: 120 }).includes('Front'));
  });
});
