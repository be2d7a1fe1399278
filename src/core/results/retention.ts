/**
 * Keeps the folder of runs within its limits. What goes is moved to the trash beside the runs, by a rename, so that nothing is ever
 * half deleted and all of it can be had back for a day. When in doubt a run stays: the folder is the person's, too.
 */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { PromptrigError, messageOf } from '../util/errors';
import { RUN_FILES } from './files';
import { readNotes } from './notes';
import type { RetentionLimits } from './retention-limits';
import { newestOfEach } from './run-slug';
import { listRuns, readRun } from './store';
import { emptyTrash, trashRun, type TrashedRun } from './trash';

export interface RetentionOptions {
  runsDir: string;
  /** Where baselines are pinned: a run that one of its files names is kept. */
  baselinesDir: string;
  limits: RetentionLimits;
  nowMs: number;
  /** Folders of runs that are in use: they count and stay. */
  inUse?: readonly string[];
}

export interface RemovedRun extends TrashedRun {
  id: string;
  why: keyof RetentionLimits;
}

export interface RetentionResult {
  removed: RemovedRun[];
  /** Runs that the limits would have removed and that could not be, a sentence each. */
  problems: string[];
}

/** The instant of a run, as the name of its folder tells it. */
const RUN_ID = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z-.+-[0-9a-z]{4}$/;

/** What Promptrig writes into the folder of a run. With anything else in it, the folder holds something of the person's. */
const OWN_FILES: ReadonlySet<string> = new Set([...Object.values(RUN_FILES), 'observations.json']);

interface Candidate {
  dir: string;
  id: string;
  startedMs: number;
}

/**
 * Moves to the trash what is beyond the limits, the oldest first, and removes for good what got there more than a day ago. Runs that are pinned, named as the baseline of the newest run of an
 * eval, marked or noted by the person, or still going on stay and count for nothing. The newest run of each eval is no subject of
 * the age, and goes last for the other two: its results are those that the editor shows.
 * @throws PromptrigError where the runs or the baselines cannot be read; nothing is removed then
 */
export async function applyRetention(options: RetentionOptions): Promise<RetentionResult> {
  const { runsDir, nowMs } = options;
  const result = await removeExcess(options);
  if (result.problems.length > 0) return result;
  try {
    await emptyTrash(runsDir, nowMs);
  } catch (error) {
    result.problems.push(`Deleted runs in ${runsDir} could not be removed for good: ${messageOf(error)}.`);
  }
  return result;
}

async function removeExcess(options: RetentionOptions): Promise<RetentionResult> {
  const { runsDir, nowMs } = options;
  const all = await candidatesIn(runsDir);
  const newest = newestOfEach(all);
  const countable = await withoutKept(all, await pinnedText(options.baselinesDir));
  // The first to stay come first.
  const ranked = [...countable.filter((run) => newest.has(run)), ...countable.filter((run) => !newest.has(run))];
  const excess = await beyond(ranked, newest, options);
  if (excess.size === 0) return { removed: [], problems: [] };
  const named = await baselinesOf(newest);
  const inUse = new Set([...(options.inUse ?? [])].map((dir) => path.resolve(dir)));
  const result: RetentionResult = { removed: [], problems: [] };
  for (const [run, why] of [...excess].sort(([a], [b]) => a.startedMs - b.startedMs)) {
    if (run === all[0] || named.has(run.id) || inUse.has(path.resolve(run.dir))) continue;
    try {
      if (!(await isFinishedRun(run))) continue;
      result.removed.push({ id: run.id, why, ...(await trashRun(run.dir, nowMs)) });
    } catch (error) {
      // Another window, or the command line, was faster.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      result.problems.push(`${run.dir} could not be removed: ${messageOf(error)}.`);
      // What is wrong with one (a read-only disk) is wrong with all.
      break;
    }
  }
  return result;
}

/** Newest first. A folder that the person has renamed is the person's. */
async function candidatesIn(runsDir: string): Promise<Candidate[]> {
  return (await listRuns(runsDir)).flatMap((id): Candidate[] => {
    const match = RUN_ID.exec(id);
    if (match === null) return [];
    const [, year, month, day, hour, minute, second] = match;
    const startedMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
    return Number.isNaN(startedMs) ? [] : [{ dir: path.join(runsDir, id), id, startedMs }];
  });
}

/**
 * The text of all pinned baselines. It is searched for ids and not parsed: a file with conflict markers in it, or one of a later
 * version, pins its runs all the same.
 */
async function pinnedText(baselinesDir: string): Promise<string> {
  let files: string[];
  try {
    const entries = await fs.readdir(baselinesDir, { withFileTypes: true, recursive: true });
    files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
    return (await Promise.all(files.map((file) => fs.readFile(file, 'utf8')))).join('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new PromptrigError(
      'unreadable',
      `No old run is removed, since the baselines in ${baselinesDir} could not be read: ${messageOf(error)}.`,
      { cause: error },
    );
  }
}

async function withoutKept(runs: readonly Candidate[], pinned: string): Promise<Candidate[]> {
  const kept = await Promise.all(runs.map(async (run) => pinned.includes(run.id) || (await isNoted(run.dir))));
  return runs.filter((_, index) => kept[index] !== true);
}

async function isNoted(dir: string): Promise<boolean> {
  try {
    const { keep, note } = await readNotes(dir);
    return keep || note !== '';
  } catch (error) {
    // What it says is unknown, and it may be that the run is to be kept.
    if (error instanceof PromptrigError) return true;
    throw error;
  }
}

/** Which runs are beyond which limit. @param ranked the first to stay first */
async function beyond(
  ranked: readonly Candidate[],
  newest: ReadonlySet<Candidate>,
  { limits, nowMs }: RetentionOptions,
): Promise<Map<Candidate, keyof RetentionLimits>> {
  const found = new Map<Candidate, keyof RetentionLimits>();
  for (const run of ranked.slice(limits.runs)) found.set(run, 'runs');
  for (const run of ranked) {
    if (!found.has(run) && !newest.has(run) && nowMs - run.startedMs > limits.ageMs) found.set(run, 'ageMs');
  }
  if (limits.sizeBytes === Number.POSITIVE_INFINITY) return found;
  let total = 0;
  for (const run of ranked) {
    if (found.has(run)) continue;
    total += await sizeOf(run.dir);
    if (total > limits.sizeBytes) found.set(run, 'sizeBytes');
  }
  return found;
}

/** Bytes of the files in a folder; 0 of one that is gone. */
async function sizeOf(dir: string): Promise<number> {
  try {
    const names = await fs.readdir(dir);
    const sizes = await Promise.all(names.map(async (name) => (await fs.lstat(path.join(dir, name))).size));
    return sizes.reduce((sum, size) => sum + size, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

/** Runs that the newest results are held against. */
async function baselinesOf(newest: Iterable<Candidate>): Promise<Set<string>> {
  const named = new Set<string>();
  for (const { dir } of newest) {
    try {
      const { baseline } = await readRun(dir);
      if (baseline === undefined) continue;
      for (const id of [baseline.run, ...(baseline.pinned ?? []).map(({ run }) => run)]) named.add(id);
    } catch (error) {
      // One that cannot be read names nothing that could be looked up.
      if (!(error instanceof PromptrigError)) throw error;
    }
  }
  return named;
}

/** Whether a folder is a run that is over, as it was stored, with nothing else in it. */
async function isFinishedRun({ dir, id }: Candidate): Promise<boolean> {
  const entries = await fs.readdir(dir, { withFileTypes: true });
  const isOurs = entries.every((entry) => entry.isFile() && OWN_FILES.has(entry.name.replace(/\.\d+\.tmp$/, '')));
  if (!isOurs) return false;
  try {
    const run = await readRun(dir);
    return run.id === id && run.status !== 'running';
  } catch (error) {
    if (error instanceof PromptrigError) return false;
    throw error;
  }
}
