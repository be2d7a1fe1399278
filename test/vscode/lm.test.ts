import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { CommandId, ToolName } from '../../src/extension/contributions';
import type { TestApi } from '../../src/extension/test-api';
import { activated, closeEverything, lineEndOf, openFile, runAndWait, until } from './support';

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
  let api: TestApi;
  let asked: Asked[];

  before(async () => {
    api = await activated();
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
    assert.ok(cases);
    assert.ok(cases.flags.includes('not_for_latency'));
    assert.deepEqual(cases.tokens_source, ['usage']);
    assert.equal(lineEndOf(api, document, 'ttft.p50')?.state, 'inconclusive');
    assert.equal(lineEndOf(api, document, 'pass_rate')?.state, 'passed');
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

function textOf(result: vscode.LanguageModelToolResult | null | undefined): string {
  const parts = result?.content ?? [];
  return parts.map((part) => (part instanceof vscode.LanguageModelTextPart ? part.value : '')).join('');
}

describe('the tools for an agent', () => {
  const FILE = `name: For agents
endpoints:
  - { name: sure, api: sim, sim: { ttft: 20ms, itl: 1ms, answer: script, script: [{ match: capital, answer: Paris }] } }
prompt: 'What is the {{ what }}?'
cases:
  - name: right
    vars: { what: capital }
    assert: [{ contains: Paris }]
  - name: wrong
    vars: { what: capital city }
    assert: [{ contains: Rome }]
`;
  // In a test VS Code takes every question of this kind for agreed to.
  const call = async (name: string, input: object): Promise<string> => {
    const result = await vscode.lm.invokeTool(name, { input, toolInvocationToken: undefined });
    return textOf(result);
  };
  let api: TestApi;

  before(async () => {
    api = await activated();
    await openFile('agents.eval.yaml', FILE);
  });
  after(closeEverything);

  it('are offered to every agent', () => {
    const names = vscode.lm.tools.map(({ name }) => name);
    for (const name of Object.values(ToolName)) assert.ok(names.includes(name), name);
  });

  it('list the evals with their cases', async () => {
    await until('the list has the file', async () => (await call(ToolName.list, {})).includes('agents.eval.yaml'));
    assert.match(
      await call(ToolName.list, {}),
      /agents\.eval\.yaml: "For agents", 2 cases.*\n {2}case ids: right, wrong/,
    );
  });

  it('ask the person before anything is sent: where it goes, and what it may cost', async () => {
    const prepared = await api
      .tool(ToolName.run)
      .prepareInvocation?.(
        { input: { file: 'agents.eval.yaml', max_cost_usd: 0.5 } },
        new vscode.CancellationTokenSource().token,
      );
    const message = prepared?.confirmationMessages?.message;
    assert.ok(message instanceof vscode.MarkdownString);
    assert.match(
      message.value.replaceAll('&nbsp;', ' '),
      /agents\.eval\.yaml[\s\S]*about 2 requests to sure[\s\S]*\$0\.50/,
    );
    assert.equal(api.isRunning(), false);
  });

  it('run a case, and read what came out', async () => {
    const ran = await call(ToolName.run, { file: 'agents.eval.yaml', cases: ['right'], max_cost_usd: 0.5 });
    assert.match(ran, /^# For agents: pass/);
    assert.match(ran, /1 passed, 0 failed/);
    const whole = await call(ToolName.run, { file: 'agents.eval.yaml' });
    assert.match(whole, /- wrong on sure: failed\n {2}- contains at \/cases\/1\/assert\/0: .*\n {2}- answer: "Paris"/);
    assert.equal(await call(ToolName.read, { file: 'agents.eval.yaml' }), whole);
  });

  it('read no file but the evals of the workspace', async () => {
    await assert.rejects(call(ToolName.read, { file: '../../etc/passwd' }), /no eval file/);
    assert.match(await call(ToolName.read, { file: 'agents.eval.yaml', run: '../..' }), /There is no run/);
  });
});
