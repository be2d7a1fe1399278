import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { CommandId } from '../../src/extension/contributions';
import type { RunEnd } from '../../src/extension/engine/run-controller';
import type { TestApi } from '../../src/extension/test-api';
import type { ComparePanelState, CompareRow, ContenderAnswers } from '../../src/protocol/compare-panel';
import { activated, closeEverything, codeLenses, openFile, until as poll, workspaceFile } from './support';

/** Waits for something that is there in the end. */
async function until<T>(what: string, condition: () => T | Promise<T>): Promise<NonNullable<T>> {
  const found = await poll(what, condition, 60_000);
  assert.ok(found !== null && found !== undefined);
  return found;
}

const EXAMPLE = 'compare.eval.yaml';

function rowOf({ sections }: ComparePanelState, name: string): CompareRow | undefined {
  return sections
    .flatMap(({ rows }) => rows)
    .find(({ metric, stat }) => (stat === null ? metric : `${metric}.${stat}`) === name);
}

function idOf({ contenders }: ComparePanelState, target: string): string {
  return contenders.find((one) => one.target === target)?.id ?? `no ${target}`;
}

/** The comparison once it is read and tested. */
function done(api: TestApi): ComparePanelState | null {
  const state = api.compare.state();
  const isTested = !state.sections.some(({ rows }) => rows.some(({ conclusion }) => conclusion === 'being tested'));
  return state.status === 'done' && isTested ? state : null;
}

function snapshotsAfter(api: TestApi, count: number): ComparePanelState[] {
  return api.compare
    .messages()
    .slice(count)
    .flatMap((message) => (message.type === 'snapshot' ? [message.state] : []));
}

async function answersOf(api: TestApi, id: string): Promise<ContenderAnswers[] | string> {
  const before = api.compare.messages().length;
  await api.compare.ask({ type: 'answers', case: id });
  const reply = api.compare
    .messages()
    .slice(before)
    .find((message) => message.type === 'answers');
  assert.ok(reply?.type === 'answers');
  return 'answers' in reply ? reply.answers : reply.error;
}

describe('comparing the targets of the example', () => {
  let api: TestApi;
  let uri: vscode.Uri;
  let end: RunEnd;

  before(async () => {
    api = await activated();
    uri = workspaceFile(EXAMPLE);
    await vscode.window.showTextDocument(uri, { viewColumn: vscode.ViewColumn.One, preview: false });
  });
  after(closeEverything);

  it('runs it from its CodeLens and shows the contenders live, with their answers racing', async () => {
    const lens = await until('the lens is there', async () =>
      (await codeLenses(uri)).find((item) => item.command?.command === CommandId.compareTargets),
    );
    assert.ok(lens.command);
    assert.match(lens.command.title, /Compare targets/);
    const ended = api.nextRunEnd();
    const command = vscode.commands.executeCommand<RunEnd>(
      lens.command.command,
      ...((lens.command.arguments ?? []) as unknown[]),
    );
    const live = await until('the panel is live', () => {
      const state = api.compare.state();
      return state.status === 'running' ? state : null;
    });
    assert.ok(live && api.compare.isOpen());
    assert.equal(api.panelIsOpen(), false, 'a comparison opens its own panel alone');
    assert.deepEqual(live.contenders.map(({ target }) => target).sort(), ['large-bf16', 'large-fp8-2gpu', 'small']);
    assert.equal(live.cases.length, 16, 'every case of the file is there from the start');
    assert.equal(live.race.length, 3);
    assert.deepEqual(
      live.sections.map(({ kind }) => kind),
      ['quality', 'latency', 'rates', 'cost'],
    );
    assert.ok(rowOf(live, 'ttft.p50'), 'its rows are there from the start');
    const racing = await until('an answer streams', () =>
      api.compare.state().race.find((lane) => lane.text !== '' && lane.ttftMs !== null),
    );
    assert.ok((racing?.ttftMs ?? 0) > 100, String(racing?.ttftMs));
    await until('cells are answered', () =>
      api.compare.state().cases.some(({ cells }) => cells.some((cell) => cell?.state === 'passed')),
    );

    // Closed while it runs, and opened again, it shows the same.
    const before = api.compare.messages().length;
    const seen = api.compare.state();
    await closeEverything();
    await until('the panel is closed', () => !api.compare.isOpen());
    await vscode.commands.executeCommand(CommandId.compareTargets, { uri });
    const again = await until('the new panel has a snapshot', () => snapshotsAfter(api, before)[0]);
    assert.equal(again.status, 'running');
    assert.deepEqual(
      again.contenders.map(({ id }) => id),
      seen.contenders.map(({ id }) => id),
    );
    assert.ok(again.cases.some(({ cells }) => cells.some((cell) => cell?.state === 'passed')));
    assert.ok(again.race.some(({ text }) => text !== ''));
    await until('rows have numbers when a stage ends', () =>
      rowOf(api.compare.state(), 'ttft.p50')?.cells.some(({ value }) => value !== null),
    );
    end = await ended;
    assert.equal((await command)?.error, null);
    assert.equal(end.run?.status, 'completed');
  });

  it('ends with winners where tests show them, and a choice that says what it costs', async () => {
    const state = await until('the comparison is done', () => done(api));
    assert.deepEqual(state.race, []);
    const [small, large] = [idOf(state, 'small'), idOf(state, 'large-bf16')];
    // No case tells the large ones apart; twelve tell them from the small one.
    const passed = rowOf(state, 'quality.pass_rate');
    assert.equal(passed?.winner, null);
    assert.match(passed.conclusion, /^no difference shown between large-bf16 and large-fp8-2gpu/);
    assert.equal(state.reference, large);
    const at = state.contenders.findIndex(({ id }) => id === small);
    assert.equal(passed.cells[at]?.against?.verdict, 'worse');
    assert.ok((rowOf(state, 'ttft.p50')?.cells[at]?.against?.difference ?? 0) < -1000);
    assert.ok(state.pareto && state.selection);
    assert.ok(state.pareto.front.includes(small));
    assert.ok(!state.pareto.front.includes(large));
    assert.ok(state.selection.result.rejected.some(({ id }) => id === small));
    assert.ok(state.selection.result.rejected.some(({ id }) => id === large));
    assert.ok(state.slos.length >= 3);
    assert.ok(state.tested > 0);
    const sequence = api.compare.messages().flatMap((message) => ('seq' in message ? [message] : []));
    for (const [index, message] of sequence.entries()) {
      const previous = sequence[index - 1];
      if (message.type === 'delta') assert.equal(message.seq, (previous?.seq ?? 0) + 1);
    }
  });

  it('opens the last comparison of a file that has not changed, in place of another run', async () => {
    await closeEverything();
    await until('the panel is closed', () => !api.compare.isOpen());
    const result = await vscode.commands.executeCommand<RunEnd | undefined>(CommandId.compareTargets, { uri });
    assert.equal(result, undefined);
    assert.equal(api.isRunning(), false);
    const state = await until('it is shown', () => done(api));
    assert.equal(state.contenders.length, 3);
    assert.equal(state.can?.rerun, true);
  });

  it('changes the reference, the stage, the axes and the limits', async () => {
    const large = idOf(api.compare.state(), 'large-fp8-2gpu');
    await api.compare.ask({ type: 'reference', id: large });
    await until('it is tested', () => done(api));
    const state = api.compare.state();
    assert.equal(state.reference, large);
    const at = state.contenders.findIndex(({ id }) => id === large);
    assert.equal(rowOf(state, 'ttft.p50')?.cells[at]?.against, null);
    await api.compare.ask({ type: 'axes', x: 'cost.per_request', y: 'quality.pass_rate' });
    assert.equal(api.compare.state().pareto?.x, 'cost.per_request');
    await api.compare.ask({ type: 'stage', stage: 'cases' });
    assert.equal(api.compare.state().stage, 'cases');
    await api.compare.ask({ type: 'stage', stage: 'shop traffic' });
    await api.compare.ask({ type: 'select', aim: 'minimise cost.per_request', limits: ['quality.pass_rate >= 90%'] });
    const answers = api.compare.state().selection;
    assert.equal(answers?.result.choices[0]?.chosen?.id, idOf(state, 'large-bf16'));
    await api.compare.ask({ type: 'select', aim: 'cost.per_request', limits: ['ttft.p95 <= 2s', 'qualty >= 1'] });
    const speed = api.compare.state().selection;
    assert.equal(speed?.result.choices[0]?.chosen?.id, idOf(state, 'small'));
    assert.match(speed.invalid[0]?.problem ?? '', /is not a metric/);
  });

  it('is restored in a new window, with what was chosen', async () => {
    const before = api.compare.state();
    const view = vscode.window.createWebviewPanel('promptrig.compare', 'Restored', vscode.ViewColumn.Two);
    const restored = await api.compare.restored(view);
    const after = await until('it is read again', () => (restored().status === 'done' ? restored() : null));
    assert.deepEqual(
      after.contenders.map(({ id }) => id),
      before.contenders.map(({ id }) => id),
    );
    assert.deepEqual([after.reference, after.stage], [before.reference, before.stage]);
    assert.deepEqual([after.pareto?.x, after.pareto?.y], ['cost.per_request', 'quality.pass_rate']);
    assert.equal(after.selection?.sentence, before.selection?.sentence);
    view.dispose();
  });

  it('shows every answer of a case, whole', async () => {
    const id = api.compare.state().cases.find(({ name }) => name === 'all but nine')?.id ?? '';
    const answers = await answersOf(api, id);
    assert.ok(Array.isArray(answers));
    assert.equal(answers.length, 3);
    const texts = answers.map(({ repeats }) => repeats[0]?.answer).sort();
    assert.deepEqual(texts, ['Eight sheep are left.', 'Nine sheep are left.', 'Nine sheep are left.']);
    assert.ok(answers.every(({ repeats }) => (repeats[0]?.ttftMs ?? 0) > 100));
  });

  it('goes to a case, opens an answer as text, and opens the run', async () => {
    const id = api.compare.state().cases.find(({ name }) => name === 'machines')?.id ?? '';
    await api.compare.ask({ type: 'reveal', case: id });
    const editor = vscode.window.activeTextEditor;
    assert.equal(editor?.document.uri.toString(), uri.toString());
    assert.match(editor.document.lineAt(editor.selection.active.line).text, /machines/);
    await api.compare.ask({ type: 'open-text', title: 'an answer', text: '<b>not markup</b>' });
    assert.equal(vscode.window.activeTextEditor?.document.getText(), '<b>not markup</b>');
    await api.compare.ask({ type: 'open-run', id: idOf(api.compare.state(), 'small') });
    assert.equal(api.panelState().title, 'Three deployments');
  });

  it('takes contenders out, down to one and none', async () => {
    for (const target of ['small', 'large-bf16']) {
      await api.compare.ask({ type: 'remove', id: idOf(api.compare.state(), target) });
    }
    const one = await until('one is left', () => done(api));
    assert.deepEqual(
      one.contenders.map(({ target }) => target),
      ['large-fp8-2gpu'],
    );
    assert.match(one.advice ?? '', /Add another/);
    await api.compare.ask({ type: 'remove', id: idOf(one, 'large-fp8-2gpu') });
    assert.equal(api.compare.state().status, 'empty');
    assert.ok(api.compare.state().advice);
  });

  it('sets two runs side by side from rows of the Runs view', async () => {
    const dir = end.dir ?? '';
    const copy = `${dir}-again`;
    await fs.cp(dir, copy, { recursive: true });
    const file = path.join(copy, 'run.json');
    const run = JSON.parse(await fs.readFile(file, 'utf8')) as { id: string };
    await fs.writeFile(file, JSON.stringify({ ...run, id: `${run.id}-again` }));
    const rows = [dir, copy].map((one) => ({ kind: 'run', dir: one, id: path.basename(one) }));
    await vscode.commands.executeCommand(CommandId.compareRuns, rows[0], rows);
    const state = await until('both are read', () => done(api));
    assert.equal(state.contenders.length, 6);
    assert.equal(new Set(state.contenders.map(({ id }) => id)).size, 6);
    assert.equal(new Set(state.contenders.map(({ label }) => label)).size, 6);
    assert.equal(state.cases.length, 16);

    // A folder that is deleted while it is shown: the numbers stay, and what is asked of its files is said to be gone.
    await fs.rm(copy, { recursive: true });
    const answers = await answersOf(api, state.cases[0]?.id ?? '');
    assert.match(typeof answers === 'string' ? answers : '', /is gone/);
    assert.equal(api.compare.state().contenders.length, 6);
    await api.compare.show(rows.map((row) => ({ kind: 'run' as const, dir: row.dir })));
    const left = await until('what is left is read', () => done(api));
    assert.equal(left.contenders.length, 3);
    assert.match(left.caveats.join('\n'), /could not be read/);
  });

  it('asks what to compare a run with, its own targets first', async () => {
    const dir = end.dir ?? '';
    let isOver = false;
    const command = vscode.commands
      .executeCommand(CommandId.compareRun, { kind: 'run', dir, id: path.basename(dir) })
      .then(() => (isOver = true));
    await until('the first item is taken', async () => {
      await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
      return isOver;
    });
    await command;
    const state = await until('it is read', () => done(api));
    assert.deepEqual(new Set(state.contenders.map(({ run }) => run.id)), new Set([end.run?.id]));
    assert.equal(state.contenders.length, 3);
  });

  it('says what is wrong with runs that cannot be read', async () => {
    const dir = path.join(path.dirname(end.dir ?? ''), '20000101T000000Z-newer-abcd');
    await fs.mkdir(dir, { recursive: true });
    await fs.writeFile(path.join(dir, 'run.json'), '{"schema":"promptrig.run/9"}');
    await api.compare.show([{ kind: 'run', dir }]);
    const state = await until('it is an error', () => {
      const current = api.compare.state();
      return current.status === 'error' ? current : null;
    });
    assert.match(state.statusText, /Update Promptrig/);
    assert.ok(state.advice);
    await fs.rm(dir, { recursive: true });
  });

  it('runs again what has changed since', async () => {
    const small = `name: Two
endpoints:
  - { name: one, api: sim, sim: { ttft: 30ms, itl: 2ms, answer: script, script: [{ match: x, answer: "yes" }] } }
  - { name: two, api: sim, sim: { ttft: 60ms, itl: 2ms, answer: script, script: [{ match: x, answer: "no" }] } }
prompt: "x {{ n }}"
cases:
  - { name: first, vars: { n: 1 }, assert: [{ contains: "yes" }] }
`;
    const editor = await openFile('two.eval.yaml', small);
    const two = editor.document.uri;
    const first = await vscode.commands.executeCommand<RunEnd | undefined>(CommandId.compareTargets, { uri: two });
    assert.equal(first?.outcome, 'finished');
    await until('it is compared', () => done(api)?.title === 'Two');
    await openFile('two.eval.yaml', `${small}# changed\n`);
    const second = await vscode.commands.executeCommand<RunEnd | undefined>(CommandId.compareTargets, { uri: two });
    assert.equal(second?.outcome, 'finished');
    const state = await until('the new run is compared', () => done(api));
    assert.equal(state.contenders[0]?.run.id, second.run?.id);
    const ended = api.nextRunEnd();
    await api.compare.ask({ type: 'rerun' });
    assert.equal((await ended).outcome, 'finished');
  });
});
