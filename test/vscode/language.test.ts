import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { CommandId } from '../../src/extension/contributions';
import { activated, closeEverything, lineOf, openFile, until, workspaceFile } from './support';

const FILE = `name: Language
endpoints:
  - name: fast
    api: sim
prompt: "Question: {{ question }}"
vars: { shop: Acme }
cases:
  - name: one
    vars: { question: Why? }
    assert:
      - contains: Because
`;

/** The position of \`|\` in a line that holds the rest of \`marked\`. */
function at(document: vscode.TextDocument, marked: string): vscode.Position {
  const [before = '', after = ''] = marked.split('|');
  const line = lineOf(document, before + after);
  return new vscode.Position(line, document.lineAt(line).text.indexOf(before + after) + before.length);
}

async function completions(document: vscode.TextDocument, position: vscode.Position): Promise<vscode.CompletionItem[]> {
  const list = await vscode.commands.executeCommand<vscode.CompletionList>(
    'vscode.executeCompletionItemProvider',
    document.uri,
    position,
  );
  return list.items;
}

function label(item: vscode.CompletionItem): string {
  return typeof item.label === 'string' ? item.label : item.label.label;
}

describe('language features in the editor', () => {
  before(activated);
  afterEach(closeEverything);

  it('complete keys, and insert them with what belongs to them', async () => {
    const { document } = await openFile('keys.eval.yaml', `${FILE}    \n`);
    const end = document.lineAt(document.lineCount - 2).range.end;
    const items = await completions(document, end);
    const repeat = items.find((item) => label(item) === 'repeat');
    assert.ok(repeat, items.map(label).slice(0, 20).join(', '));
    assert.match((repeat.documentation as vscode.MarkdownString).value, /flakiness/);
    assert.ok(!items.some((item) => label(item) === 'vars'), 'vars is there already');
  });

  it('complete variables inside a template, in an unfinished file', async () => {
    const { document } = await openFile('template.eval.yaml', FILE.replace('{{ question }}"', '{{ '));
    const items = await completions(document, at(document, 'Question: {{ |'));
    assert.ok(items.some((item) => label(item) === 'question'));
    assert.ok(items.some((item) => label(item) === 'shop'));
  });

  it('offer nothing of ours in other YAML files', async () => {
    const { document } = await openFile('other-language.yaml', FILE);
    const items = await completions(document, new vscode.Position(0, 0));
    assert.ok(!items.some((item) => label(item) === 'endpoints' && item.kind === vscode.CompletionItemKind.Property));
  });

  it('explain a key on hover', async () => {
    const { document } = await openFile('hover.eval.yaml', FILE);
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      document.uri,
      at(document, 'prom|pt: "Question'),
    );
    const text = hovers
      .flatMap(({ contents }) => contents.map((item) => (item as vscode.MarkdownString).value))
      .join('\n');
    assert.match(text, /one user message/);
  });

  it('go from a variable to its value, and from a path to its file', async () => {
    await openFile('language-prompt.txt', 'Hello {{ question }}');
    const { document } = await openFile(
      'go.eval.yaml',
      FILE.replace('cases:', 'prompts: [file://language-prompt.txt]\ncases:'),
    );
    const definitions = (position: vscode.Position) =>
      vscode.commands.executeCommand<(vscode.Location | vscode.LocationLink)[]>(
        'vscode.executeDefinitionProvider',
        document.uri,
        position,
      );
    const [value] = await definitions(at(document, '{{ quest|ion }}'));
    assert.ok(value !== undefined);
    const range = 'targetRange' in value ? value.targetRange : value.range;
    assert.equal(range.start.line, lineOf(document, 'vars: { question'));
    const [file] = await definitions(at(document, 'file://language|-prompt.txt'));
    assert.ok(file !== undefined);
    assert.match(('targetUri' in file ? file.targetUri : file.uri).path, /language-prompt\.txt$/);
    const links = await vscode.commands.executeCommand<vscode.DocumentLink[]>(
      'vscode.executeLinkProvider',
      document.uri,
    );
    assert.ok(links.some(({ target }) => target?.path.endsWith('/language-prompt.txt')));
  });

  it('rename a variable in the eval and in its prompt file', async () => {
    const prompt = await openFile('rename-prompt.txt', 'Hello {{ question }}');
    const text = FILE.replace('"Question: {{ question }}"', 'file://rename-prompt.txt');
    const { document } = await openFile('rename.eval.yaml', text);
    const edit = await vscode.commands.executeCommand<vscode.WorkspaceEdit>(
      'vscode.executeDocumentRenameProvider',
      document.uri,
      at(document, 'vars: { quest|ion'),
      'topic',
    );
    assert.deepEqual(
      edit
        .entries()
        .map(([uri, edits]) => [uri.path.split('/').at(-1), edits.length])
        .sort(),
      [
        ['rename-prompt.txt', 1],
        ['rename.eval.yaml', 1],
      ],
    );
    assert.equal(prompt.document.getText(), 'Hello {{ question }}', 'nothing changes before it is confirmed');
  });

  it('find references, symbols and folds', async () => {
    const { document } = await openFile('symbols.eval.yaml', FILE);
    const references = await vscode.commands.executeCommand<vscode.Location[]>(
      'vscode.executeReferenceProvider',
      document.uri,
      at(document, '{{ quest|ion }}'),
    );
    assert.deepEqual(references.map(({ range }) => range.start.line).sort(), [4, 8]);
    const symbols = await vscode.commands.executeCommand<vscode.DocumentSymbol[]>(
      'vscode.executeDocumentSymbolProvider',
      document.uri,
    );
    const cases = symbols.find(({ name }) => name === 'cases');
    assert.deepEqual(
      cases?.children.map(({ name }) => name),
      ['one'],
    );
    const folds = await vscode.commands.executeCommand<vscode.FoldingRange[]>(
      'vscode.executeFoldingRangeProvider',
      document.uri,
    );
    assert.ok(
      folds.some(({ start, end }) => start === lineOf(document, 'cases:') && end === lineOf(document, 'Because')),
    );
  });

  it('dim an unused variable, and remove it', async () => {
    const { document } = await openFile('unused.eval.yaml', FILE);
    const problem = await until('the variable is found unused', () =>
      vscode.languages.getDiagnostics(document.uri).find(({ code }) => code === 'unused-variable'),
    );
    assert.ok(problem);
    assert.deepEqual(problem.tags, [vscode.DiagnosticTag.Unnecessary]);
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
      'vscode.executeCodeActionProvider',
      document.uri,
      problem.range,
      vscode.CodeActionKind.QuickFix.value,
    );
    const fix = actions.find(({ title }) => title === 'Remove "shop"');
    assert.ok(fix?.edit, actions.map(({ title }) => title).join(', '));
    await vscode.workspace.applyEdit(fix.edit);
    assert.equal(document.getText(), FILE.replace('vars: { shop: Acme }\n', ''));
  });
});

describe('commands that write evals', () => {
  before(activated);
  afterEach(closeEverything);

  it('make an eval of a template, and never overwrite one', async () => {
    const made: vscode.Uri[] = [];
    for (let n = 0; n < 2; n++) {
      const uri = await vscode.commands.executeCommand<vscode.Uri>(CommandId.newEval, { template: 'smallest' });
      made.push(uri);
    }
    assert.deepEqual(
      made.map(({ path }) => path.split('/').at(-1)),
      ['smallest.eval.yaml', 'smallest-2.eval.yaml'],
    );
    assert.match(vscode.window.activeTextEditor?.document.getText() ?? '', /^# The smallest eval/);
    for (const uri of made) await vscode.workspace.fs.delete(uri);
  });

  it('make an eval of a curl command, without its key', async () => {
    const text = `curl https://api.openai.com/v1/chat/completions -H 'Authorization: Bearer sk-secret-of-somebody' -d '{"model":"m-1","messages":[{"role":"user","content":"Hello"}]}'`;
    const uri = await vscode.commands.executeCommand<vscode.Uri>(CommandId.requestToEval, { text });
    const made = vscode.window.activeTextEditor?.document.getText() ?? '';
    assert.match(made, /prompt: Hello/);
    assert.match(made, /apiKeyEnv: OPENAI_API_KEY/);
    assert.ok(!made.includes('sk-secret'));
    await vscode.workspace.fs.delete(uri);
  });

  it('add a selected text and an answer as cases, and leave the rest as it is', async () => {
    const { document } = await openFile('cases.eval.yaml', FILE);
    await vscode.commands.executeCommand(CommandId.addCaseFromSelection, {
      text: 'How?',
      uri: document.uri,
      variable: 'question',
    });
    assert.ok(document.getText().startsWith(FILE.trimEnd()));
    assert.match(document.getText(), /- name: How\?\n {4}vars:\n {6}question: How\?/);
    await vscode.commands.executeCommand(CommandId.answerToCase, {
      answer: 'By train. It leaves at six.',
      uri: document.uri,
      vars: { question: 'How far?' },
      choice: 'contains',
    });
    assert.match(document.getText(), /question: How far\?\n {4}assert:\n {6}- contains: By train/);
    await until('the new file was read', () =>
      vscode.languages
        .getDiagnostics(document.uri)
        .every(({ severity }) => severity !== vscode.DiagnosticSeverity.Error),
    );
    assert.ok(workspaceFile('cases.eval.yaml').path === document.uri.path);
  });
});
