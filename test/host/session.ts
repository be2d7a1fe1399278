import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Browser, Frame, Locator, Page } from 'playwright-core';
import { launchBrowser } from './browser';
import { driverExtensionPath, startDriver, type Driver } from './driver-client';
import { ensureServer } from './install-server';
import { diagnosticsRoot, repositoryRoot } from './paths';
import { quietSettings } from './settings';
import { startServer, type RunningServer } from './vscode-server';
import { windowUrl } from './window-url';

/** Names of built-in themes, one of each kind. */
export const themes = {
  light: 'Light Modern',
  dark: 'Dark Modern',
  'high-contrast': 'Default High Contrast',
  'high-contrast-light': 'Default High Contrast Light',
} as const;

export type Theme = keyof typeof themes;

export interface WindowRequest {
  /** Absolute path of the folder to open. */
  folder: string;
  /** Absolute path of the extension to load from its sources; this repository by default. */
  extensionPath?: string;
  theme?: Theme;
  /** User settings, on top of the quiet ones of every test window. */
  settings?: Record<string, unknown>;
  viewport?: { width: number; height: number };
  /** `ask` shows the question of Workspace Trust as a fresh VS Code does; without it every folder is trusted. */
  trust?: 'granted' | 'ask';
  /** A browser to open the window in; without it one is started, and ended by `close`. */
  browser?: Browser;
}

export interface Window {
  readonly page: Page;
  readonly folder: string;
  /** Runs a command by the title the palette shows, such as `Promptrig: Run Eval`. */
  runCommand(title: string): Promise<void>;
  /** Runs a command by its id, with arguments; resolves when the command does. */
  executeCommand(id: string, ...args: unknown[]): Promise<void>;
  /** Opens a file of the folder by its relative path, with the cursor on a line (0-based), and waits for its editor. */
  openFile(path: string, line?: number): Promise<void>;
  /** Waits until the text is visible in the workbench (webviews excluded). */
  waitForText(text: string | RegExp, timeoutMs?: number): Promise<void>;
  /** A CodeLens of the active editor by its text, the first where there are several. */
  codeLens(text: string): Locator;
  /** The document inside a webview that has an element matching the selector. */
  webview(selector: string, timeoutMs?: number): Promise<Frame>;
  setTheme(theme: Theme): Promise<void>;
  /** Changes a user setting; null removes it. */
  updateSetting(name: string, value: unknown): Promise<void>;
  /** Closes what notifies, hovers or asks, so that a screenshot shows the surface alone. */
  dismiss(): Promise<void>;
  /** Writes a PNG of the whole window, or of the part that matches the selector. */
  screenshot(path: string, selector?: string): Promise<void>;
  close(): Promise<void>;
}

const workbenchTimeoutMs = 60_000;
const defaultTimeoutMs = 20_000;

/**
 * Opens a VS Code window with the extension under development in it, in a headless browser.
 * @throws Error when the workbench does not come up; a screenshot of what did is kept in `.vscode-test/diagnostics`.
 */
export async function openWindow(request: WindowRequest): Promise<Window> {
  const theme = request.theme ?? 'dark';
  const cleanups: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const cleanup of cleanups.splice(0)) await cleanup();
  };
  try {
    const driver = await startDriver();
    cleanups.unshift(() => driver.close());
    const server = await startServer(await ensureServer(), {
      settings: { ...quietSettings, ...request.settings, 'workbench.colorTheme': themes[theme] },
      workspaceTrust: request.trust === 'ask',
      extension: request.extensionPath ?? repositoryRoot,
      installedExtensions: [driverExtensionPath],
      env: driver.env,
    });
    cleanups.unshift(() => server.stop());
    const browser = request.browser ?? (await launchBrowser());
    if (browser !== request.browser) cleanups.unshift(() => browser.close());
    const context = await browser.newContext({ viewport: request.viewport ?? { width: 1280, height: 800 } });
    cleanups.unshift(() => context.close());
    const page = await context.newPage();
    await page.goto(windowUrl({ ...server, folder: request.folder }), {
      waitUntil: 'domcontentloaded',
      timeout: workbenchTimeoutMs,
    });
    await workbenchReady(page, server, theme);
    return { page, folder: request.folder, ...actions(page, request.folder, driver), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function themeClass(theme: Theme): string {
  return { light: 'vs', dark: 'vs-dark', 'high-contrast': 'hc-black', 'high-contrast-light': 'hc-light' }[theme];
}

/** Waits for the folder's first row in the explorer, which is there once settings, theme and extension host are. */
async function workbenchReady(page: Page, server: RunningServer, theme: Theme): Promise<void> {
  const folderName = page.locator('.explorer-folders-view .monaco-list, .monaco-dialog-box').first();
  try {
    await folderName.waitFor({ timeout: workbenchTimeoutMs });
    await page.locator(`.monaco-workbench.${themeClass(theme)}`).waitFor({ timeout: workbenchTimeoutMs });
  } catch (error) {
    await mkdir(diagnosticsRoot, { recursive: true });
    const path = join(diagnosticsRoot, `window-${process.pid}.png`);
    await page.screenshot({ path });
    throw new Error(`The window did not come up; it looks like ${path}.\n${server.logTail()}`, { cause: error });
  }
}

type Actions = Omit<Window, 'page' | 'folder' | 'close'>;

function actions(page: Page, folder: string, driver: Driver): Actions {
  const quickInput = page.locator('.quick-input-widget:visible');
  return {
    // As a person does it: the palette, the title, the row with that title, a click.
    runCommand: async (title) => {
      await page.keyboard.press('F1');
      await quickInput.locator('input[type="text"]').first().fill(`>${title}`, { timeout: defaultTimeoutMs });
      // The list is filtered a moment after the text, so the first row may still be another command.
      await quickInput.locator('.monaco-list-row', { hasText: title }).first().click({ timeout: defaultTimeoutMs });
    },
    executeCommand: (id, ...args) => driver.executeCommand(id, ...args),
    updateSetting: (name, value) => driver.updateSetting(name, value),
    setTheme: async (next) => {
      await driver.updateSetting('workbench.colorTheme', themes[next]);
      await page.locator(`.monaco-workbench.${themeClass(next)}`).waitFor({ timeout: defaultTimeoutMs });
    },
    openFile: async (path, line = 0) => {
      await driver.openFile(join(folder, path), line);
      await page
        .locator('.tab.active', { hasText: basename(path) })
        .first()
        .waitFor({ timeout: defaultTimeoutMs });
    },
    waitForText: async (text, timeoutMs = defaultTimeoutMs) => {
      await page.getByText(text).first().waitFor({ timeout: timeoutMs });
    },
    codeLens: (text) => page.locator('.codelens-decoration a', { hasText: text }).first(),
    webview: (selector, timeoutMs = defaultTimeoutMs) => findWebview(page, selector, timeoutMs),
    dismiss: async () => {
      await page.keyboard.press('Escape');
      for (const close of await page.locator('.notification-toast .codicon-notifications-clear').all()) {
        await close.click({ force: true });
      }
      await page.mouse.move(0, 0);
    },
    screenshot: async (path, selector) => {
      await mkdir(dirname(path), { recursive: true });
      if (selector) await page.locator(selector).first().screenshot({ path });
      else await page.screenshot({ path });
    },
  };
}

/** A webview's own document sits two iframes deep: the page, VS Code's frame around it, and inside that the content. */
async function findWebview(page: Page, selector: string, timeoutMs: number): Promise<Frame> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    for (const frame of page.frames()) {
      const depth = frame.parentFrame()?.parentFrame();
      if (!depth || frame.isDetached()) continue;
      // A webview that is replaced while it is looked at takes its frame with it.
      const found = await frame.$(selector).catch(() => null);
      if (found) return frame;
    }
    await page.waitForTimeout(100);
  }
  throw new Error(`No webview with an element ${selector} came up within ${timeoutMs / 1000} s.`);
}
