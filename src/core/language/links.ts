/** Files that a file names. */
import type { LanguageDocument } from './language-document';
import { everyNode, scalarText, type LooseScalar, type Path } from './loose/nodes';
import { patternOf } from './slots';
import type { FileLink } from './types';

/** Keys whose value is a path without `file://`. */
const PATHS = /^(?:dataset|dataset\/path|(?:endpoints\/\*|judge)\/tls\/ca)$/;

/** A link for every path of a file; globs, and what lies on the network, have none. */
export function linksOf(document: LanguageDocument): FileLink[] {
  const tree = document.loose;
  const links: FileLink[] = [];
  for (const { node, path } of everyNode(tree.root)) {
    if (node.kind !== 'scalar' || node.style === 'block') continue;
    const reference = referenceIn(document, path, scalarText(tree, node));
    if (reference === undefined) continue;
    links.push({ range: document.range(inner(node)), path: document.resolve(reference) });
  }
  return links;
}

/** The path in a scalar; undefined where it holds none. */
export function referenceIn(document: LanguageDocument, path: Path, text: string): string | undefined {
  const isNative = document.kind === 'eval' || document.kind === 'workspace';
  const isPath = text.startsWith('file://') || (isNative && PATHS.test(patternOf(path)));
  if (!isPath || /[\n\r*?{}]|^\w+:\/\/(?<!^file:\/\/)/.test(text)) return undefined;
  // What follows the extension of a script names one of its functions; a part of a table of another tool is left out as well.
  const bare = text.replace(/^file:\/\//, '').replace(/(\.(?:[cm]?js|ts|py|rb)):[\w$.]+$/i, '$1');
  return bare.trim() === '' || bare.endsWith('/') ? undefined : bare;
}

/** A scalar without its quotes. */
function inner({ start, end, style, closed }: LooseScalar): { start: number; end: number } {
  const isQuoted = style === 'single' || style === 'double';
  return isQuoted ? { start: start + 1, end: closed ? end - 1 : end } : { start, end };
}
