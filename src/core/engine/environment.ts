import { execFile } from 'node:child_process';
import * as os from 'node:os';
import type { RunJson } from '../../protocol/run-json';

/** What a reader needs to judge whether two runs are comparable: versions, machine, commit. */
export async function describeEnvironment(promptrigVersion: string, dir: string): Promise<RunJson['environment']> {
  const cpus = os.cpus();
  return {
    promptrig: promptrigVersion,
    node: process.versions.node,
    os: `${os.platform()} ${os.release()} ${os.arch()}`,
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    git: await describeGit(dir),
  };
}

async function describeGit(dir: string): Promise<{ commit: string; dirty: boolean } | null> {
  const commit = await git(dir, ['rev-parse', 'HEAD']);
  if (commit === null) return null;
  const status = await git(dir, ['status', '--porcelain', '--untracked-files=no']);
  return { commit: commit.trim(), dirty: status !== null && status.trim() !== '' };
}

/** Output of a git command; null where git is missing, the folder is not in a repository, or git takes over two seconds. */
function git(dir: string, args: string[]): Promise<string | null> {
  return new Promise((resolve) => {
    execFile('git', ['--no-optional-locks', '-C', dir, ...args], { timeout: 2000 }, (error, stdout) =>
      resolve(error === null ? stdout : null),
    );
  });
}
