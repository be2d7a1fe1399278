/// Runs in the extension host: VS Code calls `run` and takes its rejection for a failed suite.
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Mocha from 'mocha';

/** The package's root, seen from out/vscode. */
const repositoryRoot = resolve(__dirname, '../..');

export async function run(): Promise<void> {
  const mocha = new Mocha({
    ui: 'bdd',
    reporter: join(repositoryRoot, 'scripts/counting-reporter.cjs'),
    timeout: 60_000,
    slow: 5_000,
    forbidOnly: true,
    forbidPending: true,
    grep: process.env.PROMPTRIG_TEST_GREP || undefined,
  });
  for (const name of readdirSync(__dirname).sort()) {
    // One window is trusted or it is not, has one language and one extension: what is tested otherwise has its own.
    const window = ['untrusted', 'translated', 'installed'].find((kind) => name.startsWith(kind)) ?? 'trusted';
    if (window !== (process.env.PROMPTRIG_TEST_WINDOW ?? 'trusted')) continue;
    if (name.endsWith('.test.js')) mocha.addFile(join(__dirname, name));
  }
  await mocha.loadFilesAsync();
  await new Promise<void>((resolvePromise, reject) => {
    mocha.run((failures) => {
      if (failures === 0) resolvePromise();
      else reject(new Error(`${failures} of the tests in VS Code failed.`));
    });
  });
}
