/** Texts that are put into a file: snippets of the editor, and scalars that YAML reads as the text they are. */

/** `text` as it stands, in a snippet. */
export function verbatim(text: string): string {
  return text.replace(/[\\$}]/g, '\\$&');
}

/** A stop of the cursor, with a text that is there already. */
export function stop(index: number, text = ''): string {
  return text === '' ? `$${index}` : `\${${index}:${verbatim(text)}}`;
}

/** A stop with a list to choose from. */
export function choices(index: number, options: readonly string[]): string {
  return `\${${index}|${options.map((option) => option.replace(/[\\,|]/g, '\\$&')).join(',')}|}`;
}

/** Whether YAML reads `text`, written without quotes, as this very text. */
export function isPlainSafe(text: string, flow: boolean): boolean {
  if (text === '' || text !== text.trim() || /[\n\r\t]/.test(text)) return false;
  if (/^[-?:](?:\s|$)|^[,[\]{}#&*!|>'"%@`]|:(?:\s|$)|\s#/.test(text)) return false;
  if (flow && /[,[\]{}]/.test(text)) return false;
  return !isOtherType(text);
}

/** What the YAML 1.2 core schema takes for something else than a text. */
function isOtherType(text: string): boolean {
  return (
    /^(?:true|false|null|~)$/i.test(text) ||
    /^[-+]?(?:\d[\d_]*|0x[\da-f]+|0o[0-7]+|(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|\.inf)$|^\.nan$/i.test(text)
  );
}

/** `text` as a scalar: plain where it can be, else in quotes that leave backslashes alone where they can. */
export function scalarOf(text: string, flow: boolean): string {
  if (isPlainSafe(text, flow)) return text;
  return /[\x00-\x1f\x7f]/.test(text) ? JSON.stringify(text) : `'${text.replaceAll("'", "''")}'`;
}

/** `text` as a part of a scalar in quotes. */
export function quotedPart(text: string, style: 'single' | 'double'): string {
  return style === 'single' ? text.replaceAll("'", "''") : JSON.stringify(text).slice(1, -1);
}
