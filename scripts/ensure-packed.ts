/** Packs when the VSIX is missing or older than what is in it; does nothing, at once, when it is not. To be run after ensure-built. */
import { join, resolve } from 'node:path';
import { latestChangeMs } from './latest-change';
import { pack, vsixPath } from './pack';

const root = resolve(__dirname, '..');
const parts = [
  'dist',
  'media',
  'l10n',
  'package.json',
  'package.nls.json',
  '.vscodeignore',
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
];

async function main(): Promise<void> {
  const packedMs = latestChangeMs(vsixPath());
  if (parts.some((part) => latestChangeMs(join(root, part)) > packedMs)) {
    console.error('Packing, since the VSIX is missing or older than what is in it.');
    await pack();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
