import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Ajv from 'ajv';
import { parse as parseYaml } from 'yaml';
import { parseEvalFile } from '../../../src/core/spec/parse';
import { ASSERTION_TYPES } from '../../../src/core/spec/schema-assertion';
import { SCHEMA_FILES, schemaText } from '../../../src/core/spec/schema-files';
import { evalJsonSchema, workspaceJsonSchema, type EvalSpec } from '../../../src/core/spec/schema';
import { codes } from './marked';

const root = resolve(__dirname, '../../..');
const fixture = (name: string) => readFileSync(join(root, 'test/fixtures/spec', name), 'utf8');
const everything = fixture('everything.eval.yaml');

function validator(schema: object) {
  return new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(schema);
}

/** Every key that a schema knows, as paths such as `load.[].rate`. */
function keysOfSchema(schema: unknown, at = ''): string[] {
  if (schema === null || typeof schema !== 'object') return [];
  const { properties, items, anyOf } = schema as { properties?: object; items?: unknown; anyOf?: unknown[] };
  return [
    ...(anyOf ?? []).flatMap((option) => keysOfSchema(option, at)),
    ...keysOfSchema(items, `${at}[]`),
    ...Object.entries(properties ?? {}).flatMap(([key, value]) => [
      `${at}.${key}`,
      ...keysOfSchema(value, `${at}.${key}`),
    ]),
  ];
}

function keysOfData(data: unknown, at = ''): string[] {
  if (Array.isArray(data)) return data.flatMap((item) => keysOfData(item, `${at}[]`));
  if (data === null || typeof data !== 'object') return [];
  return Object.entries(data).flatMap(([key, value]) => [`${at}.${key}`, ...keysOfData(value, `${at}.${key}`)]);
}

describe('the JSON Schemas', () => {
  it('are committed as they are generated (npm run schema)', () => {
    for (const [name, schema] of Object.entries(SCHEMA_FILES))
      assert.equal(readFileSync(join(root, 'media/schema', name), 'utf8'), schemaText(schema()), name);
  });

  it('accept a file that uses every key, as does the parser', () => {
    const validate = validator(evalJsonSchema());
    const data: unknown = parseYaml(everything, { merge: true });
    assert.ok(validate(data), JSON.stringify(validate.errors, null, 1));
    const document = parseEvalFile(everything, '/w/everything.eval.yaml', {});
    assert.deepEqual(
      document.diagnostics.map(({ message }) => message),
      [],
    );
  });

  it('know no key that the fixture leaves out, so that a new key is tried at least once', () => {
    const used = new Set(keysOfData(parseYaml(everything, { merge: true })));
    const alternatives = new Set(['.prompt', '.messages', '.prompts[].prompt']);
    const isElsewhere = (key: string) => /^(?:\.judge\.|\.messages\[\]|\.load\.)/.test(key);
    const missing = keysOfSchema(evalJsonSchema()).filter(
      (key) => !used.has(key) && !alternatives.has(key) && !isElsewhere(key),
    );
    assert.deepEqual(missing, []);
    for (const type of Object.keys(ASSERTION_TYPES)) assert.ok(new RegExp(`\\b${type}\\b`).test(everything), type);
  });

  it('accept the workspace file, as does the parser', () => {
    const text = fixture('promptrig.yaml');
    const validate = validator(workspaceJsonSchema());
    assert.ok(validate(parseYaml(text)), JSON.stringify(validate.errors));
    const document = parseEvalFile(text, '/w/promptrig.yaml');
    assert.deepEqual(document.diagnostics, []);
    assert.equal(document.workspace?.defaults?.endpoint, 'vllm-fp8');
    assert.equal(document.workspace?.retention?.age, '90d');
  });

  it('refuse what the parser refuses', () => {
    const validate = validator(evalJsonSchema());
    for (const [text, code] of [
      ['prompt: 3', 'wrong-type'],
      ['promt: x', 'unknown-key'],
      ['prompt: x\nrepeat: 0', 'out-of-range'],
      ['prompt: x\nbudget: { cost: 5 }', 'wrong-type'],
      ['prompt: x\nload: { pattern: poison }', 'unknown-value'],
      ['prompt: x\nload: { pattern: sync, duration: 10 sec }', 'bad-unit'],
      ['prompt: x\ncases: [{ assert: [{ contain: x }] }]', 'unknown-assertion'],
      ['prompt: x\ncases: [{ assert: [{ contains: [x] }] }]', 'wrong-type'],
      ['prompt: x\ncases: [{ assert: [{ contains: x, icontains: y }] }]', 'assertion-form'],
      ['prompt: x\ncases: [{ assert: [{ type: contain }] }]', 'unknown-assertion'],
    ] as const) {
      assert.ok(!validate(parseYaml(text)), text);
      assert.ok(codes(parseEvalFile(text, 'x.eval.yaml')).includes(code), text);
    }
  });

  it('describe every key for hovers', () => {
    const undescribed: string[] = [];
    const walk = (schema: unknown, at: string): void => {
      if (schema === null || typeof schema !== 'object') return;
      const { properties, items, anyOf } = schema as {
        properties?: Record<string, { description?: string }>;
        items?: unknown;
        anyOf?: unknown[];
      };
      for (const option of anyOf ?? []) walk(option, at);
      walk(items, `${at}[]`);
      for (const [key, value] of Object.entries(properties ?? {})) {
        if (typeof value.description !== 'string' || value.description.length < 5) undescribed.push(`${at}.${key}`);
        walk(value, `${at}.${key}`);
      }
    };
    walk(evalJsonSchema(), '');
    walk(workspaceJsonSchema(), '');
    assert.deepEqual(undescribed, []);
  });

  it('give the static types: this does not compile where the two differ', () => {
    const spec: EvalSpec = {
      purpose: 'regression',
      endpoints: ['a', { name: 'b', api: 'sim', sim: { answer: 'echo', failure: { kind: 'stall' } } }],
      prompt: 'x',
      cases: [{ vars: { a: [1] }, assert: [{ contains: 'x' }, { type: 'ttft', threshold: 3 }] }],
      load: { pattern: 'poisson', rate: ['8/s'], slo: 'rag' },
      slo: ['rag', { expr: 'ttft <= 1s', severity: 'warning' }],
    };
    // @ts-expect-error: not a pattern
    const wrong: EvalSpec = { load: { pattern: 'poison' } };
    // @ts-expect-error: not a number
    const alsoWrong: EvalSpec = { repeat: '3' };
    assert.ok(spec.cases?.length === 1 && wrong !== alsoWrong);
  });
});
