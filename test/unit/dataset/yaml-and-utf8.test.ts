import assert from 'node:assert/strict';
import fc from 'fast-check';
import { formatOf } from '../../../src/core/dataset/read-rows';
import { utf8Chunks } from '../../../src/core/dataset/utf8';
import { MAX_YAML_BYTES } from '../../../src/core/dataset/yaml-list';
import { failure, pieces, rowsOf, SEED, shown } from './reading';

describe('rows of a YAML file', () => {
  it('are the items of its list, with the place of each', async () => {
    const rows = await rowsOf(
      '# rows\n- &a { q: Why?, n: 1 }\n\n- q: "two\\nlines"\n  list: [1, 2]\n- *a\n- <<: *a\n  n: 2\n',
      'yaml',
    );
    assert.deepEqual(shown(rows), [
      { q: 'Why?', n: 1 },
      { q: 'two\nlines', list: [1, 2] },
      { q: 'Why?', n: 1 },
      { n: 2, q: 'Why?' },
    ]);
    assert.deepEqual(
      rows.map(({ start }) => start.line + 1),
      [2, 4, 6, 7],
    );
    assert.deepEqual(shown(await rowsOf('- 1\n- {a: 1}\n', 'yaml')), [
      'a row must be a map of columns and values, not the number 1',
      { a: 1 },
    ]);
  });

  it('stop where the file is no list', async () => {
    for (const [text, expected] of [
      ['', /^1:1 The file is empty/],
      ['a: 1\n', /^1:1 .*must be a list of rows/],
      ['- a: 1\n  b: [1\n- c: 2\n', /^3:1 YAML: /],
      ['- {a: 1}\n---\n- {a: 2}\n', /^2:1 A second YAML document/],
      ['- *x\n', /^1:3 There is no anchor/],
    ] as const)
      assert.match(await failure(text, 'yaml'), expected, text);
    assert.match(await failure(`- ${'x'.repeat(MAX_YAML_BYTES)}`, 'yaml', [1_000_000]), /larger than 16 MB.*JSONL/);
  });
});

describe('the bytes of a dataset', () => {
  it('must be UTF-8, and say where they are not', async () => {
    const latin = Buffer.from('a,b\nnaïve,1\n', 'latin1');
    assert.match(await failure(latin, 'csv'), /^2:3 The byte EF here is not UTF-8.*Latin-1/);
    for (let cut = 0; cut <= latin.length; cut++)
      assert.match(await failure(latin, 'csv', [cut]), /^2:3 /, String(cut));
    assert.match(
      await failure(Buffer.concat([Buffer.from('{"a":"ü😀'), Buffer.from([0xc3])]), 'jsonl'),
      /^1:10 The byte C3/,
    );
    assert.match(await failure(Buffer.from([0x5b, 0xff, 0x5d, 0x5d]), 'json'), /^1:2 The byte FF/);
  });

  it('of other kinds of files say what to do', async () => {
    for (const [bytes, expected] of [
      [Buffer.from('\uFEFFa,b\n1,2\n', 'utf16le'), /UTF-16: save it as UTF-8/],
      [Buffer.from([0x1f, 0x8b, 8, 0, 0]), /gzip: unpack/],
      [Buffer.from('PK\u0003\u0004xl'), /Excel workbook.*CSV/],
      [Buffer.from('PAR1xx'), /Parquet/],
      [Buffer.from('a\u0000b'), /not a text/],
    ] as const)
      assert.match(await failure(bytes, 'csv', [1, 2]), expected);
  });

  it('come in pieces that split no character, whatever pieces they came in', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme', maxLength: 30 }),
        fc.boolean(),
        fc.array(fc.nat(80), { maxLength: 10 }),
        async (text, bom, cuts) => {
          fc.pre(!text.includes('\u0000') && !text.startsWith('\uFEFF') && !/^(?:PK|PAR1)/.test(text));
          let joined = '';
          for await (const chunk of utf8Chunks(pieces((bom ? '\uFEFF' : '') + text, cuts))) {
            const part = chunk.toString('utf8');
            assert.ok(!part.includes('\uFFFD') || text.includes('\uFFFD'));
            joined += part;
          }
          assert.equal(joined, text);
        },
      ),
      { seed: SEED, numRuns: 300 },
    );
  });

  it('are of the format that the name says', () => {
    assert.deepEqual(
      ['a.csv', 'A.TSV', 'a.b/c.jsonl', 'x.ndjson', 'x.json', 'x.yml', 'x.yaml', 'x.txt', 'x', '.csv/x'].map(formatOf),
      ['csv', 'csv', 'jsonl', 'jsonl', 'json', 'yaml', 'yaml', undefined, undefined, undefined],
    );
  });
});
