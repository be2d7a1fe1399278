import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { mainSeries, seriesName, sparkline, trendWords } from '../../../src/core/results/sparkline';
import { TrendHistory } from '../../../src/core/results/trends';
import type { BaselineFile } from '../../../src/protocol/baseline';
import type { RunTrends, TrendSeries } from '../../../src/protocol/trends';
import { removeTempDirs, tempDir } from '../support/temp';

const SOURCE = 'evals/chat.eval.yaml';

describe('the numbers of an eval over its runs', () => {
  let dir: string;

  beforeEach(() => {
    dir = tempDir();
  });
  after(removeTempDirs);

  interface Part {
    source?: string;
    status?: string;
    p99?: number;
    passRate?: number | null;
    commit?: string | null;
  }

  async function store(
    hour: number,
    { source = SOURCE, status = 'completed', p99 = 100, passRate = 1, commit = 'abc' }: Part,
  ) {
    const id = `20261126T${String(hour).padStart(2, '0')}0000Z-chat-000${hour % 10}`;
    const stage = (name: string, more: object) => ({
      name,
      pattern: name === 'cases' ? 'cases' : 'poisson',
      metrics: { ttft: { p50: p99 / 2, p99 } },
      rates: { rps: 8, output_tps: 100, error_rate: 0, goodput_ratio: null },
      ...more,
    });
    const run = {
      schema: 'promptrig.run/1',
      id,
      status,
      verdict: 'pass',
      started_at: `2026-11-26T${String(hour).padStart(2, '0')}:00:00.000Z`,
      source: { path: source, sha256: '' },
      environment: { git: commit === null ? null : { commit, dirty: false } },
      targets: [
        {
          id: 'gpt',
          quality: { pass_rate: passRate, score: null },
          cost: { per_request: null, per_good: null },
          stages: [stage('cases', {}), stage('steady', {}), stage('step 1', { part_of: 'search' })],
          curves: [{ stage: 'search', rate: 12 }],
        },
      ],
    };
    await fs.mkdir(path.join(dir, id), { recursive: true });
    await fs.writeFile(path.join(dir, id, 'run.json'), JSON.stringify(run));
    return id;
  }

  const pick = ({ series }: RunTrends, metric: string, stage: string | null, stat: string | null = null) =>
    series.find((one) => one.metric === metric && one.stage === stage && one.stat === stat);

  it('come oldest first, each series with a gap where a run has no value', async () => {
    await store(1, { p99: 100 });
    await store(2, { p99: 120, passRate: null, commit: null });
    await store(3, { p99: 90, passRate: 0.5 });
    const trends = await new TrendHistory().of(dir, SOURCE);
    assert.deepEqual(
      trends.runs.map(({ startedAt, commit }) => [startedAt.slice(11, 13), commit]),
      [
        ['01', 'abc'],
        ['02', null],
        ['03', 'abc'],
      ],
    );
    assert.deepEqual(pick(trends, 'ttft', 'steady', 'p99')?.values, [100, 120, 90]);
    assert.deepEqual(pick(trends, 'quality.pass_rate', null)?.values, [1, null, 0.5]);
    assert.deepEqual(pick(trends, 'capacity', 'search')?.values, [12, 12, 12]);
    assert.equal(pick(trends, 'ttft', 'step 1', 'p99'), undefined);
    assert.equal(pick(trends, 'cost.per_good', null), undefined);
    assert.deepEqual(
      (({ label, unit, better }) => [label, unit, better])(pick(trends, 'ttft', 'steady', 'p99') as TrendSeries),
      ['TTFT', 'ms', 'lower'],
    );
    assert.deepEqual(trends.leftOut, []);
  });

  it('are of one eval, of runs that completed and can be read', async () => {
    await store(1, {});
    await store(2, { source: 'other.eval.yaml' });
    await store(3, { status: 'crashed' });
    await store(4, { status: 'running' });
    await fs.writeFile(path.join(dir, await store(5, {}), 'run.json'), '{"schema": "promptrig.run/1", "targets"');
    await fs.writeFile(path.join(dir, await store(6, {}), 'run.json'), '{"schema": "promptrig.run/1"}');
    const trends = await new TrendHistory().of(dir, SOURCE);
    assert.equal(trends.runs.length, 1);
    assert.deepEqual(trends.leftOut, ['2 runs that did not complete']);
    assert.deepEqual(await new TrendHistory().of(path.join(dir, 'none'), SOURCE), {
      runs: [],
      series: [],
      leftOut: [],
    });
  });

  it('are read once, and again after a run has changed, has come or has gone', async () => {
    const history = new TrendHistory();
    const first = await store(1, { p99: 100 });
    const file = path.join(dir, first, 'run.json');
    const time = new Date('2026-11-26T01:00:00Z');
    await fs.utimes(file, time, time);
    await history.of(dir, SOURCE);
    // The same size at the same time: nothing says that it has changed, so it is not read.
    await fs.writeFile(file, (await fs.readFile(file, 'utf8')).replaceAll('"p99":100', '"p99":999'));
    await fs.utimes(file, time, time);
    assert.deepEqual(pick(await history.of(dir, SOURCE), 'ttft', 'steady', 'p99')?.values, [100]);
    await fs.utimes(file, time, new Date(time.getTime() + 5_000));
    await store(2, { p99: 50 });
    assert.deepEqual(pick(await history.of(dir, SOURCE), 'ttft', 'steady', 'p99')?.values, [999, 50]);
    await fs.rm(path.join(dir, first), { recursive: true });
    assert.deepEqual(pick(await history.of(dir, SOURCE), 'ttft', 'steady', 'p99')?.values, [50]);
  });

  it('are bounded: the newest runs, of no more folders than allowed', async () => {
    for (let hour = 1; hour <= 20; hour++) await store(hour, { p99: hour });
    const some = await new TrendHistory().of(dir, SOURCE, [], { runs: 3, examined: 100 });
    assert.deepEqual(pick(some, 'ttft', 'steady', 'p99')?.values, [18, 19, 20]);
    assert.deepEqual(some.leftOut, ['older runs']);
    const few = await new TrendHistory().of(dir, SOURCE, [], { runs: 100, examined: 2 });
    assert.deepEqual(pick(few, 'ttft', 'steady', 'p99')?.values, [19, 20]);
  });

  it('stand beside what is pinned', async () => {
    const id = await store(1, {});
    await store(2, {});
    const distribution = { unit: 'ms' as const, n: 3, mean: 2, stdev: 1, worth: {}, sorted: [80, 90, 100] };
    const baseline = {
      target: 'gpt',
      pinned: { run: id },
      quality: { pass_rate: 0.9, score: null, cases: {} },
      stages: {
        steady: {
          load: '',
          errors: { requests: 10, failed: 1, worth: 10 },
          rates: { rps: { value: 7.5, se: null } },
          metrics: { ttft: distribution },
        },
      },
    } as unknown as BaselineFile;
    const trends = await new TrendHistory().of(dir, SOURCE, [baseline]);
    assert.deepEqual(
      trends.runs.map(({ pinned }) => pinned),
      [true, false],
    );
    const value = (...place: Parameters<typeof pick> extends [unknown, ...infer R] ? R : never) =>
      pick(trends, ...place)?.baseline;
    assert.equal(value('quality.pass_rate', null), 0.9);
    assert.equal(value('ttft', 'steady', 'p50'), 90);
    assert.equal(value('rps', 'steady'), 7.5);
    assert.equal(value('error_rate', 'steady'), 0.1);
    assert.equal(value('ttft', 'cases', 'p99'), null);
  });

  it('fit into a line of text, with words for those who do not see it', async () => {
    assert.equal(sparkline([1, 2, null, 3, 8]), '▁▂ ▃█');
    assert.equal(sparkline([100, 100.5, 101]), '▄▄▄');
    assert.equal(sparkline([0, 0, 0]), '▄▄▄');
    assert.equal(sparkline([1, null, 2]), '');
    for (const [hour, p99] of [100, 130, 90, 120].entries()) await store(hour + 1, { p99 });
    const trends = await new TrendHistory().of(dir, SOURCE);
    const main = mainSeries(trends);
    assert.ok(main !== null);
    assert.equal(seriesName(main), 'TTFT p99, steady');
    assert.deepEqual(trendWords(main), {
      name: 'TTFT p99, steady',
      first: '100 ms',
      last: '120 ms',
      low: '90 ms',
      high: '130 ms',
      runs: 4,
    });
    assert.equal(trendWords({ ...main, values: [1, null, 2, null] }), null);
    assert.equal(mainSeries({ runs: [], series: [], leftOut: [] }), null);
  });
});
