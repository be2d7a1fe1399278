import assert from 'node:assert/strict';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromWire } from '../../../src/protocol/run-panel-wire';
import type { HostToRunPanel, RunPanelState } from '../../../src/protocol/run-panel';
import type { RequestRecord } from '../../../src/protocol/run-json';
import { chooseRequests, evenly } from '../../../src/core/report/html/choose';
import { HTML_LIMITS, shareOf, type HtmlLimits } from '../../../src/core/report/html/limits';
import { readPanelFiles } from '../../../src/core/report/html/page';
import { renderHtml } from '../../../src/core/report/html/render';
import { openStoredRun } from '../../../src/core/run-panel/stored-run';
import { removeTempDirs, tempDir } from '../support/temp';
import { answer, plan, refused, request, runJson, writeRun, STAGE, TARGET, type Stored } from '../run-panel/stored';
import { indexOf, panelFiles, runOf } from './page-parts';

const many = (count: number, failing: (i: number) => boolean = () => false): RequestRecord[] =>
  Array.from({ length: count }, (_, i) => (failing(i) ? refused(i) : request(i, { case: '/cases/0' })));

describe('HTML report', () => {
  after(removeTempDirs);
  const stored = async (parts: Stored): Promise<string> => {
    const dir = tempDir();
    await writeRun(dir, { run: runJson(), plan: plan(), ...parts });
    return dir;
  };
  const render = async (dirs: string[], limits?: Partial<HtmlLimits>) =>
    renderHtml({ dirs, version: '1.2.3' }, await readPanelFiles(await panelFiles(tempDir())), {
      ...HTML_LIMITS,
      ...limits,
    });
  const stateOf = (html: string, index = 0): RunPanelState => {
    const message = fromWire(runOf(html, index).snapshot as unknown as HostToRunPanel);
    return message.type === 'snapshot' ? message.state : assert.fail();
  };
  const caveatsOf = (html: string) => stateOf(html).caveats ?? [];

  it('shows the state that the panel shows of the same folder', async () => {
    const dir = await stored({ requests: many(20, (i) => i === 7), cases: [answer(null)] });
    const panel = await openStoredRun(dir);
    await panel.load(() => undefined, new AbortController().signal);
    const state = stateOf(await render([dir]));
    const { can, loading, ...rest } = state;
    assert.deepEqual(can, { pin: false, rerunFailed: false, files: true });
    assert.equal(loading, null);
    assert.equal(rest.verdict, panel.state.verdict);
    assert.deepEqual(rest.targets[0]?.stages[0]?.results, panel.state.targets[0]?.stages[0]?.results);
    assert.deepEqual(rest.targets[0]?.stages[0]?.points, panel.state.targets[0]?.stages[0]?.points);
    assert.deepEqual(rest.targets[0]?.cases, panel.state.targets[0]?.cases);
    assert.equal(rest.targets[0]?.stages[0]?.history?.length, panel.state.targets[0]?.stages[0]?.history?.length);
  });

  it('has each request with its record, and what many of them share once', async () => {
    const dir = await stored({ requests: many(30, (i) => i === 7) });
    const run = runOf(await render([dir]));
    assert.equal(run.requests.length, 30);
    assert.equal(run.requests[0]?.record.id, `${TARGET}/${STAGE}/7`, 'failures come first');
    assert.equal(run.requests[0]?.record.error?.kind, 'http_429');
    const texts = run.prompts.map((prompt) => JSON.stringify(prompt));
    assert.ok(texts.some((text) => text.includes('Until when can I return it?')));
    assert.ok(run.prompts.length <= 2 && run.reasons.length <= 2, 'thirty requests have a prompt or two');
    assert.equal(run.requests[3]?.caseName, 'Return window');
    assert.equal(run.files?.run.id, 'r1');
    assert.match(run.files?.metricsCsv ?? '', /ttft/);
  });

  it('keeps all failures and the slowest of a large run, and says what is left out', async () => {
    const requests = many(400, (i) => i % 100 === 50);
    requests[123] = request(123, { first: request(123).scheduled + 9000, last: request(123).scheduled + 9100 });
    const dir = await stored({ requests });
    const html = await render([dir], { requests: 60 });
    const ids = new Set(runOf(html).requests.map(({ record }) => record.id));
    assert.equal(ids.size, 60);
    for (const i of [50, 150, 250, 350, 123]) assert.ok(ids.has(`${TARGET}/${STAGE}/${i}`), `request ${i}`);
    assert.equal(stateOf(html).targets[0]?.stages[0]?.points.length, 400, 'all of them are drawn');
    assert.deepEqual(caveatsOf(html), [
      'Details are kept of 60 of 400 requests: all 4 that failed, the slowest and an even sample. The others are in requests.ndjson of the run.',
    ]);
  });

  it('is bounded in what it draws, too', async () => {
    const dir = await stored({ requests: many(400, (i) => i === 9) });
    const html = await render([dir], { points: 100 });
    const points = stateOf(html).targets[0]?.stages[0]?.points ?? [];
    assert.ok(points.length <= 100 && points.length >= 50, String(points.length));
    assert.ok(points.some(({ ok }) => !ok));
    assert.match(caveatsOf(html)[0] ?? '', /^This report draws and lists \d+ of 400 requests/);
  });

  it('stops at its room for details, whatever single requests take', async () => {
    const requests = many(50).map((record) => ({
      ...record,
      itl: Array.from({ length: 500 }, (_, i) => i + 0.123456),
    }));
    const dir = await stored({ requests });
    const html = await render([dir], { requestCharacters: 20_000 });
    const { length } = runOf(html).requests;
    assert.ok(length > 3 && length < 10, String(length));
    assert.ok(html.length < 80_000, String(html.length));
  });

  it('has long answers as a whole where there is room, and says how much is missing where there is none', async () => {
    const long = 'x'.repeat(50_000);
    const dir = await stored({
      cases: [answer('sim/cases/0', { answer: long }), answer('sim/cases/1', { answer: long, repeat: 1 })],
    });
    const html = await render([dir], { wholeCharacters: 60_000 });
    assert.deepEqual(
      runOf(html).wholeAnswers.map(({ repeat, answer: text }) => [repeat, text?.length]),
      [[0, 50_000]],
    );
    const [first, second] = stateOf(html).targets[0]?.cases ?? [];
    assert.equal(first?.answerCharacters, 50_000);
    assert.equal(second?.answerCharacters, undefined);
    assert.equal(second?.cutCharacters, 30_000);
    assert.equal((second?.answer?.length ?? 0) - 1 + 30_000, 50_000);
    assert.match(caveatsOf(html).join(' '), /One long answer is cut in this report/);
  });

  it('never has markup of a model or a server, wherever it comes from', async () => {
    const evil = '</script><script>globalThis.canary = 1</script><img src=x onerror=alert(1)>\u001b[2J\u202e';
    const requests = [refused(0, { error: { kind: evil, message: evil } }), request(1, { finish_reason: evil })];
    const assertion = { pointer: '/assert/0', type: 'contains', outcome: 'failed' as const, score: 0 };
    const dir = await stored({
      run: runJson({ name: evil, source: { path: `${evil}.eval.yaml`, sha256: 'x' } }),
      requests,
      cases: [
        answer('sim/cases/0', {
          ...{ answer: evil, reasoning: evil, name: evil, case_id: evil, outcome: 'failed' },
          assertions: [{ ...assertion, severity: 'error', reason: evil, expected: evil, actual: evil }],
        }),
        answer(`${TARGET}/${STAGE}/1`, { stage: STAGE, answer: evil }),
      ],
    });
    const html = await render([dir]);
    assert.equal(html.match(/<script/gi)?.length, 3, 'the index, the run and the panel');
    assert.ok(!html.includes('<img'));
    assert.ok(!/[\u001b\u202e]/.test(html));
    assert.equal(stateOf(html).title, evil, 'what is shown is what was said');
    assert.equal(runOf(html).requests[0]?.record.error?.message, evil);
    assert.equal(runOf(html).loadAnswers[0]?.answer, evil);
  });

  it('is one document for several runs, which share its room', async () => {
    const dirs = [
      await stored({ requests: many(40) }),
      await stored({ run: runJson({ name: 'Other', verdict: 'fail' }), requests: many(40) }),
    ];
    const html = await render(dirs, { requests: 60 });
    assert.deepEqual(
      indexOf(html).runs.map(({ title, verdict, status }) => [title, verdict, status]),
      [
        ['Shop', 'pass', 'completed'],
        ['Other', 'fail', 'completed'],
      ],
    );
    assert.match(html, /<title>1 of 2 passed – Promptrig<\/title>/);
    assert.equal(runOf(html, 0).requests.length, 30);
    assert.equal(runOf(html, 1).requests.length, 30);
    assert.deepEqual(shareOf(HTML_LIMITS, 0), HTML_LIMITS);
  });

  describe('of a run that is not whole', () => {
    it('says that a newer version wrote it', async () => {
      const html = await render([await stored({ run: { ...runJson(), schema: 'promptrig.run/2' } })]);
      const state = stateOf(html);
      assert.equal(state.status, 'error');
      assert.match(state.statusText, /has the schema promptrig\.run\/2, which this version does not know/);
      assert.equal(state.advice, 'Its files are untouched.');
      assert.equal(runOf(html).files, null);
    });

    it('says that it is gone', async () => {
      const state = stateOf(await render([join(tempDir(), 'gone')]));
      assert.match(state.statusText, /could not be read/);
      assert.match(state.advice ?? '', /may have been deleted/);
    });

    it('counts lines that are damaged or cut off', async () => {
      const dir = await stored({ requests: many(3) });
      await appendFile(join(dir, 'requests.ndjson'), '{"id": broken}\n{"id":"sim/steady/9","target":"si');
      const html = await render([dir]);
      assert.match(caveatsOf(html).join(' '), /1 line of requests\.ndjson is damaged \(line 4 first\)/);
      assert.match(caveatsOf(html).join(' '), /last line of requests\.ndjson was cut off/);
      assert.equal(runOf(html).requests.length, 3);
    });

    it('shows a run that was cut off as crashed, with what there is', async () => {
      const dir = await stored({
        run: runJson({
          status: 'running',
          targets: [],
          in_progress: { target: TARGET, stage: STAGE, origin_ms: 5000 },
        }),
        requests: many(5),
      });
      const html = await render([dir]);
      assert.equal(stateOf(html).status, 'crashed');
      assert.equal(indexOf(html).runs[0]?.verdict, null);
      assert.match(html, /<title>Shop: no verdict/);
      assert.equal(runOf(html).requests.length, 5);
    });

    it('says why there are no requests', async () => {
      assert.match(caveatsOf(await render([await stored({})])).join(' '), /requests\.ndjson is gone or empty/);
    });
  });
});

describe('choice of requests for a report', () => {
  const point = (i: number, ok = true, ttft = 100) => ({
    ...{ t: i, ttft, itl: 10, itlMax: 20, e2e: 500, ok, warmup: false },
    request: String(i),
  });

  it('takes all where there is room', () => {
    assert.equal(chooseRequests([[point(1), point(2)], [point(3)]], 10).length, 3);
  });

  it('takes an even part of the failures where they alone are too many', () => {
    const failed = Array.from({ length: 1000 }, (_, i) => point(i, false));
    const chosen = chooseRequests([failed], 100);
    assert.equal(chosen.length, 100);
    assert.ok(Number(chosen[99]) > 950, 'to the end of the run');
  });

  it('takes what is slow of each stage', () => {
    const fast = Array.from({ length: 1000 }, (_, i) => point(i));
    const chosen = chooseRequests([[...fast, point(5000, true, 900)], [point(6000, true, 1)]], 200);
    assert.ok(chosen.includes('5000') && chosen.includes('6000'));
    assert.equal(new Set(chosen).size, 200);
  });

  it('is even to the end', () => {
    assert.deepEqual(evenly([0, 1, 2, 3, 4, 5, 6, 7], 4), [0, 2, 4, 6]);
    assert.deepEqual(evenly([1, 2], 4), [1, 2]);
  });
});
