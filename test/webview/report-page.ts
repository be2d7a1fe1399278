/** HTML reports in a real Chromium: written to disk, opened from there, without a network. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import type { HtmlLimits } from '../../src/core/report/html/limits';
import { HTML_LIMITS } from '../../src/core/report/html/limits';
import type { PanelFiles } from '../../src/core/report/html/page';
import { renderHtml } from '../../src/core/report/html/render';
import { launchBrowser } from '../host/browser';
import { bundleRunPanel } from './panel-page';

const ROOT = join(__dirname, '..', '..');

export interface OpenOptions {
  colorScheme?: 'light' | 'dark';
  forcedColors?: 'active' | 'none';
  width?: number;
}

export class ReportBrowser {
  private constructor(
    private readonly browser: Browser,
    private readonly files: PanelFiles,
    private readonly axe: string,
  ) {}

  static async start(): Promise<ReportBrowser> {
    const codicons = join(ROOT, 'node_modules/@vscode/codicons/dist');
    const [bundle, icons, sheet, axe] = await Promise.all([
      bundleRunPanel(),
      readFile(join(codicons, 'codicon.ttf')),
      readFile(join(codicons, 'codicon.css'), 'utf8'),
      readFile(join(ROOT, 'node_modules/axe-core/axe.min.js'), 'utf8'),
    ]);
    const text = (name: string) => bundle.get(name)?.toString('utf8') ?? '';
    const files = { script: text('run.js'), styles: [sheet, text('run.css')], icons };
    return new ReportBrowser(await launchBrowser(), files, axe);
  }

  /** Writes the report of these runs to `file`. */
  async write(dirs: string[], file: string, limits: Partial<HtmlLimits> = {}): Promise<void> {
    await writeFile(file, await renderHtml({ dirs, version: '1.2.3' }, this.files, { ...HTML_LIMITS, ...limits }));
  }

  async open(file: string, { colorScheme = 'light', forcedColors = 'none', width = 1100 }: OpenOptions = {}) {
    const context = await this.browser.newContext({ colorScheme, forcedColors, viewport: { width, height: 900 } });
    await context.setOffline(true);
    const page = await context.newPage();
    const report = new ReportPage(page, this.axe);
    await page.goto(pathToFileURL(file).href);
    await report.settle();
    return report;
  }

  async stop(): Promise<void> {
    await this.browser.close();
  }
}

export class ReportPage {
  /** Uncaught errors and everything that the page says on the console. */
  readonly errors: string[] = [];
  /** Addresses that were asked for, the file itself left out. */
  readonly asked: string[] = [];

  constructor(
    readonly page: Page,
    private readonly axe: string,
  ) {
    page.on('pageerror', (error) => this.errors.push(String(error)));
    page.on('console', (message) => this.errors.push(message.text()));
    page.on('request', (request) => {
      if (!/^(?:file:|data:font|blob:)/.test(request.url())) this.asked.push(request.url().slice(0, 200));
    });
  }

  async settle(): Promise<void> {
    await this.page.evaluate(
      'new Promise((done) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(done)), 130))',
    );
  }

  async texts(selector: string): Promise<string[]> {
    const texts = await this.page.locator(selector).allTextContents();
    return texts.map((text) => text.replace(/\s+/g, ' ').trim());
  }

  async accessibilityViolations(): Promise<string[]> {
    await this.page.evaluate(this.axe);
    return this.page.evaluate<string[]>(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => id + ': ' + html.slice(0, 200) + ' ' + failureSummary)))`);
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}
