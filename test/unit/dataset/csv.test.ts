import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isFaulty, MAX_ROW_BYTES } from '../../../src/core/dataset/rows';
import { at, failure, rowsOf, SEED, shown } from './reading';

describe('rows of a CSV file', () => {
  it('are maps of the columns to texts, with the place of each', async () => {
    const rows = await rowsOf('id,question\n1,Why?\n\n2,"Where, ""exactly""?"\n3,"two\nlines"\n4,last', 'csv');
    assert.deepEqual(shown(rows), [
      { id: '1', question: 'Why?' },
      { id: '2', question: 'Where, "exactly"?' },
      { id: '3', question: 'two\nlines' },
      { id: '4', question: 'last' },
    ]);
    assert.deepEqual(
      rows.map(({ number, start }) => [number, start.line + 1]),
      [
        [1, 2],
        [2, 4],
        [3, 5],
        [4, 7],
      ],
    );
  });

  it('are the same with every line end, a byte order mark, and blanks around names', async () => {
    const expected = [
      { a: 'x', b: 'y' },
      { a: 'ü', b: '' },
    ];
    for (const end of ['\n', '\r\n', '\r'])
      assert.deepEqual(
        shown(await rowsOf(`\uFEFFa, b ${end}x,y${end}${end}ü,${end}`, 'csv')),
        expected,
        JSON.stringify(end),
      );
    assert.deepEqual(shown(await rowsOf('a,b\r\nx,y\nü,\r', 'csv')), expected, 'mixed');
  });

  it('keep what only looks like a number, and the blanks of a value', async () => {
    assert.deepEqual(shown(await rowsOf('a,b\n007, 1.50 \ntrue,null\n', 'csv')), [
      { a: '007', b: ' 1.50 ' },
      { a: 'true', b: 'null' },
    ]);
  });

  it('may be separated by semicolons or tabs', async () => {
    assert.deepEqual(shown(await rowsOf('a;b\n"1;2";3,4\n', 'csv')), [{ a: '1;2', b: '3,4' }]);
    assert.deepEqual(shown(await rowsOf('a\tb, c\n1\t2\n', 'csv')), [{ a: '1', 'b, c': '2' }]);
    assert.deepEqual(shown(await rowsOf('a,b\n1,2\n', 'csv', [], { delimiter: '\t' })), [{ 'a,b': '1,2' }]);
  });

  it('have the liberties that spreadsheets take', async () => {
    assert.deepEqual(shown(await rowsOf('a,b\n5" disk,x\n"q" ,y,,\n,\n , \n1,2\n', 'csv')), [
      { a: '5" disk', b: 'x' },
      { a: 'q', b: 'y' },
      { a: '1', b: '2' },
    ]);
    assert.deepEqual(shown(await rowsOf('a,b\n"",""\n', 'csv')), [{ a: '', b: '' }], 'written empty texts are a row');
  });

  it('that are ragged are told with their line, and the others are read', async () => {
    const rows = await rowsOf('a,b\n1,2\n1,2,3\nonly\n"x\ny"\n5,6\n', 'csv');
    assert.deepEqual(shown(rows), [
      { a: '1', b: '2' },
      'the row has 3 fields and the header 2; a text that holds a comma needs quotes around it',
      'the row has 1 field and the header 2; complete it, or remove it',
      'the row has 1 field and the header 2; complete it, or remove it',
      { a: '5', b: '6' },
    ]);
    assert.deepEqual(
      rows.flatMap((row) => (isFaulty(row) ? [at(row.fault.range)] : [])),
      ['3:1', '4:1', '5:1'],
    );
    assert.equal(rows.at(-1)?.number, 5);
  });

  it('with a stray quotation mark are told at its place', async () => {
    const rows = await rowsOf('a,b\n"say "hi"",2\n"x\ny "z",2\n3,4\n', 'csv');
    assert.deepEqual(
      rows.map((row) => (isFaulty(row) ? at(row.fault.range) : row.fields)),
      ['2:6', '4:3', { a: '3', b: '4' }],
    );
    assert.match(String(shown(rows)[0]), /write it twice/);
  });

  it('end where a quotation mark is never closed, at its place', async () => {
    assert.match(await failure('a,b\n1,2\n3,"un\nclosed\n', 'csv'), /^3:3 .*not closed up to the end/);
    assert.match(await failure('a,b\nü😀,"un\n', 'csv'), /^2:5 /, 'counted in UTF-16 units');
    const long = 'x'.repeat(MAX_ROW_BYTES + 1);
    assert.match(await failure(`a,b\n1,"${long}\n`, 'csv'), /^2:3 .*not closed within 8 MB/);
  });

  it('that are too long are told, and the others are read', async () => {
    const rows = await rowsOf(`a\n${'x'.repeat(MAX_ROW_BYTES + 1)}\n1\n`, 'csv', [3, 1_000_000]);
    assert.deepEqual(shown(rows), ['the row is longer than 8 MB; it is not one case', { a: '1' }]);
  });

  it('need a header of names that differ', async () => {
    assert.match(await failure('', 'csv'), /^1:1 The file is empty/);
    assert.match(await failure('\n \r\n'.replace(' ', ''), 'csv'), /The file is empty/);
    assert.match(await failure('a,"b",a\n1,2,3\n', 'csv'), /^1:7 Two columns are called "a"/);
    assert.match(await failure(',,\n1,2,3\n', 'csv'), /No column of the header has a name/);
    assert.deepEqual(await rowsOf('a,b\n', 'csv'), [], 'a header alone is a file without rows');
  });

  it('leave columns without a name out, and say so', async () => {
    const notices: string[] = [];
    const rows = await rowsOf(',a,\n0,x,\n1,y,z\n', 'csv', [], {
      onNotice: ({ range, message }) => notices.push(`${at(range)} ${message}`),
      onColumns: (names) => notices.push(names.join()),
    });
    assert.deepEqual(shown(rows), [{ a: 'x' }, { a: 'y' }]);
    assert.match(notices.join('\n'), /^1:1 Column 1 has no name.*\n1:4 Column 3 has no name.*\na$/);
  });

  it('cannot reach a prototype through a name', async () => {
    const [row] = await rowsOf('__proto__,constructor\na,b\n', 'csv');
    assert.ok(row !== undefined && !isFaulty(row));
    assert.deepEqual(Object.entries(row.fields), [
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
    assert.equal(Object.getPrototypeOf(row.fields), Object.prototype);
  });

  const texts = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 8 }),
    fc.stringMatching(/^[a,;"\t\r\n ]{0,6}$/),
    fc.constantFrom('', '"', '""', '\r\n', ',', 'é', '😀', '\u2028', '\uFEFF'),
  );
  const tables = fc.integer({ min: 1, max: 4 }).chain((width) =>
    fc.record({
      rows: fc.array(fc.array(texts, { minLength: width, maxLength: width }), { maxLength: 6 }),
      end: fc.constantFrom('\n', '\r\n', '\r'),
      delimiter: fc.constantFrom(',', ';', '\t'),
      bom: fc.boolean(),
      closed: fc.boolean(),
    }),
  );

  it('read back as they were written, wherever the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(tables, fc.array(fc.nat(200), { maxLength: 8 }), async (table, cuts) => {
        const width = table.rows[0]?.length ?? 2;
        const names = Array.from({ length: width }, (_, i) => `c${i}`);
        const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
        const lines = [
          // A lone column shows no delimiter: a quoted name is the same header.
          names.join(table.delimiter),
          ...table.rows.map((row) =>
            row.map((text) => (/^[^",;\t\r\n]+$/.test(text) ? text : quoted(text))).join(table.delimiter),
          ),
        ];
        const text = (table.bom ? '\uFEFF' : '') + lines.join(table.end) + (table.closed ? table.end : '');
        const expected = table.rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])));
        const blank = (row: object) => width > 1 && Object.values(row).every((value) => /^ +$/.test(String(value)));
        assert.deepEqual(
          shown(await rowsOf(text, 'csv', cuts)),
          expected.filter((row) => !blank(row)),
          JSON.stringify(text),
        );
      }),
      { seed: SEED, numRuns: 400 },
    );
  });

  it('of any bytes are rows, or a place at which they stop', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.stringMatching(/^[a",;\t\r\né ]{0,60}$/).map((text) => new Uint8Array(Buffer.from(text))),
    );
    await fc.assert(
      fc.asyncProperty(bytes, fc.array(fc.nat(60), { maxLength: 5 }), async (content, cuts) => {
        const outcome = async (at: readonly number[]) => {
          try {
            return shown(await rowsOf(content, 'csv', at));
          } catch (error) {
            return `${JSON.stringify((error as { range?: unknown }).range)} ${(error as Error).message}`;
          }
        };
        assert.deepEqual(await outcome(cuts), await outcome([]));
      }),
      { seed: SEED, numRuns: 400 },
    );
  });
});
