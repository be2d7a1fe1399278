import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

const created: string[] = [];

/** A new temporary folder, removed after the suite that asked for it. */
export function tempDir(): string {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'promptrig-test-'));
  created.push(dir);
  return dir;
}

/** Removes every folder that `tempDir` has made; call it in `after`. */
export function removeTempDirs(): void {
  for (const dir of created.splice(0)) fs.rmSync(dir, { recursive: true, force: true });
}
