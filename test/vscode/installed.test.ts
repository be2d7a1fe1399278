import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, readFile, realpath } from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { CommandId } from '../../src/extension/contributions';
import type { ExtensionExports } from '../../src/extension/test-api';
import type { RunJson } from '../../src/protocol/run-json';
import { closeEverything, codeLenses, openFile, runAndWait, until, workspaceFile } from './support';

/** The package's root, seen from out/vscode. */
const repositoryRoot = path.resolve(__dirname, '../..');

/** What a build makes that is not for the editor: the command line, and the mark that the build has ended. */
const NOT_PACKED = ['cli.js', '.built'];

/** A prompt with a filter, which is rendered in the editor, and code, which runs in a sandbox beside the engine. */
const EVERYTHING = `name: Packed
endpoints:
  - name: packed
    api: sim
    sim: { ttft: 20ms, itl: 1ms, jitter: 0, answer: echo }
prompt: "{{ question | upper }}"
cases:
  - name: script
    vars: { question: one }
    assert:
      - javascript: output.length > 0
      - contains: ONE
`;

function installed(): vscode.Extension<ExtensionExports> {
  const extension = vscode.extensions.getExtension<ExtensionExports>('promptrig.promptrig');
  assert.ok(extension, 'promptrig.promptrig is not among the extensions');
  return extension;
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}

/** Every file that a part of the manifest names. */
function namedFiles(value: unknown): string[] {
  if (typeof value === 'string') return /^(?:\.\/)?(?:media|dist|l10n)\/[^*]+\.\w+$/.test(value) ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(namedFiles);
}

describe('the package, installed', () => {
  before(() => installed().activate());
  after(closeEverything);

  it('runs from where VS Code has put it, and not from its sources', async () => {
    const folder = process.env.PROMPTRIG_EXTENSIONS_DIR;
    assert.ok(folder, 'PROMPTRIG_EXTENSIONS_DIR is set by what starts this suite; it is missing');
    const where = await realpath(installed().extensionPath);
    assert.equal(path.dirname(where), await realpath(folder));
    assert.ok(!where.startsWith(await realpath(repositoryRoot)), where);
    // What only tests see is not there for anybody else.
    assert.deepEqual(await installed().activate(), {});
  });

  it('has every file that was built for the editor, and every one that its manifest names', async () => {
    const { extensionPath } = installed();
    const built = (await filesBelow(path.join(repositoryRoot, 'dist'))).filter((name) => !NOT_PACKED.includes(name));
    assert.deepEqual(await filesBelow(path.join(extensionPath, 'dist')), built);
    // `bin` is the command line, which is for npm.
    const { main, icon, contributes } = installed().packageJSON as Record<string, unknown>;
    const named = namedFiles([main, icon, contributes]);
    assert.ok(named.length >= 5, `the manifest names ${named.length} files`);
    assert.deepEqual(
      named.filter((name) => !existsSync(path.join(extensionPath, name))),
      [],
    );
  });

  it('registers the commands that its manifest declares', async () => {
    const { contributes } = installed().packageJSON as { contributes: { commands: { command: string }[] } };
    const all = await vscode.commands.getCommands(true);
    assert.deepEqual(
      contributes.commands.map(({ command }) => command).filter((id) => !all.includes(id)),
      [],
    );
  });

  it('runs the first example to its verdict', async () => {
    const uri = workspaceFile('first-run.eval.yaml');
    await vscode.window.showTextDocument(uri);
    await until('the file can be run', async () => (await codeLenses(uri)).length > 0);
    const end = await runAndWait(CommandId.runEval, { uri });
    assert.deepEqual([end.outcome, end.error, end.run?.status], ['finished', null, 'completed']);
    // A busy machine may be the limit of the load, which is then said.
    assert.ok(['pass', 'inconclusive'].includes(end.run?.verdict ?? ''), end.run?.verdict);
    const run = JSON.parse(await readFile(path.join(end.dir ?? '', 'run.json'), 'utf8')) as RunJson;
    const [cases, load] = run.targets[0]?.stages ?? [];
    assert.deepEqual([cases?.counts.completed, load?.name], [2, 'light load']);
    assert.ok((load?.counts.completed ?? 0) > 0);
  });

  it('finds its sandbox beside its engine', async () => {
    const { document } = await openFile('packed.eval.yaml', EVERYTHING);
    const end = await runAndWait(CommandId.runEval, { uri: document.uri });
    assert.deepEqual([end.outcome, end.error, end.run?.verdict], ['finished', null, 'pass']);
  });

  it('writes its examples from the package', async () => {
    await vscode.commands.executeCommand(CommandId.openFirstRun);
    const editor = await until('the example is open', () => vscode.window.activeTextEditor);
    assert.match(editor?.document.getText() ?? '', /^name: First run$/m);
  });
});
