/**
 * Text of models, servers and files in Markdown that GitHub and GitLab render: never a tag, a link, an image, a mention of a person
 * (which would send a mail) or a reference to an issue. Inside code nothing of that is read, so that is where such text goes.
 */
import { plain } from './plain';

/** One line as a code span. */
export function codeSpan(text: string): string {
  const line = plain(text);
  if (line.trim() === '') return '``` ```';
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  // A space at both ends is taken off again, and keeps a backtick at an end of the text from joining the fence.
  const padded = /^[` ]|[` ]$/.test(line) ? ` ${line} ` : line;
  return fence + padded + fence;
}

/**
 * The same in a cell of a table, which ends at the first bar whatever surrounds it, and whose escapes with a backslash are read
 * differently by different readers: every mark is a character reference, which none of them takes for markup.
 */
export function codeCell(text: string): string {
  const line = plain(text).replace(/[!-/:-@[-`{-~]/g, (mark) => `&#${mark.charCodeAt(0)};`);
  return line.trim() === '' ? '' : `<code>${line}</code>`;
}

/** Lines as a block of code, whose fence is longer than any in the text. */
export function codeBlock(text: string): string {
  const lines = text.split(/\r\n|\r|\n/).map(plain);
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(Math.max(3, longest + 1));
  return [`${fence}text`, ...lines, fence].join('\n');
}
