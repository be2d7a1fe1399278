/**
 * Quantities as a file writes them: durations, rates, money, sizes, shares, ages. Each parser takes the written value and
 * gives it in one base unit, or null where it is not such a quantity. The patterns are the ones of the JSON Schema, so that
 * an editor's check and ours agree.
 */

const NUMBER = '(?:\\d+(?:\\.\\d+)?|\\.\\d+)';

/** Regular expressions (anchored, without flags) of each quantity's text. */
export const UNIT_PATTERNS = {
  duration: `^${NUMBER}\\s*(?:us|ms|s|m|h)$`,
  rate: `^${NUMBER}\\s*/\\s*(?:s|sec|min|m|h)$`,
  money: `^\\$\\s*${NUMBER}$`,
  size: `^${NUMBER}\\s*(?:B|kB|KB|MB|GB|TB)$`,
  percent: `^${NUMBER}\\s*%$`,
  age: `^${NUMBER}\\s*(?:m|h|d|w)$`,
  speed: `^${NUMBER}\\s*x$`,
} as const;

export type Quantity = keyof typeof UNIT_PATTERNS;

/** How each quantity is named in messages, with an example. */
export const QUANTITY_LABELS: Readonly<Record<Quantity, string>> = {
  duration: 'a duration such as 200ms, 30s, 5m or 1h',
  rate: 'a rate such as 8/s or 120/min',
  money: 'an amount of US dollars such as $0.50',
  size: 'a size such as 500MB or 2GB',
  percent: 'a share such as 5%',
  age: 'an age such as 12h or 90d',
  speed: 'a factor such as 2x',
};

const FACTORS: Readonly<Record<Quantity, Readonly<Record<string, readonly [multiply: number, divide: number]>>>> = {
  duration: { us: [1, 1000], ms: [1, 1], s: [1000, 1], m: [60_000, 1], h: [3_600_000, 1] },
  rate: { s: [1, 1], sec: [1, 1], min: [1, 60], m: [1, 60], h: [1, 3600] },
  money: { '': [1, 1] },
  size: { B: [1, 1], kB: [1e3, 1], KB: [1e3, 1], MB: [1e6, 1], GB: [1e9, 1], TB: [1e12, 1] },
  percent: { '': [1, 100] },
  age: { m: [60_000, 1], h: [3_600_000, 1], d: [86_400_000, 1], w: [604_800_000, 1] },
  speed: { '': [1, 1] },
};

/**
 * Parses `text` as `quantity` into its base unit: ms (duration, age), per second (rate), USD, bytes, a share of 1, a factor.
 * Null where the text is not such a quantity or too large for a number.
 */
export function parseQuantity(quantity: Quantity, text: string): number | null {
  const trimmed = text.trim();
  if (!new RegExp(UNIT_PATTERNS[quantity]).test(trimmed)) return null;
  const digits = new RegExp(NUMBER).exec(trimmed)?.[0];
  if (digits === undefined) return null;
  const unit = trimmed.replace(digits, '').replace(/[\s$%x/]/g, '');
  const factor = FACTORS[quantity][unit];
  if (factor === undefined) return null;
  // A division by 60 is exact where a factor of 1/60 is not: 120/min must be 2/s.
  const value = (Number(digits) * factor[0]) / factor[1];
  return Number.isFinite(value) ? value : null;
}

/** `30s`, `200ms`, `5m`, `1h` in ms; a bare number is ms already. Null for anything else or a negative number. */
export function parseDurationMs(value: string | number): number | null {
  if (typeof value === 'string') return parseQuantity('duration', value);
  return Number.isFinite(value) && value >= 0 ? value : null;
}

/** `8/s`, `120/min` as events per second; a bare number is per second already. Null for anything else or a negative number. */
export function parseRatePerS(value: string | number): number | null {
  if (typeof value === 'string') return parseQuantity('rate', value);
  return Number.isFinite(value) && value >= 0 ? value : null;
}

/** `$0.50` in USD; a bare number is USD already. Null for anything else or a negative number. */
export function parseUsd(value: string | number): number | null {
  if (typeof value === 'string') return parseQuantity('money', value);
  return Number.isFinite(value) && value >= 0 ? value : null;
}

/** `2GB` in bytes (decimal units). Null for anything else. */
export function parseBytes(value: string | number): number | null {
  if (typeof value === 'string') return parseQuantity('size', value);
  return Number.isFinite(value) && value >= 0 ? value : null;
}

/** `5%` as 0.05; a bare number is a share of 1 already. Null for anything else. */
export function parseShare(value: string | number): number | null {
  if (typeof value === 'string') return parseQuantity('percent', value);
  return Number.isFinite(value) && value >= 0 ? value : null;
}

/** `90d`, `12h` in ms. Null for anything else. */
export function parseAgeMs(value: string): number | null {
  return parseQuantity('age', value);
}

const SLIPS: Readonly<Record<Quantity, readonly [from: RegExp, to: string][]>> = {
  duration: [
    [/^([\d.]+)\s*(?:msecs?|millis|milliseconds?)$/i, '$1ms'],
    [/^([\d.]+)\s*(?:secs?|seconds?)$/i, '$1s'],
    [/^([\d.]+)\s*(?:mins?|minutes?)$/i, '$1m'],
    [/^([\d.]+)\s*(?:hrs?|hours?)$/i, '$1h'],
    [/^([\d.]+)\s*MS$/i, '$1ms'],
    [/^([\d.]+)$/, '$1s'],
  ],
  rate: [
    [/^([\d.]+)\s*(?:rps|qps|req\/s|requests\/s|\/second|per second)?$/i, '$1/s'],
    [/^([\d.]+)\s*(?:rpm|\/minute|per minute)$/i, '$1/min'],
  ],
  money: [[/^([\d.]+)\s*(?:usd|\$|dollars?)?$/i, '$$$1']],
  size: [
    [/^([\d.]+)\s*(?:mib|mb|m)$/i, '$1MB'],
    [/^([\d.]+)\s*(?:gib|gb|g)$/i, '$1GB'],
  ],
  percent: [[/^([\d.]+)\s*(?:percent|pct)$/i, '$1%']],
  age: [[/^([\d.]+)\s*(?:days?)?$/i, '$1d']],
  speed: [[/^([\d.]+)$/, '$1x']],
};

/** What `text` was most likely meant to be; empty where nothing is near. */
export function quantitySuggestions(quantity: Quantity, text: string): string[] {
  const trimmed = text.trim();
  const found = SLIPS[quantity].filter(([from]) => from.test(trimmed)).map(([from, to]) => trimmed.replace(from, to));
  return [...new Set(found)].filter((item) => parseQuantity(quantity, item) !== null);
}
