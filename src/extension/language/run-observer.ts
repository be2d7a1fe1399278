/** Turns the events and results of one run into observations. */
import { createHash } from 'node:crypto';
import { stageCaveats } from '../../core/report/flags';
import type {
  AssertionResult,
  CaseOutcome,
  CaseRecord,
  CurveResult,
  QualityResult,
  RunJson,
  SloResult,
  StageResult,
  TargetResult,
} from '../../protocol/run-json';
import {
  isQualityMetric,
  type AssertionObservation,
  type CaseObservation,
  type MemberObservation,
  type NodeReference,
  type Observation,
  type Sample,
  type StageQuality,
  type Tally,
} from './observations';
import { inputsOf } from './place-observations';
import type { Subject, Survey, SurveyNode } from './survey';

/** Longest text kept of an answer: observations are for a line's end and a hover, the whole text is in the run's files. */
const MAX_TEXT = 2000;
const MOST_SPANS = 20;
const MOST_MEMBERS = 20;
/** Sentences and pairs kept of a comparison with a baseline. */
const MOST_FINDINGS = 20;

export interface ObservedRun {
  /** Id of the run. */
  id?: string;
  /** Level of its intervals, such as 0.95. */
  confidence?: number;
}

/** Knows the file as it was when the run started, whose pointers the results carry. */
export class RunObserver {
  private readonly found = new Map<string, Observation>();
  /** Offered rates of steps at which the load client was the limit, by target and stage. */
  private readonly limited = new Map<string, number[]>();
  /** Digest of the first answer that each assertion saw. */
  private readonly answers = new Map<string, string>();
  /** Assertions whose failure has decided an answer. */
  private readonly deciding = new Set<string>();

  /**
   * @param survey the file as it was when the run started
   * @param at ISO 8601 instant of the start
   * @param wholeFile whether all cases run: SLOs on the stage `cases` say nothing about the file where only some do
   */
  constructor(
    private readonly survey: Survey,
    private readonly at: string,
    private readonly wholeFile: boolean,
    private readonly run: ObservedRun = {},
  ) {}

  get observations(): Observation[] {
    return [...this.found.values()];
  }

  onCase(record: CaseRecord): void {
    const node = this.survey.at(record.case);
    if (node === undefined || node.kind !== 'case') return;
    const subject: Subject = `case:${node.id}`;
    const deciding = record.assertions.find((item) => item.outcome === record.outcome);
    const sample: Sample = {
      case: record.name,
      outcome: record.outcome,
      reason: record.reason ?? deciding?.reason ?? '',
      ...answerOf(record, deciding),
    };
    const known = this.found.get(key(node, subject, record.target));
    if (known?.kind === 'case') {
      known.tally[record.outcome]++;
      if (rank(sample.outcome) > rank(known.sample.outcome)) known.sample = sample;
    } else {
      this.add({ kind: 'case', ...this.base(node, subject, record.target), tally: one(record.outcome), sample });
    }
    for (const assertion of record.assertions) this.onAssertion(record, assertion, subject, null);
    this.onTurns(record, node, subject);
  }

  /** @param set of a member: the set that it belongs to */
  private onAssertion(
    record: CaseRecord,
    assertion: AssertionResult,
    subject: Subject,
    set: AssertionResult | null,
  ): void {
    const { pointer, outcome, again } = assertion;
    for (const member of assertion.members ?? []) this.onAssertion(record, member, subject, assertion);
    const place = this.survey.at(pointer);
    if (place === undefined || (set === null ? place.kind !== 'assertion' : place.kind !== 'member')) return;
    const kind = set === null ? 'assertion' : 'member';
    const name = key(place, subject, record.target);
    const sample = outcome === 'passed' ? null : failing(record, assertion);
    // With a threshold the score decides; a member may fail in a set that holds.
    if (outcome === 'failed' && (set ?? record).outcome !== 'passed') this.deciding.add(name);
    const known = this.found.get(name);
    const isKnown = known?.kind === 'assertion' || known?.kind === 'member';
    const observation: AssertionObservation | MemberObservation = isKnown
      ? known
      : {
          kind,
          ...this.base(place, subject, record.target),
          type: assertion.type,
          ...(assertion.name === undefined ? {} : { name: assertion.name }),
          severity: assertion.severity,
          tally: { passed: 0, failed: 0, error: 0, skipped: 0 },
          sample: null,
        };
    if (!isKnown) this.add(observation);
    observation.tally[outcome]++;
    if (sample !== null && rank(sample.outcome) > rank(observation.sample?.outcome ?? 'passed'))
      observation.sample = sample;
    mark(observation, 'outvoted', observation.tally.failed > 0 && !this.deciding.has(name));
    if (observation.kind === 'assertion') mark(observation, 'sameAnswer', this.isSameAnswer(name, record, assertion));
    if (again !== undefined) {
      const { twice, disagreed } = observation.regraded ?? { twice: 0, disagreed: 0 };
      observation.regraded = { twice: twice + 1, disagreed: disagreed + (again === outcome ? 0 : 1) };
    }
  }

  /** Turns of a conversation, as far as it came. */
  private onTurns(record: CaseRecord, place: SurveyNode, subject: Subject): void {
    for (const [index, turn] of (record.turns ?? []).entries()) {
      const node = this.survey.at(`${place.pointer}/turns/${index}`);
      if (node?.kind !== 'turn') continue;
      const own = record.assertions.filter((item) => item.pointer.startsWith(`${node.pointer}/`));
      const bad = worstOf(own);
      const outcome: CaseOutcome = turn.answer === null ? 'error' : (bad?.outcome ?? 'passed');
      const reason = turn.answer === null ? (record.reason ?? 'no answer') : (bad?.reason ?? '');
      const sample: Sample = {
        case: record.name,
        outcome,
        reason,
        ...kept('answer', turn.answer),
        request: turn.request,
      };
      const before = this.found.get(key(node, subject, record.target));
      if (before?.kind === 'turn') {
        before.tally[outcome]++;
        if (rank(outcome) > rank(before.sample.outcome)) before.sample = sample;
      } else {
        this.add({
          kind: 'turn',
          ...this.base(node, subject, record.target),
          judged: own.length > 0,
          tally: one(outcome),
          sample,
          user: clip(turn.user),
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
        ...qualityOf(stage),
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
        ...qualityOf(step),
      },
      step.name,
    );
  }

  /** What all cases of a target came to: SLOs on their quality, and the repeated ones among them. */
  onQuality(target: string, quality: QualityResult): void {
    this.addSlos(target, 'cases', null, quality.slo, false, quality);
    for (const { case: pointer, distinct } of quality.repeated ?? []) {
      const found = this.caseAt(pointer, target);
      // Several cases may share a place, and then none of them speaks for it.
      if (found !== undefined && !pointer.includes('#')) found.distinct = distinct;
    }
  }

  /** Everything that is known of a run once it is over. */
  onRun(run: Pick<RunJson, 'targets' | 'baseline'>): void {
    for (const target of run.targets) {
      for (const stage of target.stages) this.onStage(target.id, stage);
      for (const curve of target.curves ?? []) this.onCurve(target.id, curve);
      if (target.quality !== null) this.onQuality(target.id, target.quality);
      this.onUnderLoad(target);
    }
    if (run.baseline !== undefined && this.wholeFile) this.onBaseline(run.baseline);
  }

  private onUnderLoad({ id, quality_under_load: found }: TargetResult): void {
    if (found?.verdict !== 'worse') return;
    for (const observation of this.found.values()) {
      if (observation.kind !== 'stage' || observation.target !== id || observation.stage !== found.high.stage) continue;
      observation.worseThan = { stage: found.low.stage, passRate: found.low.pass_rate };
    }
  }

  private onBaseline(baseline: NonNullable<RunJson['baseline']>): void {
    const node = this.survey.at('/baseline');
    if (node === undefined) return;
    for (const pair of baseline.pairs) {
      for (const [pointers, baselineWas] of [
        [pair.lost, 'lost'],
        [pair.won, 'won'],
      ] as const) {
        for (const pointer of pointers) {
          const found = this.caseAt(pointer, pair.second);
          if (found !== undefined && !pointer.includes('#')) found.baseline = baselineWas;
        }
      }
    }
    this.add({
      kind: 'baseline',
      ...this.base(node, 'cases', '', true),
      against: baseline.run,
      startedAt: baseline.started_at,
      pairs: baseline.pairs
        .slice(0, MOST_FINDINGS)
        .map(({ second, cases, only_first: lost, only_second: won }) => ({ target: second, cases, lost, won })),
      ...(baseline.rows === undefined
        ? {}
        : { tested: baseline.rows.filter(({ verdict }) => verdict !== 'not tested').length }),
      regressions: baseline.regressions.slice(0, MOST_FINDINGS),
      improvements: baseline.improvements.slice(0, MOST_FINDINGS),
      ...(baseline.error === undefined ? {} : { error: baseline.error }),
    });
  }

  private caseAt(pointer: string, target: string): CaseObservation | undefined {
    const node = this.survey.at(pointer);
    if (node?.kind !== 'case') return undefined;
    const found = this.found.get(key(node, `case:${node.id}`, target));
    return found?.kind === 'case' ? found : undefined;
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
    quality?: QualityResult,
  ): void {
    if (pointer === null && !this.wholeFile) return;
    const stageNode = pointer === null ? undefined : this.survey.at(pointer);
    if (pointer !== null && stageNode === undefined) return;
    const subject: Subject = stageNode === undefined ? 'cases' : `stage:${stageNode.id}`;
    const { confidence } = this.run;
    for (const result of slos) {
      const node = this.survey.at(result.pointer);
      if (node === undefined) continue;
      this.add(
        {
          kind: 'slo',
          ...this.base(node, subject, target, isQualityMetric(result.expr)),
          stage,
          result,
          provisional,
          ...(confidence === undefined ? {} : { level: confidence }),
          ...(quality === undefined ? {} : aboutQuality(quality)),
        },
        `${stage}\n${result.expr}`,
      );
    }
  }

  private base(
    node: SurveyNode,
    subject: Subject,
    target: string,
    isQuality = false,
  ): Pick<Observation, 'node' | 'subject' | 'inputs' | 'files' | 'target' | 'at' | 'run'> {
    const files = this.survey.files(subject, node, isQuality);
    return {
      node: { kind: node.kind, scope: node.scope, index: node.index, hash: node.hash },
      subject,
      inputs: inputsOf(this.survey, subject, isQuality) ?? '',
      ...(files === undefined ? {} : { files }),
      target,
      at: this.at,
      ...(this.run.id === undefined ? {} : { run: this.run.id }),
    };
  }

  /** Whether all that an assertion was held against is the same text, the new one included. */
  private isSameAnswer(name: string, record: CaseRecord, assertion: AssertionResult): boolean {
    const text = assertion.actual ?? answerOf(record, assertion).answer;
    if (text === undefined) return false;
    const hash = createHash('sha1').update(text).digest('base64');
    const known = this.answers.get(name) ?? hash;
    // Once two have differed none is like all the others.
    this.answers.set(name, known === hash ? hash : '');
    return known === hash;
  }

  private add(observation: Observation, detail = ''): void {
    this.found.set(key(observation.node, observation.subject, observation.target, detail), observation);
  }
}

function failing(record: CaseRecord, assertion: AssertionResult): Sample {
  const { outcome, reason, expected, actual, again, members } = assertion;
  const bad = (members ?? []).filter((member) => member.outcome !== 'passed');
  return {
    case: record.name,
    outcome,
    reason,
    ...kept('expected', expected),
    ...kept('actual', actual),
    ...answerOf(record, assertion),
    ...(again === undefined || again === outcome ? {} : { again }),
    ...(bad.length === 0
      ? {}
      : {
          members: bad
            .slice(0, MOST_MEMBERS)
            .map((item) => ({ type: item.type, outcome: item.outcome, reason: item.reason })),
        }),
  };
}

/** The answer that an assertion is about: in a conversation that of its turn. */
function answerOf(record: CaseRecord, assertion: AssertionResult | undefined): Partial<Sample> {
  const index = /\/turns\/(\d+)\//.exec(assertion?.pointer ?? '')?.[1];
  const turn = index === undefined ? undefined : record.turns?.[Number(index)];
  const answer = turn === undefined ? record.answer : turn.answer;
  const request = turn === undefined ? record.request : turn.request;
  const spans = (assertion?.spans ?? []).filter(
    ([, end]) => answer !== null && end <= Math.min(answer.length, MAX_TEXT),
  );
  return {
    ...kept('answer', answer),
    ...(spans.length === 0 ? {} : { spans: spans.slice(0, MOST_SPANS) }),
    ...(request === null ? {} : { request }),
  };
}

function kept(name: 'answer' | 'actual' | 'expected', text: string | null | undefined): Partial<Sample> {
  if (text === null || text === undefined) return {};
  return { [name]: clip(text), ...(text.length > MAX_TEXT && name !== 'expected' ? { cut: true } : {}) };
}

function worstOf(assertions: readonly AssertionResult[]): AssertionResult | undefined {
  let worst: AssertionResult | undefined;
  for (const item of assertions) if (worst === undefined || rank(item.outcome) > rank(worst.outcome)) worst = item;
  return worst;
}

/** Sets or takes away a mark that is only there where it is true. */
function mark<K extends string>(observation: { [key in K]?: true }, name: K, value: boolean): void {
  if (value) observation[name] = true;
  else delete observation[name];
}

function qualityOf({ quality }: StageResult): { quality?: StageQuality } {
  if (quality === undefined) return {};
  return {
    quality: {
      passed: quality.passed,
      asked: quality.cases - quality.skipped,
      errors: quality.errors,
      ...(quality.sampled_from === undefined ? {} : { sampledFrom: quality.sampled_from }),
      ...(quality.not_judged === undefined ? {} : { notJudged: quality.not_judged }),
    },
  };
}

function aboutQuality({ pass_at: at, pass_all: all, judge }: QualityResult): object {
  const k = Math.max(0, ...Object.keys(at ?? {}).map(Number));
  const [single, atLeastOnce, everyTime] = [at?.['1'], at?.[String(k)], all?.[String(k)]];
  const isKnown = single !== undefined && atLeastOnce !== undefined && everyTime !== undefined && k > 1;
  return {
    ...(isKnown ? { repeats: { k, atLeastOnce, everyTime, single } } : {}),
    ...(judge === undefined ? {} : { judge }),
  };
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
