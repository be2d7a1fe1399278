import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { writeNotes } from '../../../src/core/results/notes';
import { applyRetention, type RetentionResult } from '../../../src/core/results/retention';
import { DEFAULT_RETENTION, retentionLimits, type RetentionLimits } from '../../../src/core/results/retention-limits';
import { listTrash, restoreRun } from '../../../src/core/results/trash';
import { PromptrigError } from '../../../src/core/util/errors';
import { removeTempDirs, tempDir } from '../support/temp';

const DAY_MS = 24 * 3_600_000;
const NOW_MS = Date.parse('2026-11-26T12:00:00Z');
const NO_LIMITS: RetentionLimits = {
  runs: Number.POSITIVE_INFINITY,
  ageMs: Number.POSITIVE_INFINITY,
  sizeBytes: Number.POSITIVE_INFINITY,
};

describe('retention of runs', () => {
  let root: string;
  let runsDir: string;
  let baselinesDir: string;

  beforeEach(async () => {
    root = tempDir();
    runsDir = path.join(root, '.promptrig', 'runs');
    baselinesDir = path.join(root, '.promptrig', 'baselines');
    await fs.mkdir(runsDir, { recursive: true });
  });
  after(removeTempDirs);

  /** A run that began so many days ago; the id ends in its days. */
  async function store(daysAgo: number, part: object = {}, eval_ = 'chat'): Promise<string> {
    const stamp = new Date(NOW_MS - daysAgo * DAY_MS).toISOString().replace(/[-:]|\.\d+/g, '');
    const id = `${stamp}-${eval_}-${String(daysAgo).padStart(4, '0')}`;
    const dir = path.join(runsDir, id);
    await fs.mkdir(dir);
    await fs.writeFile(
      path.join(dir, 'run.json'),
      JSON.stringify({ schema: 'promptrig.run/1', id, status: 'completed', ...part }),
    );
    await fs.writeFile(path.join(dir, 'requests.ndjson'), '{}\n');
    return dir;
  }

  const apply = (limits: Partial<RetentionLimits>, inUse: string[] = []): Promise<RetentionResult> =>
    applyRetention({ runsDir, baselinesDir, limits: { ...NO_LIMITS, ...limits }, nowMs: NOW_MS, inUse });
  const days = ({ removed }: RetentionResult): string =>
    removed.map(({ id, why }) => `${Number(id.slice(-4))} ${why}`).join(', ');
  const left = async (): Promise<number[]> =>
    (await fs.readdir(runsDir))
      .filter((name) => name !== '.trash')
      .map((name) => Number(name.slice(-4)))
      .sort((a, b) => a - b);

  it('does nothing without a limit, nor where there is no folder', async () => {
    for (const age of [1, 400]) await store(age);
    assert.deepEqual(await apply({}), { removed: [], problems: [] });
    await fs.rm(runsDir, { recursive: true });
    assert.deepEqual(await apply({ runs: 1 }), { removed: [], problems: [] });
  });

  it('removes the oldest beyond a number, and can be taken back', async () => {
    for (const age of [1, 2, 3, 4, 5]) await store(age);
    const result = await apply({ runs: 3 });
    assert.equal(days(result), '5 runs, 4 runs');
    assert.deepEqual(await left(), [1, 2, 3]);
    assert.equal((await listTrash(runsDir)).length, 2);
    for (const run of result.removed) await restoreRun(run);
    assert.deepEqual(await left(), [1, 2, 3, 4, 5]);
    await apply({ runs: 3 });
    await applyRetention({ runsDir, baselinesDir, limits: NO_LIMITS, nowMs: NOW_MS + DAY_MS + 1 });
    assert.deepEqual(await left(), [1, 2, 3]);
    assert.deepEqual(await listTrash(runsDir), []);
  });

  it('removes what is older than an age, but not the last run of an eval', async () => {
    for (const age of [1, 89, 91, 200]) await store(age);
    await store(300, {}, 'rag');
    await store(301, {}, 'rag');
    assert.equal(days(await apply({ ageMs: 90 * DAY_MS })), '301 ageMs, 200 ageMs, 91 ageMs');
    assert.deepEqual(await left(), [1, 89, 300]);
  });

  it('removes the oldest until the rest fits, and the last run of an eval after all others', async () => {
    for (const age of [1, 2, 3]) await fs.writeFile(path.join(await store(age), 'cases.ndjson'), 'x'.repeat(1000));
    await fs.writeFile(path.join(await store(9, {}, 'rag'), 'cases.ndjson'), 'x'.repeat(1000));
    assert.equal(days(await apply({ sizeBytes: 3_500 })), '3 sizeBytes');
    assert.equal(days(await apply({ sizeBytes: 1_200 })), '9 sizeBytes, 2 sizeBytes');
    // However little room there is, the run that has just been made stays.
    assert.equal(days(await apply({ sizeBytes: 1, runs: 0 })), '');
    assert.deepEqual(await left(), [1]);
  });

  it('keeps what is pinned, marked, noted or damaged in its notes, and does not count it', async () => {
    for (const age of [1, 2]) await store(age);
    const pinned = await store(10);
    await writeNotes(await store(11), { keep: true });
    await writeNotes(await store(12), { note: 'before the new tokenizer' });
    await fs.writeFile(path.join(await store(13), 'notes.json'), '{"kee');
    await store(14);
    await fs.mkdir(path.join(baselinesDir, 'evals'), { recursive: true });
    // Not even valid YAML: two branches have pinned different runs.
    await fs.writeFile(
      path.join(baselinesDir, 'evals', 'chat.yaml'),
      `<<<<<<< HEAD\n  run: ${path.basename(pinned)}\n=======\n  run: other\n>>>>>>> branch\n`,
    );
    assert.equal(days(await apply({ runs: 2 })), '14 runs');
    assert.deepEqual(await left(), [1, 2, 10, 11, 12, 13]);
  });

  it('keeps the runs that the newest run of an eval was held against', async () => {
    const old = await store(20);
    const older = await store(21);
    await store(22);
    await store(1, {
      baseline: { run: path.basename(old), pinned: [{ target: 'a', run: path.basename(older), at: '', commit: null }] },
    });
    assert.equal(days(await apply({ runs: 1 })), '22 runs');
  });

  it('removes nothing that goes on, is in use, or is not surely a run of ours', async () => {
    await store(1);
    await store(30, { status: 'running' });
    const shown = await store(31);
    await store(32, { schema: 'promptrig.run/9' });
    await store(33, { id: 'another' });
    await fs.writeFile(path.join(await store(34), 'paper.md'), 'my conclusions');
    await fs.mkdir(path.join(await store(35), 'plots'));
    await fs.writeFile(path.join(await store(36), 'run.json'), '{"schema": "promp');
    await fs.rename(await store(37), path.join(runsDir, 'the good one 0037'));
    await fs.mkdir(path.join(runsDir, '20200101T000000Z-begun-0038'));
    const elsewhere = path.join(root, 'elsewhere');
    await fs.rename(await store(39), elsewhere);
    await fs.symlink(elsewhere, path.join(runsDir, '20200101T000000Z-linked-0039'));
    await store(40);
    assert.equal(days(await apply({ runs: 1, ageMs: DAY_MS }, [shown])), '40 runs');
    assert.deepEqual(await left(), [1, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39]);
    assert.deepEqual(await fs.readdir(elsewhere), ['requests.ndjson', 'run.json']);
  });

  it('removes each run once where several windows do it together', async () => {
    for (let age = 1; age <= 30; age++) await store(age);
    const results = await Promise.all([apply({ runs: 5 }), apply({ runs: 5 }), apply({ runs: 5 })]);
    assert.deepEqual(
      results.flatMap(({ problems }) => problems),
      [],
    );
    assert.equal(results.flatMap(({ removed }) => removed).length, 25);
    assert.equal((await listTrash(runsDir)).length, 25);
    assert.deepEqual(await left(), [1, 2, 3, 4, 5]);
  });

  it('removes nothing where it cannot know what is pinned', async () => {
    for (const age of [1, 2, 3]) await store(age);
    // A file in place of the folder: what cannot be read, for root as well.
    await fs.writeFile(baselinesDir, '');
    await assert.rejects(apply({ runs: 1 }), (error: unknown) => {
      assert.ok(error instanceof PromptrigError);
      assert.match(error.message, /^No old run is removed, since the baselines in .* could not be read/);
      return true;
    });
    assert.deepEqual(await left(), [1, 2, 3]);
  });

  it('says what could not be removed, once', async () => {
    for (const age of [1, 2, 3]) await store(age);
    await fs.writeFile(path.join(runsDir, '.trash'), 'a file in its place');
    const { removed, problems } = await apply({ runs: 1 });
    assert.deepEqual(removed, []);
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? '', /-chat-0003 could not be removed: /);
    assert.deepEqual((await fs.readdir(runsDir)).filter((name) => name !== '.trash').length, 3);
  });

  it('has limits from promptrig.yaml, each by itself, else those it is told', () => {
    assert.deepEqual(retentionLimits({ runs: 200, age: '90d', size: '2GB' }), {
      runs: 200,
      ageMs: 90 * DAY_MS,
      sizeBytes: 2e9,
    });
    assert.deepEqual(retentionLimits(undefined), DEFAULT_RETENTION);
    assert.deepEqual(retentionLimits({ age: '12h' }, NO_LIMITS), { ...NO_LIMITS, ageMs: DAY_MS / 2 });
  });
});
