import assert from 'node:assert/strict';
import fc from 'fast-check';
import { jsonFault } from '../../../src/core/dataset/json-fault';
import { isFaulty, MAX_ROW_BYTES } from '../../../src/core/dataset/rows';
import { at, failure, rowsOf, SEED, shown } from './reading';

describe('rows of a JSONL file', () => {
  it('are the objects of its lines, with the place of each', async () => {
    const rows = await rowsOf('\uFEFF{"a":1,"b":[true,null]}\r\n\n  \n{"a":"\\u00e9\u2028"}', 'jsonl');
    assert.deepEqual(shown(rows), [{ a: 1, b: [true, null] }, { a: 'é\u2028' }]);
    assert.deepEqual(
      rows.map(({ number, start }) => [number, start.line]),
      [
        [1, 0],
        [2, 3],
      ],
    );
  });

  it('that are no JSON are told at their place, and the others are read', async () => {
    const rows = await rowsOf('{"a":1}\n{"a":1,}\n{"ü😀": 1 "b"}\n[1]\n7\n{"a":2}\n', 'jsonl');
    assert.deepEqual(shown(rows), [
      { a: 1 },
      'the comma before "}" is one too many; remove it',
      'a "," or "}" is missing here',
      'a row must be an object of columns and values, not a list',
      'a row must be an object of columns and values, not the number 7',
      { a: 2 },
    ]);
    assert.deepEqual(
      rows.flatMap((row) => (isFaulty(row) ? [at(row.fault.range)] : [])),
      ['2:7', '3:11', '4:1', '5:1'],
    );
  });

  it('that are too long are told, and the others are read', async () => {
    const long = `{"a":"${'x'.repeat(10 * 1024 * 1024)}"}`;
    const rows = await rowsOf(`{"a":1}\n${long}\n{"a":2}\n${long}`, 'jsonl', [5_000_000]);
    assert.deepEqual(shown(rows), [
      { a: 1 },
      'the line is longer than 8 MB; it is not one row',
      { a: 2 },
      'the line is longer than 8 MB; it is not one row',
    ]);
    assert.equal(rows[2]?.start.line, 2);
    assert.deepEqual(shown(await rowsOf(`{"a":"${'x'.repeat(MAX_ROW_BYTES - 8)}"}\n`, 'jsonl')).length, 1);
  });

  it('are not those of a JSON list', async () => {
    assert.match(await failure('[{"a":1}]', 'jsonl'), /^1:1 .*format: json/);
    assert.match(await failure('\n [\n{"a":1}\n]', 'jsonl'), /^2:2 .*format: json/);
    assert.deepEqual(await rowsOf('', 'jsonl'), []);
  });

  it('are the same wherever the bytes are cut', async () => {
    const text = '\uFEFF{"a":"ü😀\\n"}\r\n{"b":[1,{"c":null}]}\n\n{"d":1,}\n{"e":"é"}';
    const expected = shown(await rowsOf(text, 'jsonl'));
    assert.equal(expected.length, 4);
    for (let cut = 0; cut <= Buffer.byteLength(text); cut++)
      assert.deepEqual(shown(await rowsOf(text, 'jsonl', [cut, cut + 1])), expected, String(cut));
  });
});

describe('rows of a JSON file', () => {
  it('are the items of its list, with the place of each', async () => {
    const rows = await rowsOf('\uFEFF [ {"a": "[{\\"]"},\n  {"ü😀": {"b": [1]}}, {"c": 3}\n]\n', 'json');
    assert.deepEqual(shown(rows), [{ a: '[{"]' }, { 'ü😀': { b: [1] } }, { c: 3 }]);
    assert.deepEqual(
      rows.map(({ start }) => `${start.line + 1}:${start.character + 1}`),
      ['1:4', '2:3', '2:24'],
    );
    assert.deepEqual(await rowsOf('[ ]', 'json'), []);
  });

  it('that are no objects are told, and the others are read', async () => {
    assert.deepEqual(shown(await rowsOf('[1, "a]", null, [2], {"a":1}, true]', 'json')), [
      'a row must be an object of columns and values, not the number 1',
      'a row must be an object of columns and values, not a text',
      'a row must be an object of columns and values, not null',
      'a row must be an object of columns and values, not a list',
      { a: 1 },
      'a row must be an object of columns and values, not the boolean true',
    ]);
  });

  it('stop where the file stops being JSON', async () => {
    for (const [text, expected] of [
      ['', /^1:1 The file is empty/],
      ['{"a":1}\n{"a":2}', /^1:1 .*list of rows.*format: jsonl/],
      ['"x"', /^1:1 .*must hold a list of rows/],
      ['[\n{"a":1},\n]', /^2:8 The comma before "\]" is one too many/],
      ['[{"a":1},\n {"a":1,}]', /^2:8 .*comma before "}" is one too many/],
      ['[{"a":\n 1 "b"}]', /^2:4 .*"," or "}" is missing/],
      ['[{"a":1}\n{"a":2}]', /^2:1 A comma is missing between/],
      ['[{"a":1},,{"a":2}]', /^1:10 A row is missing/],
      ['[{"ü": "x}]', /^1:8 The text that begins here is not closed/],
      ['[{"a":1}, {"b":[2}]', /^1:18 .*"," or "]" is missing/],
      ['[{"a":1}, {"b":[2', /^1:11 The row that begins here is not complete/],
      ['[{"a":1}', /^1:9 The list of rows is not closed/],
      ['[{"a":1}] x', /^1:11 The list of rows has ended before/],
      ["[{'a':1}]", /^1:3 .*a key needs double quotes/],
      ['[nope]', /^1:2 .*not JSON/],
    ] as const)
      assert.match(await failure(text, 'json'), expected, text);
  });

  it('that are too long are told, and the others are read', async () => {
    const rows = await rowsOf(`[{"a":"${'x'.repeat(MAX_ROW_BYTES)}"}, {"a":1}]`, 'json', [1_000_000, 7_000_000]);
    assert.deepEqual(shown(rows), ['the row is longer than 8 MB; it is not one case', { a: 1 }]);
  });

  it('are those of JSON.parse, wherever the bytes are cut', async () => {
    const items = fc.array(fc.dictionary(fc.string({ maxLength: 3 }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 3 }), {
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(items, fc.nat(3), fc.array(fc.nat(200), { maxLength: 8 }), async (list, indent, cuts) => {
        const text = JSON.stringify(list, null, indent);
        assert.deepEqual(shown(await rowsOf(text, 'json', cuts)), JSON.parse(text));
        const lines = list.map((item) => JSON.stringify(item)).join('\n');
        assert.deepEqual(shown(await rowsOf(lines, 'jsonl', cuts)), JSON.parse(text));
      }),
      { seed: SEED, numRuns: 300 },
    );
  });
});

describe('what is wrong with a JSON text', () => {
  it('is told at its place, with what to do', () => {
    for (const [text, offset, message] of [
      ['', 0, /ends too early/],
      ['{', 0, /not closed; a "}" is missing/],
      ['[1', 0, /not closed; a "]" is missing/],
      ['{"a" 1}', 5, /":" is missing/],
      ['{a: 1}', 1, /a key needs double quotes/],
      ["{'a': 1}", 1, /a key needs double quotes/],
      ['{"a": \'x\'}', 6, /a text needs double quotes/],
      ['{"a": x}', 6, /a text needs double quotes/],
      ['{"a": NaN}', 6, /"NaN" is not JSON; write null/],
      ['{"a": True}', 6, /write true/],
      ['{"a": }', 6, /a value is missing/],
      ['[1,,2]', 3, /a value is missing/],
      ['[1,]', 2, /one too many/],
      ['[01]', 1, /"01" is no number/],
      ['[1.]', 1, /is no number/],
      ['[-]', 1, /is no number/],
      ['["a\nb"]', 3, /line break in a text is written \\n/],
      ['["a\tb"]', 3, /control character/],
      ['["\\x"]', 2, /no escape/],
      ['["\\u00g0"]', 2, /no escape/],
      ['["a', 1, /not closed; a double quote is missing/],
      ['{"a":1} {"b":2}', 8, /ended before/],
      ['{"a":1 // note\n}', 7, /no comments/],
      ['/* x */ 1', 0, /no comments/],
      ['['.repeat(10_000), 501, /too deeply/],
    ] as const) {
      const fault = jsonFault(text);
      assert.equal(fault?.offset, offset, `${text.slice(0, 40)}: ${fault?.message}`);
      assert.match(fault.message, message);
    }
  });

  it('is found wherever JSON.parse refuses, and nowhere else', () => {
    const near = fc
      .tuple(
        fc.json({ maxDepth: 3 }),
        fc.nat(),
        fc.constantFrom('', ',', '}', ']', '"', "'", ':', '\\', 'x', '1', '.', '-', '\n'),
      )
      .map(([text, at, char]) => {
        const i = at % (text.length + 1);
        return text.slice(0, i) + char + text.slice(i + (char === '' ? 1 : 0));
      });
    fc.assert(
      fc.property(fc.oneof(near, fc.string({ maxLength: 12 })), (text) => {
        const fault = jsonFault(text);
        const parses = (() => {
          try {
            JSON.parse(text);
            return true;
          } catch {
            return false;
          }
        })();
        assert.equal(fault === null, parses, `${text}: ${fault?.message}`);
        if (fault !== null) assert.ok(fault.offset >= 0 && fault.offset <= text.length && fault.length >= 1);
      }),
      { seed: SEED, numRuns: 2_000 },
    );
  });
});
