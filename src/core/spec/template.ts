/** Templates of prompts, messages and assertion values: Nunjucks' syntax, data only, with located errors. */
import { parse, type NunjucksNode } from 'nunjucks/src/parser';
import { nearest } from '../metrics/nearest';
import { render, type RenderProblem } from './template-render';
import { MAX_TEXT_LENGTH, type TemplateValue } from './template-value';

export interface TemplateProblem {
  code: RenderProblem['code'] | 'template-syntax';
  message: string;
  /** UTF-16 units from the start of the template's text. */
  offset: number;
  length: number;
  /** Each replaces the text at `offset`, `length`. */
  replacements: string[];
  /** Path of an undefined variable, such as `user.nmae`. */
  variable?: string;
}

export interface Template {
  source: string;
  /** Null for a text without any template syntax. */
  root: NunjucksNode | null;
}

export type ParsedTemplate = { ok: true; template: Template } | { ok: false; problem: TemplateProblem };

export type RenderedTemplate = { ok: true; text: string } | { ok: false; problems: TemplateProblem[] };

/** Parses a template; never throws. */
export function parseTemplate(source: string): ParsedTemplate {
  if (!/\{[{%#]/.test(source)) return { ok: true, template: { source, root: null } };
  if (source.length > MAX_TEXT_LENGTH || (/\{[{%#]-/.test(source) && /\s{1000}/.test(source))) {
    // Nunjucks trims white space with a backtracking expression, quadratic in the longest run of it.
    const message = 'The template is too long, or holds too much white space beside a "-" tag.';
    return {
      ok: false,
      problem: { code: 'template-limit', message, offset: 0, length: source.length, replacements: [] },
    };
  }
  try {
    return { ok: true, template: { source, root: parse(source) } };
  } catch (error) {
    return { ok: false, problem: syntaxProblem(error, source) };
  }
}

/** Renders a parsed template with `variables`; never throws. Every undefined variable of the paths taken is reported. */
export function renderTemplate(
  template: Template,
  variables: { readonly [name: string]: TemplateValue },
): RenderedTemplate {
  if (template.root === null) return { ok: true, text: template.source };
  const { text, problems } = render(template.root, variables);
  if (problems.length === 0) return { ok: true, text };
  return { ok: false, problems: problems.map((problem) => locate(problem, template.source)) };
}

/** Parses and renders in one step. */
export function renderText(source: string, variables: { readonly [name: string]: TemplateValue }): RenderedTemplate {
  const parsed = parseTemplate(source);
  return parsed.ok ? renderTemplate(parsed.template, variables) : { ok: false, problems: [parsed.problem] };
}

function locate(problem: RenderProblem, source: string): TemplateProblem {
  const offset = offsetOf(source, problem.node.lineno, problem.node.colno);
  const base = { code: problem.code, message: problem.message };
  if (problem.variable === undefined)
    return { ...base, offset, length: wordLength(source, offset), replacements: problem.near ?? [] };
  const { path, last, known } = problem.variable;
  const quoted = /["']/.test(source.charAt(offset));
  const at = quoted ? offset + 1 : offset;
  return {
    ...base,
    offset: at,
    length: source.startsWith(last, at) ? last.length : wordLength(source, at),
    replacements: nearest(last, known),
    variable: path,
  };
}

function syntaxProblem(error: unknown, source: string): TemplateProblem {
  const found = error as { message?: unknown; lineno?: unknown; colno?: unknown };
  const isDeep = error instanceof RangeError;
  // A TypeError is the parser reading past the end of the template, which it has no message of its own for.
  const isCut = error instanceof TypeError;
  const raw =
    typeof found.message === 'string' ? found.message.replace(/^\(unknown path\)[^\n]*\n\s*/, '') : String(error);
  const reason = isDeep ? 'it is nested too deeply' : isCut ? 'it ends too early' : friendly(raw);
  const located = typeof found.lineno === 'number' && found.lineno > 0;
  const line = located ? (found.lineno as number) - 1 : 0;
  const column = located && typeof found.colno === 'number' ? Math.max(0, found.colno - 1) : 0;
  const offset = located ? offsetOf(source, line, column) : Math.max(0, source.search(/\{[{%#]/));
  return {
    code: isDeep ? 'template-limit' : 'template-syntax',
    message: `The template cannot be read: ${reason}.`,
    offset,
    length: wordLength(source, offset),
    replacements: [],
  };
}

function friendly(message: string): string {
  const plain = message.replace(/^parse\w+: /, '').replace(/\.$/, '');
  if (plain === 'expected variable end') return 'a "{{" is not closed by "}}"';
  if (/unexpected end of file|got end of file/.test(plain)) return 'it ends before a tag is closed';
  const tag = /^unknown block tag: (.*)$/.exec(plain)?.[1];
  if (tag !== undefined) return `there is no tag "${tag}" here`;
  return plain;
}

function offsetOf(source: string, line: number, column: number): number {
  let start = 0;
  for (let i = 0; i < line; i++) {
    const next = source.indexOf('\n', start);
    if (next < 0) return source.length;
    start = next + 1;
  }
  return Math.min(start + column, source.length);
}

function wordLength(source: string, offset: number): number {
  const word = /^(?:[\w$]+|\{[{%#]|\S)/.exec(source.slice(offset, offset + 100))?.[0];
  return Math.min(Math.max(1, word?.length ?? 1), Math.max(0, source.length - offset));
}
