import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createVSIX } from '@vscode/vsce';

const root = resolve(__dirname, '..');

/** Where the package of this version lies. */
export function vsixPath(): string {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return join(root, `promptrig-${version}.vsix`);
}

/** Packs what is built. Touches no network: nothing is published, no link is checked. */
export async function pack(): Promise<void> {
  await createVSIX({
    cwd: root,
    packagePath: vsixPath(),
    // Everything that runs is bundled; node_modules holds only what builds and tests.
    dependencies: false,
    allowMissingRepository: true,
    rewriteRelativeLinks: false,
  });
}
