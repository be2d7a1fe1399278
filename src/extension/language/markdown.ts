/**
 * Texts of models, servers and files as Markdown that shows them and obeys nothing in them: no link, no command, no HTML, no image,
 * no icon, and no mark that shows text in another order than it has.
 */

/** Controls that a hover may not hold; line breaks and tabs of a fenced text stay. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

function visible(text: string): string {
  return text.replace(UNSAFE, (sign) =>
    sign === '\n' || sign === '\t' ? sign : `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** One line of text whose signs mean nothing. */
export function escapeMarkdown(text: string): string {
  return (
    visible(text)
      .replace(/\s+/g, ' ')
      .replace(/[\\`*_{}[\]()#+\-!|<>~&@]/g, '\\$&')
      // A bare address would become a link.
      .replace(/:(?=\/\/)/g, '\\:')
      .replace(/\bwww\./gi, (www) => `${www.slice(0, 3)}\\.`)
      // Icons are looked for in what Markdown has made of the text: it must leave a backslash there.
      .replace(/\$(?=\\\()/g, '\\\\$')
  );
}

/** One line of text in the font of code. */
export function inlineCode(text: string): string {
  return `\`${visible(text)
    .replace(/[`|\s]+/g, ' ')
    .replaceAll('$(', '$ (')}\``;
}

/** Text of several lines, as it is, behind a fence that is longer than any run of backticks inside. */
export function fenced(text: string): string {
  const shown = visible(text.replace(/\r\n?/g, '\n'));
  const longest = Math.max(2, ...[...shown.matchAll(/`+/g)].map((match) => match[0].length));
  const bar = '`'.repeat(longest + 1);
  return `${bar}text\n${shown}\n${bar}`;
}

export const SPAN_START = '»';
export const SPAN_END = '«';

/** Text with marks around parts of it; inside of a fence nothing else could show them. Parts that overlap become one. */
export function withSpans(text: string, spans: readonly (readonly [number, number])[]): string {
  const merged: [number, number][] = [];
  for (const [start, end] of [...spans].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (end <= start || end > text.length || start < 0) continue;
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], end);
    else merged.push([start, end]);
  }
  let out = '';
  let at = 0;
  for (const [start, end] of merged) {
    out += `${text.slice(at, start)}${SPAN_START}${text.slice(start, end)}${SPAN_END}`;
    at = end;
  }
  return out + text.slice(at);
}

export function table(
  heads: readonly string[],
  aligns: readonly ('---' | '---:')[],
  rows: readonly string[][],
): string {
  return [heads, aligns, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
