/** What a run found out about each place of its file: small, plain data that outlives the run and is stored beside its results. */
import type { CaseOutcome, CurveResult, JudgeTotals, SloResult } from '../../protocol/run-json';
import type { Severity } from '../../protocol/plan';
import type { Histogram } from './histogram';
import type { Scope, Subject, SurveyNode } from './survey';

export interface NodeReference {
  kind: SurveyNode['kind'];
  scope: Scope;
  index: number;
  hash: string;
}

interface ObservationBase {
  node: NodeReference;
  subject: Subject;
  /** `Survey.inputs` of the subject at the time of the run. */
  inputs: string;
  /** `Survey.files` at the time of the run; absent where not all of the files were known. */
  files?: string;
  target: string;
  /** ISO 8601 instant of the run's start. */
  at: string;
  /** Id of the run, which is the name of its folder. */
  run?: string;
}

export type Tally = Record<CaseOutcome, number>;

export interface Sample {
  case: string;
  outcome: CaseOutcome;
  reason: string;
  expected?: string;
  actual?: string;
  answer?: string;
  /** The answer or `actual` is longer than what is kept of it. */
  cut?: true;
  /** Parts of `answer` that the reason is about, in UTF-16 units. */
  spans?: [number, number][];
  /** Id of the request in requests.ndjson. */
  request?: string;
  /** Of a set of assertions: what its members found, those that do not hold first. */
  members?: { type: string; outcome: CaseOutcome; reason: string }[];
  /** What the judge said when it was asked about the same answer once more, where that differs. */
  again?: CaseOutcome;
}

/** How far a judge agrees with itself. */
export interface Regrading {
  twice: number;
  disagreed: number;
}

interface Asserted extends ObservationBase {
  type: string;
  /** The author's name for it. */
  name?: string;
  severity: Severity;
  tally: Tally;
  /** The first answer that did not pass; null where all passed. */
  sample: Sample | null;
  regraded?: Regrading;
}

export interface AssertionObservation extends Asserted {
  kind: 'assertion';
  /** It failed, but only in answers whose score decides and suffices. */
  outvoted?: true;
  /** All answers that it saw were the same text. */
  sameAnswer?: true;
}

/** A member of a set of assertions. */
export interface MemberObservation extends Asserted {
  kind: 'member';
  /** Its set passed although it did not hold. */
  outvoted?: true;
}

export interface CaseObservation extends ObservationBase {
  kind: 'case';
  tally: Tally;
  /** The first answer that did not pass, else the last one. */
  sample: Sample;
  /** Of a repeated case: different texts among its answers. */
  distinct?: number;
  /** Its answers passed in the baseline and do not now, or the other way round. */
  baseline?: 'lost' | 'won';
}

/** One turn of a conversation. */
export interface TurnObservation extends ObservationBase {
  kind: 'turn';
  /** Whether assertions judge this turn; if not, an answer is all that `tally` counts. */
  judged: boolean;
  tally: Tally;
  sample: Sample;
  /** What the user said. */
  user: string;
}

export interface SloObservation extends ObservationBase {
  kind: 'slo';
  /** Name of the stage that it was judged on. */
  stage: string;
  result: SloResult;
  /** Judged on a stage that goes on; the value may still change. */
  provisional: boolean;
  /** Level of its interval, such as 0.95, which it is where nothing is said. */
  level?: number;
  /** The values behind it, where it speaks of single requests. */
  histogram?: Histogram;
  /** Of an SLO on quality: what repeats and the judge say. */
  repeats?: { k: number; atLeastOnce: number; everyTime: number; single: number };
  judge?: JudgeTotals;
}

/** The answers of a load stage. */
export interface StageQuality {
  passed: number;
  /** Answers that were judged. */
  asked: number;
  errors: number;
  /** Drawn at random from this many. */
  sampledFrom?: number;
  /** More that came faster than they could be judged. */
  notJudged?: number;
}

export interface StageObservation extends ObservationBase {
  kind: 'stage';
  stage: string;
  /** Requests that counted, and what they came to. */
  rps: number;
  errorRate: number;
  completed: number;
  flags: string[];
  /** What the flags mean, in sentences. */
  caveats?: string[];
  /** It is a step of the `sweep` or `capacity` stage at whose place it stands. */
  isStep?: boolean;
  quality?: StageQuality;
  /** Where fewer answers are right here than at the lowest load: the share there, and the stage it is of. */
  worseThan?: { stage: string; passRate: number };
}

/** The step of a `sweep` or `capacity` stage that runs right now. */
export interface StepObservation extends ObservationBase {
  kind: 'step';
  step: string;
  /** Requests per second that are offered; null for a closed loop. */
  rate: number | null;
  /** From 1. */
  count: number;
}

/** What the steps of a `sweep` or `capacity` stage say together. */
export interface CurveObservation extends ObservationBase {
  kind: 'curve';
  curve: CurveResult;
  /** Lowest offered rate at which the load client was the limit. */
  limitedFrom: number | null;
}

/** An SLO that was judged on the steps of a stage, where a miss is a finding about a rate and no verdict on the SLO. */
export interface PerStepObservation extends ObservationBase {
  kind: 'per-step';
  /** Name of the `sweep` or `capacity` stage. */
  stage: string;
}

/** The run against the one that is its baseline. */
export interface BaselineObservation extends ObservationBase {
  kind: 'baseline';
  /** Id and start of the baseline's run. */
  against: string;
  startedAt: string;
  pairs: { target: string; cases: number; lost: number; won: number }[];
  /** Numbers that were tested: latencies are compared without a case in common, too. */
  tested?: number;
  /** One sentence each. */
  regressions: string[];
  improvements: string[];
  /** Why there is no comparison. */
  error?: string;
}

export type Observation =
  | AssertionObservation
  | MemberObservation
  | CaseObservation
  | TurnObservation
  | SloObservation
  | StageObservation
  | StepObservation
  | CurveObservation
  | PerStepObservation
  | BaselineObservation;

const KINDS: Record<Observation['kind'], true> = {
  assertion: true,
  member: true,
  case: true,
  turn: true,
  slo: true,
  stage: true,
  step: true,
  curve: true,
  'per-step': true,
  baseline: true,
};

/** Whether something read from a file is an observation that this version knows: a newer one may have stored others. */
export function isObservation(value: unknown): value is Observation {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, node, subject, at } = value as Record<string, unknown>;
  const isPlaced = typeof node === 'object' && node !== null && typeof subject === 'string' && typeof at === 'string';
  return isPlaced && typeof kind === 'string' && Object.hasOwn(KINDS, kind);
}

/** Whether a result depends on how all answers are judged, and not only on what was sent. */
export function isAboutQuality(observation: Observation): boolean {
  return observation.kind === 'baseline' || (observation.kind === 'slo' && isQualityMetric(observation.result.expr));
}

export function isQualityMetric(expr: string): boolean {
  return /^(?:quality\.|cost\.per_good|goodput)/.test(expr);
}

/**
 * What is known after a run: its own observations, and the earlier ones of what it did not touch.
 * @param targets the only ones that it ran on; without, it ran on all that the file has now
 */
export function mergeObservations(
  before: Observation[],
  run: Observation[],
  targets?: readonly string[],
): Observation[] {
  const touched = new Set(run.map((observation) => observation.subject));
  const isElsewhere = ({ target }: Observation): boolean => targets !== undefined && !targets.includes(target);
  return [...before.filter((item) => !touched.has(item.subject) || isElsewhere(item)), ...run];
}

export function total(tally: Tally): number {
  return tally.passed + tally.failed + tally.error + tally.skipped;
}

export function addTallies(tallies: Tally[]): Tally {
  const sum: Tally = { passed: 0, failed: 0, error: 0, skipped: 0 };
  for (const tally of tallies) {
    sum.passed += tally.passed;
    sum.failed += tally.failed;
    sum.error += tally.error;
    sum.skipped += tally.skipped;
  }
  return sum;
}
