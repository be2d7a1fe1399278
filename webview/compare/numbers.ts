/** Numbers with a side: differences and their intervals, which say their sign. */
import { formatDifference, formatInterval, formatValue } from '../../src/protocol/format';
import type { Unit } from '../../src/protocol/plan';

/** `+47 ms`, `−1.8 points` */
export function signedText(difference: number, unit: Unit): string {
  if (difference === 0) return `±${formatDifference(0, unit)}`;
  return `${difference > 0 ? '+' : '−'}${formatDifference(difference, unit)}`;
}

/** The difference of two equal means may be the last bit of a number, which is no difference. */
export function beside(difference: number, value: number | null): number {
  return value !== null && Math.abs(difference) < Math.abs(value) * 1e-9 ? 0 : difference;
}

/** `−60 ms to −31 ms` */
export function signedInterval([low, high]: readonly [number, number], unit: Unit): string {
  return `${signedText(low, unit)} to ${signedText(high, unit)}`;
}

export function valueText(value: number | null, unit: Unit): string {
  return value === null ? '–' : formatValue(value, unit);
}

/** `95% CI 176–195` */
export function intervalText(ci: readonly [number, number], value: number, unit: Unit, confidence: number): string {
  return `${formatValue(confidence, 'ratio')} CI ${formatInterval(ci, value, unit)}`;
}

/** A p-value as people read it. */
export function pText(p: number): string {
  return p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`;
}

export function countText(n: number, noun: string): string {
  return `${formatValue(n, 'count')} ${noun}${n === 1 ? '' : 's'}`;
}
