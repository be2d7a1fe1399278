import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { CommandId } from '../../src/extension/contributions';
import type { RunEnd } from '../../src/extension/engine/run-controller';
import { activated, closeEverything, FAST, lineEndOf, openFile, runAndWait, until } from './support';

describe('an engine that is killed in the middle of a run', () => {
  before(activated);
  after(closeEverything);

  it('is said, what was measured is kept and shown, and the next run works', async () => {
    const api = await activated();
    const { document } = await openFile('killed.eval.yaml', FAST.replace('duration: 2s', 'duration: 120s'));
    const run = vscode.commands.executeCommand<RunEnd>(CommandId.runEval, { uri: document.uri });
    await until('requests are measured', () => (api.panelState().targets[0]?.stages[1]?.counts.completed ?? 0) > 10);
    const pid = api.enginePid();
    assert.ok(pid !== undefined);
    process.kill(pid, 'SIGKILL');
    const end = await run;

    assert.equal(end.outcome, 'failed');
    assert.match(end.error ?? '', /engine died/i);
    assert.equal(end.run?.status, 'crashed');
    const measured = end.run.targets[0]?.stages.find((stage) => stage.name === 'trickle');
    assert.ok((measured?.counts.completed ?? 0) >= 10, `kept ${measured?.counts.completed} requests`);
    const lines = (await fs.readFile(path.join(end.dir ?? '', 'requests.ndjson'), 'utf8')).trim().split('\n');
    assert.ok(lines.length >= 10);

    assert.equal(api.isRunning(), false);
    assert.match(api.statusBarText(), /run failed/);
    const state = api.panelState();
    assert.equal(state.status, 'crashed');
    assert.match(state.statusText, /engine died/i);
    assert.ok((state.targets[0]?.stages[1]?.points.length ?? 0) >= 10);
    assert.equal(lineEndOf(api, document, '- contains: 30 days')?.state, 'passed');
    assert.notEqual(lineEndOf(api, document, 'ttft.p50')?.state, 'running');

    const next = await openFile('after.eval.yaml', FAST);
    const second = await runAndWait(CommandId.runEval, { uri: next.document.uri });
    assert.equal(second.outcome, 'finished');
    assert.equal(second.run?.status, 'completed');
  });
});
