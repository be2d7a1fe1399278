import assert from 'node:assert/strict';
import type { AssertionPlan } from '../../../src/protocol/plan';
import { splitList } from '../../../src/core/spec/foreign/promptfoo/shorthand';
import { parseShorthand } from '../../../src/core/spec/foreign/promptfoo/shorthand';
import { asserting, assertionsOf, config, imported, planOf, said, type ImportOptions } from './importing';

/** What matters of an assertion, for comparing. */
function brief({ type, negate, value, threshold }: AssertionPlan): unknown[] {
  return [(negate ? 'not-' : '') + type, value, ...(threshold === undefined ? [] : [threshold])];
}

async function briefs(assertions: string, options: ImportOptions = {}): Promise<unknown[][]> {
  return (await assertionsOf(asserting(assertions), options)).map(brief);
}

describe('assertions of promptfoo', () => {
  it('keep their names, values, thresholds, weights and metrics', async () => {
    const all = await assertionsOf(
      asserting(
        [
          '- { type: equals, value: hi }',
          '- { type: not-icontains, value: "{{word}}!", weight: 2, metric: tone }',
          '- { type: regex, value: "\\\\d+" }',
          '- { type: equals, value: { a: 1 } }',
          '- { type: starts-with, value: Dear }',
          '- { type: is-html }',
          '- { type: finish-reason, value: stop }',
          '- { type: latency, threshold: 3000 }',
          '- { type: cost, threshold: 0.002 }',
        ].join('\n'),
      ),
    );
    assert.deepEqual(all.map(brief), [
      ['equals', 'hi'],
      ['not-icontains', 'hi!'],
      ['regex', '\\d+'],
      ['equals', { a: 1 }],
      ['starts-with', 'Dear'],
      ['is-html', undefined],
      ['finish-reason', 'stop'],
      ['latency', undefined, 3000],
      ['cost', undefined, 0.002],
    ]);
    assert.deepEqual([all[1]?.weight, all[1]?.name], [2, 'tone']);
  });

  it('have the thresholds that promptfoo gives them', async () => {
    const all = await briefs(
      ['similar', 'rouge-n', 'bleu', 'levenshtein', 'g-eval', 'context-recall']
        .map((type) => `- { type: ${type}, value: x }`)
        .concat('- { type: similar, value: x, threshold: 0.9 }', '- { type: answer-relevance }')
        .join('\n'),
    );
    assert.deepEqual(all, [
      ['similar', 'x', 0.75],
      ['rouge-n', 'x', 0.75],
      ['bleu', 'x', 0.5],
      ['levenshtein', 'x', 5],
      ['g-eval', 'x', 0.7],
      ['context-recall', 'x', 0],
      ['similar', 'x', 0.9],
      ['answer-relevance', undefined, 0],
    ]);
  });

  it('go by the native name where they have another, and read the values that promptfoo reads', async () => {
    const all = await briefs(
      [
        '- { type: model-graded-factuality, value: x }',
        '- { type: "similar:cosine", value: [a, b] }',
        `- { type: contains-any, value: 'a, "b, c",d' }`,
        '- { type: icontains-all, value: [a, 2] }',
        '- { type: word-count, value: "5" }',
        '- { type: word-count, value: { min: 2 } }',
        `- { type: is-json, value: '{"type": "object"}' }`,
        '- { type: llm-rubric, value: { question: x } }',
      ].join('\n'),
    );
    assert.deepEqual(all, [
      ['factuality', 'x'],
      ['similar', ['a', 'b'], 0.75],
      ['contains-any', ['a', 'b, c', 'd']],
      ['icontains-all', ['a', 2]],
      ['word-count', 5],
      ['word-count', { min: 2 }],
      ['is-json', { type: 'object' }],
      ['llm-rubric', '{"question":"x"}'],
    ]);
  });

  it('read values from files', async () => {
    const files = {
      '/w/evals/expected.txt': '\nParis\n',
      '/w/evals/schema.json': '{"type": "array"}',
      '/w/evals/list.yaml': '[a, b]',
      '/w/evals/check.js': 'module.exports = () => true;',
    };
    const all = await assertionsOf(
      asserting(
        [
          '- { type: equals, value: file://expected.txt }',
          '- { type: is-json, value: file://schema.json }',
          '- { type: contains-any, value: file://list.yaml }',
          '- { type: contains-all, value: [x, file://expected.txt] }',
          '- { type: javascript, value: "file://check.js:named" }',
        ].join('\n'),
      ),
      { files },
    );
    assert.deepEqual(all.slice(0, 4).map(brief), [
      ['equals', 'Paris'],
      ['is-json', { type: 'array' }],
      ['contains-any', ['a', 'b']],
      ['contains-all', ['x', 'Paris']],
    ]);
    assert.deepEqual(all[4]?.code, { source: 'module.exports = () => true;', file: 'check.js', exportName: 'named' });
  });

  it('of code are one expression or one function body, with their templates rendered', async () => {
    const all = await assertionsOf(
      asserting(
        [
          '- { type: javascript, value: "output.length > 3;" }',
          '- { type: javascript, value: "const n = output.length; n > 3" }',
          `- { type: javascript, value: "const s = 'a;b'; s === output" }`,
          '- { type: not-javascript, value: "output.includes(\'{{word}}\')", threshold: 0.5, config: { a: 1 } }',
          '- type: javascript',
          '  value: |',
          '    const n = 1;',
          '    return n > 0;',
        ].join('\n'),
      ),
    );
    assert.deepEqual(
      all.map(({ code }) => code?.source),
      [
        'output.length > 3',
        'const n = output.length; return n > 3',
        "const s = 'a;b'; return s === output",
        "output.includes('hi')",
        'const n = 1;\nreturn n > 0;',
      ],
    );
    assert.deepEqual([all[3]?.negate, all[3]?.threshold, all[3]?.config], [true, 0.5, { a: 1 }]);
  });

  it('may be sets, with a weight of nothing, and after a transform', async () => {
    const [set, shown, transformed] = await assertionsOf(
      asserting(
        [
          '- type: assert-set',
          '  threshold: 0.5',
          '  metric: both',
          '  assert: [{ type: contains, value: a }, { type: python, value: x }]',
          '- { type: contains, value: a, weight: 0 }',
          '- { type: contains, value: a, transform: output.trim() }',
        ].join('\n'),
      ),
    );
    assert.deepEqual([set?.type, set?.threshold, set?.name], ['assert-set', 0.5, 'both']);
    assert.deepEqual(
      set?.members?.map(({ type, skip }) => [type, skip]),
      [
        ['contains', undefined],
        ['python', 'Python code is not run here'],
      ],
    );
    assert.deepEqual([shown?.weight, shown?.severity], [0, 'info']);
    assert.equal(transformed?.transform?.source, 'output.trim()');
  });

  it('without a counterpart are skipped with the reason, at their line', async () => {
    const types = [
      ...['python', 'ruby', 'webhook', 'classifier', 'moderation', 'select-best', 'max-score', 'pi', 'guardrails'],
      ...[
        'is-valid-function-call',
        'perplexity',
        'gleu',
        'meteor',
        'human',
        'trajectory:tool-used',
        'trace-span-count',
      ],
      ...['similar:dot', 'search-rubric', 'agent-rubric', 'promptfoo:redteam:pii', 'not-python', 'brand-new'],
    ];
    const { plan, diagnostics } = await imported(
      asserting(types.map((type) => `- { type: "${type}", value: x }`).join('\n')),
    );
    const assertions = plan?.targets[0]?.cases[0]?.assertions ?? [];
    assert.deepEqual(
      assertions.map(({ type, negate }) => (negate ? 'not-' : '') + type),
      types,
    );
    assert.ok(assertions.every(({ skip }) => (skip ?? '').length > 10));
    const reasons = said(diagnostics);
    types.forEach((type, index) =>
      assert.ok(
        reasons[index]?.startsWith(`${index + 6} warning foreign-skipped: "${type}" is not run: `),
        reasons[index],
      ),
    );
    assert.equal(assertions.at(-1)?.skip, 'it is no assertion that is known here');
  });

  it('are skipped as well where code makes their value, their context or what they look at', async () => {
    const all = await assertionsOf(
      asserting(
        [
          '- { type: contains, value: file://make.py }',
          '- { type: contains, value: file://make.js }',
          '- { type: javascript, value: file://check.ts }',
          '- { type: javascript, value: "package:mine:check" }',
          '- { type: context-recall, value: x, contextTransform: output.context }',
          '- { type: contains, value: x, transform: file://clean.py }',
          '- { type: contains, value: "{{env.SECRET_TOKEN}}" }',
          '- { type: llm-rubric, value: x, rubricPrompt: file://rubric.js }',
        ].join('\n'),
      ),
    );
    assert.deepEqual(
      all.map(({ skip }) => skip?.split(/[:(]/)[0]?.trim()),
      [
        'its value is computed',
        'its value is computed',
        'TypeScript is not run here; compile it to JavaScript',
        'code of a package is not run here',
        'code takes its context out of the answer',
        'its transform is not run',
        'it reads the environment variable SECRET_TOKEN, which would end up in the results',
        'code makes no grading prompts here',
      ],
    );
  });

  it('that are broken are errors at their line', async () => {
    const { plan, diagnostics } = await imported(
      asserting(
        [
          '- { type: contains }',
          '- { value: x }',
          '- { type: cost }',
          '- { type: regex, value: "(" }',
          '- { type: contains-any, value: [] }',
          '- { type: contains, value: [a] }',
          '- just text',
        ].join('\n'),
      ),
    );
    assert.equal(plan, null);
    assert.deepEqual(
      diagnostics.filter(({ severity }) => severity === 'error').map(({ code, range }) => [range.start.line + 1, code]),
      [
        [6, 'missing-value'],
        [7, 'wrong-type'],
        [8, 'missing-value'],
        [9, 'bad-regex'],
        [10, 'missing-value'],
        [11, 'wrong-type'],
      ],
    );
  });

  it('of templates are found by reference, with their own keys before those of the template', async () => {
    const text = config(
      `  - vars: { word: hi }
    assert:
      - $ref: '#/assertionTemplates/short'
      - { $ref: '#/assertionTemplates/says', weight: 3 }
      - $ref: 'shared.yaml#/polite'
      - $ref: '#/assertionTemplates/gone'`,
      `assertionTemplates:
  short: { type: javascript, value: output.length < 9 }
  says: { type: contains, value: '{{word}}', weight: 2 }`,
    );
    const { document, plan, diagnostics } = await imported(text, {
      files: { '/w/evals/shared.yaml': 'polite: { type: icontains, value: please }' },
    });
    assert.equal(plan, null);
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    assert.deepEqual(said(errors), [
      '12 error unknown-reference: "$ref: #/assertionTemplates/gone" leads to nothing; it is a path in this file such as "#/assertionTemplates/name".',
    ]);
    assert.equal(document.rangeOf('/cases/0/assert/1')?.start.line, 9);
    const fixed = await assertionsOf(text.replace(/\n.*gone'/, ''), {
      files: { '/w/evals/shared.yaml': 'polite: { type: icontains, value: please }' },
    });
    assert.deepEqual(
      fixed.map((assertion) => [...brief(assertion), assertion.weight]),
      [
        ['javascript', 'output.length < 9', 1],
        ['contains', 'hi', 3],
        ['icontains', 'please', 1],
      ],
    );
  });
});

describe('graders of promptfoo', () => {
  const rubric = '- { type: llm-rubric, value: x }';

  it('are the judge of the file where all assertions share one, by name where it is asked as well', async () => {
    const shared = await planOf(
      asserting(rubric, 'defaultTest: { options: { provider: { id: openai:gpt-4.1, config: { temperature: 0.2 } } } }'),
    );
    assert.equal(shared.judge?.endpoint.model, 'gpt-4.1');
    assert.deepEqual(shared.judge?.params, { temperature: 0.2, max_tokens: 1024 });
    const named = await planOf(
      asserting(rubric, 'defaultTest: { options: { provider: openai:a } }').replace('[echo]', '[openai:a, echo]'),
    );
    assert.equal(named.judge?.endpoint.name, 'openai:a');
  });

  it('are kept apart where they differ: by assertion, by test, and for embeddings', async () => {
    const typed = '{ text: openai:gpt-4.1, embedding: "openai:embedding:text-embedding-3-small" }';
    const [own, ofTest, similar] = await assertionsOf(
      config(
        `  - vars: { word: hi }
    options: { provider: ${typed} }
    assert:
      - { type: llm-rubric, value: x, provider: anthropic:messages:claude-x }
      - { type: factuality, value: x }
      - { type: similar, value: x }`,
        'defaultTest: { options: { provider: openai:other } }',
      ),
    );
    assert.equal(own?.judge?.endpoint.model, 'claude-x');
    assert.equal(ofTest?.judge?.endpoint.model, 'gpt-4.1');
    assert.equal(similar?.judge?.endpoint.model, 'text-embedding-3-small');
    assert.deepEqual(similar?.judge?.params, {});
  });

  it('that cannot be asked skip what they would grade', async () => {
    const [assertion] = await assertionsOf(
      asserting(rubric, 'defaultTest: { options: { provider: python:grade.py } }'),
    );
    assert.match(assertion?.skip ?? '', /^its grader "python:grade.py" is not asked: /);
  });

  it('may have a prompt of their own, in place, as messages and in a file', async () => {
    const files = {
      '/w/evals/grade.yaml': '- { role: user, content: "Grade {{output}}" }\n',
      '/w/evals/grade.txt': 'G {{output}}',
    };
    const [text, messages, yaml, plain] = await assertionsOf(
      asserting(
        [
          '- { type: llm-rubric, value: x, rubricPrompt: "Grade {{output}} by {{rubric}}" }',
          '- { type: llm-rubric, value: x, rubricPrompt: [{ role: system, content: Grade }] }',
          '- { type: llm-rubric, value: x, rubricPrompt: file://grade.yaml }',
          '- { type: llm-rubric, rubricPrompt: file://grade.txt }',
        ].join('\n'),
      ),
      { files },
    );
    assert.equal(text?.rubricPrompt, 'Grade {{output}} by {{rubric}}');
    assert.equal(messages?.rubricPrompt, '[{"role":"system","content":"Grade"}]');
    assert.equal(yaml?.rubricPrompt, '[{"role":"user","content":"Grade {{output}}"}]');
    assert.equal(plain?.rubricPrompt, 'G {{output}}');
  });
});

describe('assertions in a cell of a table', () => {
  it('are read as promptfoo reads them', () => {
    const cells: [string, unknown][] = [
      ['Paris', { type: 'equals', value: 'Paris' }],
      ['contains: refund', { type: 'contains', value: 'refund' }],
      ['not-icontains:sorry', { type: 'not-icontains', value: 'sorry' }],
      ['contains-any: a, "b, c"', { type: 'contains-any', value: ['a', 'b, c'] }],
      ['fn:output.length < 9', { type: 'javascript', value: 'output.length < 9' }],
      ['javascript: true', { type: 'javascript', value: 'true' }],
      ['eval:output === "x"', { type: 'javascript', value: 'output === "x"' }],
      ['file://check.js:one', { type: 'javascript', value: 'file://check.js:one' }],
      ['python: len(output)', { type: 'python', value: 'len(output)' }],
      ['file://check.py', { type: 'python', value: 'file://check.py' }],
      ['grade: is polite', { type: 'llm-rubric', value: 'is polite' }],
      ['llm-rubric: is polite', { type: 'llm-rubric', value: 'is polite' }],
      ['similar(0.7): hello', { type: 'similar', value: 'hello', threshold: 0.7 }],
      ['similar: hello', { type: 'similar', value: 'hello', threshold: 0.8 }],
      ['levenshtein(3): hello', { type: 'levenshtein', value: 'hello', threshold: 3 }],
      ['latency(1000)', { type: 'latency', threshold: 1000 }],
      ['rouge-n: hello', { type: 'rouge-n', value: 'hello', threshold: 0.75 }],
      ['is-json', { type: 'is-json' }],
      ['is-json: {"type": "object"}', { type: 'is-json', value: '{"type": "object"}' }],
      ['trajectory:goal-success: done', { type: 'trajectory:goal-success', value: 'done' }],
      ['time: noon', { type: 'equals', value: 'time: noon' }],
    ];
    for (const [cell, expected] of cells) assert.deepEqual(parseShorthand(cell), expected, cell);
  });

  it('have lists with quotes', () => {
    const lists: [string, string[]][] = [
      ['a,b', ['a', 'b']],
      [' a , , b ', ['a', 'b']],
      ['"a, b",c', ['a, b', 'c']],
      ['"say ""hi""", "a\\"b"', ['say "hi"', 'a"b']],
      ['"open', ['"open']],
      ['', []],
    ];
    for (const [text, expected] of lists) assert.deepEqual(splitList(text), expected, text);
  });
});
