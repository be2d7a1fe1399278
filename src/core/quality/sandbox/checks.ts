import { basename } from 'node:path';
import type { AssertionPlan, CodePlan } from '../../../protocol/plan';
import { quote } from '../excerpt';
import { unevaluated, type AnswerUnderTest, type Check, type CheckResult, type QualityServices } from '../types';
import { codeContext } from './code-context';
import { readVerdict, VERDICT_HINT } from './verdict';

/** Assertions that are code of the file's author. */
export const CODE_CHECKS: Readonly<Record<string, Check>> = { javascript };

async function javascript(
  assertion: AssertionPlan,
  answer: AnswerUnderTest,
  { code: runner, signal }: QualityServices,
): Promise<CheckResult> {
  const code = codeOf(assertion);
  if (code === null) return unevaluated('there is no code to run: give an expression over output, or file://NAME.js');
  const output = answer.output ?? answer.text;
  const context = codeContext(answer, assertion.config);
  const reply = await runner.run({ code, kind: 'assertion', output, context }, signal);
  if (reply.kind === 'skipped') return { kind: 'skipped', reason: reply.reason };
  if (reply.kind === 'error') return unevaluated(reply.reason);
  const { value } = reply;
  const verdict = readVerdict(value, assertion.threshold);
  if ('wrong' in verdict) return unevaluated(`the code returned ${verdict.wrong}; ${VERDICT_HINT}`);
  const { holds, score, reason } = verdict;
  const needed =
    typeof value !== 'number' || assertion.threshold === undefined ? '' : ` of the ${assertion.threshold} needed`;
  const own = typeof value === 'object' ? reason : undefined;
  return { kind: 'found', holds, score, reason: own ?? `${nameOf(code)} returned ${reason ?? String(holds)}${needed}` };
}

function codeOf({ code, value }: AssertionPlan): CodePlan | null {
  if (code !== undefined) return code;
  return typeof value === 'string' && value.trim() !== '' && !value.startsWith('file://') ? { source: value } : null;
}

function nameOf({ source, file, exportName }: CodePlan): string {
  if (file === undefined) return quote(source.trim());
  return `${basename(file)}${exportName === undefined ? '' : `:${exportName}`}`;
}
