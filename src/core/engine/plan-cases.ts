/** Cases with their templates rendered, and what load stages draw their requests from. */
import type { AssertionPlan, CasePlan, Json, Message, RequestTemplate } from '../../protocol/plan';
import { limitOf, normalizeAssertion } from '../spec/assertions';
import { childPointer } from '../spec/pointer';
import { assertionType, type AssertionSpec } from '../spec/schema-assertion';
import type { EvalSpec } from '../spec/schema';
import type { CaseSpec } from '../spec/schema-case';
import { assertionsOf, located, type Located } from '../spec/spec-lists';
import { parseTemplate, renderTemplate, type ParsedTemplate, type TemplateProblem } from '../spec/template';
import { setOwn } from '../spec/tree';
import { expandVars } from '../spec/variables';
import { isFileReference, isSkipped, type ReferencedFiles, type TextSource } from './plan-files';
import type { PlanProblems } from './plan-problems';
import type { MessageTemplate, Variant } from './plan-prompts';

export interface LocatedCase {
  value: CaseSpec;
  pointer: string;
  id: string;
  name: string;
}

export interface CaseSource {
  spec: EvalSpec;
  chosen: LocatedCase[];
  files: ReferencedFiles;
  problems: PlanProblems;
  /** Overrides every other number of repeats. */
  repeat?: number;
}

/** A slip in `expand` should not become a million requests. */
export const MAX_CASES = 10_000;

/** The chosen cases with a variant's messages. Skipped ones keep their reason and render nothing. */
export function planCases(source: CaseSource, variant: Variant): CasePlan[] {
  const { problems } = source;
  const plans: CasePlan[] = [];
  for (const item of source.chosen) {
    const { value, pointer } = item;
    const own = value.vars ?? {};
    const merged = { ...source.spec.vars, ...own };
    const { cases, overflow } = expandVars(merged, own, value.expand === true, MAX_CASES - plans.length);
    if (overflow) problems.at('too-many-cases', `The file has more than ${MAX_CASES} cases.`, pointer);
    cases.forEach(({ vars, suffix }, index) => {
      plans.push(
        planCase(source, variant, item, {
          vars,
          // Combinations of one case share its place in the file, and must not share their answers.
          pointer: index === 0 ? pointer : `${pointer}#${index + 1}`,
          id: suffix === '' ? item.id : `${item.id} (${suffix})`,
          name: suffix === '' ? item.name : `${item.name} (${suffix})`,
        }),
      );
    });
  }
  return plans;
}

interface Instance {
  vars: Record<string, Json>;
  pointer: string;
  id: string;
  name: string;
}

function planCase(source: CaseSource, variant: Variant, item: LocatedCase, instance: Instance): CasePlan {
  const { value } = item;
  const { spec, files, problems } = source;
  const skipped = isSkipped(value.skip);
  const render = new CaseRenderer(instance.vars, instance.name, problems);
  const assertionVars = withExpected(instance.vars, value.expected);
  const renderAssertion = new CaseRenderer(assertionVars, instance.name, problems);
  const assertions = [...assertionsOf(spec.assert, '/assert'), ...assertionsOf(value.assert, `${item.pointer}/assert`)];
  return {
    pointer: instance.pointer,
    id: instance.id,
    name: instance.name,
    messages: skipped
      ? []
      : [...render.messages(variant.messages), ...render.messages(caseMessages(value, item.pointer, files))],
    vars: instance.vars,
    ...(value.expected === undefined ? {} : { expected: value.expected }),
    assertions: skipped ? [] : assertions.map((assertion) => planAssertion(assertion, renderAssertion, files)),
    repeat: source.repeat ?? value.repeat ?? spec.repeat ?? 1,
    weight: value.weight ?? 1,
    tags: [...new Set([...(spec.tags ?? []), ...(value.tags ?? [])])],
    ...(skipped ? { skip: typeof value.skip === 'string' ? value.skip : 'skipped by the file' } : {}),
  };
}

function withExpected(vars: Record<string, Json>, expected: Json | undefined): Record<string, Json> {
  return expected === undefined || Object.hasOwn(vars, 'expected') ? vars : { ...vars, expected };
}

function caseMessages(value: CaseSpec, pointer: string, files: ReferencedFiles): MessageTemplate[] {
  return located(value.messages, `${pointer}/messages`).flatMap((message): MessageTemplate[] => {
    const at = `${message.pointer}/content`;
    if (!isFileReference(message.value.content))
      return [{ role: message.value.role, content: { text: message.value.content, pointer: at } }];
    const content = files.sources.get(at);
    return content === undefined ? [] : [{ role: message.value.role, content }];
  });
}

function planAssertion(
  { value: spec, pointer }: Located<AssertionSpec>,
  render: CaseRenderer,
  files: ReferencedFiles,
): AssertionPlan {
  const assertion = normalizeAssertion(spec);
  const at = childPointer(pointer, assertion.valueKey);
  const kind = assertionType(assertion.type)?.value;
  const isCode = assertion.type === 'javascript';
  const value =
    assertion.value === undefined || isCode
      ? assertion.value
      : (files.data.get(at) ?? render.value(assertion.value, at));
  // A limit that is a template is known only now.
  const threshold = assertion.threshold ?? (kind?.startsWith('limit-') === true ? limitOf(kind, value) : undefined);
  return {
    pointer,
    type: assertion.type,
    negate: assertion.negate,
    ...(value === undefined ? {} : { value }),
    ...(threshold === undefined ? {} : { threshold }),
    weight: assertion.weight,
    ...(assertion.name === undefined ? {} : { name: assertion.name }),
    severity: assertion.severity,
  };
}

/**
 * What load stages send: every case of the run that is not skipped, once; where the file has no cases, the prompt itself with
 * the variables of the file.
 */
export function requestPool(source: CaseSource, variant: Variant, cases: readonly CasePlan[]): RequestTemplate[] {
  if ((source.spec.cases ?? []).length > 0) {
    return cases
      .filter(({ skip }) => skip === undefined)
      .map(({ pointer, messages, weight }) => ({ casePointer: pointer, messages, weight }));
  }
  if (variant.messages.length === 0) return [];
  const render = new CaseRenderer(source.spec.vars ?? {}, null, source.problems);
  return [{ messages: render.messages(variant.messages), weight: 1 }];
}

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

class CaseRenderer {
  constructor(
    private readonly vars: Record<string, Json>,
    /** Null where the file has no cases. */
    private readonly caseName: string | null,
    private readonly problems: PlanProblems,
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

  private text(source: TextSource): string {
    const template = parseOnce(source.text);
    const rendered = template.ok
      ? renderTemplate(template.template, this.vars)
      : { ok: false as const, problems: [template.problem] };
    if (rendered.ok) return rendered.text;
    for (const problem of rendered.problems) this.report(source, problem);
    return '';
  }

  private report(source: TextSource, problem: TemplateProblem): void {
    const inCase = this.caseName === null ? '' : ` (in case "${this.caseName}")`;
    const message = problem.message.replace(/\.(?= |$)/, `${inCase}.`);
    const { document } = this.problems;
    if (source.file !== undefined) {
      const { path, lines } = source.file;
      const range = lines.range(problem.offset, problem.offset + problem.length);
      const suggestions = problem.replacements.map((newText) => ({
        title: `Change to "${newText}"`,
        edits: [{ range, newText }],
      }));
      this.problems.add({ code: problem.code, message, path, range, severity: 'error', suggestions });
      return;
    }
    const range =
      document.rangeWithin(source.pointer, problem.offset, problem.length) ??
      document.rangeOf(source.pointer) ??
      document.outline.nameRange;
    const suggestions = problem.replacements.map((newText) => ({
      title: `Change to "${newText}"`,
      edits: [{ range, newText }],
    }));
    this.problems.add({ code: problem.code, message, range, severity: 'error', pointer: source.pointer, suggestions });
  }
}
