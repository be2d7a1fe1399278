/** Resident memory of another process, where the platform tells it. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** MiB now, or null where the process is gone or the platform has no `ps`. */
export function residentMib(pid: number): number | null {
  try {
    if (process.platform === 'linux') {
      const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
      return kib === undefined ? null : Number(kib) / 1024;
    }
    if (process.platform === 'win32') return null;
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'latin1' })) / 1024;
  } catch {
    // It has just ended: there is nothing to measure any more.
    return null;
  }
}
