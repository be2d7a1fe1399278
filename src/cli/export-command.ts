import * as path from 'node:path';
import { EXPORT_FORMATS, exportRun, type ExportFormat } from '../core/interchange/export-run';
import { readPanelFiles } from '../core/report/html/page';
import { renderHtml } from '../core/report/html/render';
import { readRun } from '../core/results/store';
import { nearest } from '../core/metrics/nearest';
import { plain, plainJson } from '../core/report/plain';
import { painter } from '../core/report/style';
import { CliError, EXIT } from './exit-code';
import { findRun } from './find-run';
import { wantsColour, type CliIo } from './io';
import { writeReport } from './run-output';
import { runsFolder, workspaceRoot } from './workspace-root';

export interface ExportOptions {
  as: string;
  target?: string;
  stage?: string;
  out?: string;
  detailed: boolean;
}

/** A page for people, beside the results for scripts. */
export const EXPORT_CHOICES = ['html', ...EXPORT_FORMATS] as const;

/**
 * `promptrig export RUN --as TOOL`: a run of ours as a result of another tool, for the scripts that read that tool's. What differs is
 * said on the standard error. `--as html` is the run panel in a file.
 * @throws CliError or PromptrigError where the run is not there or does not fit the form
 */
export async function exportCommand(io: CliIo, name: string, options: ExportOptions): Promise<number> {
  const format = formatOf(options.as);
  const runsDir = runsFolder(workspaceRoot(io.cwd, io.cwd), undefined, io.cwd);
  const found = await findRun(name, runsDir, io.cwd);
  if (found.kind === 'file') throw new CliError(`${name} is no run of Promptrig: only those can be exported.`);
  if (format === 'html') return exportHtml(io, found.dir, options);
  const { target, stage, detailed } = options;
  const { text, notes } = await exportRun(found.dir, format, {
    ...(target === undefined ? {} : { target }),
    ...(stage === undefined ? {} : { stage }),
    detailed,
  });
  if (options.out === undefined) io.stdout.write(plainJson(text));
  else await writeReport(path.resolve(io.cwd, options.out), text);
  const paint = painter(wantsColour(io.stderr, io.env));
  for (const note of notes) io.stderr.write(`${paint('unsure', 'note:')} ${plain(note)}\n`);
  return EXIT.pass;
}

async function exportHtml(io: CliIo, dir: string, options: ExportOptions): Promise<number> {
  const { target, stage, detailed, out } = options;
  if (target !== undefined || stage !== undefined || detailed)
    throw new CliError('--as html shows the whole run: leave out --target, --stage and --detailed.');
  // The page would say so, too; whoever waits for this command is to know without opening it.
  await readRun(dir);
  const text = await renderHtml({ dirs: [dir], version: io.version }, await readPanelFiles(io.panelDir));
  if (out === undefined) io.stdout.write(text);
  else await writeReport(path.resolve(io.cwd, out), text);
  return EXIT.pass;
}

function formatOf(text: string): ExportFormat | 'html' {
  const format = EXPORT_CHOICES.find((known) => known === text);
  if (format !== undefined) return format;
  const near = nearest(text, EXPORT_CHOICES)[0];
  const hint = near === undefined ? `It is one of ${EXPORT_CHOICES.join(', ')}.` : `Did you mean ${near}?`;
  throw new CliError(`--as ${text} is unknown. ${hint}`);
}
