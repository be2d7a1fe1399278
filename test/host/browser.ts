import { chromium, type Browser } from 'playwright-core';
import { ensureChromium } from './ensure-chromium';

/** Chromium, headless unless asked otherwise, that talks to nobody but the page it opens. */
export async function launchBrowser(options: { headless?: boolean } = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: await ensureChromium(),
    headless: options.headless ?? true,
    // The caller ends the browser itself, after it has kept what explains a failure.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    args: [
      // Chromium's sandbox does not start as root nor in most containers; only our own pages are opened.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Containers often have a /dev/shm of 64 MB, on which the workbench crashes.
      '--disable-dev-shm-usage',
    ],
  });
}
