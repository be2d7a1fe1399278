import assert from 'node:assert/strict';
import type { CodePlan, Json } from '../../../../src/protocol/plan';
import type { SandboxRunner } from '../../../../src/core/quality/sandbox/sandbox-runner';
import type { CodeRequest } from '../../../../src/core/quality/types';
import { file, never, reasonOf, request, Runners, valueOf } from './support';

describe('what user code may be', () => {
  const runners = new Runners();
  let runner: SandboxRunner;
  before(async () => {
    runner = await runners.make();
  });
  after(() => runners.close());

  const result = async (code: string | CodePlan, more: Partial<Omit<CodeRequest, 'code'>> = {}): Promise<Json> =>
    valueOf(await runner.run(request(code, more), never));
  const failure = async (code: string | CodePlan, more: Partial<Omit<CodeRequest, 'code'>> = {}): Promise<string> =>
    reasonOf(await runner.run(request(code, more), never));
  const transform = { kind: 'transform' } as const;

  it('is an expression over the output', async () => {
    assert.equal(await result("output.includes('answer')"), true);
    assert.equal(await result('output.length > 100'), false);
    assert.equal(await result('output.length / 20;'), 0.5);
    assert.equal(await result("output === 'the answer' // really"), true);
    assert.deepEqual(await result("({ pass: true, score: 0.5, reason: 'half' })"), {
      pass: true,
      score: 0.5,
      reason: 'half',
    });
  });

  it('is an expression of several lines, as YAML folds or keeps them', async () => {
    assert.equal(await result("output.includes('the')\n  && output.includes('answer')\n"), true);
    assert.deepEqual(await result("{\n  pass: false,\n  score: 0,\n  reason: 'no'\n}\n"), {
      pass: false,
      score: 0,
      reason: 'no',
    });
  });

  it('is a function body with return', async () => {
    assert.equal(await result('const words = output.split(" ");\nreturn words.length === 2;\n'), true);
    assert.equal(await result("if (output === '') return false; return true"), true);
  });

  it('is statements on one line of which the last is the result, as in promptfoo', async () => {
    assert.equal(await result('const n = output.length; n > 3'), true);
    assert.equal(await result("let s = 'a;b'; s === 'a;b';"), true);
    assert.equal(await result('var parts = output.split(/;/); parts.length'), 1);
  });

  it('may wait', async () => {
    assert.equal(await result('Promise.resolve(0.25)'), 0.25);
    assert.equal(await result('await Promise.resolve(output.length) === 10'), true);
    assert.equal(await result('const n = await Promise.resolve(1);\nreturn n;'), 1);
    assert.equal(await result('new Promise((resolve) => setTimeout(() => resolve(true), 20))'), true);
    const repeated =
      'return new Promise((r) => { let n = 0; const t = setInterval(() => { if (++n === 3) { clearInterval(t); r(n) } }, 1) })';
    assert.equal(await result(repeated), 3);
  });

  it('is a function, which is then called', async () => {
    assert.equal(
      await result("(output, context) => output + context.vars.mark === 'the answer!'", withVars({ mark: '!' })),
      true,
    );
    assert.equal(await result('function check(output) {\n  return output.length;\n}'), 10);
  });

  it('sees context and vars', async () => {
    const context = { vars: { city: 'Oslo' }, prompt: 'Where?', config: { limit: 3 }, expected: 'there' };
    const all = 'vars.city + context.vars.city + context.prompt + context.config.limit + context.expected';
    assert.equal(await result(all, { ...transform, context }), 'OsloOsloWhere?3there');
    // Its own declaration of a name that it is given anyway.
    assert.equal(await result('const vars = context.vars;\nreturn vars.city === "Oslo";', { context }), true);
    assert.equal(await result('const { vars } = context; vars.city === "Oslo"', { context }), true);
  });

  it('sees an output that a transform made', async () => {
    assert.equal(await result('output.list[1] === 2', { output: { list: [1, 2] } }), true);
  });

  it('is a CommonJS file', async () => {
    assert.equal(await result(file('module.exports = (output, context) => output.length === 10;')), true);
    assert.equal(await result(file('exports.short = (output) => output.length < 5;', 'checks.cjs', 'short')), false);
    assert.equal(await result(file('module.exports = { default: async (output) => output.length };')), 10);
    assert.equal(
      await result(file("'use strict';\nconst limit = 3;\nmodule.exports = (output) => output.length > limit;")),
      true,
    );
  });

  it('is an ES module, by its name or by its text', async () => {
    assert.equal(await result(file('export default (output) => output.length === 10;', 'checks.mjs')), true);
    assert.equal(
      await result(
        file(
          'export default async function check(output) { return helper(output); }\nfunction helper(output) { return output.length; }',
        ),
      ),
      10,
    );
    const named =
      'export const a = (output) => output.length;\nexport function b() { return 2; }\nconst c = () => 3;\nexport { c as d };';
    assert.equal(await result(file(named, 'checks.js', 'a')), 10);
    assert.equal(await result(file(named, 'checks.js', 'd')), 3);
    assert.equal(await result(file('const base = await Promise.resolve(4);\nexport default () => base;')), 4);
    assert.equal(
      await result(
        file('// export default is only mentioned\nmodule.exports = () => `\nexport default 1`.length', 'checks.js'),
      ),
      17,
    );
  });

  it('is a transform of any JSON', async () => {
    assert.equal(await result('output.toUpperCase()', transform), 'THE ANSWER');
    assert.deepEqual(await result('JSON.parse(output)', { ...transform, output: '{"a":[1]}' }), { a: [1] });
    assert.deepEqual(await result('return output.split(" ")', transform), ['the', 'answer']);
    assert.equal(await result('""', transform), '');
    assert.equal(await result('false', transform), false);
  });

  it('may try code that the model wrote', async () => {
    const output = 'function add(a, b) { return a + b }';
    assert.equal(await result('new Function(output + "; return add(2, 3)")() === 5', { output }), true);
    assert.equal(await result('eval("(" + output + ")")(1, 1) === 2', { output }), true);
  });

  it('must return what an assertion can be', async () => {
    const hint = 'return true or false, a number as the score, or {pass, score, reason}';
    assert.equal(await failure('const a = 1;\na + 1;'), `the code returned nothing; ${hint}`);
    assert.equal(await failure('"yes"'), `the code returned a text; ${hint}`);
    assert.equal(await failure('null'), `the code returned null; ${hint}`);
    assert.equal(await failure('[true]'), `the code returned a list; ${hint}`);
    assert.equal(await failure('0 / 0'), `the code returned NaN; ${hint}`);
    assert.equal(await failure('10n'), `the code returned a BigInt; ${hint}`);
    assert.equal(await failure('Symbol("s")'), `the code returned a symbol; ${hint}`);
    assert.equal(await failure('() => () => 1'), `the code returned a function; ${hint}`);
    assert.equal(await failure('({ score: 1 })'), `the code returned an object without pass: true or false; ${hint}`);
    assert.equal(
      await failure('({ pass: true, score: NaN })'),
      `the code returned an object whose score is no number; ${hint}`,
    );
  });

  it('must return something as a transform', async () => {
    const hint = 'return the new output, as a text or anything that JSON can hold';
    assert.equal(await failure('undefined', transform), `the code returned nothing; ${hint}`);
    assert.equal(await failure('null', transform), `the code returned null; ${hint}`);
    assert.equal(await failure('parseInt("x")', transform), `the code returned NaN; ${hint}`);
  });

  it('is told where it threw', async () => {
    assert.equal(await failure('nothing.length'), 'the code threw ReferenceError: nothing is not defined');
    assert.equal(
      await failure('const a = 1;\n\nreturn output.a.b'),
      "the code threw TypeError: Cannot read properties of undefined (reading 'b') (line 3)",
    );
    const inFile = file('module.exports = (output) => {\n  throw new RangeError("too far");\n};');
    assert.equal(await failure(inFile), 'the code threw RangeError: too far (checks.js, line 2)');
    const inModule = file('export default () => {\n\n  throw new Error("x");\n};', '/a/b/checks.mjs');
    assert.equal(await failure(inModule), 'the code threw Error: x (checks.mjs, line 3)');
    assert.equal(
      await failure(file('export default 1;\nthrow new Error("early");')),
      'the code threw Error: early (checks.js, line 2)',
    );
    assert.equal(await failure('throw "a text"'), 'the code threw a text');
    assert.equal(await failure('Promise.reject(new Error("late"))'), 'the code threw Error: late');
    assert.equal(
      await failure('new Promise(() => setTimeout(() => { throw new Error("in a timer") }, 1))'),
      'the code threw Error: in a timer',
    );
  });

  it('is told where it does not parse', async () => {
    assert.match(await failure('output.includes('), /^the code is no valid JavaScript: /);
    assert.equal(
      await failure('const a = 1;\nconst b b;\nreturn a'),
      'the code is no valid JavaScript: Missing initializer in const declaration (line 2)',
    );
    assert.equal(
      await failure(file('module.exports = 1;\n}')),
      "the code is no valid JavaScript: Unexpected token '}' (checks.js, line 2)",
    );
    assert.equal(
      await failure(file('export const a = 1;\n\nexport default b c;', 'c.mjs')),
      "the code is no valid JavaScript: Unexpected identifier 'c' (c.mjs, line 3)",
    );
  });

  it('shows what it logged when it fails, and only then', async () => {
    const logs = 'console.log("seen", { a: 1 }, [2]);\nconsole.error("worse");\n';
    assert.equal(
      await failure(`${logs}throw new Error("x")`),
      'the code threw Error: x (line 3); it logged "seen {"a":1} [2]⏎worse"',
    );
    assert.match(await failure(`${logs}return`), /\{pass, score, reason\}; it logged "seen/);
    assert.equal(await result(`${logs}return true`), true);
    const endless = await failure('for (let i = 0; i < 1e5; i++) console.log(i, "x".repeat(1000));\nthrow 1');
    assert.ok(endless.length < 500, `${endless.length} characters of logs`);
  });

  it('hears why what it reaches for is not there', async () => {
    assert.equal(
      await failure('require("fs").readFileSync("/etc/passwd")'),
      'the code threw Error: file access is not available in user code',
    );
    assert.equal(
      await failure('require("node:fs/promises")'),
      'the code threw Error: file access is not available in user code',
    );
    assert.equal(
      await failure('require("child_process").execSync("id")'),
      'the code threw Error: starting a process is not available in user code',
    );
    assert.equal(
      await failure('require("https").get("https://localhost")'),
      'the code threw Error: network access is not available in user code',
    );
    assert.equal(
      await failure('fetch("http://localhost")'),
      'the code threw Error: network access is not available in user code',
    );
    assert.equal(
      await failure('require("lodash")'),
      'the code threw Error: require("lodash") is not available in user code: put what it needs into the file itself',
    );
    assert.equal(await failure('import("fs")'), 'the code threw Error: import() is not available in user code');
    assert.match(
      await failure('process.env.HOME'),
      /^the code threw ReferenceError: process is not defined: user code has the language alone/,
    );
    assert.equal(
      await failure(file('import fs from "fs";\nexport default () => true;', 'c.mjs')),
      'the file imports "fs", which is not available in user code: put what it needs into the file itself (c.mjs)',
    );
  });

  it('must export the function that is meant', async () => {
    const named = 'exports.one = () => 1; exports.two = () => 2;';
    assert.equal(
      await failure(file(named, 'c.js', 'three')),
      'the file exports no function named "three" (it exports one, two) (c.js)',
    );
    assert.match(
      await failure(file(named)),
      /^the file has no function as its default export \(it exports one, two\): .* file:\/\/checks\.js:one \(checks\.js\)$/,
    );
    assert.match(await failure(file('const x = 1;')), /\(it exports no function\)/);
  });

  it('is not TypeScript', async () => {
    const reason = 'checks.ts is TypeScript, which is not run: compile it to JavaScript and name that file';
    assert.equal(await failure(file('export default (o: string) => true', '/x/checks.ts')), reason);
  });

  it('is told when its promise cannot settle any more, at once', async () => {
    const startedMs = performance.now();
    assert.equal(
      await failure('new Promise(() => {})'),
      'the promise that the code returned never settles: nothing is left to run that could settle it',
    );
    // The time limit is 5 s: waiting for it would be the failure.
    assert.ok(performance.now() - startedMs < 4000);
  });
});

function withVars(vars: Record<string, Json>): Partial<Omit<CodeRequest, 'code'>> {
  return { context: { vars } };
}
