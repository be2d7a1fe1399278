/** Text of models and servers in XML: never markup, never a character that makes the document unreadable. */
import { plain } from './plain';

/** Lone halves of surrogate pairs and the two non-characters: XML 1.0 has no way to write them. */
const NOT_XML = /[\p{Cs}\ufffe\uffff]/gu;
const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

/** One line, for an attribute: line breaks become `⏎`, control characters and marks that reorder text their escapes. */
export function xmlAttribute(text: string): string {
  return escapeMarkup(plain(text));
}

/** Lines stay lines; everything else as in an attribute. */
export function xmlText(text: string): string {
  return text
    .split(/\r\n|\r|\n/)
    .map(xmlAttribute)
    .join('\n');
}

function escapeMarkup(text: string): string {
  return text
    .replace(NOT_XML, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replace(/[&<>"']/g, (mark) => ENTITIES[mark] ?? mark);
}
