/** The answers of one load stage, judged while it runs: whether a deployment is still right when it is fast. */
import type { CasePlan, Json, SloPlan } from '../../protocol/plan';
import type { CaseRecord, QualityResult } from '../../protocol/run-json';
import { Random } from '../load/prng';
import type { EndedRequest } from '../load/types';
import { QualityTally } from '../metrics/quality';
import { answerUnderTest } from '../quality/answer';
import { evaluateAnswer } from '../quality/assert';
import { needsModel } from '../quality/needs-model';
import type { QualityServices } from '../quality/types';

/** Answers of a stage that a model grades: every one would cost as much again as the load itself. */
export const GRADED_ANSWERS = 100;
/** Answers that did not pass and are kept with their texts. */
export const KEPT_FAILURES = 200;

export interface LoadQualityOptions {
  target: { id: string; params: Record<string, Json> };
  stage: string;
  /** By pointer. */
  cases: ReadonlyMap<string, CasePlan>;
  services: QualityServices;
  seed: number;
  /** Takes an answer that did not pass. */
  onFailure: (record: CaseRecord) => void;
}

interface Held {
  item: CasePlan;
  ended: EndedRequest;
}

/**
 * Judges every measured answer by the assertions that need no model, which is what goodput counts. Where an assertion of the
 * stage's cases needs one, the quality of the stage is that of a sample of its answers, drawn uniformly and graded in full
 * when the stage is over, so that a judge never takes the machine, or the server, from the load.
 */
export class LoadQuality {
  private readonly tally: QualityTally;
  private readonly sampled: boolean;
  private readonly plain = new Map<string, CasePlan>();
  private readonly sample: Held[] = [];
  private readonly random: Random;
  private seen = 0;
  private dropped = 0;
  private kept = 0;

  constructor(private readonly options: LoadQualityOptions) {
    this.tally = new QualityTally(new Map());
    this.random = new Random(options.seed, `graded ${options.target.id} ${options.stage}`);
    this.sampled = [...options.cases.values()].some(({ assertions }) => assertions.some(needsModel));
  }

  /** Whether any answer of these cases is judged at all. */
  static judges(cases: Iterable<CasePlan>): boolean {
    for (const item of cases) if (item.assertions.length > 0) return true;
    return false;
  }

  /**
   * Judges one ended request of the measured window.
   * @returns whether its answer is right, as far as that is known without a model; null where nothing judges it
   */
  async judge(ended: EndedRequest): Promise<boolean | null> {
    const { record } = ended;
    const item = record.case === undefined ? undefined : this.options.cases.get(record.case);
    if (item === undefined || item.assertions.length === 0 || record.phase !== 'measured') return null;
    // Of a conversation only the first turn is sent, which the assertions of the case do not speak of.
    if (item.turns !== undefined || record.outcome === 'cancelled') return null;
    if (record.outcome === 'completed' && ended.answer === undefined) {
      if (ended.dropped === true) this.dropped++;
      return null;
    }
    if (this.sampled) this.draw({ item, ended });
    const plain = this.withoutModels(item);
    if (plain === null) return null;
    const judged = await this.evaluate(plain, ended);
    if (!this.sampled) this.count(judged);
    return judged.outcome === 'skipped' ? null : judged.outcome === 'passed';
  }

  /** Grades the sample, if there is one, and sums up. Null where no answer was judged. */
  async finish(options: {
    slos: readonly SloPlan[];
    confidence: number;
    policy: 'point' | 'strict';
  }): Promise<QualityResult | null> {
    // All at once: how many are asked at a time is the judge's own limit.
    await Promise.all(
      this.sample.map(async ({ item, ended }) => {
        this.count(await this.evaluate(item, ended));
      }),
    );
    if (this.tally.total === 0) return null;
    return {
      ...withoutRepeats(this.tally.result(options)),
      ...(this.sampled ? { sampled_from: this.seen } : {}),
      ...(this.dropped > 0 ? { not_judged: this.dropped } : {}),
    };
  }

  /** Reservoir sampling, algorithm R: every answer is kept with the same chance. */
  private draw(held: Held): void {
    this.seen++;
    if (this.sample.length < GRADED_ANSWERS) {
      this.sample.push(held);
      return;
    }
    const place = Math.floor(this.random.next() * this.seen);
    if (place < GRADED_ANSWERS) this.sample[place] = held;
  }

  /** The case without what asks a model; null where nothing would be left that decides. */
  private withoutModels(item: CasePlan): CasePlan | null {
    const known = this.plain.get(item.pointer);
    if (known !== undefined) return known.assertions.length === 0 ? null : known;
    const assertions = item.assertions.filter((assertion) => !needsModel(assertion));
    // A threshold speaks of the score over all of them.
    const usable = item.threshold === undefined || assertions.length === item.assertions.length;
    const plain = { ...item, assertions: usable ? assertions : [] };
    this.plain.set(item.pointer, plain);
    return plain.assertions.length === 0 ? null : plain;
  }

  private async evaluate(item: CasePlan, ended: EndedRequest): Promise<CaseRecord> {
    const { target, stage, services } = this.options;
    const { record } = ended;
    const answer = answerUnderTest(ended, item.messages, item, target.params);
    const { assertions, judgement } = await evaluateAnswer(item, answer, services);
    return {
      stage,
      request: record.id,
      target: target.id,
      case: item.pointer,
      case_id: item.id,
      name: item.name,
      repeat: 0,
      answer: record.first === null ? null : answer.text,
      reasoning: answer.reasoning === '' ? null : answer.reasoning,
      ...judgement,
      assertions,
      finish_reason: record.finish_reason,
    };
  }

  private count(record: CaseRecord): void {
    this.tally.add(record);
    if (record.outcome === 'passed' || record.outcome === 'skipped' || this.kept >= KEPT_FAILURES) return;
    this.kept++;
    this.options.onFailure(record);
  }
}

/** Under load the same case is asked again and again: that is no set of repeats whose agreement would be of interest. */
function withoutRepeats(quality: QualityResult): QualityResult {
  const rest = { ...quality, flake_rate: null };
  delete rest.pass_at;
  delete rest.pass_all;
  delete rest.repeated;
  return rest;
}
