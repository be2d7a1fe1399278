/** Holds what the client measured against what the simulator really did; both read the same kernel clock. */
import type { SimRequest } from '../../../src/core/sim/request-log';
import type { RequestRecord } from '../../../src/protocol/run-json';

export interface AccuracyErrors {
  /** Requests that both sides know. */
  matched: number;
  /**
   * Measured TTFT minus the true one, one per request, in ms; sorted. Both count from the client's `sent`, so this is the
   * arrival of the first token as stamped by the client minus its write as recorded by the simulator.
   */
  ttftMs: number[];
  /** The request's arrival in the simulator minus the client's `sent`, one per request, in ms; sorted. */
  sentMs: number[];
  /** Measured gap minus the true gap, absolute, one per gap, in ms; sorted. */
  itlMs: number[];
}

/** @param originMs the run's `clock_origin_ms`, from which the records' instants count. */
export function compareWithTruth(records: RequestRecord[], truth: SimRequest[], originMs: number): AccuracyErrors {
  const byId = new Map(truth.map((request) => [request.id, request]));
  const errors: AccuracyErrors = { matched: 0, ttftMs: [], sentMs: [], itlMs: [] };
  for (const record of records) {
    const real = byId.get(record.id);
    const firstWrite = real?.writesMs[0];
    if (real === undefined || firstWrite === undefined || record.first === null || record.sent === null) continue;
    errors.matched++;
    errors.ttftMs.push(record.first + originMs - firstWrite);
    errors.sentMs.push(real.receivedMs - (record.sent + originMs));
    record.itl.forEach((gap, i) => {
      const trueGap = (real.writesMs[i + 1] ?? NaN) - (real.writesMs[i] ?? NaN);
      if (Number.isFinite(trueGap)) errors.itlMs.push(Math.abs(gap - trueGap));
    });
  }
  for (const list of [errors.ttftMs, errors.sentMs, errors.itlMs]) list.sort((a, b) => a - b);
  return errors;
}

/** Element at share `q` (0 to 1) of a sorted list. */
export function quantile(sorted: number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN;
}

/** The record as a client would have written it whose arrivals are stamped `lateMs` too late. */
export function stampedLate(record: RequestRecord, lateMs: number): RequestRecord {
  const late = (instant: number | null): number | null => (instant === null ? null : instant + lateMs);
  return {
    ...record,
    headers: late(record.headers),
    first: late(record.first),
    first_answer: late(record.first_answer),
    last: late(record.last),
    end: record.end + lateMs,
  };
}
