import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { renderJson, type ReportedRun } from '../core/report/json';
import { renderTable, renderVerdictLine, type TableOptions } from '../core/report/table';
import { readCases } from '../core/results/store';
import { PromptrigError, messageOf } from '../core/util/errors';
import type { CaseRecord, RunJson } from '../protocol/run-json';
import type { OutputTarget } from './format-option';
import { wantsColour, type CliIo } from './io';
import type { PlannedFile } from './planned-files';
import { shownPath } from './workspace-root';

const FILE_WIDTH = 120;

/** Writes the reports of a command's runs: tables as each run ends, documents when all have. */
export class RunOutput {
  private readonly runs: ReportedRun[] = [];
  private readonly tables: string[] = [];

  constructor(
    private readonly io: CliIo,
    private readonly options: { formats: readonly OutputTarget[]; quiet: boolean },
  ) {}

  /** Takes a run that has ended; its answers are read from its folder. */
  async add(file: PlannedFile & { plan: { outDir: string } }, run: RunJson): Promise<void> {
    const { io, options } = this;
    const dir = file.plan.outDir;
    const cases: CaseRecord[] = [];
    for await (const record of readCases(dir)) cases.push(record);
    this.runs.push({ dir, run, cases });
    const shown = { ...run, source: { ...run.source, path: shownPath(file.path, io.cwd) } };
    const table: TableOptions = {
      colour: false,
      width: FILE_WIDTH,
      lineOf: (pointer) => lineOf(file, pointer),
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
    for (const { format, file } of this.options.formats) {
      const text = format === 'json' ? renderJson(this.runs, exitCode) : this.tables.join('');
      if (file !== null) await writeReport(path.resolve(this.io.cwd, file), text);
      else if (format === 'json') this.io.stdout.write(text);
    }
  }
}

function lineOf({ document }: PlannedFile, pointer: string): number | undefined {
  const range = document.rangeOf(pointer);
  return range === undefined ? undefined : range.start.line + 1;
}

async function writeReport(file: string, text: string): Promise<void> {
  try {
    await fs.mkdir(path.dirname(file), { recursive: true });
    await fs.writeFile(file, text);
  } catch (error) {
    throw new PromptrigError('results_write', `The report could not be written to ${file}: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}
