import * as fs from 'node:fs';
import { PromptrigError, messageOf } from '../util/errors';
import { runFile } from './files';
import type { RunPlan } from '../../protocol/plan';
import type { CaseRecord, RequestRecord, RunJson } from '../../protocol/run-json';

/**
 * Writes the files of one run. Lines are appended with a synchronous `write` as requests end, so that what was handed over
 * is in the operating system's hands when the call returns: a `kill -9` afterwards cannot lose it. `run.json` is replaced
 * as a whole by a rename, so that a reader never sees half of one.
 */
export class RunWriter {
  private constructor(
    readonly dir: string,
    private readonly requestsFd: number,
    private readonly casesFd: number,
  ) {}

  /** Creates the run's folder and stores its plan. @throws PromptrigError `results_write` where that is not possible. */
  static create(plan: RunPlan): RunWriter {
    return guarded(plan.outDir, () => {
      fs.mkdirSync(plan.outDir, { recursive: true });
      fs.writeFileSync(runFile(plan.outDir, 'plan'), planText(plan), { flag: 'wx' });
      const requestsFd = fs.openSync(runFile(plan.outDir, 'requests'), 'ax');
      try {
        return new RunWriter(plan.outDir, requestsFd, fs.openSync(runFile(plan.outDir, 'cases'), 'ax'));
      } catch (error) {
        fs.closeSync(requestsFd);
        throw error;
      }
    });
  }

  requests(records: readonly RequestRecord[]): void {
    this.append(this.requestsFd, records, 'requests');
  }

  cases(records: readonly CaseRecord[]): void {
    this.append(this.casesFd, records, 'cases');
  }

  run(run: RunJson): void {
    guarded(this.dir, () => writeRunJson(this.dir, run));
  }

  close(): void {
    guarded(this.dir, () => {
      fs.closeSync(this.requestsFd);
      fs.closeSync(this.casesFd);
    });
  }

  private append(fd: number, records: readonly unknown[], file: 'requests' | 'cases'): void {
    if (records.length === 0) return;
    let text = '';
    for (const record of records) text += JSON.stringify(record) + '\n';
    guarded(runFile(this.dir, file), () => {
      const bytes = Buffer.from(text);
      // A write may be short (a nearly full disk): the rest is tried again and then fails with the reason.
      for (let offset = 0; offset < bytes.length;) offset += fs.writeSync(fd, bytes, offset);
    });
  }
}

/** Indented for whoever reads it, unless nobody could: white space would be a third of a plan with a large dataset. */
function planText(plan: RunPlan): string {
  const cases = plan.targets.reduce((sum, target) => sum + target.cases.length, 0);
  return `${JSON.stringify(plan, null, cases > 1000 ? undefined : 2)}\n`;
}

/** Replaces `run.json` in `dir` atomically. */
export function writeRunJson(dir: string, run: RunJson): void {
  const target = runFile(dir, 'run');
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    fs.writeFileSync(temporary, JSON.stringify(run, null, 2) + '\n');
    fs.renameSync(temporary, target);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
}

function guarded<T>(where: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new PromptrigError('results_write', `The results could not be written to ${where}: ${advice(error)}`, {
      reason: messageOf(error),
      cause: error,
    });
  }
}

function advice(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full. Free some space and run again; what was written so far is kept.';
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'the folder is read-only. Choose another one for the results.';
    case 'EEXIST':
      return 'a run of this name is there already. Run again to get a new name.';
    default:
      return `${messageOf(error)}.`;
  }
}
