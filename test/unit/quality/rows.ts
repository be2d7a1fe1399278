import assert from 'node:assert/strict';
import type { AssertionPlan } from '../../../src/protocol/plan';
import type { AssertionResult, CaseOutcome } from '../../../src/protocol/run-json';
import { evaluateAssertions } from '../../../src/core/quality/assert';
import type { AnswerUnderTest, QualityServices } from '../../../src/core/quality/types';
import { parsers } from '../../../src/engine/parsers';
import { answer, assertion, services } from './helpers';

export interface Row {
  type: string;
  value?: AssertionPlan['value'];
  threshold?: number;
  text: string;
  /** What else the answer has. */
  answer?: Partial<AnswerUnderTest>;
  outcome: CaseOutcome;
  /** 1, 0 or null by the outcome, where it is left out. */
  score?: number;
  /** What the reason must say. */
  says?: RegExp;
  /** The parts of the answer that are marked. */
  marks?: string[];
}

export async function evaluateOne(
  plan: AssertionPlan,
  given: AnswerUnderTest,
  more: Partial<QualityServices> = {},
): Promise<AssertionResult> {
  const [result] = await evaluateAssertions(
    [plan],
    given,
    services({ parsers: () => Promise.resolve(parsers), ...more }),
  );
  assert.ok(result);
  return result;
}

/** The texts that a result marks. */
export function marked({ spans = [] }: AssertionResult, text: string): string[] {
  return spans.map(([start, end]) => text.slice(start, end));
}

const SCORES: Readonly<Record<CaseOutcome, number | null>> = { passed: 1, failed: 0, error: null, skipped: null };
const OPPOSITE: Readonly<Record<CaseOutcome, CaseOutcome>> = {
  passed: 'failed',
  failed: 'passed',
  error: 'error',
  skipped: 'skipped',
};

/** A test a row, which also holds the assertion with `not-` to the opposite; and one that no type lacks a row of each outcome. */
export function testRows(rows: readonly Row[], options: { neverError?: readonly string[] } = {}): void {
  for (const row of rows) {
    const { type, value, threshold, text, outcome, says, marks } = row;
    const shown = [value, threshold].filter((item) => item !== undefined).map((item) => JSON.stringify(item));
    const subject = text.length > 60 ? `${text.slice(0, 57)}...` : text;
    it(`${type} ${shown.join(', ')} on ${JSON.stringify(subject)} is ${outcome}`, async () => {
      const given = answer(text, row.answer);
      const more = threshold === undefined ? {} : { threshold };
      const result = await evaluateOne(assertion(type, value, more), given);
      assert.equal(result.outcome, outcome, result.reason);
      assert.equal(result.type, type);
      const score = row.score ?? SCORES[outcome];
      near(result.score, score);
      assert.ok(result.reason !== '' && result.reason.length < 500, result.reason);
      if (says !== undefined) assert.match(result.reason, says);
      if (marks !== undefined) assert.deepEqual(marked(result, text), marks);

      const negated = await evaluateOne(assertion(`not-${type}`, value, more), given);
      assert.equal(negated.outcome, OPPOSITE[outcome], negated.reason);
      assert.equal(negated.reason, result.reason);
      assert.equal(negated.type, `not-${type}`);
      near(negated.score, score === null ? null : 1 - score);
    });
  }

  it('has rows of every outcome', () => {
    for (const type of new Set(rows.map((row) => row.type))) {
      const outcomes = new Set(rows.filter((row) => row.type === type).map((row) => row.outcome));
      const needed: CaseOutcome[] = ['passed', 'failed'];
      if (options.neverError?.includes(type) !== true) needed.push('error');
      for (const outcome of needed) assert.ok(outcomes.has(outcome), `${type} has no ${outcome} row`);
    }
  });
}

function near(actual: number | null, expected: number | null): void {
  if (actual === null || expected === null) assert.equal(actual, expected);
  else assert.ok(Math.abs(actual - expected) < 1e-4, `score ${actual} instead of ${expected}`);
}
