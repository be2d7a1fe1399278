import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { DOCUMENTS } from '../core/report/documents';
import { SUMMARY_BYTES, withoutCommands } from '../core/report/github';
import { renderMarkdown } from '../core/report/markdown';
import type { Place, ReportFile, ReportSet } from '../core/report/report-file';
import { painter } from '../core/report/style';
import { renderTable, renderVerdictLine, type TableOptions } from '../core/report/table';
import { readCases, readRequests } from '../core/results/store';
import type { TextRange } from '../core/spec/document';
import { PromptrigError, messageOf } from '../core/util/errors';
import type { CaseRecord, RequestRecord, RunJson } from '../protocol/run-json';
import type { OutputTarget } from './format-option';
import { wantsColour, type CliIo, type TextSink } from './io';
import type { PlannedFile } from './planned-files';
import { repositoryPath } from './repository-path';
import { shownPath } from './workspace-root';

const FILE_WIDTH = 120;
/** The stage of the quality cases, whose requests single answers are timed by. */
const CASES_STAGE = 'cases';

/** What a report says of a run beside its results. */
export interface OutputSource {
  /** The eval file, absolute. */
  path: string;
  /** Folder of the run's results. */
  dir: string;
  /** Where the node at a pointer stands; undefined where the file is not at hand. */
  rangeOf: (pointer: string) => TextRange | undefined;
}

export function outputSource(file: PlannedFile & { plan: { outDir: string } }): OutputSource {
  return { path: file.path, dir: file.plan.outDir, rangeOf: (pointer) => file.document.rangeOf(pointer) };
}

/** The outer world without GitHub's commands in what is printed, where a report of this command is to be read as such. */
export function guardedIo(io: CliIo, formats: readonly OutputTarget[]): CliIo {
  if (!formats.some(({ format }) => format === 'github')) return io;
  return { ...io, stdout: disarmed(io.stdout), stderr: disarmed(io.stderr) };
}

function disarmed(sink: TextSink): TextSink {
  return {
    get isTTY() {
      return sink.isTTY;
    },
    get columns() {
      return sink.columns;
    },
    write: (text) => sink.write(withoutCommands(text)),
  };
}

/** Writes the reports of a command's runs: tables as each run ends, documents when all have. */
export class RunOutput {
  private readonly files: ReportFile[] = [];
  private readonly tables: string[] = [];

  /**
   * @param io what people read; see `guardedIo`
   * @param commands where documents of the standard output go
   */
  constructor(
    private readonly io: CliIo,
    private readonly options: { formats: readonly OutputTarget[]; quiet: boolean },
    private readonly commands: TextSink = io.stdout,
  ) {}

  /** Takes a run that has ended; its answers are read from its folder. */
  async add(source: OutputSource, run: RunJson): Promise<void> {
    const { io, options } = this;
    const { dir } = source;
    const cases: CaseRecord[] = [];
    for await (const record of readCases(dir)) cases.push(record);
    const placeOf = (pointer: string): Place | undefined => toPlace(source.rangeOf(pointer));
    const timed = options.formats.some(({ format }) => format === 'junit' || format === 'csv');
    this.files.push({
      run,
      cases,
      dir,
      path: repositoryPath(source.path, io),
      placeOf,
      ...(timed ? { requests: await requestsOfCases(dir) } : {}),
    });
    const shown = { ...run, source: { ...run.source, path: shownPath(source.path, io.cwd) } };
    const table: TableOptions = {
      colour: false,
      width: FILE_WIDTH,
      lineOf: (pointer) => placeOf(pointer)?.line,
      dir: shownPath(dir, io.cwd),
    };
    this.tables.push(renderTable(shown, cases, table));
    if (!options.formats.some(({ format, file: target }) => format === 'table' && target === null)) return;
    const onTerminal = {
      ...table,
      colour: wantsColour(io.stdout, io.env),
      width: io.stdout.isTTY ? io.stdout.columns : FILE_WIDTH,
    };
    const text = options.quiet
      ? `${shown.source.path}: ${renderVerdictLine(shown, onTerminal)}`
      : renderTable(shown, cases, onTerminal).trimEnd();
    io.stdout.write(`${text}\n`);
  }

  /** Writes what covers all runs. @throws PromptrigError `results_write` where a file cannot be written. */
  async finish(exitCode: number): Promise<void> {
    const report: ReportSet = { files: this.files, exitCode, version: this.io.version };
    for (const { format, file } of this.options.formats) {
      if (format === 'table') {
        if (file !== null) await writeReport(path.resolve(this.io.cwd, file), this.tables.join(''));
        continue;
      }
      const text = await DOCUMENTS[format](report, { panelDir: this.io.panelDir });
      if (file !== null) await writeReport(path.resolve(this.io.cwd, file), text);
      else this.commands.write(text);
    }
    if (this.options.formats.some(({ format }) => format === 'github')) await this.addSummary(report);
  }

  /** The job's summary, which GitHub shows beside the job. That it cannot be written is no fault of what was measured. */
  private async addSummary(report: ReportSet): Promise<void> {
    const file = this.io.env.GITHUB_STEP_SUMMARY;
    if (file === undefined || file === '') return;
    try {
      const before = await fs.stat(file).then(
        ({ size }) => size,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT') return 0;
          throw error;
        },
      );
      const gap = before > 0 ? '\n\n' : '';
      // Over the limit GitHub shows nothing of the step at all.
      const room = SUMMARY_BYTES - before - gap.length;
      if (room > 0) await fs.appendFile(file, gap + renderMarkdown(report, { mostBytes: room }));
    } catch (error) {
      const paint = painter(wantsColour(this.io.stderr, this.io.env));
      this.io.stderr.write(
        `${paint('unsure', 'warning:')} The job's summary could not be written to ${file}: ${messageOf(error)}.\n`,
      );
    }
  }
}

function toPlace(range: TextRange | undefined): Place | undefined {
  if (range === undefined) return undefined;
  const { start, end } = range;
  return { line: start.line + 1, column: start.character + 1, endLine: end.line + 1, endColumn: end.character + 1 };
}

async function requestsOfCases(dir: string): Promise<Map<string, RequestRecord>> {
  const found = new Map<string, RequestRecord>();
  for await (const record of readRequests(dir)) {
    // The gaps between tokens are most of a record, and nobody asks for them here.
    if (record.stage === CASES_STAGE) found.set(record.id, { ...record, itl: [] });
  }
  return found;
}

export async function writeReport(file: string, text: string): Promise<void> {
  try {
    await fs.mkdir(path.dirname(file), { recursive: true });
    await fs.writeFile(file, text);
  } catch (error) {
    throw new PromptrigError('results_write', `The report could not be written to ${file}: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}
