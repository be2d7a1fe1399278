import assert from 'node:assert/strict';
import { copyFileSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import type { JsonReport } from '../../../src/core/report/json';
import { removeTempDirs, tempDir } from '../support/temp';
import { startCli } from './spawn-cli';

const EXAMPLE = path.resolve(__dirname, '../../../media/examples/compare.eval.yaml');

describe('the example of three deployments', () => {
  after(removeTempDirs);

  it('is decided by its limits: one is wrong, one is late, and the third costs more than the first', async function () {
    // Some 35 s of load on the simulator, whatever the machine does beside it.
    this.timeout(180_000);
    const cwd = tempDir();
    copyFileSync(EXAMPLE, path.join(cwd, 'compare.eval.yaml'));
    const { stdout, stderr } = await startCli(
      ['run', 'compare.eval.yaml', '--format', 'json=run.json', '--format', 'table'],
      cwd,
    ).done;
    const report = JSON.parse(readFileSync(path.join(cwd, 'run.json'), 'utf8')) as JsonReport;
    const run = report.runs[0]?.run;
    assert.ok(run, stderr);
    assert.equal(run.status, 'completed');
    const of = (id: string) => {
      const target = run.targets.find((one) => one.id === id);
      assert.ok(target, id);
      return target;
    };
    assert.equal(of('small').quality?.pass_rate, 0.25);
    assert.equal(of('large-bf16').quality?.pass_rate, 1);
    assert.equal(of('large-fp8-2gpu').quality?.pass_rate, 1);

    const { pareto, selection, pairs } = run.comparison ?? {};
    assert.ok(pareto && selection && pairs);
    assert.deepEqual([...pareto.front].sort(), ['large-fp8-2gpu', 'small']);
    assert.deepEqual(pareto.dominated, [{ id: 'large-bf16', by: 'large-fp8-2gpu' }]);
    const better = pairs.filter(({ verdict }) => verdict !== 'no difference shown');
    assert.deepEqual(better.map(({ first, second }) => [first, second].sort().join(' ')).sort(), [
      'large-bf16 small',
      'large-fp8-2gpu small',
    ]);
    const reasons = new Map(selection.rejected.map(({ id, reasons: why }) => [id, why.join(', ')]));
    assert.match(reasons.get('small') ?? '', /misses quality\.pass_rate >= 90% by 65 points/);
    assert.match(reasons.get('large-bf16') ?? '', /misses ttft\.p95 <= 3s by/);
    // A machine that is busy with something else may be the limit itself, which is then the only reason against it.
    const fits = selection.fitting.some(({ id }) => id === 'large-fp8-2gpu');
    assert.ok(
      fits || /^(leaves [^,]* open: the client was the limit[^]*)+$/.test(reasons.get('large-fp8-2gpu') ?? ''),
      JSON.stringify(selection),
    );
    const money = selection.choices.find(({ axis }) => axis === 'cost.per_good');
    assert.equal(money?.best?.id, 'small');
    if (fits) {
      assert.equal(money.chosen?.id, 'large-fp8-2gpu');
      assert.ok((money.cost ?? 0) > money.best.value, 'the limits cost more than the cheapest itself');
      assert.match(
        stdout.replace(/\s+/g, ' '),
        /Lowest cost per good request: large-fp8-2gpu with \$\S+; the limits cost \$\S+ \(\S+ times as much\) against/,
      );
    }
    assert.match(stdout, /large-bf16 .*dominated by large-fp8-2gpu/);
    assert.match(stdout, /✗ small misses quality\.pass_rate/);
  });
});
