import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Scalar, parseDocument, stringify } from 'yaml';
import type { TextRange } from '../../../src/core/spec/document';
import { TextLines, withoutBom } from '../../../src/core/spec/lines';
import { parseEvalFile } from '../../../src/core/spec/parse';
import { mapScalar, spanInScalar } from '../../../src/core/spec/scalar-map';
import { buildTree, nodeAt, type ScalarNode } from '../../../src/core/spec/tree';
import { CASES, expectAt, parse, slice } from './marked';

/** Fixed, so that a run today and one tomorrow test the same. */
const SEED = 20261122;

function scalarOf(text: string, key = 'a'): ScalarNode {
  const document = parseDocument(text, { uniqueKeys: false });
  assert.deepEqual(document.errors, []);
  const node = nodeAt(buildTree(document, text).root, [key]);
  assert.ok(node?.kind === 'scalar');
  return node;
}

describe('places inside scalars', () => {
  for (const [style, source] of [
    ['plain', 'prompt: Dear {{ «nmae» }}\n'],
    ['plain over lines', 'prompt: Dear\n  and\n  {{ «nmae» }}\n'],
    ['double', 'prompt: "Dear {{ «nmae» }}"\n'],
    ['double with escapes', 'prompt: "D\\u00e9ar \\"x\\"\\n\\t{{ «nmae» }}"\n'],
    ['double over lines', 'prompt: "Dear\n  you \\\n  there\n\n  {{ «nmae» }}"\n'],
    ['single', "prompt: 'It''s {{ «nmae» }}'\n"],
    ['literal', 'prompt: |\n  Dear\n\n    indented {{ «nmae» }}\n'],
    ['literal, stripped', 'prompt: |-\n      Dear {{ «nmae» }}\n'],
    ['literal, indented by number', 'prompt: |2\n    Dear {{ «nmae» }}\n'],
    ['folded', 'prompt: >\n  Dear\n  you\n\n  {{ «nmae» }}\n'],
    ['folded, more indented', 'prompt: >-\n  Dear\n    you\n  {{ «nmae» }}\n'],
    ['astral', 'prompt: "😀 😀 {{ «nmae» }}"\n'],
    ['flow map', 'messages: [{ role: user, content: "Dear {{ «nmae» }}" }]\n'],
    ['message', 'messages:\n  - role: user\n    content: |\n      Dear\n      {{ «nmae» }}\n'],
  ] as const) {
    for (const [ends, lineEnd] of [
      ['LF', '\n'],
      ['CRLF', '\r\n'],
    ] as const) {
      it(`an undefined variable is marked exactly: ${style}, ${ends}`, () => {
        expectAt((source + 'vars: { name: x }\n' + CASES).replaceAll('\n', lineEnd), 'undefined-variable', {
          only: true,
        });
      });
    }
  }

  it('in assertions and messages of cases too', () => {
    expectAt(
      'prompt: hi\ncases:\n  - name: a\n    messages: [{ role: user, content: "{{ «x» }}" }]\n',
      'undefined-variable',
      { only: true },
    );
    expectAt('prompt: hi\ncases:\n  - name: a\n    assert:\n      - contains: "{{ «x» }}"\n', 'undefined-variable', {
      only: true,
    });
    expectAt(
      'prompt: hi\nassert: [{ type: contains, value: "{{ «x» }}" }]\ncases: [{ name: a }]\n',
      'undefined-variable',
      { only: true },
    );
    expectAt(
      'prompt: hi {{ «name\n»cases: [{ name: a }]\n'.replace('«name\n»', '«»name\n').replace('hi {{ «»', 'hi «{{» '),
      'template-syntax',
      { only: true },
    );
  });

  it('map every character of every style', () => {
    const text = fc.stringMatching(/^[a-z ':"\\#{}é\n]{0,40}$/);
    const style = fc.constantFrom('PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE', 'BLOCK_LITERAL', 'BLOCK_FOLDED' as const);
    fc.assert(
      fc.property(text, style, fc.integer({ min: 10, max: 60 }), (value, type, lineWidth) => {
        const scalar = new Scalar(value);
        scalar.type = type;
        const source = stringify({ a: scalar }, { lineWidth });
        // The library's writer has slips of its own, such as a bare colon.
        fc.pre(parseDocument(source).errors.length === 0);
        const node = scalarOf(source);
        const map = mapScalar(node, source);
        const written = String(node.value);
        assert.equal(map.length, written.length + 1);
        for (let i = 0; i < written.length; i++) {
          const at = map[i] ?? -1;
          assert.ok(at >= node.span.start && at <= source.length, `${i} of ${JSON.stringify(source)}`);
          if (i > 0) assert.ok(at >= (map[i - 1] ?? 0), 'places do not go backwards');
          const here = source[at] ?? '';
          // A letter stands where it is mapped to; white space, quotes and escapes may be written otherwise.
          if (/[a-zé]/.test(written[i] ?? '') && here !== '\\') assert.equal(here, written[i], JSON.stringify(source));
        }
      }),
      { seed: SEED, numRuns: 400 },
    );
  });

  it('take no longer with a long run of blanks', () => {
    const started = performance.now();
    const blanks = ' '.repeat(300_000);
    for (const quote of ['"', "'"])
      expectAt(`prompt: ${quote}a${blanks}b {{ «x» }}${quote}\n${CASES}`, 'undefined-variable');
    expectAt(
      `prompt: "a{%- if 1 %}${' '.repeat(300_000)}b{% endif %}"\n${CASES}`
        .replace('"a', '"«a')
        .replace('b{% endif %}"', 'b{% endif %}»"'),
      'template-limit',
    );
    assert.ok(performance.now() - started < 5_000);
  });

  it('end where the word ends', () => {
    const source = 'a: "x\\nyes"\n';
    const node = scalarOf(source);
    const span = spanInScalar(node, source, 2, 3);
    assert.equal(source.slice(span.start, span.end), 'yes');
  });
});

describe('any text', () => {
  const fragments = fc.constantFrom(
    'prompt',
    'cases',
    'assert',
    'load',
    'slo',
    'endpoints',
    'vars',
    'name',
    ': ',
    '- ',
    '\n',
    '\n  ',
    '\n    ',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '&a ',
    '*a',
    '<<: *a',
    '|',
    '>',
    '{{ x }}',
    '{% if',
    '#',
    '!!set',
    '? ',
    ',',
    '\t',
    '\r\n',
    '\uFEFF',
    '---',
    '...',
    'file://x',
    '300ms',
    'ttft.p99 <= 3',
    '\u0000',
    '😀',
    'null',
    '~',
    'type',
    'contains',
    'pattern: poisson',
  );
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.array(fragments, { maxLength: 30 }).map((parts) => parts.join('')),
  );

  function checkRange(text: string, range: TextRange): void {
    const lines = new TextLines(withoutBom(text));
    const source = withoutBom(text);
    for (const position of [range.start, range.end]) {
      assert.ok(position.line >= 0 && position.line < lines.count, JSON.stringify([text, range]));
      assert.deepEqual(lines.position(lines.offset(position)), position, JSON.stringify([text, range]));
    }
    assert.ok(lines.offset(range.start) <= lines.offset(range.end) && lines.offset(range.end) <= source.length);
  }

  for (const path of ['x.eval.yaml', 'promptrig.yaml', 'promptfooconfig.yaml', 'x.prompt.yml']) {
    it(`gives a document, diagnostics and ranges within the text: ${path}`, () => {
      fc.assert(
        fc.property(texts, (text) => {
          const document = parseEvalFile(text, path, {});
          for (const { range, suggestions, message, code } of document.diagnostics) {
            checkRange(text, range);
            for (const { edits } of suggestions) for (const edit of edits) checkRange(text, edit.range);
            assert.ok(message.length > 10 && /^[a-z]+(-[a-z]+)*$/.test(code));
          }
          const { outline } = document;
          for (const item of [
            ...outline.cases,
            ...outline.stages,
            ...outline.slos,
            ...outline.assertions,
            ...outline.endpoints,
          ]) {
            checkRange(text, item.range);
            checkRange(text, item.anchor);
            assert.notEqual(document.rangeOf(item.pointer), undefined);
            assert.notEqual(document.nodeHash(item.pointer), undefined);
          }
          const ids = outline.cases.map(({ id }) => id);
          assert.equal(new Set(ids).size, ids.length);
        }),
        { seed: SEED, numRuns: 400 },
      );
    });
  }

  it('may be any YAML value at any key of the format', () => {
    const keys = fc.constantFrom(
      'name',
      'tags',
      'endpoints',
      'prompt',
      'messages',
      'prompts',
      'params',
      'matrix',
      'vars',
      'cases',
      'dataset',
      'assert',
      'repeat',
      'judge',
      'load',
      'slo',
      'budget',
      'type',
      'value',
      'expr',
      'pattern',
      'rate',
      'sim',
      'headers',
      'role',
      'content',
      '__proto__',
      'constructor',
    );
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<unknown>(null, true, 3, -1.5, 'x', '', '{{ y }}', '8/s', 'poisson'),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(keys, tie('value'), { maxKeys: 5 }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(keys, value, { maxKeys: 8 }), (data) => {
        const text = JSON.stringify(data);
        for (const { range } of parseEvalFile(text, 'x.eval.yaml', {}).diagnostics) checkRange(text, range);
      }),
      { seed: SEED, numRuns: 500 },
    );
  });
});

describe('pointers', () => {
  const text = `name: Chat
prompt: hi
cases:
  - name: one
    vars: { "a/b": 1 }
    assert: [ { contains: x }, { contains: y } ]
x: &set
  - contains: z
slo: [ rag ]
load:
  pattern: sync
  requests: 3
`;
  const document = parse(text);

  it('find values and keys', () => {
    assert.equal(slice(text, document.rangeOf('/name')), 'Chat');
    assert.equal(slice(text, document.rangeOf('/name', 'key')), 'name');
    assert.equal(slice(text, document.rangeOf('/cases/0/vars/a~1b')), '1');
    assert.equal(slice(text, document.rangeOf('/cases/0/assert/1')), '{ contains: y }');
    assert.equal(slice(text, document.rangeOf('/load')), 'pattern: sync\n  requests: 3');
    assert.equal(
      slice(text, document.rangeOf('/cases/0#2')),
      slice(text, document.rangeOf('/cases/0')),
      'an expanded case stands where its case stands',
    );
    for (const pointer of ['/nope', '/cases/7', '/cases/00', '/name/x', '/cases/0#', '/__proto__'])
      assert.equal(document.rangeOf(pointer), undefined, pointer);
    assert.equal(document.rangeOf('/cases/0', 'key'), undefined);
  });

  it('show what is written by alias where it is used', () => {
    const aliased = parse('x: &set\n  - contains: z\nprompt: hi\ncases:\n  - name: a\n    assert: *set\n');
    assert.deepEqual(aliased.rangeOf('/cases/0/assert')?.start, { line: 5, character: 12 });
    assert.deepEqual(aliased.rangeOf('/cases/0/assert/0')?.start, { line: 1, character: 4 });
  });

  it('merge as YAML 1.1 does: own keys first, then the earlier merge', () => {
    const merged = parse(
      'x-a: &a { repeat: 2, weight: 3 }\nx-b: &b { repeat: 4, tags: [t] }\nprompt: hi\ncases:\n  - { <<: [*a, *b], weight: 1, name: n }\n  - { name: m, <<: *b }\n',
    );
    assert.deepEqual(merged.diagnostics, []);
    assert.deepEqual(merged.spec?.cases, [
      { weight: 1, name: 'n', repeat: 2, tags: ['t'] },
      { name: 'm', repeat: 4, tags: ['t'] },
    ]);
    expectAt('prompt: hi\ncases: [{ name: a, «<<»: 3 }]\n', 'bad-merge', { only: true });
  });
});
