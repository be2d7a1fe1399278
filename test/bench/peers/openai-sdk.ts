/** The `openai` package, installed for the bench alone: it is no dependency of the product. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from '../support/paths';

/** The newest that runs on Node 20. */
export const SDK_VERSION = '6.49.0';

/** @returns the package's entry. @throws Error where it cannot be installed */
export function installSdk(log: (message: string) => void): string {
  const dir = join(cacheDir, `openai-${SDK_VERSION}`);
  const entry = join(dir, 'node_modules/openai/index.js');
  // Written last: an install that broke off is not taken for a whole one.
  const stamp = join(dir, '.installed');
  if (existsSync(stamp)) return entry;
  log(`Installing openai ${SDK_VERSION} into .cache/bench.`);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'package.json'), '{ "private": true }');
  const { status, stderr } = spawnSync(
    'npm',
    ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--save-exact', `openai@${SDK_VERSION}`],
    { cwd: dir, encoding: 'utf8', shell: process.platform === 'win32' },
  );
  if (status !== 0) throw new Error(`openai ${SDK_VERSION} could not be installed: ${stderr}`);
  writeFileSync(stamp, '');
  return entry;
}
