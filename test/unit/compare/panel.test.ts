import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { answersOf } from '../../../src/core/compare/panel-answers';
import { CaseTallies, caseGrid, outcomesOf, type CaseTally } from '../../../src/core/compare/panel-cases';
import { plannedCases, readForeignSource, readOwnSource } from '../../../src/core/compare/panel-read';
import { entriesOf, type PanelSource, type PanelTarget } from '../../../src/core/compare/panel-source';
import { NO_CHOICES, panelNumbers } from '../../../src/core/compare/panel-state';
import { PanelTests } from '../../../src/core/compare/panel-tests';
import { PromptrigError } from '../../../src/core/util/errors';
import type { CaseRecord } from '../../../src/protocol/run-json';
import { assertion, record } from '../extension/support';
import { removeTempDirs } from '../support/temp';
import { OPTIONS, idsOf, rowOf, settled, slower, storedRun, wrongAfter } from './panel-support';

const FIXTURES = path.join(__dirname, '../../fixtures/interchange');

describe('what the compare panel shows', () => {
  let fair: PanelSource;
  let uneven: PanelSource;

  before(async () => {
    fair = await storedRun('run-fair', 3);
    uneven = await storedRun('run-uneven', 4, (recorded) => wrongAfter('beta', 2)(slower('beta', 1.8)(recorded)));
  });
  after(removeTempDirs);

  it('compares the targets of one run against the first of them, with a winner where a test shows one', () => {
    const state = settled([uneven]);
    assert.deepEqual(
      state.contenders.map(({ id, label, endpoint }) => [id, label, endpoint]),
      [
        ['run-uneven/alpha', 'alpha', 'alpha'],
        ['run-uneven/beta', 'beta', 'beta'],
      ],
    );
    assert.equal(state.reference, 'run-uneven/alpha');
    assert.deepEqual(
      state.sections.map(({ kind }) => kind),
      ['quality', 'latency', 'rates', 'cost'],
    );
    const passed = rowOf(state, 'quality.pass_rate');
    assert.equal(passed.winner, 'run-uneven/alpha');
    assert.equal(passed.conclusion, 'alpha is better than beta');
    assert.equal(passed.cells[0]?.against, null);
    const against = passed.cells[1]?.against;
    assert.ok(against && against.verdict === 'worse' && against.difference < 0, JSON.stringify(against));
    assert.ok(against.ci && against.ci[1] < 0);
    assert.equal(rowOf(state, 'ttft.p50').winner, 'run-uneven/alpha');
    assert.ok((rowOf(state, 'ttft.p50').cells[0]?.ci?.[0] ?? 0) > 0, 'a percentile has its interval');
    // Gaps between tokens are alike.
    const gaps = rowOf(state, 'itl.p50');
    assert.deepEqual([gaps.winner, gaps.conclusion], [null, 'no difference shown']);
    const rps = rowOf(state, 'rps');
    assert.equal(rps.winner, null);
    assert.equal(rps.conclusion, 'not tested');
    assert.deepEqual(
      state.sections.map(({ kind, note = '' }) => [kind, note]),
      [
        ['quality', ''],
        ['latency', ''],
        ['rates', 'not tested: one number a run says nothing about how it scatters'],
        ['cost', 'not tested: one number a run says nothing about how it scatters'],
      ],
    );
    assert.equal(
      rowOf(state, 'quality.score').conclusion,
      'not tested: one number a run says nothing about how it scatters',
    );
    assert.equal(rps.cells[1]?.against?.verdict, 'not tested');
    const verdicts = state.sections.flatMap(({ rows }) => rows.flatMap(({ cells }) => cells[1]?.against?.pAdjusted));
    assert.equal(verdicts.filter((p) => typeof p === 'number').length, state.tested);
  });

  it('takes another reference without testing anything twice', () => {
    const tests = new PanelTests(OPTIONS);
    const first = settled([uneven], {}, tests);
    const swapped = panelNumbers({
      ...{ sources: [uneven], tests, confidence: 0.95 },
      choices: { ...NO_CHOICES, reference: 'run-uneven/beta' },
    });
    assert.equal(tests.pending, 0);
    assert.equal(swapped.reference, 'run-uneven/beta');
    const [before, after] = [rowOf(first, 'ttft.p50'), rowOf(swapped, 'ttft.p50')];
    assert.equal(after.winner, before.winner);
    assert.equal(after.cells[1]?.against, null);
    assert.equal(after.cells[0]?.against?.verdict, 'better');
    assert.equal(after.cells[0]?.against?.difference, -(before.cells[1]?.against?.difference ?? 0));
  });

  it('says what is still to be tested, shows the values at once, and works piece by piece', () => {
    const tests = new PanelTests(OPTIONS);
    const input = { sources: [uneven], tests, confidence: 0.95, choices: NO_CHOICES };
    const before = panelNumbers(input);
    assert.equal(rowOf(before, 'ttft.p50').conclusion, 'being tested');
    assert.ok((rowOf(before, 'ttft.p50').cells[0]?.value ?? 0) > 0);
    const pending = tests.pending;
    assert.ok(pending > 5);
    let steps = 1;
    while (tests.step()) steps++;
    assert.equal(steps, pending);
    panelNumbers(input);
    assert.equal(tests.pending, 0);
  });

  it('names a winner among three only where it beats both, tests adjusted together', () => {
    const state = settled([uneven, fair], { removed: ['run-fair/beta'] });
    assert.deepEqual(
      state.contenders.map(({ target, run }) => [target, run.id]),
      [
        ['alpha', 'run-uneven'],
        ['beta', 'run-uneven'],
        ['alpha', 'run-fair'],
      ],
    );
    assert.equal(new Set(state.contenders.map(({ label }) => label)).size, 3);
    const ttft = rowOf(state, 'ttft.p50');
    assert.equal(ttft.winner, null);
    assert.match(ttft.conclusion, /^no difference shown between alpha/);
    assert.ok(!ttft.conclusion.includes('beta'), ttft.conclusion);
    const two = rowOf(settled([uneven]), 'ttft.p50').cells[1]?.against?.pAdjusted ?? 0;
    assert.ok((ttft.cells[1]?.against?.pAdjusted ?? 0) >= two);
  });

  it('sets cases side by side by their id', () => {
    const { cases, casesText } = settled([uneven]);
    assert.equal(casesText, undefined);
    assert.equal(cases.length, 14);
    const wrong = cases.find(({ id }) => id === 'case 7');
    assert.equal(wrong?.cells[1]?.state, 'failed');
    assert.equal(wrong.cells[1]?.reason, 'no x in it');
    assert.equal(wrong.cells[1]?.answer, 'wrong');
    assert.ok(wrong.differs);
    const skipped = cases.find(({ id }) => id === 'case 5');
    assert.deepEqual(
      skipped?.cells.map((cell) => cell?.state),
      ['skipped', 'skipped'],
    );
    assert.equal(skipped.differs, false);
  });

  it('gives whole answers with their times and assertions', async () => {
    const answers = await answersOf(entriesOf([uneven]), 'case 7');
    assert.deepEqual(
      answers.map(({ id, repeats }) => [id, repeats.length]),
      [
        ['run-uneven/alpha', 3],
        ['run-uneven/beta', 3],
      ],
    );
    const [repeat] = answers[1]?.repeats ?? [];
    assert.equal(repeat?.answer, 'wrong');
    assert.deepEqual(
      repeat.assertions.map(({ state, reason }) => [state, reason]),
      [['fail', 'no x in it']],
    );
    assert.ok((repeat.ttftMs ?? 0) > 0 && (repeat.e2eMs ?? 0) > (repeat.ttftMs ?? 0));
    assert.deepEqual(await answersOf(entriesOf([uneven]), 'no such case'), []);
  });

  it('draws the front on any two axes, with limits as lines and the triangle against them', () => {
    const state = settled([uneven]);
    const { pareto, triangles, axes } = state;
    assert.ok(pareto && triangles);
    assert.deepEqual(pareto.front, ['run-uneven/alpha']);
    assert.deepEqual(pareto.dominated, [{ id: 'run-uneven/beta', by: 'run-uneven/alpha' }]);
    assert.ok(axes.some(({ axis }) => axis === pareto.x) && axes.some(({ axis }) => axis === pareto.y));
    assert.equal(triangles.items.length, 2);
    const other = settled([uneven], { axes: { x: 'rps', y: 'ttft.p99' } }).pareto;
    assert.ok(other);
    assert.deepEqual([other.x, other.y], ['rps', 'ttft.p99']);
    assert.ok(other.limits.some(({ axis, value }) => axis === 'ttft.p99' && value === 400));
    assert.ok(other.points.every(({ yCi }) => yCi !== undefined));
    assert.equal(settled([uneven], { axes: { x: 'nonsense', y: 'ttft.p99' } }).pareto, null);
  });

  it('chooses under limits that are typed, and gives what cannot be read back with what was meant', () => {
    const select = (aim: string, limits: string[]) => settled([uneven], { select: { aim, limits } }).selection;
    const met = select('minimise ttft.p50', ['quality.pass_rate >= 30%']);
    assert.equal(met?.aim, 'ttft.p50');
    assert.deepEqual(
      met.result.fitting.map(({ id }) => id),
      ['run-uneven/alpha'],
    );
    assert.match(met.sentence, /^Lowest TTFT p50: alpha with/);
    const nothing = select('ttft', ['ttft.p50 <= 1ms']);
    assert.equal(nothing?.result.fitting.length, 0);
    assert.match(nothing.sentence, /no target meets every limit; alpha comes nearest and misses ttft\.p50 <= 1ms by/);
    const slip = select('ttft.p50', ['tfft.p50 <= 1s', 'ttft.p50 = 1s', '  ']);
    assert.deepEqual(
      slip?.invalid.map(({ text }) => text),
      ['tfft.p50 <= 1s', 'ttft.p50 = 1s'],
    );
    assert.match(slip.invalid[0]?.problem ?? '', /Did you mean "ttft\.p50"/);
    assert.match(slip.invalid[1]?.problem ?? '', /Did you mean "ttft\.p50 <= 1s"\?/);
    assert.equal(slip.result.fitting.length, 2);
    assert.match(select('speed', [])?.invalid[0]?.problem ?? '', /"speed" is not a metric/);
    assert.match(select('maximise ttft.p99', [])?.sentence ?? '', /less is better: minimise it/);
    assert.match(select('', [])?.sentence ?? '', /Say what is to be best/);
  });

  it('holds every SLO of one against all', () => {
    const rows = settled([uneven]).slos;
    assert.ok(rows.some(({ expr, stage }) => expr === 'ttft.p99 <= 400ms' && stage === 'fast'));
    assert.ok(rows.every(({ cells }) => cells.length === 2));
    assert.ok(rows.every(({ cells }) => cells.every((cell) => cell !== null)));
  });

  it('shows a stage of the person’s choice, load first', () => {
    const state = settled([uneven]);
    assert.deepEqual(
      state.stages.map(({ name, load }) => [name, load]),
      [
        ['slow', 'poisson 10/s'],
        ['fast', 'poisson 30/s'],
        ['cases', 'cases'],
      ],
    );
    assert.equal(state.stage, 'slow');
    const cases = settled([uneven], { stage: 'cases' });
    assert.equal(cases.stage, 'cases');
    assert.notEqual(rowOf(cases, 'ttft.p50').cells[0]?.value, rowOf(state, 'ttft.p50').cells[0]?.value);
    assert.equal(settled([uneven], { stage: 'gone' }).stage, 'slow');
  });

  it('holds a run against another tool’s result, whose definitions are said', async () => {
    const foreign = await readForeignSource(path.join(FIXTURES, 'guidellm.json'));
    const [target] = foreign.targets;
    const [stage] = target?.compared.stages ?? [];
    assert.ok(target && stage);
    // Another name, the same load.
    target.compared.stages = [{ ...stage, loop: 'open', rate: 10.2 }];
    const state = settled([fair, foreign]);
    const [, , theirs] = state.contenders;
    assert.equal(theirs?.tool, 'guidellm');
    assert.ok(theirs.label.includes('GuideLLM'));
    assert.ok(theirs.notes.length > 0);
    assert.equal(theirs.verdict, null);
    assert.ok(state.caveats.some((text) => /measured by GuideLLM, whose definitions differ/.test(text)));
    const rows = state.sections.flatMap((section) => section.rows);
    assert.ok(rows.some(({ cells }) => cells[2]?.value !== null && (cells[2]?.notes.length ?? 0) > 0));
    assert.ok(state.cases.every(({ cells }) => cells[2] === null));
    assert.equal(rowOf(state, 'quality.pass_rate').cells[2]?.value, null);
    // Two files of one name are two contenders.
    const elsewhere = { ...foreign, path: '/elsewhere/guidellm.json' };
    assert.equal(new Set(idsOf([foreign, elsewhere])).size, 2);
    assert.equal(new Set(entriesOf([foreign, elsewhere]).map(({ label }) => label)).size, 2);
  });

  it('is a state with one contender, and with none', () => {
    const one = settled([uneven], { removed: ['run-uneven/beta'] });
    assert.equal(one.contenders.length, 1);
    assert.equal(one.tested, 0);
    assert.equal(rowOf(one, 'ttft.p50').winner, null);
    assert.equal(rowOf(one, 'ttft.p50').conclusion, 'only alpha has it');
    const none = settled([]);
    assert.deepEqual([none.contenders, none.sections, none.pareto, none.triangles], [[], [], null, null]);
    assert.deepEqual([none.selection, none.stage, none.reference, none.cases], [null, null, '', []]);
  });

  it('says so where there is no case in common, and tests nothing of quality', async () => {
    const other = structuredClone(fair);
    other.id = 'run-other';
    for (const target of other.targets) {
      target.cases = new Map([...target.cases].map(([id, tally]) => [`other ${id}`, { ...tally, id: `other ${id}` }]));
    }
    const removed = ['run-fair/beta', 'run-other/beta'];
    const state = settled([fair, other], { removed }, undefined, await plannedCases(fair.path));
    assert.match(state.casesText ?? '', /no case in common/);
    assert.match(rowOf(state, 'quality.pass_rate').conclusion, /^not tested: they have no case in common/);
  });

  it('has a sentence for targets of which nothing succeeded', async () => {
    const source = await storedRun('run-broken', 5, ({ requests, answers }) => ({
      answers: answers.map((one) =>
        one.target === 'beta' && one.outcome !== 'skipped'
          ? { ...one, outcome: 'error', answer: null, score: null, assertions: [], reason: 'The server is down.' }
          : one,
      ),
      requests: requests.map((one) =>
        one.target === 'beta'
          ? { ...one, outcome: 'failed', first: null, first_answer: null, last: null, itl: [], output_tokens: null }
          : one,
      ),
    }));
    const state = settled([source]);
    const cell = state.cases.find(({ id }) => id === 'case 7')?.cells[1];
    assert.equal(cell?.state, 'error');
    assert.equal(cell.reason, 'The server is down.');
    assert.equal(rowOf(state, 'ttft.p50').cells[1]?.value, null);
    assert.equal(rowOf(state, 'ttft.p50').conclusion, 'only alpha has it');
    assert.equal(rowOf(state, 'quality.pass_rate').cells[1]?.value, 0);
    const [left] = state.pareto?.leftOut ?? [];
    assert.equal(left?.id, 'run-broken/beta');
    assert.ok(state.pareto?.front.includes('run-broken/alpha'));
  });

  it('warns of other files, machines and uncommitted changes', () => {
    const other = {
      ...fair,
      id: 'run-later',
      path: '/later',
      machine: 'another, 64 cores',
      dirty: true,
      commit: 'abcdef',
    };
    other.file = { path: fair.file?.path ?? '', sha256: 'another' };
    const { caveats } = settled([fair, other]);
    assert.ok(caveats.some((text) => /differs between the runs/.test(text)));
    assert.ok(caveats.some((text) => /clients differ/.test(text)));
    assert.ok(caveats.some((text) => /uncommitted changes on top of abcdef/.test(text)));
    other.file = { path: 'other.eval.yaml', sha256: 'another' };
    assert.ok(settled([fair, other]).caveats.some((text) => /different files/.test(text)));
  });

  it('passes text of models and files on as it is, and marks nothing up', () => {
    const canary = '<img src=x onerror=alert(1)> "&\' ${1+1} {{ 7*7 }}';
    const source = structuredClone(fair);
    source.name = canary;
    source.targets.forEach((target, index) => {
      target.compared = { ...target.compared, id: `${canary}${index}`, model: canary };
      const tallies = new CaseTallies();
      tallies.add(
        record('/cases/0', canary, [assertion('/a', { outcome: 'failed', reason: canary })], { answer: canary }),
      );
      target.cases = tallies.result;
    });
    const state = settled([source]);
    assert.equal(state.contenders[0]?.model, canary);
    assert.equal(state.contenders[0].run.name, canary);
    const [row] = state.cases;
    assert.deepEqual([row?.name, row?.cells[0]?.answer, row?.cells[0]?.reason], [canary, canary, canary]);
  });
});

describe('reading what is compared', () => {
  after(removeTempDirs);

  it('leaves out a line that is cut off, and says that another one is damaged', async () => {
    const source = await storedRun('run-cut', 6);
    const [before] = source.targets;
    const file = path.join(source.path, 'cases.ndjson');
    appendFileSync(file, '{"target":"alpha","case_id":"case 0","outco');
    const cut = await readOwnSource(source.path);
    assert.deepEqual(cut.targets[0]?.cases.get('case 0'), before?.cases.get('case 0'));
    assert.ok(!cut.caveats.some((text) => /damaged/.test(text)));
    appendFileSync(file, '\n');
    appendFileSync(path.join(source.path, 'requests.ndjson'), 'not json\n[]\n{"target":1}\n');
    const damaged = await readOwnSource(source.path);
    assert.ok(damaged.caveats.some((text) => /^1 line of its cases\.ndjson is damaged and left out/.test(text)));
    assert.ok(damaged.caveats.some((text) => /^3 lines of its requests\.ndjson are damaged/.test(text)));
    assert.ok((damaged.targets[0]?.compared.stages[1]?.metrics.ttft?.series?.length ?? 0) > 0);
  });

  it('compares what is left where the single requests are gone', async () => {
    const source = await storedRun('run-thin', 7);
    rmSync(path.join(source.path, 'requests.ndjson'));
    const thin = await readOwnSource(source.path);
    assert.ok(thin.caveats.some((text) => /requests\.ndjson is gone/.test(text)));
    const state = settled([thin]);
    assert.match(rowOf(state, 'ttft.p50').conclusion, /no single requests are kept/);
  });

  it('refuses a result that is damaged, newer or gone, in a sentence', async () => {
    const source = await storedRun('run-bad', 8);
    const file = path.join(source.path, 'run.json');
    const whole = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    const reading = async (content: string | null): Promise<PromptrigError> => {
      if (content === null) rmSync(source.path, { recursive: true });
      else writeFileSync(file, content);
      try {
        await readOwnSource(source.path);
      } catch (error) {
        assert.ok(error instanceof PromptrigError, String(error));
        assert.ok(!error.message.includes('undefined is not'), error.message);
        return error;
      }
      throw new Error('It was read.');
    };
    assert.equal((await reading('{"schema":"promptrig.run/1"')).code, 'unreadable');
    assert.match((await reading(JSON.stringify({ ...whole, schema: 'promptrig.run/9' }))).message, /Update Promptrig/);
    assert.match((await reading(JSON.stringify({ ...whole, targets: null }))).message, /damaged/);
    assert.match((await reading(JSON.stringify({ ...whole, targets: [{ id: 'a' }] }))).message, /damaged/);
    assert.equal((await reading(null)).code, 'not_found');
  });

  it('cuts answers, so that a file of many long ones does not fill memory', () => {
    const tallies = new CaseTallies();
    tallies.add(record('/cases/0', 'long', [assertion('/a')], { answer: 'x'.repeat(5_000_000) }));
    assert.ok((tallies.result.get('long')?.first?.answer.length ?? 0) < 1_000);
  });
});

describe('ten thousand cases', () => {
  const COUNT = 10_000;

  /** Counts how often a case is looked up. */
  class CountingMap extends Map<string, CaseTally> {
    lookups = 0;
    override get(key: string): CaseTally | undefined {
      this.lookups++;
      return super.get(key);
    }
  }

  function target(id: string, cases: Map<string, CaseTally>): PanelTarget {
    return {
      compared: { id, model: id, quality: null, outcomes: null, cost: {}, stages: [], curves: [] },
      ...{ endpoint: id, prompt: '', params: {}, verdict: null, error: null, caveats: [], loads: new Map(), cases },
    };
  }

  it('are each looked at a few times, whatever their number, and stay within a bounded message', () => {
    const maps = [new CountingMap(), new CountingMap()];
    for (const map of maps) {
      const tallies = new CaseTallies();
      for (let i = 0; i < COUNT; i++) {
        const one: CaseRecord = record(`/cases/${i}`, `case ${i}`, [assertion('/a')], {
          answer: 'word '.repeat(1_000),
        });
        tallies.add(one);
      }
      for (const [id, tally] of tallies.result) map.set(id, tally);
    }
    const sources = [{ id: 'run', path: '/run', targets: maps.map((map, index) => target(`t${index}`, map)) }];
    const entries = entriesOf(sources as unknown as PanelSource[]);
    const { cases } = caseGrid(entries);
    assert.equal(cases.length, COUNT);
    assert.ok(
      maps.every(({ lookups }) => lookups <= 2 * COUNT),
      maps.map(({ lookups }) => lookups).join(),
    );
    assert.ok(JSON.stringify(cases).length < 10_000_000);
    assert.equal(outcomesOf(maps[0] ?? new Map<string, CaseTally>()).size, COUNT);
  });
});
