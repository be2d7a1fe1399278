/** Rows of a JSONL file: one JSON object a line, read a piece at a time. */
import { jsonFault } from './json-fault';
import { DatasetError, isRecord, MAX_ROW_BYTES, megabytes, notAnObject, rangeAt, type Row } from './rows';
import { splitLines } from './split-lines';

/**
 * The rows of a JSONL text, in batches. Blank lines are passed over. A line that is no JSON object is a faulty row.
 * @throws DatasetError where the file as a whole is a JSON list
 */
export async function* readJsonl(chunks: AsyncIterable<Buffer>): AsyncGenerator<Row[]> {
  let count = 0;
  for await (const lines of splitLines(chunks, MAX_ROW_BYTES)) {
    const rows: Row[] = [];
    for (const { line, bytes } of lines) {
      const start = { line, character: 0 };
      if (bytes === null) {
        const message = `the line is longer than ${megabytes(MAX_ROW_BYTES)}; it is not one row`;
        rows.push({ number: ++count, start, bytes: 0, fault: { range: rangeAt(start, 1), message } });
        continue;
      }
      const text = bytes.toString('utf8');
      if (text.trim() === '') continue;
      if (count === 0 && text.trimStart().startsWith('[')) {
        throw new DatasetError(
          rangeAt({ line, character: text.indexOf('[') }, 1),
          'The file holds a JSON list, not one object on each line: set "format: json".',
        );
      }
      rows.push(rowOf(text, ++count, line, bytes.length));
    }
    if (rows.length > 0) yield rows;
  }
}

function rowOf(text: string, number: number, line: number, bytes: number): Row {
  const start = { line, character: 0 };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const { offset, length, message } = jsonFault(text) ?? { offset: 0, length: 1, message: 'this is not JSON' };
    return { number, start, bytes, fault: { range: rangeAt({ line, character: offset }, length), message } };
  }
  if (isRecord(value)) return { number, start, bytes, fields: value, text };
  return { number, start, bytes, fault: { range: rangeAt(start, text.length), message: notAnObject(value) } };
}
