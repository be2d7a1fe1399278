import { spawn, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

const CLI = path.resolve(__dirname, '../../../dist/cli.js');

export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunningCli {
  child: ChildProcess;
  /** Text so far. */
  output: { stdout: string; stderr: string };
  done: Promise<CliResult>;
  /** Ctrl+C as a terminal sends it: to the whole process group. */
  interrupt(): void;
  /** Resolves when the text so far (of both streams) matches. */
  shows(pattern: RegExp): Promise<void>;
}

/** Starts the built command line in `cwd`, in a process group of its own. */
export function startCli(args: string[], cwd: string, env: Record<string, string> = {}): RunningCli {
  if (!fs.existsSync(CLI)) throw new Error('dist/cli.js is not there: run "npm run build" first.');
  const inherited = { ...process.env };
  for (const name of ['NODE_OPTIONS', 'FORCE_COLOR', 'NO_COLOR']) delete inherited[name];
  const child = spawn(process.execPath, [CLI, ...args], { cwd, env: { ...inherited, ...env }, detached: true });
  const output = { stdout: '', stderr: '' };
  const watchers = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
    for (const watch of watchers) watch();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
    for (const watch of watchers) watch();
  });
  const done = new Promise<CliResult>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...output }));
  });
  return {
    child,
    output,
    done,
    interrupt() {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
    },
    async shows(pattern) {
      await Promise.race([
        new Promise<void>((resolve) => {
          const watch = (): void => {
            if (pattern.test(output.stdout + output.stderr)) resolve();
          };
          watchers.add(watch);
          watch();
        }),
        done.then(({ code, stdout, stderr }) => {
          if (!pattern.test(stdout + stderr))
            throw new Error(`ended with ${code} before ${pattern}:\n${stdout}${stderr}`);
        }),
      ]);
    },
  };
}

export function cli(args: string[], cwd: string, env: Record<string, string> = {}): Promise<CliResult> {
  return startCli(args, cwd, env).done;
}

/** A folder with the given files, which is a workspace of its own. */
export function makeWorkspace(files: Record<string, string>): { dir: string; dispose: () => void } {
  const dir = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'promptrig-cli-')));
  fs.mkdirSync(path.join(dir, '.git'));
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
    fs.writeFileSync(path.join(dir, name), text);
  }
  return { dir, dispose: () => fs.rmSync(dir, { recursive: true, force: true }) };
}
