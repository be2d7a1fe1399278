import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/**
 * Resident memory of a process in bytes; null where it cannot be told, such as of a process that has ended. Heap limits of the
 * engine do not count array buffers, so this is what bounds them. It is asked for while a call takes unusually long only: on macOS
 * and Windows it starts a program.
 */
export async function residentBytesOf(
  pid: number,
  platform: NodeJS.Platform = process.platform,
): Promise<number | null> {
  try {
    if (platform === 'linux') return parseProcStatus(await readFile(`/proc/${pid}/status`, 'utf8'));
    if (platform === 'win32') {
      return parseTasklist(await output('tasklist', ['/FI', `PID eq ${pid}`, '/FO', 'CSV', '/NH']));
    }
    return parsePs(await output('ps', ['-o', 'rss=', '-p', String(pid)]));
  } catch (error) {
    // The process is gone, or the platform has no such program: the time limit ends the call all the same.
    if (error instanceof Error) return null;
    throw error;
  }
}

/** `VmRSS:     51232 kB` among the lines of /proc/PID/status. */
export function parseProcStatus(text: string): number | null {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}

/** `  51232`, in kB. */
export function parsePs(text: string): number | null {
  const kilobytes = /^\s*(\d+)\s*$/.exec(text)?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}

/** `"node.exe","4711","Console","1","51.232 K"`, with the separator of the system's language. */
export function parseTasklist(text: string): number | null {
  const last = /"([^"]*)"\s*$/.exec(text.trim())?.[1];
  const digits = last?.replace(/\D/g, '') ?? '';
  return digits === '' || !/^"[^"]*","\d+"/.test(text.trim()) ? null : Number(digits) * 1024;
}

function output(program: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { timeout: 2000, windowsHide: true }, (error, stdout) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${program} failed`, { cause: error }));
    });
  });
}
