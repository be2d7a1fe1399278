import { createRequire } from 'node:module';
import * as path from 'node:path';
import type { LanguageBundle } from './language';
import type { SpecBundle } from './main';

let loaded: SpecBundle | null = null;
let loadedLanguage: LanguageBundle | null = null;

/**
 * The parser and planner, read from their own bundle on first use: a window without eval files never pays for YAML and
 * templates, and `activate` does not wait for them.
 */
export function specBundle(): SpecBundle {
  loaded ??= createRequire(__filename)(path.join(__dirname, 'spec.js')) as SpecBundle;
  return loaded;
}

/** The language features, which have a bundle of their own: reading and planning a file does not need them. */
export function languageBundle(): LanguageBundle {
  loadedLanguage ??= (createRequire(__filename)(path.join(__dirname, 'language.js')) as { language: LanguageBundle })
    .language;
  return loadedLanguage;
}
