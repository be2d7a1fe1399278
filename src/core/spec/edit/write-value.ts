/** New values as YAML text, in the style in which people write the format. */
import { Document, isCollection, isMap, isPair, isScalar, isSeq, visit, type Scalar } from 'yaml';

const FORM = { lineWidth: 0, indent: 2, flowCollectionPadding: true } as const;

/** The lines of a value in block style. Inside of an item of a list, plain maps take one line: `price: { input: 1 }`. */
export function blockLines(value: unknown): string[] {
  const document = new Document(value, { version: '1.2' });
  visit(document, {
    Collection: (_, node, path) => {
      const list = path.findIndex(isSeq);
      const isInsideItem = list >= 0 && path.slice(list).some(isMap);
      if (isInsideItem && node.items.length > 0 && node.items.every(isPlain)) node.flow = true;
    },
  });
  return document.toString(FORM).replace(/\n$/, '').split('\n');
}

/** A value in one line, for inside of brackets. */
export function flowText(value: unknown): string {
  const document = new Document(value, { version: '1.2' });
  if (isCollection(document.contents)) document.contents.flow = true;
  // Padding keeps `{ a: 1 }` apart; a list of one map needs none: `[{ a: 1 }]`.
  return document.toString(FORM).replace(/\n$/, '').replaceAll('\n', ' ');
}

/** A text for the place of another, in the quotes that it had. */
export function scalarText(value: string, like?: Scalar): string {
  const document = new Document(value, { version: '1.2' });
  const { contents } = document;
  const quoted = like?.type === 'QUOTE_DOUBLE' || like?.type === 'QUOTE_SINGLE';
  if (quoted && isScalar(contents)) contents.type = like.type;
  return document.toString(FORM).replace(/\n$/, '');
}

function isPlain(item: unknown): boolean {
  return !isCollection(isPair(item) ? item.value : item);
}
