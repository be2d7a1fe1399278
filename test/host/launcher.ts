import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { format } from 'node:util';
import type { Page } from 'playwright-core';
import { launchBrowser } from './browser';
import { ensureServer } from './install-server';
import { parseLauncherArguments } from './launcher-arguments';
import { tail, withoutNoise } from './log-text';
import { diagnosticsRoot, repositoryRoot } from './paths';
import { followSuiteLog } from './suite-log';
import { startServer } from './vscode-server';
import { windowUrl } from './window-url';

/** Environment variable: how long a suite may take in all, in ms. */
const timeoutVariable = 'PROMPTRIG_HOST_TIMEOUT_MS';
const defaultTimeoutMs = 600_000;
/** Environment variable: `ask` for a window in which a folder has to be trusted. */
const trustVariable = 'PROMPTRIG_WORKSPACE_TRUST';
/** Environment variable: the language of the window, which is that of `l10n/bundle.l10n.LANGUAGE.json` of extensions. */
const localeVariable = 'PROMPTRIG_LOCALE';

/** The module that runs in the extension host and calls the suite. */
const suiteRunner = join(repositoryRoot, 'test/host/suite-with-console.cjs');

type Outcome = { code: number } | { problem: string };

/**
 * Runs one extension test suite in the VS Code of the npm registry and ends this process with the suite's outcome:
 * 0 when it passed, 1 when it failed, hung or could not run, 128 + n on signal n. Server, extension host, browser and
 * temporary folders are gone by then.
 * @param argv desktop VS Code's arguments.
 */
export async function main(argv: readonly string[]): Promise<void> {
  process.exit(await runSuite(argv).catch(report));
}

async function runSuite(argv: readonly string[]): Promise<number> {
  const args = parseLauncherArguments(argv);
  const timeoutMs = Number(process.env[timeoutVariable] ?? defaultTimeoutMs);
  const cleanups: (() => Promise<void>)[] = [];
  const interrupted = signalled();
  try {
    const folder = await mkdtemp(join(tmpdir(), 'promptrig-suite-'));
    cleanups.unshift(() => rm(folder, { recursive: true, force: true }));
    const suiteLog = await followSuiteLog(join(folder, 'console'));
    cleanups.unshift(() => suiteLog.end());
    const isInstalledInto = args.extensionsDir !== undefined && existsSync(join(args.extensionsDir, 'extensions.json'));
    const server = await startServer(await ensureServer(), {
      ...args,
      // VS Code's own list says that it has installed what lies there; else its folders are put into one that it makes.
      extensionsDir: isInstalledInto ? args.extensionsDir : undefined,
      // test-electron always says that every folder is trusted.
      workspaceTrust: args.workspaceTrust || process.env[trustVariable] === 'ask',
      installedExtensions: isInstalledInto ? [] : await foldersIn(args.extensionsDir),
      env: { PROMPTRIG_SUITE: args.testsPath, PROMPTRIG_SUITE_LOG: join(folder, 'console') },
    });
    cleanups.unshift(() => server.stop());
    const browser = await launchBrowser();
    cleanups.unshift(() => browser.close());
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });

    const workbench = await listenToWorkbench(page);
    await speak(page, process.env[localeVariable]);
    const url = windowUrl({ ...server, folder: args.folder, testsPath: suiteRunner });
    const outcome = await Promise.race([
      page.goto(url, { waitUntil: 'domcontentloaded', timeout: 60_000 }).then(() => workbench.outcome),
      server.ended.then((what): Outcome => ({ problem: `${what} while the suite was running.` })),
      interrupted.then((signal): Outcome => ({ code: 128 + constants.signals[signal] })),
      timeout(timeoutMs),
    ]);
    await suiteLog.end();
    if ('code' in outcome) return outcome.code;
    console.error([outcome.problem, await diagnose(page), workbench.logTail(), server.logTail()].join('\n'));
    return 1;
  } finally {
    for (const cleanup of cleanups) await cleanup().catch(report);
  }
}

async function foldersIn(path: string | undefined): Promise<string[]> {
  if (path === undefined) return [];
  const entries = await readdir(path, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    // VS Code makes the folder where it is missing; here nothing is in it.
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(path, entry.name));
}

interface Workbench {
  /** Resolves when the suite has ended, or with the reason for which it never will. */
  outcome: Promise<Outcome>;
  logTail(): string;
}

/** Exposes to the page the two functions that VS Code's test driver calls; to be done before the page is opened. */
async function listenToWorkbench(page: Page): Promise<Workbench> {
  let log = '';
  await page.exposeFunction('codeAutomationLog', (type: string, args: unknown[]) => {
    log = `${log}${type}: ${format(...args)}\n`.slice(-100_000);
  });
  let exit = (_outcome: Outcome): void => undefined;
  const outcome = new Promise<Outcome>((resolve) => {
    exit = resolve;
  });
  await page.exposeFunction('codeAutomationExit', (code: number) => exit({ code }));
  page.once('crash', () => exit({ problem: 'The page with VS Code crashed.' }));
  page.once('close', () => exit({ problem: 'The page with VS Code was closed.' }));
  return { outcome, logTail: () => `--- workbench ---\n${tail(withoutNoise(log), 40)}` };
}

/** The workbench takes its language from this variable, which the server's own texts would set to English. */
async function speak(page: Page, locale: string | undefined): Promise<void> {
  if (locale === undefined) return;
  const language = JSON.stringify(locale);
  // As text: a function that was compiled for Node may call helpers that the page does not have.
  await page.addInitScript({
    content: `Object.defineProperty(globalThis, '_VSCODE_NLS_LANGUAGE', { get: () => ${language}, set: () => undefined });`,
  });
}

function timeout(ms: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const problem = `The suite did not end within ${ms / 1000} s (${timeoutVariable} changes that).`;
    setTimeout(() => resolve({ problem }), ms).unref();
  });
}

function signalled(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve(signal));
  });
}

async function diagnose(page: Page): Promise<string> {
  await mkdir(diagnosticsRoot, { recursive: true });
  const path = join(diagnosticsRoot, `hang-${process.pid}.png`);
  try {
    await page.screenshot({ path, timeout: 10_000 });
    return `Its window looked like this: ${path}`;
  } catch (error) {
    return `Its window could not be captured: ${String(error)}`;
  }
}

function report(error: unknown): number {
  console.error(error instanceof Error ? error.message : String(error));
  return 1;
}
