/** promptfoo itself, installed into an ignored folder and asked what it thinks of each row. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from '../bench/support/paths';
import { configuration, KEY_VARIABLE, startScripted } from './setting';
import type { Verdicts } from './verdicts';

export const PROMPTFOO_VERSION = '0.121.20';
/** What an installation takes on disk. */
export const PROMPTFOO_SIZE = '1.9 GB';

const home = join(cacheDir, `promptfoo-${PROMPTFOO_VERSION}`);
const entry = join(home, 'node_modules/promptfoo/dist/src/entrypoint.js');
const STAMP = join(home, 'installed');

export function isInstalled(): boolean {
  return existsSync(STAMP) && existsSync(entry);
}

/** @throws Error with what npm said where it cannot be installed */
export function install(log: (message: string) => void): void {
  if (isInstalled()) return;
  log(`Installing promptfoo ${PROMPTFOO_VERSION} (${PROMPTFOO_SIZE}) into .cache/bench.`);
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'package.json'), '{ "private": true }\n');
  // Its packages may bring what this version of Node does not run; none of their scripts is needed.
  const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', `promptfoo@${PROMPTFOO_VERSION}`];
  const { status, stderr } = spawnSync('npm', args, { cwd: home, encoding: 'utf8' });
  if (status !== 0) throw new Error(`promptfoo could not be installed: ${stderr.slice(-2000)}`);
  writeFileSync(STAMP, '');
}

interface Output {
  results: {
    results: {
      description?: string;
      testCase?: { description?: string };
      error?: string | null;
      gradingResult?: { componentResults?: { pass: boolean; score: number; reason: string }[] | null } | null;
    }[];
  };
}

/** Runs the rows in `dir`. @throws Error with what it printed where it wrote no results */
export async function runPromptfoo(dir: string, signal: AbortSignal): Promise<Verdicts> {
  const endpoint = await startScripted('promptfoo');
  try {
    const file = join(dir, 'promptfooconfig.yaml');
    const out = join(dir, 'promptfoo.json');
    writeFileSync(file, configuration(endpoint.url));
    const printed = await run(['eval', '-c', file, '-o', out, '--no-cache', '--no-table', '-j', '4'], dir, signal);
    if (!existsSync(out)) throw new Error(`promptfoo wrote no results: ${printed.slice(-2000)}`);
    const { results } = JSON.parse(readFileSync(out, 'utf8')) as Output;
    const verdicts: Verdicts = new Map();
    for (const result of results.results) {
      const name = result.testCase?.description ?? result.description ?? '';
      const component = result.gradingResult?.componentResults?.[0];
      verdicts.set(name, {
        pass: component?.pass ?? false,
        score: component?.score ?? null,
        outcome: component === undefined ? 'error' : component.pass ? 'passed' : 'failed',
        reason: component?.reason ?? result.error ?? 'no result',
      });
    }
    return verdicts;
  } finally {
    await endpoint.close();
  }
}

/** Its exit code says whether a test failed, which is no news here. */
function run(args: string[], dir: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [entry, ...args], {
      cwd: dir,
      signal,
      env: {
        ...process.env,
        [KEY_VARIABLE]: 'no-key-is-needed',
        PROMPTFOO_CONFIG_DIR: join(dir, 'home'),
        PROMPTFOO_DISABLE_TELEMETRY: '1',
        PROMPTFOO_DISABLE_UPDATE: '1',
        PROMPTFOO_DISABLE_REMOTE_GENERATION: '1',
      },
    });
    let printed = '';
    const keep = (chunk: Buffer) => (printed = (printed + chunk.toString()).slice(-10_000));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', reject);
    child.once('exit', () => resolve(printed));
  });
}
