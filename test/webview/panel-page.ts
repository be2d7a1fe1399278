/** The run panel in a real Chromium, under the content security policy that the editor gives it, with the test as its host. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import type { HostToRunPanel, RunPanelReply, RunPanelState, RunPanelToHost } from '../../src/protocol/run-panel';
import { launchBrowser } from '../host/browser';

export type ThemeName = 'dark' | 'light' | 'high-contrast' | 'high-contrast-light';
export const THEMES: ThemeName[] = ['dark', 'light', 'high-contrast', 'high-contrast-light'];

export interface Theme {
  bodyClass: string;
  variables: Record<string, string>;
}

const ROOT = join(__dirname, '..', '..');

/** What a default theme of VS Code sets in a webview, taken from a running one. */
export async function themes(): Promise<Record<ThemeName, Theme>> {
  const text = await readFile(join(__dirname, 'page', 'themes.json'), 'utf8');
  return JSON.parse(text) as Record<ThemeName, Theme>;
}

export type PanelName = 'run' | 'compare';

/** The run panel's bundle, as `npm run build` makes it. */
export async function bundleRunPanel(): Promise<Map<string, Buffer>> {
  return bundlePanel('run');
}

async function bundlePanel(name: PanelName): Promise<Map<string, Buffer>> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: { [name]: `webview/${name}/main.ts` },
    outdir: 'out',
    bundle: true,
    minify: true,
    platform: 'browser',
    target: 'chrome128',
    format: 'iife',
    legalComments: 'none',
    write: false,
    logLevel: 'warning',
  });
  return new Map(outputFiles.map(({ path, contents }) => [`${name}${extname(path)}`, Buffer.from(contents)]));
}

export class PanelBrowser {
  private constructor(
    private readonly browser: Browser,
    private readonly server: Server,
    private readonly allThemes: Record<ThemeName, Theme>,
  ) {}

  static async start(panel: PanelName = 'run'): Promise<PanelBrowser> {
    const [files, allThemes] = await Promise.all([bundlePanel(panel), themes()]);
    const codicons = join(ROOT, 'node_modules/@vscode/codicons/dist');
    for (const name of ['codicon.css', 'codicon.ttf']) files.set(name, await readFile(join(codicons, name)));
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://127.0.0.1');
      const theme = allThemes[(url.searchParams.get('theme') ?? 'dark') as ThemeName];
      const file = files.get(url.pathname.slice(1));
      if (url.pathname === '/') send(response, 'text/html', pageOf(panel, theme, randomBytes(12).toString('hex')));
      else if (url.pathname === '/theme.css') send(response, 'text/css', themeSheet(theme));
      else if (file !== undefined) send(response, TYPES[url.pathname.split('.').at(-1) ?? ''] ?? '', file);
      else response.writeHead(404).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new PanelBrowser(await launchBrowser(), server, allThemes);
  }

  async open(options: { theme?: ThemeName; width?: number; reducedMotion?: boolean } = {}): Promise<PanelPage> {
    const page = await this.browser.newPage({
      viewport: { width: options.width ?? 1100, height: 900 },
      reducedMotion: options.reducedMotion === true ? 'reduce' : 'no-preference',
    });
    const panel = new PanelPage(page, this.allThemes);
    await page.addInitScript({ path: join(__dirname, 'page', 'fake-host.js') });
    const { port } = this.server.address() as AddressInfo;
    await page.goto(`http://127.0.0.1:${port}/?theme=${options.theme ?? 'dark'}`);
    return panel;
  }

  async stop(): Promise<void> {
    await this.browser.close();
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

export class PanelPage {
  /** Uncaught errors and console errors of the page; empty in every healthy test. */
  readonly errors: string[] = [];
  private seq = 0;

  constructor(
    readonly page: Page,
    private readonly allThemes: Record<ThemeName, Theme>,
  ) {
    page.on('pageerror', (error) => this.errors.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(message.text());
    });
  }

  /** What the page posted since the last call. */
  async posted(): Promise<RunPanelToHost[]> {
    return this.page.evaluate<RunPanelToHost[]>('fakeHost.posted()');
  }

  async send(message: HostToRunPanel): Promise<void> {
    this.seq = message.seq;
    await this.page.evaluate(`fakeHost.send(${JSON.stringify(message)})`);
    await this.settle();
  }

  /** Answers something that the page has asked. */
  async reply(message: RunPanelReply): Promise<void> {
    await this.page.evaluate(`fakeHost.send(${JSON.stringify(message)})`);
    await this.settle();
  }

  async snapshot(state: RunPanelState, seq = this.seq + 1): Promise<void> {
    await this.send({ type: 'snapshot', seq, state });
  }

  async delta(...changes: Extract<HostToRunPanel, { type: 'delta' }>['changes']): Promise<void> {
    await this.send({ type: 'delta', seq: this.seq + 1, changes });
  }

  /** Waits until the message was handled and a frame with it was drawn: drawing is limited to ten a second. */
  async settle(): Promise<void> {
    await this.page.evaluate(
      'new Promise((done) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(done)), 130))',
    );
  }

  async setTheme(name: ThemeName): Promise<void> {
    await this.page.evaluate(`fakeHost.setTheme(${JSON.stringify(this.allThemes[name])})`);
    await this.settle();
  }

  /** Directives of the content security policy that something in the page violated. */
  async violations(): Promise<string[]> {
    return this.page.evaluate<string[]>('fakeHost.violations()');
  }

  async savedState(): Promise<unknown> {
    return this.page.evaluate('fakeHost.state()');
  }

  /** Pixels of a chart that have a colour of the palette. */
  async pixels(selector: string, color: string): Promise<number> {
    const [, r = '0', g = '0', b = '0'] = /^#(..)(..)(..)$/.exec(color) ?? [];
    const rgb = [r, g, b].map((part) => Number.parseInt(part, 16)).join(',');
    return this.page.evaluate<number>(`fakeHost.pixels(${JSON.stringify(selector)}, ${JSON.stringify(rgb)})`);
  }

  /** What axe-core finds, as `rule: element` lines. */
  async accessibilityViolations(): Promise<string[]> {
    const loaded = await this.page.evaluate<boolean>("typeof axe !== 'undefined'");
    // Evaluated rather than added as a script: the page's policy rightly refuses a script without its nonce.
    if (!loaded) await this.page.evaluate(await readFile(join(ROOT, 'node_modules/axe-core/axe.min.js'), 'utf8'));
    return this.page.evaluate<string[]>(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => id + ': ' + html.slice(0, 200) + ' ' + failureSummary)))`);
  }

  async texts(selector: string): Promise<string[]> {
    const texts = await this.page.locator(selector).allTextContents();
    return texts.map((text) => text.replace(/\s+/g, ' ').trim());
  }

  async close(): Promise<void> {
    await this.page.close();
  }
}

const TYPES: Record<string, string> = { js: 'text/javascript', css: 'text/css', ttf: 'font/ttf' };

function send(response: import('node:http').ServerResponse, type: string, body: string | Buffer): void {
  response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
}

function themeSheet({ variables }: Theme): string {
  const lines = Object.entries(variables).map(([name, value]) => `${name}: ${value};`);
  return `:root { ${lines.join(' ')} }`;
}

/** The page that the extension writes, with `'self'` for the editor's own source of files. */
function pageOf(panel: PanelName, { bodyClass }: Theme, nonce: string): string {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "font-src 'self'",
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta property="csp-nonce" content="${nonce}">
<title>Panel</title>
<link rel="stylesheet" href="theme.css${bodyClass === '' ? '' : `?theme=${themeOf(bodyClass)}`}">
<link rel="stylesheet" href="codicon.css">
<link rel="stylesheet" href="${panel}.css">
</head>
<body class="${bodyClass}">
<div id="app"></div>
<script nonce="${nonce}" src="${panel}.js"></script>
</body>
</html>`;
}

function themeOf(bodyClass: string): ThemeName {
  return (bodyClass.split(' ')[0] ?? '').replace('vscode-', '') as ThemeName;
}
