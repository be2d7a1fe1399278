import { SPEED_CHECKS } from './speed';
import { STRUCTURE_CHECKS } from './structure';
import { TEXT_CHECKS } from './text';
import type { Check } from './types';

/** Every assertion type that can be evaluated, without `not-`, in the order of the format's list. */
const CHECKS: ReadonlyMap<string, Check> = new Map(
  Object.entries({ ...TEXT_CHECKS, ...STRUCTURE_CHECKS, ...SPEED_CHECKS }),
);

/** The check of a type (without `not-`); undefined where this version has none. */
export function checkOf(type: string): Check | undefined {
  return CHECKS.get(type);
}

/** Names of the types that can be evaluated, without `not-`. */
export function assertionTypes(): string[] {
  return [...CHECKS.keys()];
}
