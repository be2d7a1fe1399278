/** The page of an HTML report: one file that asks nobody for anything. Data is JSON in elements that no browser executes. */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { PromptrigError, messageOf } from '../../util/errors';
import { xmlAttribute } from '../escape-xml';
import { plainJson } from '../plain';
import { themeStyles } from './theme';

/** The run panel's own files, as they are built. */
export interface PanelFiles {
  script: string;
  /** In the order in which they apply. */
  styles: string[];
  /** TrueType. */
  icons: Buffer;
}

/** Reads them from the folder of the webviews' bundles. @throws PromptrigError `unreadable` where the build is not whole */
export async function readPanelFiles(dir: string): Promise<PanelFiles> {
  try {
    const [script, icons, codicons, styles] = await Promise.all([
      fs.readFile(path.join(dir, 'run.js'), 'utf8'),
      fs.readFile(path.join(dir, 'codicon.ttf')),
      fs.readFile(path.join(dir, 'codicon.css'), 'utf8'),
      fs.readFile(path.join(dir, 'run.css'), 'utf8'),
    ]);
    return { script, styles: [codicons, styles], icons };
  } catch (error) {
    throw new PromptrigError('unreadable', `The page of the HTML report is not in ${dir}: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}

export interface PageData {
  /** Id of its element. */
  id: string;
  value: unknown;
}

/** @param fallback what a reader without scripts is told, as plain text */
export function reportPage(title: string, files: PanelFiles, data: readonly PageData[], fallback: string): string {
  const script = inScript(files.script);
  const styles = [themeStyles(), ...files.styles.map((sheet) => inStyle(withFont(sheet, files.icons)))];
  // Everything that runs or paints is named by its hash, so that nothing else in the file ever does. The controls add style
  // elements of their own, for which they read a nonce; it is no secret, and nothing of the data becomes an element.
  const nonce = createHash('sha256').update(script).update(styles.join('')).digest('hex').slice(0, 32);
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${styles.map(hashOf).join(' ')} 'nonce-${nonce}'`,
    'font-src data:',
    'img-src data: blob:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta property="csp-nonce" content="${nonce}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${xmlAttribute(title)}</title>
${styles.map((sheet) => `<style>${sheet}</style>`).join('\n')}
</head>
<body>
<div id="app"><noscript><p>${xmlAttribute(fallback)}</p></noscript></div>
${data.map(({ id, value }) => `<script type="application/json" id="${id}">${inJson(value)}</script>`).join('\n')}
<script>${script}</script>
</body>
</html>
`;
}

/** JSON that cannot end the element it stands in, nor open a comment or another element: it holds no `<` at all. */
export function inJson(value: unknown): string {
  return plainJson(JSON.stringify(value)).replaceAll('<', '\\u003c');
}

/** @throws PromptrigError where the bundle holds what would end its element early */
function inScript(script: string): string {
  if (/<\/script|<!--[^]*<script/i.test(script))
    throw new PromptrigError('internal', "The panel's script cannot stand inside of a page.");
  // A page's line breaks are normalized before hashes are compared.
  return script.replace(/\r\n?/g, '\n').trim();
}

function inStyle(sheet: string): string {
  if (/<\/style/i.test(sheet))
    throw new PromptrigError('internal', "The panel's styles cannot stand inside of a page.");
  return sheet.replace(/\r\n?/g, '\n').trim();
}

function withFont(sheet: string, font: Buffer): string {
  return sheet.replace(
    /url\("\.\/codicon\.ttf[^"]*"\)/,
    () => `url("data:font/ttf;base64,${font.toString('base64')}")`,
  );
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
