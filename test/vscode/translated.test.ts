import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { CommandId } from '../../src/extension/contributions';
import type { TestApi } from '../../src/extension/test-api';
import {
  activated,
  closeEverything,
  codeLenses,
  FAST,
  lineEndOf,
  lineOf,
  openFile,
  runAndWait,
  until,
} from './support';

/** Every text of the extension is in brackets in the language of this window. */
const TRANSLATED = /⟦.+⟧/;

describe('the extension translated into another language', () => {
  let api: TestApi;
  let editor: vscode.TextEditor;

  before(async () => {
    api = await activated();
    editor = await openFile('words.eval.yaml', FAST);
  });
  after(closeEverything);

  it('has a language of its own in this window', () => {
    assert.equal(vscode.env.language, 'qps-ploc');
  });

  it('shows the titles of its commands, views and settings in it', () => {
    const { contributes } = vscode.extensions.getExtension('promptrig.promptrig')?.packageJSON as {
      contributes: { commands: { title: string }[]; views: { promptrig: { name: string }[] } };
    };
    for (const { title } of contributes.commands) assert.match(textOf(title), TRANSLATED);
    for (const { name } of contributes.views.promptrig) assert.match(textOf(name), TRANSLATED);
  });

  it('labels its buttons, results, hovers and rows in it', async () => {
    const lenses = await codeLenses(editor.document.uri);
    const titles = lenses.map(({ command }) => command?.title ?? '');
    assert.ok(titles.length > 0);
    for (const title of titles) assert.match(title, TRANSLATED);

    await runAndWait(CommandId.runEval, { uri: editor.document.uri });
    const end = await until('the line is answered', () => lineEndOf(api, editor.document, '- contains: Friday'));
    assert.equal(end?.text, '✗ ⟦failed⟧ · ⟦expected "Friday"⟧');
    assert.equal(lineEndOf(api, editor.document, '- contains: 30 days')?.text, '✓ ⟦passed⟧');
    const text = await hoverText(editor.document, '- contains: Friday');
    assert.match(text, /\*\*⟦Failed⟧\*\*/);
    assert.match(text, /⟦Answer⟧/);
    assert.match(api.statusBarText(), TRANSLATED);
  });
});

async function hoverText(document: vscode.TextDocument, text: string): Promise<string> {
  const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
    'vscode.executeHoverProvider',
    document.uri,
    new vscode.Position(lineOf(document, text), 10),
  );
  return hovers
    .flatMap(({ contents }) => contents)
    .map((content) => (typeof content === 'string' ? content : content.value))
    .join('\n');
}

/** A title is a text, or the text with its original beside it. */
function textOf(title: unknown): string {
  return typeof title === 'string' ? title : (title as { value: string }).value;
}
