import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { RunObserver } from '../../../src/extension/language/run-observer';
import { ResultsStore } from '../../../src/extension/engine/results-store';
import { loadObservations, saveObservations } from '../../../src/extension/engine/stored-observations';
import { hoverMarkdown } from '../../../src/extension/language/hover-text';
import { nodeStatuses } from '../../../src/extension/language/line-ends';
import { assertion, record, slo, stage, survey } from './support';

const FILE = survey({
  cases: [{ name: 'refund', assert: [{ contains: '30 days' }] }],
  load: [{ name: 'steady' }],
  slo: ['ttft <= 200ms'],
});

function observer(at: string): RunObserver {
  const run = new RunObserver(FILE, at, true);
  run.onCase(
    record('/cases/0', 'refund', [
      assertion('/cases/0/assert/0', {
        outcome: 'failed',
        reason: 'not found',
        expected: '30 days',
        actual: '```html <b>',
      }),
    ]),
  );
  return run;
}

describe('ResultsStore', () => {
  it('shows what a run finds as it goes on and keeps it when it ends', () => {
    const store = new ResultsStore();
    const fired: string[] = [];
    store.onDidChange((file) => fired.push(file));
    store.begin('a', ['case:refund', 'stage:steady'], 'now', '/runs/1');
    assert.deepEqual([...(store.get('a').running?.subjects ?? [])], ['case:refund', 'stage:steady']);
    const run = observer('now');
    store.update('a', run.observations, ['case:refund']);
    assert.deepEqual([...(store.get('a').running?.subjects ?? [])], ['stage:steady']);
    store.end('a', run.observations, 'fail');
    assert.equal(store.get('a').running, null);
    assert.equal(store.get('a').last?.verdict, 'fail');
    assert.equal(store.get('a').observations.length, 2);
    assert.deepEqual(fired, ['a', 'a', 'a']);
  });

  it('does not clear a file that is running, nor replace its results by stored ones', () => {
    const store = new ResultsStore();
    store.begin('a', ['case:refund'], 'now', '/runs/1');
    store.clear();
    assert.notEqual(store.get('a').running, null);
    store.restore('a', { observations: [], running: null, last: null });
    assert.notEqual(store.get('a').running, null);
    store.end('a', [], null);
    store.clear('a');
    assert.ok(store.isEmpty);
  });
});

describe('stored observations', () => {
  let dir: string;

  beforeEach(async () => {
    dir = await fs.mkdtemp(path.join(os.tmpdir(), 'promptrig-results-'));
  });

  afterEach(async () => {
    await fs.rm(dir, { recursive: true });
  });

  async function run(name: string, source: string): Promise<string> {
    const folder = path.join(dir, name);
    await fs.mkdir(folder);
    await fs.writeFile(
      path.join(folder, 'run.json'),
      JSON.stringify({ schema: 'promptrig.run/1', source: { path: source } }),
    );
    return folder;
  }

  it('come back for the file that they belong to, the newest first', async () => {
    const store = new ResultsStore();
    store.begin('a', ['case:refund'], 'old', '');
    await saveObservations(
      await run('2026-01-01', 'a.eval.yaml'),
      'a.eval.yaml',
      store.end('a', observer('old').observations, 'fail'),
    );
    store.begin('a', ['case:refund'], 'new', '');
    await saveObservations(
      await run('2026-01-02', 'a.eval.yaml'),
      'a.eval.yaml',
      store.end('a', observer('new').observations, 'fail'),
    );
    await run('2026-01-03', 'b.eval.yaml');
    const restored = await loadObservations(dir, 'a.eval.yaml', 'any', FILE);
    assert.equal(restored?.last?.startedAt, 'new');
    assert.deepEqual(restored.observations, observer('new').observations);
    assert.equal(await loadObservations(dir, 'c.eval.yaml', 'any', FILE), null);
    assert.equal(await loadObservations(path.join(dir, 'nowhere'), 'a', 'any', FILE), null);
  });

  it('survive a file that was cut off while it was written', async () => {
    const folder = await run('2026-01-01', 'a.eval.yaml');
    await fs.writeFile(path.join(folder, 'observations.json'), '{"schema":"promptrig.obs');
    assert.equal(await loadObservations(dir, 'a.eval.yaml', 'any', FILE), null);
  });

  it('are made from the records of a run of the command line, while the file is the same', async () => {
    const folder = await run('2026-01-01', 'a.eval.yaml');
    await fs.writeFile(
      path.join(folder, 'run.json'),
      JSON.stringify({
        schema: 'promptrig.run/1',
        source: { path: 'a.eval.yaml', sha256: 'abc' },
        started_at: 'then',
        status: 'completed',
        verdict: 'fail',
        targets: [{ id: 'sim', quality: null, stages: [stage('steady', '/load/0', [slo('/slo/0')])] }],
      }),
    );
    const line = record('/cases/0', 'refund', [assertion('/cases/0/assert/0')]);
    await fs.writeFile(path.join(folder, 'cases.ndjson'), `${JSON.stringify(line)}\n`);
    const restored = await loadObservations(dir, 'a.eval.yaml', 'abc', FILE);
    assert.deepEqual(
      nodeStatuses(FILE, restored?.observations ?? []).map((status) => [status.node.pointer, status.state]),
      [
        ['/cases/0', 'passed'],
        ['/cases/0/assert/0', 'passed'],
        ['/load/0', 'passed'],
        ['/slo/0', 'passed'],
      ],
    );
    assert.equal(await loadObservations(dir, 'a.eval.yaml', 'other', FILE), null);
  });
});

describe('hover', () => {
  it('shows value, limit, interval, sample and the definition of the metric', () => {
    const run = new RunObserver(FILE, '2026-01-01T10:00:00.000Z', true);
    run.onStage('sim', stage('steady', '/load/0', [slo('/slo/0')]));
    const status = nodeStatuses(FILE, run.observations).find((item) => item.node.kind === 'slo');
    assert.ok(status);
    const text = hoverMarkdown(status);
    for (const part of [
      '184 ms',
      '`ttft.p99 <= 200ms`',
      '176–195',
      '478 (390 effective)',
      '**TTFT**',
      'first \\- origin'.replace('\\', ''),
    ]) {
      assert.ok(text.includes(part), part);
    }
  });

  it('shows the texts of a model without obeying them', () => {
    const status = nodeStatuses(FILE, observer('now').observations).find((item) => item.node.kind === 'assertion');
    assert.ok(status);
    const text = hoverMarkdown(status);
    assert.ok(text.includes('````text\n```html <b>\n````'));
    const reason = hoverMarkdown({
      ...status,
      placed: status.placed.map((item) => ({
        ...item,
        observation:
          item.observation.kind === 'assertion' && item.observation.sample !== null
            ? { ...item.observation, sample: { ...item.observation.sample, reason: '[click](command:x)' } }
            : item.observation,
      })),
    });
    assert.ok(!reason.includes('[click](command:x)'));
  });
});
