/** What the model-graded assertions have in common: a judge to ask, what that took, and an end where it cannot answer. */
import type { AssertionPlan, Json, Message } from '../../../protocol/plan';
import type { JudgeUsage } from '../../../protocol/run-json';
import { quote } from '../excerpt';
import {
  unevaluated,
  type AnswerUnderTest,
  type Check,
  type CheckResult,
  type Embedder,
  type Finding,
  type Judge,
  type QualityServices,
} from '../types';
import type { JudgePrompts, PromptFile, PromptQuestion, PromptTexts } from './prompts';
import { Ungradable } from './ungradable';
import { NO_USAGE, plus } from './usage';

export const NO_JUDGE = 'no judge is configured: name one with "judge" in the file or in promptrig.yaml';

/** Longest reason of a judge that is kept: some of them write essays. */
const LONGEST_REASON = 1_000;
/** The same sum in another order differs in its last bits: 0.1 + 0.2 must reach 0.3. */
const ROUNDING = 1e-9;

/** A judge with the prompts that it is asked with. */
export interface PromptedJudge extends Judge {
  readonly prompts: JudgePrompts;
}

type Schema = { [key: string]: Json };

export class Grading {
  usage: JudgeUsage = NO_USAGE;

  constructor(
    readonly assertion: AssertionPlan,
    readonly answer: AnswerUnderTest,
    private readonly services: QualityServices,
    readonly judge: PromptedJudge,
  ) {}

  /** The value as a text. @throws Ungradable where it is none */
  text(what: string): string {
    const { value, type } = this.assertion;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    if (typeof value === 'string' && value.trim() !== '') return value;
    throw new Ungradable(`${type} needs ${what} as its value`);
  }

  /**
   * Asks one of the prompts of `media/judges`.
   * @returns the judge's answer, which conforms to `properties`, all of them required but `reason`
   * @throws Ungradable with the judge's reason
   */
  ask<F extends PromptFile>(
    file: F,
    question: PromptQuestion<F>,
    texts: PromptTexts,
    properties: Schema,
  ): Promise<{ [key: string]: Json }> {
    const messages = this.judge.prompts.messages(file, question, texts);
    const required = Object.keys(properties).filter((name) => name !== 'reason');
    return this.askFor(messages, { type: 'object', properties, required });
  }

  /** Asks for an object of a schema. @throws Ungradable */
  async askFor(messages: Message[], schema: Schema): Promise<{ [key: string]: Json }> {
    const value = await this.put(messages, { name: this.assertion.type, schema });
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  }

  /** Asks for text, of a prompt of the author's own. @throws Ungradable */
  async askText(messages: Message[]): Promise<string> {
    return textIn(await this.put(messages, null));
  }

  private async put(messages: Message[], schema: { name: string; schema: Schema } | null): Promise<Json> {
    const { type } = this.assertion;
    const reply = await this.judge.ask({ purpose: type, messages, schema }, this.services.signal);
    this.usage = plus(this.usage, reply.usage);
    if (!reply.ok) throw new Ungradable(reply.reason);
    return reply.value;
  }

  /** What makes embeddings for the assertion; null where nothing does. */
  embedder(): Embedder | null {
    return this.services.embedder(this.assertion.judge);
  }

  /** Vectors of texts. @throws Ungradable; null where the endpoint turns out to make none */
  async embed(embedder: Embedder, texts: string[]): Promise<number[][] | null> {
    const reply = await embedder.embed(texts, this.services.signal);
    this.usage = plus(this.usage, reply.usage);
    if (reply.ok) return reply.vectors;
    if ('unsupported' in reply && reply.unsupported === true) return null;
    throw new Ungradable(reply.reason);
  }

  /** A finding by score: it holds where the score reaches the assertion's threshold, else `threshold`. */
  scored(score: number, threshold: number, fact: string): Finding {
    const needed = this.assertion.threshold ?? threshold;
    const wanted = needed === 0 ? '' : ` (${shown(needed)} needed)`;
    return {
      kind: 'found',
      holds: reaches(score, needed),
      score,
      reason: `scored ${shown(score)}${wanted} by ${this.judge.label}: ${fact}`,
    };
  }
}

export function reaches(score: number, threshold: number): boolean {
  return score >= threshold - ROUNDING;
}

/** A score for people: at most three decimals. */
export function shown(score: number): string {
  return String(Math.round(score * 1000) / 1000);
}

/** A text as it is; anything else as JSON. */
export function textIn(value: Json | undefined): string {
  return typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
}

/** What the judge gave as its reason, on one line and of bounded length. */
export function reasonIn(value: Json | undefined): string {
  const text = typeof value === 'string' ? value.replace(/\s+/g, ' ').trim() : '';
  if (text === '') return 'it gave no reason';
  return text.length <= LONGEST_REASON ? text : quote(text, LONGEST_REASON).slice(1, -1);
}

/** Makes a check of a grading: without a judge, or where that cannot answer, the assertion is an error and never passes. */
export function graded(grade: (grading: Grading) => Promise<Finding>): Check {
  return async (assertion, answer, services): Promise<CheckResult> => {
    const judge = services.judge(assertion.judge);
    if (judge === null) return unevaluated(NO_JUDGE);
    if (!isPrompted(judge)) throw new Error('the judge has no prompts');
    const grading = new Grading(assertion, answer, services, judge);
    const took = () => (grading.usage.calls === 0 ? {} : { judge: grading.usage });
    try {
      return { ...(await grade(grading)), ...took() };
    } catch (error) {
      if (!(error instanceof Ungradable)) throw error;
      return { ...unevaluated(error.message), ...took() };
    }
  };
}

function isPrompted(judge: Judge): judge is PromptedJudge {
  return 'prompts' in judge;
}
