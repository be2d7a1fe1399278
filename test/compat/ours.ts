/** Promptrig on the same file, by its command line. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonReport } from '../../src/core/report/json';
import { dist } from '../bench/support/paths';
import { configuration, KEY_VARIABLE, startScripted } from './setting';
import type { Verdicts } from './verdicts';

/** Runs the rows in `dir`, in place: the file is promptfoo's. @throws Error with what it printed where it wrote no report */
export async function runOurs(dir: string, signal: AbortSignal): Promise<Verdicts> {
  const endpoint = await startScripted('ours');
  try {
    const file = join(dir, 'promptfooconfig.yaml');
    const out = join(dir, 'ours.json');
    writeFileSync(file, configuration(endpoint.url));
    const args = ['run', file, '--allow-code', '--quiet', '--format', `json=${out}`, '--out', join(dir, 'runs')];
    const printed = await run([join(dist, 'cli.js'), ...args], dir, signal);
    if (!existsSync(out)) throw new Error(`Promptrig wrote no report: ${printed}`);
    const report = JSON.parse(readFileSync(out, 'utf8')) as JsonReport;
    const verdicts: Verdicts = new Map();
    for (const record of report.runs.flatMap(({ cases }) => cases)) {
      const [result] = record.assertions;
      const outcome = result?.outcome ?? record.outcome;
      verdicts.set(record.name, {
        pass: outcome === 'passed',
        score: result?.score ?? null,
        outcome,
        reason: result?.reason ?? record.reason ?? '',
      });
    }
    return verdicts;
  } finally {
    await endpoint.close();
  }
}

function run(args: string[], dir: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: dir,
      signal,
      env: { ...process.env, [KEY_VARIABLE]: 'no-key-is-needed' },
    });
    let printed = '';
    const keep = (chunk: Buffer) => (printed = (printed + chunk.toString()).slice(-10_000));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', reject);
    child.once('exit', () => resolve(printed));
  });
}
