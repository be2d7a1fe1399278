/** Completion of paths of files, folder by folder. */
import type { LanguageDocument } from '../language-document';
import type { LanguageContext } from '../types';
import { isPlainSafe, verbatim } from '../snippet';
import type { Draft } from './draft';

export interface PathDrafts {
  drafts: Draft[];
  /** Offset within the text from which on it is replaced. */
  from: number;
}

/** Folders that hold nothing that a file would name. */
const HIDDEN = /^(?:\.|node_modules$)/;

/**
 * What may follow `before`, a path up to the cursor, with or without `file://`.
 * @param wanted names that are shown first
 * @param isPlain the path is written without quotes: a name that YAML would misread is left out
 */
export async function pathDrafts(
  document: LanguageDocument,
  context: LanguageContext,
  before: string,
  wanted: RegExp,
  isPlain: boolean,
): Promise<PathDrafts> {
  const bare = before.replace(/^file:\/\//, '');
  const slash = bare.lastIndexOf('/') + 1;
  const folder = document.resolve(bare.slice(0, slash) || '.');
  const entries = (await context.listFolder?.(folder)) ?? [];
  const self = document.resolve('.') === folder ? (document.path.split(/[\\/]/).at(-1) ?? '') : '';
  const drafts = entries
    .filter(({ name }) => !HIDDEN.test(name) && name !== self && (!isPlain || isPlainSafe(name, false)))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, isFolder }): Draft => ({
      label: isFolder ? `${name}/` : name,
      kind: isFolder ? 'folder' : 'file',
      snippet: verbatim(isFolder ? `${name}/` : name),
      group: !isFolder && wanted.test(name) ? 0 : isFolder ? 1 : 2,
      retrigger: isFolder,
      source: 'context',
    }));
  return { drafts, from: before.length - (bare.length - slash) };
}
