import assert from 'node:assert/strict';
import type { LanguageContext } from '../../../src/core/language/types';
import { parseEvalFile } from '../../../src/core/spec/parse';
import { ASSERTION_TYPES } from '../../../src/core/spec/schema-assertion';
import { choose, complete, edited, EVAL_PATH, labels, plain, SHARED_PATH } from './notation';

const SHARED = `endpoints:
  - { name: vllm, url: 'http://127.0.0.1:8000/v1', model: llama }
  - { name: 'strange: name', url: 'http://127.0.0.1:8000/v1', model: llama-70b }
presets:
  our-chat: [ttft.p99 <= 250ms]
`;

const context: LanguageContext = {
  workspace: parseEvalFile(SHARED, SHARED_PATH),
  models: ({ url }) => (url === 'http://127.0.0.1:8000/v1' ? ['served-a', 'served-b'] : []),
  listFolder: (path) =>
    ({
      '/workspace/evals': [
        { name: 'prompts', isFolder: true },
        { name: 'rag.txt', isFolder: false },
        { name: 'cases.csv', isFolder: false },
        { name: "it's: odd.txt", isFolder: false },
        { name: '.git', isFolder: true },
        { name: 'chat.eval.yaml', isFolder: false },
      ],
      '/workspace/evals/prompts': [{ name: 'long.md', isFolder: false }],
    })[path],
  datasetColumns: (path) =>
    path === '/workspace/evals/cases.csv' ? ['question', 'answer', 'Customer name'] : undefined,
};

describe('completion of keys', () => {
  it('offers what the file may hold, the most important first, and nothing that is there', async () => {
    const found = await labels('|');
    assert.deepEqual(found.slice(0, 5), ['name', 'prompt', 'messages', 'prompts', 'cases']);
    const rest = await labels('name: x\nprompt: hello\n|');
    for (const key of ['name', 'prompt', 'messages', 'prompts']) assert.ok(!rest.includes(key), key);
    assert.ok(rest.includes('cases'));
  });

  it('replaces the word that is being typed and nothing beyond it', async () => {
    assert.equal(await choose('na|\nprompt: x', 'name'), 'name: \nprompt: x');
    assert.equal(await choose('prompt: x\nca| # why', 'tags'), 'prompt: x\ntags:\n  -  # why');
  });

  it('replaces only the name of a key that has its colon', async () => {
    assert.equal(await choose('descr|: hello', 'description'), 'description: hello');
    assert.equal(
      await choose('cases:\n  - assrt|:\n      - contains: x', 'assert'),
      'cases:\n  - assert:\n      - contains: x',
    );
  });

  it('knows the place by indentation on an empty line', async () => {
    const text = (line: string) => `cases:\n  - name: a\n    assert:\n      - contains: x\n${line}\nload: []\n`;
    assert.ok((await labels(text('      |'))).includes('icontains'), 'a further assertion');
    assert.ok((await labels(text('    |'))).includes('vars'), 'a further key of the case');
    assert.ok((await labels(text('  |'))).includes('vars'), 'a further case');
    assert.ok((await labels(text('|'))).includes('slo'), 'a further section');
    assert.deepEqual(await labels(text('   |')), [], 'nothing is there');
  });

  it('writes the dash of a new item', async () => {
    const text = 'cases:\n  - name: a\n    assert:\n      - contains: x\n      |';
    assert.equal(await choose(text, 'icontains'), `${text.slice(0, -1)}- icontains: `);
    assert.equal(await choose('cases:\n  - name: a\n  |', 'name'), 'cases:\n  - name: a\n  - name: ');
  });

  it('goes on behind a key without a value, in lines below it and beside it', async () => {
    assert.equal(
      await choose('cases:\n  - name: a\n    assert:\n      |\n  - name: b', 'contains'),
      'cases:\n  - name: a\n    assert:\n      - contains: \n  - name: b',
    );
    assert.equal(await choose('cases:\n  - assert: |', 'contains'), 'cases:\n  - assert: [{ contains:  }]');
    assert.equal(await choose('cases:\n  - assert:|', 'contains'), 'cases:\n  - assert: [{ contains:  }]');
    assert.equal(await choose('budget:\n  |', 'cost'), 'budget:\n  cost: $0.50');
    assert.equal(await choose('budget: |', 'cost'), 'budget: { cost: $0.50 }');
    assert.equal(await choose('cases:\n  -|', 'name'), 'cases:\n  - name: ');
  });

  it('stays on the line inside brackets', async () => {
    assert.equal(await choose('cases: [{ name: a, | }]', 'assert'), 'cases: [{ name: a, assert: [] }]');
    assert.equal(await choose('cases: [|]', 'name'), 'cases: [{ name:  }]');
    assert.equal(await choose('load: { pattern: poisson, r| }', 'rate'), 'load: { pattern: poisson, rate: 8/s }');
    assert.equal(
      await choose('cases:\n  - vars: { a: 1 }\n    assert: [{ con|\n  - name: b', 'contains-all'),
      'cases:\n  - vars: { a: 1 }\n    assert: [{ contains-all: []\n  - name: b',
    );
    assert.deepEqual(await labels('cases: [{ name: a | }]'), [], 'behind a value a comma is due');
  });

  it('indents the lines of a section against the key', async () => {
    assert.equal(
      await choose('cases:\n  - name: a\n    |', 'turns'),
      'cases:\n  - name: a\n    turns:\n      - user: Hello\n        assert:\n          - contains: text',
    );
    assert.equal(
      await choose('cases:\n  - |', 'turns'),
      'cases:\n  - turns:\n      - user: Hello\n        assert:\n          - contains: text',
    );
    assert.equal(
      await choose('endpoints:\n  - name: a\n    |', 'timeout'),
      'endpoints:\n  - name: a\n    timeout:\n      ',
    );
  });

  it('writes sections that parse without a complaint', async () => {
    for (const key of ['cases', 'messages', 'prompts', 'load', 'budget', 'matrix', 'dataset']) {
      const base =
        key === 'messages' || key === 'prompts'
          ? 'name: x\ncases: [{ name: one }]\n'
          : 'name: x\nprompt: hi\ncases: [{ name: one }]\n';
      const text = await choose(`${key === 'cases' ? 'prompt: hi\n' : base}|`, key);
      const problems = parseEvalFile(`${text}\n`, EVAL_PATH).diagnostics.filter(({ code }) => code !== 'empty-value');
      assert.deepEqual(
        problems.map(({ message }) => message),
        [],
        text,
      );
    }
  });

  it('offers of a load stage what its pattern takes', async () => {
    const found = await labels('load:\n  - pattern: poisson\n    |');
    assert.deepEqual(found.slice(0, 1), ['rate']);
    for (const key of ['concurrency', 'burstiness', 'trace', 'steps']) assert.ok(!found.includes(key), key);
    const closed = await labels('load:\n  pattern: concurrent\n  |');
    assert.equal(closed[0], 'concurrency');
    assert.ok(!closed.includes('rate'));
  });

  it('offers of an endpoint what its API takes', async () => {
    const sim = await labels('endpoints:\n  - name: a\n    api: sim\n    |');
    assert.ok(sim.includes('sim') && !sim.includes('url') && !sim.includes('apiKeyEnv'));
    const http = await labels('endpoints:\n  - name: a\n    url: http://x/v1\n    |');
    assert.ok(http.includes('model') && !http.includes('sim'));
  });

  it('offers variables that a template reads and nothing sets', async () => {
    const text = 'prompt: "{{ question }} {{ shop }}"\nvars: { shop: Acme }\ncases:\n  - vars:\n      |';
    assert.deepEqual(await labels(text), ['question', 'shop']);
    assert.equal(await choose(text, 'question'), `${text.slice(0, -1)}question: `);
    assert.deepEqual(await labels(text.replace('|', 'question: Why?\n      |')), ['shop']);
    assert.equal(
      await choose('prompt: "{{ question }}"\ncases:\n  - vars: { | }', 'question'),
      'prompt: "{{ question }}"\ncases:\n  - vars: { question:  }',
    );
  });

  it('knows the parameters of requests, and their values', async () => {
    assert.equal(await choose('params:\n  |', 'temperature'), 'params:\n  temperature: 0');
    assert.equal(await choose('matrix:\n  |', 'temperature'), 'matrix:\n  temperature: [0]');
    assert.deepEqual(await labels('params: { reasoning_effort: | }'), ['minimal', 'low', 'medium', 'high']);
    assert.ok((await labels('endpoints:\n  - name: a\n    params:\n      |')).includes('top_p'));
  });

  it('knows below an anchor what belongs where it is used', async () => {
    const text = 'x-shared:\n  slow: &slow\n    |\nendpoints:\n  - name: a\n    timeout: *slow\n';
    assert.ok((await labels(text.replace('|', 'connect: 5s\n    |'))).includes('first_token'));
    const merged = 'x-base: &base\n  name: b\n  |\ncases:\n  - <<: *base\n';
    assert.ok((await labels(merged)).includes('assert'));
  });

  it('offers nothing in comments, in free texts, and in files of other tools', async () => {
    assert.deepEqual(await labels('# na|'), []);
    assert.deepEqual(await labels('name: x # na|'), []);
    assert.deepEqual(await labels('description: a text |'), []);
    assert.deepEqual(await labels('prompt: ||\n  na|'), []);
    assert.deepEqual(await labels('na|', {}, '/workspace/promptfooconfig.yaml'), []);
    assert.deepEqual(await labels('na|', {}, '/workspace/a.prompt.yml'), []);
  });

  it('knows the keys of promptrig.yaml', async () => {
    assert.deepEqual((await labels('|', {}, SHARED_PATH)).sort(), ['defaults', 'endpoints', 'presets', 'retention']);
    assert.ok((await labels('defaults:\n  |', {}, SHARED_PATH)).includes('judge'));
  });

  it('counts characters as the editor does', async () => {
    const [item] = await complete('description: 😀\ncases: [{ name: "😀é", ass| }]');
    assert.deepEqual(item?.range, { start: { line: 1, character: 23 }, end: { line: 1, character: 26 } });
  });

  it('works with CRLF, and with tabs in values', async () => {
    assert.equal(
      await choose('cases:\r\n  - name: a\tb\r\n    |\r\n', 'only'),
      'cases:\r\n  - name: a\tb\r\n    only: \r\n',
    );
    assert.ok((await labels('cases:\r\n  - assert:\r\n      - |\r\n')).includes('regex'));
  });

  it('says which items an editor that knows the schema offers, too', async () => {
    const sources = async (text: string) => new Set((await complete(text, context)).map(({ source }) => source));
    assert.deepEqual(await sources('|'), new Set(['schema']));
    assert.deepEqual(await sources('endpoints: [|]'), new Set(['schema', 'context']));
    assert.deepEqual(await sources('slo: [ ttft.| ]'), new Set(['context']));
  });
});

describe('completion of assertions', () => {
  it('offers every type and its opposite, documented', async () => {
    const found = await complete('cases:\n  - assert:\n      - |');
    for (const name of Object.keys(ASSERTION_TYPES)) {
      assert.ok(found.find(({ label }) => label === name)?.documentation, name);
      assert.ok(found.some(({ label }) => label === `not-${name}`));
    }
    assert.equal(found[0]?.label, 'equals');
  });

  it('writes every type in a way that the parser takes', async () => {
    for (const name of Object.keys(ASSERTION_TYPES)) {
      for (const frame of ['cases:\n  - name: a\n    assert:\n      - |', 'cases:\n  - name: a\n    assert: [{ | }]']) {
        const text = `prompt: hi\n${await choose(frame, name)}\n`;
        const filled = text.replace(/: (?=\}|$)/m, ': x').replace(/:\s*$/m, ': x');
        const codes = parseEvalFile(text, EVAL_PATH).diagnostics.map(({ code, message }) => `${code}: ${message}`);
        const errors = codes.filter(
          (item) => !/^(?:empty-value|not-supported-yet|missing-value|empty-list|wrong-type)/.test(item),
        );
        assert.deepEqual(errors, [], `${name}\n${filled}`);
      }
    }
  });

  it('offers the keys of the long form that are not there yet and that fit', async () => {
    assert.deepEqual(await labels('assert:\n  - type: contains\n    |'), [
      'value',
      'threshold',
      'weight',
      'name',
      'severity',
      'transform',
    ]);
    assert.ok((await labels('assert:\n  - type: assert-set\n    |')).includes('assert'));
    assert.ok((await labels('assert:\n  - type: |')).includes('not-contains'));
    assert.deepEqual(await labels('assert: [{ type: latency, severity: | }]'), ['error', 'warning', 'info']);
  });

  it('offers nothing beside a type in its short form', async () => {
    assert.deepEqual(await labels('assert:\n  - contains: x\n    |'), []);
  });

  it('knows sets, however deep', async () => {
    assert.ok((await labels('assert:\n  - assert-set:\n      assert:\n        - |')).includes('contains'));
    assert.ok((await labels('assert:\n  - type: assert-set\n    assert:\n      - |')).includes('contains'));
    assert.ok((await labels('cases:\n  - turns:\n      - user: hi\n        assert: [{ | }]')).includes('contains'));
  });

  it('completes what is half typed, without a colon and in quotes', async () => {
    assert.equal(await choose('assert:\n  - cont|', 'contains'), 'assert:\n  - contains: ');
    assert.equal(await choose('assert:\n  - con|:', 'contains'), 'assert:\n  - contains:');
  });
});

describe('completion of values', () => {
  it('offers the words of the schema with what they mean', async () => {
    const found = await complete('load:\n  - pattern: |');
    assert.equal(found.length, 11);
    assert.match(found.find(({ label }) => label === 'poisson')?.documentation ?? '', /independent users/);
    assert.deepEqual(await labels('cases:\n  - only: |'), ['true', 'false']);
    assert.deepEqual(await labels('purpose: sel|'), ['regression', 'selection']);
  });

  it('names endpoints of the file, of the workspace and the built-in one, each once', async () => {
    const text = 'endpoints:\n  - { name: mine, api: sim }\njudge: |';
    const found = (await complete(text, context)).filter(({ kind }) => kind === 'endpoint');
    assert.deepEqual(
      found.map(({ label }) => label),
      ['mine', 'vllm', 'strange: name', 'sim'],
    );
    assert.match(found[1]?.documentation ?? '', /llama/);
    assert.deepEqual(
      (await complete('endpoints: [vllm, |]', context))
        .filter(({ kind }) => kind === 'endpoint')
        .map(({ label }) => label),
      ['strange: name', 'sim'],
    );
  });

  it('quotes a name that YAML would read as something else', async () => {
    assert.equal(await choose('judge: |', 'strange: name', context), "judge: 'strange: name'");
    assert.equal(await choose('judge: "|"', 'strange: name', context), 'judge: "strange: name"');
    assert.equal(await choose('endpoints:\n  - |', 'vllm', context), 'endpoints:\n  - vllm');
    assert.equal(await choose('endpoints: |', 'vllm', context), 'endpoints: [vllm]');
  });

  it('offers the models of that endpoint, served ones first', async () => {
    const text = 'endpoints:\n  - name: a\n    url: http://127.0.0.1:8000/v1\n    model: |';
    assert.deepEqual(await labels(text, context), ['served-a', 'served-b', 'llama', 'llama-70b']);
    assert.deepEqual(await labels(text.replace('8000', '9000'), context), []);
  });

  it('names an environment variable for the key, never a key', async () => {
    assert.equal(
      (await labels('endpoints:\n  - name: my-vllm 2\n    url: http://x\n    apiKeyEnv: |'))[0],
      'MY_VLLM_2_API_KEY',
    );
  });

  it('offers presets with their limits, and parts of expressions', async () => {
    const presets = (await complete('slo:\n  - |', context)).filter(({ kind }) => kind === 'preset');
    assert.deepEqual(presets[0]?.label, 'our-chat');
    assert.match(presets.find(({ label }) => label === 'rag')?.documentation ?? '', /ttft\.p99 <= 300ms/);
    assert.ok(!(await labels('slo: [rag, |]')).includes('rag'));
    assert.equal(await choose('slo: [ "tt|" ]', 'ttft.p99'), 'slo: [ "ttft.p99 <= 200ms" ]');
    assert.equal(await choose('slo:\n  - ttft.p|', 'p95'), 'slo:\n  - ttft.p95 <= 200ms');
    assert.equal(await choose('slo:\n  - ttft.p99 |', '<='), 'slo:\n  - ttft.p99 <= 200ms');
    assert.equal(await choose('slo:\n  - ttft.p99 <= |', '500ms'), 'slo:\n  - ttft.p99 <= 500ms');
    assert.equal(await choose('slo:\n  - cost.per_good <= |', '$0.01'), 'slo:\n  - cost.per_good <= $0.01');
    assert.equal((await labels('slo:\n  - quality.pass_rate |'))[0], '>=');
    assert.equal(await choose('load: { pattern: sync, slo: | }', 'rag'), 'load: { pattern: sync, slo: rag }');
    assert.ok(!(await labels('presets:\n  a:\n    - |', {}, SHARED_PATH)).includes('rag'), 'presets do not nest');
  });

  it('offers statistics that the metric has', async () => {
    assert.deepEqual(await labels('slo: [ concurrency.| ]'), ['mean', 'max']);
    assert.ok((await labels('slo: [ quality.| ]')).includes('quality.pass_rate'));
  });

  it('lists files, the likely ones first, folder by folder', async () => {
    assert.deepEqual(await labels('prompt: file://|', context), ['rag.txt', 'prompts/', 'cases.csv']);
    assert.equal(await choose('prompt: file://prompts/|', 'long.md', context), 'prompt: file://prompts/long.md');
    assert.equal(await choose('prompt: "file://ra|"', 'rag.txt', context), 'prompt: "file://rag.txt"');
    assert.deepEqual((await labels('dataset: |', context)).slice(0, 2), ['cases.csv', 'prompts/']);
    assert.equal(await choose('prompt: f|', 'file://'), 'prompt: file://');
    assert.deepEqual(await labels('prompt: file://missing/|', context), []);
  });

  it('lists the columns of the dataset', async () => {
    const text = 'dataset: { path: cases.csv, map: { who: | } }';
    assert.deepEqual(await labels(text, context), ['question', 'answer', 'Customer name']);
    assert.ok(
      (await labels('dataset:\n  path: cases.csv\n  map:\n    |\nprompt: "{{ who }}"', context)).includes('who'),
    );
  });

  it('lists anchors behind an asterisk', async () => {
    assert.deepEqual(await labels('x-a: &first { connect: 5s }\nendpoints:\n  - name: a\n    timeout: *|'), ['*first']);
  });

  it('offers the tags that there are', async () => {
    assert.deepEqual(await labels('tags: [smoke]\ncases:\n  - tags: [slow]\n  - tags: [|]'), ['smoke', 'slow']);
  });
});

describe('completion in templates', () => {
  const file = (prompt: string) =>
    `vars: { shop: Acme, user: { first: Ada, last: L }, items: [a, b] }\nprompt: ${prompt}\ncases:\n  - name: one\n    vars: { question: Why? }\n`;

  it('offers the variables with their values, and closes the braces', async () => {
    const found = await complete(file('"Hi {{ |"'));
    assert.deepEqual(
      found.map(({ label }) => label),
      ['shop', 'user', 'items', 'question'],
    );
    assert.match(found[3]?.documentation ?? '', /case `one`: `Why\?`/);
    assert.equal(await choose(file('"Hi {{ sh|"'), 'shop'), file('"Hi {{ shop }}"'));
    assert.equal(await choose(file('"Hi {{|}}"'), 'shop'), file('"Hi {{ shop }}"'));
    assert.equal(await choose(file('"Hi {{ que| }}!"'), 'question'), file('"Hi {{ question }}!"'));
    assert.equal(await choose(file('{{ |'), 'shop'), file('{{ shop }}'));
  });

  it('works in every style of text', async () => {
    for (const prompt of ["'{{ |'", '||\n  Hello {{ |', '>-\n  Hello\n\n  {{ |', 'Hello {{ |', '"line\n  {{ |"'])
      assert.ok((await labels(file(prompt))).includes('question'), prompt);
    assert.ok((await labels('vars: {a: 1}\nmessages: [{ role: user, content: "{{ |" }]')).includes('a'));
  });

  it('offers what lies in a variable', async () => {
    assert.deepEqual(await labels(file('"{{ user.| }}"')), ['first', 'last']);
    assert.equal((await labels(file('"{{ items.| }}"')))[0], 'length');
  });

  it('offers filters, tests, tags and loop variables', async () => {
    assert.ok((await labels(file('"{{ shop || | }}"'))).includes('upper'));
    assert.equal(await choose(file('"{{ shop |||"').replace('|||', '|| |'), 'upper'), file('"{{ shop | upper"'));
    assert.ok((await labels(file('"{% if shop is | %}"'))).includes('defined'));
    assert.deepEqual((await labels(file('"{% |"'))).slice(0, 3), ['if', 'for', 'set']);
    const loop = await labels(file('"{% for item in items %}{{ |"'));
    assert.deepEqual(loop.slice(0, 2), ['item', 'loop']);
    assert.ok(!(await labels(file('"{% for item in items %}{% endfor %}{{ |"'))).includes('item'));
    assert.deepEqual(await labels(file('"{% for |"')), []);
    assert.ok((await labels(file('"{% for x in |"'))).includes('items'));
  });

  it('puts what the case has before what only other cases have', async () => {
    const text = 'cases:\n  - vars: { a: 1 }\n    assert: [{ contains: "{{ |" }]\n  - vars: { b: 2 }\n';
    assert.deepEqual(await labels(text), ['a', 'expected', 'b']);
  });

  it('knows the columns of a dataset', async () => {
    const found = await labels('dataset: cases.csv\nprompt: "{{ |"', context);
    assert.ok(found.includes('question') && found.includes('answer'));
  });

  it('offers nothing inside the texts of a template', async () => {
    assert.deepEqual(await labels(file("'{{ shop || replace(\"|'")), []);
  });
});

describe('a text of several lines above the keys of a map', () => {
  it('is completed in the line of the cursor alone', async () => {
    const found = await complete('cases:\n  - one\n    an|\n    name: a\n');
    for (const { range } of found) assert.deepEqual(range.start, { line: 2, character: 4 });
    assert.ok(found.some(({ label }) => label === 'assert'));
  });
});

describe('snippets', () => {
  it('are plain once their stops are filled', () => {
    assert.equal(plain('a: ${1:b\\}c} $2 \\$0.50 ${3|x,y|}'), 'a: b}c  $0.50 x');
    assert.equal(edited('ab', []), 'ab');
  });
});
