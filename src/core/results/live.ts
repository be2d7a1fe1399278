/** Whether somebody is at work on a run: another window, or the command line. */
import * as fs from 'node:fs/promises';
import { runFile, type RUN_FILES } from './files';
import type { RunJson } from '../../protocol/run-json';

/** A run that goes on writes more often than this: a line a request, and its result with every stage. */
const QUIET_MS = 120_000;
const WRITTEN: readonly (keyof typeof RUN_FILES)[] = ['run', 'requests', 'cases'];

/** @param nowMs by the clock of the file system, which is the wall clock */
export async function isLiveRun(dir: string, { status }: Pick<RunJson, 'status'>, nowMs: number): Promise<boolean> {
  if (status !== 'running') return false;
  for (const file of WRITTEN) {
    try {
      if (nowMs - (await fs.stat(runFile(dir, file))).mtimeMs < QUIET_MS) return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return false;
}
