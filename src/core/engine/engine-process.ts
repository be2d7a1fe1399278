import { fork, type ChildProcess } from 'node:child_process';
import { createBirpc, type BirpcReturn } from 'birpc';
import { PromptrigError, messageOf, type ErrorCode } from '../util/errors';
import { toDisposable, type Disposable } from '../util/disposable';
import type { EngineEvent } from '../../protocol/events';
import type { RunPlan } from '../../protocol/plan';
import { PROTOCOL_VERSION, type EngineCommands, type EngineHost, type StartResult } from '../../protocol/rpc';
import type { RunJson } from '../../protocol/run-json';

export interface EngineProcessOptions {
  /** Absolute path of the engine's bundle, `dist/engine.js`. */
  engineEntry: string;
  log?: (level: 'debug' | 'info' | 'warn' | 'error', message: string) => void;
  /** How long each rung of the cancel ladder (RPC, SIGTERM, SIGKILL) is given, in ms. */
  cancelStepMs?: number;
}

/** The engine died in the middle of a run. `run` holds what was measured, recovered from the files; null where nothing was. */
export class EngineCrashedError extends PromptrigError {
  constructor(
    message: string,
    readonly run: RunJson | null,
    options: { reason?: string; cause?: unknown } = {},
  ) {
    super('engine_crashed', message, options);
    this.name = 'EngineCrashedError';
  }
}

const HELLO_TIMEOUT_MS = 20_000;
const CANCEL_STEP_MS = 5000;

/** The engine ended before it answered. */
class EngineEnded extends Error {}

/**
 * Runs plans in a process of their own, so that the stalls of this one do not show up as latency and a crash of the engine
 * is an error of the run and not of the editor. A fresh process serves each run: no state leaks from one into the next.
 */
export class EngineProcess implements Disposable {
  private connection: EngineConnection | null = null;

  constructor(private readonly options: EngineProcessOptions) {}

  /** Process id of the engine while it runs. */
  get pid(): number | undefined {
    return this.connection?.child.pid;
  }

  /**
   * Executes `plan`; resolves with its result, also where it was stopped through `signal`.
   * @param secrets API keys by endpoint name; handed over in memory, never by environment or file.
   * @throws EngineCrashedError where the engine died; PromptrigError where it could not start or the run could not be stored.
   */
  async run(
    plan: RunPlan,
    secrets: Record<string, string>,
    onEvents: (batch: EngineEvent[]) => void,
    signal: AbortSignal,
  ): Promise<RunJson> {
    if (this.connection !== null) {
      throw new PromptrigError('usage', 'A run is in progress. Stop it before starting another.');
    }
    if (signal.aborted) throw new PromptrigError('cancelled', 'The run was cancelled before it started.');
    const connection = new EngineConnection(this.options, onEvents);
    this.connection = connection;
    const ladder = connection.cancelOn(signal);
    try {
      return runOf(await connection.call((engine) => engine.start(plan, secrets)));
    } catch (error) {
      if (!(error instanceof EngineEnded)) throw error;
      throw await this.crashed(plan, error.message);
    } finally {
      ladder.dispose();
      connection.dispose();
      this.connection = null;
    }
  }

  /** Ends the engine at once; a run in progress is recovered as crashed. */
  dispose(): void {
    this.connection?.child.kill('SIGKILL');
  }

  /** A second engine evaluates what the first one left: this process stays free of the statistics and of their weight. */
  private async crashed(plan: RunPlan, how: string): Promise<EngineCrashedError> {
    const reason = `the engine process ended with ${how}`;
    const connection = new EngineConnection(this.options, () => undefined);
    try {
      const run = runOf(await connection.call((engine) => engine.recover(plan.outDir, reason)));
      const ended = run.targets
        .flatMap((target) => target.stages)
        .reduce((sum, { counts }) => sum + counts.completed + counts.failed + counts.timed_out + counts.truncated, 0);
      return new EngineCrashedError(
        `The engine died in the middle of the run (${how}). The ${ended} requests that had ended are kept in ${plan.outDir}. Run again; if it happens again, report it with the engine's messages.`,
        run,
        { reason },
      );
    } catch (error) {
      return new EngineCrashedError(
        `The engine died (${how}) and its results could not be recovered: ${messageOf(error)} Run again; if it happens again, report it with the engine's messages.`,
        null,
        { reason, cause: error },
      );
    } finally {
      connection.dispose();
    }
  }
}

function runOf(result: StartResult): RunJson {
  if ('run' in result) return result.run;
  const { code, message, reason } = result.error;
  throw new PromptrigError(code as ErrorCode, message, reason === undefined ? {} : { reason });
}

/** One engine process and the typed channel to it. */
class EngineConnection implements Disposable {
  readonly child: ChildProcess;
  private readonly ended: Promise<string>;
  private readonly rpc: BirpcReturn<EngineCommands, EngineHost>;
  private readonly stepMs: number;

  constructor(options: EngineProcessOptions, onEvents: (batch: EngineEvent[]) => void) {
    this.stepMs = options.cancelStepMs ?? CANCEL_STEP_MS;
    const child = fork(options.engineEntry, [], {
      serialization: 'advanced',
      // A debugger or a loader of this process is not meant for the engine, whose timing it would change.
      execArgv: [],
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    child.stdout?.setEncoding('utf8').on('data', (text: string) => options.log?.('debug', text.trimEnd()));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => options.log?.('warn', text.trimEnd()));
    this.child = child;
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => resolve(messageOf(error)));
      child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    this.rpc = createBirpc<EngineCommands, EngineHost>(
      { events: onEvents },
      {
        timeout: -1,
        bind: 'functions',
        post: (data) => {
          // A channel that closes meanwhile is the engine's end, which `ended` reports.
          if (child.connected) child.send(data as object, () => undefined);
        },
        on: (listener) => void child.on('message', listener),
        off: (listener) => void child.off('message', listener),
      },
    );
  }

  /** Shakes hands, then calls. @throws EngineEnded where the engine ends first; PromptrigError `engine_start`. */
  async call<T>(invoke: (engine: BirpcReturn<EngineCommands, EngineHost>) => Promise<T>): Promise<T> {
    await this.handshake();
    return this.orEnded(invoke(this.rpc));
  }

  /** Asks, then insists, then ends: RPC, SIGTERM, SIGKILL, each given a fixed time. */
  cancelOn(signal: AbortSignal): Disposable {
    let timer: NodeJS.Timeout | undefined;
    const climb = (): void => {
      // Where asking fails, the next rung does what it could not.
      this.rpc.cancel('cancelled').catch(() => this.child.kill('SIGTERM'));
      timer = setTimeout(() => {
        this.child.kill('SIGTERM');
        timer = setTimeout(() => this.child.kill('SIGKILL'), this.stepMs);
      }, this.stepMs);
    };
    if (signal.aborted) climb();
    else signal.addEventListener('abort', climb, { once: true });
    return toDisposable(() => {
      signal.removeEventListener('abort', climb);
      clearTimeout(timer);
    });
  }

  /** Closes the channel, on which the engine ends itself; one that does not is not left behind. */
  dispose(): void {
    this.rpc.$close();
    if (this.child.connected) this.child.disconnect();
    const last = setTimeout(() => this.child.kill('SIGKILL'), this.stepMs);
    last.unref();
    void this.ended.then(() => clearTimeout(last));
  }

  private async handshake(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const seconds = HELLO_TIMEOUT_MS / 1000;
      timer = setTimeout(() => reject(new Error(`it did not answer within ${seconds} s`)), HELLO_TIMEOUT_MS);
    });
    try {
      await Promise.race([this.orEnded(this.rpc.hello(PROTOCOL_VERSION)), late]);
    } catch (error) {
      throw new PromptrigError(
        'engine_start',
        `The engine could not be started: ${messageOf(error)}. Its messages say more.`,
        {
          cause: error,
        },
      );
    } finally {
      clearTimeout(timer);
    }
  }

  private orEnded<T>(answer: Promise<T>): Promise<T> {
    const died = this.ended.then((how) => {
      throw new EngineEnded(how);
    });
    return Promise.race([answer, died]);
  }
}
