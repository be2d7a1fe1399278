/**
 * What runs first in the fresh context of every call: the few globals that user code has beyond the language, and the calling of
 * it. It is a text, since it must be compiled inside the context: a function of the process around it would be an object of that
 * process, and a way out. For the same reason only texts, numbers and this context's own functions pass in and out.
 *
 * Nothing in it needs to be safe from the code that it calls: the context ends with the call, so tampering spoils one's own
 * result at most. The values of the shapes below are read by `host.ts`, which trusts none of them.
 */

/** What the text evaluates to. */
export interface Guest {
  /**
   * Prepares a call. `target` is the function itself (`inline`), the module's wrapper (`commonjs`), its namespace (`module`) or what
   * its evaluation threw (`failed`); `input` is `{output, context}` as JSON. Runs no user code.
   */
  load: (
    this: void,
    mode: GuestMode,
    target: unknown,
    input: string,
    exportName: string | undefined,
    outputLength: number,
  ) => void;
  /** Starts what has been loaded, later runs the timers that are due. */
  resume: (this: void) => void;
  /** `=` and the reply as JSON once there is one; else ms until the next timer, or `idle` where nothing is left to wait for. */
  poll: (this: void) => string;
}

export type GuestMode = 'inline' | 'commonjs' | 'module' | 'failed';

/** Evaluated in the context, `RESUME_SCRIPT` runs whatever is next; see `runLoaded` in `host.ts`. */
export const RESUME_NAME = '__resume';

/** Names the code's file has in stack traces, so that its lines are found in them. */
export const CODE_NAME = 'user-code';

export const GUEST_SOURCE = String.raw`(() => {
'use strict';
const { parse, stringify } = JSON;
const now = Date.now;
const LOG_LENGTH = 2000;
const TEXT_LENGTH = 500;

const define = (name, value) =>
  Object.defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });
const cut = (text, length) => (text.length > length ? text.slice(0, length) + '…' : text);

// They share memory with, or run beside, what the context cannot see; and none is needed to judge a text.
for (const name of ['WebAssembly', 'SharedArrayBuffer', 'Atomics']) delete globalThis[name];

const show = (value) => {
  if (typeof value === 'string') return value;
  try {
    if (value instanceof Error) return String(value);
    const json = stringify(value);
    return json === undefined ? String(value) : json;
  } catch {
    try {
      return String(value);
    } catch {
      return 'a value that cannot be shown';
    }
  }
};

let logs = '';
const log = (...values) => {
  if (logs.length >= LOG_LENGTH) return;
  logs = cut(logs + (logs === '' ? '' : '\n') + values.map((value) => cut(show(value), LOG_LENGTH)).join(' '), LOG_LENGTH);
};
const quiet = () => undefined;
define('console', {
  log, info: log, warn: log, error: log, debug: log, trace: log, dir: log, table: log,
  assert: (holds, ...values) => { if (!holds) log('assertion failed:', ...values); },
  time: quiet, timeEnd: quiet, timeLog: quiet, group: quiet, groupCollapsed: quiet, groupEnd: quiet, count: quiet,
});

let timers = [];
let nextTimer = 1;
const schedule = (repeats) => (callback, ms, ...values) => {
  if (typeof callback !== 'function') throw new TypeError('a timer needs a function');
  const delay = Math.max(1, Number(ms) || 0);
  timers.push({ id: nextTimer, due: now() + delay, every: repeats ? delay : null, callback, values });
  return nextTimer++;
};
const clear = (id) => { timers = timers.filter((timer) => timer.id !== id); };
define('setTimeout', schedule(false));
define('setInterval', schedule(true));
define('clearTimeout', clear);
define('clearInterval', clear);
define('queueMicrotask', (callback) => { Promise.resolve().then(callback); });

const WHERE = ' is not available in user code';
const require = (name) => {
  const id = String(name).replace(/^node:/, '');
  const root = id.split('/')[0];
  if (root === 'fs') throw new Error('file access' + WHERE);
  if (root === 'child_process' || root === 'cluster' || root === 'worker_threads') throw new Error('starting a process' + WHERE);
  if (['net', 'http', 'https', 'http2', 'dgram', 'dns', 'tls'].includes(root)) throw new Error('network access' + WHERE);
  throw new Error('require("' + cut(id, 60) + '")' + WHERE + ': put what it needs into the file itself');
};
define('require', require);
define('fetch', () => { throw new Error('network access' + WHERE); });

let reply = null;
const finish = (fields) => {
  if (reply === null) reply = stringify(logs === '' ? fields : { ...fields, logs });
};

/** The line of the code at which an error arose: the first of its own lines in the stack. */
const lineOf = (error) => {
  const found = /${CODE_NAME}:(\d+)/.exec(String(error.stack).slice(0, 8000));
  return found === null ? undefined : Number(found[1]);
};
const fail = (error) => {
  let thrown = 'a value that cannot be shown';
  let line;
  try {
    const isError = error !== null && typeof error === 'object' && typeof error.message === 'string';
    thrown = cut(isError ? (error.name ? error.name + ': ' : '') + error.message : show(error), TEXT_LENGTH);
    if (isError) line = lineOf(error);
  } catch {
    // What is thrown may throw in turn when it is looked at; that it cannot be shown is then all there is to say.
  }
  finish({ thrown, line });
};

const WRONG = { undefined: 'nothing', function: 'a function', symbol: 'a symbol', bigint: 'a BigInt' };
const hand = (value, outputLength) => {
  const wrong = typeof value === 'number' && !Number.isFinite(value) ? String(value) : WRONG[typeof value];
  if (wrong !== undefined) return finish({ wrong });
  let json;
  try {
    json = stringify(value);
  } catch (error) {
    const message = String(error && error.message);
    if (/circular/i.test(message)) return finish({ problem: 'the result contains itself, which cannot be written as JSON' });
    if (/BigInt/.test(message)) {
      return finish({ problem: 'the result contains a BigInt, which cannot be written as JSON: convert it with Number(...) or String(...)' });
    }
    return finish({ problem: 'the result cannot be written as JSON: ' + cut(message, TEXT_LENGTH) });
  }
  if (json === undefined) return finish({ wrong: 'something without a JSON form' });
  if (json.length > outputLength) {
    return finish({ problem: 'the result has ' + json.length + ' characters as JSON, more than the ' + outputLength + ' that are kept' });
  }
  // Spliced in, so that a large result is not written twice.
  if (reply === null) reply = '{"value":' + json + (logs === '' ? '' : ',"logs":' + stringify(logs)) + '}';
};

/** The function that a module means: the named export, or the default one however it is wrapped. */
const pick = (exported, name) => {
  const inner = exported !== null && typeof exported === 'object' ? exported.default : undefined;
  const candidates = name === undefined ? [exported, inner, inner && inner.default] : [exported && exported[name], inner && inner[name]];
  const found = candidates.find((candidate) => typeof candidate === 'function');
  if (found !== undefined) return found;
  const names = Object.keys(Object(exported)).filter((key) => typeof exported[key] === 'function').slice(0, 10);
  const offered = names.length === 0 ? 'it exports no function' : 'it exports ' + names.join(', ');
  finish({
    problem: name === undefined
      ? 'the file has no function as its default export (' + offered + '): write module.exports = (output, context) => ...' +
        (names.length === 0 ? '' : ', or name one as in file://checks.js:' + names[0])
      : 'the file exports no function named ' + stringify(cut(name, 60)) + ' (' + offered + ')',
  });
  return undefined;
};

let start = null;
const load = (mode, target, input, exportName, outputLength) => {
  start = async () => {
    try {
      if (mode === 'failed') throw target;
      const { output, context } = parse(input);
      define('vars', context.vars);
      let call = target;
      if (mode === 'commonjs') {
        const module = { exports: {} };
        target.call(module.exports, module.exports, require, module, 'file', 'folder');
        call = pick(module.exports, exportName);
      } else if (mode === 'module') call = pick(target, exportName);
      if (call === undefined) return;
      let value = await call(output, context);
      // An arrow function as the whole of the code means its result.
      if (mode === 'inline' && typeof value === 'function') value = await value(output, context);
      hand(value, outputLength);
    } catch (error) {
      fail(error);
    }
  };
};

const resume = () => {
  delete globalThis.${RESUME_NAME};
  if (start !== null) {
    const run = start;
    start = null;
    run();
    return;
  }
  const time = now();
  for (const timer of timers.filter(({ due }) => due <= time)) {
    if (!timers.includes(timer)) continue;
    if (timer.every === null) clear(timer.id);
    else timer.due = time + timer.every;
    try {
      (0, timer.callback)(...timer.values);
    } catch (error) {
      fail(error);
    }
  }
};

const poll = () => {
  if (reply !== null) return '=' + reply;
  if (timers.length === 0) return 'idle';
  return String(Math.max(0, Math.min(...timers.map(({ due }) => due)) - now()));
};

return { load, resume, poll };
})()`;
