import type { AssertionPlan } from '../../protocol/plan';
import type { Outcome } from '../../protocol/run-json';

/** One answer as the assertions see it: what the model said and what it took. */
export interface AnswerUnderTest {
  /** Visible text; empty where the model answered with nothing. */
  text: string;
  /** Text of the model's reasoning, which no text assertion looks at. */
  reasoning?: string;
  /** From the send to the first token, in ms; null where no token came. */
  ttftMs: number | null;
  /** From the send to the last token (`e2e`), in ms. */
  latencyMs: number | null;
  costUsd: number | null;
  outputTokens: number | null;
  /** How the request ended: anything but `completed` leaves nothing to judge. */
  outcome: Outcome;
  /** Why it did not complete. */
  error?: { kind: string; message: string };
}

/**
 * What an assertion found. `holds` speaks of the assertion without its `not-`; the two sentences are facts about the answer,
 * so that each serves as the reason of a pass and of a failure alike.
 */
export interface Finding {
  kind: 'found';
  holds: boolean;
  /** The fact, such as `contains "30 days"` or `does not contain "30 days"`. */
  reason: string;
  /** For a diff: what was asked for and what came. */
  expected?: string;
  actual?: string;
}

/** The assertion could not be evaluated: its value is unusable, a pattern did not end, a schema does not compile. */
export interface Unevaluated {
  kind: 'error';
  reason: string;
}

export type CheckResult = Finding | Unevaluated;

/** Evaluates one assertion type. It may throw only on a defect of its own. */
export type Check = (assertion: AssertionPlan, answer: AnswerUnderTest) => CheckResult | Promise<CheckResult>;

/** Shorthand for an assertion that cannot be evaluated. */
export function unevaluated(reason: string): Unevaluated {
  return { kind: 'error', reason };
}
