import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { CommandId } from '../../src/extension/contributions';
import type { RunEnd } from '../../src/extension/engine/run-controller';
import type { TestApi } from '../../src/extension/test-api';
import { activated, closeEverything, FAST, lineOf, openFile, runAndWait, until } from './support';

interface Binding {
  key: string;
  command: string;
}

describe('the keyboard', () => {
  let api: TestApi;
  let editor: vscode.TextEditor;

  before(async () => {
    api = await activated();
    editor = await openFile('keyboard.eval.yaml', FAST);
  });
  after(closeEverything);

  function goTo(text: string): void {
    const at = new vscode.Position(lineOf(editor.document, text), 0);
    editor.selection = new vscode.Selection(at, at);
  }

  it('has chords that VS Code has not given away', async () => {
    const uri = vscode.Uri.parse('vscode://defaultsettings/keybindings.json');
    const text = (await vscode.workspace.openTextDocument(uri)).getText().replace(/^\s*\/\/.*$/gm, '');
    const bindings = JSON.parse(text) as Binding[];
    assert.ok(bindings.length > 500, String(bindings.length));
    const first = (key: string): string => key.split(' ')[0] ?? '';
    const ours = new Set(
      bindings.filter(({ command }) => command.startsWith('promptrig.')).map(({ key }) => first(key)),
    );
    assert.equal(ours.size, 1);
    const taken = bindings.filter(({ key, command }) => ours.has(first(key)) && !command.startsWith('promptrig.'));
    assert.deepEqual(taken, []);
  });

  it('runs the case that the cursor is in, and nothing between cases', async () => {
    goTo('- contains: 30 days');
    const end = await runAndWait(CommandId.runAtCursor);
    assert.equal(end.run?.targets[0]?.quality?.cases, 1);
    goTo('prompt:');
    assert.equal(await vscode.commands.executeCommand<RunEnd | undefined>(CommandId.runAtCursor), undefined);
  });

  it('goes from one result that needs a look to the next', async () => {
    await runAndWait(CommandId.runEval, { uri: editor.document.uri });
    await until('the lines are answered', () =>
      api.lineEnds(editor.document.uri).some(({ state }) => state === 'failed'),
    );
    await vscode.window.showTextDocument(editor.document);
    const visited: number[] = [];
    goTo('name: Fast');
    for (let step = 0; step < 4; step++) {
      await vscode.commands.executeCommand(CommandId.nextResult);
      visited.push(vscode.window.activeTextEditor?.selection.active.line ?? -1);
    }
    assert.ok(visited.includes(lineOf(editor.document, '- contains: Friday')), visited.join());
    assert.ok(visited.includes(lineOf(editor.document, 'ttft.p50')), visited.join());
    assert.ok(!visited.includes(lineOf(editor.document, '- contains: 30 days')), visited.join());
  });
});

describe('rows of the sidebar', () => {
  after(closeEverything);

  it('say their state in words', async () => {
    const api = await activated();
    const { document } = await openFile('spoken.eval.yaml', FAST.replace('name: Fast', 'name: Spoken'));
    const row = await until('it is listed', async () =>
      (await api.view('evals')).rows.find(({ label }) => label === 'Spoken'),
    );
    assert.match(row?.spoken ?? '', /^Spoken, Not run yet/);
    await runAndWait(CommandId.runEval, { uri: document.uri });
    const rows = await until('it is answered', async () => {
      const found = (await api.view('evals')).rows.find(({ label }) => label === 'Spoken');
      return found?.spoken.startsWith('Spoken, Failed') ? found.children : undefined;
    });
    const spoken = rows?.map((one) => one.spoken) ?? [];
    assert.match(spoken[0] ?? '', /^case returns, Passed/);
    assert.match(spoken[1] ?? '', /^case shipping, Failed/);
    // A busy machine may be the limit of the load.
    assert.match(spoken[2] ?? '', /^load stage trickle, (?:Passed|Inconclusive)/);
    for (const name of ['endpoints', 'runs'] as const) {
      for (const one of (await api.view(name)).rows) assert.ok(one.spoken.includes(one.label), one.spoken);
    }
  });
});
