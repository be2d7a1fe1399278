/** When a request to a judge or for embeddings is sent again, and how long is waited before. */
import type { Clock } from '../../util/clock';
import type { HttpOutcome } from './endpoint-http';

export const MOST_ATTEMPTS = 3;
const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 8_000;
/** A server that asks for a longer wait is not waited for: the attempt counts as the last. */
const LONGEST_RETRY_AFTER_MS = 60_000;

/** What a wrong key, address or request leads to stays wrong. */
const LASTING_KINDS = new Set([
  'tls',
  'tls_ca',
  'dns',
  'not_http',
  'not_json',
  'proxy_auth',
  'invalid_request',
  'content_encoding',
  'response_too_large',
  'cancelled',
]);

/** Nobody was there at all: waiting for it once is enough. */
const ABSENT_KINDS = new Set([
  'dns',
  'connection_refused',
  'connect_timeout',
  'unreachable',
  'connect_failed',
  'proxy_unreachable',
]);

export type HttpFailure = Extract<HttpOutcome, { kind: 'failed' }>;

/** Whether nothing answered at the address. */
export function isAbsent({ failure }: HttpFailure): boolean {
  return ABSENT_KINDS.has(failure.kind);
}

/**
 * Ms until the attempt after number `attempt` (from 1); null where there is to be none.
 * Without a wish of the server's: 0.5 s, doubled each time, at most 8 s.
 */
export function retryDelayMs({ failure, status, retryAfterMs }: HttpFailure, attempt: number): number | null {
  if (!isTransient(failure.kind, status)) return null;
  if (retryAfterMs !== null) return retryAfterMs <= LONGEST_RETRY_AFTER_MS ? retryAfterMs : null;
  return Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (attempt - 1));
}

function isTransient(kind: string, status: number | null): boolean {
  if (status !== null && status >= 300) return status === 408 || status === 409 || status === 429 || status >= 500;
  return !LASTING_KINDS.has(kind);
}

/** Waits; ends early when `signal` is aborted. */
export function pause(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.at(clock.nowMs() + ms, end);
    signal.addEventListener('abort', end, { once: true });
  });
}
