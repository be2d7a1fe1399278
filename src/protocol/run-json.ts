/** The files of one run: `run.json`, `requests.ndjson`, `cases.ndjson`. Keys are snake_case, times ms, money USD, rates per second. */
import type { ApiKind, Json, LoadPattern, Severity, ShardPlan, RunPlan, Unit } from './plan';

export type Verdict = 'pass' | 'fail' | 'inconclusive';
export type RunVerdict = Verdict | 'error';
export type Confidence = 'high' | 'low';

export interface RunJson {
  schema: 'promptrig.run/1';
  id: string;
  name: string;
  purpose: 'regression' | 'selection';
  tags: string[];
  started_at: string;
  finished_at: string | null;
  /** Monotonic ms at `started_at`; instants of the NDJSON files count from it. */
  clock_origin_ms: number;
  source: { path: string; sha256: string };
  seed: number;
  policy: 'point' | 'strict';
  confidence: number;
  status: 'running' | 'completed' | 'stopped' | 'crashed';
  /** Why a run that is `stopped` or `crashed` did not complete: `cancelled`, `budget`, `engine died`, ... */
  status_reason?: string;
  /**
   * While the run lasts: the stage that is running and its start, so that a run that was cut off can be evaluated. A list where
   * targets run side by side; `stagesInProgress` reads both.
   */
  in_progress?: StageInProgress | StageInProgress[];
  /** The targets ran side by side. */
  interleave?: true;
  environment: {
    promptrig: string;
    node: string;
    os: string;
    cpu: string;
    cores: number;
    git: { commit: string; dirty: boolean } | null;
  };
  /** The rows of the dataset that were taken, where the file has one. */
  dataset?: RunPlan['dataset'];
  targets: TargetResult[];
  /** Of a part of a run (`run --shard`): which, of how many. */
  shard?: ShardPlan;
  /** Of a run that was put together from parts (`merge`): where each of them ran. */
  merged?: MergedPart[];
  /** Targets of one run against each other; absent with one target. */
  comparison?: Comparison;
  /** This run against the one that the file names as its baseline. */
  baseline?: BaselineComparison;
  verdict: RunVerdict;
}

export interface StageInProgress {
  target: string;
  stage: string;
  origin_ms: number;
}

/** A part of a merged run. */
export interface MergedPart {
  id: string;
  shard: number;
  started_at: string;
  finished_at: string | null;
  status: RunJson['status'];
  environment: RunJson['environment'];
}

export interface Comparison {
  /** Every two targets, on quality: those with the same cases. */
  pairs: QualityPair[];
  /** What each parameter of the matrix changes, all else equal. */
  matrix?: MatrixTrend[];
  /** Which targets no other one beats outright; absent where fewer than two axes were measured. */
  pareto?: ParetoResult;
  /** Which target is best among those that meet every SLO, and what that costs; absent without an SLO. */
  selection?: SelectionResult;
}

export interface ParetoResult {
  /** Metrics with their statistic, such as `quality.score`, `ttft.p99`, `cost.per_good`. */
  axes: string[];
  /** The stage that latencies and rates are of: the first that all targets have in common. */
  stage?: string;
  /** Every target, its values in the order of the axes. */
  points: { id: string; values: (number | null)[] }[];
  /** Target ids. */
  front: string[];
  /** Each with a member of the front that is at least as good on every axis and better on one. */
  dominated: { id: string; by: string }[];
  /** Targets without a value on some axis. */
  left_out?: { id: string; reason: string }[];
}

export interface SelectionResult {
  /** Expressions that a target has to meet. */
  subject_to: string[];
  /** Targets that meet all of them; `sure` where every one of them does with high confidence. */
  fitting: { id: string; sure: boolean }[];
  rejected: { id: string; reasons: string[] }[];
  /** Where nothing fits: the target whose worst miss is the smallest as a share of its limit. */
  nearest?: string;
  /** By axis of the front. */
  choices: SelectionChoice[];
}

export interface SelectionChoice {
  axis: string;
  /** The best of all targets. */
  best: { id: string; value: number } | null;
  /** The best of those that fit. */
  chosen: { id: string; value: number } | null;
  /** How much worse `chosen` is than `best`, in the unit of the axis. */
  cost: number | null;
}

/** Two targets on the cases that both were asked; the exact test of McNemar on cases that only one of them passed. */
export interface QualityPair {
  /** Target ids; of a baseline, the first is that of the baseline. */
  first: string;
  second: string;
  /** Cases that both were asked; a case passes with the majority of its answers. */
  cases: number;
  only_first: number;
  only_second: number;
  /** Pass rate of the second less that of the first, over the paired cases. */
  difference: number;
  ci: [number, number] | null;
  p_value: number;
  /** After Holm's correction over all pairs of the run. */
  p_adjusted: number;
  verdict: 'first better' | 'second better' | 'no difference shown';
  /** Cases that only one of them passed, by pointer; at most 50 each. */
  lost: string[];
  won: string[];
}

/** How quality, length, latency and cost move along one parameter of the matrix. */
export interface MatrixTrend {
  param: string;
  /** What the targets of the trend have in common. */
  fixed: string;
  points: {
    value: Json;
    target: string;
    pass_rate: number | null;
    score: number | null;
    flake_rate: number | null;
    /** Mean output tokens of an answer. */
    output_tokens: number | null;
    /** Distinct answers a repeated case, on average. */
    distinct: number | null;
    ttft_p50: number | null;
    e2e_p50: number | null;
    e2e_p99: number | null;
    cost_per_request: number | null;
  }[];
}

export interface BaselineComparison {
  /** Id of the baseline's run; of pinned baselines that of the first. */
  run: string;
  started_at: string;
  pairs: QualityPair[];
  /** One sentence each. */
  regressions: string[];
  improvements: string[];
  /** Why there is no comparison, where the baseline could not be read. */
  error?: string;
  /** The pinned baselines that were used. */
  pinned?: { target: string; run: string; at: string; commit: string | null }[];
  /** Every number that was held against the baseline. */
  rows?: BaselineRow[];
  /** Cases that passed with every answer in the baseline and with none now, whether or not chance could have done that. */
  lost?: { target: string; case_id: string; before: string; now: string }[];
  /** What was not compared or is not quite comparable, a sentence each. */
  caveats?: string[];
  /** What it makes of the run's verdict: of `selection` runs always a pass. Absent in results of older versions. */
  verdict?: Verdict;
}

/** A number of this run beside that of the baseline. */
export interface BaselineRow {
  target: string;
  /** Null for quality. */
  stage: string | null;
  metric: string;
  stat: string | null;
  unit: Unit;
  better: 'lower' | 'higher';
  before: number | null;
  now: number | null;
  /** Sample behind each. */
  n: [number, number];
  /** Now less before. */
  difference: number | null;
  /** Of the difference, at the run's confidence and not widened for the number of rows; null where too little is known for one of its ends. */
  ci: [number, number] | null;
  p_value: number | null;
  /** Adjusted for the number of rows. */
  p_adjusted: number | null;
  /** A worsening up to this is no regression even where it is shown; in the unit of the metric. Null where none was asked for. */
  tolerance: number | null;
  method: 'exact' | 'order-statistics' | 'student' | 'score' | null;
  verdict: 'regression' | 'improvement' | 'within tolerance' | 'no difference shown' | 'not tested';
  /** Why it was not tested. */
  reason?: string;
  /** JSON pointer of the tolerance in the eval file, where it is written there. */
  pointer?: string;
}

export interface TargetResult {
  id: string;
  endpoint: string;
  api: ApiKind;
  model: string;
  prompt: string;
  params: Record<string, Json>;
  hardware: Record<string, Json>;
  quality: QualityResult | null;
  /** The stage `cases` first, where there are cases; then the load stages. */
  stages: StageResult[];
  /** Of `sweep` and `capacity` stages: what their steps say together. */
  curves?: CurveResult[];
  /** Prefill and decode over all load stages, whose different rates let the lines be fitted best. */
  phases?: PhaseReport;
  cost: CostResult;
  /** Answers of the load stages against each other: whether they get worse as the load grows. */
  quality_under_load?: QualityUnderLoad;
  /** Why nothing, or not everything, of the target could run. */
  error?: { code: string; message: string };
  verdict: RunVerdict;
}

export interface QualityResult {
  /** Answers asked for, repeats included; each is exactly one of passed, failed, errors, skipped. */
  cases: number;
  passed: number;
  failed: number;
  errors: number;
  skipped: number;
  /** passed / (cases - skipped); null where nothing was asked. */
  pass_rate: number | null;
  ci: [number, number] | null;
  score: number | null;
  flake_rate: number | null;
  /** Quality SLOs, judged over the cases. */
  slo: SloResult[];
  /**
   * Of repeated cases, by k up to the smallest number of repeats: the share of cases of which at least one of k answers
   * passes (pass@k), and of which all k do (pass^k). Absent without repeats.
   */
  pass_at?: Record<string, number>;
  pass_all?: Record<string, number>;
  /** The repeated cases one by one, those that disagree first. */
  repeated?: RepeatedCase[];
  /** What the judge took, and how far it agrees with itself. */
  judge?: JudgeTotals;
  /** Of a load stage with model-graded assertions: the answers were drawn at random from this many. */
  sampled_from?: number;
  /** Of a load stage: answers that could not be kept for judging, since judging did not keep up. */
  not_judged?: number;
}

export interface RepeatedCase {
  /** JSON pointer. */
  case: string;
  case_id: string;
  name: string;
  /** Answers that were judged. */
  n: number;
  passed: number;
  /** Different texts among them, white space at their ends apart. */
  distinct: number;
}

export interface JudgeTotals extends JudgeUsage {
  /** Answers that were graded a second time, and those of them that came out differently; only with `repeat` above 1. */
  graded_twice?: number;
  disagreed?: number;
}

/** Right answers at the lowest load beside those at the highest. */
export interface QualityUnderLoad {
  low: { stage: string; pass_rate: number; n: number };
  high: { stage: string; pass_rate: number; n: number };
  /** High less low, a share. */
  difference: number;
  ci: [number, number];
  verdict: 'worse' | 'better' | 'no difference shown';
}

export interface CostResult {
  total: number | null;
  per_request: number | null;
  per_1m_output: number | null;
  per_good: number | null;
}

export interface StageCounts {
  scheduled: number;
  completed: number;
  failed: number;
  timed_out: number;
  cancelled: number;
  truncated: number;
}

/** Latency against load: the steps of a `sweep` or the probes of a `capacity` search, taken together. */
export interface CurveResult {
  /** Name of the stage; its steps are the stages with `part_of` set to it. */
  stage: string;
  pointer: string;
  kind: 'sweep' | 'capacity';
  /** `found` and `done` went to plan; the others say what ended it, see `conclusion`. */
  status:
    | 'found'
    | 'fails_at_lowest'
    | 'passes_at_highest'
    | 'client_limited'
    | 'endpoint_error'
    | 'budget'
    | 'unfinished'
    | 'done';
  /** In the order in which they ran. */
  points: CurvePoint[];
  /** Highest rate that met every SLO, with none below it that did not; null where none did or there is no SLO. */
  rate: number | null;
  /** Of `capacity`: the highest rate that passed and the lowest above it that did not. */
  bracket: [number | null, number | null] | null;
  confidence: Confidence;
  /** USD per good request at `rate`; null where cost or goodput are unknown. */
  cost_per_good: number | null;
  /** One sentence for the person. */
  conclusion: string;
  verdict: RunVerdict;
}

export interface CurvePoint {
  /** Name of the step's stage. */
  stage: string;
  /** Offered requests per second; null for closed loops. */
  rate: number | null;
  /** Requests in flight, of the steps of a closed sweep. */
  concurrency?: number;
  /** Completed requests per second. */
  rps: number;
  goodput: number | null;
  verdict: RunVerdict;
  /** Values of the SLOs by expression. */
  values: Record<string, number | null>;
}

/** A straight line fitted to requests, with intervals; or why there is none. */
export type LineReport =
  | {
      kind: 'fit';
      slope: number;
      slope_ci: [number, number];
      base: number;
      base_ci: [number, number];
      r2: number;
      n: number;
      n_effective: number;
      /** Where the line was measured; it says nothing beyond. */
      x_range: [number, number];
    }
  | { kind: 'none'; reason: string };

/** What a stage's requests spent their time on. */
export interface PhaseReport {
  bound: 'prefill-bound' | 'decode-bound' | 'balanced' | 'unknown';
  /** The verdict with its evidence. */
  sentence: string;
  /** TTFT from `sent`, ms, against thousands of uncached input tokens. */
  prefill: LineReport;
  /** Time per output token, ms, against the number of other requests that were decoding. */
  decode: LineReport;
  /** Share of prefill in the time of a request. */
  prefill_share: { value: number; ci: [number, number]; prefill_ms: number; decode_ms: number; n: number } | null;
  /** The first requests, on new connections, beside the others; ms. They are part of the stage's metrics. */
  cold: {
    n: number;
    ttft_p50: number | null;
    ttft_max: number | null;
    warm_ttft_p50: number | null;
    connect_p50: number | null;
    extra: number | null;
    extra_ci: [number, number] | null;
  };
}

export interface StageResult {
  name: string;
  /** The `sweep` or `capacity` stage of which this is a step: its SLOs are reported and decide nothing by themselves. */
  part_of?: string;
  /** JSON pointer in the eval file; null for the stage `cases`. */
  pointer: string | null;
  pattern: LoadPattern | 'cases';
  loop: 'open' | 'closed';
  rate: number | null;
  /** Start of the stage, ms since the run's clock origin: what `window` counts from. Absent where it is not known. */
  origin_ms?: number;
  window: { start_ms: number; end_ms: number };
  counts: StageCounts;
  /** Keyed by `ttft`, `ttft_sent`, `ttfat`, `itl`, `tpot`, `e2e`, `e2e_sent`, `dispatch_lag`, `connect`, `output_tokens`, `input_tokens`, `tokens_per_event`. */
  metrics: Record<string, Distribution>;
  rates: StageRates;
  slo: SloResult[];
  client: ClientHealth;
  errors: { kind: string; count: number; example: string }[];
  /** Conditions that a reader must know of: `client_limited`, `tokens_mixed`, `hidden_tokens`, `not_steady`, `stopped`, ... */
  flags: string[];
  /** Where the counts of output tokens come from, most frequent first. */
  tokens_source: ('usage' | 'tokenizer' | 'chunks')[];
  /** Prefill and decode; absent for the stage `cases`. */
  phases?: PhaseReport;
  /** Answers of a load stage whose cases have assertions (its SLOs stand with the others); that of the stage `cases` is the target's. */
  quality?: QualityResult;
}

export interface Distribution {
  unit: 'ms' | 'tokens' | 'ratio';
  n: number;
  mean: number;
  stdev: number;
  min: number;
  p50: number;
  p75: number;
  p90: number;
  p95: number;
  p99: number;
  'p99.9': number;
  max: number;
  /** `exact` up to 2 million samples, then `hdr`. */
  method?: 'exact' | 'hdr';
}

export interface StageRates {
  rps: number;
  offered_rps: number;
  goodput: number | null;
  goodput_ratio: number | null;
  output_tps: number;
  input_tps: number;
  total_tps: number;
  error_rate: number;
  concurrency_mean: number;
  concurrency_max: number;
}

export interface SloResult {
  expr: string;
  pointer: string;
  name?: string;
  severity: Severity;
  /** null where there was no sample. */
  value: number | null;
  limit: number;
  verdict: Verdict;
  confidence: Confidence;
  ci: [number, number] | null;
  n: number;
  n_effective: number | null;
  /** One sentence that says why, for the end of the line: `31 ms over`, `12 samples are too few for a p99 (299 needed, 34 s more)`. */
  reason: string;
}

export interface ClientHealth {
  limited: boolean;
  event_loop_delay_p99_ms: number;
  dispatch_lag_p99_ms: number;
  /** Share of one core used by the busiest load worker, 0 to 1. */
  cpu: number;
  workers: number;
}

export type Outcome = 'completed' | 'failed' | 'timed_out' | 'cancelled' | 'truncated';

/** One line of requests.ndjson. Instants are ms since `clock_origin_ms`, null where the request did not get that far. */
export interface RequestRecord {
  /** `target/stage/index`. */
  id: string;
  target: string;
  stage: string;
  index: number;
  case?: string;
  repeat?: number;
  /** Of a stage with `sessions`: which of them, and which of its turns, both from 0. */
  session?: number;
  turn?: number;
  /** Why a request is or is not counted: only `measured` enters statistics. */
  phase: 'warmup' | 'measured' | 'cooldown';
  outcome: Outcome;
  scheduled: number;
  sent: number | null;
  headers: number | null;
  first: number | null;
  first_answer: number | null;
  last: number | null;
  end: number;
  /** DNS, TCP and TLS time, where this request opened its connection. */
  connect_ms: number | null;
  /** Gaps between content events, in ms. */
  itl: number[];
  input_tokens: number | null;
  output_tokens: number | null;
  cached_input_tokens: number | null;
  reasoning_tokens: number | null;
  tokens_source: 'usage' | 'tokenizer' | 'chunks' | null;
  /** Content events; with `output_tokens` it gives tokens per event. */
  events: number;
  finish_reason: string | null;
  status: number | null;
  cost: number | null;
  /** Ms it waited for a free slot of `max_concurrency` before it was sent: part of `dispatch_lag`, but not the client's fault. */
  socket_wait?: number;
  /** It was written to an idle connection that the server closed at that moment, and sent once more on a new one. */
  resent?: boolean;
  /** Attempts of a quality case, where there was more than one; the instants are those of the last. */
  attempts?: number;
  error?: { kind: string; message: string };
}

/**
 * One line of cases.ndjson: an answer to a quality case. Of load stages, whose answers may be millions, it holds those that
 * did not pass, up to a bound, with `stage` set.
 */
export interface CaseRecord {
  /** The load stage that the answer belongs to; absent for the quality cases. */
  stage?: string;
  /** The id of the request in requests.ndjson; null where nothing was sent (skipped). */
  request: string | null;
  target: string;
  case: string;
  case_id: string;
  name: string;
  repeat: number;
  outcome: CaseOutcome;
  score: number | null;
  answer: string | null;
  reasoning: string | null;
  assertions: AssertionResult[];
  /** Why it is skipped or in error. */
  reason?: string;
  tool_calls?: { id: string; name: string; arguments: string }[];
  finish_reason?: string | null;
  /** Of a conversation: its turns in order, the last of which gave `answer`; their assertions are among `assertions`. */
  turns?: { request: string; user: string; answer: string | null }[];
}

export type CaseOutcome = 'passed' | 'failed' | 'error' | 'skipped';

/** What grading took; apart from the cost of the answers. */
export interface JudgeUsage {
  /** Requests, those that failed included. */
  calls: number;
  input_tokens: number;
  output_tokens: number;
  /** USD; null where the judge has no price. */
  cost: number | null;
}

export interface AssertionResult {
  pointer: string;
  type: string;
  outcome: CaseOutcome;
  score: number | null;
  severity: Severity;
  /** A sentence that a person can act on. */
  reason: string;
  expected?: string;
  actual?: string;
  /** The author's name for it. */
  name?: string;
  /** Parts of the answer that the reason is about: start and end in UTF-16 units. */
  spans?: [number, number][];
  /** Of an `assert-set`: its members. */
  members?: AssertionResult[];
  /** Of a model-graded assertion: what the judge took. */
  judge?: JudgeUsage;
  /** What the judge said of the same answer when it was asked once more. */
  again?: CaseOutcome;
}
