import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { CommandId, ContextKey } from '../../src/extension/contributions';
import { activated, closeEverything, runAndWait } from './support';

interface Step {
  id: string;
  description: string;
  media: { markdown?: string; svg?: string };
  completionEvents: string[];
}

describe('the walkthrough', () => {
  const extension = vscode.extensions.getExtension('promptrig.promptrig');
  const { contributes } = extension?.packageJSON as { contributes: { walkthroughs: { steps: Step[] }[] } };
  const steps = contributes.walkthroughs.flatMap((walkthrough) => walkthrough.steps);

  before(activated);
  after(closeEverything);

  it('has steps that complete by themselves, with pictures that are there', () => {
    const commands = new Set<string>(Object.values(CommandId));
    const keys = new Set<string>(Object.values(ContextKey));
    for (const { id, media, completionEvents, description } of steps) {
      assert.ok(completionEvents.length > 0, id);
      for (const event of completionEvents) {
        const [kind, name = ''] = event.split(':');
        assert.ok(kind === 'onCommand' ? commands.has(name) : kind === 'onContext' && keys.has(name), event);
      }
      for (const [, command = ''] of description.matchAll(/\(command:([\w.]+)\)/g)) {
        assert.ok(commands.has(command), command);
      }
      const picture = media.markdown ?? media.svg ?? '';
      assert.ok(existsSync(path.join(extension?.extensionPath ?? '', picture)), picture);
    }
  });

  it('ends in a green run in under a minute', async () => {
    const startedMs = Date.now();
    const end = await runAndWait(CommandId.runFirstRun);
    assert.equal(end.run?.verdict, 'pass', end.error ?? JSON.stringify(end.run?.targets));
    assert.ok(Date.now() - startedMs < 60_000);
  });
});
