import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const root = resolve(__dirname, '../../..');
export const dist = join(root, 'dist');
/** What benches install and build; ignored by git and kept between runs. */
export const cacheDir = join(root, '.cache', 'bench');

/** A new temporary folder; who asks for it removes it. */
export function temporaryDir(): string {
  return mkdtempSync(join(tmpdir(), 'promptrig-bench-'));
}
