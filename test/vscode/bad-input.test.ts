import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { CommandId } from '../../src/extension/contributions';
import type { RunEnd } from '../../src/extension/engine/run-controller';
import type { TestApi } from '../../src/extension/test-api';
import {
  activated,
  closeEverything,
  codeLenses,
  FAST,
  lineEndOf,
  openFile,
  runAndWait,
  until,
  workspaceFile,
} from './support';

const SLOW = FAST.replace('duration: 2s', 'duration: 6s');

async function set(key: string, value: unknown, target: vscode.ConfigurationTarget): Promise<void> {
  await vscode.workspace.getConfiguration('promptrig').update(key, value, target);
}

function start(uri: vscode.Uri): Promise<RunEnd> {
  return Promise.resolve(vscode.commands.executeCommand<RunEnd>(CommandId.runEval, { uri }));
}

async function runRows(api: TestApi): Promise<{ label: string; spoken: string }[]> {
  return (await api.view('runs')).rows.flatMap(({ children }) => children);
}

describe('surprises during a run', () => {
  let api: TestApi;

  before(async () => {
    api = await activated();
  });
  afterEach(closeEverything);

  it('leave the results of a file with its new name, in this window and the next', async () => {
    const { document } = await openFile('surprise-old.eval.yaml', SLOW);
    const run = start(document.uri);
    await until('it runs', () => lineEndOf(api, document, 'ttft.p50')?.state === 'running');
    const renamed = workspaceFile('surprise-new.eval.yaml');
    const edit = new vscode.WorkspaceEdit();
    edit.renameFile(document.uri, renamed);
    assert.ok(await vscode.workspace.applyEdit(edit));
    const end = await run;
    assert.equal(end.error, null);
    await until('the new name has the results', () => api.lineEnds(renamed).some(({ state }) => state === 'failed'));
    const stored = await until('they are stored', () =>
      fs.readFile(path.join(end.dir ?? '', 'observations.json'), 'utf8').catch(() => ''),
    );
    assert.equal((JSON.parse(stored) as { source: string }).source, 'surprise-new.eval.yaml');
  });

  it('that take its endpoint from the settings leave it to its end, and refuse the next', async () => {
    const endpoint = { name: 'passing-by', api: 'sim', sim: { ttft: '40ms', itl: '3ms', jitter: 0 } };
    await set('endpoints', [endpoint], vscode.ConfigurationTarget.Global);
    try {
      const text = `name: Passing\nendpoints: [passing-by]\nprompt: hi\ncases: [{ name: one }]\nload: [{ name: trickle, rate: 10/s, duration: 5s }]\n`;
      const { document } = await openFile('surprise-endpoint.eval.yaml', text);
      const run = start(document.uri);
      await until('it runs', () => api.isRunning());
      await set('endpoints', undefined, vscode.ConfigurationTarget.Global);
      const end = await run;
      assert.equal(end.error, null);
      assert.equal(end.run?.status, 'completed');
      await until('the file knows it', () =>
        vscode.languages.getDiagnostics(document.uri).some(({ message }) => message.includes('passing-by')),
      );
      assert.equal((await start(document.uri)).outcome, 'refused');
    } finally {
      await set('endpoints', undefined, vscode.ConfigurationTarget.Global);
    }
  });

  it('say that results have nowhere to go, and the next run works', async () => {
    const blocked = workspaceFile('blocked');
    await vscode.workspace.fs.writeFile(blocked, Buffer.from('a file where the folder should be'));
    await set('runsDirectory', 'blocked/runs', vscode.ConfigurationTarget.Workspace);
    const { document } = await openFile('surprise-blocked.eval.yaml', FAST);
    try {
      const end = await start(document.uri);
      assert.notEqual(end.outcome, 'finished');
      assert.match(end.error ?? '', /blocked/);
      assert.equal(api.isRunning(), false);
    } finally {
      await set('runsDirectory', undefined, vscode.ConfigurationTarget.Workspace);
      await vscode.workspace.fs.delete(blocked);
    }
    const next = await runAndWait(CommandId.runCase, { uri: document.uri, id: 'returns' });
    assert.equal(next.error, null);
  });

  it('of another window appear in the list, and change nothing of what this one has measured', async () => {
    const { document } = await openFile('surprise-windows.eval.yaml', FAST);
    const end = await runAndWait(CommandId.runCase, { uri: document.uri, id: 'returns' });
    const dir = end.dir ?? '';
    const file = path.join(dir, 'observations.json');
    const mine = await until('the results are stored', () => fs.readFile(file, 'utf8').catch(() => undefined));
    const other = path.join(path.dirname(dir), '20990101T000000Z-other-window-abcd');
    const newer = path.join(path.dirname(dir), '20990102T000000Z-newer-abcd');
    try {
      await fs.cp(dir, other, { recursive: true });
      const run = JSON.parse(await fs.readFile(path.join(other, 'run.json'), 'utf8')) as { id: string; name: string };
      run.id = path.basename(other);
      run.name = 'Of another window';
      await fs.writeFile(path.join(other, 'run.json'), JSON.stringify(run));
      await fs.mkdir(newer);
      await fs.writeFile(path.join(newer, 'run.json'), '{"schema":"promptrig.run/99"}');
      const rows = await until('both are listed', async () => {
        const all = await runRows(api);
        const isThere = all.some(({ label }) => label === 'Of another window') && all.some(isUnreadable);
        return isThere ? all : undefined;
      });
      for (const { label, spoken } of rows ?? []) assert.ok(spoken.includes(label) && spoken !== label, spoken);
      assert.equal(await fs.readFile(file, 'utf8'), mine);
      assert.equal(lineEndOf(api, document, '- contains: 30 days')?.state, 'passed');
      const next = await runAndWait(CommandId.runCase, { uri: document.uri, id: 'shipping' });
      assert.ok(![other, newer, dir].includes(next.dir ?? ''));
      assert.ok((await fs.readdir(other)).includes('run.json'));
    } finally {
      for (const made of [other, newer]) await fs.rm(made, { recursive: true, force: true });
    }
  });
});

/** A row of a run that this version cannot read says so. */
function isUnreadable({ spoken }: { spoken: string }): boolean {
  return spoken.includes('cannot be read');
}

describe('a file of ten thousand cases', () => {
  afterEach(closeEverything);

  it('is listed and answered, and leaves the editor usable', async () => {
    const api = await activated();
    const cases = Array.from({ length: 10_000 }, (_, n) => `  - { name: case ${n}, vars: { n: ${n} } }`).join('\n');
    const text = `name: Ten thousand\nendpoints: [{ name: many, api: sim, sim: { ttft: 1ms, output_tokens: 1 } }]\nprompt: "Say {{ n }}"\ncases:\n${cases}\n`;
    const { document } = await openFile('ten-thousand.eval.yaml', text);
    await until('there are lenses', async () => (await codeLenses(document.uri)).length === 200, 90_000);
    const row = await until('it is listed', async () =>
      (await api.view('evals')).rows.find(({ label }) => label === 'Ten thousand'),
    );
    assert.equal(row?.children.length, 10_000);
    assert.match(row?.children[0]?.spoken ?? '', /^case case 0, Not run yet/);
    const end = await runAndWait(CommandId.runCase, { uri: document.uri, id: 'case 9999' });
    assert.equal(end.error, null);
    const line = document.lineCount - 2;
    await until('its line is answered', () => api.lineEnds(document.uri).some((item) => item.line === line));
  }).timeout(180_000);
});
