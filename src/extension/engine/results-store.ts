/** What is known of each eval file: the observations of its last runs. Kept in memory, restored from the folders of results. */
import * as path from 'node:path';
import { Emitter } from '../../core/util/emitter';
import type { Disposable } from '../../core/util/disposable';
import type { RunVerdict } from '../../protocol/run-json';
import { mergeObservations, type Observation } from '../language/observations';
import type { RunningSubjects } from '../language/line-ends';
import type { Subject } from '../language/survey';

export interface FileResults {
  observations: Observation[];
  running: RunningSubjects | null;
  last: { dir: string; startedAt: string; verdict: RunVerdict | null } | null;
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

  /** Folders of the runs whose results are shown. */
  get dirs(): string[] {
    const dirs = new Set<string>();
    for (const { last, observations } of this.files.values()) {
      if (last === null) continue;
      dirs.add(last.dir);
      for (const { run } of observations) if (run !== undefined) dirs.add(path.join(path.dirname(last.dir), run));
    }
    return [...dirs];
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

  /** The name that a file has now which was run under another one. */
  nameOf(started: string): string {
    return this.renamed.get(started) ?? started;
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
