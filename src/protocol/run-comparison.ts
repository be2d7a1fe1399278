/** Two or more runs side by side, as the command line prints and a panel shows them. Plain data; keys as in run.json. */
import type { Unit } from './plan';
import type { Confidence, ParetoResult, RunVerdict, SelectionResult, Verdict } from './run-json';

/** Whose result it is. */
export type ComparedTool = 'promptrig' | 'guidellm' | 'vllm' | 'aiperf' | 'genai-perf';

export interface RunComparison {
  schema: 'promptrig.comparison/1';
  /** Level of the intervals and of the verdicts, such as 0.95. */
  confidence: number;
  /** The first is the one that the others are held against. */
  runs: ComparedRunHead[];
  /** Each of the others against the first, target by target. */
  pairs: ComparedPair[];
  /** What each run says of every SLO that one of them has. */
  slos: SloMatrixRow[];
  /**
   * Which targets of all runs no other one beats outright, by `candidates`; absent where not all of them were measured on two axes.
   */
  pareto?: ParetoResult;
  /** Which target is best under the SLOs of the runs, by `candidates`; absent without an SLO. */
  selection?: SelectionResult;
  /** What the ids of `pareto` and `selection` stand for. */
  candidates?: { id: string; run: number; target: string }[];
  /** Rows whose difference was tested; their p-values are adjusted together (Holm). */
  tested: number;
}

export interface ComparedRunHead {
  id: string;
  tool: ComparedTool;
  /** Where it was read. */
  path: string;
  name: string;
  started_at: string | null;
  /** Null of tools that give none. */
  verdict: RunVerdict | null;
  targets: string[];
  /** Where its definitions are not ours, by metric; empty for our own runs. */
  notes: MetricNote[];
  /** What a reader must know before trusting its numbers, a sentence each. */
  caveats: string[];
}

export interface MetricNote {
  /** Ours, such as `ttft`; `*` for all of them. */
  metric: string;
  text: string;
}

/** A target of another run and its counterpart of the first. */
export interface ComparedPair {
  /** Index of the other run in `runs`. */
  run: number;
  first: string;
  second: string;
  sections: ComparedSection[];
  /** Why the two are not quite comparable, a sentence each: other data, another load, another machine. */
  caveats: string[];
}

export interface ComparedSection {
  kind: 'quality' | 'cases' | 'load' | 'search' | 'cost';
  /** Of `load` and `search`: the stages that are compared. */
  first_stage?: string;
  second_stage?: string;
  rows: ComparedRow[];
}

export type ComparedVerdict = 'first better' | 'second better' | 'no difference shown' | 'not tested';

export interface ComparedRow {
  metric: string;
  stat: string | null;
  unit: Unit;
  better: 'lower' | 'higher';
  first: number | null;
  second: number | null;
  /** Sample behind each value, where it is known. */
  n: [number | null, number | null];
  /** Second less first; null where one is missing. */
  difference: number | null;
  /** Of the difference, at the comparison's confidence and not widened for the number of rows. */
  ci: [number, number] | null;
  p_value: number | null;
  p_adjusted: number | null;
  method: 'mcnemar' | 'block-bootstrap' | 'order-statistics' | null;
  verdict: ComparedVerdict;
  /** Why it was not tested. */
  reason?: string;
  /** How the definitions of the two differ. */
  notes: string[];
}

export interface SloMatrixRow {
  expr: string;
  stage: string;
  /** By run, in the order of `runs`; null where the run says nothing about it. */
  cells: (SloCell | null)[];
}

export interface SloCell {
  target: string;
  value: number | null;
  verdict: Verdict;
  confidence: Confidence;
  /** Judged here from a value of another tool, by that tool's definition. */
  foreign?: true;
}
