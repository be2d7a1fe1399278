import type { SimFailure } from '../../protocol/plan';
import { messageOf } from '../util/errors';
import { ApiError } from './api-error';
import { resolveFailure, type ResolvedFailure } from './config';
import { randomOf } from './random';

/**
 * A failure for one request alone, whatever the configuration says. Syntax of the header's value:
 *
 *     none | KIND[=STATUS] [; after=TOKENS] [; delay=MS]
 *
 * such as `status=503`, `stall; after=5; delay=200`, `disconnect; after=2`, `slow-headers; delay=300`. `none` spares the request.
 */
export const FAILURE_HEADER = 'x-sim-failure';

/**
 * Parses the value of `x-sim-failure`; null for `none`.
 * @throws ApiError 400 where the value does not follow the syntax.
 */
export function parseFailureHeader(value: string): ResolvedFailure | null {
  const [head = '', ...rest] = value.split(';').map((part) => part.trim());
  if (head === 'none' && rest.length === 0) return null;
  const [kind = '', status] = head.split('=').map((part) => part.trim());
  // `resolveFailure` refuses what is not a kind.
  const failure: SimFailure = { kind: kind as SimFailure['kind'] };
  if (status !== undefined) failure.status = Number(status);
  for (const part of rest) {
    const [key, text = ''] = part.split('=').map((piece) => piece.trim());
    if (key === 'after') failure.afterTokens = Number(text || Number.NaN);
    else if (key === 'delay') failure.delayMs = Number(text || Number.NaN);
    else throw new ApiError(400, `Header ${FAILURE_HEADER}: unknown setting "${key}".`);
  }
  try {
    return resolveFailure(failure);
  } catch (error) {
    throw new ApiError(400, `Header ${FAILURE_HEADER}: ${messageOf(error)}`);
  }
}

/**
 * Whether the configured failure strikes this request: the n-th since the last reset, counted from 1, known as `key`. The share is
 * drawn from a stream of its own, so that switching failures on changes no time of the requests that are spared.
 */
export function failureStrikes(failure: ResolvedFailure, seed: number, key: string, ordinal: number): boolean {
  if (failure.every > 0 && ordinal % failure.every === 0) return true;
  return failure.rate > 0 && randomOf(seed, `failure ${key}`).uniform() < failure.rate;
}
