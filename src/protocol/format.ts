/**
 * Numbers as every surface shows them, panels included: three significant digits and a unit, never depending on a locale.
 * It lives beside the messages because a webview may import nothing else.
 */
import type { Unit } from './plan';

/** From here on times are shown in seconds. */
const SECONDS_FROM_MS = 10_000;

/**
 * A value of a metric with its unit: `184 ms`, `12.3 s`, `8.02/s`, `95.2%`, `$0.0021`, `1,240 tokens`.
 * @param value in the base unit of `unit` (ms, per second, a share of 1, USD)
 */
export function formatValue(value: number, unit: Unit): string {
  if (!Number.isFinite(value)) return 'unknown';
  switch (unit) {
    case 'ms':
      return inSeconds(value) ? `${significant(value / 1000)} s` : `${significant(value)} ms`;
    case '1/s':
      return `${significant(value)}/s`;
    case 'tokens/s':
      return `${significant(value)} tok/s`;
    case 'ratio':
      return `${percentDigits(value)}%`;
    case 'USD':
      return formatMoney(value);
    case 'tokens': {
      const count = countDigits(value);
      return `${count} ${count === '1' ? 'token' : 'tokens'}`;
    }
    case 'count':
      return countDigits(value);
  }
}

/** How far a value is from its limit: a difference of two shares is in points, not in percent. */
export function formatDifference(difference: number, unit: Unit): string {
  if (unit !== 'ratio') return formatValue(Math.abs(difference), unit);
  const points = significant(Math.abs(difference) * 100);
  return `${points} ${points === '1' ? 'point' : 'points'}`;
}

/** Cents where they tell the amount, else four significant digits: `$12.30`, `$0.002`, `$0.0001234`. */
export function formatMoney(usd: number): string {
  const sign = usd < 0 ? '-' : '';
  const amount = Math.abs(usd);
  if (amount === 0) return '$0';
  const cents = Math.round(amount * 100) / 100;
  if (amount >= 1 || Math.abs(cents - amount) < amount * 1e-9) return `${sign}$${grouped(cents.toFixed(2))}`;
  return `${sign}$${significant(amount, 4)}`;
}

/** A duration for a sentence, rounded up so that it is enough: `34 s`, `12 min`, `3 h`. */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'unknown';
  const whole = Math.max(1, Math.ceil(seconds));
  if (whole < 120) return `${whole} s`;
  if (whole < 7200) return `${Math.ceil(whole / 60)} min`;
  if (whole < 172_800) return `${Math.ceil(whole / 3600)} h`;
  return `${Math.ceil(whole / 86_400)} days`;
}

/** A whole number with its thousands marked: `12,345`. */
export function formatCount(value: number): string {
  return grouped(String(Math.round(value)));
}

/** A clock from zero: `0:07`, `12:30`, `1:02:03`. */
export function formatClock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const rest = `${Math.floor(seconds / 60) % 60}:${two(seconds % 60)}`;
  return hours === 0 ? rest : `${hours}:${rest.padStart(5, '0')}`;
}

/**
 * An interval in the scale that `value` is shown in, without repeating the unit: `176–195`. A bound that is nothing beside
 * the other one is 0 and no row of zeros.
 */
export function formatInterval(ci: readonly [number, number], value: number, unit: Unit): string {
  const scale = Math.max(Math.abs(ci[0]), Math.abs(ci[1]));
  const digits = (exact: number): string => {
    const bound = besideScale(exact, scale);
    if (unit === 'ms') return significant(inSeconds(value) ? bound / 1000 : bound);
    if (unit === 'ratio') return percentDigits(bound);
    if (unit === 'USD') return formatMoney(bound).replace('$', '');
    return significant(bound);
  };
  return `${digits(ci[0])}–${digits(ci[1])}`;
}

/** `31 ms over`, `3.3 points under`: which side of its limit a value lies on, and by how much. */
export function gapOf(result: { value: number | null; limit: number }, unit: Unit): string {
  if (result.value === null) return 'no value';
  const difference = result.value - result.limit;
  if (difference === 0) return 'exactly at the limit';
  return `${formatDifference(difference, unit)} ${difference > 0 ? 'over' : 'under'}`;
}

/** `digits` significant digits without trailing zeros or exponent: 184.23 gives `184`, 0.04567 gives `0.0457`. */
export function significant(value: number, digits = 3): string {
  if (value === 0) return '0';
  const rounded = Number(value.toPrecision(digits));
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(rounded))));
  const text = rounded.toFixed(Math.min(decimals, 100));
  return decimals === 0 ? text : text.replace(/\.?0+$/, '');
}

/** Below a thousandth of `scale` the digits that `scale` is shown with cannot tell a number from its nearest such digit. */
function besideScale(value: number, scale: number): number {
  if (!Number.isFinite(scale) || Math.abs(value) >= scale / 1000) return value;
  const step = 10 ** (Math.floor(Math.log10(scale)) - 3);
  return Math.round(value / step) * step;
}

function inSeconds(ms: number): boolean {
  return Math.abs(ms) >= SECONDS_FROM_MS;
}

/** 99.96% is not 100%: a share short of 1 (or above 0) never rounds to the whole. */
function percentDigits(share: number): string {
  const percent = share * 100;
  if (percent >= 100 || percent <= 0) return significant(percent);
  for (let digits = 3; digits < 8; digits++) {
    const text = significant(percent, digits);
    if (text !== '100') return text;
  }
  return '99.99999';
}

function countDigits(value: number): string {
  return Math.abs(value) >= 100 ? grouped(String(Math.round(value))) : significant(value);
}

function grouped(digits: string): string {
  const [whole = '', fraction] = digits.split('.');
  const marked = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? marked : `${marked}.${fraction}`;
}
