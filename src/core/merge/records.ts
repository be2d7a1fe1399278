/** The records of several parts as one run would have written them. */
import { CASES_STAGE } from '../engine/stage-context';
import { readCases, readLoadAnswers, readRequests } from '../results/store';
import type { CaseRecord, RequestRecord } from '../../protocol/run-json';
import type { RunPart } from './parts';

/** What of a part is to be changed on the way into the whole. */
export interface PartClock {
  part: RunPart;
  /** Added to every instant of the part, ms: the parts' clocks count from different zeros. */
  shiftMs: number;
  /** The same for its quality cases of a target, which were asked as if all parts had begun them at once. */
  casesShiftMs: ReadonlyMap<string, number>;
  /** Added to the index of its quality requests of a target: each part counts from 0. */
  casesOffset: ReadonlyMap<string, number>;
}

/** Quality requests of a target, and its answers, in the order in which they ended. */
export interface CaseRecords {
  requests: RequestRecord[];
  answers: CaseRecord[];
}

/** Reads what the parts asked and were answered, by target: everything but load, so that it fits in memory. */
export async function caseRecordsOf(clocks: readonly PartClock[]): Promise<Map<string, CaseRecords>> {
  const byTarget = new Map<string, { requests: RequestRecord[]; answers: { record: CaseRecord; endMs: number }[] }>();
  const of = (target: string) => {
    const known = byTarget.get(target) ?? { requests: [], answers: [] };
    byTarget.set(target, known);
    return known;
  };
  for (const clock of clocks) {
    const ends = new Map<string, number>();
    for await (const record of readRequests(clock.part.dir)) {
      if (record.stage !== CASES_STAGE) continue;
      const moved = movedRequest(record, clock);
      ends.set(moved.id, moved.end);
      of(record.target).requests.push(moved);
    }
    for await (const record of readCases(clock.part.dir)) {
      const moved = movedAnswer(record, clock);
      // What was skipped was known before anything was sent.
      const endMs =
        moved.request === null ? Number.NEGATIVE_INFINITY : (ends.get(moved.request) ?? Number.POSITIVE_INFINITY);
      of(record.target).answers.push({ record: moved, endMs });
    }
  }
  return new Map(
    [...byTarget].map(([target, { requests, answers }]) => [
      target,
      {
        requests: requests.sort((a, b) => a.end - b.end),
        answers: answers.sort((a, b) => (a.endMs === b.endMs ? 0 : a.endMs - b.endMs)).map(({ record }) => record),
      },
    ]),
  );
}

/** The requests of load stages, part by part, in constant memory. */
export async function* loadRequestsOf(clocks: readonly PartClock[]): AsyncGenerator<RequestRecord> {
  for (const clock of clocks) {
    for await (const record of readRequests(clock.part.dir)) {
      if (record.stage !== CASES_STAGE) yield shifted(record, clock.shiftMs);
    }
  }
}

/** The answers of load stages that were kept. */
export async function* loadAnswersOf(clocks: readonly PartClock[]): AsyncGenerator<CaseRecord> {
  for (const { part } of clocks) yield* readLoadAnswers(part.dir);
}

function movedRequest(record: RequestRecord, clock: PartClock): RequestRecord {
  const offset = clock.casesOffset.get(record.target) ?? 0;
  const moved = shifted(record, clock.casesShiftMs.get(record.target) ?? clock.shiftMs);
  return offset === 0 ? moved : { ...moved, index: record.index + offset, id: renumbered(record.id, offset) };
}

function movedAnswer(record: CaseRecord, clock: PartClock): CaseRecord {
  const offset = clock.casesOffset.get(record.target) ?? 0;
  if (offset === 0) return record;
  return {
    ...record,
    request: record.request === null ? null : renumbered(record.request, offset),
    ...(record.turns === undefined
      ? {}
      : { turns: record.turns.map((turn) => ({ ...turn, request: renumbered(turn.request, offset) })) }),
  };
}

/** `target/cases/7` as `target/cases/19`. */
function renumbered(id: string, offset: number): string {
  return id.replace(/\d+$/, (index) => String(Number(index) + offset));
}

function shifted(record: RequestRecord, byMs: number): RequestRecord {
  if (byMs === 0) return record;
  const move = (instant: number | null): number | null => (instant === null ? null : instant + byMs);
  return {
    ...record,
    scheduled: record.scheduled + byMs,
    sent: move(record.sent),
    headers: move(record.headers),
    first: move(record.first),
    first_answer: move(record.first_answer),
    last: move(record.last),
    end: record.end + byMs,
  };
}
