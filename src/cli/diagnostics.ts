import type { Diagnostic } from '../core/spec/document';
import { displayWidth, truncate } from '../core/report/layout';
import { plain } from '../core/report/plain';
import type { Paint, Tone } from '../core/report/style';
import type { Severity } from '../protocol/plan';

const TONES: Record<Severity, Tone> = { error: 'bad', warning: 'unsure', info: 'accent' };
/** Characters kept before the range where a line is too long to show whole. */
const LEAD = 30;

/**
 * `path:line:col severity message (code)`, a form that editors and CI link, then the line of the file with the place marked
 * below it, then what to do about it. `text` is the file's text; without it the excerpt is left out.
 */
export function renderDiagnostic(
  diagnostic: Diagnostic,
  text: string | undefined,
  options: { paint: Paint; width: number; path: string },
): string {
  const { paint, width, path } = options;
  const { start } = diagnostic.range;
  const tone = TONES[diagnostic.severity];
  const place = `${plain(path)}:${start.line + 1}:${start.character + 1}`;
  const head = `${place} ${paint(tone, diagnostic.severity)} ${plain(diagnostic.message)} ${paint('dim', `(${diagnostic.code})`)}`;
  const excerpt = text === undefined ? [] : sourceExcerpt(diagnostic, text, paint, width);
  const fixes = diagnostic.suggestions.map((suggestion) => `    ${paint('good', `fix: ${plain(suggestion.title)}`)}`);
  return [head, ...excerpt, ...fixes].join('\n');
}

function sourceExcerpt({ range, severity }: Diagnostic, text: string, paint: Paint, width: number): string[] {
  const line = text.split(/\r\n|\r|\n/)[range.start.line];
  if (line === undefined || line.trim() === '') return [];
  const from = range.start.character > width - LEAD ? range.start.character - LEAD : 0;
  const before = (from > 0 ? '…' : '') + plain(line.slice(from, range.start.character));
  // A range over several lines is marked to the end of its first.
  const end = range.end.line === range.start.line ? range.end.character : line.length;
  const marked = plain(line.slice(range.start.character, end));
  const number = String(range.start.line + 1);
  const room = Math.max(20, width - number.length - 6);
  const shown = truncate(before + marked + plain(line.slice(end)), room);
  const carets = Math.max(1, Math.min(displayWidth(marked), room - displayWidth(before)));
  const gutter = ' '.repeat(number.length);
  return [
    `  ${paint('dim', `${number} |`)} ${shown}`,
    `  ${paint('dim', `${gutter} |`)} ${' '.repeat(displayWidth(before))}${paint(TONES[severity], '^'.repeat(carets))}`,
  ];
}

/** `2 errors, 1 warning`; `no problems` where there are none. */
export function countDiagnostics(diagnostics: readonly Diagnostic[]): string {
  const count = (severity: Severity, one: string) => {
    const n = diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
    return n === 0 ? '' : `${n} ${one}${n === 1 ? '' : 's'}`;
  };
  const parts = [count('error', 'error'), count('warning', 'warning'), count('info', 'note')].filter(
    (part) => part !== '',
  );
  return parts.length === 0 ? 'no problems' : parts.join(', ');
}
