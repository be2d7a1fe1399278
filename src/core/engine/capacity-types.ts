/** The border between the search for the highest rate and whoever runs its probes. */
import type { Confidence } from '../../protocol/run-json';

export interface CapacityOptions {
  /** First rate, requests per second; the lowest that is asked about. Without it the search starts at a guess and may go below. */
  from?: number;
  /** Highest rate that is asked about; default the highest that a schedule takes. */
  to?: number;
  /** Rates that one request at a time and full load have reached, where they were measured: they make the first guess. */
  syncRps?: number;
  throughputRps?: number;
  /** The bracket is narrowed to this share of its lower end; default 0.05. */
  precision?: number;
  /** Factor between rates while the bracket is looked for; default 2. */
  growth?: number;
  /** Most probes of one rate, where they disagree or are not sure; default 3. 1 takes each first verdict for final. */
  repeats?: number;
  /** Most probes in all; default 30. */
  maxProbes?: number;
  /** Most time in all, ms, by the `elapsedMs` of the reports; default none. */
  maxTimeMs?: number;
}

/** One rate to be tried. */
export interface Probe {
  /** From 0, over all probes. */
  index: number;
  /** Requests per second. */
  rate: number;
  /** Which probe of this rate it is, from 1. */
  attempt: number;
  /** Unique in the search: `16/s`, then `16/s, again`, `16/s, third time`. */
  label: string;
}

export interface ProbeVerdict {
  /** The worst of the SLOs; `error` where the endpoint could not be reached or answered nothing. */
  verdict: 'pass' | 'fail' | 'inconclusive' | 'error';
  confidence: Confidence;
  /** The load client was the limit: whatever was measured is not the server's. */
  clientLimited?: boolean;
  /** False where latency or concurrency grew through the window: a pass would not have lasted. */
  steady?: boolean;
  /** The reason that decided, as a phrase: `ttft.p99 is 231 ms, 31 ms over`. */
  reason?: string;
  /** Good requests per second. */
  goodput?: number;
  /** Completed requests per second. */
  rps?: number;
  /** The values of the SLOs' metrics, for the curve of latency against rate; keyed by expression or metric. */
  values?: Record<string, number>;
  elapsedMs?: number;
}

export type RateVerdict = 'pass' | 'fail';

/** One point of the curve: everything that is known of one rate. */
export interface CapacityPoint {
  rate: number;
  /** By majority of its probes; null where none could judge. */
  verdict: RateVerdict | null;
  /** High where one sure probe or agreeing probes say so. */
  confidence: Confidence;
  probes: ProbeVerdict[];
}

export type CapacityStatus =
  /** A rate that passes and one that fails, as near to each other as asked. */
  | 'found'
  | 'fails_at_lowest'
  | 'passes_at_highest'
  | 'client_limited'
  | 'endpoint_error'
  /** Out of probes or time. */
  | 'budget'
  /** Asked before the search was over. */
  | 'unfinished';

export interface CapacityResult {
  status: CapacityStatus;
  /** Highest rate that met the SLOs, with none below it that did not; null where none did. */
  rate: number | null;
  /** The highest that passed and the lowest above it that did not; null where not known. */
  bracket: [passed: number | null, failed: number | null];
  /** Width of the bracket as a share of its lower end; null without both ends. */
  precision: number | null;
  confidence: Confidence;
  probes: { probe: Probe; verdict: ProbeVerdict }[];
  /** By rate, ascending. */
  curve: CapacityPoint[];
  /** Good requests per second at `rate`, mean of its passing probes; null where not known. */
  goodput: number | null;
  /** One sentence for the person. */
  conclusion: string;
}
