import * as fs from 'node:fs';
import * as path from 'node:path';
import { diffToPinned, pinBaselines, PinRefusedError, readPinnedBaselines } from '../core/compare/pin-baselines';
import { pinnedFolder, PINNED_SUFFIX } from '../core/compare/pinned-path';
import { readPinned } from '../core/compare/pinned-reader';
import { renderBaselineJson, renderBaselineTable } from '../core/report/baseline-report';
import { renderBaselineMarkdown } from '../core/report/markdown';
import { plain, plainJson } from '../core/report/plain';
import { painter } from '../core/report/style';
import { renderPinned, type ShownBaseline } from '../core/report/table-pinned';
import { readRun } from '../core/results/store';
import { RUN_FILES } from '../core/results/files';
import { PromptrigError } from '../core/util/errors';
import type { BaselineComparison } from '../protocol/run-json';
import { CliError, EXIT } from './exit-code';
import { findRun } from './find-run';
import type { OutputTarget } from './format-option';
import { wantsColour, type CliIo } from './io';
import { writeReport } from './run-output';
import { runsFolder, shownPath, workspaceRoot } from './workspace-root';

const FILE_WIDTH = 140;

export const PIN_FORMATS = ['table', 'json'] as const;
export type PinFormat = (typeof PIN_FORMATS)[number];
export const DIFF_FORMATS = ['table', 'json', 'markdown'] as const;
export type DiffFormat = (typeof DIFF_FORMATS)[number];

/**
 * `promptrig baseline pin RUN`: writes the run's numbers to `.promptrig/baselines`, in place of those that were there.
 * @returns 0. @throws CliError where the run is no fit past and `force` is not set; PromptrigError for files that cannot be read or written
 */
export async function baselinePin(
  io: CliIo,
  name: string,
  options: { targets: readonly string[]; force: boolean; formats: readonly OutputTarget<PinFormat>[] },
): Promise<number> {
  const root = workspaceRoot(io.cwd, io.cwd);
  const dir = await ownRun(io, root, name);
  const { targets, force, formats } = options;
  const pinned = await pinBaselines(dir, root, { force, ...(targets.length === 0 ? {} : { targets }) }).catch(
    (error: unknown) => {
      if (error instanceof PinRefusedError) throw new CliError(`${error.message} Pin it all the same with --force.`);
      throw error;
    },
  );
  const warn = painter(wantsColour(io.stderr, io.env));
  for (const text of pinned.warnings) io.stderr.write(`${warn('unsure', 'warning:')} ${plain(text)}\n`);
  await write(io, formats, (format) => {
    if (format === 'json') return json(pinned);
    const lines = pinned.files.map(
      ({ target, path: file, replaced }) =>
        `${replaced ? 'Pinned anew' : 'Pinned'}: ${plain(target)} in ${shownPath(file, io.cwd)}\n`,
    );
    return `${lines.join('')}Commit ${pinned.files.length === 1 ? 'it' : 'them'}, so that CI holds the same line.\n`;
  });
  return EXIT.pass;
}

/**
 * `promptrig baseline show [PATH|RUN]`: what is pinned, for an eval, a folder of evals, a run's eval, or all.
 * @returns 0; 2 where a baseline cannot be used, which is said with its line
 */
export async function baselineShow(
  io: CliIo,
  name: string | undefined,
  options: { formats: readonly OutputTarget<PinFormat>[] },
): Promise<number> {
  const root = workspaceRoot(io.cwd, io.cwd);
  const { baselines, problems, what } = await shown(io, root, name);
  const paint = painter(wantsColour(io.stderr, io.env));
  for (const { message } of problems) io.stderr.write(`${paint('bad', 'error:')} ${plain(message)}\n`);
  if (baselines.length === 0 && problems.length === 0) {
    throw new CliError(`Nothing is pinned for ${what}. Pin a run with: promptrig baseline pin RUN`);
  }
  const list = baselines.map((each): ShownBaseline => ({ ...each, path: shownPath(each.path, io.cwd) }));
  if (list.length > 0) {
    await write(io, options.formats, (format, colour) =>
      format === 'json' ? json(list) : renderPinned(list, { colour }),
    );
  }
  return problems.length > 0 ? EXIT.usage : EXIT.pass;
}

/**
 * `promptrig baseline diff RUN`: the run against what is pinned now.
 * @returns 1 where something got worse, 3 where that could not be decided, else 0
 */
export async function baselineDiff(
  io: CliIo,
  name: string,
  options: { formats: readonly OutputTarget<DiffFormat>[] },
): Promise<number> {
  const root = workspaceRoot(io.cwd, io.cwd);
  const dir = await ownRun(io, root, name);
  const run = await readRun(dir);
  const comparison = await diffToPinned(dir, root);
  if (comparison === null) {
    throw new CliError(
      `Nothing is pinned for the targets of this run of ${plain(run.source.path)}. Pin an earlier one with: promptrig baseline pin RUN`,
    );
  }
  const { confidence } = run;
  await write(io, options.formats, (format, colour, width) => {
    if (format === 'json') return renderBaselineJson(comparison);
    if (format === 'markdown') return renderBaselineMarkdown(comparison, confidence);
    return renderBaselineTable(comparison, { colour, width, confidence });
  });
  return exitOf(comparison);
}

function exitOf({ verdict, regressions }: BaselineComparison): number {
  if (regressions.length > 0) return EXIT.failed;
  return verdict === 'inconclusive' ? EXIT.inconclusive : EXIT.pass;
}

async function ownRun(io: CliIo, root: string, name: string): Promise<string> {
  const found = await findRun(name, runsFolder(root, undefined, io.cwd), io.cwd);
  if (found.kind === 'own') return found.dir;
  throw new CliError(`${name} is no run of Promptrig. Name the id of a run, its folder, or "last".`);
}

interface Shown {
  baselines: { path: string; file: ShownBaseline['file'] }[];
  problems: { path: string; message: string }[];
  /** For a message. */
  what: string;
}

async function shown(io: CliIo, root: string, name: string | undefined): Promise<Shown> {
  if (name === undefined) return { ...(await readPinnedBaselines(root)), what: `any eval in ${pinnedFolder(root)}` };
  const absolute = path.resolve(io.cwd, name);
  const stats = fs.statSync(absolute, { throwIfNoEntry: false });
  if (stats?.isFile() === true && path.basename(absolute) !== RUN_FILES.run) {
    if (absolute.endsWith(PINNED_SUFFIX)) return { ...oneFile(absolute), what: name };
    return { ...(await readPinnedBaselines(root, absolute)), what: name };
  }
  if (stats?.isDirectory() === true && !fs.existsSync(path.join(absolute, RUN_FILES.run))) {
    const { baselines, problems } = await readPinnedBaselines(root);
    const within = (file: string): boolean => !path.relative(absolute, file).startsWith('..');
    const ofFolder = baselines.filter(
      ({ path: file, file: { eval: source } }) => within(path.resolve(root, source)) || within(file),
    );
    return {
      baselines: ofFolder,
      problems: problems.filter((each) => within(each.path)),
      what: `the evals in ${name}`,
    };
  }
  const run = await readRun(await ownRun(io, root, name));
  return { ...(await readPinnedBaselines(root, run.source.path)), what: run.source.path };
}

function oneFile(file: string): Omit<Shown, 'what'> {
  try {
    return { baselines: [{ path: file, file: readPinned(fs.readFileSync(file, 'utf8'), file) }], problems: [] };
  } catch (error) {
    if (error instanceof PromptrigError) return { baselines: [], problems: [{ path: file, message: error.message }] };
    throw error;
  }
}

async function write<Format extends string>(
  io: CliIo,
  formats: readonly OutputTarget<Format>[],
  render: (format: Format, colour: boolean, width: number) => string,
): Promise<void> {
  for (const { format, file } of formats) {
    const width = file === null && io.stdout.isTTY ? io.stdout.columns : FILE_WIDTH;
    const text = render(format, file === null && wantsColour(io.stdout, io.env), width);
    if (file === null) io.stdout.write(text);
    else await writeReport(path.resolve(io.cwd, file), text);
  }
}

function json(value: unknown): string {
  return `${plainJson(JSON.stringify(value, null, 2))}\n`;
}
