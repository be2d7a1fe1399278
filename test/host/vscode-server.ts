import { spawn, type ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { tail, withoutNoise } from './log-text';
import type { ServerInstall } from './install-server';
import { quietSettings } from './settings';

export interface ServerOptions {
  /** The user's settings.json. */
  settings?: Record<string, unknown>;
  /** Where user settings and state live; without it a temporary folder that is removed on stop. */
  userDataDir?: string;
  /** Asks before trusting a folder, as a fresh VS Code does; without it every folder is trusted. */
  workspaceTrust?: boolean;
  /** The extension to load from its sources. */
  extension?: string;
  /** Folders of extensions to have installed. */
  installedExtensions?: readonly string[];
  /** A folder that VS Code has installed extensions into; without it a temporary one. */
  extensionsDir?: string;
  /** Stays up without a window, for windows that come and go. */
  stayUp?: boolean;
  /** Added to the environment of the server and thereby of the extension host. */
  env?: Record<string, string>;
  startTimeoutMs?: number;
}

export interface RunningServer {
  /** `127.0.0.1:PORT`, which is also the remote authority of the window. */
  authority: string;
  /** Where the window is to load the extension under development from. */
  extension: string | undefined;
  /** Resolves, with what happened, when the server ends before it is stopped. */
  ended: Promise<string>;
  /** The end of the server's output. */
  logTail(): string;
  stop(): Promise<void>;
}

/**
 * Starts VS Code's server on a free port of 127.0.0.1, in folders of its own.
 * @throws Error with the end of the server's output when it does not come up.
 */
export async function startServer(install: ServerInstall, options: ServerOptions = {}): Promise<RunningServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'promptrig-vscode-'));
  const userDir = options.userDataDir ?? join(dataDir, 'data');
  // A folder that the caller keeps has the caller's settings in it.
  const settings = options.settings ?? (options.userDataDir ? undefined : quietSettings);
  if (settings) {
    await mkdir(join(userDir, 'User'), { recursive: true });
    await writeFile(join(userDir, 'User/settings.json'), JSON.stringify(settings));
  }
  const extension = options.extension && (await linkExtension(options.extension, dataDir));
  for (const folder of options.installedExtensions ?? []) {
    // A new server takes what lies in its folder of extensions for installed.
    await cp(folder, join(dataDir, 'extensions', basename(folder)), { recursive: true });
  }

  const child = spawn(install.node, [install.main, ...serverArguments(dataDir, userDir, options)], {
    env: { ...serverEnvironment(), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that stopping it takes the extension host and what that forked with it.
    detached: process.platform !== 'win32',
  });
  const output = collectOutput(child);
  // An abrupt end of this process must not leave a server behind.
  const killNow = (): void => {
    killGroup(child, 'SIGKILL');
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  };
  process.once('exit', killNow);

  const closed = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`VS Code's server could not be started: ${error.message}`));
    child.once('close', (code, signal) => resolve(`VS Code's server ended with ${signal ?? `code ${code}`}`));
  });
  const stop = async (): Promise<void> => {
    process.removeListener('exit', killNow);
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      killGroup(child, 'SIGTERM');
      const hard = setTimeout(() => killGroup(child, 'SIGKILL'), 3_000);
      await closed;
      clearTimeout(hard);
    }
    killGroup(child, 'SIGKILL');
    // The extension host may still be writing its last log lines.
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  const logTail = (): string => `--- server ---\n${tail(withoutNoise(output.text()), 40)}`;

  try {
    const port = await listeningPort(output, closed, options.startTimeoutMs ?? 60_000);
    return { authority: `127.0.0.1:${port}`, extension, ended: closed, logTail, stop };
  } catch (error) {
    const log = logTail();
    await stop();
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${log}`, { cause: error });
  }
}

/**
 * A link to the extension outside of its folder. VS Code takes every theme below the folder of the extension under
 * development for the one that is developed and switches to it, and VS Code's own themes lie below this repository.
 */
async function linkExtension(path: string, dataDir: string): Promise<string> {
  const link = join(dataDir, 'extension');
  await symlink(path, link, 'dir');
  return link;
}

function serverArguments(dataDir: string, userDir: string, options: ServerOptions): string[] {
  return [
    '--host=127.0.0.1',
    '--port=0',
    '--without-connection-token',
    '--accept-server-license-terms',
    '--enable-smoke-test-driver',
    '--telemetry-level=off',
    `--server-data-dir=${dataDir}`,
    `--user-data-dir=${userDir}`,
    `--extensions-dir=${options.extensionsDir ?? join(dataDir, 'extensions')}`,
    // Should this process be killed without a chance to clean up, its window goes with it and, five minutes later, the
    // server by itself. Not at once: it would be gone before the window has heard how the suite ended.
    ...(options.stayUp ? [] : ['--enable-remote-auto-shutdown', '--reconnection-grace-time=60']),
    ...(options.workspaceTrust ? [] : ['--disable-workspace-trust']),
  ];
}

/** Without what an editor's own terminal sets, which would make the server talk to that editor, and without NODE_OPTIONS. */
function serverEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(VSCODE_|ELECTRON_|NODE_OPTIONS$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

interface Output {
  text(): string;
  onChange(listener: () => void): void;
}

function collectOutput(child: ChildProcess): Output {
  let text = '';
  const listeners: (() => void)[] = [];
  const collect = (chunk: Buffer): void => {
    // Bounded, since an extension that logs in a loop must not fill the memory of its tests.
    text = (text + chunk.toString('utf8')).slice(-200_000);
    for (const listener of listeners) listener();
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  return { text: () => text, onChange: (listener) => void listeners.push(listener) };
}

function listeningPort(output: Output, closed: Promise<string>, timeoutMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`VS Code's server did not listen within ${timeoutMs / 1000} s.`)),
      timeoutMs,
    );
    const look = (): void => {
      const match = /Extension host agent listening on (\d+)/.exec(output.text());
      if (!match) return;
      clearTimeout(timer);
      resolve(Number(match[1]));
    };
    output.onChange(look);
    void closed.then((what) => {
      clearTimeout(timer);
      reject(new Error(`${what} before it listened.`));
    });
  });
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch (error) {
    // ESRCH: the whole group has already gone, which is what was wanted.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
