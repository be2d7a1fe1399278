import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import type { Window } from '../host/session';
import { PATIENCE_MS, until } from './until';

export type ViewName = 'Evals' | 'Endpoints' | 'Runs';

/** The parts of VS Code's window that the tests press and read, by what a person calls them. */
export class Workbench {
  readonly page: Page;
  readonly quickInput: Locator;
  readonly status: Locator;

  constructor(readonly window: Window) {
    this.page = window.page;
    this.quickInput = this.page.locator('.quick-input-widget:visible');
    this.status = this.page.locator('[id="promptrig.promptrig.promptrig.status"]');
  }

  get folder(): string {
    return this.window.folder;
  }

  /** Takes away what earlier tests have opened and written; what they ran is over by then. */
  async reset(): Promise<void> {
    // A quick input, a hover and a menu each take one.
    for (let times = 0; times < 3; times++) await this.page.keyboard.press('Escape');
    for (const id of [
      'workbench.action.files.revert',
      'workbench.action.closeAllEditors',
      'workbench.action.closePanel',
      'notifications.clearAll',
      'notifications.hideList',
      'testing.clearTestResults',
    ])
      await this.window.executeCommand(id);
    for (const name of await readdir(this.folder)) await rm(join(this.folder, name), { recursive: true, force: true });
  }

  /** Writes a file of the folder as another program would. */
  async write(name: string, text: string): Promise<string> {
    const path = join(this.folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    return path;
  }

  /** Writes a file and opens it. */
  async open(name: string, text: string, line = 0): Promise<void> {
    await this.write(name, text);
    await this.window.openFile(name, line);
    // An editor that loses the focus before it has asked for its lenses does not ask: VS Code waits until it has it again.
    await this.window.codeLens('').waitFor({ timeout: PATIENCE_MS });
  }

  /** A CodeLens above the first line that contains `text`, or the first of the file. */
  async pressLens(title: string): Promise<void> {
    await this.window.codeLens(title).click({ timeout: PATIENCE_MS });
  }

  // --- the sidebar

  pane(view: ViewName): Locator {
    return this.page.locator('.part.sidebar .pane').filter({
      has: this.page.locator(`.pane-header[aria-label^="${view}"]`),
    });
  }

  row(view: ViewName, text: string | RegExp): Locator {
    return this.pane(view).locator('.monaco-list-row', { hasText: text }).first();
  }

  async showSidebar(): Promise<void> {
    await this.window.executeCommand('promptrig.evals.focus');
    await this.pane('Evals').waitFor();
  }

  async expand(row: Locator): Promise<void> {
    await row.waitFor();
    if ((await row.getAttribute('aria-expanded')) !== 'true') await row.locator('.monaco-tl-twistie').click();
  }

  /** Presses an icon that shows on a row under the pointer. */
  async pressInline(row: Locator, title: string): Promise<void> {
    await row.hover();
    await row.locator(`.action-label[aria-label="${title}"]`).click();
  }

  /** Presses an entry of the context menu of a row. */
  async pressInMenu(row: Locator, title: string): Promise<void> {
    const menu = this.page.locator('.monaco-menu');
    const entry = menu.locator('.action-item', { hasText: title }).first();
    // Of a row that is redrawn the menu may be an older one.
    await until(`the menu of the row has "${title}"`, async () => {
      await row.click({ button: 'right' });
      await menu.first().waitFor();
      if (await entry.isVisible()) return true;
      await this.page.keyboard.press('Escape');
      return false;
    });
    // A menu that has just opened ignores the mouse for a moment, so that the press that opened it does not choose.
    await until(`the menu takes "${title}"`, async () => {
      if ((await menu.count()) === 0) return true;
      await entry.click({ timeout: 1_000 }).catch(() => undefined);
      return (await menu.count()) === 0;
    });
  }

  /** What a screen reader says of each row of a view. */
  async rows(view: ViewName): Promise<string[]> {
    return this.pane(view)
      .locator('.monaco-list-row')
      .evaluateAll((rows) => rows.map((row) => row.getAttribute('aria-label') ?? ''));
  }

  // --- the editor

  /** What stands behind the end of each line that is in view: line of the file, then the text of the decoration. */
  async lineEnds(): Promise<Map<string, string>> {
    const found = await this.page.evaluate(() => {
      const lines: [string, string][] = [];
      for (const line of document.querySelectorAll('.editor-group-container.active .view-lines > .view-line')) {
        const after = [...line.querySelectorAll('span')]
          .map((span) => getComputedStyle(span, '::after').content)
          .filter((content) => content !== 'none' && content !== 'normal');
        if (after.length > 0) lines.push([line.textContent ?? '', after.join('')]);
      }
      return lines;
    });
    return new Map(found.map(([line, css]) => [line.replaceAll('\u00a0', ' ').trim(), unquoted(css)]));
  }

  /** Waits until a line of the file says, at its end, what matches. */
  async lineEnd(line: string, text: RegExp): Promise<string> {
    return until(
      `the line "${line}" says ${String(text)}`,
      async () => {
        const said = (await this.lineEnds()).get(line);
        return said !== undefined && text.test(said) && said;
      },
      async () => [...(await this.lineEnds())],
    );
  }

  /** Waits until the status bar says what matches. */
  async statusSays(text: RegExp): Promise<string> {
    return until(
      `the status bar says ${String(text)}`,
      async () => {
        const said = await this.status.innerText({ timeout: 1_000 }).catch(() => '');
        return text.test(said) && said.trim();
      },
      async () => this.page.locator('.statusbar-item').allInnerTexts(),
    );
  }

  /** Waits for the end of a run that has been started: its progress, then how it ended. */
  async runEnds(): Promise<string> {
    return this.statusSays(/Promptrig: (passed|failed|inconclusive|could not be judged|run failed)/);
  }

  /**
   * Starts a run and waits for its end. The status bar of an earlier run must be gone first, or it would be taken for that of
   * this one.
   */
  async run(start: () => Promise<void>): Promise<string> {
    const before = await this.runCount();
    await start();
    await until('a run has begun', async () => (await this.runCount()) > before);
    return this.runEnds();
  }

  /** Runs that were begun, by their folders: those of this folder, and of files outside of it. */
  private async runCount(): Promise<number> {
    const names = await readdir(join(this.folder, '.promptrig/runs')).catch(() => []);
    return names.filter((name) => !name.startsWith('.')).length;
  }

  // --- the quick input

  /** Waits until the quick input has this title, which names its step. */
  async asks(title: string | RegExp): Promise<void> {
    await this.quickInput.locator('.quick-input-title', { hasText: title }).waitFor({ timeout: PATIENCE_MS });
  }

  choices(): Promise<string[]> {
    return this.quickInput
      .locator('.monaco-list-row')
      .evaluateAll((rows) => rows.map((row) => row.getAttribute('aria-label') ?? ''));
  }

  async choose(text: string | RegExp): Promise<void> {
    await this.quickInput.locator('.monaco-list-row', { hasText: text }).first().click({ timeout: PATIENCE_MS });
  }

  async type(text: string): Promise<void> {
    await this.quickInput.locator('input.input:visible').first().fill(text);
  }

  inputValue(): Promise<string> {
    return this.quickInput.locator('input.input:visible').first().inputValue();
  }

  async goBack(): Promise<void> {
    await this.quickInput.locator('.quick-input-left-action-bar .action-label[aria-label^="Back"]').click();
  }

  // --- notifications

  /** Waits for a notification. In a window that tests drive, VS Code collects them behind the bell and shows none by itself. */
  async notification(text: string | RegExp): Promise<Locator> {
    return until(`a notification says ${String(text)}`, async () => {
      await this.window.executeCommand('notifications.showList');
      const item = this.page.locator('.notifications-center .notification-list-item', { hasText: text }).first();
      return (await item.isVisible()) && item;
    });
  }

  async pressInNotification(text: string | RegExp, button: string): Promise<void> {
    const item = await this.notification(text);
    await item.hover();
    await item.locator('.monaco-button', { hasText: button }).click();
  }
}

/** The text of a CSS string: `"✓ 3/3"`. */
function unquoted(css: string): string {
  return css
    .replace(/^"|"$/g, '')
    .replace(/\\([0-9a-f]{1,6}) ?/gi, (_, hex: string) => String.fromCodePoint(parseInt(hex, 16)))
    .replace(/\\(.)/g, '$1')
    .trim();
}
