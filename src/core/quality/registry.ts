import { EQUALS_CHECKS } from './equals';
import { FINISH_CHECKS } from './finish-reason';
import { JSON_CHECKS } from './json';
import { MODEL_CHECKS } from './judge/checks';
import { MARKUP_CHECKS } from './markup';
import { REFUSAL_CHECKS } from './refusal';
import { REGEX_CHECKS } from './regex';
import { CODE_CHECKS } from './sandbox/checks';
import { SIMILARITY_CHECKS } from './similarity';
import { SPEED_CHECKS } from './speed';
import { SQL_CHECKS } from './sql';
import { TEXT_CHECKS } from './text';
import { TOOL_CHECKS } from './tools';
import type { Check } from './types';
import { WORD_COUNT_CHECKS } from './word-count';

/** Every assertion type that can be evaluated, without `not-`; sets of assertions are evaluated in assert.ts. */
const CHECKS: ReadonlyMap<string, Check> = new Map(
  Object.entries({
    ...EQUALS_CHECKS,
    ...TEXT_CHECKS,
    ...REGEX_CHECKS,
    ...WORD_COUNT_CHECKS,
    ...REFUSAL_CHECKS,
    ...JSON_CHECKS,
    ...MARKUP_CHECKS,
    ...SQL_CHECKS,
    ...TOOL_CHECKS,
    ...FINISH_CHECKS,
    ...SIMILARITY_CHECKS,
    ...MODEL_CHECKS,
    ...SPEED_CHECKS,
    ...CODE_CHECKS,
  }),
);

/** The check of a type (without `not-`); undefined where this version has none. */
export function checkOf(type: string): Check | undefined {
  return CHECKS.get(type);
}

/** Names of the types that can be evaluated, without `not-`. */
export function assertionTypes(): string[] {
  return [...CHECKS.keys()];
}
