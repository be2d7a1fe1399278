import { dirname, resolve } from 'node:path';
import type { Diagnostic } from '../../spec/document';
import { withoutBom } from '../../spec/lines';
import type { EvalDocument } from '../../spec/parse';
import type { Awaitable } from '../types';
import { textPlaces } from '../variables/places';
import { semanticFindings, type SemanticContext } from './check';

/**
 * The semantic findings of a file, with the files that its prompts stand in: whether a variable is read may depend on them.
 * @param readText text of a file by its absolute path; undefined where it cannot be read, which others report
 */
export async function findingsWithFiles(
  text: string,
  document: EvalDocument,
  context: Omit<SemanticContext, 'readReference'>,
  readText: (path: string) => Awaitable<string | undefined>,
): Promise<Diagnostic[]> {
  const references = textPlaces(document.root, document.kind)
    .map(({ node }) => String(node.value))
    .filter((reference) => reference.startsWith('file://'));
  const texts = new Map<string, string>();
  for (const reference of new Set(references)) {
    // Behind the extension of code stands the name of its export.
    const path = reference.replace(/^file:\/\//, '').replace(/(\.[cm]?js):[\w$.]+$/i, '$1');
    const content = await readText(resolve(dirname(document.path), path));
    if (content !== undefined) texts.set(reference, withoutBom(content));
  }
  return semanticFindings(text, document, { ...context, readReference: (reference) => texts.get(reference) });
}
