import assert from 'node:assert/strict';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { LineReader, linesAt } from '../../../src/core/run-panel/lines';
import { RunRecords } from '../../../src/core/run-panel/records';
import { removeTempDirs, tempDir } from '../support/temp';
import { answer, appendLines, refused, request, STAGE, TARGET, writeRun } from './stored';

async function readAll(reader: LineReader): Promise<{ line: string; at: number }[]> {
  const lines: { line: string; at: number }[] = [];
  await reader.advance((line, at) => lines.push({ line, at }));
  return lines;
}

describe('lines of a file that grows', () => {
  after(removeTempDirs);

  it('are handed over once, each with its place, whatever they hold', async () => {
    const texts = fc.array(fc.array(fc.string({ unit: 'grapheme', maxLength: 20 }).map(oneLine), { maxLength: 5 }), {
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(texts, async (parts) => {
        const file = join(tempDir(), 'lines');
        const reader = new LineReader(file);
        const seen: { line: string; at: number }[] = [];
        for (const part of parts) {
          await appendFile(file, part.map((line) => `${line}\n`).join(''));
          seen.push(...(await readAll(reader)));
        }
        assert.deepEqual(
          seen.map(({ line }) => line),
          parts.flat(),
        );
        assert.deepEqual(
          await linesAt(
            file,
            seen.map(({ at }) => at),
          ),
          parts.flat(),
        );
      }),
      { numRuns: 40 },
    );
  });

  it('wait for the end of the last one', async () => {
    const file = join(tempDir(), 'lines');
    const reader = new LineReader(file);
    await writeFile(file, 'one\ntw');
    assert.deepEqual(
      (await readAll(reader)).map(({ line }) => line),
      ['one'],
    );
    const { tailBytes } = await new LineReader(file).advance(() => undefined);
    assert.equal(tailBytes, 2);
    await appendFile(file, 'o\nthree\n');
    assert.deepEqual(await readAll(reader), [
      { line: 'two', at: 4 },
      { line: 'three', at: 8 },
    ]);
  });

  it('may be longer than a block, and are none where there is no file', async () => {
    const file = join(tempDir(), 'lines');
    assert.deepEqual(await readAll(new LineReader(file)), []);
    assert.deepEqual(await linesAt(file, [0]), [null]);
    const long = 'ä'.repeat(1_500_000);
    await writeFile(file, `short\n${long}\nend\n`);
    const lines = await readAll(new LineReader(file));
    assert.deepEqual(
      lines.map(({ line }) => line.length),
      [5, 1_500_000, 3],
    );
    assert.deepEqual(await linesAt(file, [lines[2]?.at ?? 0, lines[1]?.at ?? 0]), ['end', long]);
  });
});

describe('records of a run', () => {
  let dir: string;
  let records: RunRecords;

  beforeEach(() => {
    dir = tempDir();
    records = new RunRecords(dir);
  });
  after(removeTempDirs);

  it('are found by id without being read before, also those that were added meanwhile', async () => {
    await writeRun(dir, { requests: [request(0), request(7)] });
    const [found] = await records.byId([request(7).id]);
    assert.deepEqual(found, request(7));
    assert.deepEqual(await records.byId([request(8).id]), []);
    await appendLines(join(dir, 'requests.ndjson'), [request(8), request(1, { id: 'an id of another form' })]);
    assert.deepEqual(await records.byId([request(8).id, request(0).id, 'an id of another form']), [
      request(8),
      request(0),
      request(1, { id: 'an id of another form' }),
    ]);
  });

  it('tell damage from a line that is being written', async () => {
    await writeRun(dir, { requests: [request(0)] });
    await appendFile(join(dir, 'requests.ndjson'), '{"id": broken\n{"id":"sim/steady/3","target":"sim"}\n');
    await appendLines(join(dir, 'requests.ndjson'), [request(4)]);
    await appendFile(join(dir, 'requests.ndjson'), JSON.stringify(request(5)).slice(0, 50));
    const ids: string[] = [];
    const scan = await records.scan(({ id }) => ids.push(id));
    assert.deepEqual(ids, [request(0).id, request(4).id]);
    assert.equal(scan.damaged, 2);
    assert.equal(scan.firstDamaged, 2);
    assert.equal(scan.tailBytes, 50);
  });

  it('are searched by what became of them, not by the numbers of their gaps', async () => {
    await writeRun(dir, {
      requests: [
        request(0, { itl: [429, 12] }),
        refused(1),
        refused(2, { stage: 'other' }),
        request(3, { case: '/cases/9', finish_reason: 'length' }),
      ],
    });
    const find = async (text: string) => (await records.find(TARGET, STAGE, text, 10)).ids;
    assert.deepEqual(await find('429'), [refused(1).id]);
    assert.deepEqual(await find('HTTP_429'), [refused(1).id]);
    assert.deepEqual(await find('/cases/9'), [request(3).id]);
    assert.deepEqual(await find('length'), [request(3).id]);
    assert.deepEqual(await find('nowhere'), []);
    assert.deepEqual(await records.find(TARGET, STAGE, 'steady', 2), {
      ids: [request(0).id, refused(1).id],
      complete: false,
    });
  });

  it('have the answer of a request, and of each turn of a conversation', async () => {
    const turns = [
      { request: 'sim/cases/1', user: 'Hello?', answer: 'Hello.' },
      { request: 'sim/cases/2', user: 'And then?', answer: 'Bye.' },
    ];
    const talk = answer('sim/cases/2', { case: '/cases/1', turns });
    await writeRun(dir, { cases: [answer('sim/cases/0'), answer(null, { outcome: 'skipped' })] });
    assert.deepEqual(await records.answerOf('sim/cases/0'), answer('sim/cases/0'));
    assert.equal(await records.answerOf('sim/cases/1'), null);
    await appendLines(join(dir, 'cases.ndjson'), [talk]);
    assert.deepEqual(await records.answerOf('sim/cases/1'), talk);
    assert.deepEqual(await records.answerOf('sim/cases/2'), talk);
  });

  it('are none where the folder is gone', async () => {
    const gone = new RunRecords(join(dir, 'gone'));
    assert.deepEqual(await gone.byId(['sim/steady/0']), []);
    assert.equal(await gone.answerOf('sim/cases/0'), null);
    assert.equal((await gone.scan(() => assert.fail())).size, 0);
  });
});

function oneLine(text: string): string {
  return text.replaceAll('\n', ' ');
}
