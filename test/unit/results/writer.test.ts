import * as assert from 'node:assert/strict';
import fs from 'node:fs';
import * as path from 'node:path';
import { mock } from 'node:test';
import { RunWriter, writeRunJson } from '../../../src/core/results/writer';
import { listRuns, readCases, readPlan, readRequests, readRun } from '../../../src/core/results/store';
import { PromptrigError } from '../../../src/core/util/errors';
import { caseRecord, requestRecord, runPlan } from '../support/samples';
import { removeTempDirs, tempDir } from '../support/temp';
import type { RunJson } from '../../../src/protocol/run-json';

async function all<T>(items: AsyncGenerator<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

function runJson(change: Partial<RunJson> = {}): RunJson {
  return {
    schema: 'promptrig.run/1',
    id: 'test-run',
    name: 'Test',
    purpose: 'regression',
    tags: [],
    started_at: '2026-01-01T00:00:00.000Z',
    finished_at: null,
    clock_origin_ms: 0,
    source: { path: 'test.eval.yaml', sha256: '0' },
    seed: 1,
    policy: 'point',
    confidence: 0.95,
    status: 'running',
    environment: { promptrig: '0', node: '20', os: 'test', cpu: 'test', cores: 1, git: null },
    targets: [],
    verdict: 'inconclusive',
    ...change,
  };
}

describe('results on disk', () => {
  after(removeTempDirs);
  afterEach(() => mock.restoreAll());

  it('are readable as soon as a call returns, before the writer is closed', async () => {
    const dir = path.join(tempDir(), 'run');
    const plan = runPlan(dir);
    const writer = RunWriter.create(plan);
    writer.requests([requestRecord({ index: 0 }), requestRecord({ index: 1 })]);
    writer.cases([caseRecord()]);
    writer.run(runJson());
    assert.deepEqual(await readPlan(dir), plan);
    assert.deepEqual(
      (await all(readRequests(dir))).map((record) => record.index),
      [0, 1],
    );
    assert.deepEqual(await all(readCases(dir)), [caseRecord()]);
    assert.equal((await readRun(dir)).status, 'running');
    writer.close();
  });

  it('leave out a last line that was cut off', async () => {
    const dir = path.join(tempDir(), 'run');
    const writer = RunWriter.create(runPlan(dir));
    writer.requests([requestRecord({ index: 0 })]);
    writer.close();
    fs.appendFileSync(path.join(dir, 'requests.ndjson'), '{"id":"sim/steady/1","tar');
    assert.equal((await all(readRequests(dir))).length, 1);
  });

  it('report a broken line in the middle with its number', async () => {
    const dir = tempDir();
    fs.writeFileSync(path.join(dir, 'requests.ndjson'), '{"index":0}\n{"inde\n{"index":2}\n');
    await assert.rejects(all(readRequests(dir)), (error: PromptrigError) => {
      assert.equal(error.code, 'unreadable');
      assert.match(error.message, /requests\.ndjson:2 is not valid JSON/);
      return true;
    });
  });

  it('refuse to overwrite another run', () => {
    const dir = path.join(tempDir(), 'run');
    RunWriter.create(runPlan(dir)).close();
    assert.throws(() => RunWriter.create(runPlan(dir)), { code: 'results_write', message: /is there already/ });
  });

  it('say so when the disk is full, and keep what was written', async () => {
    const dir = path.join(tempDir(), 'run');
    const writer = RunWriter.create(runPlan(dir));
    writer.requests([requestRecord({ index: 0 })]);
    mock.method(fs, 'writeSync', () => {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    });
    assert.throws(() => writer.requests([requestRecord({ index: 1 })]), {
      code: 'results_write',
      message: /requests\.ndjson: the disk is full/,
    });
    mock.restoreAll();
    writer.close();
    assert.equal((await all(readRequests(dir))).length, 1);
  });

  it('go on after a short write', async () => {
    const dir = path.join(tempDir(), 'run');
    const writer = RunWriter.create(runPlan(dir));
    const real = fs.writeSync.bind(fs) as (fd: number, data: Buffer, offset: number, length?: number) => number;
    mock.method(fs, 'writeSync', (fd: number, data: Buffer, offset: number) =>
      real(fd, data, offset, Math.min(7, data.length - offset)),
    );
    writer.requests([requestRecord({ index: 0 }), requestRecord({ index: 1 })]);
    writer.close();
    assert.equal((await all(readRequests(dir))).length, 2);
  });

  it('replace run.json as a whole: a failed write leaves the one before', async () => {
    const dir = tempDir();
    writeRunJson(dir, runJson({ name: 'before' }));
    mock.method(fs, 'renameSync', () => {
      throw new Error('no');
    });
    assert.throws(() => writeRunJson(dir, runJson({ name: 'after' })));
    assert.equal((await readRun(dir)).name, 'before');
    assert.deepEqual(fs.readdirSync(dir), ['run.json']);
  });

  it('are listed newest first, folders without a result left out', async () => {
    const runs = tempDir();
    for (const name of ['20260101T000000Z-a', '20260102T000000Z-a']) {
      fs.mkdirSync(path.join(runs, name));
      writeRunJson(path.join(runs, name), runJson());
    }
    fs.mkdirSync(path.join(runs, '20260103T000000Z-a'));
    assert.deepEqual(await listRuns(runs), ['20260102T000000Z-a', '20260101T000000Z-a']);
    assert.deepEqual(await listRuns(path.join(runs, 'missing')), []);
  });

  it('of a newer schema are refused with what to do', async () => {
    const dir = tempDir();
    fs.writeFileSync(path.join(dir, 'run.json'), '{"schema":"promptrig.run/9"}');
    await assert.rejects(readRun(dir), { code: 'unsupported', message: /promptrig\.run\/9.*Update Promptrig/ });
    fs.writeFileSync(path.join(dir, 'run.json'), '{"some":"json"}');
    await assert.rejects(readRun(dir), { code: 'unreadable', message: /not a result of Promptrig/ });
    fs.writeFileSync(path.join(dir, 'run.json'), '{');
    await assert.rejects(readRun(dir), { code: 'unreadable', message: /not valid JSON/ });
    await assert.rejects(readRun(path.join(dir, 'none')), { code: 'not_found' });
  });
});
