import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { ComparedStage } from '../../../src/core/compare/compared-run';
import { readOwnRun } from '../../../src/core/compare/own-run';
import { exportRun, type ExportFormat } from '../../../src/core/interchange/export-run';
import { readForeign } from '../../../src/core/interchange/read-foreign';
import { PromptrigError } from '../../../src/core/util/errors';
import { simulate, store, wholePlan } from '../merge/simulated';
import { removeTempDirs, tempDir } from '../support/temp';

/** A stored run with two targets and two open-loop stages each. */
function storedRun(): string {
  const plan = wholePlan(path.join(tempDir(), 'run'), 5);
  store(plan, simulate(plan));
  return plan.outDir;
}

async function roundTrip(
  dir: string,
  format: ExportFormat,
  select: { target?: string; stage?: string; detailed?: boolean },
): Promise<ComparedStage[]> {
  const { text, notes } = await exportRun(dir, format, { detailed: false, ...select });
  assert.ok(notes.length > 0);
  const file = path.join(tempDir(), 'exported.json');
  fs.writeFileSync(file, text);
  const run = await readForeign(file);
  assert.equal(run.tool, format);
  return run.targets.flatMap(({ stages }) => stages);
}

function near(
  actual: number | null | undefined,
  expected: number | null | undefined,
  what: string,
  tolerance = 1e-9,
): void {
  assert.ok(actual != null && expected != null, `${what}: ${actual}, ${expected}`);
  assert.ok(
    Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected)),
    `${what}: ${actual}, not ${expected}`,
  );
}

describe('an export', () => {
  after(removeTempDirs);
  let dir: string;
  let fast: ComparedStage;

  before(async () => {
    dir = storedRun();
    const run = await readOwnRun(dir);
    const found = run.targets[0]?.stages.find(({ name }) => name === 'fast');
    assert.ok(found !== undefined);
    fast = found;
  });

  for (const format of ['vllm', 'guidellm', 'aiperf'] as const) {
    it(`in the form of ${format} is read back with the same figures where the definitions agree`, async () => {
      const [stage] = await roundTrip(dir, format, { target: 'alpha', stage: 'fast' });
      assert.deepEqual([stage?.loop, stage?.rate], ['open', 30]);
      // The other tools count from the send; here both instants lie within a millisecond.
      near(stage?.metrics.ttft?.stats.mean, fast.metrics.ttft_sent?.stats.mean, 'ttft');
      near(stage?.rates.rps, fast.rates.rps, 'rps');
      near(stage?.rates.output_tps, fast.rates.output_tps, 'output_tps');
      near(stage?.rates.error_rate, fast.rates.error_rate, 'error_rate');
      near(stage?.metrics.output_tokens?.stats.mean, fast.metrics.output_tokens?.stats.mean, 'output tokens');
      assert.equal(stage?.rates.goodput, null, 'goodput has another definition');
      if (format !== 'guidellm') {
        near(stage?.metrics.ttft?.stats.p99, fast.metrics.ttft_sent?.stats.p99, 'ttft p99');
        near(stage?.metrics.tpot?.stats.p95, fast.metrics.tpot?.stats.p95, 'tpot p95');
        near(stage?.metrics.itl?.stats.p99, fast.metrics.itl?.stats.p99, 'itl p99');
        near(stage?.metrics.e2e?.stats.p50, fast.metrics.e2e_sent?.stats.p50, 'e2e p50');
      } else {
        // Its percentiles are values that occurred, its latency ends with the stream, 1 ms after the last token here.
        near(stage?.metrics.ttft?.stats.p50, fast.metrics.ttft_sent?.stats.p50, 'ttft p50', 0.02);
        near(stage?.metrics.e2e?.stats.mean, (fast.metrics.e2e_sent?.stats.mean ?? 0) + 1, 'request latency');
        near(stage?.metrics.tpot?.stats.mean, fast.metrics.tpot?.stats.mean, 'tpot');
        assert.equal(stage?.metrics.itl, undefined);
      }
    });
  }

  it('holds several stages where the form does', async () => {
    const appended = await roundTrip(dir, 'vllm', {});
    assert.deepEqual(
      appended.map(({ name }) => name),
      ['slow', 'fast', 'slow', 'fast'],
    );
    const report = await roundTrip(dir, 'guidellm', { target: 'beta' });
    assert.deepEqual(
      report.map(({ name }) => name),
      ['poisson@10.00', 'poisson@30.00'],
    );
  });

  it('with single requests keeps them in send order, the failed ones with their error', async () => {
    const { text } = await exportRun(dir, 'vllm', { target: 'alpha', stage: 'fast', detailed: true });
    const document = JSON.parse(text) as {
      ttfts: number[];
      start_times: number[];
      errors: string[];
      itls: number[][];
      failed: number;
    };
    assert.deepEqual(
      document.start_times,
      [...document.start_times].sort((a, b) => a - b),
    );
    assert.ok(document.failed > 0);
    assert.equal(document.errors.filter((error) => error !== '').length, document.failed);
    const [stage] = await roundTrip(dir, 'vllm', { target: 'alpha', stage: 'fast', detailed: true });
    assert.deepEqual(stage?.metrics.ttft?.series?.length, fast.metrics.ttft?.n);
    near(stage?.metrics.itl?.series?.length, fast.metrics.itl?.n, 'gaps');
  });

  it('says what it cannot hold, and what there is to choose from', async () => {
    const refuses = (format: ExportFormat, select: object, says: RegExp): Promise<void> =>
      assert.rejects(
        exportRun(dir, format, { detailed: false, ...select }),
        (error) => error instanceof PromptrigError && error.code === 'usage' && says.test(error.message),
      );
    await refuses('guidellm', {}, /about one target\. Choose with --target: alpha, beta\./);
    await refuses('aiperf', { target: 'alpha' }, /one stage of one target.*alpha \/ slow, alpha \/ fast/);
    await refuses('vllm', { stage: 'nope' }, /no such target and stage\. It has alpha \/ slow/);
    await refuses('aiperf', { detailed: true }, /--detailed\) are written in the form of vllm only/);
  });
});
