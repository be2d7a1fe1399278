import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { exportName, exportRun } from '../../../src/core/run-panel/export';
import { panelFiles, runOf } from '../html-report/page-parts';
import { removeTempDirs, tempDir } from '../support/temp';
import { answer, refused, request, runJson, writeRun } from './stored';

describe('exports of a run', () => {
  let dir: string;
  const exported = async (what: Parameters<typeof exportRun>[1]) => {
    const file = join(tempDir(), 'out');
    await exportRun(dir, what, file, { panelDir: await panelFiles(tempDir()), version: '1.2.3' });
    return readFile(file, 'utf8');
  };

  before(async () => {
    dir = tempDir();
    await writeRun(dir, {
      run: runJson(),
      requests: [
        request(0),
        refused(1, { error: { kind: 'http_429', message: '=HYPERLINK("x"), "y"\n\u001b[31mred' } }),
        request(2, { itl: [] }),
      ],
      cases: [answer('sim/cases/0')],
    });
  });
  after(removeTempDirs);

  it('are run.json as it is', async () => {
    assert.deepEqual(JSON.parse(await exported('run')), runJson());
  });

  it('are a line a request, in plain numbers', async () => {
    const text = await exported('requests');
    const rows = parse<Record<string, string>>(text, { columns: true });
    assert.deepEqual(
      rows.map(({ id, outcome, itl_mean_ms: mean, itl_max_ms: max }) => [id, outcome, mean, max]),
      [
        ['sim/steady/0', 'completed', '15', '20'],
        ['sim/steady/1', 'failed', '', ''],
        ['sim/steady/2', 'completed', '', ''],
      ],
    );
    assert.equal(rows[0]?.first_ms, String(request(0).first));
  });

  it('hold no formula, control character or break of a line from a server', async () => {
    const text = await exported('requests');
    const rows = parse<Record<string, string>>(text, { columns: true });
    assert.equal(rows[1]?.error, `'=HYPERLINK("x"), "y"⏎\\u001b[31mred`);
    assert.equal(text.split('\r\n').length, 5);
  });

  it('are every number of the run', async () => {
    const rows = parse<Record<string, string>>(await exported('metrics'), { columns: true });
    assert.ok(rows.some(({ kind, metric, value }) => kind === 'slo' && metric === 'ttft' && value === '184.2'));
    assert.ok(rows.some(({ kind, name }) => kind === 'answer' && name === 'refund'));
  });

  it('are the panel as a page', async () => {
    assert.equal(runOf(await exported('report')).requests.length, 3);
  });

  it('have names that say what they are', () => {
    assert.deepEqual(
      (['run', 'metrics', 'requests', 'report'] as const).map((what) => exportName(what, 'r1')),
      ['r1.json', 'r1-metrics.csv', 'r1-requests.csv', 'r1.html'],
    );
  });
});
