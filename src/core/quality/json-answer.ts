import { place, quote } from './excerpt';

/**
 * Why an answer is not JSON, in words that lead to the fix: models rarely write broken JSON, they wrap it in a code fence or in
 * prose, or are cut off by their token limit, and "Unexpected token" says none of that. Searches by index only, so that
 * a long hostile answer costs linear time.
 */
export function describeNotJson(text: string, error: unknown): string {
  const trimmed = text.trim();
  if (trimmed === '') return 'is empty, not JSON';
  const fenced = unfence(trimmed);
  if (fenced !== null && parses(fenced)) {
    return 'is valid JSON inside a Markdown code fence (```): tell the prompt to answer with bare JSON';
  }
  const embedded = findEmbedded(trimmed);
  if (embedded !== null) {
    const around =
      embedded.before !== '' ? `${quote(embedded.before, 40)} before it` : `${quote(embedded.after, 40)} after it`;
    return `holds JSON with other text around it, ${around}: tell the prompt to answer with JSON alone`;
  }
  const message = error instanceof Error ? error.message : String(error);
  if (/unexpected end of json|unterminated string/i.test(message) || endsOpen(trimmed, message)) {
    return `is JSON that stops in the middle, after ${quote(trimmed.slice(-30))}: raise max_tokens, or ask for less`;
  }
  const at = / at position (\d+)/.exec(message)?.[1];
  const where = at === undefined ? '' : ` at ${place(text, Number(at))}`;
  return `is not JSON${where}: ${firstSentence(message)}; it starts ${quote(trimmed, 40)}`;
}

/** The text between the first fence and the last one; null where the answer is not wrapped in one. */
function unfence(text: string): string | null {
  if (!text.startsWith('```')) return null;
  const firstLineEnd = text.indexOf('\n');
  const close = text.lastIndexOf('```');
  return firstLineEnd < 0 || close <= firstLineEnd ? null : text.slice(firstLineEnd + 1, close);
}

function findEmbedded(text: string): { before: string; after: string } | null {
  for (const [open, close] of [
    ['{', '}'],
    ['[', ']'],
  ] as const) {
    const start = text.indexOf(open);
    const end = text.lastIndexOf(close);
    if (start < 0 || end <= start || (start === 0 && end === text.length - 1)) continue;
    if (parses(text.slice(start, end + 1))) {
      return { before: text.slice(0, start).trim(), after: text.slice(end + 1).trim() };
    }
  }
  return null;
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Node words a text that breaks off after a complete value as an unexpected character at its end. */
function endsOpen(text: string, message: string): boolean {
  const position = / at position (\d+)/.exec(message)?.[1];
  return /^[{[]/.test(text) && position !== undefined && Number(position) >= text.length;
}

/** Node appends the whole text to some messages: `Unexpected token 'a', "abc…" is not valid JSON`. */
function firstSentence(message: string): string {
  const comma = message.indexOf(', "');
  const cut = comma < 0 ? message : message.slice(0, comma);
  // It also names half of a character where the text starts with one beyond the basic plane.
  return cut.replace(/ in JSON at position.*$/s, '').replace(/[\ud800-\udfff]/gu, '�');
}
