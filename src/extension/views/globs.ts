/** Globs of the settings, in the form that the editor's file search takes. */

/**
 * One glob for several: `{a,b}`. Braces are written out first, since the editor's globs do not nest them; each search and each
 * watcher costs a pass over the folder.
 */
export function joinGlobs(globs: readonly string[]): string {
  const flat = [...new Set(globs.flatMap(expandBraces))];
  const [first = ''] = flat;
  return flat.length <= 1 ? first : `{${flat.join(',')}}`;
}

/** `a{b,c{d,e}}` as `ab`, `acd`, `ace`. A glob whose braces do not close is left as it is. */
export function expandBraces(glob: string): string[] {
  const start = glob.indexOf('{');
  if (start < 0) return [glob];
  let depth = 0;
  const parts: string[] = [];
  let from = start + 1;
  for (let at = start; at < glob.length; at++) {
    const char = glob[at];
    if (char === '{') depth++;
    if (char === ',' && depth === 1) {
      parts.push(glob.slice(from, at));
      from = at + 1;
    }
    if (char !== '}') continue;
    depth--;
    if (depth > 0) continue;
    parts.push(glob.slice(from, at));
    const head = glob.slice(0, start);
    const tails = expandBraces(glob.slice(at + 1));
    return parts.flatMap(expandBraces).flatMap((part) => tails.map((tail) => head + part + tail));
  }
  return [glob];
}
