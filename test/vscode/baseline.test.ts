import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { CommandId } from '../../src/extension/contributions';
import type { TestApi } from '../../src/extension/test-api';
import type { RunJson } from '../../src/protocol/run-json';
import { activated, closeEverything, lineEndOf, lineOf, openFile, runAndWait, until } from './support';

const FILE = 'baseline/capitals.eval.yaml';

/** As in the test of the command line: what decides is the baseline alone. The margins are wide, and times scatter more than a busy machine makes them. */
function evalFile({ ttft = '400ms', italy = 'Rome' } = {}): string {
  const answers = { France: 'Paris', Italy: italy, Spain: 'Madrid', Peru: 'Lima' };
  const script = Object.entries(answers).map(([match, answer]) => `{ match: ${match}, answer: ${answer} it is }`);
  return `name: Capitals held
prompt: "What is the capital of {{ country }}?"
endpoints:
  - name: bot
    api: sim
    sim: { ttft: ${ttft}, itl: 5ms, jitter: 0.25, seed: 1, answer: script, script: [${script.join(', ')}] }
repeat: 5
concurrency: 20
cases:
  - { name: France, vars: { country: France }, assert: [{ contains: Paris }] }
  - { name: Italy, vars: { country: Italy }, assert: [{ contains: Rome }] }
  - { name: Spain, vars: { country: Spain }, assert: [{ contains: Madrid }] }
  - { name: Peru, vars: { country: Peru }, assert: [{ contains: Lima }] }
load: { name: steady, pattern: concurrent, concurrency: 20, requests: 160 }
slo: ["ttft.p50 <= 60s", "quality.pass_rate >= 20%"]
regress:
  ttft.p50: 100%
  # This machine may be as busy as it is.
  ttft.p95: off
  ttft.p99: off
  itl.p50: off
  itl.p99: off
  tpot.p50: off
  e2e.p50: off
  e2e.p99: off
`;
}

describe('a regression against the pinned baseline', () => {
  let api: TestApi;
  let document: vscode.TextDocument;

  before(async () => {
    api = await activated();
    ({ document } = await openFile(FILE, evalFile()));
    const end = await runAndWait(CommandId.runEval, { uri: document.uri });
    assert.equal(end.run?.verdict, 'pass', end.error ?? '');
    assert.ok(end.dir);
    await vscode.commands.executeCommand(CommandId.pinBaseline, { dir: end.dir });
  });
  after(closeEverything);

  const runAgain = async (text: string): Promise<RunJson> => {
    ({ document } = await openFile(FILE, text));
    const end = await runAndWait(CommandId.runEval, { uri: document.uri });
    return end.run ?? assert.fail(end.error ?? 'it did not run');
  };
  const regressed = (run: RunJson): string[] =>
    (run.baseline?.rows ?? [])
      .filter(({ verdict }) => verdict === 'regression')
      .map(({ stage, metric, stat }) => [stage, metric, stat].filter((part) => part !== null).join(' '))
      .sort();
  const problems = (): vscode.Diagnostic[] => vscode.languages.getDiagnostics(document.uri);

  it('is none where nothing has changed', async () => {
    const run = await runAgain(evalFile());
    assert.deepEqual(regressed(run), []);
    assert.deepEqual([run.verdict, run.baseline?.verdict], ['pass', 'pass']);
    assert.deepEqual(
      problems().map(({ message }) => message),
      [],
    );
  });

  it('is exactly the wrong answer and the later first token, with the verdict of the command line', async () => {
    const run = await runAgain(evalFile({ ttft: '1200ms', italy: 'Milan' }));
    assert.deepEqual([run.verdict, run.baseline?.verdict], ['fail', 'fail']);
    assert.ok(
      run.targets.every(({ verdict }) => verdict === 'pass'),
      'the baseline alone decides',
    );
    assert.deepEqual(regressed(run), ['quality.pass_rate', 'steady ttft p50'], JSON.stringify(run.baseline?.rows));
    assert.deepEqual(run.baseline?.lost, [{ target: 'bot', case_id: 'Italy', before: '5/5', now: '0/5' }]);
    assert.match(api.statusBarText(), /failed/);
  });

  it('is said in Problems, at the end of the line of the name, and at the case that was lost', async () => {
    const said = await until('both regressions are among the problems', () => {
      const found = problems().filter(({ code }) => code === 'baseline-regression');
      return found.length === 2 ? found : undefined;
    });
    const name = lineOf(document, 'name: Capitals held');
    assert.deepEqual(
      said?.map(({ range }) => range.start.line),
      [name, name],
    );
    const messages = said?.map(({ message }) => message).join('\n') ?? '';
    assert.match(messages, /^Worse than the baseline: .*quality\.pass_rate is 25 points lower/m);
    assert.match(messages, /^Worse than the baseline: .*ttft\.p50 is [\d.]+ ms \([\d.]+%\) slower/m);
    assert.equal(lineEndOf(api, document, 'name: Capitals held')?.state, 'failed');
    assert.match(
      lineEndOf(api, document, 'name: Capitals held')?.text ?? '',
      /^✗ worse than the baseline · 2 regressions · /,
    );
    const lost = api.lineEnds(document.uri).find(({ line }) => line === lineOf(document, '- { name: Italy'));
    assert.equal(lost?.state, 'failed');
    assert.ok(
      lost.statuses.some(({ text }) => text.includes('passed in the baseline')),
      lost.statuses.map(({ text }) => text).join('\n'),
    );
  });
});
