import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SandboxRunner } from '../../../../src/core/quality/sandbox/sandbox-runner';
import type { CodeReply } from '../../../../src/core/quality/types';
import type { CodePlan, Json } from '../../../../src/protocol/plan';
import { tempDir } from '../../support/temp';
import { Loopback } from './loopback';
import { file, never, reasonOf, request, Runners, valueOf } from './support';

/**
 * Ends code that does not end by itself. Short, since these tests wait for it; starting a process is not counted against it, and no
 * test that uses it depends on code finishing in time.
 */
const SHORT_MS = 250;
/** How much later than its limit a stopped call may come back: what a busy machine takes to kill a process, with much to spare. */
const SLACK_MS = 8000;

const transform = { kind: 'transform' } as const;

describe('hostile user code', function () {
  this.timeout(60_000);
  const runners = new Runners();
  let runner: SandboxRunner;
  let short: SandboxRunner;
  before(async () => {
    process.env['PROMPTRIG_CANARY'] = 'an api key';
    // Generous, so that no attempt is cut short by a busy machine and counted as contained.
    runner = await runners.make({ limits: { timeMs: 30_000 } });
    short = await runners.make({ limits: { timeMs: SHORT_MS } });
  });
  after(async () => {
    delete process.env['PROMPTRIG_CANARY'];
    await runners.close();
  });

  const result = async (code: string | CodePlan): Promise<Json> =>
    valueOf(await runner.run(request(code, transform), never));
  const failure = async (code: string | CodePlan): Promise<string> =>
    reasonOf(await runner.run(request(code, transform), never));

  describe('that does not end', () => {
    const endless: Record<string, string> = {
      'a loop': 'for (;;) {}',
      'a loop that catches everything': 'for (;;) { try { for (;;) {} } catch {} finally { continue } }',
      'a loop of microtasks': 'return (async () => { for (;;) await 0 })()',
      'a loop in a microtask': 'return Promise.resolve().then(() => { for (;;) {} })',
      'timers without end': 'return new Promise(() => { setInterval(() => {}, 1) })',
      'a far timer': 'return new Promise((r) => setTimeout(r, 1e9))',
      'a regular expression': 'return /(a+)+$/.test("a".repeat(50) + "b")',
      'a getter of the result': 'return { get pass() { for (;;) {} } }',
      'a toJSON': 'return { toJSON() { for (;;) {} } }',
      'a trap of a proxy': 'return new Proxy({}, { ownKeys() { for (;;) {} } })',
      'a thenable': 'return { then() { for (;;) {} } }',

      'a thrown trap': 'throw new Proxy({}, { get() { for (;;) {} } })',
      'replaced functions of the language':
        'Math.max = Math.min = Array.prototype.map = String = JSON.stringify = () => { for (;;) {} };\nreturn new Promise((r) => setTimeout(r, 1))',
    };
    // All begun at once, since each takes its time; the runner does two at a time.
    let begun: Map<string, Promise<CodeReply>>;
    before(() => {
      begun = new Map(
        Object.entries(endless).map(([name, code]) => [name, short.run(request(`\n${code}`), never)] as const),
      );
    });
    for (const name of Object.keys(endless)) {
      it(`is stopped: ${name}`, async () => {
        const reply = await begun.get(name);
        assert.ok(reply);
        assert.equal(reasonOf(reply), `the code ran longer than ${SHORT_MS / 1000} s and was stopped`);
      });
    }

    it('is stopped in time', async () => {
      const startedMs = performance.now();
      assert.match(reasonOf(await short.run(request('for (;;) {}'), never)), /was stopped$/);
      assert.ok(performance.now() - startedMs < SHORT_MS + SLACK_MS);
    });

    it('is stopped while a module is evaluated, and while a file is loaded', async () => {
      for (const code of [file('for (;;) {}\nexport default 1', 'a.mjs'), file('for (;;) {}', 'a.cjs')]) {
        const reason = reasonOf(await short.run(request(code), never));
        assert.equal(reason, `the code ran longer than ${SHORT_MS / 1000} s and was stopped`);
      }
    });

    it('leaves a runner that works on', async () => {
      const ordinary = await runners.make();
      assert.match(reasonOf(await short.run(request('for (;;) {}'), never)), /was stopped$/);
      assert.equal(valueOf(await ordinary.run(request('true'), never)), true);
      // In the short one a reply in time is not certain on a busy machine; that it is a new process's is.
      const reply = await short.run(request('true'), never);
      assert.ok(reply.kind === 'value' || reply.reason.includes('was stopped'));
    });
  });

  describe('that takes all memory', () => {
    // 64 MB of heap, and 64 beyond what Node itself takes: reached within a second by all of these. The time limit is far off.
    const limits = { memoryMb: 64, timeMs: 40_000 };
    const hogs: Record<string, string> = {
      'on the heap': 'const all = [];\nfor (;;) all.push(new Array(1e5).fill(0.5));',
      'in objects': 'let all = null;\nfor (;;) all = { all };',
      'in strings': 'const all = [];\nfor (;;) all.push("x".repeat(1e6).toUpperCase());',
      'in array buffers': 'const all = [];\nfor (;;) all.push(new Uint8Array(4e6).fill(1));',
      'in one array buffer':
        'const all = new Uint8Array(1.5e9);\nfor (let i = 0; ; i = (i + 4096) % 1.5e9) all[i] = 1;',
      'in promises':
        'const all = [];\nreturn (async () => { for (;;) { all.push(new Array(1e4).fill(0.5)); await 0; } })()',
    };
    for (const [name, code] of Object.entries(hogs)) {
      it(`dies alone: ${name}`, async () => {
        const small = await runners.make({ limits });
        const reason = reasonOf(await small.run(request(code), never));
        assert.equal(reason, 'the code used more than 64 MB of memory and was stopped');
        assert.equal(valueOf(await small.run(request('true'), never)), true);
        await small.dispose();
      });
    }

    it('is refused what cannot be allocated at all', async () => {
      assert.match(await failure('new Uint8Array(2 ** 45)'), /^the code threw RangeError: /);
      assert.match(await failure('"x".repeat(2 ** 30)'), /^the code threw RangeError: /);
    });
  });

  describe('that returns what nobody can keep', () => {
    it('is refused a result that is too large', async () => {
      assert.equal(
        await failure('"x".repeat(5e6)'),
        'the result has 5000002 characters as JSON, more than the 1000000 that are kept',
      );
      assert.equal(((await result('"x".repeat(999_000)')) as string).length, 999_000);
    });

    it('is refused a result that is nested too deep', async () => {
      assert.equal(
        await failure('let a = 1;\nfor (let i = 0; i < 600; i++) a = [a];\nreturn a'),
        'the result is nested more than 500 deep',
      );
      assert.match(
        await failure('let a = 1;\nfor (let i = 0; i < 1e6; i++) a = [a];\nreturn a'),
        /nested more than 500 deep|cannot be written as JSON|more than the 1000000/,
      );
    });

    it('is told about results without a JSON form', async () => {
      assert.equal(
        await failure('const a = {};\na.self = a;\nreturn a'),
        'the result contains itself, which cannot be written as JSON',
      );
      assert.equal(
        await failure('({ n: 1n })'),
        'the result contains a BigInt, which cannot be written as JSON: convert it with Number(...) or String(...)',
      );
      assert.equal(
        await failure('({ get a() { throw new Error("no") } })'),
        'the result cannot be written as JSON: no',
      );
      assert.equal(
        await failure('({ toJSON() {} })'),
        'the code returned something without a JSON form; return the new output, as a text or anything that JSON can hold',
      );
      assert.equal(
        await failure('new Proxy({}, { ownKeys() { throw new Error("trap") } })'),
        'the result cannot be written as JSON: trap',
      );
    });

    it('keeps odd texts whole and apart', async () => {
      for (const text of ['line\nbreak', '\u2028', '\ud800', '=1 0 {}', '__proto__', '€'.repeat(70_000)]) {
        assert.equal(await result(JSON.stringify(text)), text);
      }
      const tampered = await result('JSON.parse(\'{"__proto__": {"polluted": 1}}\')');
      assert.equal(({} as { polluted?: number }).polluted, undefined);
      assert.deepEqual(Object.keys(tampered as object), ['__proto__']);
    });

    it('throws whatever it likes', async () => {
      assert.equal(await failure('throw null'), 'the code threw null');
      assert.equal(await failure('throw undefined'), 'the code threw undefined');
      assert.equal(
        await failure('throw { toString() { throw 1 }, toJSON() { throw 2 } }'),
        'the code threw a value that cannot be shown',
      );
      assert.equal(
        await failure('throw new Proxy({}, { get() { throw 1 }, getPrototypeOf() { throw 2 } })'),
        'the code threw a value that cannot be shown',
      );
      assert.equal(
        await failure('const e = new Error("m");\nObject.defineProperty(e, "stack", { get() { throw 1 } });\nthrow e'),
        'the code threw Error: m',
      );
      assert.ok((await failure('throw new Error("x".repeat(1e5))')).length < 1000);
    });

    it('cannot end or unsettle the process by what it abandons', async () => {
      assert.equal(await result('Promise.reject(new Error("nobody listens"));\nreturn 1'), 1);
      assert.equal(await result('setTimeout(() => { throw new Error("too late") }, 0);\nreturn 2'), 2);
      assert.equal(await result('3'), 3);
      assert.equal(await failure('process.exit(0)'), failureOfProcess);
      assert.equal(
        await failure('this.process.exit(0)').then((reason) => reason.slice(0, 28)),
        'the code threw TypeError: Ca',
      );
    });
  });

  it('leaves nothing to the next call', async () => {
    const one = await runners.make({ processes: 1 });
    const run = async (code: string): Promise<Json> => valueOf(await one.run(request(code, transform), never));
    await run(`
      console.log('left over');
      globalThis.left = 1;
      var declared = 1;
      (0, eval)('var evaluated = 1; let lexical = 1');
      Object.prototype.polluted = 1;
      Array.prototype.map = () => 'mine';
      JSON.stringify = () => '"mine"';
      Promise.prototype.then = () => 'mine';
      Date.now = () => 0;
      RegExp.prototype.last = 1;
      'abc'.match(/b/);
      Object.freeze(globalThis);
      return 'done'`).then((value) => assert.equal(value, 'done'));
    const seen = await run(`
      return {
        names: Object.getOwnPropertyNames(globalThis).filter((name) => ['left', 'declared', 'evaluated'].includes(name)),
        lexical: typeof lexical,
        polluted: typeof ({}).polluted,
        mapped: [1].map((n) => n + 1),
        clock: Date.now() > 1e12,
        last: typeof /x/.last,
        match: RegExp["$&"],
        frozen: Object.isFrozen(globalThis),
      }`);
    assert.deepEqual(seen, {
      names: [],
      lexical: 'undefined',
      polluted: 'undefined',
      mapped: [2],
      clock: true,
      last: 'undefined',
      match: '',
      frozen: false,
    });
    assert.equal(await run('Promise.resolve(4)'), 4);
    assert.equal(reasonOf(await one.run(request('throw new Error("x")'), never)), 'the code threw Error: x');
  });

  it('has the language and nothing else', async () => {
    const names = (await result('Object.getOwnPropertyNames(globalThis)')) as string[];
    const beyond = [
      'process',
      'Buffer',
      'global',
      'module',
      'exports',
      'performance',
      'structuredClone',
      'navigator',
      'WebSocket',
      'WebAssembly',
      'SharedArrayBuffer',
      'Atomics',
      'crypto',
      '__resume',
    ];
    assert.deepEqual(
      names.filter((name) => beyond.includes(name)),
      [],
    );
  });

  /** Ways to an object of the process around the context. Each is an expression that ends in a function constructor. */
  const ways: Record<string, string> = {
    'the global object': 'globalThis.constructor.constructor',
    'the receiver of a sloppy function': '(function () { return this })().constructor.constructor',
    'the prototype of the global object':
      'Object.getPrototypeOf(Object.getPrototypeOf(globalThis)).constructor.constructor',
    'the console': 'console.log.constructor',
    'a timer': 'setTimeout.constructor',
    require: 'require.constructor',
    'the context': 'context.constructor.constructor',
    'the vars': 'vars.constructor.constructor',
    'the caller': '(function f() { return f.caller.constructor })()',
    'the arguments': '(function () { return arguments.callee.caller.constructor })()',
    'an async function': '(async () => 1)().constructor.constructor',
    'an error of the engine': '(() => { try { null.x } catch (e) { return e.constructor.constructor } })()',
    'an error of a compilation':
      '(() => { try { new Function("}") } catch (e) { return e.constructor.constructor } })()',
    'frames of a prepared stack': `(() => {
      Error.prepareStackTrace = (error, frames) => frames;
      const found = [];
      for (const frame of new Error().stack) {
        for (const name of ['getThis', 'getFunction', 'getTypeName', 'getEvalOrigin', 'getScriptNameOrSourceURL', 'toString']) {
          let value;
          try { value = frame[name]() } catch {}
          if (value !== undefined && value !== null) found.push(value.constructor.constructor ?? value.constructor);
        }
        found.push(frame.constructor.constructor);
      }
      return found;
    })()`,
    'an exhausted stack': `(() => {
      const found = [];
      const descend = () => { try { descend(); } catch (e) { if (found.length < 500) found.push(e.constructor.constructor); new Error().stack; } };
      descend();
      return found;
    })()`,
    'a refused import': 'await import("node:fs").catch((e) => e.constructor.constructor)',
    'the promise of a refused import':
      '((p) => { p.catch(() => {}); return p.constructor.constructor })(import("node:fs"))',
    'a refused import of evaluated code':
      'await (0, eval)(\'import("node:fs")\').catch((e) => e.constructor.constructor)',
    'a refused import of a made function':
      'await new Function(\'return import("node:fs")\')().catch((e) => e.constructor.constructor)',
    'a refused import of data':
      'await import("data:text/javascript,export default process").then((m) => () => () => m.default, (e) => e.constructor.constructor)',
    'a species of promises': `await new Promise((done) => {
      class Mine extends Promise { constructor(run) { super((a, b) => { done(a.constructor); return run(a, b) }) } static get [Symbol.species]() { return Mine } }
      Mine.resolve(1).then(() => 1);
    })`,
    'a replaced then': `await new Promise((done) => {
      const then = Promise.prototype.then;
      Promise.prototype.then = function (a, b) { if (a) done(a.constructor); return then.call(this, a, b) };
      import("node:fs").then(() => 1, () => 1);
      setTimeout(() => done(Function), 50);
    })`,
    'a trap of a proxy': `await new Promise((done) => {
      const trap = new Proxy(() => 1, { get(t, k, r) { if (k === 'then') return undefined; return Reflect.get(t, k) }, apply(t, self, args) { done((self ?? args).constructor.constructor) } });
      trap();
    })`,
  };

  it('finds no way out of its context', async () => {
    for (const [name, way] of Object.entries(ways)) {
      // A function that is made elsewhere has another global object.
      const code = `
        const found = [];
        try { found.push(...[${way}].flat()) } catch {}
        return found.map((make) => {
          try { return make('return globalThis')() === globalThis ? 'here' : 'elsewhere' } catch { return 'nowhere' }
        });`;
      const made = (await result(code)) as string[];
      assert.ok(!made.includes('elsewhere'), name);
    }
  });

  it('finds no way out through what is done with its result', async () => {
    const probe = `
      const look = (value) => {
        try { return value.constructor.constructor('return globalThis')() === globalThis ? 'here' : 'elsewhere' } catch { return 'nowhere' }
      };\n`;
    const resolved = `${probe}return { then(resolve, reject) { resolve([look(resolve), look(reject)]) } }`;
    assert.deepEqual(await result(resolved), ['here', 'here']);
    const written = `${probe}return { toJSON() { return [look(this), ...[...arguments].map(look)] } }`;
    assert.deepEqual(await result(written), ['here', 'here']);
    // What waits for a module's evaluation calls the then that the module has put in place.
    const module = `${probe}const seen = [];
      const then = Promise.prototype.then;
      Promise.prototype.then = function (a, b) { seen.push(look(a), look(b)); return then.call(this, a, b) };
      Object.defineProperty(Promise.prototype, 'constructor', { get() { return undefined } });
      await null;
      export default () => seen;`;
    const seen = (await result(file(module, 'm.mjs'))) as string[];
    assert.ok(seen.length > 0 && !seen.includes('elsewhere'), seen.join(', '));
  });

  it('cannot change the objects of the process through those that an import leaks on older Nodes', async () => {
    const code = `
      const leaked = [];
      const promise = import('node:fs');
      leaked.push(promise);
      await promise.catch((error) => leaked.push(error));
      const changed = [];
      for (const object of leaked) {
        for (let at = Object.getPrototypeOf(object); at !== null; at = Object.getPrototypeOf(at)) {
          // Its own objects it may change as it likes, and the classes that Node makes for its own errors lead nowhere.
          if ([Promise.prototype, Error.prototype, TypeError.prototype, Object.prototype].includes(at)) continue;
          const mark = ['then', 'message', 'hasOwnProperty'].find((name) => Object.hasOwn(at, name));
          if (mark === undefined) continue;
          try { at.changed = 1 } catch {}
          try { at[mark] = 1 } catch {}
          if (Object.hasOwn(at, 'changed') || at[mark] === 1) changed.push(mark);
        }
      }
      return changed;`;
    assert.deepEqual(await result(code), []);
  });

  it('reaches no server, no file and no process', async () => {
    const folder = tempDir();
    const files = join(folder, 'files');
    mkdirSync(files);
    const loopback = new Loopback(join(folder, 'socket'));
    const port = await loopback.listen();
    try {
      const code = `
        const done = [];
        const attempt = async (name, body) => { try { await body(); done.push(name) } catch {} };
        const makers = [Function, (async () => {}).constructor, globalThis.constructor.constructor];
        await import('node:fs').catch((error) => makers.push(error.constructor.constructor));
        const ports = ${port};
        const path = ${JSON.stringify(join(files, 'written'))};
        const sources = [
          'return fetch("http://127.0.0.1:' + ports + '/")',
          'new WebSocket("ws://127.0.0.1:' + ports + '/")',
          'new XMLHttpRequest().open("GET", "http://127.0.0.1:' + ports + '/")',
          'return require("net").connect(' + ports + ', "127.0.0.1")',
          'return process.getBuiltinModule("net").connect(' + ports + ', "127.0.0.1")',
          'return process.mainModule.require("net").connect(' + ports + ', "127.0.0.1")',
          'return process.binding("tcp_wrap").TCP',
          'return import("node:net").then((net) => net.connect(' + ports + ', "127.0.0.1"))',
          'return import("node:http").then((http) => http.get("http://127.0.0.1:' + ports + '/"))',
          'return import("http://127.0.0.1:' + ports + '/module.js")',
          'return require("fs").readFileSync("/etc/passwd")',
          'return import("node:fs").then((fs) => fs.writeFileSync("' + path + '", ""))',
          'return require("fs").writeFileSync("' + path + '", "")',
          'return require("child_process").execSync("touch ' + path + '")',
          'return import("node:child_process").then((c) => c.execSync("touch ' + path + '"))',
          'return process.kill(process.ppid, "SIGKILL")',
          'return new Worker("data:text/javascript,")',
          'return import("node:worker_threads").then((w) => new w.Worker("0", { eval: true }))',
          'return process.env.PROMPTRIG_CANARY.length',
        ];
        for (const make of makers) {
          for (const source of sources) await attempt(source, () => make(source)());
        }
        await new Promise((resolve) => setTimeout(resolve, 200));
        return done`;
      assert.deepEqual(await result(code), []);
      assert.equal(loopback.reached, 0);
      assert.deepEqual(readdirSync(files), []);
      assert.ok(!existsSync(join(files, 'written')));
    } finally {
      await loopback.close();
    }
  });
});

const failureOfProcess =
  'the code threw ReferenceError: process is not defined: user code has the language alone, nothing of Node or of a browser';
