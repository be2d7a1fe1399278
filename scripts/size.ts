/** Holds what is shipped to its size limits. `--vsix` also needs the package to be there. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(__dirname, '..');
const kB = 1_000;

interface Gate {
  path: string;
  limitBytes: number;
}

/** By path; every other bundle is held to the limit of the engine. */
const limits: Record<string, number> = {
  'dist/extension.js': 250 * kB,
  'dist/engine.js': 700 * kB,
  'dist/webview/run.js': 550 * kB,
  'dist/webview/compare.js': 550 * kB,
  // Parser, planner, reports and the simulator in one: nothing of it is loaded by the editor.
  'dist/cli.js': 1_200 * kB,
};

/** A vocabulary and fourteen grammars, compressed: what they weigh in the package. */
const PACKED_BYTES = 900 * kB;

function gates(): Gate[] {
  const built = [...bundles('dist', 700 * kB), ...bundles('dist/webview', 550 * kB)];
  const missing = Object.keys(limits).filter((path) => !built.some((gate) => gate.path === path));
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const vsix = `promptrig-${version}.vsix`;
  const packed = existsSync(join(root, vsix)) || process.argv.includes('--vsix');
  return [
    ...built,
    ...missing.map((path) => ({ path, limitBytes: limits[path] ?? 0 })),
    ...(packed ? [{ path: vsix, limitBytes: 3_000 * kB }] : []),
  ];
}

/** The scripts of a folder of dist/, which is empty before the first build. */
function bundles(folder: string, defaultLimitBytes: number): Gate[] {
  if (!existsSync(join(root, folder))) return [];
  const names = readdirSync(join(root, folder)).filter((name) => /\.(?:js|br)$/.test(name));
  return names.map((name) => {
    const path = `${folder}/${name}`;
    return { path, limitBytes: name.endsWith('.br') ? PACKED_BYTES : (limits[path] ?? defaultLimitBytes) };
  });
}

let failed = 0;
for (const { path, limitBytes } of gates()) {
  const file = join(root, path);
  const bytes = existsSync(file) ? statSync(file).size : undefined;
  const passed = bytes !== undefined && bytes <= limitBytes;
  if (!passed) failed += 1;
  const measured = bytes === undefined ? 'missing' : `${(bytes / kB).toFixed(1)} kB`;
  console.log(
    `${passed ? 'ok  ' : 'FAIL'} ${path.padEnd(24)} ${measured.padStart(10)} of ${(limitBytes / kB).toFixed(0)} kB`,
  );
}
process.exitCode = failed === 0 ? 0 : 1;
