/** Pins a run as the baseline of its eval, and finds what is pinned. The editor and the command line share it. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { BaselineFile } from '../../protocol/baseline';
import type { BaselineComparison, RunJson, TargetResult } from '../../protocol/run-json';
import { readRun } from '../results/store';
import { messageOf, PromptrigError } from '../util/errors';
import { planOf, usedOf } from './baseline';
import { baselinesOfRun } from './baseline-file-run';
import { pinnedEval, pinnedFile, pinnedFolder, pinnedFolderOf, PINNED_SUFFIX } from './pinned-path';
import { readPinned } from './pinned-reader';
import { pinnedText } from './pinned-text';
import { compareBaselines } from './regression';

export interface PinOptions {
  /** Ids; all of the run by default. */
  targets?: readonly string[];
  /** Pins what `pinObjections` objects to. */
  force?: boolean;
  now?: Date;
}

export interface PinnedTarget {
  target: string;
  /** Absolute. */
  path: string;
  /** Whether a baseline was there before. */
  replaced: boolean;
}

export interface PinResult {
  files: PinnedTarget[];
  /** Sentences: what a person should know of what was pinned. */
  warnings: string[];
}

/** The run is no fit past to be held against; with `force` it is pinned all the same. */
export class PinRefusedError extends PromptrigError {
  constructor(readonly objections: readonly string[]) {
    super('unsupported', `The run was not pinned. ${objections.join(' ')}`);
    this.name = 'PinRefusedError';
  }
}

/** What speaks against pinning a run, a sentence each; none where nothing does. @param targets ids; all by default */
export function pinObjections(run: RunJson, targets?: readonly string[]): string[] {
  const { status, status_reason: reason, shard } = run;
  const objections: string[] = [];
  const why = reason === undefined ? '' : ` (${reason})`;
  if (status === 'running') objections.push('It has not ended yet.');
  if (status === 'stopped') objections.push(`It was stopped${why}, so a part of it is missing.`);
  if (status === 'crashed') objections.push(`It crashed${why}, so a part of it is missing.`);
  if (shard !== undefined) {
    objections.push(
      `It is part ${shard.index} of ${shard.of} of a run. Join the parts (promptrig merge) and pin that.`,
    );
  }
  for (const target of chosen(run, targets)) objections.push(...targetObjections(target));
  return objections;
}

function targetObjections({ id, error, stages }: TargetResult): string[] {
  if (error !== undefined) return [`${id} could not be run: ${error.message}`];
  const sum = (of: (stage: TargetResult['stages'][number]) => number): number =>
    stages.reduce((total, stage) => total + of(stage), 0);
  const answered = sum(({ counts }) => counts.completed);
  const sent = sum(({ counts }) => counts.completed + counts.failed + counts.timed_out + counts.truncated);
  if (sent > 0 && answered === 0) return [`${id} answered none of ${sent} requests.`];
  const own = stages.filter(({ part_of: partOf }) => partOf === undefined);
  const load = own.filter(({ pattern }) => pattern !== 'cases');
  // Where there is load, the latencies of the few cases are held against nothing.
  return (load.length > 0 ? load : own)
    .filter(({ client }) => client.limited)
    .map(
      ({ name }) => `${id}, "${name}": this machine was the limit, so its latencies are its own and not the server's.`,
    );
}

/**
 * Writes a baseline for each target of a run, each in place of the one that was there.
 * @param runDir the run's folder @param root the workspace's root, under which `.promptrig/baselines` lies
 * @throws PinRefusedError where something speaks against it and `force` is not set; PromptrigError `usage` for a target that the run
 * does not have, `not_found`, `unreadable` or `unsupported` for its files, `results_write` where a baseline cannot be written
 */
export async function pinBaselines(runDir: string, root: string, options: PinOptions = {}): Promise<PinResult> {
  const { targets, force = false, now = new Date() } = options;
  const run = await readRun(runDir);
  const known = run.targets.map(({ id }) => id);
  const unknown = targets?.find((id) => !known.includes(id));
  if (unknown !== undefined) {
    throw new PromptrigError('usage', `The run has no target "${unknown}". It has ${known.join(', ')}.`);
  }
  const objections = pinObjections(run, targets);
  if (objections.length > 0 && !force) throw new PinRefusedError(objections);
  const plan = await planOf(runDir);
  const source = pinnedEval(root, run.source.path);
  const made = (await baselinesOfRun(runDir, run, plan, now.toISOString()))
    .filter(({ target }) => targets?.includes(target) ?? true)
    .map((file): BaselineFile => ({ ...file, eval: source }));
  if (made.length === 0) throw new PromptrigError('usage', 'The run has measured nothing that could be pinned.');
  const warnings = [...objections, ...chosen(run, targets).flatMap(verdictWarnings)];
  const files = made.map((file): PinnedTarget => {
    const target = pinnedFile(root, source, file.target);
    const before = earlier(target);
    if (before !== null) warnings.push(...narrowed(before, file));
    writeAtomically(target, pinnedText(file));
    return { target: file.target, path: target, replaced: before !== null };
  });
  return { files, warnings };
}

function chosen(run: RunJson, targets: readonly string[] | undefined): TargetResult[] {
  return run.targets.filter(({ id }) => targets?.includes(id) ?? true);
}

function verdictWarnings({ id, verdict }: TargetResult): string[] {
  if (verdict !== 'fail') return [];
  return [`${id} failed in this run: later runs are held against what was not good enough, and fail for it besides.`];
}

/** What the earlier baseline had and the new one has not: a run of one case would take the others out of it. */
function narrowed(before: BaselineFile | 'unreadable', now: BaselineFile): string[] {
  if (before === 'unreadable') return [];
  const missing = (names: readonly string[], kept: object): string[] =>
    names.filter((name) => !Object.hasOwn(kept, name));
  const cases = missing(Object.keys(before.quality?.cases ?? {}), now.quality?.cases ?? {});
  const stages = missing(Object.keys(before.stages), now.stages);
  const parts = [
    ...(cases.length === 0 ? [] : [named('case', cases)]),
    ...(stages.length === 0 ? [] : [named('stage', stages)]),
  ];
  return parts.length === 0
    ? []
    : [`${now.target}: the baseline had ${parts.join(' and ')}, which this run did not have and the new one does not.`];
}

const MOST_NAMED = 3;

function named(noun: string, names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMED).map((name) => `"${name}"`);
  const more = names.length - shown.length;
  return `the ${noun}${names.length === 1 ? '' : 's'} ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function earlier(file: string): BaselineFile | 'unreadable' | null {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new PromptrigError('unreadable', `${file} could not be read: ${messageOf(error)}.`, { cause: error });
  }
  try {
    return readPinned(text, file);
  } catch (error) {
    // Pinning again is what a damaged one is mended with.
    if (error instanceof PromptrigError) return 'unreadable';
    throw error;
  }
}

function writeAtomically(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(temporary, text);
    fs.renameSync(temporary, file);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw new PromptrigError('results_write', `The baseline could not be written to ${file}: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}

/**
 * A finished run against what is pinned now, which need not be what it was planned with; always as a run that guards against regressions.
 * @returns null where nothing is pinned for its targets
 * @throws PromptrigError as the run's files do, and where a baseline of its eval cannot be used
 */
export async function diffToPinned(runDir: string, root: string): Promise<BaselineComparison | null> {
  const run = await readRun(runDir);
  const plan = await planOf(runDir);
  const { baselines, problems } = await readPinnedBaselines(root, run.source.path);
  const [problem] = problems;
  if (problem !== undefined) throw new PromptrigError('invalid_file', problem.message);
  const pinned = baselines.map(({ file }) => file).filter(({ target }) => run.targets.some(({ id }) => id === target));
  if (pinned.length === 0) return null;
  const now = await baselinesOfRun(runDir, run, plan, run.started_at);
  const { confidence, policy } = run;
  const rules = plan?.regress ?? [];
  const options = { confidence, policy, purpose: 'regression' as const, rules, matchLone: false };
  return { ...compareBaselines(pinned, now, options), pinned: usedOf(pinned, now) };
}

export interface PinnedBaselines {
  baselines: { path: string; file: BaselineFile }[];
  /** Files that cannot be used; each message begins with its place. */
  problems: { path: string; message: string }[];
}

/**
 * The pinned baselines of an eval, by target; of all evals without one.
 * @param evalPath absolute, or relative to the root
 * @throws PromptrigError `unreadable` where a folder cannot be listed
 */
export async function readPinnedBaselines(root: string, evalPath?: string): Promise<PinnedBaselines> {
  const found: PinnedBaselines = { baselines: [], problems: [] };
  const folder = evalPath === undefined ? pinnedFolder(root) : pinnedFolderOf(root, evalPath);
  const names = await filesBelow(folder, evalPath === undefined);
  for (const file of names) {
    try {
      const text = await fs.promises.readFile(file, 'utf8');
      const expected = evalPath === undefined ? {} : { eval: pinnedEval(root, evalPath) };
      found.baselines.push({ path: file, file: readPinned(text, file, expected) });
    } catch (error) {
      const message =
        error instanceof PromptrigError ? error.message : `${file} could not be read: ${messageOf(error)}.`;
      found.problems.push({ path: file, message });
    }
  }
  return found;
}

async function filesBelow(folder: string, recursive: boolean): Promise<string[]> {
  try {
    const entries = await fs.promises.readdir(folder, { recursive, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && entry.name.endsWith(PINNED_SUFFIX))
      .map((entry) => path.join(entry.parentPath, entry.name))
      .sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw new PromptrigError('unreadable', `The baselines in ${folder} could not be read: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}
