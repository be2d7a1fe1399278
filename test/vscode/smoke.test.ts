import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { ExtensionExports } from '../../src/extension/test-api';

interface Manifest {
  contributes: { commands: { command: string }[] };
}

/** `activate` is held to 50 ms on a quiet machine; a CI machine that is busy with the rest of a window gets this. */
const activationLimitMs = 500;

describe('the extension in VS Code', () => {
  const extension = vscode.extensions.getExtension<ExtensionExports>('promptrig.promptrig');

  it('is installed and activates within its limit', async () => {
    assert.ok(extension, 'promptrig.promptrig is not among the extensions');
    const { testApi } = await extension.activate();
    assert.ok(testApi, 'the extension does not know that it is tested');
    assert.ok(testApi.activationMs <= activationLimitMs, `activate took ${testApi.activationMs} ms`);
  });

  it('starts no engine by activating', async () => {
    const { testApi } = await extension!.activate();
    assert.equal(testApi!.isRunning(), false);
    assert.equal(testApi!.enginePid(), undefined);
  });

  it('registers the commands that package.json declares, and no other', async () => {
    await extension!.activate();
    const declared = (extension!.packageJSON as Manifest).contributes.commands.map(({ command }) => command);
    const all = await vscode.commands.getCommands(true);
    // VS Code itself adds `promptrig.evals.focus` and the like for each view.
    const registered = all.filter((id) => /^promptrig\.[^.]+$/.test(id));
    assert.deepEqual(
      declared.filter((id) => !all.includes(id)),
      [],
      'declared but not registered',
    );
    assert.deepEqual(
      registered.filter((id) => !declared.includes(id)),
      [],
      'registered but not declared',
    );
  });
});
