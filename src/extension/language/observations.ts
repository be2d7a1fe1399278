/** What a run found out about each place of its file: small, plain data that outlives the run and is stored beside its results. */
import type { CaseOutcome, CaseRecord, CurveResult, SloResult, StageResult } from '../../protocol/run-json';
import type { Severity } from '../../protocol/plan';
import { stageCaveats } from '../../core/report/flags';
import type { Scope, Subject, Survey, SurveyNode } from './survey';

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
  target: string;
  /** ISO 8601 instant of the run's start. */
  at: string;
}

export type Tally = Record<CaseOutcome, number>;

export interface Sample {
  case: string;
  outcome: CaseOutcome;
  reason: string;
  expected?: string;
  actual?: string;
  answer?: string;
}

export interface AssertionObservation extends ObservationBase {
  kind: 'assertion';
  type: string;
  severity: Severity;
  tally: Tally;
  /** The first answer that did not pass; null where all passed. */
  sample: Sample | null;
}

export interface CaseObservation extends ObservationBase {
  kind: 'case';
  tally: Tally;
  /** The first answer that did not pass, else the last one. */
  sample: Sample;
}

export interface SloObservation extends ObservationBase {
  kind: 'slo';
  /** Name of the stage that it was judged on. */
  stage: string;
  result: SloResult;
  /** Judged on a stage that goes on; the value may still change. */
  provisional: boolean;
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

export type Observation =
  | AssertionObservation
  | CaseObservation
  | SloObservation
  | StageObservation
  | StepObservation
  | CurveObservation
  | PerStepObservation;

/** Longest text kept of an answer: observations are for a line's end and a hover, the whole text is in the run's files. */
const MAX_TEXT = 2000;

/**
 * Turns the events of one run into observations. Knows the file as it was when the run started, whose pointers the
 * results carry.
 */
export class RunObserver {
  private readonly found = new Map<string, Observation>();
  /** Offered rates of steps at which the load client was the limit, by target and stage. */
  private readonly limited = new Map<string, number[]>();

  /**
   * @param survey the file as it was when the run started
   * @param at ISO 8601 instant of the start
   * @param wholeFile whether all cases run: SLOs on the stage `cases` say nothing about the file where only some do
   */
  constructor(
    private readonly survey: Survey,
    private readonly at: string,
    private readonly wholeFile: boolean,
  ) {}

  get observations(): Observation[] {
    return [...this.found.values()];
  }

  onCase(record: CaseRecord): void {
    const node = this.survey.at(record.case);
    if (node === undefined || node.kind !== 'case') return;
    const subject: Subject = `case:${node.id}`;
    const sample: Sample = {
      case: record.name,
      outcome: record.outcome,
      reason: record.reason ?? record.assertions.find((item) => item.outcome === record.outcome)?.reason ?? '',
      ...(record.answer === null ? {} : { answer: clip(record.answer) }),
    };
    const known = this.found.get(key(node, subject, record.target));
    if (known?.kind === 'case') {
      known.tally[record.outcome]++;
      if (rank(sample.outcome) > rank(known.sample.outcome)) known.sample = sample;
    } else {
      this.add({ kind: 'case', ...this.base(node, subject, record.target), tally: one(record.outcome), sample });
    }
    for (const assertion of record.assertions) {
      const place = this.survey.at(assertion.pointer);
      if (place === undefined) continue;
      const before = this.found.get(key(place, subject, record.target));
      const failing: Sample | null =
        assertion.outcome === 'passed'
          ? null
          : {
              case: record.name,
              outcome: assertion.outcome,
              reason: assertion.reason,
              ...(assertion.expected === undefined ? {} : { expected: clip(assertion.expected) }),
              ...(assertion.actual === undefined ? {} : { actual: clip(assertion.actual) }),
              ...(record.answer === null ? {} : { answer: clip(record.answer) }),
            };
      if (before?.kind === 'assertion') {
        before.tally[assertion.outcome]++;
        if (failing !== null && (before.sample === null || rank(failing.outcome) > rank(before.sample.outcome))) {
          before.sample = failing;
        }
      } else {
        this.add({
          kind: 'assertion',
          ...this.base(place, subject, record.target),
          type: assertion.type,
          severity: assertion.severity,
          tally: one(assertion.outcome),
          sample: failing,
        });
      }
    }
  }

  /** SLOs of a stage while it runs. */
  onProvisional(target: string, stage: string, pointer: string | null, slos: SloResult[]): void {
    this.addSlos(target, stage, pointer, slos, true);
  }

  /** A step of a `sweep` or `capacity` stage starts; `pointer` is that of the whole stage. */
  onStep(target: string, pointer: string, step: string, rate: number | null): void {
    const node = this.survey.at(pointer);
    if (node === undefined) return;
    const base = this.base(node, `stage:${node.id}`, target);
    const before = this.found.get(key(node, base.subject, target, 'step'));
    const count = before?.kind === 'step' ? before.count + 1 : 1;
    this.add({ kind: 'step', ...base, step, rate, count }, 'step');
  }

  /** What the steps said together; comes after `onStage` of each of them. */
  onCurve(target: string, curve: CurveResult): void {
    const node = this.survey.at(curve.pointer);
    if (node === undefined) return;
    const base = this.base(node, `stage:${node.id}`, target);
    this.found.delete(key(node, base.subject, target, 'step'));
    const limited = this.limited.get(`${target}\n${curve.stage}`) ?? [];
    const limitedFrom = limited.length === 0 ? null : Math.min(...limited);
    this.add({ kind: 'curve', ...base, curve, limitedFrom }, 'curve');
  }

  onStage(target: string, stage: StageResult): void {
    if (stage.part_of !== undefined) {
      this.onStepResult(target, stage, stage.part_of);
      return;
    }
    this.addSlos(target, stage.name, stage.pointer, stage.slo, false);
    const node = stage.pointer === null ? undefined : this.survey.at(stage.pointer);
    if (node === undefined) return;
    this.add(
      {
        kind: 'stage',
        ...this.base(node, `stage:${node.id}`, target),
        stage: stage.name,
        rps: stage.rates.rps,
        errorRate: stage.rates.error_rate,
        completed: stage.counts.completed,
        flags: stage.flags,
        caveats: stageCaveats(stage),
      },
      stage.name,
    );
  }

  private onStepResult(target: string, step: StageResult, stage: string): void {
    const node = step.pointer === null ? undefined : this.survey.at(step.pointer);
    if (node === undefined) return;
    const base = this.base(node, `stage:${node.id}`, target);
    for (const { pointer } of step.slo) {
      const place = this.survey.at(pointer);
      if (place === undefined) continue;
      this.add({ kind: 'per-step', ...this.base(place, base.subject, target), stage }, `per-step\n${stage}`);
    }
    if (step.client.limited && step.rate !== null) {
      const name = `${target}\n${stage}`;
      this.limited.set(name, [...(this.limited.get(name) ?? []), step.rate]);
    }
    this.add(
      {
        kind: 'stage',
        ...base,
        stage: step.name,
        rps: step.rates.rps,
        errorRate: step.rates.error_rate,
        completed: step.counts.completed,
        flags: step.flags,
        caveats: stageCaveats(step),
        isStep: true,
      },
      step.name,
    );
  }

  /** SLOs on the quality of all cases. */
  onQuality(target: string, slos: SloResult[]): void {
    this.addSlos(target, 'cases', null, slos, false);
  }

  /** The run is over: a value of a stage that was cut off is not a verdict. */
  settle(): void {
    for (const [name, observation] of this.found) {
      const passing = observation.kind === 'step' || (observation.kind === 'slo' && observation.provisional);
      if (passing) this.found.delete(name);
    }
  }

  private addSlos(
    target: string,
    stage: string,
    pointer: string | null,
    slos: SloResult[],
    provisional: boolean,
  ): void {
    if (pointer === null && !this.wholeFile) return;
    const stageNode = pointer === null ? undefined : this.survey.at(pointer);
    if (pointer !== null && stageNode === undefined) return;
    const subject: Subject = stageNode === undefined ? 'cases' : `stage:${stageNode.id}`;
    for (const result of slos) {
      const node = this.survey.at(result.pointer);
      if (node === undefined) continue;
      this.add(
        { kind: 'slo', ...this.base(node, subject, target), stage, result, provisional },
        `${stage}\n${result.expr}`,
      );
    }
  }

  private base(node: SurveyNode, subject: Subject, target: string): ObservationBase {
    return {
      node: { kind: node.kind, scope: node.scope, index: node.index, hash: node.hash },
      subject,
      inputs: this.survey.inputs(subject) ?? '',
      target,
      at: this.at,
    };
  }

  private add(observation: Observation, detail = ''): void {
    this.found.set(key(observation.node, observation.subject, observation.target, detail), observation);
  }
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

export interface Placed {
  observation: Observation;
  /** Something that the result depends on has changed since. */
  stale: boolean;
}

/**
 * Finds the place of each observation in the file as it is now. Within a scope a node is recognised by its content first
 * (so that it may move), then by its position (so that an edited one keeps its last value, marked stale).
 */
export function placeObservations(survey: Survey, observations: Observation[]): Map<SurveyNode, Placed[]> {
  const placed = new Map<SurveyNode, Placed[]>();
  const groups = new Map<string, { stored: Map<string, Observation[]>; nodes: SurveyNode[] }>();
  for (const node of survey.nodes) {
    const name = `${node.kind} ${node.scope}`;
    const group = groups.get(name) ?? { stored: new Map<string, Observation[]>(), nodes: [] };
    group.nodes.push(node);
    groups.set(name, group);
  }
  for (const observation of observations) {
    const group = groups.get(`${observation.node.kind} ${observation.node.scope}`);
    if (group === undefined) continue;
    const name = `${observation.node.index} ${observation.node.hash}`;
    const items = group.stored.get(name);
    if (items === undefined) group.stored.set(name, [observation]);
    else items.push(observation);
  }
  for (const { stored, nodes } of groups.values()) {
    const waiting = new Set(nodes);
    const settle = (matches: (node: SurveyNode, reference: NodeReference) => boolean): void => {
      for (const [name, items] of stored) {
        const reference = items[0]?.node;
        if (reference === undefined) continue;
        const node = [...waiting].find((candidate) => matches(candidate, reference));
        if (node === undefined) continue;
        waiting.delete(node);
        stored.delete(name);
        placed.set(
          node,
          items.map((observation) => ({
            observation,
            stale:
              // A case holds its assertions and its name, so its own text may change while what was asked stays.
              (node.kind !== 'case' && node.kind !== 'stage' && node.hash !== reference.hash) ||
              survey.inputs(observation.subject) !== observation.inputs,
          })),
        );
      }
    };
    settle((node, reference) => node.hash === reference.hash && node.index === reference.index);
    settle((node, reference) => node.hash === reference.hash);
    settle((node, reference) => node.index === reference.index);
  }
  return placed;
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

function one(outcome: CaseOutcome): Tally {
  return { passed: 0, failed: 0, error: 0, skipped: 0, [outcome]: 1 };
}

function rank(outcome: CaseOutcome): number {
  return ['passed', 'skipped', 'error', 'failed'].indexOf(outcome);
}

function clip(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}

function key(node: NodeReference, subject: string, target: string, detail = ''): string {
  return [node.kind, node.scope, node.index, subject, target, detail].join('\n');
}
