import { createContext, Script, type Context } from 'node:vm';

/** A check took longer than it may; the message is the reason, without a full stop. */
export class TimeLimitError extends Error {
  readonly timeoutMs: number;

  constructor(what: string, timeoutMs: number) {
    super(`${what} was stopped after ${timeoutMs} ms`);
    this.name = 'TimeLimitError';
    this.timeoutMs = timeoutMs;
  }
}

/** A second is far beyond any honest check and short enough to wait for. */
export const CHECK_TIMEOUT_MS = 1000;

interface Sandbox extends Context {
  work: (() => unknown) | undefined;
}

const script = new Script('work()');
let sandbox: Sandbox | undefined;

/**
 * Runs synchronous `work` with a limit of time. Parsers and schema validators of others meet answers of models here: a
 * thousand nested brackets, or a list that must be free of duplicates, can take hours in a grammar that backtracks. The
 * interrupt of `vm` ends any JavaScript below it, that of libraries included; neither `catch` nor `finally` of `work` run
 * then, so it must not leave shared state half changed. Costs about 0.1 ms.
 * @param what subject of the error's sentence, such as `reading the answer as SQL`
 * @throws TimeLimitError, and whatever `work` throws
 */
export function runBounded<T>(what: string, work: () => T, timeoutMs = CHECK_TIMEOUT_MS): T {
  sandbox ??= createContext({ work: undefined }) as Sandbox;
  const before = sandbox.work;
  sandbox.work = work;
  try {
    return script.runInContext(sandbox, { timeout: timeoutMs }) as T;
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') {
      throw new TimeLimitError(what, timeoutMs);
    }
    throw error;
  } finally {
    sandbox.work = before;
  }
}

/** Whether an error says that recursion went too deep: deeply nested answers do that to recursive parsers. */
export function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError && /call stack/i.test(error.message);
}
