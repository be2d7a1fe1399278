import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LanguageDocument } from '../../../src/core/language/language-document';
import { referencesAt, renameAt, renameTargetAt, type ParsedFile } from '../../../src/core/language/rename';
import type { LanguageContext } from '../../../src/core/language/types';
import { parseEvalFile } from '../../../src/core/spec/parse';
import { renderText } from '../../../src/core/spec/template';
import { edited, EVAL_PATH, marked } from './notation';

function parsed(text: string, path = EVAL_PATH): ParsedFile {
  return { document: new LanguageDocument(text, path), root: parseEvalFile(text, path).root };
}

async function rename(source: string, newName: string, context: LanguageContext = {}): Promise<string> {
  const { text, offset } = marked(source);
  const result = await renameAt(parsed(text), offset, newName, context);
  assert.ok(result.ok, result.ok ? '' : result.reason);
  return edited(text, result.edits.find(({ path }) => path === EVAL_PATH)?.edits ?? []);
}

async function refusal(
  source: string,
  newName: string,
  context: LanguageContext = {},
  path = EVAL_PATH,
): Promise<string> {
  const { text, offset } = marked(source);
  const result = await renameAt(parsed(text, path), offset, newName, context);
  assert.ok(!result.ok, 'it was renamed');
  return result.reason;
}

describe('renaming a variable', () => {
  it('changes its values and its uses in every part of the file', async () => {
    const text = `vars: { topic: x, "shop": y }
prompt: "{{ topic || upper }} {{ shop }} {{ other.topic }}"
prompts: [{ name: a, messages: [{ role: user, content: 'About {{topic}}' }] }]
assert: [{ contains: '{{ topic }}' }, { type: equals, value: "{{ topic }}" }]
cases:
  - vars: { topic: 1, other: { topic: 2 } }
    messages: [{ role: user, content: "{% if topic %}{{ topic.length }}{% endif %}" }]
    turns: [{ user: '{{ topic }}', assert: [{ assert-set: { assert: [{ regex: '{{ topic }}' }] } }] }]
    expected: 'is {{ topic }}'
    assert:
      - javascript: context.vars.topic === vars["topic"] && topic
      - llm-rubric: ||
          About {{ to|pic }},
          "topic", topic.
`;
    const after = await rename(text, 'subject');
    assert.equal(after.match(/subject/g)?.length, 14);
    assert.match(after, /^vars: \{ subject: x, "shop": y \}/);
    assert.match(after, /\{\{ subject \| upper \}\} \{\{ shop \}\} \{\{ other\.topic \}\}/);
    assert.match(after, /vars: \{ subject: 1, other: \{ topic: 2 \} \}/);
    assert.match(after, /context\.vars\.subject === vars\["subject"\] && topic/);
    assert.match(after, /About \{\{ subject \}\},\n {10}"topic", topic\./);
  });

  it('starts from a value as well as from a use, and keeps quotes', async () => {
    assert.equal(await rename('vars: { "a|": 1 }\nprompt: "{{ a }}"', 'b'), 'vars: { "b": 1 }\nprompt: "{{ b }}"');
    assert.equal(await rename("vars: { 'a': 1 }\nprompt: '{{ |a }}'", 'b'), "vars: { 'b': 1 }\nprompt: '{{ b }}'");
  });

  it('finds its way through escapes, folding, CRLF, tabs and characters of two units', async () => {
    const cases = [
      ['vars: {a: 1}\nprompt: "😀\\t\\u00e9 \\"{{ |a }}\\""', 'vars: {b: 1}\nprompt: "😀\\t\\u00e9 \\"{{ b }}\\""'],
      ["vars: {a: 1}\nprompt: 'it''s {{ |a }}'", "vars: {b: 1}\nprompt: 'it''s {{ b }}'"],
      [
        'vars: {a: 1}\r\nprompt: >-\r\n  one\r\n  {{ |a }} two\r\n\r\n  {{ a }}\r\n',
        'vars: {b: 1}\r\nprompt: >-\r\n  one\r\n  {{ b }} two\r\n\r\n  {{ b }}\r\n',
      ],
      ['vars: {a: 1}\nprompt: a\tb {{ |a }}\n', 'vars: {b: 1}\nprompt: a\tb {{ b }}\n'],
      ['vars: {a: 1}\nprompt: one\n  {{ |a }}\n  {{ a }}\n', 'vars: {b: 1}\nprompt: one\n  {{ b }}\n  {{ b }}\n'],
    ];
    for (const [before = '', after] of cases) assert.equal(await rename(before, 'b'), after);
  });

  it('leaves names alone that only look like it', async () => {
    const text =
      'vars: { a: 1, items: [1] }\nprompt: "{{ |a }} {% for a in items %}{{ a }}{% endfor %} {{ x || default(a=a) }} {{ {a: a}.a }} {{ \'a\' }} {# a #}"\n';
    assert.equal(
      await rename(text, 'b'),
      'vars: { b: 1, items: [1] }\nprompt: "{{ b }} {% for a in items %}{{ a }}{% endfor %} {{ x | default(a=b) }} {{ {a: b}.a }} {{ \'a\' }} {# a #}"\n',
    );
  });

  it('takes along a name that a template assigns, since both may be meant', async () => {
    const text = 'vars: { a: 1 }\nprompt: "{% if x is defined %}{% set a = 2 %}{% endif %}{{ |a }}"\n';
    assert.equal(
      await rename(text, 'b'),
      text.replace('|', '').replace('a: 1', 'b: 1').replace('set a', 'set b').replace('{{ a', '{{ b'),
    );
  });

  it('edits what is used by alias, and merged in, once and where it is written', async () => {
    const text =
      'x-p: &p "Hi {{ a }}"\nx-v: &v { a: 1 }\nprompt: *p\ncases:\n  - vars: { <<: *v }\n  - vars: { <<: *v, a: 2 }\n    assert: [{ contains: "{{ |a }}" }]\n';
    const after = await rename(text, 'b');
    assert.equal(after.match(/\bb\b/g)?.length, 4);
    assert.ok(after.includes('"Hi {{ b }}"') && after.includes('&v { b: 1 }'));
  });

  it('reaches into prompt files, messages in JSON and code', async () => {
    const files: Record<string, string> = {
      '/workspace/evals/p.txt': 'About\r\n{{ a }} {{ ab }}',
      '/workspace/evals/m.json': '[{"role": "user", "content": "é\\n{{ a }}"}, {"role": "user", "content": "{{a}}"}]',
      '/workspace/evals/c.js': 'module.exports = (output, { vars }) => vars.a > 1;',
    };
    const text =
      'vars: { |a: 1, ab: 2 }\nprompts: [file://p.txt, file://m.json, file://gone.txt]\nassert: [{ javascript: "file://c.js:grade" }]\n';
    const { text: source, offset } = marked(text);
    const result = await renameAt(parsed(source), offset, 'b', { readText: (path) => files[path] });
    assert.ok(result.ok);
    const after = Object.fromEntries(
      result.edits.map(({ path, edits }) => [path, edited(files[path] ?? source, edits)]),
    );
    assert.deepEqual(after, {
      [EVAL_PATH]: source.replace('a: 1', 'b: 1'),
      '/workspace/evals/p.txt': 'About\r\n{{ b }} {{ ab }}',
      '/workspace/evals/m.json': '[{"role": "user", "content": "é\\n{{ b }}"}, {"role": "user", "content": "{{b}}"}]',
      '/workspace/evals/c.js': 'module.exports = (output, { vars }) => vars.b > 1;',
    });
  });

  it('renames variables of a dataset where its columns have other names', async () => {
    const text =
      'dataset: { path: d.csv, map: { vars.name: Name, |q: Question, expected: A } }\nprompt: "{{ q }} {{ name }}"';
    assert.match(await rename(text, 'question'), /question: Question.*\{\{ question \}\}/s);
    assert.match(await rename(text.replace('|', '').replace('{{ name', '{{ |name'), 'who'), /vars\.who: Name/);
  });

  it('says why it does nothing', async () => {
    const file = 'vars: { |a: 1, b: 2 }\nprompt: "{{ a }} {% for i in b %}{{ i }}{{ a }}{% endfor %}"\n';
    assert.match(await refusal(file, 'b'), /already/);
    assert.match(await refusal(file, 'i'), /of its own/);
    assert.match(await refusal(file, '1x'), /no name/);
    assert.match(await refusal(file, 'x y'), /no name/);
    assert.match(await refusal(file, 'for'), /something else/);
    assert.match(await refusal(file, 'expected'), /something else/);
    assert.match(await refusal('na|me: x', 'b'), /Only variables/);
    assert.match(await refusal('vars: { |a: 1 }\nprompt: "{{ a "', 'b'), /cannot be read/);
    assert.match(
      await refusal('vars: { |context: 1 }\nprompt: hi\nassert: [{ context-recall: x }]', 'b'),
      /by these names/,
    );
    assert.match(await refusal('vars: { |a: 1 }\nprompt: "{{ \\x61 }} {{ a }}"', 'b'), /escape/);
    const columns: LanguageContext = { datasetColumns: () => ['q', 'other'] };
    assert.match(await refusal('dataset: d.csv\nprompt: "{{ |q }}"', 'b', columns), /column of d\.csv/);
    assert.match(
      await refusal('dataset: d.csv\nvars: { |a: 1 }\nprompt: "{{ a }}"', 'other', columns),
      /column of d\.csv/,
    );
    assert.match(await refusal('dataset: d.jsonl\nprompt: "{{ |q }}"', 'b'), /dataset/);
    assert.match(await refusal('prompts: ["{{ |a }}"]', 'b', {}, '/w/promptfooconfig.yaml'), /as they are/);
  });

  it('says beforehand what it would rename', () => {
    const { text, offset } = marked('vars: { shop: x }\nprompt: "{{ sh|op }}"');
    const target = renameTargetAt(parsed(text), offset);
    assert.deepEqual(target, {
      ok: true,
      name: 'shop',
      range: { start: { line: 1, character: 12 }, end: { line: 1, character: 16 } },
    });
  });
});

describe('references of a variable', () => {
  it('are its values and its uses, in imported files as well', async () => {
    const { text, offset } = marked(
      'prompts: ["{{ top|ic }}"]\ndefaultTest: { vars: { topic: a } }\ntests:\n  - vars: { topic: x }\n    assert: [{ type: equals, value: "{{topic}}" }]\n',
    );
    const found = await referencesAt(parsed(text, '/w/promptfooconfig.yaml'), offset);
    assert.deepEqual([found?.name, found?.definitions.length, found?.uses.length], ['topic', 2, 2]);
  });

  it('are none where there is no variable', async () => {
    const { text, offset } = marked('name: x|');
    assert.equal(await referencesAt(parsed(text), offset), undefined);
  });
});

describe('renaming and renaming back', () => {
  const NAMES = ['a', 'b', 'topic', 'user', 'items'];
  const template = fc
    .array(
      fc.oneof(
        fc.constantFrom(...NAMES).map((name) => `{{ ${name} }}`),
        fc.constantFrom(...NAMES).map((name) => `{{${name}|upper}}`),
        fc.constantFrom(...NAMES).map((name) => `{% if ${name} %}${name}{% endif %}`),
        fc.constantFrom(...NAMES).map((name) => `{% for ${name} in items %}{{ ${name} }},{% endfor %}`),
        fc.constantFrom(...NAMES).map((name) => `{% set ${name} = 'set' %}{{ ${name} }}`),
        fc.constantFrom(...NAMES).map((name) => `{{ user.${name} }}`),
        fc.constantFrom(...NAMES).map((name) => `{{ x | default(${name}) }}`),
        fc.constantFrom('text ', 'a b topic ', '{{ "a" }}', "it's ", '😀 ', '"q" '),
      ),
      { minLength: 1, maxLength: 5 },
    )
    .map((parts) => parts.join(''));
  const style = fc.constantFrom(
    (text: string) => JSON.stringify(text),
    (text: string) => `'${text.replaceAll("'", "''")}'`,
    (text: string) => `|\n            ${text}`,
    (text: string) => `>-\n            ${text}\n            ${text}`,
  );
  const written = fc.tuple(template, style).map(([text, write]) => write(text));
  const values = fc
    .subarray(
      NAMES.filter((name) => name !== 'items'),
      { minLength: 1 },
    )
    .map(
      (names) =>
        `{ ${[...names, 'items'].map((name) => (name === 'items' ? 'items: [p, q]' : name === 'user' ? 'user: { a: ua, b: ub, topic: ut, user: uu, items: ui }' : `${name}: v-${name}`)).join(', ')} }`,
    );
  const file = fc
    .record({
      prompt: written,
      fileVars: values,
      cases: fc.array(fc.record({ vars: values, content: written, value: written }), { minLength: 1, maxLength: 3 }),
    })
    .map(
      ({ prompt, fileVars, cases }) =>
        `vars: ${fileVars}\nprompt: ${prompt}\ncases:\n` +
        cases
          .map(
            ({ vars, content, value }) =>
              `  - vars: ${vars}\n    messages:\n      - role: user\n        content: ${content}\n    assert:\n      - contains: ${value}\n`,
          )
          .join(''),
    );

  it('is no change, and every template renders the same in between', async () => {
    await fc.assert(
      fc.asyncProperty(file, fc.constantFrom(...NAMES), async (text, name) => {
        const value = name === 'items' ? '[p' : name === 'user' ? '{ a: ua' : `v-${name}`;
        const place = text.indexOf(`${name}: ${value}`);
        if (place < 0) return;
        const there = await renameAt(parsed(text), place, 'renamed');
        assert.ok(there.ok, there.ok ? '' : `${there.reason}\n${text}`);
        const between = edited(text, there.edits[0]?.edits ?? []);
        assert.deepEqual(rendered(between), rendered(text), `${name} in\n${text}\nbecame\n${between}`);
        const back = await renameAt(parsed(between), between.indexOf('renamed'), name);
        assert.ok(back.ok, back.ok ? '' : `${back.reason}\n${between}`);
        assert.equal(edited(between, back.edits[0]?.edits ?? []), text);
      }),
      { numRuns: 60 },
    );
  });
});

/** What the templates of a file come to; undefined variables as their number. */
function rendered(text: string): unknown[] {
  const { spec, diagnostics } = parseEvalFile(text, EVAL_PATH);
  assert.ok(spec, `${text}\n${diagnostics.map(({ message }) => message).join('\n')}`);
  const out: unknown[] = [];
  for (const item of spec.cases ?? []) {
    const vars = { ...spec.vars, ...item.vars };
    const texts = [
      spec.prompt ?? '',
      ...(item.messages ?? []).map(({ content }) => content),
      ...(item.assert ?? []).flatMap((assertion) => Object.values(assertion).map(String)),
    ];
    for (const source of texts) {
      const result = renderText(source, vars);
      out.push(result.ok ? result.text : result.problems.map(({ code }) => code));
    }
  }
  return out;
}
