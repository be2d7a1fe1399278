/** JSON objects in the midst of what a model said. */

/** Places at which an object may begin that are tried: hostile text has a million braces. */
const MOST_STARTS = 64;

/**
 * Text without the thoughts that some models write before it. A template may have opened the tag already, so that only its end
 * is there; a tag that is never closed leaves nothing.
 */
export function withoutThinking(text: string): string {
  const end = /<\/(?:think|thinking|reasoning|thought)>/gi;
  let from = 0;
  for (const match of text.matchAll(end)) from = match.index + match[0].length;
  const rest = text.slice(from).trim();
  return /^<(?:think|thinking|reasoning|thought)>/i.test(rest) ? '' : rest;
}

/** Objects with balanced braces, the outermost ones, in order. */
export function objectsIn(text: string): string[] {
  const found: string[] = [];
  let from = text.indexOf('{');
  for (let tried = 0; from >= 0 && tried < MOST_STARTS; tried++) {
    const end = endOfObject(text, from);
    if (end < 0) {
      from = text.indexOf('{', from + 1);
      continue;
    }
    found.push(text.slice(from, end));
    from = text.indexOf('{', end);
  }
  return found;
}

/** Index behind the brace that closes the one at `from`, braces in JSON strings left out; -1 where none does. */
function endOfObject(text: string, from: number): number {
  let depth = 0;
  let inString = false;
  for (let i = from; i < text.length; i++) {
    const char = text[i];
    if (inString) {
      if (char === '\\') i++;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '{') depth++;
    else if (char === '}' && --depth === 0) return i + 1;
  }
  return -1;
}

/** The first JSON object in a text, of whatever form; null where there is none. */
export function firstObjectIn(text: string): Record<string, unknown> | null {
  for (const candidate of objectsIn(withoutThinking(text))) {
    try {
      return JSON.parse(candidate) as Record<string, unknown>;
    } catch {
      // Braces around something else: the next may be JSON.
      continue;
    }
  }
  return null;
}
