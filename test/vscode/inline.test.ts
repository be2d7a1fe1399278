import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { metricOf } from '../../src/core/metrics/definitions';
import { CommandId } from '../../src/extension/contributions';
import type { RunEnd } from '../../src/extension/engine/run-controller';
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
  workspaceFile,
} from './support';

const WITH_EQUALS = FAST.replace(
  '      - contains: Friday\n',
  "      - contains: Friday\n      - equals: 'on Friday'\n      - not-contains: Monday\n",
);

async function hoverAt(document: vscode.TextDocument, text: string): Promise<vscode.MarkdownString[]> {
  const line = lineOf(document, text);
  const position = new vscode.Position(line, document.lineAt(line).text.length);
  const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
    'vscode.executeHoverProvider',
    document.uri,
    position,
  );
  return hovers.flatMap(({ contents }) => contents).filter((item) => item instanceof vscode.MarkdownString);
}

async function fixesAt(document: vscode.TextDocument, text: string): Promise<vscode.CodeAction[]> {
  const line = document.lineAt(lineOf(document, text));
  return vscode.commands.executeCommand<vscode.CodeAction[]>(
    'vscode.executeCodeActionProvider',
    document.uri,
    line.range,
    vscode.CodeActionKind.QuickFix.value,
  );
}

async function apply(actions: vscode.CodeAction[], title: RegExp): Promise<void> {
  const action = actions.find((item) => title.test(item.title));
  assert.ok(action?.edit, `no fix ${String(title)} among: ${actions.map((item) => item.title).join(' | ')}`);
  assert.ok(await vscode.workspace.applyEdit(action.edit));
}

function stateOf(api: TestApi, document: vscode.TextDocument, text: string): string | undefined {
  return lineEndOf(api, document, text)?.state;
}

async function setMode(value: unknown): Promise<void> {
  const configuration = vscode.workspace.getConfiguration('promptrig');
  await configuration.update('inlineResults', value, vscode.ConfigurationTarget.Global);
}

describe('inline results of a run', () => {
  let api: TestApi;
  let document: vscode.TextDocument;
  let end: RunEnd;

  before(async () => {
    api = await activated();
    ({ document } = await openFile('inline.eval.yaml', WITH_EQUALS));
    end = await runAndWait(CommandId.runEval, { uri: document.uri });
    assert.equal(end.error, null);
  });
  after(async () => {
    await setMode(undefined);
    await vscode.workspace.fs.writeFile(document.uri, Buffer.from(WITH_EQUALS));
    await closeEverything();
  });

  it('draw the distribution of an SLO in its hover, with a text for who does not see it', async () => {
    const [result, ...others] = await hoverAt(document, '- ttft.p50 <= 2ms');
    assert.match(
      result?.value ?? '',
      /!\[Distribution of \d+ values from [^\]]* above the limit of 2 ms\]\(data:image\/svg\+xml;base64,/,
    );
    assert.match(result?.value ?? '', /95% interval/);
    // What the format says about a word comes after it, and explains the metric, once.
    assert.ok(others.every(({ value }) => !value.includes('Measured on')));
    const all = [result, ...others].map((part) => part?.value ?? '').join('\n');
    assert.equal(all.split(metricOf('ttft')?.meaning ?? '?').length, 2, all);
  });

  it('mark in the hover what of an answer a reason is about, and trust no command but their own', async () => {
    const [result] = await hoverAt(document, '- not-contains: Monday');
    assert.match(result?.value ?? '', /It arrives on »Monday«\./);
    const trusted = result?.isTrusted;
    assert.ok(typeof trusted === 'object', 'a hover with answers of a model may run anything');
    assert.ok(trusted.enabledCommands.every((id) => id.startsWith('promptrig.')));
    assert.ok(!result?.supportHtml);
  });

  it('can be shown for failures only, or not at all, at once', async () => {
    assert.equal(stateOf(api, document, '- contains: 30 days'), 'passed');
    await setMode('failures');
    await until('passes are gone', () => stateOf(api, document, '- contains: 30 days') === undefined);
    assert.equal(stateOf(api, document, '- contains: Friday'), 'failed');
    await setMode('off');
    await until('all are gone', () => api.lineEnds(document.uri).length === 0);
    // What the setting was in earlier versions.
    await setMode(true);
    await until('all are back', () => stateOf(api, document, '- contains: 30 days') === 'passed');
    await setMode(false);
    await until('all are gone again', () => api.lineEnds(document.uri).length === 0);
    await setMode(undefined);
    await until('all are back', () => stateOf(api, document, '- contains: Friday') === 'failed');
  });

  it('are mended by quick fixes that undo takes back', async () => {
    const before = document.getText();
    const relax = (await fixesAt(document, '- ttft.p50 <= 2ms')).find(({ title }) => title.startsWith('Relax'));
    assert.match(relax?.title ?? '', /^Relax to the measured value: ttft\.p50 <= \d+(\.\d+)?ms$/);
    await apply(
      [relax].flatMap((action) => action ?? []),
      /^Relax/,
    );
    assert.match(document.getText(), /^ {2}- ttft\.p50 <= \d+(\.\d+)?ms$/m);
    await until('the old verdict is stale', () => stateOf(api, document, '- ttft.p50') === 'stale');
    await until('its problem is gone', () =>
      vscode.languages.getDiagnostics(document.uri).every(({ code }) => code !== 'slo-missed'),
    );
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand('undo');
    assert.equal(document.getText(), before);
    await until('the verdict is back', () => stateOf(api, document, '- ttft.p50') === 'failed');

    await apply(await fixesAt(document, '- equals:'), /^Accept/);
    assert.ok(document.getText().includes("- equals: 'It arrives on Monday.'"), document.getText());
    await vscode.commands.executeCommand('undo');

    await until('the verdict is back', () => stateOf(api, document, '- contains: Friday') === 'failed');
    // The problems follow the line's end, and the fixes the problems.
    const isSkip = ({ title }: vscode.CodeAction): boolean => title === 'Skip the case "shipping"';
    await until('the fix is offered', async () => (await fixesAt(document, '- contains: Friday')).some(isSkip));
    await apply(await fixesAt(document, '- contains: Friday'), /^Skip the case "shipping"$/);
    assert.match(document.getText(), /- skip: failed on \d{4}-\d\d-\d\d\n {4}name: shipping/);
    await vscode.commands.executeCommand('undo');
    assert.equal(document.getText(), before);
  });

  it('stay with a case through a new name and its undo', async () => {
    await until('the verdict is there', () => stateOf(api, document, '- contains: Friday') === 'failed');
    const edit = new vscode.WorkspaceEdit();
    const line = lineOf(document, '- name: shipping');
    edit.replace(document.uri, document.lineAt(line).range, '  - name: delivery');
    edit.insert(document.uri, new vscode.Position(0, 0), '# moved down\n'.repeat(60));
    assert.ok(await vscode.workspace.applyEdit(edit));
    await until('results have followed', () => stateOf(api, document, '- name: delivery') === 'failed');
    assert.equal(stateOf(api, document, '- contains: Friday'), 'failed');
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand('undo');
    await until('results have followed back', () => stateOf(api, document, '- name: shipping') === 'failed');
  });

  it('stay where they are while the text is no YAML for a moment', async () => {
    const before = api.lineEnds(document.uri).map(({ text }) => text);
    assert.ok(before.length > 0);
    const edit = new vscode.WorkspaceEdit();
    edit.insert(document.uri, new vscode.Position(0, 0), 'x: [ "\n');
    assert.ok(await vscode.workspace.applyEdit(edit));
    await until('the file is broken', () =>
      vscode.languages.getDiagnostics(document.uri).some(({ code }) => code === 'yaml-syntax'),
    );
    assert.deepEqual(
      api.lineEnds(document.uri).map(({ text }) => text),
      before,
    );
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand('undo');
    await until('the file is whole again', () => stateOf(api, document, '- contains: Friday') === 'failed');
  });

  it('are cleared for one file, and come back with its next run', async () => {
    const other = (await openFile('other-inline.eval.yaml', WITH_EQUALS.replace('name: Fast', 'name: Other'))).document;
    await runAndWait(CommandId.runCase, { uri: other.uri, id: 'returns' });
    await vscode.commands.executeCommand(CommandId.clearFileResults, { uri: document.uri });
    await until('they are gone', () => api.lineEnds(document.uri).length === 0);
    assert.equal(stateOf(api, other, '- contains: 30 days'), 'passed');
    assert.ok(!vscode.languages.getDiagnostics(document.uri).some(({ code }) => code === 'slo-missed'));
    await vscode.commands.executeCommand(CommandId.clearResults);
    await until('all are gone', () => api.lineEnds(other.uri).length === 0);
    await runAndWait(CommandId.runCase, { uri: document.uri, id: 'shipping' });
    assert.equal(stateOf(api, document, '- contains: Friday'), 'failed');
  });
});

describe('inline results and the files that an eval refers to', () => {
  before(activated);
  after(closeEverything);

  it('are dimmed when a prompt changes on disk, and are fresh again when it changes back', async () => {
    const api = await activated();
    const prompt = workspaceFile('inline-prompt.txt');
    const first = Buffer.from('Question: {{ question }}');
    await vscode.workspace.fs.writeFile(prompt, first);
    const text = FAST.replace('prompt: "Question: {{ question }}"', 'prompt: file://inline-prompt.txt');
    const { document } = await openFile('inline-files.eval.yaml', text);
    const end = await runAndWait(CommandId.runCase, { uri: document.uri, id: 'returns' });
    assert.equal(end.error, null);
    assert.equal(stateOf(api, document, '- contains: 30 days'), 'passed');
    await vscode.workspace.fs.writeFile(prompt, Buffer.from('Please answer: {{ question }}'));
    await until('results are stale', () => stateOf(api, document, '- contains: 30 days') === 'stale');
    await vscode.workspace.fs.writeFile(prompt, first);
    await until('results are fresh', () => stateOf(api, document, '- contains: 30 days') === 'passed');
  });
});

describe('inline results while a file is run', () => {
  before(activated);
  afterEach(closeEverything);

  const SLOW = FAST.replace('duration: 2s', 'duration: 6s');

  it('survive a text that is broken meanwhile', async () => {
    const api = await activated();
    const { document } = await openFile('inline-broken.eval.yaml', SLOW);
    const run = vscode.commands.executeCommand<RunEnd>(CommandId.runEval, { uri: document.uri });
    await until('it runs', () => stateOf(api, document, 'ttft.p50') === 'running');
    const edit = new vscode.WorkspaceEdit();
    edit.insert(document.uri, new vscode.Position(0, 0), '{{{ [\n');
    assert.ok(await vscode.workspace.applyEdit(edit));
    const end = await run;
    assert.equal(end.error, null);
    const back = new vscode.WorkspaceEdit();
    back.delete(document.uri, new vscode.Range(0, 0, 1, 0));
    assert.ok(await vscode.workspace.applyEdit(back));
    await until('the results are there', () => stateOf(api, document, 'ttft.p50') === 'failed');
    assert.equal(stateOf(api, document, '- contains: Friday'), 'failed');
  });

  it('survive a file that is deleted meanwhile', async () => {
    const api = await activated();
    const { document } = await openFile('inline-deleted.eval.yaml', SLOW);
    const run = vscode.commands.executeCommand<RunEnd>(CommandId.runEval, { uri: document.uri });
    await until('it runs', () => stateOf(api, document, 'ttft.p50') === 'running');
    await vscode.workspace.fs.delete(document.uri);
    await closeEverything();
    const end = await run;
    assert.equal(end.error, null);
    assert.equal(end.run?.status, 'completed');
    assert.ok((await fs.readdir(end.dir ?? '')).includes('run.json'));
    assert.equal(api.isRunning(), false);
  });

  it('are lost with nothing else when the folder of the results is gone at the end', async () => {
    const api = await activated();
    const { document } = await openFile('inline-gone.eval.yaml', SLOW);
    const ended = api.nextRunEnd();
    const run = vscode.commands.executeCommand<RunEnd>(CommandId.runCase, { uri: document.uri, id: 'returns' });
    const end = await ended;
    await fs.rm(end.dir ?? '', { recursive: true, force: true });
    await run;
    assert.equal(stateOf(api, document, '- contains: 30 days'), 'passed');
    const next = await runAndWait(CommandId.runCase, { uri: document.uri, id: 'shipping' });
    assert.equal(next.error, null);
    assert.equal(stateOf(api, document, '- contains: Friday'), 'failed');
  });
});

describe('inline results of earlier runs', () => {
  before(activated);
  afterEach(closeEverything);

  it('pass over a run of a newer version and a damaged one, and come from the run before', async () => {
    const api = await activated();
    const first = await openFile('inline-history.eval.yaml', FAST);
    const end = await runAndWait(CommandId.runCase, { uri: first.document.uri, id: 'returns' });
    const dir = end.dir ?? '';
    await until('the results are stored', async () => (await fs.readdir(dir)).includes('observations.json'));
    // The same results for a file of another name, which this window has not asked for yet, behind two that cannot be read.
    const text = FAST;
    const uri = workspaceFile('inline-restored.eval.yaml');
    const runs = path.dirname(dir);
    const copy = path.join(runs, 'zzzz-1');
    await fs.cp(dir, copy, { recursive: true });
    const file = path.join(copy, 'observations.json');
    const stored = JSON.parse(await fs.readFile(file, 'utf8')) as { source: string; observations: unknown[] };
    stored.source = 'inline-restored.eval.yaml';
    stored.observations.push({ kind: 'from the future' }, null);
    await fs.writeFile(file, JSON.stringify(stored));
    for (const [name, content] of [
      ['zzzz-2', '{"schema":"promptrig.run/9"}'],
      ['zzzz-3', '{ damaged'],
    ] as const) {
      await fs.mkdir(path.join(runs, name));
      await fs.writeFile(path.join(runs, name, 'run.json'), content);
    }
    try {
      await vscode.workspace.fs.writeFile(uri, Buffer.from(text));
      const document = await vscode.workspace.openTextDocument(uri);
      await vscode.window.showTextDocument(document);
      await until('the results are back', () => stateOf(api, document, '- contains: 30 days') === 'passed');
    } finally {
      for (const name of ['zzzz-1', 'zzzz-2', 'zzzz-3']) await fs.rm(path.join(runs, name), { recursive: true });
    }
  });
});

describe('inline results and the lenses of other files', () => {
  before(activated);
  afterEach(closeEverything);

  it('offer to run the rows of a dataset, and the tests of a promptfoo file', async () => {
    await vscode.workspace.fs.writeFile(workspaceFile('inline-rows.csv'), Buffer.from('question\nreturn?\n'));
    const rows = await openFile(
      'inline-rows.eval.yaml',
      FAST.replace(/cases:[^]*?load:/, 'dataset: inline-rows.csv\nload:'),
    );
    const lenses = await codeLenses(rows.document.uri);
    const row = lenses.find(({ range }) => range.start.line === lineOf(rows.document, 'dataset:'));
    assert.equal(row?.command?.title, '$(play) Run rows');
    const foreign = await openFile(
      'inline.promptfoo.yaml',
      'description: Foreign\nprompts: ["Answer {{q}}"]\nproviders: [openai:chat:gpt-4o]\ntests:\n  - description: one\n    vars: { q: 1 }\n',
    );
    const titles = (await codeLenses(foreign.document.uri)).map(({ command }) => command?.title);
    assert.ok(titles.includes('$(play) Run eval'), titles.join());
    assert.ok(titles.includes('$(play) Run'), titles.join());
  });
});

describe('inline results of thousands of cases', () => {
  after(closeEverything);

  it('follow the text while it is typed', async () => {
    const api = await activated();
    const count = 600;
    const lines = [
      'name: Many',
      'endpoints:',
      '  - name: many',
      '    api: sim',
      '    sim: { ttft: 1ms, itl: 0ms, jitter: 0, max_running: 64, output_tokens: 1 }',
      'concurrency: 64',
      'prompt: "Say {{ n }}"',
      'cases:',
    ];
    for (let i = 0; i < count; i++)
      lines.push(`  - name: case ${i}`, `    vars: { n: ${i} }`, '    assert:', '      - not-contains: never said');
    const { document } = await openFile('inline-many.eval.yaml', `${lines.join('\n')}\n`);
    const end = await runAndWait(CommandId.runEval, { uri: document.uri });
    assert.equal(end.error, null);
    const last = document.lineCount - 2;
    assert.equal(api.lineEnds(document.uri).find(({ line }) => line === last)?.state, 'passed');
    let worstMs = 0;
    let lastMs = performance.now();
    const watch = setInterval(() => {
      worstMs = Math.max(worstMs, performance.now() - lastMs);
      lastMs = performance.now();
    }, 10);
    try {
      for (let i = 0; i < 10; i++) {
        const edit = new vscode.WorkspaceEdit();
        edit.insert(document.uri, new vscode.Position(0, 0), `# line ${i}\n`);
        await vscode.workspace.applyEdit(edit);
      }
      await until('results have moved', () =>
        api.lineEnds(document.uri).some(({ line, state }) => line === last + 10 && state === 'passed'),
      );
    } finally {
      clearInterval(watch);
    }
    // One parse of a file of this size; were each key to wait for one, it would be many times as long.
    assert.ok(worstMs < 10_000, `the extension host stood still for ${Math.round(worstMs)} ms`);
  }).timeout(120_000);
});
