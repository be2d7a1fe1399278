import assert from 'node:assert/strict';
import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { ArrivalCursor } from '../../../src/core/load/schedule';
import { blocksOf, traceArrivals, type Trace } from '../../../src/core/load/trace';
import { detectColumns } from '../../../src/core/load/trace-columns';
import { readTrace, type ReadTraceOptions } from '../../../src/core/load/trace-read';
import { parseDateMs, parseDecimal } from '../../../src/core/load/trace-time';
import { PromptrigError } from '../../../src/core/util/errors';

let folder = '';

before(() => (folder = mkdtempSync(join(tmpdir(), 'promptrig-trace-'))));
after(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;

function write(content: string | Buffer, extension = 'csv'): string {
  const path = join(folder, `t${files++}.${extension}`);
  writeFileSync(path, content);
  return path;
}

const read = (content: string | Buffer, options: ReadTraceOptions = {}) =>
  readTrace(write(content), { shownPath: 'trace.csv', ...options });

const rowsOf = ({ offsetsMs, inputTokens, outputTokens }: Trace) =>
  Array.from(offsetsMs, (offset, i) => [Math.round(offset * 1e3) / 1e3, inputTokens[i], outputTokens[i]]);

const noticesOf = (trace: Trace) => trace.notices.map(({ code, line }) => `${code}:${line}`);

async function rejects(content: string | Buffer, message: RegExp, options: ReadTraceOptions = {}): Promise<void> {
  await assert.rejects(read(content, options), (error: unknown) => {
    assert.ok(error instanceof PromptrigError, String(error));
    assert.equal(error.code, 'invalid_file');
    assert.match(error.message, message);
    return true;
  });
}

const PLAIN = 'timestamp_ms,input_tokens,output_tokens\n';

describe('reading a trace', () => {
  it('knows Mooncake traces, with times in ms and shared blocks', async () => {
    const trace = await read(
      [
        '{"timestamp": 27482, "input_length": 1100, "output_length": 52, "hash_ids": [46, 47, 48]}',
        '',
        '{"timestamp": 30535, "input_length": 700, "output_length": 26, "hash_ids": [46, 2354]}',
        '{"timestamp": 30535, "input_length": 100, "output_length": 9, "hash_ids": []}',
      ].join('\r\n'),
    );
    assert.equal(trace.format, 'mooncake');
    assert.deepEqual(rowsOf(trace), [
      [0, 1100, 52],
      [3053, 700, 26],
      [3053, 100, 9],
    ]);
    assert.deepEqual(
      [0, 1, 2].map((row) => [...blocksOf(trace, row)]),
      [[0, 1, 2], [0, 3], []],
    );
    assert.deepEqual(trace.notices, []);
  });

  it('knows the Azure traces of both years, to the microsecond', async () => {
    const of2023 = await read(
      'TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:15:46.6805900,374,44\r\n2023-11-16 18:15:50.9951690,396,109\r\n',
    );
    assert.equal(of2023.format, 'azure');
    assert.deepEqual(rowsOf(of2023), [
      [0, 374, 44],
      [4314.579, 396, 109],
    ]);
    const of2024 = await read(
      'TIMESTAMP,ContextTokens,GeneratedTokens\n2024-05-10 00:00:00.009930+00:00,2162,5\n2024-05-10 00:00:00.017335+00:00,2399,6\n',
    );
    assert.deepEqual(rowsOf(of2024), [
      [0, 2162, 5],
      [7.405, 2399, 6],
    ]);
  });

  it('knows BurstGPT in its two layouts, with times in seconds', async () => {
    const first = await read(
      'Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,ChatGPT,472,18,490,Conversation log\n45,GPT-4,1087,0,1087,API log\n',
    );
    assert.equal(first.format, 'burstgpt');
    assert.deepEqual(rowsOf(first), [
      [0, 472, 18],
      // A request that failed has no answer; it is sent and asks for one token.
      [40_000, 1087, 1],
    ]);
    assert.deepEqual(noticesOf(first), ['zero-tokens:3']);
    const third = await read(
      '\uFEFFTimestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type\n0.5,a,1.2,GPT-4,10,20,30,API log\n',
    );
    assert.deepEqual(rowsOf(third), [[0, 10, 20]]);
  });

  it('knows plain columns in any order and spelling, and says which unit it assumed', async () => {
    const seconds = await read('Output Tokens;timestamp;Input-Tokens;note\n3;10.5;4;"a;b"\n5;11;6;\n');
    assert.equal(seconds.format, 'plain');
    assert.deepEqual(rowsOf(seconds), [
      [0, 4, 3],
      [500, 6, 5],
    ]);
    assert.deepEqual(noticesOf(seconds), ['assumed-seconds:2']);
    assert.match(seconds.notices[0]?.message ?? '', /read as seconds; name the column timestamp_ms/);
    const epoch = await read('timestamp\tinput_tokens\toutput_tokens\n1715299200000\t1\t2\n1715299200250\t1\t2\n');
    assert.deepEqual(rowsOf(epoch)[1], [250, 1, 2]);
    assert.deepEqual(noticesOf(epoch), ['epoch-ms:2']);
    const dates = await read(
      '{"timestamp":"2024-05-10T00:00:00Z","input_tokens":1,"output_tokens":2}\n{"timestamp":"2024-05-10T01:00:01.5+01:00","input_tokens":1,"output_tokens":2}',
    );
    assert.deepEqual(rowsOf(dates)[1], [1500, 1, 2]);
    assert.deepEqual(rowsOf(await read(`${PLAIN}0,1,2\n7,3,4`)).at(-1), [7, 3, 4]);
  });

  it('sorts rows that are a little out of order, keeps ties as they are, and says so', async () => {
    const trace = await read(`${PLAIN}1000,1,1\n3000,2,1\n2000,3,1\n3000,4,1\n0,5,1\n`);
    assert.deepEqual(rowsOf(trace), [
      [0, 5, 1],
      [1000, 1, 1],
      [2000, 3, 1],
      [3000, 2, 1],
      [3000, 4, 1],
    ]);
    assert.deepEqual(noticesOf(trace), ['unsorted:4']);
    assert.match(trace.notices[0]?.message ?? '', /^2 rows are earlier than the one before/);
    const blocks = await read(
      '{"timestamp":900,"input_length":1,"output_length":1,"hash_ids":["x","y"]}\n{"timestamp":100,"input_length":1,"output_length":1,"hash_ids":["x"]}',
    );
    assert.deepEqual(
      [0, 1].map((row) => [...blocksOf(blocks, row)]),
      [[0], [0, 1]],
    );
  });

  it('points out a long silence', async () => {
    const trace = await read(`${PLAIN}0,1,1\n10,1,1\n7200010,1,1\n`);
    assert.deepEqual(noticesOf(trace), ['long-gap:4']);
    assert.match(trace.notices[0]?.message ?? '', /No request comes for/);
  });

  it('stops at as many rows and as much time as are wanted', async () => {
    const many = PLAIN + Array.from({ length: 300 }, (_, i) => `${i * 1000},1,1`).join('\n');
    const byCount = await read(many, { requests: 10 });
    assert.equal(byCount.length, 10);
    assert.equal(byCount.cut, true);
    const byTime = await read(many, { durationMs: 20_000 });
    assert.equal(byTime.length, 21);
    assert.equal(byTime.offsetsMs.length, 21);
    assert.equal(byTime.cut, true);
    assert.equal((await read(many, { durationMs: 400_000 })).cut, false);
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    await assert.rejects(read(many, { signal: controller.signal }), /enough/);
  });

  it('reads a large file, whose rows break anywhere between two chunks', async () => {
    const path = join(folder, 'large.jsonl');
    const out = createWriteStream(path);
    const n = 30_000;
    for (let i = 0; i < n; i++) {
      const row = `{"timestamp":${i * 5},"input_length":${(i % 900) + 1},"output_length":${(i % 70) + 1},"user":"zo\u00eb \u2028"}\n`;
      if (!out.write(row)) await once(out, 'drain');
    }
    out.end();
    await once(out, 'finish');
    const trace = await readTrace(path);
    assert.equal(trace.length, n);
    assert.equal(trace.blocks, null);
    for (const i of [0, 1, 12_345, n - 1]) {
      assert.deepEqual([trace.offsetsMs[i], trace.inputTokens[i]], [i * 5, (i % 900) + 1]);
    }
    assert.ok(trace.offsetsMs.buffer instanceof SharedArrayBuffer);
  });
});

describe('a trace that cannot be right', () => {
  it('is refused at its line, with what to do', async () => {
    await rejects(`${PLAIN}0,1,1\n-5,1,1\n`, /^trace\.csv:3: timestamp_ms is -5; a time must not be negative/);
    await rejects(
      `${PLAIN}0,1,1\nsoon,1,1\n`,
      /^trace\.csv:3: timestamp_ms is "soon", which is neither a number nor a date/,
    );
    await rejects(`${PLAIN}0,1,1\n\n5,,1\n`, /^trace\.csv:4: input_tokens is missing; fill it in/);
    await rejects(`${PLAIN}0,1,1\n5,2.5,1\n`, /^trace\.csv:3: input_tokens is "2.5"; it must be a whole number/);
    await rejects(`${PLAIN}0,1,1\n5,3,-1\n`, /output_tokens is "-1"/);
    await rejects(`${PLAIN}0,1,1\n5,3,99999999999\n`, /output_tokens is "99999999999"/);
    await rejects(`${PLAIN}0,1,1\n5,3\n`, /^trace\.csv:3: the row has 2 fields and the header 3; complete or remove/);
    await rejects(`${PLAIN}0,1,1\n5,3,4,5\n`, /^trace\.csv:3: the row has 4 fields/);
    await rejects(`${PLAIN}0,1,1\n5,"3,4\n`, /^trace\.csv:\d: a quotation mark is not closed/);
    await rejects(`${PLAIN}0,1,1\n5,3"x,4\n`, /^trace\.csv:3: a quotation mark stands inside a field/);
    await rejects(`${PLAIN}90000,1,1\n5,1,1\n`, /^trace\.csv:3: the time goes back by 90 s from line 2; sort the rows/);
    await rejects('TIMESTAMP,ContextTokens,GeneratedTokens\n2024-02-31 00:00:00,1,1\n', /:2: TIMESTAMP is "2024-02-31/);
  });

  it('is refused in JSON lines as well', async () => {
    const row = '{"timestamp":1,"input_length":2,"output_length":3}\n';
    await rejects(`${row}{"timestamp":2,"input_len\n`, /^trace\.csv:2: this is not a JSON object/);
    await rejects(`${row}[1]\n`, /^trace\.csv:2: this is not a JSON object/);
    await rejects(`${row}{"timestamp":2,"input_length":2}\n`, /:2: output_length is missing/);
    await rejects(`${row}{"timestamp":2,"input_length":null,"output_length":1}\n`, /:2: input_length is missing/);
    await rejects(`${row}{"timestamp":true,"input_length":1,"output_length":1}\n`, /:2: timestamp is "true"/);
    await rejects(
      '{"timestamp":1,"input_length":2,"output_length":3,"hash_ids":{"a":1}}',
      /:1: hash_ids is .* must be a list/,
    );
    await rejects('[{"timestamp":1}]', /:1: this is a JSON array; write one object on each line/);
  });

  it('is refused as a whole where it is empty, unknown or not text', async () => {
    await rejects('', /^trace\.csv: the file is empty/);
    await rejects(' \n\n', /the file is empty/);
    await rejects(PLAIN, /^trace\.csv: there is a header but no row/);
    await rejects(
      'a,b\n1,2\n',
      /^trace\.csv:1: the columns \(a, b\) are not those of a known trace\. Name the columns timestamp/,
    );
    await rejects(Buffer.from([0x1f, 0x8b, 8, 0, 0, 0]), /not a text file; unpack/);
    await rejects(Buffer.from('timestamp,input_tokens\n', 'utf16le'), /not a text file/);
  });

  it('is reported as missing or unreadable', async () => {
    const codeIs = (code: string) => (error: unknown) =>
      error instanceof PromptrigError && error.code === code && error.message.includes('shown.csv');
    await assert.rejects(readTrace(join(folder, 'none.csv'), { shownPath: 'shown.csv' }), codeIs('not_found'));
    await assert.rejects(readTrace(folder, { shownPath: 'shown.csv' }), codeIs('unreadable'));
  });
});

describe('the arrivals of a trace', () => {
  it('are its offsets at the speed that is asked for, and end with it', () => {
    const trace = { offsetsMs: Float64Array.of(0, 100, 100, 250) };
    assert.deepEqual([...traceArrivals(trace)], [0, 100, 100, 250]);
    assert.deepEqual([...traceArrivals(trace, 2)], [0, 50, 50, 125]);
    for (const speed of [0, -1, Number.NaN, 1e6]) {
      assert.throws(() => traceArrivals(trace, speed), /must be above 0x/);
    }
  });

  it('are shared out among workers without one missing', () => {
    const trace = { offsetsMs: Float64Array.from({ length: 11 }, (_, i) => i * 10) };
    const bounds = { durationMs: 1000, requests: Number.POSITIVE_INFINITY };
    const taken = [0, 1, 2].flatMap((worker) => {
      const cursor = new ArrivalCursor(traceArrivals(trace), bounds, worker, 3);
      const out: number[] = [];
      while (cursor.next()) out.push(cursor.index);
      return out;
    });
    assert.deepEqual(
      taken.sort((a, b) => a - b),
      Array.from({ length: 11 }, (_, i) => i),
    );
  });
});

describe('the parts of a trace row', () => {
  it('are dates that exist, in UTC unless they say otherwise', () => {
    assert.equal(parseDateMs('1970-01-01 00:00:01.5'), 1500);
    assert.equal(parseDateMs('1970-01-01T02:00:00+02:00'), 0);
    assert.equal(parseDateMs('1969-12-31T23:30:00-0030'), 0);
    assert.equal(parseDateMs('2024-02-29 12:00:00Z'), Date.UTC(2024, 1, 29, 12));
    for (const text of ['2023-02-29 00:00:00', '2024-13-01 00:00:00', '2024-01-01 24:00:00', '2024-01-01', 'now', ''])
      assert.equal(parseDateMs(text), null, text);
  });

  it('are plain numbers', () => {
    assert.equal(parseDecimal(' 1.5e3 '), 1500);
    for (const text of ['', ' ', '0x10', '1,5', 'NaN', 'Infinity', '1e999'])
      assert.equal(parseDecimal(text), null, text);
  });

  it('are told apart by their columns', () => {
    assert.equal(detectColumns(['timestamp', 'input_tokens', 'output_tokens', 'hash_ids'])?.format, 'mooncake');
    assert.equal(detectColumns(['timestamp', 'input_tokens', 'output_tokens'])?.unitKnown, false);
    assert.equal(detectColumns(['timestamp', 'input_tokens']), null);
  });
});
