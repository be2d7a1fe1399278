import assert from 'node:assert/strict';
import fc from 'fast-check';
import { importFile } from '../../../src/core/spec/foreign/import/import-file';
import { splitList, parseShorthand } from '../../../src/core/spec/foreign/promptfoo/shorthand';
import { parseEvalFile } from '../../../src/core/spec/parse';
import type { Json } from '../../../src/protocol/plan';
import { CONFIG, imported, PROMPT } from './importing';

const FILES: Record<string, string> = {
  '/w/evals/a.txt': 'One {{word}}\n---\nTwo {{x.y}} {% if z %}{{z}}{% endif %}\n',
  '/w/evals/a.json': '[{"role": "user", "content": "{{word}}"}]',
  '/w/evals/a.yaml': '- { vars: { word: hi }, assert: [{ type: contains, value: h }] }\n- file://a.yaml\n- 5\n',
  '/w/evals/a.csv': 'word,__expected,__threshold\nhi,contains: h,x\n"a\nb",fn: true\n',
  '/w/evals/a.jsonl': '{"vars": {"word": 1}}\nno\n',
  '/w/evals/broken.yaml': 'a: [\n',
};

const KEYS = [
  ...[
    'prompts',
    'providers',
    'targets',
    'tests',
    'scenarios',
    'defaultTest',
    'assertionTemplates',
    'env',
    'description',
  ],
  ...[
    'id',
    'raw',
    'label',
    'config',
    'prompts',
    'transform',
    'vars',
    'assert',
    'options',
    'threshold',
    'metadata',
    'provider',
  ],
  ...[
    'type',
    'value',
    'weight',
    'metric',
    'rubricPrompt',
    'contextTransform',
    '$ref',
    'path',
    'function',
    'text',
    'embedding',
  ],
  ...['apiKey', 'apiBaseUrl', 'headers', 'tools', 'cost', 'passthrough', 'prefix', 'suffix', 'repeat', 'storeOutputAs'],
  ...['conversationId', 'word', 'x', '__proto__', 'constructor', 'evaluateOptions', 'tags', 'providerOutput'],
  ...[
    'name',
    'model',
    'modelParameters',
    'messages',
    'role',
    'content',
    'testData',
    'evaluators',
    'string',
    'llm',
    'uses',
  ],
  ...[
    'equals',
    'startsWith',
    'choices',
    'choice',
    'score',
    'modelId',
    'prompt',
    'systemPrompt',
    'responseFormat',
    'jsonSchema',
  ],
];
const WORDS = [
  ...[
    '',
    'Say {{word}}',
    '{{',
    '{% for a in _conversation %}',
    '{{env.X}}',
    '{{ x.y.z }}',
    'a, "b',
    'not-contains',
    'contains',
  ],
  ...[
    'is-json',
    'javascript',
    'llm-rubric',
    'similar',
    'assert-set',
    'python',
    'latency',
    'regex',
    '(',
    'openai:gpt-4.1',
    'echo',
  ],
  ...[
    'azure:chat:d',
    'ollama:x',
    'http://x/chat/completions',
    'file://a.txt',
    'file://a.json',
    'a.yaml',
    'file://a.csv',
  ],
  ...[
    'file://a.jsonl',
    'file://gone.txt',
    'file://*.yaml',
    'file://x.py:f',
    'file://x.js',
    '#/tests/0',
    '#/defaultTest',
    'a.yaml#/0',
  ],
  ...[
    '#',
    'sk-abcdef',
    '[{"role": "user", "content": "{{word}}"}]',
    '- role: user',
    'user',
    'system',
    'json_schema',
    '{"name":1}',
  ],
];

const scalar: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(...WORDS),
  fc.constantFrom<Json>(null, true, false, 0, 1, -1, 0.5, 1e9),
  fc.string({ maxLength: 8 }),
);
const shape = fc.letrec<{ node: Json }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('node'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...KEYS), tie('node'), { maxKeys: 5 }).map((map) => ({ ...map })),
  ),
})).node;

/** Maps with the keys of a configuration, each of any shape. */
const configuration = fc.record<Record<string, Json>>(
  {
    prompts: fc.oneof(shape, fc.constantFrom<Json>(['Say {{word}}'], ['file://a.txt'])),
    providers: fc.oneof(shape, fc.constantFrom<Json>(['echo'])),
    tests: fc.oneof(
      shape,
      fc.array(fc.record({ vars: shape, assert: fc.array(shape, { maxLength: 3 }) }), { maxLength: 3 }),
    ),
    defaultTest: shape,
    scenarios: fc.oneof(shape, fc.array(fc.record({ config: shape, tests: shape }), { maxLength: 2 })),
    env: shape,
    evaluateOptions: shape,
    assertionTemplates: shape,
  },
  { requiredKeys: [] },
);
const promptFile = fc.record<Record<string, Json>>(
  {
    name: scalar,
    model: scalar,
    modelParameters: shape,
    messages: fc.oneof(shape, fc.array(fc.record({ role: scalar, content: scalar }), { maxLength: 3 })),
    testData: fc.oneof(shape, fc.array(shape, { maxLength: 3 })),
    evaluators: fc.oneof(
      shape,
      fc.array(fc.record({ string: shape, llm: shape, uses: scalar }, { requiredKeys: [] }), { maxLength: 3 }),
    ),
    responseFormat: scalar,
    jsonSchema: shape,
  },
  { requiredKeys: [] },
);

const io = {
  readFile: (name: string) => {
    const content = FILES[name];
    return content === undefined
      ? Promise.reject(Object.assign(new Error('gone'), { code: 'ENOENT' }))
      : Promise.resolve(content);
  },
  glob: () => Promise.resolve(['/w/evals/a.yaml', '/w/evals/broken.yaml']),
};

describe('importing files of any shape', () => {
  for (const [kind, path, arbitrary] of [
    ['promptfoo', CONFIG, configuration],
    ['github-models', PROMPT, promptFile],
  ] as const) {
    it(`never fails on ${kind}, and runs or explains every assertion`, async () => {
      await fc.assert(
        fc.asyncProperty(arbitrary, async (data) => {
          const text = JSON.stringify(data);
          const { document, plan, diagnostics } = await imported(text, { path, files: FILES });
          assert.equal(document.kind, kind);
          for (const { range, message } of diagnostics) {
            assert.ok(range.start.line >= 0 && message.length > 0);
            assert.ok(!message.includes('undefined-variable: '));
          }
          if (plan === null)
            assert.ok(
              diagnostics.some(({ severity }) => severity !== 'info'),
              text,
            );
          for (const target of plan?.targets ?? [])
            for (const item of target.cases) {
              assert.ok(document.rangeOf(item.pointer) !== undefined || item.pointer.startsWith('/cases/'));
              for (const { skip, type } of item.assertions) assert.ok(skip === undefined ? type !== '' : skip !== '');
            }
          for (const { pointer } of document.outline.cases) assert.equal(typeof document.nodeHash(pointer), 'string');
        }),
        { numRuns: 120 },
      );
    });

    it(`writes nothing of ${kind} that our own parser refuses`, async () => {
      await fc.assert(
        fc.asyncProperty(arbitrary, async (data) => {
          const { text, diagnostics } = await importFile(JSON.stringify(data), path, '/w/evals/out.eval.yaml', io);
          assert.ok(diagnostics.every(({ path: place }) => place !== '/w/evals/out.eval.yaml'));
          if (text === null) return;
          const errors = parseEvalFile(text, '/w/evals/out.eval.yaml').diagnostics.filter(
            ({ severity }) => severity === 'error',
          );
          assert.deepEqual(errors, [], text);
        }),
        { numRuns: 100 },
      );
    });
  }

  it('never fails on a text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        for (const path of [CONFIG, PROMPT]) assert.ok(parseEvalFile(text, path).outline.name !== '');
      }),
      { numRuns: 300 },
    );
  });

  it('reads every cell of a table', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (cell) => {
        assert.equal(typeof parseShorthand(cell).type, 'string');
        assert.ok(splitList(cell).every((item) => typeof item === 'string'));
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1, maxLength: 8 }), { maxLength: 4 }), (items) => {
        const quoted = items.map((item) => `"${item.replace(/(["\\])/g, '\\$1')}"`).join(', ');
        assert.deepEqual(splitList(quoted), items);
      }),
    );
  });
});
