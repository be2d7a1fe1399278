import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTests } from '@vscode/test-electron';
import { ensureVscode } from './ensure-vscode';
import { copyExamples } from './examples-copy';
import { runMain } from './main';
import { repositoryRoot } from './paths';
import { PSEUDO_LOCALE, pseudoTranslated } from './pseudo-locale';
import { quietSettings } from './settings';
import { underDisplay } from './under-display';

/**
 * Runs the bundled suites of out/vscode in a real VS Code, on a copy of the examples. Arguments become
 * mocha's grep: `npm run test:vscode -- "a title"`.
 */
async function main(): Promise<void> {
  const vscode = await ensureVscode();
  if (await underDisplay(vscode)) return;
  const grep = process.argv.slice(2).join(' ');
  await runSuite(vscode.executable, grep, 'trusted');
  // Desktop VS Code is always told by test-electron to trust every folder.
  if (vscode.kind === 'server' && (grep === '' || grep.includes('trust'))) {
    await runSuite(vscode.executable, grep, 'untrusted');
  }
  // Desktop VS Code speaks no language that is not installed.
  if (vscode.kind === 'server' && (grep === '' || grep.includes('translated'))) {
    await runSuite(vscode.executable, grep, 'translated');
  }
}

/** Suites by the window that they need: `out/vscode/untrusted*` runs without trust, `translated*` in a made-up language. */
type TestWindow = 'trusted' | 'untrusted' | 'translated';

async function runSuite(vscodeExecutablePath: string, grep: string, window: TestWindow): Promise<void> {
  const examples = await copyExamples();
  const folder = await mkdtemp(join(tmpdir(), 'promptrig-test-'));
  try {
    const userData = join(folder, 'user');
    await mkdir(join(userData, 'User'), { recursive: true });
    const settings = { ...quietSettings, 'security.workspace.trust.startupPrompt': 'never' };
    await writeFile(join(userData, 'User/settings.json'), JSON.stringify(settings));
    const extensions = join(folder, 'extensions');
    // Offers language models to the window, which the extension under test asks.
    await cp(join(repositoryRoot, 'test/host/lm-provider'), join(extensions, 'lm-provider'), { recursive: true });
    await runTests({
      vscodeExecutablePath,
      extensionDevelopmentPath:
        window === 'translated' ? await pseudoTranslated(join(folder, 'translated')) : repositoryRoot,
      extensionTestsPath: join(repositoryRoot, 'out/vscode/index.js'),
      launchArgs: [examples.folder, `--user-data-dir=${userData}`, `--extensions-dir=${extensions}`],
      extensionTestsEnv: {
        PROMPTRIG_TEST_GREP: grep,
        PROMPTRIG_TEST_WINDOW: window,
        ...(window === 'untrusted' ? { PROMPTRIG_WORKSPACE_TRUST: 'ask' } : {}),
        ...(window === 'translated' ? { PROMPTRIG_LOCALE: PSEUDO_LOCALE } : {}),
      },
    });
  } finally {
    await examples.remove();
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

runMain(main);
