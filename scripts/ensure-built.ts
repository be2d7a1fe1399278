/** Builds when dist/ is missing or older than what it is made from; does nothing, at once, when it is not. */
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { latestChangeMs } from './latest-change';

const root = resolve(__dirname, '..');
/** Written last by a build, so that a build which broke off does not count. */
const stamp = join(root, 'dist/.built');
const sources = ['src', 'webview', 'media', 'esbuild.mjs', 'package.json', 'package-lock.json', 'tsconfig.json'];

const builtMs = latestChangeMs(stamp);
if (sources.some((source) => latestChangeMs(join(root, source)) > builtMs)) {
  console.error('Building, since dist/ is missing or older than the sources.');
  const { status } = spawnSync(process.execPath, ['esbuild.mjs'], { cwd: root, stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
