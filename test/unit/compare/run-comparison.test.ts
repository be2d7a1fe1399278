import assert from 'node:assert/strict';
import * as path from 'node:path';
import type { ComparedRun, ComparedStage } from '../../../src/core/compare/compared-run';
import { readOwnRun } from '../../../src/core/compare/own-run';
import { compareRuns } from '../../../src/core/compare/run-comparison';
import { SendOrderSeries } from '../../../src/core/compare/series';
import { testPercentile, upperTail } from '../../../src/core/compare/test-difference';
import { readForeign } from '../../../src/core/interchange/read-foreign';
import { Random } from '../../../src/core/load/prng';
import type { ComparedRow, RunComparison } from '../../../src/protocol/run-comparison';
import type { RequestRecord } from '../../../src/protocol/run-json';
import { simulate, store, wholePlan, type Recorded } from '../merge/simulated';
import { removeTempDirs, tempDir } from '../support/temp';

const OPTIONS = { confidence: 0.95, seed: 1 };

/** A run of the same plan, with what it recorded changed. */
async function ownRun(
  id: string,
  seed: number,
  change: (recorded: Recorded) => Recorded = (same) => same,
  targets = 1,
): Promise<ComparedRun> {
  const plan = { ...wholePlan(path.join(tempDir(), id), 6), runId: id };
  if (targets === 1) plan.targets.pop();
  store(plan, change(simulate(plan, seed)));
  return readOwnRun(plan.outDir);
}

/** Every answered request later by a factor. */
function slower(factor: number): (recorded: Recorded) => Recorded {
  return ({ requests, answers }) => ({
    answers,
    requests: requests.map((record): RequestRecord => {
      const { sent, first, last } = record;
      if (sent === null || first === null || last === null) return record;
      const add = (first - sent) * (factor - 1);
      return { ...record, first: first + add, first_answer: first + add, last: last + add, end: record.end + add };
    }),
  });
}

function rowOf(comparison: RunComparison, metric: string, kind: string, stage?: string, pair = 0): ComparedRow {
  const section = comparison.pairs[pair]?.sections.find((item) => item.kind === kind && item.first_stage === stage);
  const row = section?.rows.find(
    (item) => (item.stat === null ? item.metric : `${item.metric}.${item.stat}`) === metric,
  );
  assert.ok(row !== undefined, `${kind} ${metric}`);
  return row;
}

function allRows(comparison: RunComparison): ComparedRow[] {
  return comparison.pairs.flatMap(({ sections }) => sections.flatMap(({ rows }) => rows));
}

describe('a comparison of runs', () => {
  after(removeTempDirs);

  it('shows no difference between two runs of one distribution, and tests only what has a test', async () => {
    const same = (recorded: Recorded): Recorded => recorded;
    const comparison = compareRuns([await ownRun('a', 3, same, 2), await ownRun('b', 4, same, 2)], OPTIONS);
    assert.deepEqual(
      comparison.pairs.map(({ first, second }) => [first, second]),
      [
        ['alpha', 'alpha'],
        ['beta', 'beta'],
      ],
    );
    const verdicts = new Set(allRows(comparison).map(({ verdict }) => verdict));
    assert.deepEqual([...verdicts].sort(), ['no difference shown', 'not tested']);
    const tested = allRows(comparison).filter(({ p_value: p }) => p !== null);
    assert.equal(comparison.tested, tested.length);
    assert.ok(tested.length > 20);
    for (const row of allRows(comparison)) {
      assert.equal(row.verdict === 'not tested', row.p_adjusted === null, row.metric);
      assert.equal(row.verdict === 'not tested', row.reason !== undefined, row.metric);
    }
    assert.equal(rowOf(comparison, 'rps', 'load', 'fast').method, null);
    assert.equal(rowOf(comparison, 'quality.pass_rate', 'quality').method, 'mcnemar');
  });

  it('names the faster run, with the difference inside its interval', async () => {
    const comparison = compareRuns([await ownRun('a', 3), await ownRun('b', 4, slower(1.6))], OPTIONS);
    for (const stage of ['slow', 'fast']) {
      const row = rowOf(comparison, 'ttft.p50', 'load', stage);
      assert.equal(row.verdict, 'first better', stage);
      const [low, high] = row.ci ?? [0, 0];
      assert.ok(low > 0 && low < (row.difference ?? 0) && (row.difference ?? 0) < high, JSON.stringify(row));
    }
    // Gaps between tokens are as they were.
    assert.equal(rowOf(comparison, 'itl.p50', 'load', 'fast').verdict, 'no difference shown');
    const reversed = compareRuns([await ownRun('b', 4, slower(1.6)), await ownRun('a', 3)], OPTIONS);
    assert.equal(rowOf(reversed, 'ttft.p50', 'load', 'fast').verdict, 'second better');
  });

  it('adjusts p-values over all rows and runs together: a third run makes each of them larger', async () => {
    const [a, b, c] = [await ownRun('a', 3), await ownRun('b', 4, slower(1.08)), await ownRun('c', 5)];
    const two = rowOf(compareRuns([a, b], OPTIONS), 'ttft.p50', 'load', 'fast');
    const three = rowOf(compareRuns([a, b, c], OPTIONS), 'ttft.p50', 'load', 'fast');
    assert.equal(two.p_value, three.p_value);
    assert.ok((three.p_adjusted ?? 0) >= (two.p_adjusted ?? 1));
    assert.ok((two.p_adjusted ?? 0) > (two.p_value ?? 1));
  });

  it('tests quality on the cases of both, a case once whatever its repeats', async () => {
    const better = (recorded: Recorded): Recorded => ({
      ...recorded,
      answers: recorded.answers.map((answer) =>
        answer.outcome === 'failed' ? { ...answer, outcome: 'passed' } : answer,
      ),
    });
    const worse = (recorded: Recorded): Recorded => ({
      ...recorded,
      answers: recorded.answers.map((answer) =>
        answer.outcome === 'passed' ? { ...answer, outcome: 'failed' } : answer,
      ),
    });
    const row = rowOf(
      compareRuns([await ownRun('a', 3, better), await ownRun('b', 3, worse)], OPTIONS),
      'quality.pass_rate',
      'quality',
    );
    assert.equal(row.verdict, 'first better');
    assert.match(row.notes.join(' '), /over 13 cases in both: 13 passed in the first alone, 0 in the second/);
    assert.ok((row.p_value ?? 1) < 0.001 && (row.p_value ?? 0) > 0, 'thirteen discordant pairs, not thirty-nine');
  });

  it('says what is not comparable: files, clients, models, stages, loads, cases', async () => {
    const a = await ownRun('a', 3);
    const b = await ownRun('b', 4);
    b.source = { path: 'test.eval.yaml', sha256: 'other' };
    b.machine = 'another, 64 cores';
    const [target] = b.targets;
    assert.ok(target !== undefined);
    target.model = 'other';
    target.stages = target.stages.map((stage): ComparedStage =>
      stage.name === 'fast'
        ? { ...stage, rate: 60, tokensSource: 'chunks' }
        : stage.name === 'slow'
          ? { ...stage, name: 'lonely', rate: 99 }
          : stage,
    );
    target.stages.push({ ...(target.stages[1] as ComparedStage), name: 'extra', rate: 500 });
    const outcomes = new Map(target.outcomes?.cases);
    outcomes.delete('case 1');
    target.outcomes = { id: 'alpha', cases: outcomes };
    const [pair] = compareRuns([a, b], OPTIONS).pairs;
    const text = pair?.caveats.join('\n') ?? '';
    for (const says of [
      /test\.eval\.yaml differs between the runs/,
      /The clients differ/,
      /The models differ \(sim; other\)/,
      /"fast": the load differs \(30\/s; 60\/s\)/,
      /"fast": output tokens were counted differently \(usage; chunks\)/,
      /"slow" is in the first run alone/,
      /"lonely" is in the second run alone/,
      /12 of 13 cases are in both runs/,
    ]) {
      assert.match(text, says);
    }
  });

  it('takes results of other tools: matched by load, judged by our SLOs, with notes at the metrics', async () => {
    const own = await ownRun('a', 3);
    for (const target of own.targets) for (const stage of target.stages) if (stage.name === 'slow') stage.rate = 8;
    const fixtures = path.join(__dirname, '../../fixtures/interchange');
    const foreign = await Promise.all(
      ['vllm-detailed.json', 'guidellm.json', 'aiperf.json'].map((name) => readForeign(path.join(fixtures, name))),
    );
    const comparison = compareRuns([own, ...foreign], OPTIONS);
    assert.deepEqual(
      comparison.runs.map(({ tool }) => tool),
      ['promptrig', 'vllm', 'guidellm', 'aiperf'],
    );
    for (const run of [1, 2, 3]) {
      const pair = comparison.pairs.find((item) => item.run === run && item.first === 'alpha');
      const load = pair?.sections.find(({ kind }) => kind === 'load');
      assert.equal(load?.first_stage, 'slow', 'the stage with the same rate');
      const ttft = load?.rows.find(({ metric, stat }) => metric === 'ttft' && stat === 'p50');
      assert.ok((ttft?.notes.length ?? 0) > 0);
      assert.equal(ttft?.second, run === 2 ? 190 : 195);
    }
    // Twenty requests, which may depend on each other, say too little; AIPerf's summary has no single ones.
    const rows =
      comparison.pairs.find(({ run }) => run === 1)?.sections.find(({ kind }) => kind === 'load')?.rows ?? [];
    for (const [stat, needed] of [
      ['p50', 20],
      ['p99', 368],
    ] as const) {
      assert.match(
        rows.find((row) => row.metric === 'ttft' && row.stat === stat)?.reason ?? '',
        new RegExp(
          `^20 requests( worth \\d+ independent ones)? are too few to compare a ${stat} \\(${needed} needed\\)$`,
        ),
      );
    }
    const aiperf =
      comparison.pairs.find(({ run }) => run === 3)?.sections.find(({ kind }) => kind === 'load')?.rows ?? [];
    assert.match(aiperf.find(({ metric }) => metric === 'ttft')?.reason ?? '', /no single requests are kept/);
    const slo = comparison.slos.find(({ expr, stage }) => expr === 'ttft.p99 <= 400ms' && stage === 'slow');
    assert.deepEqual(
      slo?.cells.map((cell) => [cell?.verdict, cell?.foreign ?? false]),
      [
        ['pass', false],
        ['pass', true],
        [undefined, false],
        ['pass', true],
      ],
      'GuideLLM has three stages, none of this name',
    );
    for (const cell of slo?.cells.slice(1) ?? []) assert.ok(cell === null || cell.confidence === 'low');
  });

  it('is the same for the same runs', async () => {
    const runs = [await ownRun('a', 3), await ownRun('b', 4, slower(1.2))];
    assert.deepEqual(compareRuns(runs, OPTIONS), compareRuns(runs, OPTIONS));
    assert.throws(() => compareRuns(runs.slice(0, 1), OPTIONS), RangeError);
  });
});

describe('the test of a percentile', () => {
  const series = (seed: number, n: number, shift = 0): Float64Array => {
    const random = new Random(seed, 'series');
    return Float64Array.from({ length: n }, () => 100 + 50 * random.next() + shift);
  };
  const options = { share: 0.5, confidence: 0.95, seed: 1, noun: 'requests' };

  it('asks for so many values that the percentile has an interval', () => {
    for (const [share, n, enough] of [
      [0.5, 19, false],
      [0.5, 60, true],
      [0.99, 360, false],
      [0.99, 500, true],
      [0.01, 360, false],
    ] as const) {
      const found = testPercentile(series(1, n), series(2, n), { ...options, share });
      assert.equal(found.kind, enough ? 'tested' : 'untested', `${share} of ${n}`);
    }
    assert.equal(testPercentile(null, series(1, 100), options).kind, 'untested');
  });

  it('gives a large difference a p-value that survives an adjustment for a hundred rows, and none to noise', () => {
    const large = testPercentile(series(1, 400), series(2, 400, 100), options);
    assert.ok(large.kind === 'tested' && large.pValue * 100 < 0.05, JSON.stringify(large));
    const none = testPercentile(series(1, 400), series(2, 400), options);
    assert.ok(none.kind === 'tested' && none.pValue > 0.05, JSON.stringify(none));
  });

  it('raises a false alarm about as often as it says', () => {
    let alarms = 0;
    const trials = 200;
    for (let i = 0; i < trials; i++) {
      const found = testPercentile(series(2 * i + 100, 60), series(2 * i + 101, 60), { ...options, seed: i });
      if (found.kind === 'tested' && found.pValue <= 0.05) alarms++;
    }
    // 5% of 200 is 10; above 22 would happen once in ten thousand times.
    assert.ok(alarms <= 22, `${alarms} of ${trials}`);
  });

  it('knows the tail of the normal distribution', () => {
    for (const [z, p] of [
      [2, 0.0227501],
      [3, 0.0013499],
      [5, 2.86652e-7],
    ] as const) {
      assert.ok(Math.abs(upperTail(z) / p - 1) < 1e-4, `${z}: ${upperTail(z)}`);
    }
  });
});

describe('a series in send order', () => {
  it('orders values and thins them evenly', () => {
    const series = new SendOrderSeries(100);
    for (let i = 0; i < 1000; i++) series.add(1000 - i, [1000 - i]);
    const values = series.result() ?? new Float64Array(0);
    assert.ok(values.length > 50 && values.length <= 100, `${values.length}`);
    assert.deepEqual(
      [...values],
      [...values].sort((a, b) => a - b),
    );
    const steps = new Set([...values.slice(1)].map((value, index) => value - (values[index] ?? 0)));
    assert.equal(steps.size, 1);
    assert.equal(new SendOrderSeries().result(), null);
  });

  it('keeps the gaps of a request together', () => {
    const series = new SendOrderSeries(6);
    for (const at of [3, 1, 2, 4]) series.add(at, [at, at + 0.1, at + 0.2]);
    const values = [...(series.result() ?? [])];
    assert.equal(values.length % 3, 0);
    assert.ok(values.length <= 6);
    series.add(9, []);
    assert.equal(series.result()?.length, values.length);
  });
});
