import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { CommandId } from '../../src/extension/contributions';
import type { TestApi, TestStateLine } from '../../src/extension/test-api';
import { activated, closeEverything, FAST, lineEndOf, openFile, until, workspaceFile } from './support';

const QUALITY = FAST.slice(0, FAST.indexOf('load:')).replace('name: Fast', 'name: Tested');
/** Each answer takes four seconds, so that there is something to cancel. */
const SLOW = QUALITY.replace('name: Tested', 'name: Slow').replace('ttft: 60ms', 'ttft: 4s');

function labels(items: vscode.TestItemCollection): string[] {
  return [...items].map(([, item]) => item.label);
}

function itemOf(api: TestApi, ...path: string[]): vscode.TestItem | undefined {
  let items = api.tests().items;
  let found: vscode.TestItem | undefined;
  for (const label of path) {
    found = [...items].map(([, item]) => item).find((item) => item.label === label);
    if (found === undefined) return undefined;
    items = found.children;
  }
  return found;
}

/** What was reported of one test since `from`, in its order. */
function statesOf(api: TestApi, from: number, ...path: string[]): string[] {
  return api
    .testStates()
    .slice(from)
    .filter((line) => line.path.join(' > ') === path.join(' > '))
    .map(({ state }) => state);
}

async function settled(api: TestApi, from: number, ...path: string[]): Promise<TestStateLine> {
  const found = await until(`${path.join(' > ')} has a result`, () =>
    api
      .testStates()
      .slice(from)
      .find((line) => line.path.join(' > ') === path.join(' > ') && !['enqueued', 'started'].includes(line.state)),
  );
  assert.ok(found);
  return found;
}

async function idle(api: TestApi): Promise<void> {
  await until('nothing runs', () => !api.isRunning());
}

describe('the Test Explorer', () => {
  let api: TestApi;

  before(async () => {
    api = await activated();
  });
  afterEach(async () => {
    await idle(api);
    await closeEverything();
  });

  it('has the tests of an open file at once, and those of all files when it is asked', async () => {
    const { document } = await openFile('tested.eval.yaml', QUALITY);
    await until('the cases are there', () => itemOf(api, 'Tested', 'shipping') !== undefined);
    const file = itemOf(api, 'Tested');
    assert.deepEqual(labels(file!.children), ['returns', 'shipping']);
    assert.equal(file?.id, document.uri.toString());
    const item = itemOf(api, 'Tested', 'returns');
    assert.equal(document.lineAt(item?.range?.start.line ?? 0).text.trim(), '- name: returns');
    await vscode.commands.executeCommand('testing.refreshTests');
    await until('the examples are there', () => labels(api.tests().items).includes('Shop assistant'));
  });

  it('runs one case through its profile, and reports the difference at its assertion', async () => {
    await openFile('tested.eval.yaml', QUALITY);
    const item = await until('the case is there', () => itemOf(api, 'Tested', 'shipping'));
    const from = api.testStates().length;
    const source = new vscode.CancellationTokenSource();
    const { run } = api.tests();
    await run.runHandler(new vscode.TestRunRequest([item!], undefined, run), source.token);
    const line = await settled(api, from, 'Tested', 'shipping');
    assert.deepEqual([line.state, line.target], ['failed', 'fast']);
    assert.match(line.messages[0]?.text ?? '', /^contains: /);
    assert.equal(line.messages[0]?.actual, 'It arrives on Monday.');
    assert.deepEqual(statesOf(api, from, 'Tested', 'shipping'), ['enqueued', 'started', 'failed']);
    assert.deepEqual(statesOf(api, from, 'Tested', 'returns'), []);
  });

  it('runs the file in front through VS Code itself, in step with the ends of lines', async () => {
    const { document } = await openFile('tested.eval.yaml', QUALITY);
    await until('the cases are there', () => itemOf(api, 'Tested', 'shipping'));
    const from = api.testStates().length;
    await vscode.commands.executeCommand('testing.runCurrentFile');
    assert.equal((await settled(api, from, 'Tested', 'returns')).state, 'passed');
    assert.equal((await settled(api, from, 'Tested', 'shipping')).state, 'failed');
    await idle(api);
    assert.equal(lineEndOf(api, document, '- contains: 30 days')?.state, 'passed');
    assert.equal(lineEndOf(api, document, '- contains: Friday')?.state, 'failed');
  });

  it('follows a run that a button above the case has started', async () => {
    const { document } = await openFile('tested.eval.yaml', QUALITY);
    await until('the case is there', () => itemOf(api, 'Tested', 'returns'));
    const from = api.testStates().length;
    await vscode.commands.executeCommand(CommandId.runCase, { uri: document.uri, id: 'returns' });
    assert.equal((await settled(api, from, 'Tested', 'returns')).state, 'passed');
  });

  it('skips what a cancelled run has left', async () => {
    await openFile('slow.eval.yaml', SLOW);
    const item = await until('the file is there', () => itemOf(api, 'Slow'));
    await until('its cases are there', () => itemOf(api, 'Slow', 'returns'));
    const from = api.testStates().length;
    const source = new vscode.CancellationTokenSource();
    const { run } = api.tests();
    const running = run.runHandler(new vscode.TestRunRequest([item!], undefined, run), source.token);
    await until('it runs', () => api.isRunning());
    source.cancel();
    await running;
    await idle(api);
    assert.equal((await settled(api, from, 'Slow', 'returns')).state, 'skipped');
    assert.equal((await settled(api, from, 'Slow', 'shipping')).state, 'skipped');
  });

  it('debugs one case, asked once', async () => {
    const { document } = await openFile('tested.eval.yaml', QUALITY);
    await until('the case is there', () => itemOf(api, 'Tested', 'returns'));
    const from = api.testStates().length;
    await vscode.commands.executeCommand(CommandId.debugCase, { uri: document.uri, id: 'returns' });
    assert.deepEqual(statesOf(api, from, 'Tested', 'returns'), ['enqueued', 'started', 'passed']);
    assert.equal(vscode.debug.activeDebugSession, undefined);
  });

  it('runs on save the case that was changed, and no other', async () => {
    const { document } = await openFile('tested.eval.yaml', QUALITY);
    await until('the cases are there', () => itemOf(api, 'Tested', 'returns'));
    const { run } = api.tests();
    const source = new vscode.CancellationTokenSource();
    await run.runHandler(new vscode.TestRunRequest([itemOf(api, 'Tested')!], undefined, run, true), source.token);
    const from = api.testStates().length;
    const edit = new vscode.WorkspaceEdit();
    const at = document.positionAt(document.getText().indexOf('Friday'));
    edit.replace(document.uri, new vscode.Range(at, at.translate(0, 'Friday'.length)), 'Monday');
    await vscode.workspace.applyEdit(edit);
    await document.save();
    assert.equal((await settled(api, from, 'Tested', 'shipping')).state, 'passed');
    assert.deepEqual(statesOf(api, from, 'Tested', 'returns'), []);
    source.cancel();
  });

  it('drops the tests of a file that is deleted', async () => {
    await openFile('gone.eval.yaml', QUALITY.replace('name: Tested', 'name: Gone'));
    await until('the file is there', () => itemOf(api, 'Gone') !== undefined);
    await vscode.commands.executeCommand('testing.refreshTests');
    await closeEverything();
    await vscode.workspace.fs.delete(workspaceFile('gone.eval.yaml'));
    await until('the file is gone', () => itemOf(api, 'Gone') === undefined);
  });
});
