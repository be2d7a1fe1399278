import assert from 'node:assert/strict';
import { caseless } from '../../../src/core/spec/foreign/github/caseless';
import { renderText } from '../../../src/core/spec/template';
import type { AssertionPlan } from '../../../src/protocol/plan';
import { dedent } from './dedent';
import { imported, planOf, PROMPT, said, targetOf } from './importing';

const HEAD = dedent`
  name: Greeting
  description: Greets people
  model: openai/gpt-4o
  messages:
    - { role: system, content: You are kind. }
    - { role: user, content: 'Greet {{input}}' }
  testData:
    - { input: Ada, expected: 'Hello, Ada', level: 3 }
    - { input: Bob, expected: 'Hi (Bob)', level: 4 }
`;

const path = PROMPT;

async function evaluators(text: string): Promise<AssertionPlan[][]> {
  const { cases } = await targetOf(`${HEAD}evaluators:\n${text}\n`, { path });
  return cases.map(({ assertions }) => assertions);
}

function textOf(assertion: AssertionPlan | undefined): string {
  return typeof assertion?.value === 'string' ? assertion.value : '';
}

/** Whether a pattern, as planned, matches an answer. */
function matches(assertion: AssertionPlan | undefined, answer: string): boolean {
  assert.equal(assertion?.type, 'regex');
  return new RegExp(textOf(assertion)).test(answer);
}

describe('prompt files of GitHub Models', () => {
  it('are asked of the model that they name, with a case for each row', async () => {
    const { plan, document } = await imported(
      `${HEAD}modelParameters: { temperature: 0.7, maxTokens: 150, topP: 0.9, stopSequences: [X] }\n`,
      { path },
    );
    const target = plan?.targets[0];
    assert.deepEqual([plan?.name, document.spec?.description], ['Greeting', 'Greets people']);
    assert.deepEqual(
      [target?.endpoint.api, target?.endpoint.url, target?.endpoint.model, target?.endpoint.apiKeyEnv],
      ['openai-chat', 'https://models.github.ai/inference', 'openai/gpt-4o', 'GITHUB_TOKEN'],
    );
    assert.deepEqual(target?.params, { temperature: 0.7, max_tokens: 150, top_p: 0.9, stop: ['X'] });
    assert.deepEqual(
      target?.cases.map(({ pointer, messages, expected }) => [
        pointer,
        messages.map(({ content }) => content),
        expected,
      ]),
      [
        ['/cases/0', ['You are kind.', 'Greet Ada'], 'Hello, Ada'],
        ['/cases/1', ['You are kind.', 'Greet Bob'], 'Hi (Bob)'],
      ],
    );
  });

  it('ask for JSON in the form that they say', async () => {
    const schema = `jsonSchema: '{"name": "n", "strict": true, "schema": {"type": "object"}}'\n`;
    const { params } = await targetOf(`${HEAD}responseFormat: json_schema\n${schema}`, { path });
    assert.deepEqual(params['response_format'], {
      type: 'json_schema',
      json_schema: { name: 'n', strict: true, schema: { type: 'object' } },
    });
    const object = await targetOf(`${HEAD}responseFormat: json_object\n`, { path });
    assert.deepEqual(object.params['response_format'], { type: 'json_object' });
    const text = await targetOf(`${HEAD}responseFormat: text\n`, { path });
    assert.deepEqual(text.params, {});
    for (const wrong of [
      'responseFormat: xml',
      'responseFormat: json_schema',
      'responseFormat: json_schema\njsonSchema: "{"',
    ]) {
      const { plan, diagnostics } = await imported(`${HEAD}${wrong}\n`, { path });
      assert.equal(plan, null);
      assert.match(said(diagnostics).join('\n'), /^\d+ error (?:unknown-value|missing-key): /);
    }
  });

  it('hold answers against texts: equality looks at the case, the other rules do not', async () => {
    const [first] = await evaluators(
      dedent`
        - { name: same, string: { equals: Hello } }
        - { name: inside, string: { contains: '{{expected}}' } }
        - { name: first, string: { startsWith: 'Dear (Ada)' } }
        - { name: last, string: { endsWith: 'Regards.' } }`,
    );
    assert.deepEqual(
      first?.slice(0, 2).map(({ type, value, name }) => [type, value, name]),
      [
        ['equals', 'Hello', 'same'],
        ['icontains', 'Hello, Ada', 'inside'],
      ],
    );
    assert.ok(matches(first?.[2], ' \ndEAR (ADA), hello'));
    assert.ok(!matches(first?.[2], 'Oh dear (Ada)'));
    assert.ok(!matches(first?.[2], 'Dear Ada'));
    assert.ok(matches(first?.[3], 'Bye. REGARDS.\n'));
    assert.ok(!matches(first?.[3], 'Regards. Bye'));
    assert.ok(!matches(first?.[3], 'Regardsx'));
  });

  it('take what they are held against from each row', async () => {
    const [ada, bob] = await evaluators('  - { name: first, string: { startsWith: "{{expected}}!" } }');
    assert.ok(matches(ada?.[0], 'HELLO, ada! And more'));
    assert.ok(!matches(ada?.[0], 'hello ada!'));
    assert.ok(matches(bob?.[0], 'hi (bob)!'));
    assert.ok(!matches(bob?.[0], 'hi bob!'));
  });

  it('have a model choose between words with scores, and pass with any score above nothing', async () => {
    const plan = await planOf(
      `${HEAD}${dedent`
        evaluators:
          - name: tone
            llm:
              modelId: openai/gpt-4.1
              systemPrompt: You grade tone.
              prompt: 'Is "{{completion}}" kind to {{input}}?'
              choices: [{ choice: 'yes', score: 10 }, { choice: partly, score: 5 }, { choice: 'no', score: 0 }]`}`,
      { path },
    );
    const [assertion] = plan.targets[0]?.cases[0]?.assertions ?? [];
    assert.deepEqual([assertion?.type, assertion?.name, assertion?.threshold], ['llm-rubric', 'tone', 0.5]);
    assert.deepEqual(textOf(assertion).split('\n'), [
      'You grade tone.',
      '',
      'Is "(the output above)" kind to Ada?',
      '',
      'Choose the one of these that fits the output, and give its score:',
      '- "yes": score 1',
      '- "partly": score 0.5',
      '- "no": score 0',
    ]);
    assert.deepEqual([plan.judge?.endpoint.model, plan.judge?.endpoint.apiKeyEnv], ['openai/gpt-4.1', 'GITHUB_TOKEN']);
  });

  it('have the evaluators that are built in graded by rubrics', async () => {
    const [first] = await evaluators(
      ['similarity', 'coherence', 'fluency', 'relevance', 'groundedness']
        .map((name) => `  - uses: github/${name}`)
        .join('\n'),
    );
    assert.equal(first?.length, 5);
    for (const { type, threshold, skip } of first)
      assert.deepEqual([type, threshold, skip], ['llm-rubric', 0.25, undefined]);
    assert.match(textOf(first[0]), /Reference answer:\nHello, Ada/);
    assert.match(textOf(first[4]), /Context:\nHello, Ada\n\nQuestion:\nAda/);
  });

  it('skip evaluators without a counterpart, with the reason at their line', async () => {
    const { plan, diagnostics } = await imported(
      `${HEAD}${dedent`
        evaluators:
          - uses: github/unheard-of
          - llm: { modelId: m, prompt: x }
          - llm: { prompt: x, choices: [{ choice: a, score: 1 }] }
          - llm: { modelId: m, prompt: x, choices: [{ choice: a, score: 0 }] }`}`,
      { path },
    );
    assert.ok(plan?.targets[0]?.cases[0]?.assertions.every(({ skip }) => skip !== undefined));
    assert.deepEqual(
      diagnostics.map(({ code, severity, range }) => [range.start.line + 1, severity, code]),
      [11, 12, 13, 14].map((line) => [line, 'warning', 'foreign-skipped']),
    );
  });

  it('are errors where they say nothing that can be run', async () => {
    const { plan, diagnostics } = await imported(
      dedent`
        name: broken
        messages:
          - { role: robot, content: x }
        testData: [1]
        evaluators:
          - { name: empty }
          - string: {}`,
      { path },
    );
    assert.equal(plan, null);
    assert.deepEqual(
      diagnostics.filter(({ severity }) => severity === 'error').map(({ code, range }) => [range.start.line + 1, code]),
      [
        [1, 'missing-key'],
        [3, 'unknown-value'],
        [4, 'wrong-type'],
        [6, 'missing-key'],
        [7, 'missing-value'],
      ],
    );
  });

  it('send a placeholder without a variable as it stands, with a warning', async () => {
    const { plan, diagnostics } = await imported(HEAD.replace('Greet {{input}}', 'Greet {{who}} {{input}}'), { path });
    assert.equal(plan?.targets[0]?.cases[1]?.messages[1]?.content, 'Greet {{who}} Bob');
    assert.deepEqual(said(diagnostics), [
      '8 warning undefined-variable: The variable "who" is not in this row and 1 more rows; as in GitHub Models its placeholder is sent as it stands.',
    ]);
  });

  it('without test data are a case of their own, or nothing to run where variables are missing', async () => {
    const prompt = `model: m\nmessages: [{ role: user, content: Hello }]\n`;
    assert.equal((await targetOf(prompt, { path })).cases.length, 1);
    const { plan, document, diagnostics } = await imported(prompt.replace('Hello', '"{{a}} {{b}}"'), { path });
    assert.equal(plan, null);
    assert.notEqual(document.spec, null);
    assert.deepEqual(said(diagnostics), [
      '1 warning nothing-to-run: The file has no "testData", so there is nothing to run: "a", "b" must come from there.',
    ]);
  });
});

describe('texts that look at no case', () => {
  it('are patterns for every character', () => {
    for (const text of ['Hello', 'a.b*c', '(x) [y] {z} ^$ |\\/?+', 'Ünïcödé', '1-2', 'ß', '😀 ok']) {
      const rendered = renderText(caseless(text), {});
      const templated = renderText(caseless('{{ value }}'), { value: text });
      assert.ok(rendered.ok && templated.ok, text);
      for (const pattern of [rendered.text, templated.text]) {
        const regex = new RegExp(`^${pattern}$`);
        for (const answer of [text, text.toUpperCase(), text.toLowerCase()])
          if (answer.length === text.length) assert.ok(regex.test(answer), `${pattern} ${answer}`);
        assert.ok(!regex.test(`${text}x`));
      }
    }
  });
});
