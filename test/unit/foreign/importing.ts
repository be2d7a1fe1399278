import assert from 'node:assert/strict';
import picomatch from 'picomatch';
import { buildPlan, type PlanInput } from '../../../src/core/engine/plan';
import type { Diagnostic } from '../../../src/core/spec/document';
import { parseEvalFile, type EvalDocument } from '../../../src/core/spec/parse';
import type { AssertionPlan, CasePlan, RunPlan, TargetPlan } from '../../../src/protocol/plan';

export const CONFIG = '/w/evals/promptfooconfig.yaml';
export const PROMPT = '/w/evals/greet.prompt.yml';

export interface ImportOptions extends Partial<Pick<PlanInput, 'select' | 'workspace' | 'env'>> {
  path?: string;
  /** Texts by absolute path. */
  files?: Record<string, string>;
}

export interface Imported {
  document: EvalDocument;
  plan: RunPlan | null;
  /** The parser's and the planner's. */
  diagnostics: Diagnostic[];
}

/** Plans the text of another tool's file, with the files that it refers to from memory. */
export async function imported(text: string, options: ImportOptions = {}): Promise<Imported> {
  const { path = CONFIG, files = {}, env = {}, ...rest } = options;
  const document = parseEvalFile(text, path);
  const { plan, diagnostics } = await buildPlan({
    document,
    runsDir: '/w/.promptrig/runs',
    now: new Date('2026-11-22T01:47:00.123Z'),
    random: () => 0.5,
    env,
    readFile: (name) => {
      const content = files[name];
      if (content !== undefined) return Promise.resolve(content);
      return Promise.reject(Object.assign(new Error(`ENOENT: no such file, open '${name}'`), { code: 'ENOENT' }));
    },
    glob: (pattern) =>
      Promise.resolve(
        Object.keys(files)
          .filter((file) => picomatch(pattern)(file))
          .sort(),
      ),
    ...rest,
  });
  return { document, plan, diagnostics: [...document.diagnostics, ...diagnostics] };
}

/** The plan of a text that has one; fails with what was said where it has none. */
export async function planOf(text: string, options: ImportOptions = {}): Promise<RunPlan> {
  const { plan, diagnostics } = await imported(text, options);
  assert.ok(plan !== null, said(diagnostics).join('\n'));
  return plan;
}

/** The one target of a text's plan. */
export async function targetOf(text: string, options: ImportOptions = {}): Promise<TargetPlan> {
  const { targets } = await planOf(text, options);
  assert.equal(targets.length, 1);
  return targets[0] as TargetPlan;
}

/** The assertions of the only case of the only target. */
export async function assertionsOf(text: string, options: ImportOptions = {}): Promise<AssertionPlan[]> {
  const { cases } = await targetOf(text, options);
  assert.equal(cases.length, 1);
  return (cases[0] as CasePlan).assertions;
}

/** `line severity code: message`, with the name of the file where it is not the imported one. */
export function said(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(
    ({ severity, code, message, range, path }) =>
      `${/promptfooconfig|\.prompt\.yml$/.test(path) ? '' : `${path}:`}${range.start.line + 1} ${severity} ${code}: ${message}`,
  );
}

/** A configuration with one target that is the simulator, one prompt and the given tests. */
export function config(tests: string, more = ''): string {
  return `prompts: ['Say {{word}}']\nproviders: [echo]\n${more}${more === '' || more.endsWith('\n') ? '' : '\n'}tests:\n${tests}\n`;
}

/** A configuration with one test that has the given assertions. */
export function asserting(assertions: string, more = ''): string {
  const lines = assertions.split('\n').map((line) => `      ${line}`);
  return config(`  - vars: { word: hi }\n    assert:\n${lines.join('\n')}`, more);
}
