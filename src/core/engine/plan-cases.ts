/** Cases with their templates rendered, and what load stages draw their requests from. */
import type { CasePlan, CodePlan, Json, Message, RequestTemplate, TurnPlan } from '../../protocol/plan';
import type { EvalSpec } from '../spec/schema';
import type { CaseSpec } from '../spec/schema-case';
import { assertionsOf, located } from '../spec/spec-lists';
import { parseDurationMs } from '../spec/units';
import { expandVars } from '../spec/variables';
import { planAssertion, warnOfCode, type AssertionContext } from './plan-assertions';
import { isFileReference, isSkipped, type ReferencedFiles, type TextSource } from './plan-files';
import type { MessageTemplate, Variant } from './plan-prompts';
import { CaseRenderer, TemplateReports, type Subject } from './plan-render';

export interface LocatedCase {
  value: CaseSpec;
  /** `/cases/0`, or `/dataset#12` of a row. */
  pointer: string;
  id: string;
  name: string;
  /** Where it stands in the file of the dataset; 1-based. */
  row?: { number: number; path: string; line: number };
}

export interface CaseSource extends AssertionContext {
  spec: EvalSpec;
  chosen: LocatedCase[];
  reports: TemplateReports;
  /** Overrides every other number of repeats. */
  repeat?: number;
}

/** A slip in `expand` should not become a million requests. Rows of a dataset have a bound of their own. */
export const MAX_CASES = 10_000;

/** The chosen cases with a variant's messages. Skipped ones keep their reason and render nothing. */
export function planCases(source: CaseSource, variant: Variant): CasePlan[] {
  const { problems } = source;
  const plans: CasePlan[] = [];
  /** What counts towards the bound: a row counts only for what it expands to. */
  let counted = 0;
  for (const item of source.chosen) {
    const { value, pointer } = item;
    const own = value.vars ?? {};
    const merged = { ...source.spec.vars, ...own };
    const { cases, overflow } = expandVars(merged, own, value.expand === true, MAX_CASES - counted);
    counted += item.row === undefined ? cases.length : cases.length - 1;
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
  const { spec, problems } = source;
  const base = {
    pointer: instance.pointer,
    id: instance.id,
    name: instance.name,
    vars: instance.vars,
    ...(value.expected === undefined ? {} : { expected: value.expected }),
    ...(value.threshold === undefined ? {} : { threshold: value.threshold }),
    repeat: source.repeat ?? value.repeat ?? spec.repeat ?? 1,
    weight: value.weight ?? 1,
    tags: [...new Set([...(spec.tags ?? []), ...(value.tags ?? [])])],
  };
  if (isSkipped(value.skip)) {
    const skip = typeof value.skip === 'string' ? value.skip : 'skipped by the file';
    return { ...base, messages: [], assertions: [], skip };
  }
  const subject: Subject =
    item.row === undefined ? { kind: 'case', name: instance.name } : { kind: 'row', ...item.row };
  const render = new CaseRenderer(instance.vars, subject, source.reports);
  const judging = new CaseRenderer(withExpected(instance.vars, value.expected), subject, source.reports);
  const messages = [
    ...render.messages(variant.messages),
    ...render.messages(caseMessages(value, item.pointer, source.files)),
  ];
  const turns = turnsOf(source, item, render, judging);
  if (messages.length === 0 && turns === undefined && !hasPrompt(spec)) {
    problems.at(
      'missing-prompt',
      'The case does not say what is asked: give it "messages" or "turns", or the file a "prompt".',
      item.pointer,
    );
  }
  const assertions = [...assertionsOf(spec.assert, '/assert'), ...assertionsOf(value.assert, `${item.pointer}/assert`)];
  const transform = transformOf(source, item);
  return {
    ...base,
    messages,
    ...(turns === undefined ? {} : { turns }),
    assertions: assertions.map((assertion) => planAssertion(assertion, judging, source)),
    ...(transform === undefined ? {} : { transform }),
  };
}

function hasPrompt({ prompt, messages, prompts }: EvalSpec): boolean {
  return prompt !== undefined || messages !== undefined || prompts !== undefined;
}

function withExpected(vars: Record<string, Json>, expected: Json | undefined): Record<string, Json> {
  return expected === undefined || Object.hasOwn(vars, 'expected') ? vars : { ...vars, expected };
}

function caseMessages(value: CaseSpec, pointer: string, files: ReferencedFiles): MessageTemplate[] {
  return located(value.messages, `${pointer}/messages`).flatMap((message): MessageTemplate[] => {
    const content = textOf(message.value.content, `${message.pointer}/content`, files);
    return content === undefined ? [] : [{ role: message.value.role, content }];
  });
}

/** A text in place, or that of a file; undefined, with a diagnostic, where that cannot be read. */
function textOf(text: string, pointer: string, files: ReferencedFiles): TextSource | undefined {
  return isFileReference(text) ? files.source(text, pointer) : { text, pointer };
}

function turnsOf(
  source: CaseSource,
  { value, pointer }: LocatedCase,
  render: CaseRenderer,
  judging: CaseRenderer,
): TurnPlan[] | undefined {
  if (value.turns === undefined) return undefined;
  return located(value.turns, `${pointer}/turns`).map(({ value: turn, pointer: at }): TurnPlan => {
    const user = textOf(turn.user, `${at}/user`, source.files);
    return {
      pointer: at,
      user: user === undefined ? '' : render.text(user),
      assertions: assertionsOf(turn.assert, `${at}/assert`).map((item) => planAssertion(item, judging, source)),
      thinkTimeMs: (turn.think_time === undefined ? null : parseDurationMs(turn.think_time)) ?? 0,
    };
  });
}

function transformOf(source: CaseSource, { value, pointer }: LocatedCase): CodePlan | undefined {
  if (value.transform === undefined) return undefined;
  const code = source.files.code(value.transform, `${pointer}/transform`);
  if (code !== undefined) warnOfCode('"transform"', `${pointer}/transform`, source);
  return code;
}

/**
 * What load stages send: every case of the run that is not skipped, once; where the file has no cases, the prompt itself with
 * the variables of the file. Of a conversation they send the first turn alone: what follows depends on an answer, and a
 * stage's schedule must not. (`sessions` of a stage are conversations under load.)
 */
export function requestPool(source: CaseSource, variant: Variant, cases: readonly CasePlan[]): RequestTemplate[] {
  const { spec } = source;
  if ((spec.cases ?? []).length > 0 || spec.dataset !== undefined) {
    return cases
      .filter(({ skip }) => skip === undefined)
      .map((item) => ({ casePointer: item.pointer, messages: firstRequest(item), weight: item.weight }));
  }
  if (variant.messages.length === 0) return [];
  const render = new CaseRenderer(spec.vars ?? {}, { kind: 'file' }, source.reports);
  return [{ messages: render.messages(variant.messages), weight: 1 }];
}

function firstRequest({ messages, turns }: CasePlan): Message[] {
  const [first] = turns ?? [];
  return first === undefined ? messages : [...messages, { role: 'user', content: first.user }];
}
