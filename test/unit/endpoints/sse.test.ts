import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SseEventTooLargeError, SseFramer } from '../../../src/core/endpoints/sse';

interface Seen {
  data: string;
  type: string;
  terminated: boolean;
}

function frame(chunks: Buffer[], maxEventBytes?: number): Seen[] {
  const seen: Seen[] = [];
  const framer = new SseFramer((bytes, start, end, type, terminated) => {
    seen.push({ data: bytes.toString('utf8', start, end), type, terminated });
  }, maxEventBytes);
  for (const chunk of chunks) framer.push(chunk);
  framer.end();
  return seen;
}

const whole = (text: string) => frame([Buffer.from(text)]);
const events = (...data: string[]): Seen[] => data.map((each) => ({ data: each, type: '', terminated: true }));

describe('SseFramer', () => {
  it('reports the data of each event', () => {
    assert.deepEqual(whole('data: {"a":1}\n\ndata: [DONE]\n\n'), events('{"a":1}', '[DONE]'));
  });

  it('takes one space after the colon away and no more', () => {
    assert.deepEqual(whole('data:x\n\ndata:  y\n\n'), events('x', ' y'));
  });

  it('joins data lines with a line feed', () => {
    assert.deepEqual(whole('data: a\ndata: b\ndata:\ndata: c\n\n'), events('a\nb\n\nc'));
  });

  it('knows a data field without a colon', () => {
    assert.deepEqual(whole('data\n\n'), events(''));
  });

  it('ignores comments, ids, retries, unknown fields and events without data', () => {
    assert.deepEqual(whole(': ping\n\nid: 4\nretry: 10\ndatabase: no\nevent: lonely\n\ndata: x\n\n'), events('x'));
  });

  it('gives an event its type and forgets it afterwards', () => {
    assert.deepEqual(whole('event: error\ndata: x\n\ndata: y\n\n'), [
      { data: 'x', type: 'error', terminated: true },
      { data: 'y', type: '', terminated: true },
    ]);
  });

  it('reports an event that the stream ends in as not terminated', () => {
    assert.deepEqual(whole('data: a\n\ndata: half'), [...events('a'), { data: 'half', type: '', terminated: false }]);
    assert.deepEqual(whole('data: [DONE]\n'), [{ data: '[DONE]', type: '', terminated: false }]);
  });

  it('skips a byte order mark at the start only', () => {
    assert.deepEqual(whole('\ufeffdata: x\n\n'), events('x'));
    assert.deepEqual(whole('data: x\n\n\ufeffdata: y\n\n'), events('x'));
  });

  it('takes CRLF, CR and LF as line ends, mixed too', () => {
    for (const text of [
      'data: a\r\n\r\ndata: b\r\n\r\n',
      'data: a\r\rdata: b\r\r',
      'data: a\n\ndata: b\r\n\r\n',
      'data: a\r\n\ndata: b\n\r\n',
    ]) {
      assert.deepEqual(whole(text), events('a', 'b'), JSON.stringify(text));
    }
  });

  it('refuses an event beyond its bound, in one chunk or in many', () => {
    assert.throws(() => frame([Buffer.from(`data: ${'x'.repeat(200)}\n\n`)], 100), SseEventTooLargeError);
    const pieces = Array.from({ length: 30 }, () => Buffer.from('data: xxxxxx\n'));
    assert.throws(() => frame(pieces, 100), SseEventTooLargeError);
    assert.throws(
      () => frame([Buffer.from('data: '), ...Array.from({ length: 30 }, () => Buffer.from('xxxxxxxx'))], 100),
      SseEventTooLargeError,
    );
    assert.deepEqual(
      frame(
        pieces.map((piece) => Buffer.concat([piece, Buffer.from('\n')])),
        100,
      ).length,
      30,
    );
  });

  const sample =
    '\ufeff: comment\r\ndata: {"t":"häß€😀"}\r\n\r\nevent: x\rdata: a\rdata: b\r\rdata: [DONE]\n\n\r\n\ndata:\n\ndata: tail\n';

  it('gives the same events wherever the bytes are split in two', () => {
    const bytes = Buffer.from(sample);
    const expected = frame([bytes]);
    assert.equal(expected.length, 5);
    for (let at = 0; at <= bytes.length; at++) {
      assert.deepEqual(frame([bytes.subarray(0, at), bytes.subarray(at)]), expected, `split at byte ${at}`);
    }
  });

  it('gives the same events byte by byte', () => {
    const bytes = Buffer.from(sample);
    assert.deepEqual(frame([...bytes].map((byte) => Buffer.from([byte]))), frame([bytes]));
  });

  it('agrees with a line-by-line reading of the standard for any stream and any cuts', () => {
    const lineEnd = fc.constantFrom('\n', '\r', '\r\n');
    const line = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }).map((text) => `data: ${text.replace(/[\r\n]/g, '')}`),
      fc.constantFrom('', '', 'data', 'data:x', 'event: e', ': c', 'id: 1', 'dat', 'datax: 1', 'event', ':'),
    );
    const stream = fc.array(fc.tuple(line, lineEnd), { maxLength: 20 });
    fc.assert(
      fc.property(stream, fc.array(fc.nat(400), { maxLength: 6 }), (lines, cuts) => {
        const text = lines.map(([body, end]) => body + end).join('');
        const bytes = Buffer.from(text);
        const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
        const chunks = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
        assert.deepEqual(
          frame(chunks).filter((event) => event.terminated),
          reference(bytes.toString('utf8')),
        );
      }),
      { numRuns: 150 },
    );
  });
});

/** The standard's algorithm on a whole text. */
function reference(text: string): Seen[] {
  const out: Seen[] = [];
  let data: string[] = [];
  let type = '';
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/);
  lines.pop();
  for (const line of lines) {
    if (line === '') {
      if (data.length > 0) out.push({ data: data.join('\n'), type, terminated: true });
      data = [];
      type = '';
      continue;
    }
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') data.push(value);
    if (field === 'event') type = value;
  }
  return out;
}
