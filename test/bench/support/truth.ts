/** What a client measured, held against what the simulator recorded. Both read the machine's monotonic clock. */
import type { SimStats } from '../../../src/core/sim/server';
import type { SimRequest, SimRequestPage } from '../../../src/core/sim/request-log';
import type { ClientRequest } from '../clients/protocol';

/** Requests per page: a page of a thousand long answers is many megabytes. */
const PAGE = 500;

/** All records since the last reset. */
export async function recordedRequests(simUrl: string): Promise<SimRequest[]> {
  const all: SimRequest[] = [];
  for (let since = 0; ;) {
    const response = await fetch(new URL(`/sim/requests?since=${since}&limit=${PAGE}`, simUrl));
    const page = (await response.json()) as SimRequestPage;
    if (page.dropped > 0) throw new Error('The simulator had to drop records: the run is too long for its log.');
    all.push(...page.requests);
    if (!page.more) return all;
    since = page.next;
  }
}

export async function simStats(simUrl: string): Promise<SimStats> {
  return (await (await fetch(new URL('/sim/stats', simUrl))).json()) as SimStats;
}

export async function resetSim(simUrl: string): Promise<void> {
  await (await fetch(new URL('/sim/reset', simUrl), { method: 'POST' })).arrayBuffer();
}

export interface Errors {
  /** Requests that both sides know and that got their answer. */
  matched: number;
  /** Measured requests that did not complete, or whose number of content events is not what was written. */
  broken: number;
  /** The client's stamp of the first content minus the simulator's instant of writing it, per request. */
  ttftMs: number[];
  /** Measured gap minus true gap, absolute, per gap. */
  itlMs: number[];
  /** The client's stamp minus the instant of writing, per content event. */
  arrivalMs: number[];
  /** Sent minus scheduled, per request. */
  lagMs: number[];
  /** Arrival of the whole request at the simulator minus scheduled, per request. */
  reachedMs: number[];
  /** TTFT as measured from the sending, minus that from the request's arrival at the simulator, per request. */
  overstatedMs: number[];
  /** Content events of all requests, warm-up included. */
  tokens: number;
  /** Content events per second that the simulator wrote from the first to the last measured request's first token. */
  tokensPerSecond: number;
}

export function errorsOf(requests: readonly ClientRequest[], truth: readonly SimRequest[]): Errors {
  const byId = new Map(truth.map((request) => [request.id, request]));
  const errors: Errors = {
    matched: 0,
    broken: 0,
    ttftMs: [],
    itlMs: [],
    arrivalMs: [],
    lagMs: [],
    reachedMs: [],
    overstatedMs: [],
    tokens: 0,
    tokensPerSecond: deliveredRate(requests, byId),
  };
  for (const { id, scheduledMs, sentMs, arrivalsMs, completed, measured } of requests) {
    errors.tokens += arrivalsMs.length;
    if (!measured) continue;
    const real = byId.get(id);
    if (real === undefined || sentMs === null || !completed || real.writesMs.length !== arrivalsMs.length) {
      errors.broken++;
      continue;
    }
    errors.matched++;
    errors.lagMs.push(sentMs - scheduledMs);
    errors.reachedMs.push(real.receivedMs - scheduledMs);
    errors.overstatedMs.push((arrivalsMs[0] ?? NaN) - sentMs - ((real.writesMs[0] ?? NaN) - real.receivedMs));
    let previous = NaN;
    let previousTrue = NaN;
    for (const [i, atMs] of arrivalsMs.entries()) {
      const writtenMs = real.writesMs[i] ?? NaN;
      errors.arrivalMs.push(atMs - writtenMs);
      if (i === 0) errors.ttftMs.push(atMs - writtenMs);
      else errors.itlMs.push(Math.abs(atMs - previous - (writtenMs - previousTrue)));
      previous = atMs;
      previousTrue = writtenMs;
    }
  }
  return errors;
}

/** What the server delivered while the load was steady: where it is far below the offered rate, the server was the limit. */
function deliveredRate(requests: readonly ClientRequest[], byId: ReadonlyMap<string, SimRequest>): number {
  const firsts = requests
    .filter((request) => request.measured)
    .flatMap((request) => byId.get(request.id)?.writesMs.slice(0, 1) ?? [])
    .sort((a, b) => a - b);
  const from = firsts[0] ?? 0;
  const to = firsts.at(-1) ?? 0;
  if (to <= from) return 0;
  let count = 0;
  for (const { writesMs } of byId.values()) for (const atMs of writesMs) if (atMs >= from && atMs < to) count++;
  return (count * 1000) / (to - from);
}
