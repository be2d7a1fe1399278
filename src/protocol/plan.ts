/**
 * A run as it is to be executed: the eval file with everything resolved (endpoints, prompts rendered, SLOs parsed),
 * as plain data. It crosses from the editor or the command line into the engine process and is stored beside the results.
 * It never holds a secret: an API key travels apart, see `EngineCommands.start`.
 */
import type { BaselineFile } from './baseline';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export type ApiKind =
  | 'openai-chat'
  | 'openai-completions'
  | 'openai-responses'
  | 'anthropic-messages'
  | 'gemini'
  | 'ollama'
  | 'sim'
  | 'vscode-lm';

export interface Message {
  role: 'system' | 'developer' | 'user' | 'assistant' | 'tool';
  content: string;
  /** Of an assistant's turn that called tools, in OpenAI's form. */
  tool_calls?: Json;
  /** Of a tool's result: the call that it answers. */
  tool_call_id?: string;
}

export interface RunPlan {
  schema: 'promptrig.plan/1';
  /** Unique, sorts by time, safe as a folder name. */
  runId: string;
  name: string;
  purpose: 'regression' | 'selection';
  tags: string[];
  source: { path: string; sha256: string };
  /** Folder that receives run.json and the NDJSON files; created by the engine. */
  outDir: string;
  /** Absolute folder of the eval file; relative paths of the plan (such as a CA file) resolve against it. */
  baseDir: string;
  seed: number;
  /** Level of every interval, such as 0.95. */
  confidence: number;
  policy: 'point' | 'strict';
  /** In the order in which they run. */
  targets: TargetPlan[];
  /** The targets run side by side instead: endpoints that share no hardware. */
  interleave?: true;
  budget?: BudgetPlan;
  /** The model that grades model-graded assertions which name none of their own. */
  judge?: JudgePlan;
  /** Whether user code (`javascript`, `transform`) may run: a trusted workspace, or `--allow-code`. */
  allowCode?: boolean;
  /** Whether the requests of quality cases are told in full, as `trace` events. */
  trace?: boolean;
  /** What was taken of the file whose rows are cases. */
  dataset?: DatasetPlan;
  /** The run that this one is held against, where the file names one; in place of those that are pinned. */
  baseline?: { run: string; dir: string; pointer: string };
  /** The pinned baselines of its targets. */
  pinned?: BaselineFile[];
  /** What may get worse by how much, where the file says so. */
  regress?: RegressRule[];
  /** Where the run is one part of a larger one. */
  shard?: ShardPlan;
}

/** How much worse a number may be than in the baseline before it is a regression. */
export interface RegressRule {
  metric: string;
  /** As in SLOs; null for rates, quality and cost. */
  stat: string | null;
  /** `share` of the baseline's value; `absolute` in the metric's base unit (points as a share of 1); `off`: it is not tested. */
  tolerance: { kind: 'share' | 'absolute'; value: number } | { kind: 'off' };
  /** Of its place in the eval file; empty where it is a default of the workspace. */
  pointer: string;
}

/** Which part of a whole a plan is: the others run elsewhere, and `promptrig merge` joins their results. */
export interface ShardPlan {
  /** From 1. */
  index: number;
  of: number;
  /** Digest of the whole plan, before it was split: parts of one run agree in it. */
  plan: string;
  /** Cases and load stages of this file that each part has, the first part first. */
  units: number[];
}

/** A model that grades, or that makes embeddings. Its key is the secret of its endpoint's name, like any other. */
export interface JudgePlan {
  endpoint: EndpointPlan;
  /** Sent as they are, such as `temperature: 0`. */
  params: Record<string, Json>;
}

export interface DatasetPlan {
  /** Absolute. */
  path: string;
  format: 'csv' | 'jsonl' | 'json' | 'yaml';
  /** Rows that were read, and whether these are all of the file. */
  read: number;
  complete: boolean;
  /** Rows that are cases of the run. */
  taken: number;
  /** Rows that are broken; without a sample the first of them are cases that are skipped. */
  unreadable: number;
  /** Of `sample` and `shuffle`. */
  seed?: number;
}

/** User code, as text: whoever runs it reads no file. */
export interface CodePlan {
  source: string;
  /** The file that it comes from, for messages; absent where it stands in the eval file. */
  file?: string;
  /** `file://checks.js:name`: the export to call; else the default one. */
  exportName?: string;
}

export interface BudgetPlan {
  costUsd?: number;
  tokens?: number;
  timeMs?: number;
}

export interface TargetPlan {
  /** Unique in the run and stable over runs: endpoint, prompt variant and matrix parameters. */
  id: string;
  endpoint: EndpointPlan;
  /** Name of the prompt variant; `default` where the file has one prompt only. */
  prompt: string;
  /** Endpoint, file and matrix parameters merged, sent as they are. */
  params: Record<string, Json>;
  /** The values of the matrix that make this target; absent without a matrix. */
  matrix?: Record<string, Json>;
  /** How many cases are asked at once. */
  concurrency: number;
  cases: CasePlan[];
  /** Where the load is run without the cases: those that its stages send, so that their answers can be judged. */
  loadCases?: CasePlan[];
  stages: StagePlan[];
  /** SLOs judged on the stage `cases`. */
  caseSlos: SloPlan[];
}

export interface EndpointPlan {
  name: string;
  api: ApiKind;
  /** Base URL without trailing slash; null for `sim`, whose port is known when it has started, and for `vscode-lm`. */
  url: string | null;
  model: string;
  headers: Record<string, string>;
  /** Name of the environment variable that holds the key. */
  apiKeyEnv?: string;
  price?: { inputPer1M: number; outputPer1M: number; cachedInputPer1M?: number };
  hardware?: { costPerHour?: number; gpus?: number; precision?: string; note?: string };
  timeout: { connectMs: number; firstTokenMs: number; idleMs: number; totalMs: number };
  /** Retries of quality cases; load stages never retry. */
  retryAttempts: number;
  /** A model of the editor, asked through a server of the editor that adds its own delays: not for latency verdicts. */
  indirect?: boolean;
  tls?: { caPath?: string; rejectUnauthorized: boolean };
  proxy?: string;
  /** Settings of the built-in simulator, where `api` is `sim`. */
  sim?: SimConfig;
}

/** What the simulator does; every field has a default in `core/sim`. Times in ms. */
export interface SimConfig {
  ttftMs?: number;
  ttftPerInputTokenMs?: number;
  itlMs?: number;
  /** Standard deviation of each time as a share of it. */
  jitter?: number;
  maxRunning?: number;
  maxWaiting?: number;
  /** ITL with `maxRunning` requests running, as a multiple of ITL with one. */
  loadFactor?: number;
  chunkTokens?: number;
  reasoningTokens?: number;
  answer?: 'echo' | 'template' | 'script';
  template?: string;
  script?: SimScriptEntry[];
  failure?: SimFailure;
  seed?: number;
  /** Tokens of an answer where the request does not limit them and no script sets the text. */
  outputTokens?: number;
  earlyRoleChunk?: boolean;
  splitUtf8?: boolean;
  comments?: boolean;
}

/** The first entry whose `match` (substring, or `/regex/flags`) occurs where it looks answers. */
export interface SimScriptEntry {
  match: string;
  /** Where it looks: the last user message (the default), the system messages, or the whole conversation. */
  in?: 'last' | 'system' | 'all';
  /** One answer, or several given in turn (so that repeats can disagree). */
  answer: string | SimScriptAnswer | (string | SimScriptAnswer)[];
}

/** A scripted answer that is more than a text. One with an embedding alone answers embedding requests only. */
export interface SimScriptAnswer {
  text?: string;
  reasoning?: string;
  /** `arguments` as the model would write them: JSON, or what is meant to be wrong with it. */
  toolCalls?: { name: string; arguments: string }[];
  /** By default `tool_calls` where there are some, else `stop`; an answer cut at `max_tokens` is `length` all the same. */
  finishReason?: SimFinishReason;
  /** The vector of texts that the entry matches, of `/v1/embeddings`. */
  embedding?: number[];
}

export type SimFinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter';

export interface SimFailure {
  kind: 'status' | 'error-event' | 'stall' | 'disconnect' | 'malformed-json' | 'html' | 'slow-headers';
  /** Share of requests that fail, 0 to 1; drawn from the seed. */
  rate?: number;
  /** Every n-th request fails, counted from 1. */
  every?: number;
  /** HTTP status of kind `status`. */
  status?: number;
  /** Tokens sent before a mid-stream failure. */
  afterTokens?: number;
  /** Delay of `slow-headers`, length of a `stall` (0: for ever). */
  delayMs?: number;
}

export interface CasePlan {
  /** JSON pointer of the case in the eval file, such as `/cases/0`. */
  pointer: string;
  /** Unique in the file, stable over edits elsewhere: the author's name, else one made from its variables. */
  id: string;
  name: string;
  messages: Message[];
  vars: Record<string, Json>;
  expected?: Json;
  assertions: AssertionPlan[];
  /** With it the score decides; without, every assertion must pass. */
  threshold?: number;
  /** Applied to the answer before its assertions. */
  transform?: CodePlan;
  /**
   * Of a conversation: what the user says after `messages`, turn by turn; each answer becomes part of the next request.
   * `assertions` of the case judge the last answer.
   */
  turns?: TurnPlan[];
  repeat: number;
  weight: number;
  tags: string[];
  /** Reason, where the case is not to be run. */
  skip?: string;
}

export interface TurnPlan {
  pointer: string;
  user: string;
  assertions: AssertionPlan[];
  /** Pause before the turn is sent. */
  thinkTimeMs: number;
}

export interface AssertionPlan {
  pointer: string;
  /** Without the `not-` prefix. */
  type: string;
  negate: boolean;
  value?: Json;
  threshold?: number;
  weight: number;
  name?: string;
  severity: Severity;
  /** Of `javascript`: what is run. */
  code?: CodePlan;
  /** Applied to the answer before this assertion. */
  transform?: CodePlan;
  /** Members of an `assert-set`. */
  members?: AssertionPlan[];
  /** Grades this assertion instead of the run's judge; of `similar`, makes its embeddings. */
  judge?: JudgePlan;
  /** Replaces the judge's instructions (a prompt, or messages as JSON), of imported files. */
  rubricPrompt?: string;
  /** Handed to user code as `context.config`. */
  config?: Json;
  /** Why it is not evaluated: a feature of an imported file that has no counterpart here. */
  skip?: string;
}

export type Severity = 'error' | 'warning' | 'info';

export interface SloPlan {
  pointer: string;
  /** The expression as shown, with the statistic spelled out: `ttft.p99 <= 200ms`. */
  expr: string;
  metric: string;
  /** `mean`, `min`, `max`, `stdev`, `p99`, `p99.9`; null for rates, quality and cost. */
  stat: string | null;
  op: '<=' | '<' | '>=' | '>';
  /** In the metric's base unit: ms, requests or tokens per second, a share of 1, USD, tokens. */
  limit: number;
  unit: Unit;
  severity: Severity;
  name?: string;
  /** Name of the preset that it comes from. */
  preset?: string;
}

export type Unit = 'ms' | '1/s' | 'tokens/s' | 'ratio' | 'USD' | 'tokens' | 'count';

export type LoadPattern =
  | 'sync'
  | 'concurrent'
  | 'throughput'
  | 'constant'
  | 'poisson'
  | 'gamma'
  | 'ramp'
  | 'burst'
  | 'trace'
  | 'sweep'
  | 'capacity';

export interface StagePlan {
  pointer: string;
  /** Unique within the target. */
  name: string;
  pattern: LoadPattern;
  loop: 'open' | 'closed';
  /** Requests per second of an open loop. */
  rate?: number;
  /** Requests in flight of a closed loop. */
  concurrency?: number;
  /** Shape of `gamma` arrivals: 1 is Poisson, below 1 burstier. */
  burstiness?: number;
  /** `ramp`: requests per second of an open loop, virtual users of a closed one. */
  ramp?: { from: number; to: number; shape: 'linear' | 'exponential' };
  /** `burst`: rates per second. */
  burst?: { base: number; peak: number; everyMs: number; forMs: number };
  /** `trace`: absolute path of the recording, and how much faster than recorded it is played. */
  trace?: { path: string; speed: number };
  /** `sweep`: rates per second; with `auto` both ends are measured first. */
  sweep?: { from?: number; to?: number; steps: number; auto: boolean };
  /** `capacity`: rates per second; `precision` is a share, such as 0.05. */
  capacity?: { from?: number; to?: number; precision: number };
  /** Prompts made up for the stage, in place of or around the cases. */
  synthetic?: SyntheticPlan;
  /** Users with several turns: each waits for its answer, thinks, and sends the conversation so far. */
  sessions?: { turns: number; thinkTimeMs: number };
  /** Length of the schedule, warm-up and cool-down included; with `requests` too, whichever is reached first. */
  durationMs?: number;
  requests?: number;
  warmupMs: number;
  cooldownMs: number;
  /** Most requests in flight; an arrival beyond it waits, and its wait counts in its latency. */
  maxConcurrency: number;
  caseOrder: 'sequential' | 'random' | 'weighted';
  /** What is sent, drawn in `caseOrder`. */
  requestPool: RequestTemplate[];
  slos: SloPlan[];
}

export interface TokenLengths {
  mean: number;
  stdev?: number;
  min?: number;
  max?: number;
}

export interface SyntheticPlan {
  /** Length of made-up prompts; absent where the stage sends cases. */
  inputTokens?: TokenLengths;
  /** Length of the answers asked for, through `max_tokens`. */
  outputTokens?: TokenLengths;
  /** Prefixes shared between prompts: `pool` different ones of `tokens` tokens each. */
  prefix?: { tokens: number; pool: number };
  /** `cold`: every prompt is unique from its first token. */
  cache: 'warm' | 'cold';
}

export interface RequestTemplate {
  /** JSON pointer of the case it stems from; absent for synthetic prompts. */
  casePointer?: string;
  messages: Message[];
  weight: number;
}
