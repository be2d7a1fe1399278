/** Holds what is shipped to its size limits. `--vsix` also needs the package to be there. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

const root = resolve(__dirname, '..');
const kB = 1_000;

interface Gate {
  path: string;
  limitBytes: number;
}

function gates(): Gate[] {
  const webviews = join(root, 'dist/webview');
  const pages = existsSync(webviews) ? readdirSync(webviews).filter((name) => name.endsWith('.js')) : [];
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const vsix = `promptrig-${version}.vsix`;
  return [
    { path: 'dist/extension.js', limitBytes: 250 * kB },
    { path: 'dist/engine.js', limitBytes: 700 * kB },
    { path: 'dist/worker.js', limitBytes: 700 * kB },
    { path: 'dist/sim.js', limitBytes: 700 * kB },
    { path: 'dist/cli.js', limitBytes: 1_500 * kB },
    ...(pages.length > 0 ? pages : ['run.js']).map((name) => ({ path: `dist/webview/${name}`, limitBytes: 550 * kB })),
    ...(existsSync(join(root, vsix)) || process.argv.includes('--vsix')
      ? [{ path: vsix, limitBytes: 3_000 * kB }]
      : []),
  ];
}

let failed = 0;
for (const { path, limitBytes } of gates()) {
  const file = join(root, path);
  const bytes = existsSync(file) ? statSync(file).size : undefined;
  const passed = bytes !== undefined && bytes <= limitBytes;
  if (!passed) failed += 1;
  const measured = bytes === undefined ? 'missing' : `${(bytes / kB).toFixed(1)} kB`;
  console.log(
    `${passed ? 'ok  ' : 'FAIL'} ${basename(path).padEnd(22)} ${measured.padStart(10)} of ${(limitBytes / kB).toFixed(0)} kB`,
  );
}
process.exitCode = failed === 0 ? 0 : 1;
