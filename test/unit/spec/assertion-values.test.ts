import assert from 'node:assert/strict';
import Ajv from 'ajv';
import { parse as parseYaml } from 'yaml';
import { normalizeAssertion } from '../../../src/core/spec/assertions';
import { parseEvalFile } from '../../../src/core/spec/parse';
import { evalJsonSchema } from '../../../src/core/spec/schema';
import type { AssertionSpec } from '../../../src/core/spec/schema-assertion';
import { codes, expectAt } from './marked';

const inCase = (assertion: string) =>
  `prompt: "hi {{ list }} {{ n }}"\ncases: [{ name: a, vars: { list: x, n: 3 }, assert: [${assertion}] }]\n`;

describe('values of assertions', () => {
  const accepted = [
    'contains-any: [a, 1, true]',
    'contains-any: "a, b"',
    'contains-any: file://texts.txt',
    'contains-all: "{{ list }}"',
    'icontains-any: refund',
    'word-count: 12',
    'word-count: "12"',
    'word-count: "{{ n }}"',
    'word-count: { min: 1 }',
    'word-count: { min: 1, max: "{{ n }}" }',
    'is-json: { type: object }',
    'is-json: file://schema.json',
    'is-json: \'{"type": "object"}\'',
    'is-json: "type: object"',
    'contains-json:',
    'is-xml: root.item',
    'contains-xml: [a, b]',
    'contains-xml: { requiredElements: [a] }',
    'is-html:',
    'not-contains-html: true',
    'is-sql:',
    'is-sql: { databaseType: postgresql, allowedTables: ["select::(.*)::users"] }',
    'contains-sql: { allowedColumns: [] }',
    'tool-call: get_weather',
    'tool-call: { name: get_weather }',
    'tool-call: { name: get_weather, arguments: { required: [city] } }',
    'tool-call: { name: get_weather, arguments: true }',
    'tool-call: file://call.yaml',
    'finish-reason: stop',
    'finish-reason: [stop, length]',
    'type: levenshtein, value: a, threshold: 12',
    'type: rouge-n, value: 3, threshold: 1',
    'type: bleu, value: [a, b], threshold: 0',
    'cost: $0.002',
    'type: cost, threshold: 0.002',
    'itl: 50ms',
    'output-tokens: 100',
    'type: assert-set, threshold: 0.5, assert: [{ contains: a }]',
    'type: contains, value: a, weight: 0',
  ];
  for (const written of accepted) {
    it(`${written} is one`, () => {
      const unsupported = codes(parseEvalFile(inCase(`{ ${written} }`), 'x.eval.yaml', {}));
      assert.deepEqual(
        [...new Set(unsupported)].filter((code) => code !== 'not-supported-yet'),
        [],
      );
    });
  }

  const refused: [source: string, code: string, says?: RegExp][] = [
    ['contains-any: «[]»', 'empty-list'],
    ['contains-any: [a, «""»]', 'empty-text', /Every answer contains/],
    ['contains-any: «" , "»', 'empty-text'],
    ["contains-any: «'\"a'»", 'bad-list', /the quote at character 1 is never closed/],
    ['contains-any: [a, «{ b: 1 }»]', 'wrong-type'],
    ['contains-any: «{ a: 1 }»', 'wrong-type', /list of texts/],
    ['word-count: «many»', 'wrong-type'],
    ['word-count: «-1»', 'out-of-range'],
    ['word-count: «1.5»', 'out-of-range'],
    ['word-count: { min: «3», max: 2 }', 'out-of-range', /at least 3 and at most 2/],
    ['word-count: { max: «[1]» }', 'wrong-type'],
    ['word-count: «{}»', 'missing-key'],
    ['word-count: { min: 1, «maxx»: 2 }', 'unknown-key', /Did you mean "max"/],
    ['is-json: «just text»', 'wrong-type'],
    ['is-json: «[1]»', 'wrong-type'],
    ['is-xml: { requiredElements: «a» }', 'wrong-type'],
    ['is-xml: { «elements»: [a] }', 'unknown-key'],
    ['is-html: «yes please»', 'wrong-type'],
    ['is-sql: «MySQL»', 'wrong-type', /databaseType/],
    ['is-sql: { databaseType: «Postgre» }', 'unknown-value', /Did you mean "PostgreSQL"/],
    ['is-sql: { databaseType: «[a]» }', 'wrong-type'],
    ['is-sql: { allowedTables: «users» }', 'wrong-type'],
    ['is-sql: { allowedTables: [a, «"("»] }', 'bad-regex'],
    ['is-sql: { «allowedTable»: [a] }', 'unknown-key', /Did you mean "allowedTables"/],
    ['tool-call: «3»', 'wrong-type'],
    ['tool-call: «{ arguments: {} }»', 'missing-key', /"name"/],
    ['tool-call: { name: «[a]» }', 'wrong-type'],
    ['tool-call: { name: a, arguments: «just text» }', 'wrong-type', /JSON Schema/],
    ['tool-call: { name: a, arguments: «file://a.json» }', 'wrong-type'],
    ['tool-call: { name: a, «args»: {} }', 'unknown-key'],
    ['finish-reason: «3»', 'wrong-type', /such as stop/],
    ['finish-reason: «[]»', 'empty-list'],
    ['levenshtein: «[a]»', 'wrong-type'],
    ['type: levenshtein, value: a, threshold: «near»', 'wrong-type'],
    ['type: bleu, value: a, threshold: «75»', 'out-of-range', /between 0 and 1/],
    ['type: assert-set, threshold: «-1», assert: [{ contains: a }]', 'out-of-range'],
    ['cost: «cheap»', 'bad-unit'],
    ['output-tokens: «many»', 'bad-unit'],
    ['type: contains, value: a, weight: «-1»', 'out-of-range'],
    ['«is-sql-ish»: a', 'unknown-assertion'],
  ];
  for (const [written, code, says] of refused) {
    it(`${written} is ${code}`, () => {
      const { diagnostic } = expectAt(inCase(`{ ${written} }`), code);
      if (says !== undefined) assert.match(diagnostic.message, says);
    });
  }

  it('proposes a share for a threshold in percent', () => {
    const { diagnostic } = expectAt(inCase('{ type: bleu, value: a, threshold: «75» }'), 'out-of-range');
    assert.equal(diagnostic.severity, 'warning');
    assert.equal(diagnostic.suggestions[0]?.edits[0]?.newText, '0.75');
  });

  it('are those of the JSON Schema', () => {
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(evalJsonSchema());
    for (const written of accepted) {
      if (/^(?:is|contains)-json: (?:"|')/.test(written) || written.includes('{{')) continue;
      assert.ok(validate(parseYaml(inCase(`{ ${written} }`))), `${written}: ${JSON.stringify(validate.errors?.[0])}`);
    }
    for (const written of ['contains-any: []', 'tool-call: { arguments: {} }', 'finish-reason: 3', 'word-count: {}']) {
      assert.ok(!validate(parseYaml(inCase(`{ ${written} }`))), written);
    }
  });
});

describe('normalizeAssertion', () => {
  it('reads a JSON Schema that is written as text, and leaves paths and templates alone', () => {
    const schema = { type: 'object', required: ['a'] };
    const written = ['type: object\nrequired: [a]', JSON.stringify(schema)];
    for (const text of written) assert.deepEqual(normalizeAssertion({ 'is-json': text }).value, schema);
    for (const text of ['file://a.json', '{{ schema }}', '{"type": "{{ t }}"}', 'no schema', 'a: {', '[1]'])
      assert.equal(normalizeAssertion({ type: 'contains-json', value: text }).value, text);
    assert.equal(normalizeAssertion({ contains: 'type: object' }).value, 'type: object');
  });

  it('keeps what only imported files say', () => {
    const internal = { skip: 'a reason', judge: 'gpt', rubricPrompt: 'Grade it', config: { a: 1 } };
    const spec: AssertionSpec = { type: 'not-llm-rubric', value: 'x', transform: 'output.trim()', ...internal };
    const { valueKey, ...normal } = normalizeAssertion(spec);
    assert.equal(valueKey, 'value');
    assert.deepEqual(normal, {
      type: 'llm-rubric',
      negate: true,
      value: 'x',
      transform: 'output.trim()',
      weight: 1,
      severity: 'error',
      ...internal,
    });
  });

  it('does not let a native file write them', () => {
    for (const key of ['skip', 'judge', 'rubricPrompt', 'config'])
      expectAt(inCase(`{ type: contains, value: a, «${key}»: x }`), 'unknown-key');
  });

  it('keeps the members of a set in both forms', () => {
    const members: AssertionSpec[] = [{ contains: 'a' }];
    assert.deepEqual(
      normalizeAssertion({ 'assert-set': { threshold: 0.5, assert: members } as never }).members,
      members,
    );
    assert.deepEqual(normalizeAssertion({ type: 'assert-set', assert: members }).members, members);
  });
});
