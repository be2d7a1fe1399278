/**
 * What the headers of a refused request say about when to come again, and which limit was hit.
 *
 * - `retry-after-ms`; `retry-after` in seconds or as a date
 * - OpenAI and its kin: `x-ratelimit-limit-requests`, `-remaining-`, `-reset-` and the same for `tokens`; a reset is a duration
 *   such as `1s`, `6m0s` or `120ms`
 * - Anthropic: `anthropic-ratelimit-requests-limit`, `-remaining`, `-reset` and the same for `tokens`, `input-tokens`,
 *   `output-tokens`; a reset is an instant by RFC 3339
 * - others: `x-ratelimit-reset` or `ratelimit-reset` in seconds, or as seconds or ms since 1970
 *
 * Read only of responses that refuse: see RequestExecution.onHeaders.
 */

export interface RateLimit {
  /** How long to wait before the next attempt, as asked for or until the limit resets; null where nothing says so. */
  retryAfterMs: number | null;
  /** A sentence on the limit that was hit or on the wait; empty where nothing is known. */
  sentence: string;
}

interface Bucket {
  limit: number | null;
  remaining: number | null;
  resetMs: number | null;
}

const LIMIT_HEADER = /^(?:x-|anthropic-)?ratelimit-([a-z0-9-]+)$/;
const PARTS = ['limit', 'remaining', 'reset'] as const;

/**
 * @param headers name, value, name, value, ... as they were received
 * @param limits whether to read the limits too, which only a refusal for too much load is about
 * @param nowMs wall clock, ms since 1970: resets may be instants
 */
export function rateLimitOf(headers: readonly Buffer[], limits: boolean, nowMs: number): RateLimit {
  const buckets = new Map<string, Bucket>();
  let asked: number | null = null;
  let exact: number | null = null;
  const at = serverTimeMs(headers) ?? nowMs;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = text(headers[i]).toLowerCase();
    const value = text(headers[i + 1]).trim();
    if (name === 'retry-after-ms') exact = countOf(value);
    else if (name === 'retry-after') asked = waitMs(value, at);
    else if (limits) addTo(buckets, name, value, at);
  }
  const wait = exact ?? asked;
  const hit = exhausted(buckets);
  if (hit === null) return { retryAfterMs: wait, sentence: wait === null ? '' : `It asks to wait ${duration(wait)}.` };
  const [what, bucket] = hit;
  return { retryAfterMs: wait ?? bucket.resetMs, sentence: sentenceOf(what, bucket, wait) };
}

/** The `Date` of the response: an instant is counted from it, so that a wrong clock on this side does no harm. */
function serverTimeMs(headers: readonly Buffer[]): number | null {
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (headers[i]?.length !== 4 || text(headers[i]).toLowerCase() !== 'date') continue;
    const date = Date.parse(text(headers[i + 1]));
    return Number.isNaN(date) ? null : date;
  }
  return null;
}

function addTo(buckets: Map<string, Bucket>, header: string, value: string, nowMs: number): void {
  const words = LIMIT_HEADER.exec(header)?.[1]?.split('-');
  if (words === undefined) return;
  // OpenAI puts the part first, Anthropic last: `reset-tokens`, `input-tokens-reset`.
  const part = PARTS.find((each) => words[0] === each || words.at(-1) === each);
  if (part === undefined) return;
  const what = (words[0] === part ? words.slice(1) : words.slice(0, -1)).join(' ');
  const bucket = buckets.get(what) ?? { limit: null, remaining: null, resetMs: null };
  buckets.set(what, bucket);
  if (part === 'reset') bucket.resetMs = waitMs(value, nowMs);
  else bucket[part] = countOf(value);
}

/** The limit that was hit: the one with the smallest share left, of several the one that resets last. */
function exhausted(buckets: ReadonlyMap<string, Bucket>): [string, Bucket] | null {
  let found: [string, Bucket] | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const [what, bucket] of buckets) {
    if (bucket.resetMs === null) continue;
    const share = bucket.remaining === null ? 1 : bucket.remaining / Math.max(1, bucket.limit ?? bucket.remaining);
    if (share > least || (share === least && bucket.resetMs <= (found?.[1].resetMs ?? 0))) continue;
    least = share;
    found = [what, bucket];
  }
  return found;
}

function sentenceOf(what: string, { limit, remaining, resetMs }: Bucket, wait: number | null): string {
  const name = what === '' ? 'The limit' : `The limit on ${what}`;
  const left = limit === null || remaining === null ? '' : ` (${remaining} of ${limit} left)`;
  const reset = resetMs === null ? '' : ` resets in ${duration(resetMs)}`;
  return `${name}${left}${reset}${wait === null ? '' : `; it asks to wait ${duration(wait)}`}.`;
}

/** Seconds, a duration with units, a date, or a number of seconds or ms since 1970: as ms from now. */
function waitMs(value: string, nowMs: number): number | null {
  const number = countOf(value);
  if (number !== null) {
    if (number > 1e11) return Math.max(0, number - nowMs);
    if (number > 1e9) return Math.max(0, number * 1000 - nowMs);
    return number * 1000;
  }
  const units = unitsMs(value);
  if (units !== null) return units;
  // `Date.parse` takes nearly any number for a year.
  const date = value.includes(':') ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}

const UNITS_MS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** `6m0s`, `1h2m3.5s`, `120ms`. */
function unitsMs(value: string): number | null {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[dhms]))+$/.test(value)) return null;
  let sum = 0;
  for (const [, amount, unit] of value.matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/g)) {
    sum += Number(amount) * (UNITS_MS[unit ?? ''] ?? 0);
  }
  return sum;
}

function countOf(value: string): number | null {
  return /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : null;
}

/** Rounded up: whoever comes too early is refused again. */
function duration(ms: number): string {
  if (ms < 1000) return `${Math.ceil(ms)} ms`;
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.ceil(seconds / 60)} min`;
  return `${Math.ceil(seconds / 3600)} h`;
}

function text(bytes: Buffer | undefined): string {
  return bytes?.toString('latin1') ?? '';
}
