/** The parsers of XML, HTML and SQL, loaded only where an assertion needs one. */
import { createRequire } from 'node:module';
import { messageOf, PromptrigError } from '../util/errors';
import type { Parsers } from './types';

const NAMES: readonly (keyof Parsers)[] = ['htmlProblem', 'sqlProblem', 'sqlUses', 'xmlMissing', 'xmlProblem'];
const loaded = new Map<string, Parsers>();

/**
 * Loads the separately bundled parsers. It takes some 200 ms once; the same path gives the same parsers.
 * @param entryPath absolute path of `dist/parsers.js`
 * @throws PromptrigError `not_found` where the file cannot be loaded or is something else
 */
export function loadParsers(entryPath: string): Parsers {
  const known = loaded.get(entryPath);
  if (known !== undefined) return known;
  const parsers = parsersOf(entryPath, requireModule(entryPath));
  loaded.set(entryPath, parsers);
  return parsers;
}

function requireModule(entryPath: string): unknown {
  try {
    return createRequire(entryPath)(entryPath) as unknown;
  } catch (error) {
    throw unusable(entryPath, messageOf(error), error);
  }
}

function parsersOf(entryPath: string, module: unknown): Parsers {
  const parsers = (module as { parsers?: Partial<Parsers> | null } | null)?.parsers;
  if (parsers !== undefined && parsers !== null && NAMES.every((name) => typeof parsers[name] === 'function')) {
    return parsers as Parsers;
  }
  throw unusable(entryPath, 'it does not export the parsers', undefined);
}

function unusable(entryPath: string, reason: string, cause: unknown): PromptrigError {
  return new PromptrigError(
    'not_found',
    `The parsers cannot be loaded from ${entryPath}, so XML, HTML and SQL cannot be checked. Install Promptrig anew, or build it with "npm run build".`,
    { reason, cause },
  );
}
