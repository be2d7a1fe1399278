/** The files that a run is exported as. Each is written as it is read: a run of a million requests is no text in memory. */
import { copyFile, open, writeFile } from 'node:fs/promises';
import { runFile } from '../results/files';
import { readCases, readRun } from '../results/store';
import { renderCsv } from '../report/csv';
import { readPanelFiles } from '../report/html/page';
import { renderHtml } from '../report/html/render';
import { plain } from '../report/plain';
import type { CaseRecord, RequestRecord } from '../../protocol/run-json';
import type { RunExport } from '../../protocol/run-panel';
import { RunRecords } from './records';

/** The name that is offered for an export. */
export function exportName(what: RunExport, run: string): string {
  switch (what) {
    case 'run':
      return `${run}.json`;
    case 'metrics':
      return `${run}-metrics.csv`;
    case 'requests':
      return `${run}-requests.csv`;
    case 'report':
      return `${run}.html`;
  }
}

/** What a report is made with. */
export interface ReportParts {
  /** Folder of the webviews' bundles. */
  panelDir: string;
  /** Of Promptrig. */
  version: string;
}

/** Writes an export of the run in `dir` to `file`. @throws Error where either cannot be read or written */
export async function exportRun(dir: string, what: RunExport, file: string, report: ReportParts): Promise<void> {
  switch (what) {
    case 'run':
      await copyFile(runFile(dir, 'run'), file);
      return;
    case 'metrics': {
      const run = await readRun(dir);
      const cases: CaseRecord[] = [];
      for await (const record of readCases(dir)) cases.push(record);
      const files = [{ run, cases, dir, path: run.source.path, placeOf: () => undefined }];
      await writeFile(file, renderCsv({ files, exitCode: 0, version: run.environment.promptrig }));
      return;
    }
    case 'requests':
      await exportRequests(dir, file);
      return;
    case 'report': {
      const { version, panelDir } = report;
      await writeFile(file, await renderHtml({ dirs: [dir], version }, await readPanelFiles(panelDir)));
      return;
    }
  }
}

/** Columns of a request; times in ms on the clock of the run. */
const REQUEST_COLUMNS: { name: string; of: (record: RequestRecord) => string | number | null }[] = [
  { name: 'id', of: ({ id }) => id },
  { name: 'target', of: ({ target }) => target },
  { name: 'stage', of: ({ stage }) => stage },
  { name: 'case', of: ({ case: pointer }) => pointer ?? null },
  { name: 'repeat', of: ({ repeat }) => repeat ?? null },
  { name: 'phase', of: ({ phase }) => phase },
  { name: 'outcome', of: ({ outcome }) => outcome },
  { name: 'scheduled_ms', of: ({ scheduled }) => scheduled },
  { name: 'connect_ms', of: ({ connect_ms: ms }) => ms },
  { name: 'sent_ms', of: ({ sent }) => sent },
  { name: 'headers_ms', of: ({ headers }) => headers },
  { name: 'first_ms', of: ({ first }) => first },
  { name: 'first_answer_ms', of: ({ first_answer: instant }) => instant },
  { name: 'last_ms', of: ({ last }) => last },
  { name: 'end_ms', of: ({ end }) => end },
  {
    name: 'itl_mean_ms',
    of: ({ itl }) => (itl.length === 0 ? null : itl.reduce((sum, gap) => sum + gap, 0) / itl.length),
  },
  { name: 'itl_max_ms', of: ({ itl }) => (itl.length === 0 ? null : itl.reduce((max, gap) => Math.max(max, gap), 0)) },
  { name: 'input_tokens', of: ({ input_tokens: tokens }) => tokens },
  { name: 'output_tokens', of: ({ output_tokens: tokens }) => tokens },
  { name: 'cached_input_tokens', of: ({ cached_input_tokens: tokens }) => tokens },
  { name: 'reasoning_tokens', of: ({ reasoning_tokens: tokens }) => tokens },
  { name: 'events', of: ({ events }) => events },
  { name: 'finish_reason', of: ({ finish_reason: reason }) => reason },
  { name: 'http_status', of: ({ status }) => status },
  { name: 'cost_usd', of: ({ cost }) => cost },
  { name: 'error_kind', of: ({ error }) => error?.kind ?? null },
  { name: 'error', of: ({ error }) => error?.message ?? null },
];

async function exportRequests(dir: string, file: string): Promise<void> {
  const out = await open(file, 'w');
  try {
    let text = `${REQUEST_COLUMNS.map(({ name }) => name).join(',')}\r\n`;
    const write = async (): Promise<boolean> => {
      const part = text;
      text = '';
      if (part !== '') await out.writeFile(part);
      return true;
    };
    await new RunRecords(dir).scan((record) => {
      text += `${REQUEST_COLUMNS.map(({ of }) => csvCell(of(record))).join(',')}\r\n`;
    }, write);
    await write();
  } finally {
    await out.close();
  }
}

/** A spreadsheet runs a cell that begins like a formula; an apostrophe makes it text. */
function csvCell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = plain(value);
  const safe = /^\s*[=+\-@＝＋－＠]/.test(text) ? `'${text}` : text;
  return /[",]/.test(safe) || /^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
