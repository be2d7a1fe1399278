/** `npm test`: builds, runs every suite whatever became of the one before it, and ends with their sum in one line. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasServer } from '../test/host/install-server';
import { suiteCounts } from './suite-counts';

const suites = ['test:unit', 'test:webview', 'test:vscode', 'test:vsix', 'test:ui'];
/** Presses the buttons of a window in a browser, which takes the VS Code of the npm registry. */
const suitesInBrowser = new Set(['test:ui']);

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'promptrig-counts-'));
  let passed = 0;
  let failed = 0;
  const problems: string[] = [];
  try {
    if ((await npmRun('build')) !== 0) {
      failed += 1;
      problems.push('build failed');
    }
    for (const suite of suites) {
      if (suitesInBrowser.has(suite) && !hasServer()) {
        console.log(`\n== ${suite} is left out: there is no VS Code for this platform on the npm registry.`);
        continue;
      }
      const counts = join(folder, suite.replace(':', '-'));
      const startedAt = Date.now();
      const exitCode = await npmRun(suite, { PROMPTRIG_TEST_COUNTS: counts });
      const result = suiteCounts(await readIfThere(counts), exitCode);
      console.log(`${suite}: ${result.passed} passed, ${result.failed} failed in ${seconds(Date.now() - startedAt)}`);
      passed += result.passed;
      failed += result.failed;
      problems.push(...result.problems.map((problem) => `${suite}: ${problem}`));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  for (const problem of problems) console.log(problem);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

/** Runs a script of package.json with its output shown; resolves to its exit code, null when a signal ended it. */
function npmRun(script: string, env: NodeJS.ProcessEnv = {}): Promise<number | null> {
  console.log(`\n== ${script}`);
  return new Promise((resolve, reject) => {
    const child = spawn('npm', ['run', '--silent', script], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...env },
      shell: process.platform === 'win32',
    });
    child.once('error', reject);
    child.once('close', resolve);
  });
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

void main();
