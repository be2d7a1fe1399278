/** The rows of a dataset file, whatever its format, as a stream. */
import { createReadStream } from 'node:fs';
import { readCsv } from './csv';
import { readJsonList } from './json-list';
import { readJsonl } from './jsonl';
import type { DataFormat, Row, RowListener } from './rows';
import { utf8Chunks } from './utf8';
import { readYamlList } from './yaml-list';

/** Opens a file by its absolute path; pieces must not be changed once given. Fails as `node:fs` does. */
export type OpenFile = (path: string) => AsyncIterable<Uint8Array>;

const PIECE_BYTES = 256 * 1024;

export const openFileStream: OpenFile = (path) => createReadStream(path, { highWaterMark: PIECE_BYTES });

/** The format that a file name stands for; undefined for an extension that says nothing. */
export function formatOf(path: string): DataFormat | undefined {
  switch (/\.([^./\\]+)$/.exec(path)?.[1]?.toLowerCase()) {
    case 'csv':
    case 'tsv':
    case 'tab':
      return 'csv';
    case 'jsonl':
    case 'ndjson':
      return 'jsonl';
    case 'json':
      return 'json';
    case 'yaml':
    case 'yml':
      return 'yaml';
    default:
      return undefined;
  }
}

export interface ReadRowsOptions extends RowListener {
  /** Of CSV; by default the header decides. */
  delimiter?: string;
  /** The whole text of a format that can only be read whole (YAML), before its rows: their places are in it. */
  onText?(text: string): void;
}

/**
 * The rows of `source` in batches, in order. Memory holds one piece of the file and one row (of YAML, the file).
 * @throws DatasetError where the file cannot be read on; what the source itself throws
 */
export function readRows(
  source: AsyncIterable<Uint8Array>,
  format: DataFormat,
  options: ReadRowsOptions = {},
): AsyncGenerator<Row[]> {
  const chunks = utf8Chunks(source);
  switch (format) {
    case 'csv':
      return readCsv(chunks, options);
    case 'jsonl':
      return readJsonl(chunks);
    case 'json':
      return readJsonList(chunks);
    case 'yaml':
      return readYamlList(chunks, (text) => options.onText?.(text));
  }
}
