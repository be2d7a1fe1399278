/** The runs that are stored in some folders: which there are at once, what each says when it is asked for. Knows no editor. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { runFile } from '../../core/results/files';
import { readNotes, type RunNotes } from '../../core/results/notes';
import { listRuns, readRun } from '../../core/results/store';
import { messageOf } from '../../core/util/errors';
import { brokenSummary, dateOf, summaryOf, type RunSummary } from './run-summary';

/** Files are read this many at once. */
const READ_AT_ONCE = 8;
/** Older ones are on disk all the same. */
const MAX_RUNS = 2_000;

/** A folder of a run, as its place and its name tell. */
export interface StoredRun {
  dir: string;
  id: string;
  /** From the name; of a folder with another name, when it was last changed. */
  startedAt: Date;
}

interface Cached {
  /** Of the result and of the notes. */
  changed: string;
  summary: Promise<RunSummary>;
}

export class RunHistory {
  private readonly cached = new Map<string, Cached>();
  private reading = 0;
  private readonly waiting: (() => void)[] = [];

  /**
   * The runs below several folders, newest first. Reads names only.
   * @throws PromptrigError where a folder is there and cannot be read
   */
  async list(runsDirs: Iterable<string>): Promise<StoredRun[]> {
    const runs: StoredRun[] = [];
    for (const runsDir of new Set(runsDirs)) {
      for (const id of (await listRuns(runsDir)).slice(0, MAX_RUNS)) {
        const dir = path.join(runsDir, id);
        runs.push({ dir, id, startedAt: dateOf(id) ?? (await changedAt(dir)) });
      }
    }
    const known = new Set(runs.map(({ dir }) => dir));
    for (const dir of this.cached.keys()) if (!known.has(dir)) this.cached.delete(dir);
    return runs.sort((a, b) => b.startedAt.getTime() - a.startedAt.getTime()).slice(0, MAX_RUNS);
  }

  /** What a run says; of one that is broken or of a newer version, that it does. Never rejects. */
  async read({ dir, id, startedAt }: StoredRun): Promise<RunSummary> {
    const changed = `${await mtimeOf(runFile(dir, 'run'))} ${await mtimeOf(runFile(dir, 'notes'))}`;
    const known = this.cached.get(dir);
    if (known?.changed === changed) return known.summary;
    const summary = this.take(async () => {
      const notes = await notesOf(dir);
      try {
        return summaryOf(dir, id, await readRun(dir), notes);
      } catch (error) {
        return brokenSummary(dir, id, withoutPath(messageOf(error), dir), startedAt, notes);
      }
    });
    this.cached.set(dir, { changed, summary });
    return summary;
  }

  /** Runs work when there is a free place: a view of hundreds of rows asks for all of them in one breath. */
  private async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.reading >= READ_AT_ONCE) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.reading++;
    try {
      return await work();
    } finally {
      this.reading--;
      this.waiting.shift()?.();
    }
  }
}

async function changedAt(dir: string): Promise<Date> {
  return new Date(await mtimeOf(runFile(dir, 'run')));
}

/** Notes that cannot be read are shown where they would stand: nothing else is wrong with the run. */
async function notesOf(dir: string): Promise<RunNotes> {
  try {
    return await readNotes(dir);
  } catch (error) {
    return { note: withoutPath(messageOf(error), dir), keep: true };
  }
}

/** 0 where the file is gone: reading it then says so. */
async function mtimeOf(file: string): Promise<number> {
  try {
    return (await fs.stat(file)).mtimeMs;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

/** The row says which run it is; its sentence need not name the file again. */
function withoutPath(message: string, dir: string): string {
  return message.replaceAll(dir + path.sep, '').replaceAll(dir, 'the folder');
}
