/** Short, quoted pieces of long texts, for reasons that fit on a line. */

const LENGTH = 60;

/** The text in quotes with line breaks shown as `⏎`, cut in the middle of nothing: at most `length` characters and an ellipsis. */
export function quote(text: string, length = LENGTH): string {
  const cut = text.length > length ? `${sliceWhole(text, 0, length)}…` : text;
  return `"${oneLine(cut)}"`;
}

/** The text around `index` in quotes, with ellipses where something is left out. */
export function quoteAround(text: string, index: number, before = 20, after = 40): string {
  const start = Math.max(0, index - before);
  const end = Math.min(text.length, index + after);
  return `"${start > 0 ? '…' : ''}${oneLine(sliceWhole(text, start, end))}${end < text.length ? '…' : ''}"`;
}

/** `line 2, column 5` (both from 1) of a character of a text; only the column where the text has one line. */
export function place(text: string, index: number): string {
  const before = text.slice(0, index);
  const line = before.split('\n').length;
  const column = index - before.lastIndexOf('\n');
  return text.includes('\n') ? `line ${line}, column ${column}` : `character ${column}`;
}

/** Index of the first UTF-16 unit at which the two differ; the shorter's length where one continues the other. */
export function firstDifference(left: string, right: string): number {
  const end = Math.min(left.length, right.length);
  let index = 0;
  while (index < end && left.charCodeAt(index) === right.charCodeAt(index)) index++;
  return index;
}

/** Number of units that two texts share at their ends, not counting the `start` ones that they share at their starts. */
export function commonEnd(left: string, right: string, start: number): number {
  const most = Math.min(left.length, right.length) - start;
  let length = 0;
  while (length < most && left.charCodeAt(left.length - 1 - length) === right.charCodeAt(right.length - 1 - length)) {
    length++;
  }
  return length;
}

function oneLine(text: string): string {
  const lines = text.replaceAll('\r\n', '⏎').replaceAll('\n', '⏎').replaceAll('\r', '⏎').replaceAll('\t', ' ');
  // Half of a surrogate pair, which a model can write as an escape, cannot be stored as UTF-8.
  return lines.replace(/[\ud800-\udfff]/gu, '\ufffd');
}

/** `slice` that never leaves half of a surrogate pair at either end: half a pair prints as a replacement mark. */
export function sliceWhole(text: string, start: number, end: number): string {
  const from = isLowSurrogate(text, start) ? start + 1 : start;
  const to = isLowSurrogate(text, end) ? end - 1 : end;
  return text.slice(from, to);
}

function isLowSurrogate(text: string, index: number): boolean {
  const unit = text.charCodeAt(index);
  return index > 0 && unit >= 0xdc00 && unit <= 0xdfff;
}
