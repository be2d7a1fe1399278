import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LineTooLargeError, NdjsonFramer } from '../../../src/core/endpoints/ndjson';

function frame(chunks: (string | Buffer)[], maxLineBytes?: number): [text: string, terminated: boolean][] {
  const lines: [string, boolean][] = [];
  const framer = new NdjsonFramer(
    (bytes, start, end, terminated) => lines.push([bytes.toString('utf8', start, end), terminated]),
    maxLineBytes,
  );
  for (const chunk of chunks) framer.push(Buffer.from(chunk));
  framer.end();
  return lines;
}

describe('NdjsonFramer', () => {
  it('gives each line, without its end, whichever that is', () => {
    assert.deepEqual(frame(['{"a":1}\n{"b":2}\r\n{"c":3}\n']), [
      ['{"a":1}', true],
      ['{"b":2}', true],
      ['{"c":3}', true],
    ]);
  });

  it('leaves out lines that are blank', () => {
    assert.deepEqual(frame(['\n\r\n  \t\n1\n\n']), [['1', true]]);
  });

  it('gives a last line without an end as such', () => {
    assert.deepEqual(frame(['1\n2']), [
      ['1', true],
      ['2', false],
    ]);
    assert.deepEqual(frame(['1\n ']), [['1', true]]);
  });

  it('joins a character and a line end that are cut in two', () => {
    const bytes = Buffer.from('"€"\r\n');
    for (let at = 0; at <= bytes.length; at++) {
      assert.deepEqual(frame([bytes.subarray(0, at), bytes.subarray(at)]), [['"€"', true]]);
    }
  });

  it('refuses a line beyond its bound, in one chunk or in many, and takes one at it', () => {
    assert.deepEqual(frame(['12345\n'], 5), [['12345', true]]);
    assert.throws(() => frame(['123456\n'], 5), LineTooLargeError);
    assert.throws(() => frame(['123', '456'], 5), LineTooLargeError);
    assert.throws(() => frame(['123', '456\n'], 5), LineTooLargeError);
  });

  it('gives the same lines as splitting the text, in any pieces', () => {
    const piece = fc.constantFrom('a', '"', '€', '\ud83d\ude80', ' ', '\n', '\r\n', '\n\n', '{"x":1}');
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 30 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        (parts, sizes) => {
          const bytes = Buffer.from(parts.join(''));
          const pieces: Buffer[] = [];
          for (let at = 0; at < bytes.length;) {
            const size = sizes[pieces.length % sizes.length] ?? 1;
            pieces.push(bytes.subarray(at, at + size));
            at += size;
          }
          const texts = bytes.toString('utf8').split('\n');
          const expected = texts
            .map((text, i): [string, boolean] => [text.replace(/\r$/, ''), i < texts.length - 1])
            .filter(([text]) => text.trim() !== '');
          assert.deepEqual(frame(pieces), expected);
        },
      ),
      { numRuns: 500 },
    );
  });
});
