import assert from 'node:assert/strict';
import picomatch from 'picomatch';
import { buildPlan } from '../../../src/core/engine/plan';
import { importFile, type ImportedFile } from '../../../src/core/spec/foreign/import/import-file';
import { parseEvalFile } from '../../../src/core/spec/parse';
import type { AssertionPlan, RunPlan } from '../../../src/protocol/plan';
import { dedent } from './dedent';
import { CONFIG, planOf, PROMPT } from './importing';

const TARGET = '/w/evals/out.eval.yaml';

interface Options {
  path?: string;
  target?: string;
  files?: Record<string, string>;
}

function ioOf(files: Record<string, string>) {
  return {
    readFile: (name: string) => {
      const content = files[name];
      return content === undefined
        ? Promise.reject(Object.assign(new Error('ENOENT'), { code: 'ENOENT' }))
        : Promise.resolve(content);
    },
    glob: (pattern: string) =>
      Promise.resolve(
        Object.keys(files)
          .filter((file) => picomatch(pattern)(file))
          .sort(),
      ),
    env: {},
  };
}

async function written(
  text: string,
  { path = CONFIG, target = TARGET, files = {} }: Options = {},
): Promise<ImportedFile> {
  return importFile(text, path, target, ioOf(files));
}

async function textOf(text: string, options: Options = {}): Promise<string> {
  const result = await written(text, options);
  assert.ok(result.text !== null, JSON.stringify(result.diagnostics));
  return result.text;
}

/** The plan of what was written. */
async function replanned(native: string, { target = TARGET, files = {} }: Options): Promise<RunPlan> {
  const document = parseEvalFile(native, target);
  const { plan, diagnostics } = await buildPlan({
    ...ioOf(files),
    document,
    runsDir: '/w/.promptrig/runs',
    now: new Date('2026-11-22T01:47:00.123Z'),
    random: () => 0.5,
  });
  const errors = [...document.diagnostics, ...diagnostics].filter(({ severity }) => severity === 'error');
  assert.deepEqual(errors, [], native);
  assert.ok(plan !== null);
  return plan;
}

/** What is asked and held against the answers, without what tells the two files apart and without what is not run. */
function essence({ targets, judge, budget }: RunPlan): unknown {
  const assertion = ({ pointer: _, members, judge: own, ...rest }: AssertionPlan): unknown => ({
    ...rest,
    ...(members === undefined ? {} : { members: members.filter(({ skip }) => skip === undefined).map(assertion) }),
    ...(own === undefined ? {} : { judge: own.endpoint.name }),
  });
  return {
    judge: judge === undefined ? null : [judge.endpoint, judge.params],
    budget: budget ?? null,
    targets: [...targets]
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .map(({ cases, ...target }) => ({
        ...target,
        cases: cases.map(({ pointer: _, assertions, turns, id: __, name, ...item }) => ({
          ...item,
          // Names of cases must differ in a native file.
          name: name.replace(/ \(\d+\)$/, ''),
          assertions: assertions.filter(({ skip }) => skip === undefined).map(assertion),
          turns:
            turns?.map((turn) => ({
              user: turn.user,
              assertions: turn.assertions.filter(({ skip }) => skip === undefined).map(assertion),
            })) ?? null,
        })),
      })),
  };
}

async function roundTrip(text: string, options: Options = {}): Promise<string> {
  const native = await textOf(text, options);
  const { path = CONFIG, files = {} } = options;
  assert.deepEqual(essence(await replanned(native, options)), essence(await planOf(text, { path, files })));
  return native;
}

describe('promptrig import', () => {
  it('writes a file that reads as if it had been written by hand', async () => {
    const native = await textOf(
      dedent`
        description: Support answers
        prompts:
          - |-
            You are kind.
            Answer: {{question}}
        providers:
          - { id: openai:gpt-4.1, label: big, config: { temperature: 0.2 } }
        defaultTest: { vars: { tone: kind }, assert: [{ type: is-json }] }
        tests:
          - description: refunds
            vars: { question: 'Can I return it?' }
            assert:
              - { type: contains, value: 30 days }
              - { type: python, value: len(output) > 3, metric: length }
              - { type: latency, threshold: 3000, weight: 2 }`,
    );
    assert.equal(
      native,
      dedent`
        # Imported from promptfooconfig.yaml by "promptrig import".

        # What differs from there, by its lines:
        # - line 14: "python" is not run: Python code is not run here.

        name: Support answers

        endpoints:
          - name: big
            api: openai-chat
            url: https://api.openai.com/v1
            model: gpt-4.1
            apiKeyEnv: OPENAI_API_KEY
            params:
              temperature: 0.2
              max_tokens: 1024

        prompt: |-
          You are kind.
          Answer: {{question}}

        vars:
          tone: kind

        assert:
          - is-json:

        cases:
          - name: refunds
            vars:
              question: Can I return it?
            assert:
              - contains: 30 days
              # not run here: python len(output) > 3: Python code is not run here
              - type: latency
                threshold: 3000
                weight: 2`,
    );
  });

  it('keeps what is run the same', async () => {
    const files = {
      '/w/evals/p/one.md': 'One {{word}}\n',
      '/w/evals/p/two.txt': 'Two {{word}}\n---\nThree {{word}} {{gone}}\n',
      '/w/evals/rows.csv':
        'word,__expected,__threshold,__metadata:team\nhi,contains: h,0.5,x\n"a, b",fn:output.length > 1,,\n',
      '/w/evals/schema.json': '{"type": "object"}',
      '/w/evals/check.js': 'module.exports = () => true;',
    };
    const native = await roundTrip(
      dedent`
        description: Everything that has a counterpart
        tags: { suite: smoke }
        prompts: [file://p/one.md, file://p/two.txt, '[{"role": "system", "content": "{{word}}"}, {"role": "user", "content": "Go"}]']
        providers:
          - echo
          - { id: anthropic:messages:claude-x, config: { max_tokens: 9, tools: [{ name: t, input_schema: { $ref: '#/$defs/x' } }] } }
          - { id: openai:chat:llama, label: local, config: { apiBaseUrl: 'http://127.0.0.1:8000/v1', apiKeyRequired: false, cost: 0.000001 } }
        defaultTest:
          options: { provider: openai:gpt-4.1 }
          vars: { word: default }
          assert: [{ type: llm-rubric, value: 'Is kind to {{word}}' }, { type: is-json, value: file://schema.json }]
        tests:
          - vars: { word: [x, y], other: ['1', '2'] }
            options: { repeat: 2, transform: output.trim() }
            assert:
              - { type: assert-set, threshold: 0.5, assert: [{ type: contains, value: a }, { type: not-contains, value: b, weight: 2 }] }
              - { type: javascript, value: file://check.js }
              - { type: equals, value: { a: 1, 'b:': '{{word}}' }, metric: json }
              - { type: regex, value: '^\\d+ "x" # y$' }
          - file://rows.csv
          - { description: same, vars: { word: '{{other}}!', other: o } }
          - { description: same, vars: { word: b, secret: '{{env.TOKEN}}' } }
        scenarios:
          - config: [{ vars: { word: s1 } }, { vars: { word: s2 } }]
            tests: [{ assert: [{ type: icontains, value: '{{word}}' }] }]
        evaluateOptions: { repeat: 3, maxConcurrency: 7, maxEvalTimeMs: 5000 }`,
      { files },
    );
    assert.match(native, /prompt: file:\/\/p\/one\.md/);
    assert.match(native, /expand: true/);
  });

  it('keeps conversations and prefixes the same', async () => {
    const files = {
      '/w/evals/chat.json':
        '[{"role": "system", "content": "Be {{tone}}"},{% for c in _conversation %}{"role": "user", "content": "{{ c.input }}"},' +
        '{"role": "assistant", "content": "{{ c.output }}"},{% endfor %}{"role": "user", "content": "{{ question }}"}]',
    };
    await roundTrip(
      dedent`
        prompts: [file://chat.json]
        providers: [echo]
        defaultTest: { vars: { tone: kind }, assert: [{ type: python, value: x }, { type: contains, value: '{{tone}}' }] }
        tests:
          - { vars: { question: 'Who {{?' }, metadata: { conversationId: a } }
          - { vars: { question: Where? }, metadata: { conversationId: a }, assert: [{ type: contains, value: here }] }`,
      { files },
    );
    await roundTrip(
      dedent`
        prompts: ['Say {{word}}']
        providers: [echo]
        defaultTest: { options: { prefix: 'Now: ' } }
        tests: [{ vars: { word: a } }, { vars: { word: b }, options: { suffix: '!' } }]`,
    );
  });

  it('keeps prompt files of GitHub Models the same', async () => {
    await roundTrip(
      dedent`
        name: Greeting
        model: openai/gpt-4o
        modelParameters: { temperature: 0.5, maxTokens: 50 }
        responseFormat: json_object
        messages:
          - { role: system, content: "You are kind.\nAlways." }
          - { role: user, content: 'Greet {{input}} {{who}}' }
        testData:
          - { input: 'Ada: "x"', expected: 'Hello' }
          - { input: '{ not: yaml', expected: 5 }
        evaluators:
          - { name: a, string: { equals: '{{expected}}' } }
          - { name: b, string: { startsWith: '{{input}}' } }
          - { name: c, string: { endsWith: '.' } }
          - uses: github/similarity
          - llm: { modelId: openai/gpt-4o, prompt: 'Is {{completion}} kind?', choices: [{ choice: 'yes', score: 1 }] }`,
      { path: PROMPT },
    );
  });

  it('says what cannot be written, at the top or beside the assertion', async () => {
    const native = await textOf(
      dedent`
        prompts: [{ raw: 'A {{word}}', label: a }, { raw: 'B {{word}}', label: b }]
        providers: [{ id: openai:x, prompts: [a] }, python:chat.py]
        tests:
          - vars: { word: hi }
            prompts: [b]
            assert:
              - { type: llm-rubric, value: x, provider: openai:one, rubricPrompt: 'Grade {{output}}', config: { a: 1 } }
              - { type: llm-rubric, value: y, provider: openai:two }
              - { type: llm-rubric, value: z, provider: openai:two }
              - { type: webhook, value: 'http://x' }`,
    );
    for (const expected of [
      '# - line 2: "python:chat.py" is not asked: it is a program on this machine, not an HTTP endpoint.',
      '# - line 2: "openai:x" was asked "a" alone; here every endpoint is asked every prompt.',
      '# - line 4: the test was for some providers or prompts alone; here it is for all of them.',
      '      # was graded by "openai:one"; here the judge of the file grades it',
      '      # had a grading prompt of its own ("rubricPrompt"); here the built-in one is used',
      '      # had a "config" for its code, which is not handed on',
      'judge:\n  name: openai:two',
      '      - llm-rubric: z\n      # not run here: webhook http://x: the answer is sent to no third party for its verdict',
    ])
      assert.ok(native.includes(expected), `${expected}\n\n${native}`);
  });

  it('lets no case pass of which nothing is looked at', async () => {
    const native = await textOf(
      dedent`
        prompts: ['Say {{word}}']
        providers: [echo]
        tests:
          - { vars: { word: a }, assert: [{ type: python, value: x }] }
          - { vars: { word: b }, assert: [{ type: python, value: x }, { type: contains, value: b }] }
          - { vars: { word: c } }`,
    );
    const plan = await replanned(native, {});
    assert.deepEqual(
      plan.targets[0]?.cases.map(({ skip }) => skip),
      ['Python code is not run here', undefined, undefined],
    );
  });

  it('writes references to files for the folder that it writes to', async () => {
    const files = { '/w/evals/p/one.md': 'One {{word}}', '/w/evals/s.json': '{}', '/w/evals/c.js': 'x' };
    const native = await textOf(
      dedent`
        prompts: [file://p/one.md]
        providers: [echo]
        tests:
          - vars: { word: a }
            options: { transform: 'file://c.js:clean' }
            assert: [{ type: is-json, value: file://s.json }, { type: javascript, value: file://c.js }]`,
      { files, target: '/w/other/out.eval.yaml' },
    );
    for (const expected of [
      'prompt: file://../evals/p/one.md',
      'transform: file://../evals/c.js:clean',
      'is-json: file://../evals/s.json',
      'javascript: file://../evals/c.js',
    ])
      assert.ok(native.includes(expected), native);
    await replanned(native, { files, target: '/w/other/out.eval.yaml' });
  });

  it('copies no key, whatever else it keeps of a provider', async () => {
    const native = await textOf(
      dedent`
        prompts: [Hi]
        providers: [{ id: openai:gpt-4.1, config: { apiKey: sk-abcdef123456 } }]`,
    );
    assert.ok(!native.includes('abcdef'));
    assert.ok(native.includes('apiKeyEnv: OPENAI_API_KEY'));
    assert.match(native, /# - line 2: A key does not belong into a file/);
  });

  it('writes nothing of a file with an error, and nothing of any other file', async () => {
    const broken = await written('prompts: [file://gone.txt]\nproviders: [echo]\n');
    assert.equal(broken.text, null);
    assert.deepEqual(
      broken.diagnostics.map(({ code }) => code),
      ['missing-file'],
    );
    const syntax = await written('prompts: [\n');
    assert.deepEqual([syntax.text, syntax.diagnostics[0]?.code], [null, 'yaml-syntax']);
    const other = await written('a: 1\n', { path: '/w/evals/any.yaml' });
    assert.deepEqual([other.text, other.kind, other.diagnostics], [null, null, []]);
  });

  it('knows a file by what it holds where its name says nothing', async () => {
    assert.equal((await written('prompts: [Hi]\nproviders: [echo]\n', { path: '/w/x.yaml' })).kind, 'promptfoo');
    const models = 'model: m\nmessages: [{ role: user, content: Hi }]\n';
    assert.equal((await written(models, { path: '/w/x.yaml' })).kind, 'github-models');
  });

  it('counts what it has written', async () => {
    const { cases, skippedCases, assertions, skippedAssertions } = await written(
      dedent`
        prompts: ['Say {{word}}']
        providers: [echo]
        defaultTest: { assert: [{ type: contains, value: x }] }
        tests:
          - { vars: { word: a }, assert: [{ type: assert-set, assert: [{ type: equals, value: a }, { type: pi, value: b }] }] }
          - { vars: { word: b }, provider: openai:x, assert: [{ type: python, value: x }] }`,
    );
    assert.deepEqual(
      { cases, skippedCases, assertions, skippedAssertions },
      { cases: 2, skippedCases: 1, assertions: 2, skippedAssertions: 2 },
    );
  });

  it('leaves a prompt without test data a prompt', async () => {
    const native = await textOf('model: m\nmessages: [{ role: user, content: "Hi {{who}}" }]\n', { path: PROMPT });
    assert.match(native, /vars:\n {2}who: ""/);
    assert.ok(!native.includes('cases'));
  });
});
