import { assertionType, splitNegation } from '../schema-assertion';

/** Kinds of values that an assertion may do without. */
const WITHOUT_VALUE: ReadonlySet<string> = new Set(['none', 'schema', 'optional', 'elements', 'sql']);

/** Whether an assertion of a native type may stand without a value. */
export function mayBeEmpty(type: string): boolean {
  return WITHOUT_VALUE.has(assertionType(splitNegation(type).type)?.value ?? '');
}
