/** Assertions as they are evaluated: values rendered, files read, judges looked up, members of sets planned too. */
import type { AssertionPlan, Json } from '../../protocol/plan';
import { limitOf, type NormalAssertion } from '../spec/assertions';
import { childPointer } from '../spec/pointer';
import { assertionType, type AssertionSpec, type AssertionValueKind } from '../spec/schema-assertion';
import type { Located } from '../spec/spec-lists';
import { messageOf } from '../util/errors';
import { isFileReference, type ReferencedFiles } from './plan-files';
import type { JudgeBook } from './plan-judge';
import type { PlanProblems } from './plan-problems';
import type { CaseRenderer } from './plan-render';
import { membersOf, normalized } from './plan-walk';

export interface AssertionContext {
  files: ReferencedFiles;
  judges: JudgeBook;
  problems: PlanProblems;
  /** Whether user code may run; undefined where that is not known yet. */
  allowCode: boolean | undefined;
}

/** Plans an assertion for a case, whose variables `render` knows. */
export function planAssertion(
  item: Located<AssertionSpec>,
  render: CaseRenderer,
  context: AssertionContext,
): AssertionPlan {
  const { pointer } = item;
  const { files, judges } = context;
  const assertion = normalized(item.value);
  const at = childPointer(pointer, assertion.valueKey);
  const kind = assertionType(assertion.type)?.value;
  const isCode = assertion.type === 'javascript';
  const value = isCode ? assertion.value : valueOf(assertion, kind, at, render, context);
  // A limit that is a template is known only now.
  const threshold = assertion.threshold ?? (kind?.startsWith('limit-') === true ? limitOf(kind, value) : undefined);
  const isSkipped = assertion.skip !== undefined;
  const code = isCode && !isSkipped && typeof value === 'string' ? files.code(value, at) : undefined;
  const transform =
    assertion.transform === undefined || isSkipped
      ? undefined
      : files.code(assertion.transform, `${pointer}/transform`);
  if (code !== undefined) warnOfCode('"javascript"', pointer, context);
  if (transform !== undefined) warnOfCode('"transform"', `${pointer}/transform`, context);
  const judge = judges.ofAssertion(assertion, pointer);
  const members = kind === 'group' ? membersOf(item, assertion) : undefined;
  return {
    pointer,
    type: assertion.type,
    negate: assertion.negate,
    ...(value === undefined ? {} : { value }),
    ...(threshold === undefined ? {} : { threshold }),
    weight: assertion.weight,
    ...(assertion.name === undefined ? {} : { name: assertion.name }),
    severity: assertion.severity,
    ...(code === undefined ? {} : { code }),
    ...(transform === undefined ? {} : { transform }),
    ...(members === undefined ? {} : { members: members.map((member) => planAssertion(member, render, context)) }),
    ...(judge === undefined ? {} : { judge }),
    ...(assertion.rubricPrompt === undefined ? {} : { rubricPrompt: assertion.rubricPrompt }),
    ...(assertion.config === undefined ? {} : { config: assertion.config }),
    ...(assertion.skip === undefined ? {} : { skip: assertion.skip }),
  };
}

function valueOf(
  assertion: NormalAssertion,
  kind: AssertionValueKind | undefined,
  pointer: string,
  render: CaseRenderer,
  { files, problems }: AssertionContext,
): Json | undefined {
  const { value } = assertion;
  // What is not evaluated need not be readable.
  if (value === undefined || assertion.skip !== undefined) return value;
  if (!isFileReference(value)) return render.value(value, pointer);
  const found = files.value(value, kind, pointer);
  if (found === undefined) return undefined;
  if ('data' in found) return found.data;
  const text = render.text(found);
  if (kind === 'pattern') checkPattern(text, value, pointer, problems);
  return text;
}

function checkPattern(pattern: string, reference: string, pointer: string, problems: PlanProblems): void {
  try {
    new RegExp(pattern);
  } catch (error) {
    const reason = messageOf(error).replace(/^.*: /, '');
    problems.at('bad-regex', `The regular expression of ${reference} does not compile: ${reason}.`, pointer);
  }
}

/** Says that code will not run, where that is known. */
export function warnOfCode(
  what: string,
  pointer: string,
  { allowCode, problems }: Pick<AssertionContext, 'allowCode' | 'problems'>,
): void {
  if (allowCode !== false) return;
  problems.at(
    'code-not-allowed',
    `${what} runs code of this file, which needs a trusted workspace, or --allow-code on the command line. Until then it is skipped.`,
    pointer,
    { severity: 'warning' },
  );
}
