import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { messageOf } from '../../util/errors';
import { READY_LINE, type CallHeader, type GuestLimits, type GuestReply } from './protocol';
import { residentBytesOf } from './resident-memory';

export interface SandboxLimits {
  /** Of one call, asynchronous parts included. */
  timeMs: number;
  /** Heap of the process; memory outside of the heap is bounded by the same on top. */
  memoryMb: number;
  /** Longest result as JSON, in UTF-16 units. */
  outputLength: number;
  /** How long a process may take to start: busy machines are slow at it. */
  startMs: number;
}

export const DEFAULT_LIMITS: SandboxLimits = {
  timeMs: 5000,
  memoryMb: 256,
  outputLength: 1_000_000,
  startMs: 15_000,
};

/** What Node itself takes: its code, its tables and the young generation. Measured: 45 to 60 MB before any user code. */
const NODE_MB = 128;
/** Ordinary calls end long before the first look at their memory. */
const FIRST_LOOK_MS = 100;
const LOOK_MS = 50;
/** Where looking starts a program. */
const LOOK_ELSEWHERE_MS = 500;
/** After the runner's own limit: only a process whose runner was killed meets this one. */
const ORPHAN_FACTOR = 3;
const STDERR_KEPT = 4096;

/** How a call ended that gave no reply. */
export type CallEnd =
  | { kind: 'reply'; reply: GuestReply }
  | { kind: 'time' }
  | { kind: 'memory' }
  | { kind: 'stopped' }
  /** The process ended by itself or spoke out of turn. */
  | { kind: 'died'; detail: string };

/** A process did not get as far as being ready; `refused` where it ended by itself, such as over an option it does not know. */
export class SandboxStartError extends Error {
  constructor(
    message: string,
    readonly refused: boolean,
  ) {
    super(message);
    this.name = 'SandboxStartError';
  }
}

export interface ProcessOptions {
  execPath: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
  limits: SandboxLimits;
}

interface Call {
  id: number;
  settle(end: CallEnd): void;
}

/** One process that runs user code, one call at a time. It is used until it has to be killed or asks to be replaced. */
export class SandboxProcess {
  private readonly child: ChildProcess;
  private readonly stdin: Writable;
  private received = '';
  private stderr = '';
  private call: Call | null = null;
  private nextId = 1;
  private killedFor: 'time' | 'memory' | 'stopped' | null = null;
  private protocolError: string | null = null;
  private readonly onReady: { resolve(): void; reject(error: SandboxStartError): void };
  private ready = false;
  /** False once it has ended, is being killed, or should be replaced. */
  usable = true;
  /** Resolves when the process has gone. */
  readonly gone: Promise<void>;

  /** @throws SandboxStartError */
  static async start(options: ProcessOptions, signal: AbortSignal): Promise<SandboxProcess> {
    let started: SandboxProcess | undefined;
    let timer: NodeJS.Timeout | undefined;
    const stop = (): void => started?.kill('stopped');
    try {
      await new Promise<void>((resolve, reject) => {
        started = new SandboxProcess(options, { resolve, reject });
        signal.addEventListener('abort', stop);
        if (signal.aborted) stop();
        timer = setTimeout(() => {
          reject(new SandboxStartError(`it was not ready after ${options.limits.startMs} ms`, false));
          started?.kill('stopped');
        }, options.limits.startMs);
      });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    }
    return started as SandboxProcess;
  }

  private constructor(
    private readonly options: ProcessOptions,
    onReady: { resolve(): void; reject(error: SandboxStartError): void },
  ) {
    this.onReady = onReady;
    const { execPath, args, env, cwd, limits } = options;
    const guestLimits: GuestLimits = {
      orphanMs: limits.timeMs * ORPHAN_FACTOR,
      outputLength: limits.outputLength,
      retireGrowthBytes: (limits.memoryMb / 2) * 1024 * 1024,
    };
    this.child = spawn(execPath, [...args, JSON.stringify(guestLimits)], {
      cwd,
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
    });
    this.stdin = this.child.stdin as Writable;
    // The process may end before it has read everything; that it ended says more than that the pipe broke.
    this.stdin.on('error', (error) => this.note(error.message));
    const stdout = this.child.stdout as Readable;
    stdout.setEncoding('utf8');
    stdout.on('data', (text: string) => this.receive(text));
    const stderr = this.child.stderr as Readable;
    stderr.setEncoding('utf8');
    stderr.on('data', (text: string) => this.note(text));
    this.gone = new Promise((resolve) => {
      const end = (code: number | null, by: NodeJS.Signals | null): void => {
        this.ended(code, by);
        resolve();
      };
      // `close` rather than `exit`: by then the last of its output has been read.
      this.child.once('close', end);
      this.child.on('error', (error) => {
        this.note(error.message);
        // A process that could not be started at all never closes.
        if (this.child.pid === undefined) end(null, null);
      });
    });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Runs one call; the caller sees to it that none is under way. Never rejects. */
  async run(header: Omit<CallHeader, 'id'>, input: string, signal: AbortSignal): Promise<CallEnd> {
    const { timeMs } = this.options.limits;
    const id = this.nextId++;
    const stop = (): void => this.kill('stopped');
    let timer: NodeJS.Timeout | undefined;
    const watch = this.watchMemory();
    try {
      return await new Promise<CallEnd>((settle) => {
        this.call = { id, settle };
        if (!this.usable) return settle({ kind: 'died', detail: 'it had ended before' });
        signal.addEventListener('abort', stop);
        if (signal.aborted) return stop();
        timer = setTimeout(() => {
          // Where this process itself was held up, the reply may be waiting to be read: it is, before an immediate runs.
          setImmediate(() => this.call?.id === id && this.kill('time'));
        }, timeMs);
        this.stdin.write(`${JSON.stringify({ id, ...header } satisfies CallHeader)}\n${input}\n`);
      });
    } finally {
      this.call = null;
      clearTimeout(timer);
      watch.stop();
      signal.removeEventListener('abort', stop);
    }
  }

  /** Ends the process at once. */
  kill(reason: 'time' | 'memory' | 'stopped'): void {
    this.usable = false;
    this.killedFor ??= reason;
    this.child.kill('SIGKILL');
  }

  private watchMemory(): { stop(): void } {
    const { pid } = this.child;
    const limit = (NODE_MB + this.options.limits.memoryMb) * 1024 * 1024;
    const pauseMs = process.platform === 'linux' ? LOOK_MS : LOOK_ELSEWHERE_MS;
    let stopped = pid === undefined;
    let timer: NodeJS.Timeout | undefined;
    const look = async (): Promise<void> => {
      const bytes = pid === undefined ? null : await residentBytesOf(pid);
      if (stopped) return;
      if (bytes !== null && bytes > limit) this.kill('memory');
      else timer = setTimeout(() => void look(), pauseMs);
    };
    timer = setTimeout(() => void look(), FIRST_LOOK_MS);
    return {
      stop: () => {
        stopped = true;
        clearTimeout(timer);
      },
    };
  }

  private note(text: string): void {
    this.stderr = (this.stderr + text).slice(-STDERR_KEPT);
  }

  private receive(text: string): void {
    if (!this.usable) return;
    this.received += text;
    // Every character of a result is one of the JSON's, its sentences come on top.
    if (this.received.length > this.options.limits.outputLength + 65_536) return this.breakOff('it wrote without end');
    for (let end = this.received.indexOf('\n'); end >= 0; end = this.received.indexOf('\n')) {
      const line = this.received.slice(0, end);
      this.received = this.received.slice(end + 1);
      this.receiveLine(line);
    }
  }

  private receiveLine(line: string): void {
    if (!this.ready) {
      if (line !== READY_LINE) return this.breakOff('it spoke before it was ready');
      this.ready = true;
      this.onReady.resolve();
      return;
    }
    const [, id, retires, json] = /^(\d+) ([01]) (.*)$/s.exec(line) ?? [];
    const { call } = this;
    if (call === null || json === undefined || Number(id) !== call.id) return this.breakOff('it spoke out of turn');
    let reply: GuestReply;
    try {
      reply = readReply(json);
    } catch (error) {
      return this.breakOff(`its reply could not be read: ${messageOf(error)}`);
    }
    if (retires === '1') {
      this.usable = false;
      // It ends at the end of its input.
      this.stdin.end();
    }
    this.call = null;
    call.settle({ kind: 'reply', reply });
  }

  private breakOff(detail: string): void {
    this.protocolError ??= detail;
    this.usable = false;
    this.child.kill('SIGKILL');
  }

  private ended(code: number | null, by: NodeJS.Signals | null): void {
    this.usable = false;
    const detail = this.protocolError ?? this.exitDetail(code, by);
    if (!this.ready) this.onReady.reject(new SandboxStartError(detail, by === null && this.child.pid !== undefined));
    this.call?.settle(this.endOf(by, detail));
  }

  private endOf(by: NodeJS.Signals | null, detail: string): CallEnd {
    if (this.killedFor !== null) return { kind: this.killedFor };
    if (this.protocolError !== null) return { kind: 'died', detail };
    // The engine says so and aborts when its heap is full; the system kills without a word.
    if (/out of memory/i.test(this.stderr) || by === 'SIGKILL') return { kind: 'memory' };
    return { kind: 'died', detail };
  }

  private exitDetail(code: number | null, by: NodeJS.Signals | null): string {
    const how =
      by !== null ? `it was ended by ${by}` : code === null ? 'it did not start' : `it ended with exit code ${code}`;
    // With its objects frozen, some versions of Node show an error by its source line alone.
    const said =
      this.stderr.split('\n').find((line) => /^\s*\w*Error\b|bad option|^spawn |^\s*throw /.test(line)) ?? '';
    return said === '' ? how : `${how}: ${said.trim()}`;
  }
}

/** Only the known fields, each of the type it should have: the process may run code that has broken out. */
function readReply(json: string): GuestReply {
  const given = JSON.parse(json) as Record<string, unknown> | null;
  if (given === null || typeof given !== 'object') throw new TypeError('it is no object');
  const text = (name: string): object => (typeof given[name] === 'string' ? { [name]: given[name] } : {});
  return {
    ...('value' in given ? { value: given['value'] } : {}),
    ...text('wrong'),
    ...text('problem'),
    ...text('thrown'),
    ...text('logs'),
    ...(typeof given['line'] === 'number' ? { line: given['line'] } : {}),
  };
}
