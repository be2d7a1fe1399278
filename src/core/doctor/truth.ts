/** What the client stamped, held against what the simulator recorded. Both read the machine's monotonic clock. */
import type { SimRequest, SimRequestPage } from '../sim/request-log';
import { PromptrigError, messageOf } from '../util/errors';
import type { RequestRecord } from '../../protocol/run-json';

/** Requests per page: one page of a thousand answers with all their instants would be megabytes. */
const PAGE = 500;

/** Forgets what the simulator has recorded so far. @throws PromptrigError `endpoint_unreachable` */
export async function resetSimulator(simUrl: string, signal: AbortSignal): Promise<void> {
  await ask(new URL('/sim/reset', simUrl), { method: 'POST', signal });
}

/** Everything that the simulator has recorded since its last reset. @throws PromptrigError `endpoint_unreachable` */
export async function recordedRequests(simUrl: string, signal: AbortSignal): Promise<SimRequest[]> {
  const all: SimRequest[] = [];
  for (let since = 0; ;) {
    const page = (await ask(new URL(`/sim/requests?since=${since}&limit=${PAGE}`, simUrl), {
      signal,
    })) as SimRequestPage;
    all.push(...page.requests);
    if (!page.more) return all;
    since = page.next;
  }
}

async function ask(url: URL, init: RequestInit): Promise<unknown> {
  try {
    const response = await fetch(url, init);
    if (!response.ok) throw new Error(`status ${response.status}`);
    return await response.json();
  } catch (error) {
    if (init.signal?.aborted === true) throw new PromptrigError('cancelled', 'The self-check was stopped.');
    throw new PromptrigError(
      'endpoint_unreachable',
      `The simulator of the self-check did not answer (${messageOf(error)}). Run it again.`,
      { cause: error },
    );
  }
}

export interface Errors {
  /** First token, one per request, ms. */
  ttftMs: number[];
  /** Every token, ms. */
  tokenMs: number[];
  /** Absolute difference between measured and true gaps, ms. */
  itlMs: number[];
  /** Requests that were not answered whole, or whose tokens are not those that were written. */
  lost: number;
  /** Tokens per second from the first to the last one written. */
  tokensPerS: number;
}

/** @param originMs the monotonic instant that the records' instants count from */
export function errorsOf(records: readonly RequestRecord[], truth: readonly SimRequest[], originMs: number): Errors {
  const byId = new Map(truth.map((request) => [request.id, request]));
  const errors: Errors = { ttftMs: [], tokenMs: [], itlMs: [], lost: 0, tokensPerS: 0 };
  let firstMs = Number.POSITIVE_INFINITY;
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const { id, outcome, first, itl } of records) {
    const writes = byId.get(id)?.writesMs ?? [];
    if (outcome !== 'completed' || first === null || writes.length !== itl.length + 1) {
      errors.lost++;
      continue;
    }
    let atMs = first + originMs;
    for (const [i, writtenMs] of writes.entries()) {
      const gapMs = itl[i - 1] ?? 0;
      atMs += gapMs;
      errors.tokenMs.push(atMs - writtenMs);
      if (i === 0) errors.ttftMs.push(atMs - writtenMs);
      else errors.itlMs.push(Math.abs(gapMs - (writtenMs - (writes[i - 1] ?? Number.NaN))));
    }
    firstMs = Math.min(firstMs, writes[0] ?? firstMs);
    lastMs = Math.max(lastMs, writes.at(-1) ?? lastMs);
  }
  if (lastMs > firstMs) errors.tokensPerS = (errors.tokenMs.length * 1000) / (lastMs - firstMs);
  return errors;
}
