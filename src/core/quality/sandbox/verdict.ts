import type { Json } from '../../../protocol/plan';

/** What an assertion's code found, before any `not-`. */
export interface Verdict {
  holds: boolean;
  /** From 0 to 1: what lies outside is cut to it, so that one assertion cannot outweigh all others. */
  score: number;
  /** The code's own words, or the number that it returned. */
  reason?: string;
}

export const VERDICT_HINT = 'return true or false, a number as the score, or {pass, score, reason}';
const REASON_LENGTH = 2000;

/**
 * Reads the result of an assertion's code as promptfoo does: a boolean; a number, which passes from the threshold on, or above 0
 * where there is none; or an object with `pass`, whose `score` and `reason` may be left out here. The threshold is not applied to an
 * object: it says itself whether it passes. Returns what is wrong where it is none of these.
 */
export function readVerdict(value: Json, threshold?: number): Verdict | { wrong: string } {
  if (typeof value === 'boolean') return { holds: value, score: value ? 1 : 0 };
  if (typeof value === 'number') {
    // The same sum in another order differs in its last bits: 0.1 + 0.2 must meet a threshold of 0.3.
    const holds = threshold === undefined ? value > 0 : value >= threshold - 1e-9;
    return { holds, score: withinOne(value), reason: `${round(value)}` };
  }
  if (value === null) return { wrong: 'null' };
  if (typeof value === 'string') return { wrong: 'a text' };
  if (Array.isArray(value)) return { wrong: 'a list' };
  const { pass, score, reason, componentResults } = value;
  if (typeof pass !== 'boolean') return { wrong: 'an object without pass: true or false' };
  if (score !== undefined && typeof score !== 'number') return { wrong: 'an object whose score is no number' };
  if (reason !== undefined && reason !== null && typeof reason !== 'string') {
    return { wrong: 'an object whose reason is no text' };
  }
  const words = reason ?? partsReason(componentResults);
  return {
    holds: pass,
    score: score === undefined ? (pass ? 1 : 0) : withinOne(score),
    ...(words === undefined || words === '' ? {} : { reason: words.slice(0, REASON_LENGTH) }),
  };
}

/** Of an object that gives its parts in place of a reason: how many passed, and why the first failed. */
function partsReason(parts: Json | undefined): string | undefined {
  if (!Array.isArray(parts) || parts.length === 0) return undefined;
  const read = parts.map((part) => readVerdict(part));
  const passed = read.filter((part) => 'holds' in part && part.holds).length;
  const failed = read.find((part): part is Verdict => 'holds' in part && !part.holds);
  return `${passed} of ${parts.length} parts passed${failed?.reason === undefined ? '' : `; ${failed.reason}`}`;
}

function withinOne(score: number): number {
  return Math.min(1, Math.max(0, score));
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
