import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { pinnedFolder } from '../../src/core/compare/pinned-path';
import { CommandId } from '../../src/extension/contributions';
import type { TestApi } from '../../src/extension/test-api';
import type { ViewRow } from '../../src/extension/views/snapshot';
import type { RunJson } from '../../src/protocol/run-json';
import { activated, closeEverything, openFile, runAndWait, until } from './support';

const NAME = 'History of runs';
const EVAL = `name: ${NAME}
endpoints: [{ name: quick, api: sim, sim: { ttft: 2ms, itl: 1ms, jitter: 0, answer: script, script: [{ match: hi, answer: hello }] } }]
prompt: hi
cases: [{ name: one, assert: [{ contains: hello }] }]
`;

describe('the history of runs', () => {
  let api: TestApi;
  let uri: vscode.Uri;
  let dir: string;
  let run: RunJson;

  before(async () => {
    api = await activated();
    uri = (await openFile('history/history.eval.yaml', EVAL)).document.uri;
    const end = await runAndWait(CommandId.runEval, { uri });
    assert.ok(end.run !== null && end.dir !== null, end.error ?? '');
    ({ dir, run } = { dir: end.dir, run: end.run });
  });
  after(closeEverything);

  const root = (): string => vscode.workspace.getWorkspaceFolder(uri)?.uri.fsPath ?? '';
  const rows = async (): Promise<ViewRow[]> => (await api.view('runs')).rows.flatMap(({ children }) => children);
  const rowOf = async (of: string): Promise<ViewRow | undefined> =>
    (await rows()).find(({ row }) => (row as { dir: string }).dir === of);
  const shown = async (): Promise<ViewRow> => (await rowOf(dir)) ?? assert.fail('the run is not shown');

  /** Copies of the run, as if they were older ones. */
  async function older(...stamps: string[]): Promise<string[]> {
    const copies: string[] = [];
    for (const stamp of stamps) {
      const id = `${stamp}-history-of-runs-0000`;
      const copy = path.join(path.dirname(dir), id);
      await fs.cp(dir, copy, { recursive: true });
      const started = stamp.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6.000Z');
      await fs.writeFile(path.join(copy, 'run.json'), JSON.stringify({ ...run, id, started_at: started }));
      copies.push(copy);
    }
    return copies;
  }

  it('pins a run from the view as a file for version control, and unpins it', async () => {
    assert.match((await shown()).context, /^run\.finished$/);
    await vscode.commands.executeCommand(CommandId.pinBaseline, (await shown()).row);
    const row = await shown();
    assert.equal(row.context, 'run.finished.pinned');
    assert.equal(row.icon, 'pinned');
    assert.match(row.description, /passed · pinned as baseline/);
    assert.match(row.spoken, /pinned as baseline/);
    const file = path.join(pinnedFolder(root()), 'history', 'history.eval', 'quick.baseline.yaml');
    assert.ok((await fs.readFile(file, 'utf8')).includes(run.id));
    // The panel is told as soon as it knows.
    await until('the panel says that its run is pinned', () => api.panelState().marks?.pinned.includes('quick'));
    await vscode.commands.executeCommand(CommandId.unpinBaseline, (await shown()).row);
    assert.equal((await shown()).context, 'run.finished');
    await assert.rejects(fs.stat(file));
  });

  it('pins what a hover or a quick fix names, and no more than one', async () => {
    await vscode.commands.executeCommand(CommandId.pinBaseline, { dir });
    assert.match((await shown()).context, /pinned/);
    await vscode.commands.executeCommand(CommandId.unpinBaseline, { kind: 'run', dir, id: run.id });
    const [other = ''] = await older('20260101T000000Z');
    const both = [(await shown()).row, (await rowOf(other))?.row];
    await vscode.commands.executeCommand(CommandId.pinBaseline, both[0], both);
    assert.doesNotMatch((await shown()).context, /pinned/);
    await fs.rm(other, { recursive: true });
  });

  it('keeps a note and a mark beside the run, and finds it by them', async () => {
    await vscode.commands.executeCommand(CommandId.noteRun, { dir, note: 'after the zebra change' });
    await vscode.commands.executeCommand(CommandId.keepRun, (await shown()).row);
    const row = await shown();
    assert.match(row.description, /kept · “after the zebra change”/);
    assert.match(row.tooltip, /Note: after the zebra change/);
    assert.equal(row.context, 'run.finished.kept');
    assert.deepEqual(JSON.parse(await fs.readFile(path.join(dir, 'run.json'), 'utf8')), run);
    await until('the panel shows the note', () => api.panelState().marks?.note === 'after the zebra change');
    await vscode.commands.executeCommand(CommandId.releaseRun, (await shown()).row);
    await vscode.commands.executeCommand(CommandId.noteRun, { dir, note: '' });
    assert.ok(!(await fs.readdir(dir)).includes('notes.json'));
  });

  it('deletes several runs, and has them back', async () => {
    const made = await older('20260102T000000Z', '20260103T000000Z');
    await vscode.commands.executeCommand(CommandId.refreshRuns);
    const selected = (await Promise.all(made.map(rowOf))).map((one) => one?.row);
    assert.ok(selected.every((one) => one !== undefined));
    await vscode.commands.executeCommand(CommandId.deleteRun, selected[0], selected);
    for (const one of made) assert.equal(await rowOf(one), undefined);
    const trash = path.join(path.dirname(dir), '.trash');
    assert.equal((await fs.readdir(trash)).length, 2);
    await vscode.commands.executeCommand('notification.acceptPrimaryAction');
    await until('both are back', async () => (await Promise.all(made.map(rowOf))).every((one) => one !== undefined));
    for (const one of made) await fs.rm(one, { recursive: true });
  });

  it('shows how an eval has gone, in blocks for the eye and in words for the ear', async () => {
    assert.doesNotMatch((await shown()).description, /[▁▂▃▄▅▆▇█]/);
    const made = await older('20260104T000000Z', '20260105T000000Z');
    await vscode.commands.executeCommand(CommandId.refreshRuns);
    const row = await until('the trend is shown', async () => {
      const one = await shown();
      return /[▁▂▃▄▅▆▇█]{3} Pass rate$/.test(one.description) ? one : undefined;
    });
    assert.ok(row);
    assert.match(row.spoken, /Pass rate over 3 runs: from 100% to 100%, between 100% and 100%/);
    assert.doesNotMatch(row.spoken, /[▁▂▃▄▅▆▇█]/);
    assert.match(row.tooltip, /Trend: Pass rate over 3 runs/);
    // One row of each eval has it.
    assert.doesNotMatch((await rowOf(made[1] ?? ''))?.description ?? '', /[▁▂▃▄▅▆▇█]/);
    for (const one of made) await fs.rm(one, { recursive: true });
  });

  it('opens the panel at a request', async () => {
    const request = `quick/cases/0`;
    await vscode.commands.executeCommand(CommandId.openRequest, { kind: 'run', dir, id: run.id, request });
    assert.ok(api.panelIsOpen());
    await until('the panel is told', () => api.panelState().focus?.request === request);
  });

  it('keeps the folder within the limits of its settings after a run', async () => {
    const settings = vscode.workspace.getConfiguration('promptrig', uri);
    const made = await older('20250101T000000Z', '20250102T000000Z', '20250103T000000Z');
    const [pinned = ''] = made;
    await vscode.commands.executeCommand(CommandId.pinBaseline, { dir: pinned });
    await settings.update('runs.keepDays', 30, vscode.ConfigurationTarget.Workspace);
    try {
      await runAndWait(CommandId.runEval, { uri });
      await until('old ones are gone', async () => {
        const left = await fs.readdir(path.dirname(dir));
        return made.slice(1).every((one) => !left.includes(path.basename(one)));
      });
      assert.ok((await fs.readdir(path.dirname(dir))).includes(path.basename(pinned)), 'the pinned run is gone');
      assert.ok(await fs.stat(dir));
    } finally {
      await settings.update('runs.keepDays', undefined, vscode.ConfigurationTarget.Workspace);
      await vscode.commands.executeCommand(CommandId.unpinBaseline, { dir: pinned });
      await fs.rm(pinned, { recursive: true });
    }
  });
});
