import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTests } from '@vscode/test-electron';
import { vsixPath } from '../../scripts/pack';
import { ensureVscode } from './ensure-vscode';
import { copyExamples } from './examples-copy';
import { installVsix } from './install-vsix';
import { runMain } from './main';
import { repositoryRoot } from './paths';
import { quietSettings } from './settings';
import { underDisplay } from './under-display';

/** Runs `out/vscode/installed*` in a VS Code that has the package installed, as a person has it: nothing comes from the sources. */
async function main(): Promise<void> {
  const vscode = await ensureVscode();
  if (await underDisplay(vscode)) return;
  const examples = await copyExamples();
  const folder = await mkdtemp(join(tmpdir(), 'promptrig-vsix-'));
  try {
    const userData = join(folder, 'user');
    await mkdir(join(userData, 'User'), { recursive: true });
    await writeFile(join(userData, 'User/settings.json'), JSON.stringify(quietSettings));
    const extensions = join(folder, 'extensions');
    await installVsix(vscode, vsixPath(), extensions);
    await runTests({
      vscodeExecutablePath: vscode.executable,
      // VS Code runs tests only with an extension under development; any other than ours will do.
      extensionDevelopmentPath: join(repositoryRoot, 'test/host/lm-provider'),
      extensionTestsPath: join(repositoryRoot, 'out/vscode/index.js'),
      launchArgs: [examples.folder, `--user-data-dir=${userData}`, `--extensions-dir=${extensions}`],
      extensionTestsEnv: { PROMPTRIG_TEST_WINDOW: 'installed', PROMPTRIG_EXTENSIONS_DIR: extensions },
    });
  } finally {
    await examples.remove();
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

runMain(main);
