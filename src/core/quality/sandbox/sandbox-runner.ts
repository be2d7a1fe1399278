import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import { messageOf } from '../../util/errors';
import type { CodeReply, CodeRequest, CodeRunner } from '../types';
import { launchArguments, launchEnvironment } from './launch';
import { Permits } from './permits';
import { replyOf } from './reply';
import { DEFAULT_LIMITS, SandboxProcess, SandboxStartError, type SandboxLimits } from './sandbox-process';
import { Stops } from './stops';

export interface SandboxRunnerOptions {
  /** Path of the bundled process entry, `dist/sandbox.js`. */
  entry: string;
  /** Whether user code may run: a trusted workspace, or `--allow-code`. */
  allow: boolean;
  /** Said in place of running it: why not, and how to allow it. */
  refusal?: string;
  limits?: Partial<SandboxLimits>;
  /** Node, or an Electron that can run as Node; this process's own by default. */
  execPath?: string;
  /** How many calls run at once, each in a process of its own; 2 by default. */
  processes?: number;
}

const REFUSAL =
  'user code does not run here: trust the workspace in the editor, or pass --allow-code on the command line';
const TYPESCRIPT = new Set(['.ts', '.tsx', '.mts', '.cts']);

/** Which of `launchArguments` a runtime takes, by its path: every attempt that it refuses costs a start. */
const knownArguments = new Map<string, number>();

/**
 * Runs user code in processes of its own: without environment, files, network or further processes, each call in a fresh context,
 * within limits of time, memory and size. Nothing is started before the first call. A process serves many calls, one at a time; one
 * that had to be killed is replaced.
 */
export class SandboxRunner implements CodeRunner {
  private readonly limits: SandboxLimits;
  private readonly execPath: string;
  private readonly permits: Permits;
  private readonly idle: SandboxProcess[] = [];
  private readonly alive = new Set<SandboxProcess>();
  private readonly running = new Set<Promise<CodeReply>>();
  private readonly stops = new Stops();
  /** Ends the starts under way. */
  private readonly ending = new AbortController();
  private folder: Promise<string> | undefined;
  private ended: Promise<void> | undefined;

  constructor(private readonly options: SandboxRunnerOptions) {
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.execPath = options.execPath ?? process.execPath;
    this.permits = new Permits(options.processes ?? 2);
  }

  async run(request: CodeRequest, signal: AbortSignal): Promise<CodeReply> {
    if (!this.options.allow) return { kind: 'skipped', reason: this.options.refusal ?? REFUSAL };
    const { file } = request.code;
    if (file !== undefined && TYPESCRIPT.has(extname(file).toLowerCase())) {
      const reason = `${basename(file)} is TypeScript, which is not run: compile it to JavaScript and name that file`;
      return { kind: 'error', reason };
    }
    if (this.ended !== undefined) return replyOf(request, { kind: 'stopped' }, this.limits);
    const call = this.stops.during(signal, (own) => this.call(request, own));
    this.running.add(call);
    try {
      return await call;
    } finally {
      this.running.delete(call);
    }
  }

  /** Ends every process, and the calls under way with them; resolves when they have gone. May be called again. */
  dispose(): Promise<void> {
    this.ended ??= this.end();
    return this.ended;
  }

  private async end(): Promise<void> {
    this.ending.abort();
    this.stops.abortAll();
    const processes = [...this.alive];
    for (const one of processes) one.kill('stopped');
    await Promise.all([...this.running, ...processes.map(({ gone }) => gone)]);
    // Where it could not be made, every call has said so.
    const [folder] = await Promise.allSettled([this.folder]);
    if (folder.status === 'fulfilled' && folder.value !== undefined) {
      await rm(folder.value, { recursive: true, force: true });
    }
  }

  private async call(request: CodeRequest, signal: AbortSignal): Promise<CodeReply> {
    if (!(await this.permits.take(signal))) return replyOf(request, { kind: 'stopped' }, this.limits);
    try {
      const { code, kind, output, context } = request;
      const header = { source: code.source, kind, file: code.file && basename(code.file), exportName: code.exportName };
      const one = await this.process();
      const end = await one.run(header, JSON.stringify({ output, context }), signal);
      if (one.usable) this.idle.push(one);
      return replyOf(request, end, this.limits);
    } catch (error) {
      if (signal.aborted) return replyOf(request, { kind: 'stopped' }, this.limits);
      return { kind: 'error', reason: `the process for user code could not be started: ${messageOf(error)}` };
    } finally {
      this.permits.give();
    }
  }

  /** One that waits for work, else a new one. */
  private async process(): Promise<SandboxProcess> {
    for (let one = this.idle.pop(); one !== undefined; one = this.idle.pop()) if (one.usable) return one;
    // Empty, and its own: what user code might find there is nothing.
    this.folder ??= mkdtemp(join(tmpdir(), 'promptrig-code-'));
    const cwd = await this.folder;
    const variants = launchArguments({ entry: this.options.entry, heapMb: this.limits.memoryMb });
    for (let index = knownArguments.get(this.execPath) ?? 0; ; index++) {
      try {
        const { execPath, limits } = this;
        const args = variants[index] ?? [];
        const one = await SandboxProcess.start(
          { execPath, args, env: launchEnvironment(), cwd, limits },
          this.ending.signal,
        );
        knownArguments.set(execPath, index);
        this.keep(one);
        return one;
      } catch (error) {
        const isLast = index + 1 >= variants.length;
        if (isLast || !(error instanceof SandboxStartError) || !error.refused) throw error;
      }
    }
  }

  private keep(one: SandboxProcess): void {
    this.alive.add(one);
    void one.gone.then(() => this.alive.delete(one));
  }
}
