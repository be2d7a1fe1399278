import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { CommandId } from '../../src/extension/contributions';
import { activated, closeEverything, codeLenses, FAST, lineOf, openFile, until, workspaceFile } from './support';

function titles(lenses: vscode.CodeLens[], line: number): string[] {
  return lenses.filter((lens) => lens.range.start.line === line).map((lens) => lens.command?.title ?? '');
}

async function problems(uri: vscode.Uri, code: string): Promise<vscode.Diagnostic[]> {
  return until(`there is a problem "${code}"`, () => {
    const found = vscode.languages.getDiagnostics(uri).filter((item) => item.code === code);
    return found.length > 0 ? found : null;
  }).then((found) => found ?? []);
}

describe('an eval file in the editor', () => {
  before(activated);
  afterEach(closeEverything);

  it('has run buttons above the file, each case and each stage', async () => {
    const { document } = await openFile('lenses.eval.yaml', FAST);
    const lenses = await codeLenses(document.uri);
    assert.deepEqual(titles(lenses, lineOf(document, 'name: Fast')), ['$(play) Run eval', '$(dashboard) Run load']);
    for (const place of ['- name: returns', '- name: shipping']) {
      assert.deepEqual(titles(lenses, lineOf(document, place)), ['$(play) Run', '$(debug-alt) Debug'], place);
    }
    assert.deepEqual(titles(lenses, lineOf(document, '- name: trickle')), ['$(play) Run']);
    const stage = lenses.find((lens) => lens.range.start.line === lineOf(document, '- name: trickle'));
    assert.equal(stage?.command?.command, CommandId.runStage);
  });

  it('has no load button without load stages, and none at all in other YAML', async () => {
    const { document } = await openFile('quality.eval.yaml', FAST.slice(0, FAST.indexOf('load:')));
    assert.deepEqual(titles(await codeLenses(document.uri), 0), ['$(play) Run eval']);
    const other = await openFile('other.yaml', FAST);
    assert.deepEqual(await codeLenses(other.document.uri), []);
    assert.deepEqual(vscode.languages.getDiagnostics(other.document.uri), []);
  });

  it('says at its place that a key is unknown, and corrects it', async () => {
    const { document } = await openFile('typo.eval.yaml', FAST.replace('prompt:', 'promt:'));
    const [problem] = await problems(document.uri, 'unknown-key');
    assert.equal(problem?.range.start.line, lineOf(document, 'promt:'));
    assert.equal(problem.source, 'promptrig');
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
      'vscode.executeCodeActionProvider',
      document.uri,
      problem.range,
      vscode.CodeActionKind.QuickFix.value,
    );
    const fix = actions.find((action) => action.title.includes('prompt'));
    assert.ok(fix?.edit, `no fix among ${actions.map((action) => action.title).join(', ')}`);
    await vscode.workspace.applyEdit(fix.edit);
    assert.ok(document.getText().includes('\nprompt:'));
    await until('the problem is gone', () =>
      vscode.languages.getDiagnostics(document.uri).every((item) => item.code !== 'unknown-key'),
    );
  });

  it('says at its place that a variable of the template is undefined', async () => {
    const { document } = await openFile('variable.eval.yaml', FAST.replace('{{ question }}', '{{ questoin }}'));
    const [problem] = await problems(document.uri, 'undefined-variable');
    assert.match(problem?.message ?? '', /questoin/);
    assert.equal(problem?.severity, vscode.DiagnosticSeverity.Error);
  });

  it('says at its place that an endpoint is unknown, and offers the one that was meant', async () => {
    const text = 'name: X\nendpoints: [simm]\nprompt: hello\ncases:\n  - name: one\n    assert: [{ contains: x }]\n';
    const { document } = await openFile('endpoint.eval.yaml', text);
    const [problem] = await problems(document.uri, 'unknown-endpoint');
    assert.equal(problem?.range.start.line, 1);
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
      'vscode.executeCodeActionProvider',
      document.uri,
      problem.range,
    );
    assert.ok(
      actions.some((action) => /\bsim\b/.test(action.title)),
      actions.map((action) => action.title).join(', '),
    );
  });

  it('does not run a file with problems', async () => {
    const { document } = await openFile('broken.eval.yaml', FAST.replace('{{ question }}', '{{ nothing }}'));
    const end = await vscode.commands.executeCommand<{ outcome: string }>(CommandId.runEval, { uri: document.uri });
    assert.equal(end.outcome, 'refused');
  });

  it('survives text that is not YAML at all, and an empty file', async () => {
    const { document } = await openFile('noise.eval.yaml', '{{{{ : - [\n\t"');
    await until('there is a problem', () => vscode.languages.getDiagnostics(document.uri).length > 0);
    const empty = await openFile('empty.eval.yaml', '');
    await codeLenses(empty.document.uri);
    const end = await vscode.commands.executeCommand<{ outcome: string }>(CommandId.runEval, {
      uri: empty.document.uri,
    });
    assert.equal(end.outcome, 'refused');
  });

  it('creates an example that is ready to run and never overwrites one', async () => {
    await vscode.commands.executeCommand(CommandId.createExample);
    const created = vscode.window.activeTextEditor?.document;
    assert.match(created?.uri.path ?? '', /\/chatbot-\d\.eval\.yaml$/);
    const original = await vscode.workspace.fs.readFile(workspaceFile('chatbot.eval.yaml'));
    assert.equal(created?.getText(), Buffer.from(original).toString('utf8'));
    await vscode.workspace.fs.delete(created.uri);
  });
});

describe('the examples', () => {
  before(async () => {
    await activated();
    // What other tests found out about them by running them is no problem of the files.
    await vscode.commands.executeCommand(CommandId.clearResults);
  });
  afterEach(closeEverything);

  for (const name of ['chatbot', 'rag', 'compare']) {
    it(`${name} has no problem`, async () => {
      const api = await activated();
      const document = await vscode.workspace.openTextDocument(workspaceFile(`${name}.eval.yaml`));
      await vscode.window.showTextDocument(document);
      await until('it has run buttons', async () => (await codeLenses(document.uri)).length > 0);
      assert.equal(api.isRunning(), false);
      // Planning follows typing after a pause; what it says comes no later than this.
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      // Being short, they plan too few requests for a certain p99, and are told so.
      const said = vscode.languages
        .getDiagnostics(document.uri)
        .filter((item) => item.code !== 'few-requests')
        .map((item) => item.message);
      assert.deepEqual(said, []);
    });
  }
});
