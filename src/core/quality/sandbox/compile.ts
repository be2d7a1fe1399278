import vm from 'node:vm';
import { CODE_NAME } from './guest';
import type { CallHeader } from './protocol';

// Taken at once: the module's own functions are removed before user code runs.
const { compileFunction, SourceTextModule } = vm;

/** Code that can be loaded into its context; `module` has still to be linked and evaluated. */
export type Compiled =
  | { kind: 'function'; mode: 'inline' | 'commonjs'; target: unknown }
  | { kind: 'module'; module: vm.SourceTextModule }
  | Problem;

interface Problem {
  kind: 'problem';
  problem: string;
  line?: number;
}

/** Names that inline code sees. Everything else is a global, which code may declare anew: `const vars = context.vars`. */
const PARAMETERS = ['output', 'context'];
const MODULE_PARAMETERS = ['exports', 'require', 'module', '__filename', '__dirname'];

/**
 * Compiles user code in a context, running none of it. Never throws.
 *
 * Inline code is, first come: one expression; on one line and starting with a declaration, statements of which the last is the
 * result (`const n = output.length; n > 3`); a function body with `return`; any of these with `await`. This reads whatever
 * promptfoo reads, and expressions of several lines besides.
 *
 * A file is CommonJS or, as `.mjs` or where only that compiles, an ES module. The engine's own module parser reads it (an
 * experimental part of `node:vm`, unchanged for years): a rewriting of `export` by patterns would fail on honest files.
 */
export function compileCode(header: CallHeader, context: vm.Context): Compiled {
  return header.file === undefined ? compileInline(header.source, context) : compileFile(header, header.file, context);
}

interface Form {
  before: string;
  code: string;
  after: string;
}

function compileInline(source: string, context: vm.Context): Compiled {
  const code = source.trimEnd();
  const forms = formsOf(code);
  for (const form of [...forms, ...forms.map(awaiting)]) {
    const made = tryCompile(form, PARAMETERS, context);
    if (made.ok) return { kind: 'function', mode: 'inline', target: made.target };
  }
  // The error of the form that people mean: that of an expression in parentheses would speak of the parentheses.
  const body: Form = { before: code.includes('\n') ? '' : 'return ', code, after: '' };
  const made = tryCompile(body, PARAMETERS, context);
  return made.ok ? { kind: 'function', mode: 'inline', target: made.target } : syntaxProblem(made.error);
}

function formsOf(code: string): Form[] {
  const bare = code.replace(/[;\s]+$/, '');
  // The line break ends a trailing comment.
  const expression: Form = { before: 'return (', code: bare, after: '\n)' };
  const body: Form = { before: '', code, after: '' };
  if (code.includes('\n')) return [expression, body];
  const declared = /^\s*(const|let|var)\s/.test(bare) ? lastExpressionForms(bare) : [];
  // As promptfoo reads any line: of `a; b` it takes a. Not where the line itself says what it returns.
  const first: Form = { before: 'return ', code: bare, after: '' };
  return [expression, ...declared, ...(/\b(return|throw)\b/.test(bare) ? [body, first] : [first, body])];
}

/** The code split at each of its semicolons, from the last: the first that compiles is one between statements. */
function lastExpressionForms(code: string): Form[] {
  const forms: Form[] = [];
  for (let at = code.lastIndexOf(';'); at > 0; at = code.lastIndexOf(';', at - 1)) {
    forms.push({ before: '', code: `${code.slice(0, at + 1)} return (${code.slice(at + 1)}`, after: '\n)' });
  }
  return forms;
}

function awaiting({ before, code, after }: Form): Form {
  return { before: `return (async () => {${before}`, code, after: `${after}\n})()` };
}

type Attempt = { ok: true; target: unknown } | { ok: false; error: unknown };

function tryCompile({ before, code, after }: Form, parameters: string[], context: vm.Context): Attempt {
  try {
    return {
      ok: true,
      target: compileFunction(before + code + after, parameters, { parsingContext: context, filename: CODE_NAME }),
    };
  } catch (error) {
    return { ok: false, error };
  }
}

function compileFile({ source }: CallHeader, file: string, context: vm.Context): Compiled {
  const lower = file.toLowerCase();
  let asScript: Attempt | undefined;
  if (!lower.endsWith('.mjs')) {
    asScript = tryCompile({ before: '', code: source, after: '' }, MODULE_PARAMETERS, context);
    if (asScript.ok) return { kind: 'function', mode: 'commonjs', target: asScript.target };
    if (lower.endsWith('.cjs')) return syntaxProblem(asScript.error);
  }
  try {
    const module = new SourceTextModule(source, { context, identifier: CODE_NAME });
    const [imported] = imports(module);
    if (imported === undefined) return { kind: 'module', module };
    const problem = `the file imports "${imported}", which is not available in user code: put what it needs into the file itself`;
    return { kind: 'problem', problem };
  } catch (error) {
    if (asScript?.ok === false && !/^\s*(?:export|import)\b/m.test(source)) return syntaxProblem(asScript.error);
    const problem = syntaxProblem(error);
    return problem.line === undefined ? { ...problem, ...lineInModule(source, problem, context) } : problem;
  }
}

/** What a module imports; the property changed its name between versions of Node. */
function imports(module: vm.SourceTextModule): string[] {
  const { moduleRequests } = module as { moduleRequests?: readonly { specifier: string }[] };
  return moduleRequests?.map(({ specifier }) => specifier) ?? [...module.dependencySpecifiers];
}

/** Errors of modules have no line: the same error of the same text without its `export` words tells it. */
function lineInModule(source: string, { problem }: Problem, context: vm.Context): { line?: number } {
  const plain = source.replace(/^([ \t]*)export(?:[ \t]+default)?\b/gm, '$1');
  const attempt = tryCompile(awaiting({ before: '', code: plain, after: '' }), MODULE_PARAMETERS, context);
  const same = attempt.ok ? null : syntaxProblem(attempt.error);
  return same?.problem === problem && same.line !== undefined ? { line: same.line } : {};
}

/** No user code has run in the context when code is compiled, so its errors are still those of the language. */
function syntaxProblem(error: unknown): Problem {
  const { message, stack } = error as { message?: unknown; stack?: unknown };
  const line = new RegExp(`^${CODE_NAME}:(\\d+)`).exec(String(stack))?.[1];
  return {
    kind: 'problem',
    problem: `the code is no valid JavaScript: ${String(message)}`,
    ...(line === undefined ? {} : { line: Number(line) }),
  };
}
