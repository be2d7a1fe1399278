import { isHtmlElement } from './html-elements';
import { tags, type Tag } from './tags';
import type { TextSpan } from './types';

/**
 * Elements that are HTML wherever a tag of theirs stands: those without an end, those whose end may be left out, and those
 * that nobody writes for anything else. `<title>` or `<time>` in prose may be a placeholder, and needs its end tag.
 */
const ALONE = new Set(
  (
    'br hr img input meta link wbr area col embed source track ' +
    'html head body p li dt dd td th tr tbody thead option ' +
    'div span a ul ol table form button script style h1 h2 h3 h4 h5 h6'
  ).split(' '),
);

const DOCTYPE = /<!doctype\s+html\b[^>]{0,200}>/i;

/** The first tags in a text that make it hold HTML, at most `most`; empty where it holds none. */
export function htmlTags(text: string, most: number): TextSpan[] {
  const found: TextSpan[] = [];
  const doctype = DOCTYPE.exec(text);
  if (doctype !== null) found.push({ start: doctype.index, end: doctype.index + doctype[0].length });
  const open = new Map<string, Tag>();
  for (const tag of tags(text)) {
    if (found.length >= most) break;
    const name = tag.name.toLowerCase();
    if (!isHtmlElement(name)) continue;
    if (tag.kind === 'close') {
      const first = open.get(name);
      if (first === undefined) continue;
      found.push({ start: first.start, end: first.end });
      open.delete(name);
    } else if (ALONE.has(name)) found.push({ start: tag.start, end: tag.end });
    else if (tag.kind === 'open') open.set(name, tag);
  }
  return found.sort((a, b) => a.start - b.start);
}
