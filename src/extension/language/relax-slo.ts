/** The limit of an SLO moved to where what was measured meets it, written as its author wrote it. */
import { parseSloExpression, type ParsedSlo } from '../../core/metrics/slo';

export interface Replacement {
  /** UTF-16 units from the start of the expression. */
  offset: number;
  length: number;
  newText: string;
}

/** Part of the distance between value and limit that rounding may add: a limit with a little room, in few digits. */
const ROOM = 0.5;
const MOST_DIGITS = 15;

/**
 * Replaces the number of an expression; unit, spaces and operator stay. Null where the expression cannot be read, or is met.
 * @param values what was measured, in the base unit of the metric; the new limit holds all of them
 */
export function relaxedSlo(text: string, values: readonly number[]): Replacement | null {
  const parsed = parseSloExpression(text);
  if (!parsed.ok || values.length === 0) return null;
  const isUpper = parsed.op === '<' || parsed.op === '<=';
  const value = isUpper ? Math.max(...values) : Math.min(...values);
  if (!Number.isFinite(value) || meets(parsed, value)) return null;
  const number = /(?<![\w.])(?:\d[\d_]*)?\.?\d+(?:[eE][+-]?\d+)?(?=\D*$)/.exec(text);
  if (number === null) return null;
  const written = Number(number[0].replaceAll('_', ''));
  if (written === 0 && parsed.limit === 0) return relaxedFromZero(text, number, value, isUpper);
  const factor = parsed.limit / written;
  return firstThatHolds(text, number, value, value / factor, Math.abs(value - parsed.limit) / factor, isUpper);
}

/** A limit of 0 does not tell the factor of its unit: it is found by writing a one in its place. */
function relaxedFromZero(text: string, number: RegExpExecArray, value: number, isUpper: boolean): Replacement | null {
  const probe = parseSloExpression(withNumber(text, number, '1'));
  if (!probe.ok || probe.limit === 0) return null;
  const target = value / probe.limit;
  return firstThatHolds(text, number, value, target, target, isUpper);
}

/** The shortest number beyond `target` that is not much further than need be. */
function firstThatHolds(
  text: string,
  number: RegExpExecArray,
  value: number,
  target: number,
  distance: number,
  isUpper: boolean,
): Replacement | null {
  for (let digits = 2; digits <= MOST_DIGITS; digits++) {
    const step = 10 ** (Math.floor(Math.log10(Math.abs(target) || 1)) - digits + 1);
    const steps = isUpper ? Math.ceil(target / step) : Math.floor(target / step);
    // A strict operator is not met by its own limit.
    for (const at of [steps, isUpper ? steps + 1 : steps - 1]) {
      const rounded = Math.max(0, at) * step;
      if (Math.abs(rounded - target) > distance * ROOM && digits < MOST_DIGITS) continue;
      const newText = plainNumber(rounded, digits);
      const relaxed = parseSloExpression(withNumber(text, number, newText));
      if (relaxed.ok && meets(relaxed, value)) return { offset: number.index, length: number[0].length, newText };
    }
  }
  return null;
}

function withNumber(text: string, { index, 0: digits }: RegExpExecArray, newText: string): string {
  return text.slice(0, index) + newText + text.slice(index + digits.length);
}

function meets({ op, limit }: Pick<ParsedSlo, 'op' | 'limit'>, value: number): boolean {
  switch (op) {
    case '<=':
      return value <= limit;
    case '<':
      return value < limit;
    case '>=':
      return value >= limit;
    case '>':
      return value > limit;
  }
}

/** Without an exponent and without the noise of binary fractions. */
function plainNumber(value: number, digits: number): string {
  if (value === 0) return '0';
  const decimals = Math.min(20, Math.max(0, digits - 1 - Math.floor(Math.log10(value))));
  const text = value.toFixed(decimals);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
