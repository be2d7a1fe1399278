import assert from 'node:assert/strict';
import { appendFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunPanelChange, RunPanelState } from '../../../src/protocol/run-panel';
import { fromWire, toWire } from '../../../src/protocol/run-panel-wire';
import { openStoredRun } from '../../../src/core/run-panel/stored-run';
import { RunStore } from '../../../webview/run/store';
import { removeTempDirs, tempDir } from '../support/temp';
import { answer, ORIGIN_MS, plan, refused, request, runJson, STAGE, TARGET, writeRun, type Stored } from './stored';

async function opened(stored: Stored): Promise<{ dir: string; state: RunPanelState; changes: RunPanelChange[] }> {
  const dir = join(tempDir(), 'a-run');
  await writeRun(dir, stored);
  return load(dir);
}

async function load(dir: string): Promise<{ dir: string; state: RunPanelState; changes: RunPanelChange[] }> {
  const run = await openStoredRun(dir);
  const changes: RunPanelChange[] = [];
  await run.load((batch) => changes.push(...structuredClone(batch)), new AbortController().signal);
  return { dir, state: run.state, changes };
}

const many = (count: number) => Array.from({ length: count }, (_, i) => (i % 20 === 19 ? refused(i) : request(i)));

describe('a stored run', () => {
  after(removeTempDirs);

  it('is there with its verdicts before its requests are read', async () => {
    const dir = tempDir();
    await writeRun(dir, { run: runJson(), plan: plan(), requests: many(40), cases: [answer('sim/cases/0')] });
    const { state } = await openStoredRun(dir);
    assert.equal(state.title, 'Shop');
    assert.equal(state.verdict, 'pass');
    assert.equal(state.confidence, 0.9);
    const [stage] = state.targets[0]?.stages ?? [];
    assert.equal(stage?.results[0]?.expr, 'ttft.p99 <= 200ms');
    assert.equal(stage.points.length, 0);
    // Warm-up and cool-down as they were planned, so that the same is shaded as while it ran.
    assert.deepEqual([stage.warmupMs, stage.cooldownMs, stage.plannedMs, stage.elapsedMs], [500, 2000, 10_000, 10_000]);
  });

  it('has its points as the engine would have made them', async () => {
    const { state } = await opened({ run: runJson(), requests: [request(3), refused(4, { phase: 'warmup' })] });
    assert.deepEqual(state.targets[0]?.stages[0]?.points, [
      {
        t: 3 * 100 + 102,
        ttft: 102,
        itl: 15,
        itlMax: 20,
        e2e: 132,
        warmup: false,
        ok: true,
        request: request(3).id,
      },
      {
        t: refused(4).end - ORIGIN_MS,
        ttft: null,
        itl: null,
        itlMax: null,
        e2e: null,
        warmup: true,
        ok: false,
        request: refused(4).id,
      },
    ]);
  });

  it('leads a panel to its own state by its changes', async () => {
    const dir = tempDir();
    const cases = [answer('sim/cases/0'), answer('sim/cases/1', { case_id: 'b', outcome: 'failed' })];
    await writeRun(dir, { run: runJson(), plan: plan(), requests: many(200), cases });
    const run = await openStoredRun(dir);
    const store = new RunStore();
    let seq = 1;
    const wire = (message: Parameters<typeof toWire>[0]) =>
      fromWire(JSON.parse(JSON.stringify(toWire(message))) as Parameters<typeof fromWire>[0]);
    store.receive(wire({ type: 'snapshot', seq, state: run.state }));
    const signal = new AbortController().signal;
    await run.load((changes) => {
      assert.equal(store.receive(wire({ type: 'delta', seq: ++seq, changes })), 'applied');
    }, signal);
    const [shown] = store.targets[0]?.stages ?? [];
    const [stage] = run.state.targets[0]?.stages ?? [];
    assert.equal(shown?.points.points.length, 200);
    assert.deepEqual(shown.history, stage?.history);
    assert.equal(shown.data.elapsedMs, stage?.elapsedMs);
    assert.deepEqual(store.targets[0]?.cases, cases);
    assert.equal(store.head?.loading, null);
    const again = new RunStore();
    again.receive(wire({ type: 'snapshot', seq: 1, state: run.state }));
    assert.deepEqual(again.targets[0]?.stages[0]?.points.points, shown.points.points);
  });

  it('says how much of it is read', async () => {
    const { changes } = await opened({ run: runJson(), requests: many(40) });
    const loading = changes.flatMap((change) =>
      change.kind === 'run' && 'loading' in change.patch ? change.patch.loading : [],
    );
    assert.equal(loading[0]?.read, 0);
    assert.ok((loading[0]?.total ?? 0) > 1000);
    assert.equal(loading.at(-1), null);
  });

  it('stops reading when nobody looks at it any more', async () => {
    const dir = tempDir();
    await writeRun(dir, { run: runJson(), requests: many(40) });
    const run = await openStoredRun(dir);
    const abort = new AbortController();
    abort.abort();
    await run.load(() => undefined, abort.signal);
    assert.equal(run.state.targets[0]?.stages[0]?.history?.length, 0);
  });

  it('leaves a cut-off last line and damaged lines out, and says so', async () => {
    const dir = tempDir();
    await writeRun(dir, { run: runJson(), requests: many(10) });
    await appendFile(join(dir, 'requests.ndjson'), 'not JSON\n');
    await appendFile(join(dir, 'requests.ndjson'), JSON.stringify(request(11)).slice(0, 90));
    const { state } = await load(dir);
    assert.equal(state.targets[0]?.stages[0]?.points.length, 10);
    assert.deepEqual(state.caveats, [
      '1 line of requests.ndjson is damaged (line 11 first) and left out.',
      'The last line of requests.ndjson was cut off while it was written; its request is not shown.',
    ]);
  });

  it('says that its requests are gone, and keeps its verdicts', async () => {
    const { state } = await opened({ run: runJson() });
    assert.match(state.caveats?.[0] ?? '', /requests\.ndjson is gone/);
    assert.equal(state.verdict, 'pass');
  });

  it('of a newer schema says so, and what to do', async () => {
    const { state, dir } = await opened({ run: { ...runJson(), schema: 'promptrig.run/2' } });
    assert.equal(state.status, 'error');
    assert.match(state.statusText, /promptrig\.run\/2, which this version does not know\. Update Promptrig/);
    assert.equal(state.title, 'a-run');
    assert.ok(dir.endsWith('a-run'));
    assert.ok(state.advice);
    assert.deepEqual(state.targets, []);
  });

  it('that is no run, is half written or is gone, says so', async () => {
    const dir = tempDir();
    await writeFile(join(dir, 'run.json'), '{"schema": "promptrig.run/1", ');
    assert.match((await load(dir)).state.statusText, /not valid JSON/);
    await writeFile(join(dir, 'run.json'), '[]');
    assert.match((await load(dir)).state.statusText, /not a result of Promptrig/);
    await writeFile(join(dir, 'run.json'), '{"schema": "promptrig.run/1"}');
    assert.match((await load(dir)).state.statusText, /names no targets/);
    await rm(dir, { recursive: true });
    const { state } = await load(dir);
    assert.equal(state.status, 'error');
    assert.match(state.advice ?? '', /deleted, or moved/);
  });

  it('that was cut off shows the stage that was running', async () => {
    const run = runJson({
      status: 'running',
      finished_at: null,
      targets: [],
      in_progress: { target: TARGET, stage: STAGE, origin_ms: ORIGIN_MS },
    });
    const { state } = await opened({
      run,
      plan: plan(),
      requests: many(40),
      cases: [answer('a', { outcome: 'error' })],
    });
    assert.equal(state.status, 'crashed');
    assert.equal(state.verdict, null);
    assert.match(state.statusText, /cut off/);
    const [stage] = state.targets[0]?.stages ?? [];
    assert.equal(stage?.pattern, 'poisson');
    assert.equal(stage.points.length, 40);
    assert.deepEqual([stage.counts.completed, stage.counts.failed], [38, 2]);
    assert.deepEqual(stage.errors, [{ kind: 'http_429', count: 2, example: 'The server refused the request.' }]);
    assert.equal(state.targets[0]?.quality.errors, 1);
  });

  it('bounds the requests of a stage and keeps its failures', async () => {
    // Lines as short as they can be: this is about their number.
    const text = Array.from({ length: 130_000 }, (_, i) => {
      const failed = i % 1000 === 999;
      return `{"id":"sim/steady/${i}","target":"sim","stage":"steady","index":${i},"phase":"measured","outcome":"${failed ? 'failed' : 'completed'}","scheduled":${ORIGIN_MS + i},"sent":${ORIGIN_MS + i},"first":${ORIGIN_MS + i + 5},"last":${ORIGIN_MS + i + 6},"end":${ORIGIN_MS + i + 6},"itl":[1]}\n`;
    }).join('');
    const dir = tempDir();
    await writeRun(dir, { run: runJson() });
    await writeFile(join(dir, 'requests.ndjson'), text);
    const { state } = await load(dir);
    const points = state.targets[0]?.stages[0]?.points ?? [];
    assert.ok(points.length <= 100_000 && points.length > 60_000, String(points.length));
    assert.equal(points.filter(({ ok }) => !ok).length, 130);
  });
});
