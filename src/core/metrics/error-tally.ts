import type { RequestRecord } from '../../protocol/run-json';

/** Counts failures by kind and keeps the first message of each: a thousand like it say no more. */
export class ErrorTally {
  private readonly kinds = new Map<string, { count: number; example: string }>();

  /** Counts `record` unless it completed. */
  add(record: RequestRecord): void {
    if (record.outcome === 'completed') return;
    const kind = record.error?.kind ?? record.outcome;
    const known = this.kinds.get(kind);
    if (known === undefined) this.kinds.set(kind, { count: 1, example: record.error?.message ?? '' });
    else known.count++;
  }

  /** Most frequent first. */
  result(): { kind: string; count: number; example: string }[] {
    return [...this.kinds].map(([kind, entry]) => ({ kind, ...entry })).sort((a, b) => b.count - a.count);
  }
}
