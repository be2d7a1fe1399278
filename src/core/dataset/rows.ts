/** Rows of a dataset file as its readers give them: where each begins, and what stands in it or why it cannot be read. */
import type { Json } from '../../protocol/plan';
import type { TextPosition, TextRange } from '../spec/document';
import type { TreeNode } from '../spec/tree';
import { PromptrigError } from '../util/errors';

export type DataFormat = 'csv' | 'jsonl' | 'json' | 'yaml';

/** A longer row is none: most likely a line break or a quotation mark is missing, and memory must not pay for that. */
export const MAX_ROW_BYTES = 8 * 1024 * 1024;

interface RowBase {
  /** 1-based, among the rows of the file; those that cannot be read count, blank lines and the header do not. */
  number: number;
  /** Where it begins. 0-based; characters are UTF-16 units. */
  start: TextPosition;
  /** Bytes of its text. */
  bytes: number;
}

export interface ReadableRow extends RowBase {
  /** By column. Values of CSV are texts, others are as the file has them. */
  fields: Record<string, Json>;
  /** As it is written; empty for YAML, whose place is in `node`. */
  text: string;
  /** Of YAML. */
  node?: TreeNode;
}

/** A row that cannot be read; those after it can. */
export interface FaultyRow extends RowBase {
  fault: { range: TextRange; message: string };
}

export type Row = ReadableRow | FaultyRow;

export function isFaulty(row: Row): row is FaultyRow {
  return 'fault' in row;
}

/** What a reader says beside its rows. */
export interface RowListener {
  /** The names of the columns of a CSV file, before its first row. */
  onColumns?(names: readonly string[]): void;
  /** Something to know that forbids nothing. */
  onNotice?(notice: { range: TextRange; message: string }): void;
}

/** The file cannot be read on from a place: its encoding, or its structure beyond single rows, is broken. */
export class DatasetError extends PromptrigError {
  constructor(
    /** In the dataset file. */
    readonly range: TextRange,
    message: string,
  ) {
    super('invalid_file', message);
    this.name = 'DatasetError';
  }
}

/** The range of `length` characters at a place. */
export function rangeAt({ line, character }: TextPosition, length: number): TextRange {
  return { start: { line, character }, end: { line, character: character + length } };
}

/** A row in a value that is no map of columns to values. */
export function notAnObject(value: unknown): string {
  const found =
    value === null
      ? 'null'
      : Array.isArray(value)
        ? 'a list'
        : typeof value === 'string'
          ? 'a text'
          : `the ${typeof value} ${JSON.stringify(value)}`;
  return `a row must be an object of columns and values, not ${found}`;
}

export function isRecord(value: unknown): value is Record<string, Json> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** Bytes as people count them: `8 MB`. */
export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MB`;
}
