/** Builds when dist/ is missing or older than what it is made from; does nothing, at once, when it is not. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(__dirname, '..');
/** Written last by a build, so that a build which broke off does not count. */
const stamp = join(root, 'dist/.built');
const sources = ['src', 'webview', 'media', 'esbuild.mjs', 'package.json', 'package-lock.json', 'tsconfig.json'];

/** The latest change below a path in ms; folders count too, since their time shows a file that went. */
function latestChangeMs(path: string): number {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => latestChangeMs(join(path, name))));
}

const builtMs = existsSync(stamp) ? statSync(stamp).mtimeMs : 0;
if (sources.some((source) => latestChangeMs(join(root, source)) > builtMs)) {
  console.error('Building, since dist/ is missing or older than the sources.');
  const { status } = spawnSync(process.execPath, ['esbuild.mjs'], { cwd: root, stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
