import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { wireApiOf } from '../../../src/core/endpoints/registry';
import type { ApiKind } from '../../../src/protocol/plan';
import { ANSWERS } from './answers';
import { decode, fixture } from './support';

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const crlf = (bytes: Buffer) => Buffer.from(bytes.toString('utf8').replace(/\n/g, '\r\n'));

describe('the answers of every API', () => {
  it('are all looked at', () => {
    const files = readdirSync(resolve(__dirname, '../../fixtures/streams')).filter((name) => name !== 'README.md');
    assert.deepEqual(ANSWERS.map(({ file }) => file).sort(), files.sort());
  });

  for (const { file, api, lines, tools = [] } of ANSWERS) {
    const wire = wireApiOf(api);
    const bytes = fixture(file);
    const expected = { lines, tools };

    it(`${file}: is read in one piece, byte by byte, with CRLF, and behind a byte order mark`, () => {
      assert.deepEqual(decode(wire, [bytes]), expected);
      const single = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
      assert.deepEqual(decode(wire, single), expected);
      assert.deepEqual(decode(wire, [crlf(bytes)]), expected);
      const marked = Buffer.concat([BOM, bytes]);
      assert.deepEqual(decode(wire, [marked]), expected);
      for (const at of [1, 2, 3]) {
        assert.deepEqual(decode(wire, [marked.subarray(0, at), marked.subarray(at)]), expected, `mark cut at ${at}`);
      }
    });

    it(`${file}: is read the same wherever it is cut in two`, () => {
      for (let at = 0; at <= bytes.length; at++) {
        const { lines: read, tools: calls } = decode(wire, [bytes.subarray(0, at), bytes.subarray(at)]);
        // Cheaper than a deep comparison, which is only made where it will fail.
        if (read.join('\0') !== lines.join('\0')) assert.deepEqual(read, lines, `cut at ${at}`);
        if (JSON.stringify(calls) !== JSON.stringify(tools)) assert.deepEqual(calls, tools, `cut at ${at}`);
      }
    });

    it(`${file}: has the same events, counts and ends where no text is kept`, () => {
      const kinds = (list: string[]) => list.map((line) => (line.startsWith('content') ? 'content' : line));
      const read = decode(wire, [bytes], { keepText: false });
      assert.deepEqual(kinds(read.lines), kinds(lines));
      assert.deepEqual(read.tools, []);
    });

    it(`${file}: tells nothing that is not in it, wherever the connection is lost`, () => {
      for (let at = 0; at < bytes.length; at++) {
        const { lines: read } = decode(wire, [bytes.subarray(0, at)], { cut: true });
        assert.deepEqual(read, lines.slice(0, read.length), `lost at ${at}`);
      }
    });
  }

  it('are read the same in any pieces', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ANSWERS),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 20 }),
        fc.boolean(),
        ({ file, api, lines, tools = [] }, sizes, carriageReturns) => {
          const bytes = carriageReturns ? crlf(fixture(file)) : fixture(file);
          const pieces: Buffer[] = [];
          for (let at = 0; at < bytes.length;) {
            const size = sizes[pieces.length % sizes.length] ?? 1;
            pieces.push(bytes.subarray(at, at + size));
            at += size;
          }
          assert.deepEqual(decode(wireApiOf(api), pieces), { lines, tools });
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('the sample of every API', () => {
  for (const api of new Set(ANSWERS.map((answer) => answer.api))) {
    it(`${api}: is a whole answer of one token event a text`, () => {
      const texts = ['a', ' b', ' "c"', ' d\n'];
      const { lines } = decode(wireApiOf(api), wireApiOf(api).sample(texts));
      assert.deepEqual(
        lines.filter((line) => line.startsWith('content')),
        texts.map((text) => `content ${text}|`),
      );
      assert.ok(lines.some((line) => line.startsWith('usage 1,4,')));
      assert.ok(lines.some((line) => line.startsWith('finish ')));
      assert.ok(!lines.some((line) => line.startsWith('failure')));
    });
  }
});

describe('an answer that cannot be read, in every API', () => {
  const APIS: ApiKind[] = [...new Set(ANSWERS.map(({ api }) => api))];
  for (const api of APIS) {
    const wire = wireApiOf(api);
    const framed = (text: string) => (api === 'ollama' ? `${text}\n` : `data: ${text}\n\n`);

    it(`${api}: a page is no JSON`, () => {
      const { lines } = decode(wire, [' \n<!doctype html><title>Sign in</title>']);
      assert.equal(lines.length, 1);
      assert.match(lines[0] ?? '', /^failure not_json: <!doctype html>/);
    });

    it(`${api}: an event that is no JSON is named, and nothing after it is told`, () => {
      for (const text of ['{"a": oops}', '42', '"text"', 'null']) {
        const { lines } = decode(wire, [framed(text), fixture(ANSWERS.find((each) => each.api === api)?.file ?? '')]);
        assert.equal(lines.length, 1, text);
        assert.match(lines[0] ?? '', /^failure malformed_event: /);
      }
    });

    it(`${api}: an event beyond the bound is given up`, () => {
      const { lines } = decode(wire, [
        api === 'ollama' ? '{"a":"' : 'data: ',
        ...Array.from({ length: 6 }, () => Buffer.alloc(1024 * 1024, 120)),
      ]);
      assert.deepEqual(
        lines.map((line) => line.split(':')[0]),
        ['failure response_too_large'],
      );
    });

    it(`${api}: nothing at all is nothing`, () => {
      assert.deepEqual(decode(wire, []).lines, []);
      assert.deepEqual(decode(wire, ['', ' \n']).lines, []);
    });

    it(`${api}: half a body is a failure unless the connection was lost`, () => {
      const half = '[{"error": {"mess';
      assert.match(decode(wire, [half]).lines[0] ?? '', /^failure not_json: /);
      assert.deepEqual(decode(wire, [half], { cut: true }).lines, []);
    });

    it(`${api}: unexpected shapes are survived`, () => {
      const shapes: unknown[] = [
        null,
        true,
        1,
        'x',
        [],
        [null],
        [[1]],
        {},
        { type: 1 },
        { text: [1] },
        { content: {} },
      ];
      const keys = [
        ...['choices', 'usage', 'candidates', 'usageMetadata', 'promptFeedback', 'message', 'done', 'done_reason'],
        ...['delta', 'content_block', 'index', 'output_index', 'item', 'response', 'tool_calls', 'output'],
      ];
      const types = [
        ...['message_start', 'content_block_start', 'content_block_delta', 'message_delta', 'response.completed'],
        ...['response.output_item.added', 'response.output_item.done', 'response.output_text.delta'],
        ...['response.function_call_arguments.delta', '__proto__', 'toString'],
      ];
      for (const type of types) {
        for (const key of keys) {
          for (const shape of shapes) {
            const { lines } = decode(wire, [framed(JSON.stringify({ type, [key]: shape }))]);
            assert.ok(
              lines.every((line) => !/undefined|\[object/.test(line)),
              `${type} ${key} ${JSON.stringify(shape)}: ${lines.join()}`,
            );
          }
        }
      }
    });
  }
});
