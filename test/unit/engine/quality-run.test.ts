import assert from 'node:assert/strict';
import * as path from 'node:path';
import { EngineProcess } from '../../../src/core/engine/engine-process';
import { readCases, readLoadAnswers, readRequests } from '../../../src/core/results/store';
import type { EngineEvent } from '../../../src/protocol/events';
import type { AssertionPlan, CasePlan, RunPlan, SloPlan } from '../../../src/protocol/plan';
import { endpointPlan, runPlan, stagePlan, targetPlan } from '../support/samples';
import { removeTempDirs, tempDir } from '../support/temp';

const engineEntry = path.join(__dirname, '../../../dist/engine.js');

async function all<T>(items: AsyncGenerator<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

async function execute(plan: RunPlan) {
  const engine = new EngineProcess({ engineEntry });
  const events: EngineEvent[] = [];
  const run = await engine.run(plan, {}, (batch) => void events.push(...batch), new AbortController().signal);
  return { run, events };
}

function check(type: string, value: string, change: Partial<AssertionPlan> = {}): AssertionPlan {
  return { pointer: '/cases/0/assert/0', type, negate: false, value, weight: 1, severity: 'error', ...change };
}

function casePlan(index: number, ask: string, assertions: AssertionPlan[], change: Partial<CasePlan> = {}): CasePlan {
  return {
    pointer: `/cases/${index}`,
    id: `case ${index}`,
    name: `case ${index}`,
    messages: [{ role: 'user', content: ask }],
    vars: {},
    assertions,
    repeat: 1,
    weight: 1,
    tags: [],
    ...change,
  };
}

const SPEED = { ttftMs: 5, itlMs: 0.5, jitter: 0 };

function bot(name: string, script: { match: string; answer: string | string[] }[], change = {}) {
  return endpointPlan({ name, sim: { ...SPEED, answer: 'script', script, ...change } });
}

const capitals = bot('bot', [
  { match: 'France', answer: 'Paris' },
  { match: 'Italy', answer: 'Rome' },
]);

describe('a run that judges', function () {
  this.timeout(60_000);
  after(removeTempDirs);

  it('asks a judge over HTTP, keeps its cost apart, and holds nothing against an answer that could not be graded', async () => {
    const dir = path.join(tempDir(), 'run');
    const verdict = (pass: boolean) => JSON.stringify({ reason: 'as scripted', pass, score: pass ? 1 : 0 });
    const grader = bot('grader', [
      { match: 'Paris', answer: verdict(true) },
      { match: 'Rome', answer: 'I would rather talk about the weather.' },
    ]);
    const rubric = check('llm-rubric', 'Names the capital');
    const cases = [casePlan(0, 'France?', [rubric], { repeat: 2 }), casePlan(1, 'Italy?', [rubric])];
    const judge = { endpoint: { ...grader, price: { inputPer1M: 10, outputPer1M: 10 } }, params: {} };
    const { run } = await execute(runPlan(dir, { judge, targets: [targetPlan({ endpoint: capitals, cases })] }));

    const [target] = run.targets;
    assert.deepEqual([target?.quality?.passed, target?.quality?.failed, target?.quality?.errors], [2, 0, 1]);
    assert.equal(target?.quality?.judge?.graded_twice, 1);
    assert.equal(target?.quality?.judge?.disagreed, 0);
    assert.ok((target?.quality?.judge?.cost ?? 0) > 0);
    // The endpoint under test has no price: what the judge took must not appear as its cost.
    assert.equal(target?.cost.total, null);
    const records = await all(readCases(dir));
    const rome = records.find((record) => record.case === '/cases/1');
    assert.equal(rome?.assertions[0]?.outcome, 'error');
    assert.match(rome?.assertions[0]?.reason ?? '', /the judge grader \(sim\) gave no usable answer/);
  });

  it('holds a conversation, each turn a request, and judges it as one case', async () => {
    const dir = path.join(tempDir(), 'run');
    const turns = [
      { pointer: '/cases/0/turns/0', user: 'And of France?', assertions: [check('contains', 'Paris')], thinkTimeMs: 0 },
      { pointer: '/cases/0/turns/1', user: 'And of Italy?', assertions: [], thinkTimeMs: 5 },
    ];
    const item = casePlan(0, 'x', [check('contains', 'Rome')], {
      messages: [{ role: 'system', content: 'Be brief.' }],
      turns,
    });
    const { run } = await execute(runPlan(dir, { targets: [targetPlan({ endpoint: capitals, cases: [item] })] }));
    assert.equal(run.targets[0]?.quality?.passed, 1);
    const requests = await all(readRequests(dir));
    assert.deepEqual(
      requests.map(({ id, turn }) => [id, turn]),
      [
        ['sim/cases/0', 0],
        ['sim/cases/1', 1],
      ],
    );
    // The second request carries the first question and its answer, so it has more to read.
    assert.ok((requests[1]?.input_tokens ?? 0) > (requests[0]?.input_tokens ?? 0));
    const [record] = await all(readCases(dir));
    assert.deepEqual(
      record?.turns?.map(({ user, answer }) => [user, answer]),
      [
        ['And of France?', 'Paris'],
        ['And of Italy?', 'Rome'],
      ],
    );
  });

  it('judges the answers of load stages, counts them in goodput, and holds a stage to its own quality SLO', async () => {
    const dir = path.join(tempDir(), 'run');
    // Every other answer is wrong.
    const moody = bot('moody', [{ match: 'France', answer: ['Paris', 'Lyon'] }]);
    const item = casePlan(0, 'France?', [check('contains', 'Paris')]);
    const pool = [{ casePointer: item.pointer, messages: item.messages, weight: 1 }];
    const slo: SloPlan = {
      pointer: '/load/0/slo/0',
      expr: 'quality.pass_rate >= 90%',
      metric: 'quality.pass_rate',
      stat: null,
      op: '>=',
      limit: 0.9,
      unit: 'ratio',
      severity: 'error',
    };
    const stages = [stagePlan({ requests: 40, requestPool: pool, slos: [slo] })];
    const { run, events } = await execute(
      runPlan(dir, { targets: [targetPlan({ endpoint: moody, cases: [], loadCases: [item], stages })] }),
    );
    const [stage] = run.targets[0]?.stages ?? [];
    assert.deepEqual([stage?.quality?.cases, stage?.quality?.passed, stage?.quality?.failed], [40, 20, 20]);
    assert.ok(Math.abs((stage?.rates.goodput_ratio ?? 0) - 0.5) < 1e-9);
    assert.deepEqual(
      stage?.slo.map(({ expr, value, verdict }) => [expr, value, verdict]),
      [['quality.pass_rate >= 90%', 0.5, 'fail']],
    );
    assert.equal(run.verdict, 'fail');
    assert.equal(run.targets[0]?.quality, null);
    // The wrong ones are kept, and are no answers to quality cases.
    assert.equal((await all(readLoadAnswers(dir))).length, 20);
    assert.deepEqual(await all(readCases(dir)), []);
    assert.ok(!events.some(({ type }) => type === 'case-finished'));
  });

  it('compares targets on the cases that both were asked, and the run with its baseline', async () => {
    const before = path.join(tempDir(), 'before');
    const dir = path.join(tempDir(), 'after');
    const cases = Array.from({ length: 8 }, (_, i) => casePlan(i, `France ${i}?`, [check('contains', 'Paris')]));
    const wrong = bot('wrong', [{ match: 'France', answer: 'Lyon' }]);
    const good = (id: string) => targetPlan({ id, endpoint: capitals, cases });
    await execute(runPlan(before, { runId: 'before', targets: [good('a'), good('b')] }));
    const { run } = await execute(
      runPlan(dir, {
        targets: [good('a'), targetPlan({ id: 'b', endpoint: wrong, cases })],
        baseline: { run: 'before', dir: before, pointer: '/baseline' },
      }),
    );
    const [pair] = run.comparison?.pairs ?? [];
    assert.deepEqual([pair?.first, pair?.second, pair?.verdict, pair?.cases], ['a', 'b', 'first better', 8]);
    assert.equal(run.baseline?.run, 'before');
    assert.equal(run.baseline?.regressions.length, 1);
    assert.match(
      run.baseline?.regressions[0] ?? '',
      /^b: quality\.pass_rate is 100 points lower than in the baseline, 0% after 100% .* Lost: /,
    );
    assert.equal(run.baseline?.verdict, 'fail');
    const lost = run.baseline?.pairs.find(({ second }) => second === 'b')?.lost;
    assert.deepEqual(
      lost,
      cases.map(({ pointer }) => pointer),
      'by their pointers in the file',
    );
    assert.equal(run.verdict, 'fail');
  });

  it('is inconclusive, and keeps what it measured, where the baseline cannot be read', async () => {
    const dir = path.join(tempDir(), 'run');
    const cases = [casePlan(0, 'France?', [check('contains', 'Paris')])];
    const { run } = await execute(
      runPlan(dir, {
        targets: [targetPlan({ endpoint: capitals, cases })],
        baseline: { run: 'gone', dir: path.join(tempDir(), 'gone'), pointer: '/baseline' },
      }),
    );
    assert.equal(run.verdict, 'inconclusive');
    assert.match(run.baseline?.error ?? '', /could not be read/);
    assert.equal(run.targets[0]?.quality?.passed, 1);
  });

  it('runs user code only where it is allowed, and never passes what it did not evaluate', async () => {
    const code = check('javascript', "output === 'Paris'", { code: { source: "output === 'Paris'" } });
    const outcomes = async (allowCode: boolean) => {
      const dir = path.join(tempDir(), 'run');
      const cases = [casePlan(0, 'France?', [code])];
      const { run } = await execute(runPlan(dir, { allowCode, targets: [targetPlan({ endpoint: capitals, cases })] }));
      const [record] = await all(readCases(dir));
      return [record?.assertions[0]?.outcome, run.verdict];
    };
    assert.deepEqual(await outcomes(true), ['passed', 'pass']);
    assert.deepEqual(await outcomes(false), ['skipped', 'inconclusive']);
  });
});
