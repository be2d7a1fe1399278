import { execFile } from 'node:child_process';
import { CliError } from './exit-code';

/** What a git command said. */
export interface GitResult {
  ok: boolean;
  stdout: string;
  /** The first line of what went wrong. */
  reason: string;
}

const MOST_OUTPUT = 256 * 1024 * 1024;

/** Runs git in `dir`, without a shell. Throws CliError where there is no git. */
export function git(dir: string, args: readonly string[]): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    // Colours and relative paths of the user's own configuration would be taken for parts of file names.
    const fixed = ['--no-optional-locks', '-c', 'color.ui=false', '-c', 'diff.relative=false', '-C', dir];
    execFile('git', [...fixed, ...args], { maxBuffer: MOST_OUTPUT }, (error, stdout, stderr) => {
      if (error !== null && (error as NodeJS.ErrnoException).code === 'ENOENT') {
        reject(new CliError('git was not found on the PATH. Install it, or leave out --since.'));
        return;
      }
      const [reason = ''] = stderr.trim().split('\n');
      resolve({ ok: error === null, stdout, reason: reason.replace(/^fatal: /, '') });
    });
  });
}
