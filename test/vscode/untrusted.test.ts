import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { CommandId, ToolName } from '../../src/extension/contributions';
import type { TestApi } from '../../src/extension/test-api';
import { runJson, writeRun } from '../unit/run-panel/stored';
import { activated, closeEverything, codeLenses, openFile, runAndWait, until, workspaceFile } from './support';

describe('a workspace without trust', () => {
  let api: TestApi;
  let server: Server;
  let asked = 0;
  let file: string;

  before(async () => {
    api = await activated();
    server = createServer((_request, response) => {
      asked++;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    file = `name: Untrusted
endpoints: [{ name: here, url: http://127.0.0.1:${port}/v1, model: m }]
prompt: hi
cases: [{ name: one, assert: [{ contains: x }, { contians: y }] }]
`;
  });
  after(async () => {
    await closeEverything();
    await new Promise((resolve) => server.close(resolve));
  });

  it('is one', () => {
    assert.equal(vscode.workspace.isTrusted, false);
  });

  it('has its files parsed and shown', async () => {
    const { document } = await openFile('untrusted.eval.yaml', file);
    await until('the fault is listed', () =>
      vscode.languages.getDiagnostics(document.uri).some(({ message }) => message.includes('contians')),
    );
    assert.ok((await codeLenses(document.uri)).length > 0);
  });

  it('is not run, whoever asks for it', async () => {
    const { document } = await openFile('untrusted.eval.yaml', file.replace('contians', 'contains'));
    for (const command of [CommandId.runEval, CommandId.runLoad, CommandId.compareTargets]) {
      const end = await runAndWait(command, { uri: document.uri });
      assert.equal(end.outcome, 'refused');
      assert.match(end.error ?? '', /Trust this workspace/);
    }
    await assert.rejects(
      Promise.resolve(
        api
          .tool(ToolName.run)
          .invoke(
            { input: { file: 'untrusted.eval.yaml' }, toolInvocationToken: undefined },
            new vscode.CancellationTokenSource().token,
          ),
      ),
      /not trusted/,
    );
    assert.equal(asked, 0, 'something was sent');
    assert.equal(api.enginePid(), undefined);
    assert.ok(!existsSync(api.runsDirectory(document.uri)), 'results were written');
  });

  it('has stored runs compared, and offers no other run', async () => {
    const { uri } = (await openFile('untrusted.eval.yaml', file)).document;
    const dir = path.join(workspaceFile('stored').fsPath, 'run');
    const stored = runJson({ source: { path: 'untrusted.eval.yaml', sha256: 'x' } });
    const [target] = stored.targets;
    assert.ok(target);
    await writeRun(dir, { run: { ...stored, targets: [target, { ...target, id: 'other' }] } });
    await api.compare.show([{ kind: 'run', dir }]);
    const state = await until('it is read', () => (api.compare.state().status === 'done' ? api.compare.state() : null));
    assert.equal(state?.contenders.length, 2);
    assert.equal(state.can?.rerun, false);
    await api.compare.ask({ type: 'rerun' });
    assert.equal(api.enginePid(), undefined);
    assert.ok(!existsSync(api.runsDirectory(uri)), 'results were written');
    await vscode.workspace.fs.delete(workspaceFile('stored'), { recursive: true });
  });

  it('does not say where files are written', async () => {
    const usual = api.runsDirectory(workspaceFile('untrusted.eval.yaml'));
    const settings = workspaceFile('.vscode/settings.json');
    const text = JSON.stringify({ 'promptrig.runsDirectory': '/tmp/elsewhere', 'promptrig.openRunPanel': 'never' });
    await vscode.workspace.fs.writeFile(settings, Buffer.from(text));
    // The other setting of the file, which is harmless, shows that the file has been read.
    await until('the settings are read', () => {
      return vscode.workspace.getConfiguration('promptrig').get('openRunPanel') === 'never';
    });
    assert.equal(api.runsDirectory(workspaceFile('untrusted.eval.yaml')), usual);
    await vscode.workspace.fs.delete(settings);
  });
});
