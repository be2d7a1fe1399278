/** What a list of requests shows of a record, and what it is found by: the same in the editor and in a report. */
import type { RequestRecord } from './run-json';
import type { RequestRow } from './run-panel';

export function rowOfRequest(record: RequestRecord, caseName: string | null): RequestRow {
  return {
    id: record.id,
    outcome: record.outcome,
    scheduled: record.scheduled,
    sent: record.sent,
    connectMs: record.connect_ms,
    first: record.first,
    last: record.last,
    end: record.end,
    outputTokens: record.output_tokens,
    errorKind: record.error?.kind ?? null,
    caseName,
  };
}

/** Whether a record holds `wanted`, which is in lower case. The gaps between tokens are no part of it: every number is in them. */
export function requestHolds(record: RequestRecord, wanted: string): boolean {
  const { id, case: pointer, outcome, finish_reason: finish, status, error, phase } = record;
  const texts = [
    id,
    pointer ?? '',
    outcome,
    finish ?? '',
    String(status ?? ''),
    error?.kind ?? '',
    error?.message ?? '',
  ];
  return [...texts, phase].some((part) => part.toLowerCase().includes(wanted));
}
