import type { VariableUse } from '../templates/uses';

/** Variables as JavaScript reads them: `vars.name`, `context.vars['name']`. */
export function codeUses(code: string): VariableUse[] {
  const uses: VariableUse[] = [];
  for (const match of code.matchAll(/\bvars(?:\?\.|\.|(?:\?\.)?\[\s*["'`])([A-Za-z_$][\w$]*)/g)) {
    const name = match[1] ?? '';
    uses.push({ name, offset: match.index + match[0].length - name.length, within: [] });
  }
  return uses;
}
