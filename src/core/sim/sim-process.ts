import { fork, type ChildProcess } from 'node:child_process';
import type { SimConfig } from '../../protocol/plan';
import { DisposableStore, type Disposable } from '../util/disposable';
import { Emitter } from '../util/emitter';
import { PromptrigError } from '../util/errors';
import type { FromSimProcess, ToSimProcess } from './process-protocol';

export interface SimProcessOptions {
  /** Path of the bundled process entry, `dist/sim.js`. */
  entry: string;
  config: SimConfig;
  /** 0, the default, takes a free one. */
  port?: number;
  model?: string;
  apiKey?: string;
  /** Node, or an Electron that can run as Node; this process's own by default. */
  execPath?: string;
  /** 15 s by default: a busy machine is slow to start a process. */
  startTimeoutMs?: number;
}

export interface SimProcessExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** It was told to stop. */
  expected: boolean;
  /** The end of what it wrote to stderr. */
  stderr: string;
}

export interface SimProcess {
  /** Base URL for clients: `http://127.0.0.1:PORT/v1`. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Ends the process, by force where it does not end by itself; resolves when it is gone. May be called again. */
  stop(): Promise<void>;
  /** Calls `listener` once when the process is gone; at once where it is gone already. */
  onExit(listener: (exit: SimProcessExit) => void): Disposable;
}

const STOP_GRACE_MS = 2000;
const STDERR_KEPT = 4096;

/**
 * What the child needs of the environment. Leaving out the rest keeps API keys out of a process that has no use for them, and
 * NODE_OPTIONS with it: a debugger's or test runner's hooks would slow what is meant to be exact.
 */
const PASSED_ENVIRONMENT = [
  'PATH',
  'HOME',
  'USERPROFILE',
  'TMPDIR',
  'TEMP',
  'TMP',
  'SystemRoot',
  'windir',
  'LANG',
  'LD_LIBRARY_PATH',
  'DYLD_LIBRARY_PATH',
];

function environment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ELECTRON_RUN_AS_NODE: '1' };
  for (const name of PASSED_ENVIRONMENT) if (process.env[name] !== undefined) env[name] = process.env[name];
  return env;
}

/**
 * Starts the simulator in a process of its own, so that its pacing and the client's measurement do not share an event loop.
 * @throws PromptrigError `engine_start` where the process does not come up in time, `usage` where it refuses its settings.
 */
export async function startSimProcess(options: SimProcessOptions): Promise<SimProcess> {
  const child = fork(options.entry, [], {
    // Without this the child inherits inspectors and loaders of this process.
    execArgv: [],
    execPath: options.execPath ?? process.execPath,
    env: environment(),
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const running = new RunningSim(child);
  try {
    const ready = await running.start(options);
    return Object.assign(running, ready);
  } catch (error) {
    await running.stop();
    throw error;
  }
}

class RunningSim {
  private stderr = '';
  private expected = false;
  private exit: SimProcessExit | null = null;
  private readonly exited = new Emitter<SimProcessExit>();

  constructor(private readonly child: ChildProcess) {
    child.stderr?.setEncoding('utf8');
    child.stderr?.on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(-STDERR_KEPT);
    });
    // `close` rather than `exit`: by then the last of stderr has been read.
    child.once('close', (code, signal) => this.gone(code, signal));
    child.on('error', (error) => {
      this.stderr += error.message;
      // A process that could not be started at all never closes.
      if (child.pid === undefined) this.gone(null, null);
    });
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  start(options: SimProcessOptions): Promise<{ url: string; port: number }> {
    const timeoutMs = options.startTimeoutMs ?? 15_000;
    return new Promise((resolve, reject) => {
      const fail = (error: PromptrigError): void => {
        settle();
        reject(error);
      };
      const timer = setTimeout(() => {
        fail(this.startError(`It was not ready after ${timeoutMs} ms.`));
      }, timeoutMs);
      const onMessage = (message: FromSimProcess): void => {
        if (message.type === 'error') {
          fail(new PromptrigError('usage', message.message, { reason: message.reason }));
          return;
        }
        settle();
        resolve({ url: message.url, port: message.port });
      };
      const listening = new DisposableStore();
      const settle = (): void => {
        clearTimeout(timer);
        listening.dispose();
        this.child.off('message', onMessage);
      };
      this.child.on('message', onMessage);
      listening.add(
        this.onExit(({ code, signal }) => {
          fail(this.startError(`Its process ended with ${signal ?? `exit code ${code}`}.`));
        }),
      );
      if (this.exit !== null) return;
      const { config, port, model, apiKey } = options;
      this.send({ type: 'start', config, port, model, apiKey });
    });
  }

  async stop(): Promise<void> {
    if (this.exit !== null) return;
    this.expected = true;
    const gone = new Promise<void>((resolve) => this.onExit(() => resolve()));
    if (this.child.connected) this.send({ type: 'stop' });
    else this.child.kill('SIGTERM');
    const terminate = setTimeout(() => this.child.kill('SIGTERM'), STOP_GRACE_MS);
    const kill = setTimeout(() => this.child.kill('SIGKILL'), 2 * STOP_GRACE_MS);
    await gone;
    clearTimeout(terminate);
    clearTimeout(kill);
  }

  onExit(listener: (exit: SimProcessExit) => void): Disposable {
    if (this.exit === null) return this.exited.event(listener);
    listener(this.exit);
    return { dispose: () => undefined };
  }

  private send(message: ToSimProcess): void {
    this.child.send(message, (error) => {
      // The process died between the check and the sending: its exit says so.
      if (error !== null) this.stderr = (this.stderr + error.message).slice(-STDERR_KEPT);
    });
  }

  private gone(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.exit !== null) return;
    this.exit = { code, signal, expected: this.expected, stderr: this.stderr };
    this.exited.fire(this.exit);
    this.exited.dispose();
  }

  private startError(what: string): PromptrigError {
    return new PromptrigError('engine_start', `The built-in simulator could not be started. ${what}`, {
      reason: this.stderr === '' ? undefined : this.stderr,
    });
  }
}
