/** Templates of a case rendered; what is wrong with one is shown in the template, once, however many cases it fails. */
import { basename } from 'node:path';
import type { Json, Message } from '../../protocol/plan';
import { childPointer } from '../spec/pointer';
import { parseTemplate, renderTemplate, type ParsedTemplate, type TemplateProblem } from '../spec/template';
import { setOwn } from '../spec/own';
import type { TextSource } from './plan-files';
import type { Place, PlanProblems } from './plan-problems';
import type { MessageTemplate } from './plan-prompts';

/** Whose variables a template is rendered with. */
export type Subject =
  | { kind: 'case'; name: string }
  /** Of a dataset. */
  | { kind: 'row'; number: number; path: string; line: number }
  /** The variables of the file, where it has no cases. */
  | { kind: 'file' };

/** Parsed templates by their text: one prompt is rendered for every case. */
const parsed = new Map<string, ParsedTemplate>();
const MAX_PARSED = 2_000;

function parseOnce(text: string): ParsedTemplate {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  if (parsed.size >= MAX_PARSED) parsed.clear();
  const fresh = parseTemplate(text);
  parsed.set(text, fresh);
  return fresh;
}

interface RowProblem {
  source: TextSource;
  problem: TemplateProblem;
  first: Subject & { kind: 'row' };
  rows: Set<number>;
}

/** Problems of templates that rows of a dataset share: told once each, with the first row and how many there are. */
export class TemplateReports {
  private readonly ofRows = new Map<string, RowProblem>();

  constructor(private readonly problems: PlanProblems) {}

  report(source: TextSource, problem: TemplateProblem, subject: Subject): void {
    if (subject.kind !== 'row') {
      this.add(source, problem, subject.kind === 'case' ? ` (in case "${subject.name}")` : '');
      return;
    }
    // A template that stands in a row is that row's own.
    const isShared = source.file !== undefined || !source.pointer.startsWith('/dataset#');
    const key = isShared
      ? JSON.stringify([source.file?.path ?? source.pointer, problem.offset, problem.code, problem.variable])
      : JSON.stringify([source.pointer, problem.offset, problem.code, problem.variable]);
    const known = this.ofRows.get(key);
    if (known !== undefined) known.rows.add(subject.number);
    else this.ofRows.set(key, { source, problem, first: subject, rows: new Set([subject.number]) });
  }

  /** Hands over what was collected of rows. */
  flush(): void {
    for (const { source, problem, first, rows } of this.ofRows.values()) {
      const more = rows.size - 1;
      const others = more === 0 ? '' : ` and ${more} more ${more === 1 ? 'row' : 'rows'}`;
      this.add(source, problem, ` (in row ${first.number} of ${basename(first.path)}, line ${first.line}${others})`);
    }
    this.ofRows.clear();
  }

  private add(source: TextSource, problem: TemplateProblem, where: string): void {
    // Behind the first sentence, which is the one that names the variable.
    const message = problem.message.replace(/\.(?= |$)/, () => `${where}.`);
    const { path, range } = this.placeOf(source, problem);
    const suggestions = problem.replacements.map((newText) => ({
      title: `Change to "${newText}"`,
      edits: [{ range, newText }],
    }));
    const pointer = source.file === undefined ? { pointer: source.pointer } : {};
    this.problems.add({ code: problem.code, message, path, range, severity: 'error', ...pointer, suggestions });
  }

  private placeOf({ file, pointer }: TextSource, { offset, length }: TemplateProblem): Place {
    if (file !== undefined) return { path: file.path, range: file.lines.range(offset, offset + length) };
    return this.problems.placeWithin(pointer, offset, length);
  }
}

/** Renders the templates of one case. */
export class CaseRenderer {
  constructor(
    private readonly vars: Record<string, Json>,
    private readonly subject: Subject,
    private readonly reports: TemplateReports,
  ) {}

  messages(templates: readonly MessageTemplate[]): Message[] {
    return templates.map(({ role, content }) => ({ role, content: this.text(content) }));
  }

  /** Every text inside a value. */
  value(value: Json, pointer: string): Json {
    if (typeof value === 'string') return this.text({ text: value, pointer });
    if (Array.isArray(value)) return value.map((item, index) => this.value(item, childPointer(pointer, index)));
    if (value === null || typeof value !== 'object') return value;
    const result: { [key: string]: Json } = {};
    for (const [key, item] of Object.entries(value)) setOwn(result, key, this.value(item, childPointer(pointer, key)));
    return result;
  }

  /** The text of a template; empty, with a diagnostic, where it cannot be rendered. */
  text(source: TextSource): string {
    const template = parseOnce(source.text);
    const rendered = template.ok
      ? renderTemplate(template.template, this.vars)
      : { ok: false as const, problems: [template.problem] };
    if (rendered.ok) return rendered.text;
    for (const problem of rendered.problems) this.reports.report(source, problem, this.subject);
    return '';
  }
}
