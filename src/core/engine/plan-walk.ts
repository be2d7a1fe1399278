/** Assertions with those inside of sets. */
import { normalizeAssertion, type NormalAssertion } from '../spec/assertions';
import { childPointer } from '../spec/pointer';
import type { AssertionSpec } from '../spec/schema-assertion';
import type { CaseSpec } from '../spec/schema-case';
import { assertionsOf, located, type Located } from '../spec/spec-lists';

const known = new WeakMap<AssertionSpec, NormalAssertion>();

/** An assertion in one form, made once for all the cases that it is added to. */
export function normalized(spec: AssertionSpec): NormalAssertion {
  const before = known.get(spec);
  if (before !== undefined) return before;
  const assertion = normalizeAssertion(spec);
  known.set(spec, assertion);
  return assertion;
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
): Generator<{ assertion: NormalAssertion; pointer: string }> {
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
