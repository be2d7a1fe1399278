/** What is known of each eval file: the observations of its last runs. Kept in memory, restored from the folders of results. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { listRuns, readCases, readRun } from '../../core/results/store';
import { Emitter } from '../../core/util/emitter';
import type { Disposable } from '../../core/util/disposable';
import type { RunVerdict } from '../../protocol/run-json';
import { isObservation, mergeObservations, type Observation } from '../language/observations';
import { RunObserver } from '../language/run-observer';
import type { RunningSubjects } from '../language/line-ends';
import type { Subject, Survey } from '../language/survey';
import { addHistograms } from './run-histograms';

/** Written into a run's folder beside the results, so that its line ends come back with the file. */
const OBSERVATIONS_FILE = 'observations.json';
const OBSERVATIONS_SCHEMA = 'promptrig.observations/1';
/** Runs looked at, newest first, when a file's results are restored. */
const MAX_RUNS_SEARCHED = 50;

export interface FileResults {
  observations: Observation[];
  running: RunningSubjects | null;
  last: { dir: string; startedAt: string; verdict: RunVerdict | null } | null;
}

interface StoredObservations {
  schema: typeof OBSERVATIONS_SCHEMA;
  source: string;
  verdict: RunVerdict | null;
  startedAt: string;
  observations: Observation[];
}

const NONE: FileResults = { observations: [], running: null, last: null };

export class ResultsStore implements Disposable {
  private readonly files = new Map<string, FileResults>();
  private readonly before = new Map<string, Observation[]>();
  /** Targets of the run in progress, where it is not on all of the file's. */
  private readonly narrowed = new Map<string, readonly string[]>();
  /** New names of files that were renamed while they run: the run knows the old one. */
  private readonly renamed = new Map<string, string>();
  private readonly changed = new Emitter<string>();
  private readonly cleared = new Emitter<string | null>();

  /** Fires with the key (URI) of a file whose results changed. */
  readonly onDidChange = this.changed.event;
  /** Fires with the key of a file whose results a person wants to see no more; null for those of all files. */
  readonly onDidClear = this.cleared.event;

  get(file: string): FileResults {
    return this.files.get(file) ?? NONE;
  }

  get isEmpty(): boolean {
    return this.files.size === 0;
  }

  /**
   * A run of `file` starts; until it ends `update` replaces what is known of its subjects.
   * @param targets the only ones it runs on: what is known of the others stays
   */
  begin(file: string, subjects: Iterable<Subject>, at: string, dir: string, targets?: readonly string[]): void {
    const known = this.get(file);
    this.before.set(file, known.observations);
    if (targets === undefined) this.narrowed.delete(file);
    else this.narrowed.set(file, targets);
    this.set(file, {
      observations: known.observations,
      running: { subjects: new Set(subjects), at },
      last: { dir, startedAt: at, verdict: null },
    });
  }

  /** @param finished subjects that are final though the run goes on */
  update(started: string, run: Observation[], finished: Iterable<Subject>): void {
    const file = this.renamed.get(started) ?? started;
    const known = this.get(file);
    if (known.running === null) return;
    const subjects = new Set(known.running.subjects);
    for (const subject of finished) subjects.delete(subject);
    this.set(file, {
      ...known,
      observations: mergeObservations(this.before.get(file) ?? [], run, this.narrowed.get(file)),
      running: { ...known.running, subjects },
    });
  }

  end(started: string, run: Observation[], verdict: RunVerdict | null): FileResults {
    const file = this.renamed.get(started) ?? started;
    this.renamed.delete(started);
    const known = this.get(file);
    const ended: FileResults = {
      observations: mergeObservations(this.before.get(file) ?? known.observations, run, this.narrowed.get(file)),
      running: null,
      last: known.last === null ? null : { ...known.last, verdict },
    };
    this.before.delete(file);
    this.narrowed.delete(file);
    this.set(file, ended);
    return ended;
  }

  /** The file has another name now: what is known of it, a run in progress included, belongs to that. */
  rename(from: string, to: string): void {
    const known = this.files.get(from);
    if (known === undefined) return;
    this.files.delete(from);
    for (const kept of [this.before, this.narrowed] as Map<string, unknown>[]) {
      if (kept.has(from)) kept.set(to, kept.get(from));
      kept.delete(from);
    }
    const [started] = [...this.renamed].find(([, name]) => name === from) ?? [from];
    if (known.running !== null) this.renamed.set(started, to);
    this.changed.fire(from);
    this.set(to, known);
  }

  /** Forgets the results of `file`, or of every file that is not running. The files on disk stay. */
  clear(file?: string): void {
    const keys = file === undefined ? [...this.files.keys()] : [file];
    for (const key of keys) {
      if (this.get(key).running !== null) continue;
      this.files.delete(key);
      this.changed.fire(key);
    }
    this.cleared.fire(file ?? null);
  }

  /** Takes results read from disk, unless the file has been run meanwhile. */
  restore(file: string, results: FileResults): void {
    if (this.files.has(file)) return;
    this.set(file, results);
  }

  dispose(): void {
    this.changed.dispose();
    this.cleared.dispose();
  }

  private set(file: string, results: FileResults): void {
    this.files.set(file, results);
    this.changed.fire(file);
  }
}

/** Stores the observations beside the results of the run that completed them. */
export async function saveObservations(dir: string, source: string, results: FileResults): Promise<void> {
  const stored: StoredObservations = {
    schema: OBSERVATIONS_SCHEMA,
    source,
    verdict: results.last?.verdict ?? null,
    startedAt: results.last?.startedAt ?? '',
    observations: results.observations,
  };
  await fs.writeFile(path.join(dir, OBSERVATIONS_FILE), JSON.stringify(stored));
}

/**
 * The newest stored results of a file; null where there are none. A run of the command line has no observations stored:
 * they are made from its records, provided that the file is still the one that was run.
 * @param source the file as `source.path` of a run names it
 * @param sha256 of the file's text now
 * @param onUnreadable is told of runs that are passed over because they cannot be read
 */
export async function loadObservations(
  runsDir: string,
  source: string,
  sha256: string,
  survey: Survey,
  onUnreadable: (dir: string, error: unknown) => void = () => undefined,
): Promise<FileResults | null> {
  for (const name of (await listRuns(runsDir)).slice(0, MAX_RUNS_SEARCHED)) {
    const dir = path.join(runsDir, name);
    try {
      const stored = await readStored(path.join(dir, OBSERVATIONS_FILE));
      const results = stored === null ? await fromRecords(dir, source, sha256, survey) : restored(dir, stored, source);
      if (results !== null) return results;
    } catch (error) {
      // What cannot be read is another version's or damaged: there is an older run behind it.
      onUnreadable(dir, error);
    }
  }
  return null;
}

function restored(dir: string, stored: StoredObservations, source: string): FileResults | null {
  if (stored.source !== source) return null;
  const { observations, startedAt, verdict } = stored;
  // A newer version may know kinds that this one does not.
  return { observations: observations.filter(isObservation), running: null, last: { dir, startedAt, verdict } };
}

async function fromRecords(dir: string, source: string, sha256: string, survey: Survey): Promise<FileResults | null> {
  const run = await readRun(dir);
  if (run.source.path !== source || run.source.sha256 !== sha256 || run.status === 'running') return null;
  const observer = new RunObserver(survey, run.started_at, true, {
    id: path.basename(dir),
    confidence: run.confidence,
  });
  for await (const record of readCases(dir)) observer.onCase(record);
  observer.onRun(run);
  const { observations } = observer;
  // What the files that it refers to held at the time is not known: whoever restores the results looks when they were changed.
  for (const observation of observations) delete observation.files;
  await addHistograms(dir, run, observations);
  return { observations, running: null, last: { dir, startedAt: run.started_at, verdict: run.verdict } };
}

async function readStored(file: string): Promise<StoredObservations | null> {
  let text: string;
  try {
    text = await fs.readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    const value = JSON.parse(text) as Partial<StoredObservations>;
    const isOurs = value.schema === OBSERVATIONS_SCHEMA && Array.isArray(value.observations);
    return isOurs ? (value as StoredObservations) : null;
  } catch (error) {
    // Cut off by a window that closed while it was written: as good as not there.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
