import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parse } from 'yaml';
import { addEndpoint, removeEndpoint, setDefaultEndpoint } from '../../../src/core/spec/edit/edit-workspace';
import { applyEdits, UneditableError } from '../../../src/core/spec/edit/source-edit';
import { parseEvalFile } from '../../../src/core/spec/parse';
import type { EndpointSpec } from '../../../src/core/spec/schema-endpoint';

const VLLM: EndpointSpec = {
  name: 'vllm',
  api: 'openai-chat',
  url: 'http://127.0.0.1:8000/v1',
  model: 'llama',
  price: { input: 0.1, output: 0.4 },
};

const added = (text: string, endpoint = VLLM): string => applyEdits(text, addEndpoint(text, endpoint));
const removed = (text: string, index: number): string => applyEdits(text, removeEndpoint(text, index));
const defaulted = (text: string, name: string): string => applyEdits(text, setDefaultEndpoint(text, name));

describe('adding an endpoint to promptrig.yaml', () => {
  it('starts an empty file', () => {
    const text = added('');
    assert.equal(
      text,
      `endpoints:
  - name: vllm
    api: openai-chat
    url: http://127.0.0.1:8000/v1
    model: llama
    price: { input: 0.1, output: 0.4 }
`,
    );
    assert.deepEqual(parseEvalFile(text, '/w/promptrig.yaml').diagnostics, []);
  });

  it('goes behind the others, in their indentation, and leaves comments where they are', () => {
    const text = `# shared by the team
endpoints:
# the lab
- name: lab   # rack 4
  url: http://lab:8000/v1
  model: m
  # price: unknown

# nothing below is measured
presets:
  fast: ["ttft.p99 <= 250ms"]
`;
    const small = { name: 'b', url: 'http://b/v1', model: 'm' };
    assert.equal(
      added(text, small),
      text.replace('  # price: unknown\n', '  # price: unknown\n- name: b\n  url: http://b/v1\n  model: m\n'),
    );
  });

  it('gives a list to a key that has none, and to brackets', () => {
    const small = { name: 'b', model: 'm' };
    assert.equal(added('endpoints: # none yet\n', small), 'endpoints: # none yet\n  - name: b\n    model: m\n');
    assert.equal(added('endpoints: []\n', small), 'endpoints: [{ name: b, model: m }]\n');
    assert.equal(
      added('endpoints: [{name: a}]  # short\n', small),
      'endpoints: [{name: a}, { name: b, model: m }]  # short\n',
    );
    assert.equal(added('{ presets: {} }', small), '{ presets: {}, endpoints: [ { name: b, model: m } ] }');
  });

  it('keeps the line ends, the byte order mark and a missing last line end', () => {
    const text = '﻿endpoints:\r\n  - name: a\r\n    model: m';
    assert.equal(
      added(text, { name: 'b', model: 'm' }),
      '﻿endpoints:\r\n  - name: a\r\n    model: m\r\n  - name: b\r\n    model: m',
    );
  });

  it('goes behind a block of text', () => {
    const text =
      'endpoints:\n  - name: a\n    hardware:\n      note: |+\n        two GPUs\n\ndefaults:\n  endpoint: a\n';
    const after = added(text, { name: 'b' });
    assert.equal((parse(after) as { endpoints: unknown[] }).endpoints.length, 2);
    assert.equal(after.replace('\n  - name: b', ''), text);
  });

  for (const [why, text] of [
    ['a syntax error', 'endpoints: [\n'],
    ['a list at the top', '- a\n'],
    ['an alias', 'x-all: &all [{ name: a }]\nendpoints: *all\n'],
    ['a text in place of the list', 'endpoints: none\n'],
  ] as const) {
    it(`refuses a file with ${why}, and says that it must be changed by hand`, () => {
      assert.throws(
        () => addEndpoint(text, VLLM),
        (error) => error instanceof UneditableError && /by hand/.test(error.message),
      );
    });
  }
});

describe('removing an endpoint', () => {
  const text = `endpoints:
  # first
  - name: a
    model: m
  # second
  - name: b # here
    model: m
defaults: { endpoint: b, judge: a }
`;

  it('takes its lines and no comment of another', () => {
    assert.equal(removed(text, 0), text.replace('  - name: a\n    model: m\n', ''));
  });

  it('takes the default with it that names it', () => {
    assert.equal(removed(text, 1), text.replace('  - name: b # here\n    model: m\n', '').replace('endpoint: b, ', ''));
    assert.equal(removed('endpoints:\n- name: a\ndefaults:\n  endpoint: a\n', 0), '');
  });

  it('refuses an item that others refer to', () => {
    const shared = 'endpoints:\n  - &base { name: a }\n  - <<: *base\n    name: b\n';
    assert.throws(() => removeEndpoint(shared, 0), UneditableError);
  });

  it('refuses a place that is not there any more', () => {
    assert.throws(() => removeEndpoint(text, 2), UneditableError);
    assert.throws(() => removeEndpoint('presets: {}\n', 0), UneditableError);
  });
});

describe('making an endpoint the default', () => {
  it('replaces a name in its own quotes', () => {
    assert.equal(defaulted('defaults:\n  endpoint: "a"  # ours\n', 'b'), 'defaults:\n  endpoint: "b"  # ours\n');
    assert.equal(defaulted('defaults: {endpoint: a}\n', 'b: c'), 'defaults: {endpoint: "b: c"}\n');
  });

  it('adds the key where it is missing', () => {
    assert.equal(defaulted('', 'a'), 'defaults:\n  endpoint: a\n');
    assert.equal(defaulted('# top\npresets: {}\n', 'a'), '# top\npresets: {}\ndefaults:\n  endpoint: a\n');
    assert.equal(
      defaulted('defaults:\n    confidence: 0.9 # of all\n', 'a'),
      'defaults:\n    confidence: 0.9 # of all\n    endpoint: a\n',
    );
    assert.equal(defaulted('defaults: {}\n', 'a'), 'defaults: { endpoint: a }\n');
    assert.equal(defaulted('defaults: # later\n', 'a'), 'defaults: # later\n  endpoint: a\n');
    assert.equal(defaulted('defaults:\n  endpoint:\n', 'a'), 'defaults:\n  endpoint: a\n');
  });
});

/** Files as people write them: keys in any order, comments anywhere, both styles of lists, both kinds of line ends. */
const file = fc
  .record({
    endpoints: fc.constantFrom('none', 'block', 'flush', 'flow', 'multiline'),
    count: fc.integer({ min: 1, max: 3 }),
    defaults: fc.constantFrom(
      '',
      'defaults:\n  endpoint: e0 # the usual\n  confidence: 0.9\n',
      'defaults: { judge: e0 }\n',
    ),
    presets: fc.constantFrom(
      '',
      'presets:\n  quick: # short\n    - "ttft.p99 <= 250ms"\n',
      'retention: { runs: 9 }\n\n',
    ),
    head: fc.constantFrom('', '# head\n', '---\n', '# a\n\n# b\n'),
    comment: fc.constantFrom('', '  # between\n', '# flush\n', '\n'),
    tail: fc.constantFrom('', '# tail\n', '\n\n'),
    first: fc.boolean(),
    ending: fc.constantFrom('\n', '\r\n'),
    cut: fc.boolean(),
  })
  .map((part) => {
    const dash = part.endpoints === 'flush' ? '' : '  ';
    const items = Array.from({ length: part.count }, (_, i) => i);
    const list =
      part.endpoints === 'none'
        ? ''
        : part.endpoints === 'flow'
          ? `endpoints: [ ${items.map((i) => `{name: e${i}, model: "m"}`).join(', ')} ] # in one line\n`
          : part.endpoints === 'multiline'
            ? `endpoints: [\n${items.map((i) => `  { name: e${i} }, # item ${i}\n`).join('')}]\n`
            : `endpoints:\n${items.map((i) => `${dash}- name:   e${i}   # item ${i}\n${dash}  model: 'm'\n${part.comment}`).join('')}`;
    const rest = `${part.defaults}${part.presets}`;
    const text = `${part.head}${part.first ? list + rest : rest + list}${part.tail}`;
    const whole = part.cut ? text.replace(/\n$/, '') : text;
    return whole.replaceAll('\n', part.ending);
  });

const endpoint = fc.record(
  {
    name: fc.string({ minLength: 1, maxLength: 12 }),
    model: fc.string({ maxLength: 12 }),
    url: fc.webUrl(),
    headers: fc.dictionary(
      fc.string({ minLength: 1, maxLength: 5 }).filter((key) => key !== '__proto__'),
      fc.string(),
      { maxKeys: 2 },
    ),
    price: fc.record({ input: fc.double({ min: 0, max: 9, noNaN: true }), output: fc.nat() }),
  },
  { requiredKeys: ['name'] },
);

describe('an edit of promptrig.yaml', () => {
  it('only inserts: every byte that was there is still there, in its order', () => {
    fc.assert(
      fc.property(file, endpoint, (text, item) => {
        const edits = addEndpoint(text, item);
        for (const edit of edits) assert.equal(edit.length, 0);
        const before = (parse(text) ?? {}) as { endpoints?: unknown[] };
        const after = parse(applyEdits(text, edits)) as { endpoints: unknown[] };
        assert.deepEqual(after, {
          ...before,
          endpoints: [...(before.endpoints ?? []), JSON.parse(JSON.stringify(item)) as unknown],
        });
      }),
      { numRuns: 150 },
    );
  });

  it('is undone to the byte by removing what was added', () => {
    fc.assert(
      fc.property(file, endpoint, (text, item) => {
        const count = ((parse(text) ?? {}) as { endpoints?: unknown[] }).endpoints?.length ?? 0;
        const named = { ...item, name: `new ${item.name}` };
        assert.equal(removed(added(text, named), count), text);
      }),
      { numRuns: 150 },
    );
  });

  it('keeps every comment that is not on the lines of what is removed', () => {
    fc.assert(
      fc.property(file, fc.nat(2), (text, index) => {
        const { endpoints = [] } = (parse(text) ?? {}) as { endpoints?: unknown[] };
        fc.pre(index < endpoints.length);
        const after = removed(text, index);
        const comments = (of: string): string[] => of.match(/#[^\r\n]*/g) ?? [];
        const gone = endpoints.length === 1 ? /^# (item|in one|between)/ : new RegExp(`^# (item ${index}|between)`);
        const keep = (list: string[]): string[] =>
          list.filter((comment) => !gone.test(comment) && comment !== '# the usual');
        assert.deepEqual(keep(comments(after)), keep(comments(text)));
        assert.equal(((parse(after) ?? {}) as { endpoints?: unknown[] }).endpoints?.length ?? 0, endpoints.length - 1);
      }),
      { numRuns: 150 },
    );
  });

  it('changes the default and nothing else', () => {
    fc.assert(
      fc.property(file, fc.string({ minLength: 1, maxLength: 8 }), (text, name) => {
        const before = (parse(text) ?? {}) as { defaults?: object };
        const edits = setDefaultEndpoint(text, name);
        assert.deepEqual(parse(applyEdits(text, edits)), {
          ...before,
          defaults: { ...before.defaults, endpoint: name },
        });
        for (const { offset, length } of edits) {
          const replaced = text.slice(offset, offset + length);
          assert.ok(replaced === '' || replaced === 'e0', replaced);
        }
      }),
      { numRuns: 150 },
    );
  });
});
