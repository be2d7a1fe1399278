/** Packs promptrig-VERSION.vsix from a fresh build. Touches no network: nothing is published, no link is checked. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createVSIX } from '@vscode/vsce';

const root = resolve(__dirname, '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

createVSIX({
  cwd: root,
  packagePath: join(root, `promptrig-${version}.vsix`),
  // Everything that runs is bundled; node_modules holds only what builds and tests.
  dependencies: false,
  allowMissingRepository: true,
  rewriteRelativeLinks: false,
}).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
