/** Assertions with those inside of sets, and with what imported files say of them beyond the format. */
import type { Json } from '../../protocol/plan';
import { normalizeAssertion, type NormalAssertion } from '../spec/assertions';
import { childPointer } from '../spec/pointer';
import type { EndpointRef } from '../spec/schema';
import type { AssertionSpec } from '../spec/schema-assertion';
import type { CaseSpec } from '../spec/schema-case';
import { assertionsOf, located, type Located } from '../spec/spec-lists';

/** What the object form may hold beyond the keys of the format: imported files write it, and so may a judge be chosen. */
interface Internals {
  judge?: EndpointRef;
  rubricPrompt?: string;
  config?: Json;
  skip?: string;
}

export type PlannableAssertion = NormalAssertion & Internals;

export function normalized(spec: AssertionSpec): PlannableAssertion {
  const assertion = normalizeAssertion(spec);
  if (!Object.hasOwn(spec, 'type')) return assertion;
  const { judge, rubricPrompt, config, skip } = spec as Internals;
  return {
    ...assertion,
    ...(judge === undefined ? {} : { judge }),
    ...(rubricPrompt === undefined ? {} : { rubricPrompt }),
    ...(config === undefined ? {} : { config }),
    ...(skip === undefined ? {} : { skip }),
  };
}

/** The members of a set with the pointers at which they stand, which differ between the two forms of an assertion. */
export function membersOf(
  { value, pointer }: Located<AssertionSpec>,
  assertion: NormalAssertion,
): Located<AssertionSpec>[] {
  const isLong = Object.hasOwn(value, 'type');
  const set = isLong ? pointer : childPointer(pointer, assertion.valueKey);
  return assertionsOf(assertion.members, childPointer(set, 'assert'));
}

/** Every assertion of a list, sets before their members. */
export function* everyAssertion(
  list: readonly Located<AssertionSpec>[],
): Generator<{ assertion: PlannableAssertion; pointer: string }> {
  for (const item of list) {
    const assertion = normalized(item.value);
    yield { assertion, pointer: item.pointer };
    yield* everyAssertion(membersOf(item, assertion));
  }
}

/** The assertions of a case and of its turns. */
export function assertionsOfCase(value: CaseSpec, pointer: string): Located<AssertionSpec>[] {
  const turns = located(value.turns, `${pointer}/turns`);
  return [
    ...assertionsOf(value.assert, `${pointer}/assert`),
    ...turns.flatMap((turn) => assertionsOf(turn.value.assert, `${turn.pointer}/assert`)),
  ];
}
