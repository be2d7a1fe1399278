/** Names of a dataset's columns, from the head of its file. */
import { DatasetError } from '../dataset/rows';
import { readCsv } from '../dataset/csv';
import { CASE_KEYS } from '../dataset/row-case';
import { childOf, type LooseNode } from './loose/nodes';
import { parseLoose } from './loose/parse';

/** How much of a file is read for its columns: the header, or the first row. */
export const HEAD_BYTES = 64 * 1024;

/** @returns undefined where the head says nothing of columns */
export async function columnsOf(head: Uint8Array, path: string): Promise<string[] | undefined> {
  if (/\.(?:csv|tsv)$/i.test(path)) return csvColumns(head);
  const text = new TextDecoder('utf-8').decode(head).replace(/^\uFEFF/, '');
  // JSON is YAML, and of lines of JSON the first is enough.
  const isLines = /\.(?:jsonl|ndjson)$/i.test(path);
  const { root } = parseLoose(isLines ? (text.split(/\r?\n/).find((line) => line.trim() !== '') ?? '') : text);
  const row = root?.kind === 'list' ? root.items.find(({ value }) => value !== null)?.value : root;
  return row === null || row === undefined ? undefined : keysOf(row);
}

async function csvColumns(head: Uint8Array): Promise<string[] | undefined> {
  let columns: string[] | undefined;
  // The last row may be cut off: nothing but the header is asked for.
  const lastLine = head.lastIndexOf(10);
  const whole = Buffer.from(lastLine < 0 ? head : head.subarray(0, lastLine + 1));
  const onColumns = (names: readonly string[]): void => {
    columns = [...names];
  };
  try {
    for await (const rows of readCsv(once(whole), { onColumns })) if (columns !== undefined && rows.length >= 0) break;
  } catch (error) {
    // A quote that is not closed within the head is the planner's to report.
    if (!(error instanceof DatasetError)) throw error;
  }
  return columns;
}

// eslint-disable-next-line @typescript-eslint/require-await -- the readers take streams
async function* once(chunk: Buffer): AsyncGenerator<Buffer> {
  yield chunk;
}

/** Columns of a row; of one that is a whole case the variables. */
function keysOf(row: LooseNode): string[] | undefined {
  if (row.kind !== 'map') return undefined;
  const keys = row.entries.map(({ key }) => key).filter((key) => key !== '');
  const vars = childOf(row, 'vars');
  const isCase = keys.includes('vars') && keys.every((key) => CASE_KEYS.includes(key));
  return isCase && vars?.kind === 'map' ? vars.entries.map(({ key }) => key) : keys;
}
