import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { CommandId } from '../../src/extension/contributions';
import type { RunEnd } from '../../src/extension/engine/run-controller';
import type { TestApi } from '../../src/extension/test-api';
import { activated, closeEverything, lineEndOf, lineOf, openFile, runAndWait } from './support';

/** A sweep that meets its SLO at every step, and a search whose lowest rate misses one by far. */
const CURVES = `name: Curves
endpoints:
  - name: fast
    api: sim
    sim:
      ttft: 60ms
      itl: 3ms
      jitter: 0
prompt: "Question: {{ question }}"
cases:
  - name: returns
    vars: { question: How do I return it? }
load:
  - name: ladder
    pattern: sweep
    from: 5/s
    to: 15/s
    steps: 2
    duration: 1500ms
    slo:
      - e2e.p50 <= 30s
  - name: knee
    pattern: capacity
    from: 10/s
    to: 20/s
    precision: 50%
    duration: 1500ms
    slo:
      - ttft.p50 <= 2ms
`;

describe('a sweep and a capacity search', () => {
  let api: TestApi;
  let document: vscode.TextDocument;
  let end: RunEnd;
  const live = { ladder: new Set<string>(), statusBar: new Set<string>() };

  before(async () => {
    api = await activated();
    ({ document } = await openFile('curves.eval.yaml', CURVES));
    const watching = setInterval(() => {
      live.ladder.add(lineEndOf(api, document, '- name: ladder')?.text ?? '');
      live.statusBar.add(api.statusBarText());
    }, 50);
    try {
      end = await runAndWait(CommandId.runLoad, { uri: document.uri });
    } finally {
      clearInterval(watching);
    }
  });
  after(closeEverything);

  it('show the step that runs, at the line of the stage and in the status bar', () => {
    assert.ok(
      [...live.ladder].some((text) => /^⋯ at 15\/s · step 2$/.test(text)),
      [...live.ladder].join('\n'),
    );
    assert.ok(
      [...live.statusBar].some((text) => text.includes('· at 15/s')),
      [...live.statusBar].join('\n'),
    );
  });

  it('answer at the line of their stage', () => {
    assert.equal(end.run?.status, 'completed');
    const curves = end.run.targets[0]?.curves ?? [];
    assert.deepEqual(
      curves.map(({ stage, kind }) => [stage, kind]),
      [
        ['ladder', 'sweep'],
        ['knee', 'capacity'],
      ],
    );
    const ladder = lineEndOf(api, document, '- name: ladder')?.text ?? '';
    const knee = lineEndOf(api, document, '- name: knee');
    // On a busy machine the client may be the limit, and then the lines must say that.
    assert.match(ladder, /^✓ (5|15)\/s meets the SLOs|^~ .*client/);
    if (curves[1]?.status === 'fails_at_lowest') {
      assert.equal(knee?.state, 'failed');
      assert.match(knee.text, /^✗ fails already at 10\/s · ttft\.p50 \d+(\.\d+)? ms$/);
    } else assert.match(knee?.text ?? '', /the load client is the limit/);
  });

  it('do not mark the SLOs that their steps missed', () => {
    assert.deepEqual(
      [lineEndOf(api, document, 'ttft.p50')?.state, lineEndOf(api, document, 'ttft.p50')?.text],
      ['noted', '→ judged at each step, see "knee"'],
    );
    const problems = vscode.languages.getDiagnostics(document.uri);
    assert.ok(!problems.some(({ code }) => code === 'slo-missed'));
    const failed = problems.filter(({ code }) => code === 'capacity-missed');
    if (end.run?.verdict !== 'fail') return;
    assert.deepEqual(
      failed.map(({ range }) => range.start.line),
      [lineOf(document, '- name: knee')],
    );
    assert.match(failed[0]?.message ?? '', /The SLOs fail already at 10\/s/);
  });

  it('list their points on hover', async () => {
    const position = new vscode.Position(lineOf(document, '- name: ladder'), 12);
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      document.uri,
      position,
    );
    const text = hovers
      .flatMap((hover) => hover.contents)
      .map((content) => (typeof content === 'string' ? content : content.value))
      .join('\n');
    assert.match(text, /\| 5\/s \|/);
    assert.match(text, /\| 15\/s \|/);
  });

  it('are in the run panel with their steps', () => {
    const [target] = api.panelState().targets;
    const names = target?.stages.map(({ name, partOf }) => `${partOf ?? '-'} ${name}`) ?? [];
    assert.deepEqual(names.slice(0, 4), ['- ladder', 'ladder ladder 5/s', 'ladder ladder 15/s', '- knee']);
    assert.equal(names[4], 'knee knee 10/s');
    assert.deepEqual(
      target?.curves?.map(({ stage }) => stage),
      ['ladder', 'knee'],
    );
    assert.ok(target.stages.every(({ status }) => status === 'done'));
    assert.equal(api.panelState().confidence, 0.95);
  });
});
