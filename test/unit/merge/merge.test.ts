import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { mergeRuns, type MergedRun } from '../../../src/core/merge/merge-runs';
import { collectParts } from '../../../src/core/merge/parts';
import { shardPlans } from '../../../src/core/merge/shard';
import { readCases, readPlan, readRequests, readRun } from '../../../src/core/results/store';
import { PromptrigError } from '../../../src/core/util/errors';
import type { RunPlan } from '../../../src/protocol/plan';
import type { RequestRecord, RunJson } from '../../../src/protocol/run-json';
import { removeTempDirs, tempDir } from '../support/temp';
import { simulate, store, wholePlan, type Recorded } from './simulated';

/** The parts of a run, each in a folder of its own. */
function storeParts(
  plan: RunPlan,
  recorded: Recorded,
  of: number,
  folder: string,
  more: (index: number) => Partial<RunJson> = () => ({}),
): string[] {
  return Array.from({ length: of }, (_, at) => at + 1).flatMap((index) => {
    const [part] = shardPlans([plan], { index, of });
    if (part == null) return [];
    const outDir = path.join(folder, `part-${index}`);
    store({ ...part, runId: `part-${index}`, outDir }, recorded, more(index));
    return [outDir];
  });
}

async function mergeAll(folder: string): Promise<MergedRun> {
  const [parts] = await collectParts([folder]);
  assert.ok(parts !== undefined);
  return mergeRuns(parts, { runId: 'merged', outDir: path.join(folder, 'merged') });
}

async function all<T>(items: AsyncGenerator<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

function refuses(says: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof PromptrigError, String(error));
    assert.match(error.message, says);
    return true;
  };
}

describe('a merged run', () => {
  after(removeTempDirs);

  for (const of of [2, 5, 40]) {
    it(`of ${of} parts has exactly the statistics and verdicts of the unsharded run`, async () => {
      const dir = tempDir();
      const plan = wholePlan(path.join(dir, 'whole'));
      const recorded = simulate(plan);
      const whole = store(plan, recorded);
      storeParts(plan, recorded, of, path.join(dir, 'parts'));
      const merged = await mergeAll(path.join(dir, 'parts'));
      assert.deepEqual(merged.run.targets, whole.targets);
      assert.deepEqual(merged.run.comparison, whole.comparison);
      assert.equal(merged.run.verdict, whole.verdict);
      assert.ok((whole.targets[0]?.quality?.flake_rate ?? 0) > 0, 'the sample has something to disagree about');
      assert.equal(merged.run.shard, undefined);
      assert.deepEqual(await readRun(merged.dir), merged.run, 'stored as it was returned');
    });
  }

  it('holds every record once, and the plan of the whole', async () => {
    const dir = tempDir();
    const plan = wholePlan(path.join(dir, 'whole'));
    const recorded = simulate(plan);
    storeParts(plan, recorded, 3, path.join(dir, 'parts'));
    const { dir: merged, plan: mergedPlan } = await mergeAll(path.join(dir, 'parts'));
    const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1);
    assert.deepEqual((await all(readRequests(merged))).sort(byId), [...recorded.requests].sort(byId));
    assert.equal((await all(readCases(merged))).length, recorded.answers.length);
    assert.deepEqual(mergedPlan.targets, plan.targets);
    assert.equal((await readPlan(merged)).shard, undefined);
  });

  it('puts parts side by side whose clocks differ and whose requests have the same ids', async () => {
    const dir = tempDir();
    const plan = wholePlan(path.join(dir, 'whole'));
    const recorded = simulate(plan);
    const whole = store(plan, recorded);
    const parts = path.join(dir, 'parts');
    const started = ['2025-01-01T00:00:00.000Z', '2025-01-01T03:00:00.000Z'];
    storeParts(plan, recorded, 2, parts, (index) => ({ started_at: started[index - 1] ?? '' }));
    // As a machine of its own counts: from 0, and from another zero.
    const file = path.join(parts, 'part-2', 'requests.ndjson');
    const records = fs
      .readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as RequestRecord);
    const cases = path.join(parts, 'part-2', 'cases.ndjson');
    const renamed = new Map<string, string>();
    const counts = new Map<string, number>();
    const moved = records.map((record) => {
      const key = `${record.target}/${record.stage}`;
      const index = counts.get(key) ?? 0;
      counts.set(key, index + 1);
      renamed.set(record.id, `${key}/${index}`);
      const at = (ms: number | null): number | null => (ms === null ? null : ms + 5000);
      return {
        ...record,
        ...{
          index,
          id: `${key}/${index}`,
          scheduled: record.scheduled + 5000,
          sent: at(record.sent),
          end: record.end + 5000,
        },
        ...{
          headers: at(record.headers),
          first: at(record.first),
          first_answer: at(record.first_answer),
          last: at(record.last),
        },
      };
    });
    fs.writeFileSync(file, moved.map((record) => `${JSON.stringify(record)}\n`).join(''));
    const text = fs.readFileSync(cases, 'utf8');
    fs.writeFileSync(
      cases,
      text.replace(/"request":"([^"]+)"/g, (_, id: string) => `"request":"${renamed.get(id) ?? id}"`),
    );
    const run = await readRun(path.join(parts, 'part-2'));
    for (const { stages } of run.targets)
      for (const stage of stages) if (stage.origin_ms !== undefined) stage.origin_ms += 5000;
    fs.writeFileSync(path.join(parts, 'part-2', 'run.json'), JSON.stringify(run));

    const merged = await mergeAll(parts);
    const ids = (await all(readRequests(merged.dir))).map(({ id }) => id);
    assert.equal(new Set(ids).size, recorded.requests.length, 'no two requests share an id');
    for (const answer of await all(readCases(merged.dir)))
      assert.ok(answer.request === null || ids.includes(answer.request));
    for (const [index, target] of merged.run.targets.entries()) {
      const expected = whole.targets[index];
      assert.deepEqual(target.quality, expected?.quality);
      const p99 = target.stages[0]?.metrics.ttft?.p99 ?? 0;
      assert.ok(Math.abs(p99 - (expected?.stages[0]?.metrics.ttft?.p99 ?? 0)) < 1e-6, `${p99}`);
      assert.deepEqual(target.stages[0]?.rates.goodput_ratio, expected?.stages[0]?.rates.goodput_ratio);
      const span = target.stages[0]?.window.end_ms ?? 0;
      assert.ok(
        Math.abs(span - (expected?.stages[0]?.window.end_ms ?? 0)) < 1e-6,
        'hours between the machines are no part of the stage',
      );
    }
    assert.deepEqual(
      merged.run.merged?.map(({ id, shard }) => [id, shard]),
      [
        ['part-1', 1],
        ['part-2', 2],
      ],
    );
    assert.equal(merged.run.started_at, started[0]);
  });

  it('is held against the baseline where that lies on this machine', async () => {
    const dir = tempDir();
    const plan = wholePlan(path.join(dir, 'whole'), 1);
    const recorded = simulate(plan);
    const better = recorded.answers.map((answer) => ({
      ...answer,
      outcome: answer.outcome === 'failed' ? ('passed' as const) : answer.outcome,
    }));
    store({ ...plan, runId: 'base', outDir: path.join(dir, 'kept', 'base') }, { ...recorded, answers: better });
    const elsewhere = {
      ...plan,
      baseDir: '/ci/evals',
      baseline: { run: 'base', dir: '/ci/kept/base', pointer: '/baseline' },
    };
    storeParts(elsewhere, recorded, 3, path.join(dir, 'parts'));
    const [parts] = await collectParts([path.join(dir, 'parts')]);
    assert.ok(parts !== undefined);
    const here = { runId: 'merged', outDir: path.join(dir, 'merged'), baseDir: path.join(dir, 'evals') };
    const { run } = await mergeRuns(parts, here);
    assert.equal(run.baseline?.error, undefined);
    assert.deepEqual([run.baseline?.run, run.baseline?.pairs.length], ['base', 2]);
    assert.match(
      run.baseline?.regressions.join('\n') ?? '',
      /^beta: quality\.pass_rate is .* lower than in the baseline/m,
    );
    assert.equal(run.verdict, 'fail');
    const nowhere = await mergeRuns(parts, { runId: 'other', outDir: path.join(dir, 'other') });
    assert.match(nowhere.run.baseline?.error ?? '', /could not be compared with/);
  });

  it('is stopped where a part was, and then cannot pass', async () => {
    const dir = tempDir();
    const plan = wholePlan(path.join(dir, 'whole'), 1);
    for (const target of plan.targets) {
      target.caseSlos = target.caseSlos.map((slo) => ({ ...slo, severity: 'warning' }));
      target.stages = [];
      target.cases = target.cases.map((item) => ({ ...item, assertions: [] }));
    }
    const recorded = simulate(plan);
    recorded.answers = recorded.answers.map((answer) => ({ ...answer, outcome: 'passed', assertions: [] }));
    const stopped = (index: number): Partial<RunJson> =>
      index === 2 ? { status: 'stopped', status_reason: 'budget: enough' } : {};
    storeParts(plan, recorded, 2, path.join(dir, 'parts'), stopped);
    const { run } = await mergeAll(path.join(dir, 'parts'));
    assert.deepEqual(
      [run.status, run.status_reason, run.verdict],
      ['stopped', 'part 2 of 2: budget: enough', 'inconclusive'],
    );
  });

  it('does not need a part that had nothing of the file, and names one that is missing', async () => {
    const dir = tempDir();
    const plan = wholePlan(path.join(dir, 'whole'), 1);
    const recorded = simulate(plan);
    const dirs = storeParts(plan, recorded, 200, path.join(dir, 'parts'));
    assert.ok(dirs.length < 200);
    await mergeAll(path.join(dir, 'parts'));
    fs.rmSync(path.join(dir, 'parts', 'merged'), { recursive: true });
    fs.rmSync(dirs[3] ?? '', { recursive: true });
    await assert.rejects(
      collectParts([path.join(dir, 'parts')]),
      refuses(/Part 4 of 200 of test\.eval\.yaml is missing/),
    );
  });

  it('refuses parts that are not of one run, each with what differs', async () => {
    const make = (change: (run: RunJson) => void): string => {
      const dir = tempDir();
      const plan = wholePlan(path.join(dir, 'whole'), 1);
      const recorded = simulate(plan);
      storeParts(plan, recorded, 2, path.join(dir, 'parts'));
      const file = path.join(dir, 'parts', 'part-2', 'run.json');
      const run = JSON.parse(fs.readFileSync(file, 'utf8')) as RunJson;
      change(run);
      fs.writeFileSync(file, JSON.stringify(run));
      return path.join(dir, 'parts');
    };
    const shard = (run: RunJson) => {
      assert.ok(run.shard !== undefined);
      return run.shard;
    };
    const attempts: [(run: RunJson) => void, RegExp][] = [
      [(run) => (run.source.sha256 = 'other'), /the file has changed between them/],
      [(run) => (run.seed = 8), /their seeds are 7 and 8/],
      [(run) => (shard(run).plan = 'other'), /planned differently/],
      [(run) => (shard(run).of = 3), /one is of 2 parts, the other of 3/],
      [(run) => (run.status = 'running'), /Part 2 of 2 .* has not ended/],
      [(run) => (shard(run).index = 1), /Part 1 of 2 .* is there twice/],
    ];
    for (const [change, says] of attempts) await assert.rejects(collectParts([make(change)]), refuses(says));
    await assert.rejects(collectParts([tempDir()]), refuses(/There is no part of a run in .*--shard 1\/N/));
    await assert.rejects(collectParts([path.join(tempDir(), 'nope')]), refuses(/could not be read/));
  });
});
