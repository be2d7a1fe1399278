/** Each connection is an open file of this process, and systems limit those. Found out before a stage, not in its middle. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { StagePlan } from '../../protocol/plan';
import { PromptrigError } from '../util/errors';
import { virtualUsers } from './users';

/** Files that the process has open besides: its threads' pipes and event queues, result files, channels. */
const OTHER_FILES = 128;
/** The planner's default of `max_concurrency`: above it the file has asked for so many by itself. */
const DEFAULT_MAX_CONCURRENCY = 1024;

/**
 * How many files this process may have open: Linux says it in /proc, other POSIX systems through the shell.
 * @returns null where there is no limit, or none that can be found out (Windows)
 */
export async function openFilesLimit(): Promise<number | null> {
  try {
    return openFilesIn(await readFile('/proc/self/limits', 'utf8'));
  } catch {
    // No such file system: asked for below.
  }
  if (process.platform === 'win32') return null;
  try {
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', 'ulimit -n'], { timeout: 2000 });
    return /^\d+$/.test(stdout.trim()) ? Number(stdout) : null;
  } catch {
    // A system without a shell: the first connection beyond the limit will say so.
    return null;
  }
}

/** The soft limit of `Max open files` in the text of /proc/self/limits; null where it is unlimited or not there. */
export function openFilesIn(limits: string): number | null {
  const soft = /^Max open files\s+(\S+)/m.exec(limits)?.[1];
  return soft !== undefined && /^\d+$/.test(soft) ? Number(soft) : null;
}

/** How many connections a limit leaves room for; at least 1. */
export function mostConnections(limit: number | null): number {
  return limit === null ? Number.POSITIVE_INFINITY : Math.max(1, limit - OTHER_FILES);
}

/** @throws PromptrigError `usage` where `connections` are more than `limit` files leave room for */
export function withinOpenFiles(stage: string, connections: number, limit: number | null): void {
  if (limit === null || connections + OTHER_FILES <= limit) return;
  const least = connections + OTHER_FILES;
  throw new PromptrigError(
    'usage',
    `The stage "${stage}" needs ${connections} connections at once, but this process may have ${limit} files open, of which ${OTHER_FILES} are needed for other things. ` +
      `Raise the limit (\`ulimit -n ${least}\` in the shell that starts it; "nofile" in /etc/security/limits.conf or LimitNOFILE of a service), or ask for ${mostConnections(limit)} at most.`,
  );
}

/**
 * A stage that keeps within the limit. A closed loop needs a connection for each user, and an open loop up to its
 * `max_concurrency`; where that is only the default, it is lowered, with a note for the log.
 * @throws PromptrigError `usage` where the stage asks for more by itself
 */
export function limitedStage(stage: StagePlan, limit: number | null): { stage: StagePlan; note: string | null } {
  if (limit === null || stage.maxConcurrency + OTHER_FILES <= limit) return { stage, note: null };
  if (stage.loop === 'closed') {
    withinOpenFiles(stage.name, virtualUsers(stage), limit);
    return { stage, note: null };
  }
  if (stage.maxConcurrency > DEFAULT_MAX_CONCURRENCY || limit <= OTHER_FILES) {
    withinOpenFiles(stage.name, stage.maxConcurrency, limit);
  }
  const maxConcurrency = limit - OTHER_FILES;
  return {
    stage: { ...stage, maxConcurrency },
    note: `This process may have ${limit} files open, so at most ${maxConcurrency} requests are in flight at once in "${stage.name}". Raise it with "ulimit -n" if the load needs more.`,
  };
}
