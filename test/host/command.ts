import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { tail } from './log-text';

export interface CommandOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** `inherit` shows the output as it comes; `capture` keeps it and adds its end to the error. */
  output?: 'inherit' | 'capture';
  timeoutMs?: number;
}

/**
 * Runs a program to its end and returns what it printed (empty with `output: 'inherit'`).
 * Rejects with the program's name, its exit code and the end of its output when it fails, cannot start or takes too long.
 */
export function runCommand(file: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { output = 'capture', timeoutMs } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      // Nothing may wait for a keyboard: an installer that asks a question would hang a CI job.
      stdio: ['ignore', output === 'inherit' ? 'inherit' : 'pipe', output === 'inherit' ? 'inherit' : 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    let text = '';
    const collect = (chunk: Buffer): void => {
      text += chunk.toString('utf8');
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    child.once('error', (cause) => reject(new Error(`${file} could not be started: ${cause.message}`, { cause })));
    child.once('close', (code, signal) => {
      if (code === 0) resolve(text);
      else reject(new Error(`${file} ${args.join(' ')} ended with ${signal ?? `code ${code}`}.\n${tail(text, 40)}`));
    });
  });
}

/** The path of a program on PATH, as a shell would find it. */
export function findOnPath(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (!folder) continue;
    for (const extension of process.platform === 'win32' ? ['.cmd', '.exe', ''] : ['']) {
      const path = join(folder, name + extension);
      if (isExecutable(path)) return path;
    }
  }
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
