/**
 * Messages between the compare panel (webview) and the extension, which owns the truth and does all the statistics: the page only
 * draws. What is compared are contenders: targets of one run, of several runs, or of another tool's result.
 */
import type { Unit } from './plan';
import type { ComparedTool, MetricNote, SloCell } from './run-comparison';
import type { CurveResult, MatrixTrend, RunVerdict, SelectionResult } from './run-json';

export type ComparePanelToHost =
  | { type: 'ready' }
  /** Sent where a delta's `seq` does not follow the last one. */
  | { type: 'need-snapshot'; have: number }
  | { type: 'ack'; seq: number }
  /** Which contender the others are held against; answered by a delta with new sections. */
  | { type: 'reference'; id: string }
  /** The stage that latencies, rates and the front are of; answered by a delta. */
  | { type: 'stage'; stage: string }
  /** Axes of the front; answered by a delta with `pareto`. */
  | { type: 'axes'; x: string; y: string }
  /** "Maximise (or minimise) `aim` subject to `limits`", expressions as in an eval file; answered by a delta with `selection`. */
  | { type: 'select'; aim: string; limits: string[] }
  /** Whole answers of one case; answered by `answers`. */
  | { type: 'answers'; case: string }
  /** Asks which run or file to add. */
  | { type: 'add' }
  | { type: 'remove'; id: string }
  | { type: 'open-run'; id: string }
  /** Goes to the case in its eval file. */
  | { type: 'reveal'; case: string }
  | { type: 'stop' }
  | { type: 'rerun' }
  /** Opens an answer in an editor of its own. */
  | { type: 'open-text'; title: string; text: string }
  | { type: 'export'; what: 'json' | 'markdown' }
  /** Writes what the panel drew or listed where the person says; `data` is text, of a picture base64. */
  | { type: 'save'; name: string; kind: 'png' | 'csv' | 'json'; data: string };

export type HostToComparePanel =
  | { type: 'snapshot'; seq: number; state: ComparePanelState }
  /** The keys of a patch replace those of the state, whole; `streams` are appended to. */
  | { type: 'delta'; seq: number; patch: Partial<ComparePanelState>; streams?: RaceChunk[] };

/** What the panel asked for; outside of the sequence, since it changes nothing of the comparison. */
export type ComparePanelReply =
  { type: 'answers'; case: string; answers: ContenderAnswers[] } | { type: 'answers'; case: string; error: string };

export interface ComparePanelState {
  title: string;
  /** `reading`: stored runs are being read. `running`: the contenders are those of a run that goes on. */
  status: 'empty' | 'reading' | 'running' | 'done' | 'error';
  /** One sentence for `empty`, `running` and `error`. */
  statusText: string;
  /** What to do about an error, or about there being less than two contenders. */
  advice?: string;
  /** Level of every interval, such as 0.95. */
  confidence: number;
  /** In the order in which they are shown, which also numbers their colours and marks. */
  contenders: Contender[];
  /** Id of the contender that the others are held against; empty where there is none. */
  reference: string;
  /** Stages that contenders have in common, those of load first. */
  stages: CompareStage[];
  /** Name of the one that is shown; null where there is none. */
  stage: string | null;
  sections: CompareSection[];
  /** Rows whose difference was tested, adjusted together (Holm). */
  tested: number;
  slos: CompareSloRow[];
  /** What can be an axis or an aim: measured of one contender at least. */
  axes: CompareAxis[];
  pareto: CompareFront | null;
  /** Null with no contender. */
  triangles: CompareTriangles | null;
  selection: CompareSelection | null;
  cases: CompareCase[];
  /** Why there are no cases to set side by side, or why not all of them are here, a sentence; absent where all are. */
  casesText?: string;
  /** Sweeps of parameters, of runs with a `matrix`; targets are ids of contenders. */
  matrix: MatrixTrend[];
  curves: { id: string; curve: CurveResult }[];
  /** What is not quite comparable and what a reader must know, a sentence each. */
  caveats: string[];
  /** Answers that are streaming in, while the run goes on. */
  race: RaceLane[];
  metrics: Record<string, { label: string; unit: Unit; formula: string; meaning: string }>;
  /** What can be done here and now; everything where it is absent. */
  can?: {
    /** The file of the comparison is known, and this workspace may run it. */
    rerun: boolean;
    /** The run that goes on can be stopped. */
    stop: boolean;
  };
}

export interface Contender {
  id: string;
  /** Short and unique among the contenders, such as `small` or `small · 26 Nov 04:10`. */
  label: string;
  tool: ComparedTool;
  run: {
    id: string;
    name: string;
    startedAt: string | null;
    path: string;
    commit: string | null;
  };
  target: string;
  endpoint: string;
  model: string;
  prompt: string;
  /** Parameters in which the contenders differ, such as `temperature: 0.7`. */
  params: Record<string, string>;
  verdict: RunVerdict | null;
  /** Why it has no numbers, such as that every request failed. */
  error: string | null;
  /** Where definitions of another tool are not ours. */
  notes: MetricNote[];
  caveats: string[];
}

export interface CompareStage {
  name: string;
  /** For a person, such as `poisson 8/s` or `cases`. */
  load: string;
}

export interface CompareSection {
  kind: 'quality' | 'latency' | 'rates' | 'cost';
  /** What is true of all of its rows, such as why none of them is tested. */
  note?: string;
  rows: CompareRow[];
}

export interface CompareRow {
  metric: string;
  stat: string | null;
  label: string;
  unit: Unit;
  better: 'lower' | 'higher';
  /** By contender, in their order. */
  cells: CompareCell[];
  /** Id of the contender that a test shows to be better than every other; null where none is. */
  winner: string | null;
  /** In words, such as `no difference shown`; why it was not tested, where it was not. */
  conclusion: string;
}

export interface CompareCell {
  value: number | null;
  n: number | null;
  /** Of the value itself, where one is known. */
  ci: [number, number] | null;
  /** Against the reference; null of the reference itself and where nothing can be subtracted. */
  against: {
    /** This one less the reference. */
    difference: number;
    ci: [number, number] | null;
    pAdjusted: number | null;
    verdict: 'better' | 'worse' | 'no difference shown' | 'not tested';
    /** Why it was not tested. */
    reason?: string;
  } | null;
  /** How its definition differs. */
  notes: string[];
}

export interface CompareSloRow {
  expr: string;
  /** Empty for the cases. */
  stage: string;
  /** By contender; null where it was not judged. */
  cells: (SloCell | null)[];
}

export interface CompareAxis {
  /** `ttft.p99`, `quality.score`, `cost.per_good`. */
  axis: string;
  label: string;
  unit: Unit;
  better: 'lower' | 'higher';
}

export interface CompareFront {
  x: string;
  y: string;
  points: {
    id: string;
    x: number | null;
    y: number | null;
    xCi: [number, number] | null;
    yCi: [number, number] | null;
  }[];
  front: string[];
  dominated: { id: string; by: string }[];
  leftOut: { id: string; reason: string }[];
  /** SLOs on one of the two axes, drawn as lines. */
  limits: { axis: string; value: number; expr: string }[];
}

export interface CompareTriangles {
  /** Quality, latency, cost. */
  axes: string[];
  /** A score of 1 is exactly at the limit, more is better; pictures end at `full`. */
  full: number;
  items: { id: string; corners: { axis: string; score: number | null; formula: string }[] }[];
}

export interface CompareSelection {
  aim: string;
  result: SelectionResult;
  /** What is chosen and what the limits cost, or that nothing fits. */
  sentence: string;
  /** Limits that could not be read, as they were typed. */
  invalid: { text: string; problem: string }[];
}

export interface CompareCase {
  /** The case in all contenders: its id. */
  id: string;
  name: string;
  tags: string[];
  /** Whether the contenders' answers or verdicts differ. */
  differs: boolean;
  /** By contender; null where it was not asked. */
  cells: (CompareCaseCell | null)[];
}

export interface CompareCaseCell {
  state: 'passed' | 'failed' | 'error' | 'skipped' | 'not judged' | 'running';
  /** Repeats that passed, of those that were judged. */
  passed: number;
  of: number;
  /** Repeats disagree. */
  flaky: boolean;
  score: number | null;
  /** The beginning of the first answer. */
  answer: string;
  /** Of the first assertion that failed, or of the error. */
  reason: string;
}

/** Every answer of a contender to one case, whole. */
export interface ContenderAnswers {
  id: string;
  repeats: {
    repeat: number;
    state: CompareCaseCell['state'];
    answer: string | null;
    reasoning: string | null;
    ttftMs: number | null;
    e2eMs: number | null;
    outputTokens: number | null;
    costUsd: number | null;
    assertions: { label: string; state: 'pass' | 'fail' | 'skipped' | 'error'; reason: string }[];
  }[];
}

/** The newest answer that a contender streams. */
export interface RaceLane {
  id: string;
  case: string;
  caseName: string;
  text: string;
  /** Ms since it was sent; null before its first token. */
  ttftMs: number | null;
  /** Chunks so far. */
  chunks: number;
  status: 'waiting' | 'streaming' | 'done' | 'error';
  e2eMs: number | null;
}

/** More of a lane; it starts afresh where `start` is there. */
export interface RaceChunk {
  id: string;
  text: string;
  patch?: Partial<Omit<RaceLane, 'id' | 'text'>>;
  start?: true;
}

/**
 * What the page keeps over a restart of its view; of a reloaded window it is the state that the extension is handed to find the
 * contenders again. The rest of it is the page's own.
 */
export interface ComparePanelSaved {
  contenders: { id: string; run: string; path: string; target: string }[];
  reference: string;
  stage: string | null;
  axes: { x: string; y: string } | null;
  select: { aim: string; limits: string[] } | null;
}
