import { createContext, Script, type Context } from 'node:vm';

/**
 * A regular expression whose running time is bounded. Patterns come from files and answers from models: `(a+)+$` against
 * forty letters would otherwise hold the process for hours. The engine's own interrupt, which `vm` arms through `timeout`,
 * does stop a backtracking match; a plain `RegExp` in the same thread cannot be stopped at all.
 */

/** A pattern took longer than it may. */
export class RegexTimeoutError extends Error {
  readonly timeoutMs: number;

  constructor(pattern: string, length: number, timeoutMs: number) {
    super(
      `the pattern /${pattern}/ was stopped after ${timeoutMs} ms on a text of ${length} characters: it backtracks without end; ` +
        `avoid nested repetitions such as (a+)+`,
    );
    this.name = 'RegexTimeoutError';
    this.timeoutMs = timeoutMs;
  }
}

/** A pattern does not compile. */
export class RegexSyntaxError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RegexSyntaxError';
  }
}

export interface RegexMatch {
  index: number;
  text: string;
}

/** A second is far beyond any honest match and short enough to wait for. */
export const REGEX_TIMEOUT_MS = 1000;

interface Sandbox extends Context {
  pattern: string;
  flags: string;
  text: string;
}

const script = new Script(`
  (() => {
    const match = new RegExp(pattern, flags).exec(text);
    return match === null ? '' : match.index + ':' + match[0];
  })()
`);

const allScript = new Script(`
  (() => {
    const found = [];
    for (const match of text.matchAll(new RegExp(pattern, flags + 'g'))) {
      found.push(match.index + ':' + match[0].length);
      if (found.length >= 100) break;
    }
    return found.join(' ');
  })()
`);

let sandbox: Sandbox | undefined;

/**
 * The first match of `pattern` in `text`, null where there is none. Costs about 0.1 ms.
 * Throws RegexSyntaxError and RegexTimeoutError.
 */
export function matchBounded(
  pattern: string,
  flags: string,
  text: string,
  timeoutMs = REGEX_TIMEOUT_MS,
): RegexMatch | null {
  const found = run(script, pattern, flags, text, timeoutMs);
  if (typeof found !== 'string' || found === '') return null;
  const colon = found.indexOf(':');
  return { index: Number(found.slice(0, colon)), text: found.slice(colon + 1) };
}

/** How long the search for further matches may take: they are only marked. */
const MORE_TIMEOUT_MS = 100;

/** The first hundred matches as start and end; empty where the search does not end in time. Throws RegexSyntaxError. */
export function allMatchesBounded(pattern: string, flags: string, text: string): { start: number; end: number }[] {
  let found: unknown;
  try {
    found = run(allScript, pattern, flags, text, MORE_TIMEOUT_MS);
  } catch (error) {
    if (error instanceof RegexTimeoutError) return [];
    throw error;
  }
  if (typeof found !== 'string' || found === '') return [];
  return found.split(' ').map((pair) => {
    const [start = 0, length = 0] = pair.split(':').map(Number);
    return { start, end: start + length };
  });
}

function run(code: Script, pattern: string, flags: string, text: string, timeoutMs: number): unknown {
  sandbox ??= createContext({ pattern: '', flags: '', text: '' }) as Sandbox;
  sandbox.pattern = pattern;
  sandbox.flags = flags;
  sandbox.text = text;
  try {
    return code.runInContext(sandbox, { timeout: timeoutMs });
  } catch (error) {
    const { code: errorCode, message } = error as { code?: unknown; message?: unknown };
    if (errorCode === 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw new RegexTimeoutError(pattern, text.length, timeoutMs);
    // Errors of another context are no instances of this one's classes: a syntax error is known by its name alone.
    if ((error as { name?: unknown }).name === 'SyntaxError') throw new RegexSyntaxError(String(message));
    throw error;
  } finally {
    sandbox.text = '';
  }
}
