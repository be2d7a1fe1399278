import type { AssertionPlan, CodePlan, JudgePlan, Json, Message } from '../../protocol/plan';
import type { JudgeUsage, Outcome } from '../../protocol/run-json';
import type { SqlDialect } from './sql-dialects';

/** A tool call of an answer, assembled from its stream; in every wire API the same. */
export interface ToolCall {
  /** Empty where the API gives none. */
  id: string;
  name: string;
  /** As the model wrote it: JSON, if the model kept to it. */
  arguments: string;
}

/** One answer as the assertions see it: what the model said and what it took. */
export interface AnswerUnderTest {
  /** Visible text; where there is none, the tool calls as JSON; empty where the model answered with nothing. */
  text: string;
  /** What a transform made of the answer, where that is no text; `text` is then its JSON. */
  output?: Json;
  /** `text` is what a transform made of the answer: places in it are none in the answer that a person sees. */
  transformed?: true;
  /** Text of the model's reasoning, which no text assertion looks at. */
  reasoning: string;
  toolCalls: ToolCall[];
  /** Why the model stopped, as the server put it: `stop`, `length`, `tool_calls`, `end_turn`, ... */
  finishReason: string | null;
  /** From the send to the first token, in ms; null where no token came. */
  ttftMs: number | null;
  /** Mean gap between content events, in ms; null where there were fewer than two. */
  itlMs: number | null;
  /** From the send to the last token (`e2e`), in ms. */
  latencyMs: number | null;
  costUsd: number | null;
  outputTokens: number | null;
  /** How the request ended: anything but `completed` leaves nothing to judge. */
  outcome: Outcome;
  /** Why it did not complete. */
  error?: { kind: string; message: string };
  /** What was asked, and with which variables: for graders and for user code. */
  messages: Message[];
  vars: Record<string, Json>;
  expected?: Json;
  /** `tools` of the request, as the file has them. */
  tools?: Json;
}

/** Part of the answer's text, in UTF-16 units. */
export interface TextSpan {
  start: number;
  end: number;
}

/**
 * What an assertion found. `holds` speaks of the assertion without its `not-`; the two sentences are facts about the answer,
 * so that each serves as the reason of a pass and of a failure alike.
 */
export interface Finding {
  kind: 'found';
  holds: boolean;
  /** From 0 to 1, where there is more to say than `holds`; else 1 or 0. With `not-` it counts as 1 less it. */
  score?: number;
  /** The fact, such as `contains "30 days"` or `does not contain "30 days"`. */
  reason: string;
  /** The parts of the answer's text that the fact is about. */
  spans?: TextSpan[];
  /** For a diff: what was asked for and what came. */
  expected?: string;
  actual?: string;
  /** What a judge was asked for it, and what that took. */
  judge?: JudgeUsage;
}

/** The assertion could not be evaluated: its value is unusable, a pattern did not end, a schema does not compile. */
export interface Unevaluated {
  kind: 'error';
  reason: string;
  /** What a judge was asked in vain. */
  judge?: JudgeUsage;
}

/** It was not evaluated, for a reason that is nobody's fault: user code that may not run, a feature without counterpart. */
export interface Skipped {
  kind: 'skipped';
  reason: string;
}

export type CheckResult = Finding | Unevaluated | Skipped;

/** What assertions may ask for beyond the answer itself. */
export interface QualityServices {
  /** The model that grades: that of the assertion, else that of the run. Null where none is configured. */
  judge(plan: JudgePlan | undefined): Judge | null;
  /** Turns texts into vectors; null where no endpoint can. */
  embedder(plan: JudgePlan | undefined): Embedder | null;
  /** Runs user code in a process of its own; `skipped` tells why it may not run. */
  code: CodeRunner;
  /** Parsers that are too large to be loaded before they are needed. */
  parsers(): Promise<Parsers>;
  /** Ends what is under way when the run is stopped. */
  signal: AbortSignal;
}

export interface JudgeQuestion {
  /** What the question is for, such as `llm-rubric`; part of error messages. */
  purpose: string;
  messages: Message[];
  /** JSON Schema that the answer must conform to; null asks for plain text. */
  schema: { name: string; schema: { [key: string]: Json } } | null;
}

/** A judge's answer: `value` conforms to the schema of the question (or is the text), `usage` covers all attempts. */
export type JudgeReply =
  | { ok: true; value: Json; text: string; usage: JudgeUsage }
  /** Unreachable, or unusable after every attempt; `reason` says what happened, where, and what to do. */
  | { ok: false; reason: string; usage: JudgeUsage };

export interface Judge {
  /** Name of the endpoint and model, for reasons. */
  readonly label: string;
  /** Never rejects. */
  ask(question: JudgeQuestion, signal: AbortSignal): Promise<JudgeReply>;
}

export interface Embedder {
  readonly label: string;
  /** One vector a text, in order. Never rejects. */
  embed(
    texts: string[],
    signal: AbortSignal,
  ): Promise<{ ok: true; vectors: number[][]; usage: JudgeUsage } | { ok: false; reason: string; usage: JudgeUsage }>;
}

export interface CodeRequest {
  code: CodePlan;
  /** `expression`: the code of an assertion or transform that may be one expression or a function body; both see the same names. */
  kind: 'assertion' | 'transform';
  /** The answer's text, or its JSON where a transform before made something else of it. */
  output: Json;
  /** `context` of the code: `vars`, `prompt`, `expected`, `config`, ... */
  context: { [key: string]: Json };
}

export type CodeReply =
  | { kind: 'value'; value: Json }
  /** Threw, overran its time or memory, tried what it may not: one sentence. */
  | { kind: 'error'; reason: string }
  /** User code may not run here: says how to allow it. */
  | { kind: 'skipped'; reason: string };

export interface CodeRunner {
  /** Never rejects. */
  run(request: CodeRequest, signal: AbortSignal): Promise<CodeReply>;
}

/** Parsers of a bundle of their own, see `src/engine/parsers.ts`. Run them with a limit of time: their work has no other. */
export interface Parsers {
  /** Null where `text` is one well-formed document; else what is wrong with it and where. */
  xmlProblem(text: string, options: { namespaces: boolean }): string | null;
  /** Those of the paths (such as `root.item.name`) that a well-formed document lacks. */
  xmlMissing(text: string, paths: readonly string[]): string[];
  /** Null where `text` is valid SQL of the dialect; else what is wrong and where. */
  sqlProblem(text: string, dialect: SqlDialect): string | null;
  /** Tables and columns that valid SQL uses, as `select::database::table` and `select::table::column`. */
  sqlUses(text: string, dialect: SqlDialect): { tables: string[]; columns: string[] };
  /** Null where `text` as a whole is HTML; else why it is not. */
  htmlProblem(text: string): string | null;
}

/** Evaluates one assertion type. It may throw only on a defect of its own. */
export type Check = (
  assertion: AssertionPlan,
  answer: AnswerUnderTest,
  services: QualityServices,
) => CheckResult | Promise<CheckResult>;

/** Shorthand for an assertion that cannot be evaluated. */
export function unevaluated(reason: string): Unevaluated {
  return { kind: 'error', reason };
}
