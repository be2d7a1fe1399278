/** The cases that the rows of a dataset are. The file is read as a stream: what is held is what is taken of it. */
import { basename, resolve } from 'node:path';
import type { RunPlan } from '../../protocol/plan';
import { formatCount } from '../../protocol/format';
import { formatOf, readRows, type OpenFile } from '../dataset/read-rows';
import { caseOfRow, type RowMapping } from '../dataset/row-case';
import { placeOfRow, type RowPlace } from '../dataset/row-place';
import { DatasetError, megabytes, type DataFormat, type FaultyRow, type ReadableRow, type Row } from '../dataset/rows';
import { MAX_KEPT_BYTES, MAX_ROWS, takeRows, type TakenRows } from '../dataset/take-rows';
import { TextLines } from '../spec/lines';
import { nameCase, UniqueIds } from '../spec/naming';
import { childPointer } from '../spec/pointer';
import type { EvalSpec } from '../spec/schema';
import type { DatasetSpec } from '../spec/schema-case';
import { nearKeys } from '../spec/suggest';
import { messageOf } from '../util/errors';
import type { LocatedCase } from './plan-cases';
import type { PlanProblems } from './plan-problems';
import { isSelected, type PlanSelection } from './plan-select';

export interface DatasetContext {
  spec: EvalSpec;
  select: PlanSelection;
  baseDir: string;
  /** Ids of the cases in place, which rows must not share. */
  taken: readonly string[];
  seed: number;
  open: OpenFile;
  problems: PlanProblems;
  /** By default `MAX_ROWS` and `MAX_KEPT_BYTES`. */
  maxRows?: number;
  maxKeptBytes?: number;
}

export interface PlannedDataset {
  /** In the order in which they run. */
  cases: LocatedCase[];
  summary?: NonNullable<RunPlan['dataset']>;
}

type DatasetOptions = Exclude<DatasetSpec, string>;

const NONE: PlannedDataset = { cases: [] };

/** Reads the dataset of a file. What is wrong with it is reported: in the eval file where that names it, else in its own. */
export async function planDataset(dataset: DatasetSpec, context: DatasetContext): Promise<PlannedDataset> {
  const options: DatasetOptions = typeof dataset === 'string' ? { path: dataset } : dataset;
  const pathPointer = typeof dataset === 'string' ? '/dataset' : '/dataset/path';
  const { problems } = context;
  const path = resolve(context.baseDir, options.path.replace(/^file:\/\//, ''));
  if (/^https?:\/\//i.test(options.path)) {
    problems.at(
      'unreadable-file',
      'A dataset is a file: download it, and name its path relative to this file.',
      pathPointer,
    );
    return NONE;
  }
  const format = options.format ?? formatOf(path);
  if (format === undefined) {
    const message = `What "${basename(path)}" holds does not follow from its name: add "format: csv", jsonl, json or yaml.`;
    problems.at('unknown-format', message, pathPointer);
    return NONE;
  }
  return new DatasetReader(path, format, options, pathPointer, context).read();
}

class DatasetReader {
  private readonly mapping: RowMapping;
  private columns = new Set<string>();
  private whole: { text: string; lines: TextLines } | null = null;

  constructor(
    private readonly path: string,
    private readonly format: DataFormat,
    private readonly options: DatasetOptions,
    private readonly pathPointer: string,
    private readonly context: DatasetContext,
  ) {
    this.mapping = { format, ...(options.map === undefined ? {} : { map: options.map }) };
  }

  async read(): Promise<PlannedDataset> {
    let taken: TakenRows;
    try {
      taken = await this.take();
    } catch (error) {
      if (!(error instanceof UnknownColumn)) this.failed(error);
      return NONE;
    }
    if (!this.checkTaken(taken)) return NONE;
    return { cases: this.casesOf(taken), summary: this.summary(taken) };
  }

  private take(): Promise<TakenRows> {
    const { open } = this.context;
    const { shuffle, map } = this.options;
    const batches = readRows(open(this.path), this.format, {
      ...(/\.(?:tsv|tab)$/i.test(this.path) ? { delimiter: '\t' } : {}),
      onText: (text) => {
        this.whole = { text, lines: new TextLines(text) };
      },
      onColumns: (names) => {
        this.columns = new Set(names);
        if (!this.checkMap()) throw new UnknownColumn();
      },
      onNotice: ({ range, message }) =>
        this.context.problems.add({ code: 'unnamed-column', message, path: this.path, range, severity: 'info' }),
    });
    const accept = this.filter();
    const sample = this.sampleSize();
    return takeRows(map !== undefined && this.format !== 'csv' ? this.withColumns(batches, map) : batches, {
      ...(sample === undefined ? {} : { sample }),
      shuffle: shuffle === true,
      seed: this.seed,
      maxRows: this.maxRows,
      maxKeptBytes: this.maxKeptBytes,
      ...(accept === undefined ? {} : { accept }),
    });
  }

  /** Whoever asks for cases by name wants those, and not whichever of them a sample draws. */
  private sampleSize(): number | undefined {
    const wanted = this.context.select.cases ?? [];
    return wanted.length === 0 || wanted.includes('/dataset') ? this.options.sample : undefined;
  }

  private get maxRows(): number {
    return this.context.maxRows ?? MAX_ROWS;
  }

  private get maxKeptBytes(): number {
    return this.context.maxKeptBytes ?? MAX_KEPT_BYTES;
  }

  private get seed(): number {
    return this.options.seed ?? this.context.seed;
  }

  /** Only what is asked for is kept; undefined where that is everything. */
  private filter(): ((row: ReadableRow) => boolean) | undefined {
    const { spec, select } = this.context;
    if ((select.cases ?? []).length === 0 && (select.tags ?? []).length === 0) return undefined;
    // Rows that share an id are told apart by counting them, so all of them are kept until they are counted.
    const cases = (select.cases ?? []).flatMap((text) => [text, text.replace(/#\d+$/, '')]);
    const loose = { ...select, ...(select.cases === undefined ? {} : { cases }) };
    return (row) => isSelected(this.caseOf(row, this.placeOf(row)), spec, loose);
  }

  /** Remembers the names of columns as they come. */
  private async *withColumns(
    batches: AsyncIterable<Row[]>,
    map: Readonly<Record<string, string>>,
  ): AsyncGenerator<Row[]> {
    const missing = new Set(Object.values(map));
    for await (const rows of batches) {
      for (const row of rows) {
        if ('fault' in row || (missing.size === 0 && this.columns.size > 0)) continue;
        for (const name of Object.keys(row.fields)) {
          missing.delete(name);
          if (this.columns.size < MAX_COLUMNS) this.columns.add(name);
        }
      }
      yield rows;
    }
    if (missing.size > 0 && !this.checkMap(missing)) throw new UnknownColumn();
  }

  /** Whether every column that `map` names is there. */
  private checkMap(missing?: ReadonlySet<string>): boolean {
    const { problems } = this.context;
    const names = [...this.columns];
    let isFine = true;
    for (const [key, column] of Object.entries(this.options.map ?? {})) {
      if (missing === undefined ? this.columns.has(column) : !missing.has(column)) continue;
      isFine = false;
      const pointer = childPointer('/dataset/map', key);
      const near = nearKeys(column, names);
      const range = problems.document.rangeOf(pointer);
      const hint = near[0] === undefined ? `It has ${names.slice(0, 12).join(', ')}.` : `Did you mean "${near[0]}"?`;
      problems.at('unknown-column', `${basename(this.path)} has no column "${column}". ${hint}`, pointer, {
        suggestions:
          range === undefined
            ? []
            : near.map((newText) => ({
                title: `Change to "${newText}"`,
                edits: [{ range, newText: JSON.stringify(newText) }],
              })),
      });
    }
    return isFine;
  }

  private failed(error: unknown): void {
    const { problems } = this.context;
    if (error instanceof DatasetError) {
      problems.add({
        code: 'bad-file',
        message: error.message,
        path: this.path,
        range: error.range,
        severity: 'error',
      });
      return;
    }
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const missing = code === 'ENOENT' || code === 'ENOTDIR';
    const reason = code === 'EISDIR' ? 'is a folder; name the file in it' : `could not be read: ${messageOf(error)}`;
    problems.at(
      missing ? 'missing-file' : 'unreadable-file',
      missing
        ? `There is no file ${this.path}; the path is relative to the folder of this file.`
        : `${this.path} ${reason}.`,
      this.pathPointer,
    );
  }

  /** Says what is not taken; false where nothing can be. */
  private checkTaken(taken: TakenRows): boolean {
    const { problems, select } = this.context;
    const name = basename(this.path);
    if (taken.largestSample !== undefined) {
      problems.at(
        'sample-too-large',
        `${formatCount(this.options.sample ?? 0)} rows of ${name} take more than ${megabytes(this.maxKeptBytes)}: use a "sample" of about ${formatCount(taken.largestSample)}.`,
        '/dataset/sample',
      );
      return false;
    }
    const isNarrowed = (select.cases ?? []).length > 0 || (select.tags ?? []).length > 0;
    if (taken.rows.length === 0 && taken.faultCount === 0 && !isNarrowed) {
      problems.at('empty-dataset', `${name} holds no rows: there is nothing to ask.`, this.pathPointer);
      return false;
    }
    if (taken.bound !== null) {
      const limit =
        taken.bound === 'rows' ? `${formatCount(this.maxRows)} rows` : `${megabytes(this.maxKeptBytes)} of rows`;
      const count = `${taken.complete ? '' : 'at least '}${formatCount(taken.leftOut)}`;
      problems.at(
        'too-many-rows',
        `The first ${formatCount(taken.rows.length)} rows of ${name} are taken and ${count} more are left out: at most ${limit} are taken from a dataset. Use "sample" to draw from all of them.`,
        '/dataset',
        { severity: 'warning' },
      );
    }
    if (taken.rows.length === 0 && taken.faultCount > 0 && !isNarrowed) {
      this.report(taken.faults);
      problems.at('empty-dataset', `No row of ${name} can be read.`, this.pathPointer);
      return false;
    }
    return true;
  }

  private casesOf(taken: TakenRows): LocatedCase[] {
    const { spec, select, problems } = this.context;
    const ids = new UniqueIds();
    for (const id of this.context.taken) ids.take(id);
    // Whoever asks for cases by name need not hear of rows that are none of them.
    const isNamed = (select.cases ?? []).length > 0;
    if (!isNamed) this.report(taken.faults);
    if (!isNamed && taken.faultCount > taken.faults.length) {
      const count = formatCount(taken.faultCount - taken.faults.length);
      problems.at(
        'bad-row',
        `${count} more rows of ${basename(this.path)} cannot be read, and are not run.`,
        '/dataset',
        {
          severity: 'warning',
        },
      );
    }
    // Ids are given in the order of the file, so that they do not depend on the order in which rows run.
    const cases = new Map<number, LocatedCase>();
    for (const row of [...taken.rows].sort((a, b) => a.number - b.number)) {
      const place = this.placeOf(row);
      problems.rows.set(row.number, place);
      const item = this.caseOf(row, place, true);
      cases.set(row.number, { ...item, id: ids.take(item.id) });
    }
    // A sample is one of what can be read.
    const skipped = this.sampleSize() === undefined ? taken.faults.map((row) => this.skippedCase(row)) : [];
    const all = [
      ...taken.rows.flatMap((row) => cases.get(row.number) ?? []),
      ...skipped.map((item) => ({ ...item, id: ids.take(item.id) })),
    ].filter((item) => isSelected(item, spec, select));
    if (this.options.shuffle === true) return all;
    return all.sort((a, b) => (a.row?.number ?? 0) - (b.row?.number ?? 0));
  }

  private report(faults: readonly FaultyRow[]): void {
    const { problems } = this.context;
    for (const { number, fault } of faults) {
      problems.add({
        code: 'bad-row',
        message: `Row ${number} is not run: ${fault.message}.`,
        path: this.path,
        range: fault.range,
        severity: 'warning',
        pointer: `/dataset#${number}`,
      });
    }
  }

  /** A row that cannot be read is there all the same: results that did not show it would look complete. */
  private skippedCase({ number, start, fault }: FaultyRow): LocatedCase {
    const at = `${basename(this.path)}:${fault.range.start.line + 1}`;
    return {
      value: { skip: `${at}: ${fault.message}` },
      pointer: `/dataset#${number}`,
      id: `row ${number}`,
      name: `row ${number}`,
      row: { number, path: this.path, line: start.line + 1 },
    };
  }

  private caseOf(row: ReadableRow, place: RowPlace, report = false): LocatedCase {
    const { value, problems: found } = caseOfRow(row, this.mapping, place);
    if (report) {
      for (const problem of found)
        this.context.problems.add({ ...problem, pointer: `/dataset#${row.number}${problem.pointer ?? ''}` });
    }
    const named = nameCase(value);
    // A case that says nothing of itself is named by its place.
    const { id, name } = named.id === 'case' ? { id: `row ${row.number}`, name: `row ${row.number}` } : named;
    const { number, start } = row;
    return { value, pointer: `/dataset#${number}`, id, name, row: { number, path: this.path, line: start.line + 1 } };
  }

  private placeOf(row: Row): RowPlace {
    return placeOfRow(this.path, row, this.whole);
  }

  private summary(taken: TakenRows): NonNullable<RunPlan['dataset']> {
    const drawn = this.sampleSize() !== undefined || this.options.shuffle === true;
    return {
      path: this.path,
      format: this.format,
      read: taken.read,
      complete: taken.complete,
      taken: taken.rows.length,
      unreadable: taken.faultCount,
      ...(drawn ? { seed: this.seed } : {}),
    };
  }
}

/** Columns whose names are remembered, to suggest one. */
const MAX_COLUMNS = 1_000;

/** Ends the reading of a file whose columns are not those of `map`, which has been reported. */
class UnknownColumn extends Error {}
