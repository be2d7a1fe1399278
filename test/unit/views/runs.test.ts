import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { writeNotes } from '../../../src/core/results/notes';
import { isLiveRun } from '../../../src/core/results/live';
import { groupByDay } from '../../../src/extension/views/run-days';
import { RunHistory } from '../../../src/extension/views/run-history';
import { dateOf, iconOf, matchesText, summaryOf, wordOf } from '../../../src/extension/views/run-summary';
import { emptyTrash, restoreRun, trashRun } from '../../../src/core/results/trash';
import type { QualityResult, RunJson, TargetResult } from '../../../src/protocol/run-json';
import { slo, stage } from '../extension/support';
import { removeTempDirs, tempDir } from '../support/temp';

const DAY_MS = 24 * 3_600_000;

function target(id: string, part: Partial<TargetResult> = {}): TargetResult {
  return {
    id,
    endpoint: id,
    api: 'sim',
    model: 'sim',
    prompt: 'default',
    params: {},
    hardware: {},
    quality: null,
    stages: [],
    cost: { total: null, per_request: null, per_1m_output: null, per_good: null },
    verdict: 'pass',
    ...part,
  };
}

function quality(cases: number, passed: number, skipped = 0): QualityResult {
  return {
    cases,
    passed,
    failed: cases - passed - skipped,
    errors: 0,
    skipped,
    pass_rate: null,
    ci: null,
    score: null,
    flake_rate: null,
    slo: [],
  };
}

function run(part: Partial<RunJson> = {}): RunJson {
  return {
    schema: 'promptrig.run/1',
    id: 'r',
    name: 'Chat',
    purpose: 'regression',
    tags: ['smoke'],
    started_at: '2026-11-25T10:00:00Z',
    finished_at: '2026-11-25T10:00:42Z',
    clock_origin_ms: 0,
    source: { path: 'evals/chat.eval.yaml', sha256: '' },
    seed: 1,
    policy: 'point',
    confidence: 0.95,
    status: 'completed',
    environment: { promptrig: '0', node: '20', os: '', cpu: '', cores: 1, git: null },
    targets: [],
    verdict: 'pass',
    ...part,
  };
}

const summary = (part: Partial<RunJson> = {}) => summaryOf('/runs/x', 'x', run(part));

describe('a run in one line', () => {
  it('counts objectives and cases of all targets, and no steps of a search', () => {
    const fail = slo('/slo/0', { verdict: 'fail' });
    const pass = slo('/slo/0');
    const line = summary({
      targets: [
        target('a', {
          quality: { ...quality(7, 5, 1), slo: [pass] },
          stages: [stage('s', '/load/0', [pass, fail]), { ...stage('step', '/load/1', [fail]), part_of: 'search' }],
        }),
        target('b', { quality: quality(6, 4) }),
      ],
    }).result;
    assert.equal(line, '2 of 3 SLOs · 75% passed · 2 targets');
  });

  it('says why it ended early, and how long it took', () => {
    const stopped = summary({ status: 'stopped', status_reason: 'budget', verdict: 'inconclusive' });
    assert.equal(stopped.result, 'stopped (budget)');
    assert.equal(wordOf(stopped), 'inconclusive');
    assert.equal(stopped.elapsedMs, 42_000);
    const unfinished = summary({ status: 'running', finished_at: null });
    assert.equal(unfinished.state, 'running');
    assert.equal(wordOf(unfinished), 'not finished');
    assert.equal(unfinished.elapsedMs, null);
  });

  it('has a word and an icon of its own for each state', () => {
    const states = (['pass', 'fail', 'inconclusive', 'error'] as const).map((verdict) => summary({ verdict }));
    const all = [...states, summary({ status: 'running' }), { state: 'broken' as const, verdict: null }];
    assert.equal(new Set(all.map(wordOf)).size, all.length);
    assert.equal(new Set(all.map((one) => iconOf(one).icon)).size, all.length);
  });

  it('is found by every word of a filter, in any order', () => {
    const one = summary({ verdict: 'fail', targets: [target('vllm-fp8')] });
    for (const filter of ['', 'chat', 'FAILED chat', 'fp8', 'evals/', ' smoke ']) {
      assert.ok(matchesText(one, filter), filter);
    }
    for (const filter of ['passed', 'chat bf16']) assert.ok(!matchesText(one, filter), filter);
  });

  it('is found by its model, its commit, its note and the marks of its row', () => {
    const noted = summaryOf(
      '/runs/x',
      'x',
      run({
        targets: [{ ...target('a'), model: 'org/Llama-8B' }],
        environment: {
          promptrig: '0',
          node: '20',
          os: '',
          cpu: '',
          cores: 1,
          git: { commit: 'abcdef0123', dirty: true },
        },
      }),
      { note: 'Before the new tokenizer', keep: true },
    );
    for (const filter of ['llama', 'abcdef', 'tokenizer', 'pinned before'])
      assert.ok(matchesText(noted, filter, ['pinned as baseline']), filter);
    assert.ok(!matchesText(noted, 'pinned'));
    assert.deepEqual([noted.commit, noted.dirty, noted.keep], ['abcdef0123', true, true]);
  });
});

describe('runs by day', () => {
  const at = (text: string): { name: string; date: Date } => ({ name: text, date: new Date(text) });

  it('begin with the newest and are named from the person’s calendar', () => {
    // Without a zone: local time, as the person sees it.
    const now = new Date('2026-03-01T00:30:00');
    const runs = [
      '2025-12-31T10:00:00',
      '2026-02-28T23:59:00',
      '2026-02-28T08:00:00',
      '2026-03-01T00:01:00',
      '2026-02-24T12:00:00',
    ].map(at);
    const days = groupByDay(runs, ({ date }) => date, now);
    assert.deepEqual(
      days.map(({ id, label, runs: of }) => [id, label, of.map(({ name }) => name.slice(11, 16)).join(' ')]),
      [
        ['2026-03-01', 'Today', '00:01'],
        ['2026-02-28', 'Yesterday', '23:59 08:00'],
        ['2026-02-24', 'Tue, Feb 24', '12:00'],
        ['2025-12-31', 'Dec 31, 2025', '10:00'],
      ],
    );
    assert.deepEqual(
      groupByDay([], () => now, now),
      [],
    );
  });

  it('know the instant in the name of a folder', () => {
    assert.equal(dateOf('20261125T101500Z-chat-ab12')?.toISOString(), '2026-11-25T10:15:00.000Z');
    assert.equal(dateOf('my-run'), null);
    assert.equal(dateOf('20269999T000000Z-x'), null);
  });
});

describe('the history of runs', () => {
  let dir: string;

  beforeEach(() => {
    dir = tempDir();
  });
  after(removeTempDirs);

  async function store(id: string, content: unknown): Promise<string> {
    const folder = path.join(dir, id);
    await fs.mkdir(folder, { recursive: true });
    await fs.writeFile(path.join(folder, 'run.json'), typeof content === 'string' ? content : JSON.stringify(content));
    return folder;
  }

  it('lists folders newest first without reading them, of several places', async () => {
    await store('20261125T100000Z-b-1', 'not even JSON');
    await store('20261125T110000Z-a-1', run());
    const other = tempDir();
    await fs.mkdir(path.join(other, '20261125T103000Z-c-1'));
    await fs.writeFile(path.join(other, '20261125T103000Z-c-1', 'run.json'), '{}');
    await fs.mkdir(path.join(dir, 'no-run'));
    const history = new RunHistory();
    const runs = await history.list([dir, other, dir, path.join(dir, 'not-there')]);
    assert.deepEqual(
      runs.map(({ id }) => id.slice(17)),
      ['a-1', 'c-1', 'b-1'],
    );
  });

  it('says of a folder that is broken or of a newer version that it is', async () => {
    const history = new RunHistory();
    await store('20261125T100000Z-cut-1', '{"schema": "promptrig.run/1", "na');
    await store('20261125T090000Z-new-1', { schema: 'promptrig.run/9' });
    const [cut, newer] = await Promise.all((await history.list([dir])).map((one) => history.read(one)));
    assert.equal(cut?.state, 'broken');
    assert.equal(cut.name, 'cut-1');
    assert.match(cut.result, /run\.json is not valid JSON/);
    assert.ok(!cut.result.includes(dir), 'the row knows its folder');
    assert.match(newer?.result ?? '', /Update Promptrig/);
    assert.equal(wordOf(newer as NonNullable<typeof newer>), 'cannot be read');
  });

  it('reads a run again only after it has changed', async () => {
    const folder = await store('20261125T100000Z-a-1', run({ status: 'running', finished_at: null }));
    const history = new RunHistory();
    const [one] = await history.list([dir]);
    assert.ok(one);
    const first = await history.read(one);
    assert.equal(first.state, 'running');
    assert.equal(await history.read(one), first);
    await fs.writeFile(path.join(folder, 'run.json'), JSON.stringify(run()));
    await fs.utimes(path.join(folder, 'run.json'), new Date(), new Date(Date.now() + 5_000));
    assert.equal((await history.read(one)).state, 'finished');
    await fs.rm(folder, { recursive: true });
    assert.equal((await history.read(one)).state, 'broken');
  });

  it('reads what a person has said of a run, again after that has changed', async () => {
    const folder = await store('20261125T100000Z-a-1', run());
    const history = new RunHistory();
    const [one] = await history.list([dir]);
    assert.ok(one);
    assert.equal((await history.read(one)).note, '');
    await writeNotes(folder, { note: 'slow', keep: true });
    const noted = await history.read(one);
    assert.deepEqual([noted.note, noted.keep, noted.state], ['slow', true, 'finished']);
    await fs.writeFile(path.join(folder, 'notes.json'), '{"no');
    await fs.utimes(path.join(folder, 'notes.json'), new Date(), new Date(Date.now() + 5_000));
    const damaged = await history.read(one);
    assert.match(damaged.note, /^notes\.json is not valid JSON/);
    assert.equal(damaged.state, 'finished');
    // The notes are in the folder, so that it may be renamed; baselines know the run by its own name.
    await fs.rename(folder, path.join(dir, 'renamed'));
    const [renamed] = await history.list([dir]);
    assert.ok(renamed);
    assert.equal((await history.read(renamed)).runId, 'r');
  });

  it('takes a deletion back, and removes what was deleted for good after a day', async () => {
    const folder = await store('20261125T100000Z-a-1', run());
    const gone = await store('20261125T110000Z-b-1', run());
    const history = new RunHistory();
    const nowMs = Date.now();
    const a = await trashRun(folder, nowMs);
    await trashRun(gone, nowMs);
    assert.deepEqual(await history.list([dir]), []);
    await emptyTrash(dir, nowMs + DAY_MS - 1);
    await restoreRun(a);
    assert.deepEqual(
      (await history.list([dir])).map(({ id }) => id),
      ['20261125T100000Z-a-1'],
    );
    await fs.writeFile(path.join(dir, '.trash', 'note.txt'), 'not ours');
    await emptyTrash(dir, nowMs + DAY_MS + 1);
    assert.deepEqual(await fs.readdir(path.join(dir, '.trash')), ['note.txt']);
    await fs.rm(path.join(dir, '.trash', 'note.txt'));
    await emptyTrash(dir, nowMs);
    assert.ok(!(await fs.readdir(dir)).includes('.trash'));
    await emptyTrash(dir, nowMs);
  });

  it('does not put a run back over another', async () => {
    const folder = await store('20261125T100000Z-a-1', run());
    const trashed = await trashRun(folder, Date.now());
    await store('20261125T100000Z-a-1', run({ name: 'another' }));
    await assert.rejects(restoreRun(trashed));
  });

  it('knows a run that another window is at from one that was left unfinished', async () => {
    const folder = await store('20261125T100000Z-a-1', run({ status: 'running' }));
    const nowMs = Date.now();
    assert.equal(await isLiveRun(folder, { status: 'running' }, nowMs), true);
    assert.equal(await isLiveRun(folder, { status: 'completed' }, nowMs), false);
    assert.equal(await isLiveRun(folder, { status: 'running' }, nowMs + 10 * 60_000), false);
    assert.equal(await isLiveRun(path.join(dir, 'gone'), { status: 'running' }, nowMs), false);
  });
});
