import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { ComparedRun, ComparedStage } from '../../../src/core/compare/compared-run';
import { readForeign } from '../../../src/core/interchange/read-foreign';
import { METRICS } from '../../../src/core/metrics/definitions';
import { PromptrigError } from '../../../src/core/util/errors';
import { removeTempDirs, tempDir } from '../support/temp';

const FIXTURES = path.join(__dirname, '../../fixtures/interchange');
const MODEL = 'meta-llama/Llama-3.1-8B-Instruct';

function read(name: string): Promise<ComparedRun> {
  return readForeign(path.join(FIXTURES, name));
}

function stageOf(run: ComparedRun, index = 0): ComparedStage {
  const stage = run.targets[0]?.stages[index];
  assert.ok(stage !== undefined);
  return stage;
}

function near(actual: number | null | undefined, expected: number, what: string): void {
  assert.ok(
    actual != null && Math.abs(actual - expected) < 1e-6 * Math.max(1, expected),
    `${what}: ${actual}, not ${expected}`,
  );
}

/** What all fixtures were made from: 20 requests, TTFT from 100 to 290 ms, gaps of 20 to 24 ms. */
function assertSameMeasurement(stage: ComparedStage, metrics: readonly string[]): void {
  const expected: Record<string, [stat: string, value: number][]> = {
    ttft: [
      ['p50', 195],
      ['p99', 288.1],
    ],
    tpot: [['mean', 22]],
    itl: [['mean', 22]],
    e2e: [['mean', 283]],
  };
  for (const metric of metrics) {
    for (const [stat, value] of expected[metric] ?? [])
      near(stage.metrics[metric]?.stats[stat], value, `${metric}.${stat}`);
  }
}

describe('results of other tools', () => {
  after(removeTempDirs);

  it('of vllm bench serve', async () => {
    const run = await read('vllm.json');
    assert.equal(run.tool, 'vllm');
    assert.equal(run.id, 'vllm.json');
    assert.equal(run.startedAt, '2025-11-15T10:15:00');
    assert.deepEqual(
      run.targets.map(({ id }) => id),
      [MODEL],
    );
    const stage = stageOf(run);
    assert.deepEqual([stage.name, stage.loop, stage.rate, stage.concurrency], ['8/s', 'open', 8, null]);
    assertSameMeasurement(stage, ['ttft', 'tpot', 'itl', 'e2e']);
    near(stage.metrics.ttft?.stats.stdev, 57.662812973353994, 'stdev');
    assert.deepEqual([stage.rates.rps, stage.rates.output_tps, stage.rates.goodput], [8, 40, 6.4]);
    near(stage.rates.error_rate, 1 / 21, 'error rate');
    near(stage.rates.goodput_ratio, 16 / 21, 'goodput ratio');
    assert.equal(stage.metrics.output_tokens?.stats.mean, 5);
    assert.equal(stage.metrics.ttft?.series, null, 'no single requests');
  });

  it('of vllm bench serve with single requests, in send order and without those that failed', async () => {
    const stage = stageOf(await read('vllm-detailed.json'));
    assert.equal(stage.metrics.ttft?.series?.length, 20);
    assert.equal(stage.metrics.itl?.series?.length, 80);
    near(stage.metrics.ttft?.series?.[1], 170, 'the second request');
    near(stage.metrics.tpot?.series?.[0], (20 + 21 + 22 + 23) / 4, 'its tpot');
  });

  it('of vllm bench serve with one document below the other, and the NaN of Python', async () => {
    const run = await read('vllm-appended.jsonl');
    assert.deepEqual(
      run.targets[0]?.stages.map(({ name, loop, concurrency }) => [name, loop, concurrency]),
      [
        ['concurrency 1', 'closed', 1],
        ['concurrency 4', 'closed', 4],
      ],
    );
    assert.equal('stdev' in (stageOf(run).metrics.itl?.stats ?? {}), false);
    near(stageOf(run).rates.error_rate, 1 / 21, 'from num_prompts');
  });

  it('of GuideLLM, whose ITL is our TPOT', async () => {
    const run = await read('guidellm.json');
    assert.deepEqual([run.tool, run.targets[0]?.id], ['guidellm', MODEL]);
    assert.deepEqual(
      run.targets[0]?.stages.map(({ name, loop, rate, concurrency }) => [name, loop, rate, concurrency]),
      [
        ['synchronous', 'closed', null, 1],
        ['constant@8.00', 'open', 8, null],
        ['concurrent@4', 'closed', null, 4],
      ],
    );
    const stage = stageOf(run, 1);
    assert.equal(stage.metrics.itl, undefined, 'it keeps no gaps');
    near(stage.metrics.tpot?.stats.mean, 22, 'tpot');
    near(stage.metrics.e2e?.stats.mean, 283, 'e2e in ms');
    near(stage.metrics.ttft?.stats['p99.9'], 290, 'p999');
    near(stage.metrics.dispatch_lag?.stats.mean, 1, 'dispatch delay in ms');
    near(stage.rates.error_rate, 2 / 22, 'error rate');
    assert.deepEqual([stage.rates.rps, stage.rates.output_tps, stage.rates.concurrency], [8, 40, 2]);
    assert.equal(stage.rates.goodput, null);
    const { series } = stage.metrics.ttft ?? {};
    assert.equal(series?.length, 20);
    near(series?.[1], 100 + 10 * ((7 * 7) % 20), 'in the order of dispatch, not of the file');
  });

  it('of GuideLLM as YAML, with the same figures and notes', async () => {
    const [json, yaml] = await Promise.all([read('guidellm.json'), read('guidellm.yaml')]);
    assert.deepEqual({ ...yaml, id: json.id, path: json.path }, json);
  });

  it('of GuideLLM as Python dumps it: no numbers, tags, anchors, whatever the name of the file', async () => {
    const text = fs.readFileSync(path.join(FIXTURES, 'guidellm.yaml'), 'utf8');
    const file = path.join(tempDir(), 'report.txt');
    const strategy = /strategy:\n( +)type_: synchronous/;
    assert.match(text, strategy);
    fs.writeFileSync(
      file,
      `# written by hand\n---\nextra: &again {a: 1}\nmore: *again\n${text
        .replace(strategy, 'strategy: !!python/object:guidellm.Strategy\n$1type_: synchronous')
        .replace(/mean: 22\.0+/, 'mean: .nan')}`,
    );
    const run = await readForeign(file);
    assert.equal(run.tool, 'guidellm');
    assert.equal(stageOf(run).name, 'synchronous');
    assert.equal(run.notes.length, (await read('guidellm.yaml')).notes.length);
  });

  it('of AIPerf, whose ITL is our TPOT and whose chunk latency is our ITL', async () => {
    const run = await read('aiperf.json');
    assert.deepEqual([run.tool, run.targets[0]?.id], ['aiperf', MODEL]);
    const stage = stageOf(run);
    assert.deepEqual([stage.name, stage.loop, stage.rate], ['8/s', 'open', 8]);
    assertSameMeasurement(stage, ['ttft', 'tpot', 'itl', 'e2e']);
    assert.equal(stage.metrics.itl?.n, 80);
    assert.deepEqual([stage.rates.rps, stage.rates.output_tps, stage.rates.goodput], [8, 40, 6.4]);
    near(stage.rates.goodput_ratio, 16 / 21, 'goodput ratio');
    assert.deepEqual(run.caveats, []);
  });

  it('of AIPerf record by record, without warm-up and failures', async () => {
    const stage = stageOf(await read('aiperf-records.jsonl'));
    assertSameMeasurement(stage, ['ttft', 'tpot', 'itl', 'e2e']);
    assert.equal(stage.metrics.ttft?.n, 20);
    near(stage.metrics.ttft?.series?.[0], 100, 'the first that was sent');
    near(stage.rates.error_rate, 1 / 21, 'error rate');
  });

  it('of GenAI-Perf, summary and profile export', async () => {
    const summary = await read('genai-perf.json');
    assert.deepEqual([summary.tool, summary.targets[0]?.id], ['genai-perf', MODEL]);
    assertSameMeasurement(stageOf(summary), ['ttft', 'tpot', 'e2e']);
    assert.deepEqual([stageOf(summary).loop, stageOf(summary).concurrency], ['closed', 4]);
    const profile = await read('profile_export.json');
    assert.equal(profile.tool, 'genai-perf');
    const stage = stageOf(profile);
    assertSameMeasurement(stage, ['ttft', 'itl', 'e2e']);
    assert.deepEqual([stage.name, stage.rate], ['request_rate 8', 8]);
    assert.equal(stage.metrics.tpot, undefined);
  });

  it('say of each metric how its definition differs from ours', async () => {
    for (const name of ['vllm.json', 'guidellm.json', 'aiperf.json', 'genai-perf.json']) {
      const { notes, tool } = await read(name);
      const about = new Set(notes.map(({ metric }) => metric));
      for (const metric of ['ttft', 'tpot', 'itl', 'e2e', 'goodput'])
        assert.ok(about.has(metric), `${tool}: ${metric}`);
      for (const { metric } of notes) assert.ok(metric === '*' || metric in METRICS, metric);
    }
  });

  describe('of an unknown shape', () => {
    const refuses = async (text: string, says: RegExp): Promise<void> => {
      const file = path.join(tempDir(), 'result.json');
      fs.writeFileSync(file, text);
      await assert.rejects(readForeign(file), (error) => {
        assert.ok(error instanceof PromptrigError);
        assert.match(error.message, says);
        assert.doesNotMatch(error.message.slice(0, -1), /\.\s|\n/, 'one sentence');
        return true;
      });
    };

    it('give one clear sentence', async () => {
      await refuses(
        '{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7}',
        /is neither a run of Promptrig nor .* \(its keys are a, b, c, d, e, f, …\)/,
      );
      await refuses('[]', /is neither a run of Promptrig/);
      await refuses('null', /is neither a run of Promptrig/);
      await refuses('12', /is neither a run of Promptrig/);
      await refuses('{"benchmarks":[]}', /is neither a run of Promptrig/);
      await refuses('{"experiments":[{"requests":[]}]}', /is neither a run of Promptrig/);
      await refuses('', /is empty/);
      await refuses('{"a": ', /is not JSON/);
      await refuses('hello\nworld', /is not JSON/);
      await assert.rejects(readForeign(path.join(tempDir(), 'nope.json')), /could not be read/);
    });

    it('as YAML likewise, and within bounds', async () => {
      await refuses('benchmarks: []\n', /is neither a run of Promptrig nor .* \(its keys are benchmarks\)/);
      await refuses('a: [1, 2\nb: 3\n', /is neither JSON nor YAML: /);
      await refuses('a: 1\n---\nb: 2\n', /is neither JSON nor YAML: /);
      // A few lines that would become gigabytes.
      const bomb = Array.from(
        { length: 12 },
        (_, i) => `k${i}: &a${i} [${i === 0 ? 'x' : `${`*a${i - 1},`.repeat(9)}`}]`,
      );
      await refuses(`${bomb.join('\n')}\n`, /is neither JSON nor YAML: .*alias/i);
      const file = path.join(tempDir(), 'large.yaml');
      fs.writeFileSync(file, `benchmarks:\n${'- a: 1\n'.repeat(2_500_000)}`);
      await assert.rejects(
        readForeign(file),
        /large\.yaml is YAML of 17 MB; up to 16 MB are read\. Let the tool write it as JSON\./,
      );
    });

    it('never throw anything else, whatever is missing or of another type', async () => {
      const dir = tempDir();
      for (const name of fs.readdirSync(FIXTURES).filter((file) => file.endsWith('.json'))) {
        const text = fs.readFileSync(path.join(FIXTURES, name), 'utf8');
        const document = JSON.parse(text.split('\n{')[0]?.replaceAll('NaN', 'null') ?? '') as Record<string, unknown>;
        for (const key of Object.keys(document)) {
          for (const value of [undefined, null, 'text', -1, [], {}, [null], [[null]], { successful: null }]) {
            const file = path.join(dir, 'changed.json');
            fs.writeFileSync(file, JSON.stringify({ ...document, [key]: value }));
            await readForeign(file).then(
              (run) => assert.ok(run.targets.every(({ stages }) => Array.isArray(stages))),
              (error) => assert.ok(error instanceof PromptrigError, `${name} ${key}: ${String(error)}`),
            );
          }
        }
      }
    });
  });
});
