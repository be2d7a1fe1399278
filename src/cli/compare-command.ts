import * as path from 'node:path';
import type { ComparedRun } from '../core/compare/compared-run';
import { readOwnRun } from '../core/compare/own-run';
import { compareRuns } from '../core/compare/run-comparison';
import { readForeign } from '../core/interchange/read-foreign';
import { renderComparisonMarkdown } from '../core/report/comparison-markdown';
import { renderComparisonTable } from '../core/report/comparison-table';
import { plainJson } from '../core/report/plain';
import type { RunComparison } from '../protocol/run-comparison';
import { CliError, EXIT } from './exit-code';
import { findRun } from './find-run';
import type { OutputTarget } from './format-option';
import { wantsColour, type CliIo } from './io';
import { writeReport } from './run-output';
import { runsFolder, workspaceRoot } from './workspace-root';

const FILE_WIDTH = 140;

export const COMPARE_FORMATS = ['table', 'json', 'markdown'] as const;
export type CompareFormat = (typeof COMPARE_FORMATS)[number];

/**
 * `promptrig compare RUN RUN…`: the runs against the first, metric by metric. A run is a folder, an id, or a file of another tool.
 * @returns 0; what is better is no error. @throws CliError or PromptrigError where a run is not there or cannot be read
 */
export async function compareCommand(
  io: CliIo,
  names: readonly string[],
  options: { formats: readonly OutputTarget<CompareFormat>[]; confidence: number; seed: number },
): Promise<number> {
  if (names.length < 2)
    throw new CliError('compare takes two runs or more, the first of which the others are held against.');
  const runsDir = runsFolder(workspaceRoot(io.cwd, io.cwd), undefined, io.cwd);
  const runs: ComparedRun[] = [];
  for (const name of names) {
    const found = await findRun(name, runsDir, io.cwd);
    runs.push(found.kind === 'own' ? await readOwnRun(found.dir) : await readForeign(found.path));
  }
  const comparison = compareRuns(runs, { confidence: options.confidence, seed: options.seed });
  for (const { format, file } of options.formats) {
    const onTerminal = file === null && io.stdout.isTTY;
    const text = render(comparison, format, {
      colour: file === null && wantsColour(io.stdout, io.env),
      width: onTerminal ? io.stdout.columns : FILE_WIDTH,
    });
    if (file === null) io.stdout.write(text);
    else await writeReport(path.resolve(io.cwd, file), text);
  }
  return EXIT.pass;
}

function render(comparison: RunComparison, format: CompareFormat, options: { colour: boolean; width: number }): string {
  switch (format) {
    case 'table':
      return renderComparisonTable(comparison, options);
    case 'json':
      return `${plainJson(JSON.stringify(comparison, null, 2))}\n`;
    case 'markdown':
      return renderComparisonMarkdown(comparison);
  }
}
