import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from './paths';

/** The language in which tests look for texts that nobody translates: ICU's name of one that is made up. */
export const PSEUDO_LOCALE = 'qps-ploc';

/** A copy of the extension whose texts are all in the made-up language: in brackets. */
export async function pseudoTranslated(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await symlink(join(repositoryRoot, 'media'), join(folder, 'media'));
  // Copied, not linked: VS Code tells by the real path of its code which extension asks for a text.
  for (const name of ['dist', 'package.json', 'package.nls.json'])
    await cp(join(repositoryRoot, name), join(folder, name), { recursive: true });
  await translate('package.nls.json', join(folder, `package.nls.${PSEUDO_LOCALE}.json`));
  await mkdir(join(folder, 'l10n'));
  await translate('l10n/bundle.l10n.json', join(folder, `l10n/bundle.l10n.${PSEUDO_LOCALE}.json`));
  return folder;
}

async function translate(from: string, to: string): Promise<void> {
  const texts = JSON.parse(await readFile(join(repositoryRoot, from), 'utf8')) as Record<string, string>;
  const translated = Object.entries(texts).map(([key, text]) => [key, `⟦${text}⟧`]);
  await writeFile(to, JSON.stringify(Object.fromEntries(translated)));
}
