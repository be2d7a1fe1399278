/** An assertion on its way from another tool's format to the native one. */
import type { Json } from '../../../protocol/plan';
import { canonicalJson } from '../naming';
import { renderText } from '../template';
import type { Span, TreeNode } from '../tree';
import { keyedList, MapBuilder } from './native';
import type { NativeEndpoint } from './promptfoo/providers';

export interface ForeignAssertion {
  span: Span;
  /** With `not-`; of one that is skipped, as it was called. */
  type: string;
  value?: Json;
  /** The value where it stands in the imported file. */
  node?: TreeNode;
  threshold?: number;
  weight?: number;
  name?: string;
  severity?: 'info';
  transform?: string;
  /** Members of a set. */
  members?: ForeignAssertion[];
  /** The model that grades it, or makes its embeddings. */
  judge?: NativeEndpoint;
  rubricPrompt?: string;
  config?: Json;
  /** Why it is not run. */
  skip?: string;
  /** Whether a model grades it. */
  isGraded: boolean;
}

/** Every assertion of a list, those inside of sets included. */
export function everyAssertion(list: readonly ForeignAssertion[]): ForeignAssertion[] {
  return list.flatMap((assertion) => [assertion, ...everyAssertion(assertion.members ?? [])]);
}

/** Whether its code holds templates: these are rendered before it runs, with the variables of each case. */
export function hasTemplatedCode(assertion: ForeignAssertion): boolean {
  return everyAssertion([assertion]).some(
    ({ type, value }) => /^(?:not-)?javascript$/.test(type) && typeof value === 'string' && /\{\{|\{%/.test(value),
  );
}

/**
 * The assertion in the native format, with the internal fields `judge`, `rubricPrompt`, `config` and `skip`.
 * @param shared the judge of the whole file, which need not be repeated
 * @param vars of the case, where the assertion belongs to one: code is rendered with them
 */
export function assertionNode(
  assertion: ForeignAssertion,
  shared: NativeEndpoint | null,
  vars: Record<string, Json> | null,
): TreeNode {
  const { span, type, value, node, threshold, weight, name, severity, transform, members, judge, skip } = assertion;
  const isCode = /^(?:not-)?javascript$/.test(type);
  const code = isCode && vars !== null && typeof value === 'string' ? renderedCode(value, vars) : undefined;
  const map = new MapBuilder(span).value('type', type);
  if (code !== undefined && code !== value) map.value('value', code);
  else if (node !== undefined) map.set('value', node);
  else map.value('value', value);
  map.value('threshold', threshold).value('weight', weight).value('name', name).value('severity', severity);
  map.value('transform', transform);
  if (members !== undefined) {
    const items = members.map((member, index) => ({ key: String(index), node: assertionNode(member, shared, vars) }));
    map.set('assert', keyedList(items, span));
  }
  if (judge !== undefined && (shared === null || canonicalJson(judge) !== canonicalJson(shared)))
    map.value('judge', judge);
  return map
    .value('rubricPrompt', assertion.rubricPrompt)
    .value('config', assertion.config)
    .value('skip', skip)
    .build();
}

/** Code with its templates rendered; as it is where they cannot be, since `{{` may well be JavaScript. */
function renderedCode(code: string, vars: Record<string, Json>): string {
  if (!/\{\{|\{%/.test(code)) return code;
  const rendered = renderText(code, vars);
  return rendered.ok ? rendered.text : code;
}

/**
 * The judge of the whole file: that of all models that grade; where none does, that of all that make embeddings. Null where
 * they differ, and where an assertion names none: it would get one that was not meant for it.
 */
export function sharedJudge(list: readonly ForeignAssertion[]): NativeEndpoint | null {
  const asking = everyAssertion(list).filter(({ isGraded, skip }) => isGraded && skip === undefined);
  if (asking.some(({ judge }) => judge === undefined)) return null;
  const grading = asking.filter(({ type }) => !/similar$/.test(type));
  const [first, ...rest] = (grading.length > 0 ? grading : asking).map(({ judge }) => judge);
  if (first === undefined) return null;
  return rest.every((judge) => canonicalJson(judge) === canonicalJson(first)) ? first : null;
}
