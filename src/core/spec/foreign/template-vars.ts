/** Variables of templates, with the manners of other tools: what is undefined is no error there. */
import type { Json } from '../../../protocol/plan';
import type { ForeignContext } from './cursor';
import { parseTemplate, renderTemplate, type ParsedTemplate } from '../template';
import { setOwn } from '../own';

/** Renderings while a file is edited, where each change converts it anew. A run needs all of them. */
const MOST_WHILE_EDITING = 5_000;
/** A name may show up only once another is known: behind a condition, say. */
const MOST_ROUNDS = 20;

export class TemplateChecks {
  private renderings = 0;
  private readonly parsed = new Map<string, ParsedTemplate>();
  private readonly most: number;

  constructor({ env }: Pick<ForeignContext, 'env'>) {
    this.most = env === undefined ? MOST_WHILE_EDITING : Number.POSITIVE_INFINITY;
  }

  /** Paths of the variables that `text` reads and `vars` lacks. Empty for what cannot be read: the planner says why. */
  missing(text: string, vars: Record<string, Json>): string[] {
    const template = this.parse(text);
    if (!template.ok || template.template.root === null) return [];
    if (++this.renderings > this.most) return [];
    const rendered = renderTemplate(template.template, vars);
    return rendered.ok ? [] : rendered.problems.flatMap(({ variable }) => variable ?? []);
  }

  /**
   * The variables that have to be added for the texts to render, each with what `valueOf` gives its name.
   * @returns names of variables, or paths into one, with their values; `vars` is not changed
   */
  complete(texts: readonly string[], vars: Record<string, Json>, valueOf: (path: string) => Json): Map<string, Json> {
    const added = new Map<string, Json>();
    let known = vars;
    for (const text of texts) {
      for (let round = 0; round < MOST_ROUNDS; round++) {
        const paths = this.missing(text, known).filter((path) => !added.has(path));
        if (paths.length === 0) break;
        for (const path of paths) {
          // What was taken for a text turns out to be a map.
          for (const other of added.keys()) if (path.startsWith(`${other}.`)) added.delete(other);
          added.set(path, valueOf(path));
        }
        known = withPaths(vars, added);
      }
    }
    return added;
  }

  private parse(text: string): ParsedTemplate {
    const known = this.parsed.get(text);
    if (known !== undefined) return known;
    const fresh = parseTemplate(text);
    this.parsed.set(text, fresh);
    return fresh;
  }
}

/** `vars` with values at paths; one that has something else than a map in its way is left out. */
export function withPaths(vars: Record<string, Json>, values: ReadonlyMap<string, Json>): Record<string, Json> {
  let result = vars;
  for (const [path, value] of values) result = withPath(result, path, value) ?? result;
  return result;
}

/** `vars` with a value at a path such as `user.name`; undefined where something else than a map is in its way. */
export function withPath(vars: Record<string, Json>, path: string, value: Json): Record<string, Json> | undefined {
  const [head = '', ...rest] = path.split('.');
  if (!/^[A-Za-z_$][\w$]*$/.test(head)) return undefined;
  const result = { ...vars };
  if (rest.length === 0) {
    if (Object.hasOwn(vars, head)) return undefined;
    setOwn(result, head, value);
    return result;
  }
  const inner = Object.hasOwn(vars, head) ? vars[head] : {};
  if (inner === null || inner === undefined || typeof inner !== 'object' || Array.isArray(inner)) return undefined;
  const changed = withPath(inner, rest.join('.'), value);
  if (changed === undefined) return undefined;
  setOwn(result, head, changed);
  return result;
}

/** A text with a brace that opens nothing is a text: promptfoo sends it as it stands. */
export function asTemplate(text: string): string {
  if (!/\{%[^%]*$|\{\{[^}]*$|\{#[^#]*$/m.test(text) || parseTemplate(text).ok) return text;
  const literal = `{% raw %}${text}{% endraw %}`;
  return parseTemplate(literal).ok ? literal : text;
}

/** Every text inside a value. */
export function textsIn(value: Json): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return value === null || typeof value !== 'object' ? [] : Object.values(value).flatMap(textsIn);
}
