/** Where a request spent its time, as stretches one after the other. */
import type { TickPoint } from '../../src/protocol/events';
import type { RequestRow } from '../../src/protocol/run-panel';

export type Phase = 'wait' | 'connect' | 'prefill' | 'decode';

export const PHASES: { phase: Phase; label: string; help: string }[] = [
  { phase: 'wait', label: 'wait', help: 'From the instant that the schedule wanted it sent to its send' },
  { phase: 'connect', label: 'connect', help: 'DNS, TCP and TLS of a new connection' },
  { phase: 'prefill', label: 'prefill', help: 'From the send to the first token' },
  { phase: 'decode', label: 'decode', help: 'From the first token to the last' },
];

export interface Segment {
  phase: Phase;
  from: number;
  to: number;
}

/** The stretches of a request that is known in full, in ms since the stage started; `point` tells when that was. */
export function segmentsOf(row: RequestRow, point: TickPoint): Segment[] {
  const origin = (row.first ?? row.end) - point.t;
  const at = (instant: number) => instant - origin;
  const end = row.last ?? row.end;
  const segments: Segment[] = [];
  if (row.sent === null) return [{ phase: 'wait', from: at(row.scheduled), to: at(row.end) }];
  const connecting = Math.max(row.scheduled, row.sent - (row.connectMs ?? 0));
  if (connecting > row.scheduled) segments.push({ phase: 'wait', from: at(row.scheduled), to: at(connecting) });
  if (row.sent > connecting) segments.push({ phase: 'connect', from: at(connecting), to: at(row.sent) });
  segments.push({ phase: 'prefill', from: at(row.sent), to: at(row.first ?? row.end) });
  if (row.first !== null) segments.push({ phase: 'decode', from: at(row.first), to: at(Math.max(end, row.first)) });
  return segments;
}

/** As far as the charts know it: until the rest has been read, and where there is nothing to read it from. */
export function roughSegmentsOf({ t, ttft, e2e }: TickPoint): Segment[] {
  if (ttft === null) return [{ phase: 'prefill', from: t, to: t }];
  const start = t - ttft;
  const segments: Segment[] = [{ phase: 'prefill', from: start, to: t }];
  if (e2e !== null) segments.push({ phase: 'decode', from: t, to: Math.max(t, start + e2e) });
  return segments;
}

export interface Scale {
  from: number;
  to: number;
}

/**
 * The scale of the rows in view. Staggered where they are in the order of time, so that one sees what overlaps; else all of
 * them begin at its left, so that one sees what is longer.
 */
export function scaleOf(rows: readonly Segment[][], staggered: boolean): Scale {
  const filled = rows.filter((segments) => segments.length > 0);
  if (filled.length === 0) return { from: 0, to: 1 };
  const starts = filled.map((segments) => segments[0]?.from ?? 0);
  const ends = filled.map((segments) => segments.at(-1)?.to ?? 0);
  if (staggered) {
    const from = Math.min(...starts);
    return { from, to: Math.max(from + 1, ...ends) };
  }
  return { from: 0, to: Math.max(1, ...ends.map((end, i) => end - (starts[i] ?? 0))) };
}

/** Left edge and width of a stretch as shares of the scale. */
export function placeOf(segment: Segment, scale: Scale, startMs: number): { left: number; width: number } {
  const length = scale.to - scale.from;
  const share = (ms: number) => Math.max(0, Math.min(1, ms / length));
  const left = share(segment.from - startMs);
  return { left, width: share(segment.to - startMs) - left };
}
