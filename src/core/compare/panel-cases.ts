/** The cases of contenders side by side: what became of each, and the beginning of what was answered. */
import { createHash } from 'node:crypto';
import type { CompareCase, CompareCaseCell } from '../../protocol/compare-panel';
import type { CaseRecord } from '../../protocol/run-json';
import type { Entry } from './panel-source';
import type { CaseOutcomeCount } from './pairs';

/** Characters of an answer that a cell holds. */
const ANSWER_CHARACTERS = 400;
const REASON_CHARACTERS = 300;
const NAME_CHARACTERS = 200;
/** Characters of all cells together; past it each holds a line. */
const BUDGET_CHARACTERS = 2_000_000;
const SHORT_CHARACTERS = 60;
/** Cases that are listed; the statistics are over all of them. */
const MOST_CASES = 20_000;

/** The answers of one target to one case. */
export interface CaseTally {
  id: string;
  pointer: string;
  name: string;
  /** Answers that passed, of those that were judged. */
  passed: number;
  judged: number;
  errors: number;
  skipped: number;
  /** Answered, with nothing that judges them. */
  unjudged: number;
  scores: number;
  scoreSum: number;
  /** Of the first repeat. */
  first: { repeat: number; answer: string; digest: string } | null;
  /** Of the first assertion that failed, or of the error. */
  reason: string;
}

/** Takes the answers of a target one by one. */
export class CaseTallies {
  private readonly tallies = new Map<string, CaseTally>();

  get result(): ReadonlyMap<string, CaseTally> {
    return this.tallies;
  }

  add(record: CaseRecord): CaseTally {
    const tally = this.tallies.get(record.case_id) ?? emptyTally(record);
    this.tallies.set(record.case_id, tally);
    switch (record.outcome) {
      case 'skipped':
        tally.skipped++;
        break;
      case 'error':
        tally.errors++;
        break;
      default:
        if (record.outcome === 'passed' && record.assertions.length === 0) tally.unjudged++;
        else {
          tally.judged++;
          if (record.outcome === 'passed') tally.passed++;
        }
    }
    if (record.score !== null && record.outcome !== 'skipped') {
      tally.scores++;
      tally.scoreSum += record.score;
    }
    if (record.answer !== null && (tally.first === null || record.repeat < tally.first.repeat)) {
      tally.first = {
        repeat: record.repeat,
        answer: cut(record.answer, ANSWER_CHARACTERS),
        digest: createHash('sha1').update(record.answer.trim()).digest('base64'),
      };
    }
    if (tally.reason === '') tally.reason = cut(reasonOf(record), REASON_CHARACTERS);
    return tally;
  }
}

function emptyTally({ case_id: id, case: pointer, name }: CaseRecord): CaseTally {
  return {
    ...{ id, pointer, name: cut(name, NAME_CHARACTERS) },
    ...{ passed: 0, judged: 0, errors: 0, skipped: 0, unjudged: 0, scores: 0, scoreSum: 0 },
    first: null,
    reason: '',
  };
}

function reasonOf({ outcome, reason, assertions }: CaseRecord): string {
  if (outcome === 'passed') return '';
  const failed = assertions.find((assertion) => assertion.outcome === 'failed' || assertion.outcome === 'error');
  return failed?.reason ?? reason ?? '';
}

/** Outcomes as the test of quality counts them: an error is an answer that did not pass. */
export function outcomesOf(tallies: ReadonlyMap<string, CaseTally>): ReadonlyMap<string, CaseOutcomeCount> {
  return new Map(
    [...tallies].flatMap(([id, { pointer, passed, judged, errors, unjudged }]): [string, CaseOutcomeCount][] => {
      const n = judged + errors + unjudged;
      return n === 0 ? [] : [[id, { pointer, n, passed: passed + unjudged }]];
    }),
  );
}

export function cellOf(tally: CaseTally, answerCharacters = ANSWER_CHARACTERS): CompareCaseCell {
  const { passed, judged, errors, skipped, unjudged, scores, scoreSum, first, reason } = tally;
  // One of several repeats that had no answer is among those that did not pass.
  const of = judged + (judged > 0 ? errors : 0);
  return {
    state: stateOf(passed, of, { errors, unjudged, skipped }),
    passed,
    of,
    flaky: passed > 0 && passed < of,
    score: scores === 0 ? null : scoreSum / scores,
    answer: cut(first?.answer ?? '', answerCharacters),
    reason: cut(reason, Math.max(SHORT_CHARACTERS, answerCharacters)),
  };
}

function stateOf(
  passed: number,
  of: number,
  { errors, unjudged, skipped }: Pick<CaseTally, 'errors' | 'unjudged' | 'skipped'>,
): CompareCaseCell['state'] {
  if (of > 0) return passed * 2 > of ? 'passed' : 'failed';
  if (errors > 0) return 'error';
  return unjudged === 0 && skipped > 0 ? 'skipped' : 'not judged';
}

export interface CaseGrid {
  cases: CompareCase[];
  /** Why there is nothing to set side by side, or that not all of it is listed. */
  text?: string;
}

/** A case as its file has it, whether or not it was asked yet. */
export interface PlannedCase {
  id: string;
  name: string;
  tags: readonly string[];
}

/**
 * Cases by their id, in the order of the plan, then of the first contender that has each.
 * @param running of a run that goes on: ids of the cases that a contender is answering, by entry
 */
export function caseGrid(
  entries: readonly Entry[],
  planned: ReadonlyMap<string, PlannedCase> = new Map(),
  running: ReadonlyMap<string, ReadonlySet<string>> | null = null,
): CaseGrid {
  const ids = new Set<string>(planned.keys());
  for (const { target } of entries) for (const id of target.cases.keys()) ids.add(id);
  const listed = [...ids].slice(0, MOST_CASES);
  let left = BUDGET_CHARACTERS;
  const cases = listed.map((id): CompareCase => {
    const tallies = entries.map(({ target }) => target.cases.get(id) ?? null);
    const characters = left > 0 ? ANSWER_CHARACTERS : SHORT_CHARACTERS;
    const cells = tallies.map((tally, index): CompareCaseCell | null => {
      if (tally !== null) return cellOf(tally, characters);
      return running?.get(entries[index]?.id ?? '')?.has(id) === true ? runningCell() : null;
    });
    for (const cell of cells) left -= (cell?.answer.length ?? 0) + (cell?.reason.length ?? 0);
    return {
      id,
      name: tallies.find((tally) => tally !== null)?.name ?? cut(planned.get(id)?.name ?? id, NAME_CHARACTERS),
      tags: [...(planned.get(id)?.tags ?? [])],
      differs: differ(tallies, cells),
      cells,
    };
  });
  const text = gridText(entries, ids.size, cases, running !== null);
  return text === null ? { cases } : { cases, text };
}

export function runningCell(): CompareCaseCell {
  return { state: 'running', passed: 0, of: 0, flaky: false, score: null, answer: '', reason: '' };
}

function differ(tallies: readonly (CaseTally | null)[], cells: readonly (CompareCaseCell | null)[]): boolean {
  const answered = tallies.flatMap((tally) => tally?.first?.digest ?? []);
  const judged = cells.flatMap((cell) => (cell === null || cell.state === 'running' ? [] : cell.state));
  return new Set(answered).size > 1 || new Set(judged).size > 1;
}

function gridText(
  entries: readonly Entry[],
  all: number,
  cases: readonly CompareCase[],
  isLive: boolean,
): string | null {
  if (entries.length === 0) return null;
  if (all === 0) return 'None of the contenders was asked a case: quality is not compared.';
  if (entries.length > 1 && !isLive && cases.every(({ cells }) => cells.filter((cell) => cell !== null).length < 2))
    return 'The contenders have no case in common, so their answers cannot be set side by side.';
  return cases.length < all ? `The first ${cases.length} of ${all} cases are listed; quality is of all of them.` : null;
}

function cut(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters)}…`;
}
