import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { parse } from 'yaml';
import { buildPlan } from '../core/engine/plan';
import { parseEvalFile } from '../core/spec/parse';
import { messageOf } from '../core/util/errors';
import type { SimConfig } from '../protocol/plan';
import { CliError } from './exit-code';

/** Settings of `promptrig sim` as flags, each the text that the file's key would hold. */
export interface SimFlags {
  port: number;
  config?: string;
  model?: string;
  ttft?: string;
  itl?: string;
  jitter?: string;
  maxRunning?: string;
  maxWaiting?: string;
  loadFactor?: string;
  outputTokens?: string;
  answer?: string;
  seed?: string;
}

/** Keys of the block `sim` by flag; numbers are given to the parser as numbers. */
const KEYS = {
  ttft: 'ttft',
  itl: 'itl',
  jitter: 'jitter',
  maxRunning: 'max_running',
  maxWaiting: 'max_waiting',
  loadFactor: 'load_factor',
  outputTokens: 'output_tokens',
  answer: 'answer',
  seed: 'seed',
} as const;

/**
 * The simulator's settings from a file and flags, the flags winning. Both pass through the parser of eval files, so that a
 * setting means here what it means there. Throws CliError with the parser's message for a setting that cannot be used.
 */
export async function simSettings(flags: SimFlags, cwd: string): Promise<SimConfig> {
  const block: Record<string, unknown> =
    flags.config === undefined ? {} : await readBlock(path.resolve(cwd, flags.config));
  for (const [flag, key] of Object.entries(KEYS) as [keyof typeof KEYS, string][]) {
    const value = flags[flag];
    if (value !== undefined) block[key] = /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  }
  // JSON is YAML: the block is put where the parser knows it.
  const file = { prompt: 'x', cases: [{ name: 'x' }], endpoints: [{ name: 'sim', api: 'sim', sim: block }] };
  const document = parseEvalFile(JSON.stringify(file), path.join(cwd, 'sim.eval.yaml'));
  const { plan, diagnostics } = await buildPlan({
    document,
    select: {},
    overrides: {},
    runsDir: cwd,
    readFile: (name) => fs.readFile(name),
    now: new Date(),
  });
  const problem = [...document.diagnostics, ...diagnostics].find(
    ({ severity, code }) => severity === 'error' || code === 'unknown-key',
  );
  if (problem !== undefined) {
    const key = problem.pointer?.split('/sim/')[1];
    throw new CliError(
      `The simulator's settings cannot be used${key === undefined ? '' : `, ${key}`}: ${problem.message}`,
    );
  }
  return plan?.targets[0]?.endpoint.sim ?? {};
}

/** The block of a file that holds it alone, under the key `sim`, or as an endpoint's. */
async function readBlock(file: string): Promise<Record<string, unknown>> {
  let content: unknown;
  try {
    content = parse(await fs.readFile(file, 'utf8'));
  } catch (error) {
    throw new CliError(`${file} could not be read: ${messageOf(error)}.`);
  }
  const block = findBlock(content);
  if (block === null)
    throw new CliError(`${file} holds no settings of the simulator: it must be a map with keys such as ttft and itl.`);
  return { ...block };
}

function findBlock(content: unknown): Record<string, unknown> | null {
  if (!isMap(content)) return null;
  if (isMap(content.sim)) return content.sim;
  if (!Array.isArray(content.endpoints)) return content;
  const endpoints: unknown[] = content.endpoints;
  for (const endpoint of endpoints) if (isMap(endpoint) && isMap(endpoint.sim)) return endpoint.sim;
  return null;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
