import type * as vscode from 'vscode';

const STATE_KEY = 'promptrig.clearedResults';
/** Files that are remembered; of more, those that were cleared first are forgotten. */
const MOST_FILES = 500;
/** Stands for all files. */
const ALL = '*';

/** When a person cleared the results of a file, so that they stay away when the window is opened again. */
export class ClearedResults {
  constructor(
    private readonly state: vscode.Memento,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** @param file null for all files */
  add(file: string | null, at: string): void {
    const known = Object.entries(this.known).filter(([name]) => name !== file && file !== null);
    const next: Record<string, string> = {};
    for (const [name, cleared] of [...known, [file ?? ALL, at] as const].slice(-MOST_FILES)) next[name] = cleared;
    this.state.update(STATE_KEY, next).then(undefined, this.onError);
  }

  /** Whether results of a run that started then have been cleared. */
  has(file: string, startedAt: string): boolean {
    const { known } = this;
    return [known[file], known[ALL]].some((at) => at !== undefined && startedAt <= at);
  }

  private get known(): Record<string, string> {
    return this.state.get<Record<string, string>>(STATE_KEY, {});
  }
}
