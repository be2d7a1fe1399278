/** A text of several lines without the indentation that its first line has. */
export function dedent(strings: TemplateStringsArray, ...values: string[]): string {
  const text = strings.raw
    .map((part, index) => part.replaceAll('\\`', '`').replaceAll('\\${', '${') + (values[index] ?? ''))
    .join('')
    .replace(/^\n/, '');
  const indent = /^ */.exec(text)?.[0].length ?? 0;
  const lines = text.split('\n').map((line) => line.slice(Math.min(indent, line.search(/\S|$/))));
  return lines.join('\n').trimEnd() + '\n';
}
