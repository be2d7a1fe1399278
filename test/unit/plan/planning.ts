import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { buildPlan, type PlanInput, type PlanOutput } from '../../../src/core/engine/plan';
import { parseEvalFile, type EvalDocument } from '../../../src/core/spec/parse';
import type { RunPlan } from '../../../src/protocol/plan';

export const NOW = new Date('2026-11-22T01:47:00.123Z');

export interface PlanOptions extends Partial<Omit<PlanInput, 'document' | 'readFile' | 'now'>> {
  /** Files by absolute path; without them, datasets are read from disk. */
  files?: Record<string, string | Uint8Array>;
  path?: string;
}

export function workspaceFixture(): EvalDocument {
  const path = resolve(__dirname, '../../fixtures/spec/promptrig.yaml');
  return parseEvalFile(readFileSync(path, 'utf8'), '/w/promptrig.yaml');
}

async function* opened(name: string, content: string | Uint8Array | undefined): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  if (content === undefined) throw missing(name);
  yield Buffer.from(content);
}

function missing(name: string): Error {
  return Object.assign(new Error(`ENOENT: no such file, open '${name}'`), { code: 'ENOENT' });
}

/** Plans a text as the file /w/evals/chat.eval.yaml, with files from memory and random numbers that are all one half. */
export async function plan(text: string, options: PlanOptions = {}): Promise<PlanOutput & { document: EvalDocument }> {
  const { files = {}, path = '/w/evals/chat.eval.yaml', ...rest } = options;
  const document = parseEvalFile(text, path);
  const output = await buildPlan({
    document,
    runsDir: '/w/.promptrig/runs',
    now: NOW,
    random: () => 0.5,
    readFile: (name) => {
      const content = files[name];
      return content !== undefined ? Promise.resolve(content) : Promise.reject(missing(name));
    },
    ...(options.files === undefined ? {} : { openFile: (name: string) => opened(name, files[name]) }),
    ...rest,
  });
  return { ...output, document };
}

/** The plan of a text that has one; fails with the diagnostics where it has none. */
export async function planned(text: string, options: PlanOptions = {}): Promise<RunPlan> {
  const { plan: result, diagnostics, document } = await plan(text, options);
  const all = [...document.diagnostics, ...diagnostics].map(({ code, message }) => `${code}: ${message}`).join('\n');
  assert.ok(result !== null, all);
  return result;
}
