/** HTML as browsers read it; part of the parsers' bundle. */
import { defaultTreeAdapter, parse, type DefaultTreeAdapterMap, type TreeAdapter } from 'parse5';
import { isHtmlElement } from '../html-elements';

class TooDeep extends Error {}

/** As browsers do: deeper elements become siblings there. It also bounds the work, which grows with depth times length. */
const DEEPEST = 512;

/**
 * Null where `text` as a whole is HTML, a document or a fragment; else why it is not. A browser reads anything as HTML, so
 * what is asked is that the text has an element of HTML and no prose around its elements.
 */
export function htmlProblem(text: string): string | null {
  const trimmed = text.trim();
  if (trimmed === '') return 'is empty';
  if (/^<\?xml\b/i.test(trimmed)) return 'is XML, not HTML: it starts with an XML declaration';
  // What starts with prose needs no parser, which takes a second for a megabyte.
  if (!trimmed.startsWith('<') && !/<body[\s/>]/i.test(trimmed)) return outside(/^[^<]*/.exec(trimmed)?.[0] ?? '');
  let document: DefaultTreeAdapterMap['document'];
  try {
    document = parse<DefaultTreeAdapterMap>(trimmed, { sourceCodeLocationInfo: true, treeAdapter: depthLimited() });
  } catch (error) {
    if (error instanceof TooDeep) return `nests elements more than ${DEEPEST} deep`;
    throw error;
  }
  const elements = elementsOf(document);
  const body = elements.find(({ tagName }) => tagName === 'body');
  if (body !== undefined && !isWritten(body)) {
    const prose = body.childNodes.find((node) => 'value' in node && node.value.trim() !== '');
    if (prose !== undefined && 'value' in prose) return outside(prose.value);
  }
  const known = elements.some((element) =>
    WRAPPERS.has(element.tagName) ? isWritten(element) : isHtmlElement(element.tagName),
  );
  return known ? null : 'has no element of HTML';
}

/** Made by the parser where the text has none. */
const WRAPPERS = new Set(['html', 'head', 'body']);

function isWritten({ sourceCodeLocation }: DefaultTreeAdapterMap['element']): boolean {
  return sourceCodeLocation?.startTag !== undefined;
}

function elementsOf(document: DefaultTreeAdapterMap['document']): DefaultTreeAdapterMap['element'][] {
  const elements: DefaultTreeAdapterMap['element'][] = [];
  const pending: DefaultTreeAdapterMap['node'][] = [document];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if ('tagName' in node) elements.push(node);
    if ('childNodes' in node) for (const child of node.childNodes) pending.push(child);
  }
  return elements;
}

function depthLimited(): TreeAdapter<DefaultTreeAdapterMap> {
  let depth = 0;
  return {
    ...defaultTreeAdapter,
    onItemPush: () => {
      if (++depth > DEEPEST) throw new TooDeep();
    },
    onItemPop: () => {
      depth--;
    },
  };
}

function outside(text: string): string {
  const line = text.slice(0, 200).trim().replace(/\s+/g, ' ');
  return `has text outside of any element: "${line.length > 40 ? `${line.slice(0, 40)}…` : line}"`;
}
