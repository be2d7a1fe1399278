import { readRows, type ReadRowsOptions } from '../../../src/core/dataset/read-rows';
import { isFaulty, type DataFormat, type Row } from '../../../src/core/dataset/rows';
import type { TextRange } from '../../../src/core/spec/document';

/** Fixed, so that a run today and one tomorrow test the same. */
export const SEED = 20261122;

/** The bytes of a text or a file, cut at the given offsets. */
export async function* pieces(content: string | Uint8Array, cuts: readonly number[] = []): AsyncGenerator<Uint8Array> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const ends = [...new Set([...cuts, bytes.length])].filter((cut) => cut <= bytes.length).sort((a, b) => a - b);
  let from = 0;
  for (const end of ends) {
    await Promise.resolve();
    yield bytes.slice(from, end);
    from = end;
  }
}

export async function rowsOf(
  content: string | Uint8Array,
  format: DataFormat,
  cuts?: readonly number[],
  options?: ReadRowsOptions,
): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of readRows(pieces(content, cuts), format, options)) rows.push(...batch);
  return rows;
}

/** What is in each row: its values, or what is wrong with it. */
export function shown(rows: readonly Row[]): unknown[] {
  return rows.map((row) => (isFaulty(row) ? row.fault.message : row.fields));
}

/** `line:character` as people count, both from 1. */
export function at({ start }: TextRange): string {
  return `${start.line + 1}:${start.character + 1}`;
}

/** Where a reading stops and what it says; fails where it does not stop. */
export async function failure(
  content: string | Uint8Array,
  format: DataFormat,
  cuts?: readonly number[],
): Promise<string> {
  try {
    await rowsOf(content, format, cuts);
  } catch (error) {
    const { range, message } = error as { range?: TextRange; message: string };
    if (range === undefined) throw error;
    return `${at(range)} ${message}`;
  }
  throw new Error('it was read to its end');
}
