import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { CommandId } from '../../src/extension/contributions';
import { activated, closeEverything, lineEndOf, openFile, runAndWait } from './support';

interface Asked {
  model: string;
  messages: { role: number; text: string }[];
  options: { modelOptions?: Record<string, unknown>; tools?: { name: string }[] };
}

function file(model: string, rest: string): string {
  return `name: Editor models
endpoints:
  - name: mine
    api: vscode-lm
    model: ${model}
prompt: 'Say: {{ word }}'
cases:
  - name: one
    vars: { word: hello }
${rest}`;
}

describe('a model of the editor', () => {
  let asked: Asked[];

  before(async () => {
    await activated();
    const provider = vscode.extensions.getExtension<{ asked: Asked[] }>('promptrig-test.lm-provider');
    assert.ok(provider, 'the extension with the test models is not installed');
    ({ asked } = await provider.activate());
  });
  beforeEach(() => asked.splice(0));
  after(closeEverything);

  it('answers cases and grades answers, and gives its times no verdict', async () => {
    const text = file(
      'promptrig-test/parrot',
      `    assert:
      - contains: hello
      - llm-rubric: says a word
judge: { name: grader, api: vscode-lm, model: promptrig-test/judge-family }
params: { temperature: 0.5 }
slo:
  - ttft.p50 <= 60s
  - quality.pass_rate >= 100%
`,
    );
    const { document } = await openFile('models.eval.yaml', text);
    const end = await runAndWait(CommandId.runEval, { uri: document.uri });
    assert.equal(end.error, null);
    const [target] = end.run?.targets ?? [];
    assert.equal(target?.quality?.passed, 1, JSON.stringify(end.run));
    assert.equal(target.api, 'vscode-lm');
    assert.equal(target.model, 'promptrig-test/parrot');
    const [cases] = target.stages;
    assert.ok(cases?.flags.includes('not_for_latency'));
    assert.deepEqual(cases.tokens_source, ['usage']);
    assert.equal(lineEndOf(await activated(), document, 'ttft.p50')?.state, 'inconclusive');
    assert.equal(lineEndOf(await activated(), document, 'pass_rate')?.state, 'passed');
    assert.match(cases.slo[0]?.reason ?? '', /measured through the editor/);
    assert.deepEqual(asked.map(({ model }) => model).sort(), ['judge', 'parrot']);
    const parrot = asked.find(({ model }) => model === 'parrot');
    assert.deepEqual(parrot?.messages, [{ role: 1, text: 'Say: hello' }]);
    assert.equal(parrot.options.modelOptions?.['temperature'], 0.5);
  });

  it('calls tools', async () => {
    const text = file(
      'caller',
      `    assert:
      - type: is-valid-openai-tools-call
params:
  tools:
    - type: function
      function: { name: get_weather, parameters: { type: object, properties: { city: { type: string } } } }
`,
    );
    const { document } = await openFile('tools.eval.yaml', text);
    const end = await runAndWait(CommandId.runEval, { uri: document.uri });
    assert.equal(end.run?.targets[0]?.quality?.passed, 1, end.error ?? JSON.stringify(end.run?.targets[0]));
    assert.deepEqual(
      asked[0]?.options.tools?.map(({ name }) => name),
      ['get_weather'],
    );
  });

  it('that refuses says why', async () => {
    const { document } = await openFile('refusing.eval.yaml', file('promptrig-test/refusing', ''));
    const end = await runAndWait(CommandId.runEval, { uri: document.uri });
    assert.equal(end.run?.verdict, 'error');
    const [error] = end.run.targets[0]?.stages[0]?.errors ?? [];
    assert.match(error?.example ?? '', /no tokens are left this month/);
  });

  it('that nobody offers stops the run before it starts, and the ones on offer are named', async () => {
    const { document } = await openFile('unknown.eval.yaml', file('acme/none', ''));
    const end = await runAndWait(CommandId.runEval, { uri: document.uri });
    assert.equal(end.outcome, 'refused');
    assert.match(end.error ?? '', /no model "acme\/none".*promptrig-test\/parrot/);
    assert.equal(asked.length, 0);
  });
});
