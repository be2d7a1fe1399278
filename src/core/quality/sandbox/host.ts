import vm from 'node:vm';
import { compileCode, type Compiled } from './compile';
import { GUEST_SOURCE, RESUME_NAME, type Guest, type GuestMode } from './guest';
import { LineReader, sleepSync, writeLine } from './lines';
import { lockDown } from './lockdown';
import { READY_LINE, type CallHeader, type GuestLimits, type GuestReply } from './protocol';

// Taken at once: all of it is removed before user code runs.
const { Script, createContext, constants } = vm;
const later = setImmediate;
const clock = performance;
const residentBytes = process.memoryUsage.rss.bind(process.memoryUsage);

const guestScript = new Script(GUEST_SOURCE, { filename: 'guest' });
const resumeScript = new Script(`${RESUME_NAME}()`, { filename: 'resume' });

interface Room {
  context: vm.Context;
  guest: Guest;
}

/** A context whose global is no object of this process; supported Electrons and Nodes have it. */
const BARE_GLOBAL =
  (constants as unknown as { DONT_CONTEXTIFY?: object }).DONT_CONTEXTIFY ?? (Object.create(null) as object);

export interface HostOptions {
  limits: GuestLimits;
  /** Ends this process. */
  exit: (code: number) => void;
}

/**
 * Runs in the process of user code, until the other side closes its pipe: calls one after the other, each in a context of its own
 * that holds no object of this process. Reading and writing block, so that there is no stream, socket or promise of this process
 * around while user code runs; between calls the event loop turns once, for what the engine puts off until then.
 */
export function serveUserCode({ limits, exit }: HostOptions): void {
  // Ctrl+C in a terminal reaches the whole process group; the runner decides when this process is no longer needed.
  process.on('SIGINT', () => undefined);
  const reader = new LineReader(0);
  lockDown();
  let room = openRoom();
  const freshBytes = residentBytes();
  writeLine(1, READY_LINE);

  const serve = (): void => {
    const headerLine = reader.next();
    const input = headerLine === null ? null : reader.next();
    if (headerLine === null || input === null) return exit(0);
    const header = JSON.parse(headerLine) as CallHeader;
    answer(header, input, room, { limits, exit }, (reply) => {
      const retires = residentBytes() - freshBytes > limits.retireGrowthBytes ? 1 : 0;
      writeLine(1, `${header.id} ${retires} ${reply}`);
      // Made while nobody waits for it.
      room = openRoom();
      later(serve);
    });
  };
  serve();
}

/**
 * A fresh context and its guest. Promises have a queue of their own, emptied by `resumeScript` within its time limit. Compiling
 * from text is allowed inside (answers of models may be code that is to be tried), and is off outside by a flag of the process.
 */
function openRoom(): Room {
  const context = createContext(BARE_GLOBAL, {
    microtaskMode: 'afterEvaluate',
    codeGeneration: { strings: true, wasm: false },
  });
  return { context, guest: guestScript.runInContext(context) as Guest };
}

type Done = (reply: string) => void;

function answer(header: CallHeader, input: string, room: Room, options: HostOptions, done: Done): void {
  const problem = (fields: GuestReply): void => done(JSON.stringify(fields));
  const compiled = compileCode(header, room.context);
  if (compiled.kind === 'problem') return problem({ problem: compiled.problem, line: compiled.line });
  const run = (mode: GuestMode, target: unknown): void => {
    room.guest.load(mode, target, input, header.exportName, options.limits.outputLength);
    runLoaded(room, options, done);
  };
  if (compiled.kind === 'function') run(compiled.mode, compiled.target);
  else evaluateModule(compiled, options, run, problem);
}

/** Links and evaluates an ES module without imports, which takes a turn of the event loop each. */
function evaluateModule(
  { module }: Extract<Compiled, { kind: 'module' }>,
  { limits, exit }: HostOptions,
  run: (mode: 'module' | 'failed', target: unknown) => void,
  problem: (reply: GuestReply) => void,
): void {
  // Its promises are not waited for, since waiting calls the `then` of a promise that user code may have replaced, with a function
  // of this process; `status` tells as much. `--unhandled-rejections=none` is set.
  void module.link(denyImport);
  later(() => {
    if (module.status !== 'linked') return problem({ problem: 'the file could not be linked as a module' });
    const startedMs = clock.now();
    void module.evaluate({ timeout: limits.orphanMs });
    if (clock.now() - startedMs >= limits.orphanMs) exit(1);
    later(() => {
      // The error of a module is an object of user code, which is not looked at outside of its context.
      if (module.status === 'errored') run('failed', module.error);
      else run('module', module.namespace);
    });
  });
}

function denyImport(): never {
  throw new Error('imports are not available in user code');
}

/**
 * Turns of the event loop that code gets after it has come to rest. What the engine itself settles, which is a refused `import()`,
 * takes one; so code may try that many in a row before it counts as never settling.
 */
const IDLE_TURNS = 200;

/** Lets the code run until it has a result, or nothing is left that could give one. */
function runLoaded({ context, guest }: Room, options: HostOptions, done: Done): void {
  let idleTurns = 0;
  const step = (): void => {
    for (;;) {
      resume(context, guest, options);
      const state = poll(guest);
      if (state === null) return done(BROKE_OFF);
      if (state.startsWith('=')) {
        const reply = state.slice(1);
        // A line break would be the beginning of another reply.
        return done(reply.includes('\n') ? BROKE_OFF : reply);
      }
      if (state === 'idle') break;
      sleepSync(Math.min(Math.max(Number(state), 1), 60_000));
    }
    if (idleTurns++ < IDLE_TURNS) later(step);
    else done(NEVER_SETTLES);
  };
  step();
}

const NEVER_SETTLES = JSON.stringify({
  problem: 'the promise that the code returned never settles: nothing is left to run that could settle it',
} satisfies GuestReply);
const BROKE_OFF = JSON.stringify({ problem: 'the code made its own surroundings unusable' } satisfies GuestReply);

function poll(guest: Guest): string | null {
  try {
    const state: unknown = guest.poll();
    return typeof state === 'string' ? state : null;
  } catch {
    // Only code that replaced the language's own functions gets here; what they throw may not be read out here.
    return null;
  }
}

function resume(context: vm.Context, guest: Guest, { limits, exit }: HostOptions): void {
  const timeout = limits.orphanMs;
  const startedMs = clock.now();
  try {
    (context as Record<string, unknown>)[RESUME_NAME] = guest.resume;
    resumeScript.runInContext(context, { timeout });
  } catch {
    // Nothing of the error may be read here: it can be an object of user code. Either its time is up, and this process with it, or
    // the code has made its own globals unusable and will be found not to settle.
    if (clock.now() - startedMs >= timeout) exit(1);
  }
}
