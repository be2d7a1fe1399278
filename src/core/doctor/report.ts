/** What a self-check of the load client found, as it is printed, stored for later runs, and read by other tools. */

/** What makes two machines the same for a client's speed. Nothing that names a person or a host. */
export interface Machine {
  os: string;
  cpu: string;
  cores: number;
  /** Version of Node. */
  node: string;
}

export interface DoctorReport {
  schema: 'promptrig.doctor/1';
  /** ISO 8601. */
  date: string;
  promptrig: string;
  /** A shorter ladder with shorter steps. */
  quick: boolean;
  machine: Machine;
  load: {
    /** Load average of the last minute at the start; null where the system keeps none. */
    average_1m: number | null;
    /** Share of all cores (0 to 1) in use while nothing was measured, before and after. */
    busy_before: number;
    busy_after: number;
  };
  /** Files that a process may have open, connections included; null where there is no limit. */
  open_files: number | null;
  clock: ClockReport;
  streams: StreamStep[];
  rates: RateStep[];
  ceiling: {
    /** Highest steps that were measured well; null where the lowest was not. */
    streams: number | null;
    rate: number | null;
    /** What ended each ladder: its `top`, the client (`limited`), the allotted `time`, or the `open_files`. */
    streams_ended: LadderEnd;
    rates_ended: LadderEnd;
  };
  /** `busy`: even a lowest step was too much, so that the machine has other things to do. */
  status: 'fine' | 'busy';
  /** What it means, a sentence each. */
  conclusion: string[];
}

export type LadderEnd = 'top' | 'limited' | 'time' | 'open_files';

export interface ClockReport {
  /** Smallest step between two readings. */
  resolution_us: number;
  /** How late a plain timer fires; the load engine's own schedule does better, see the dispatch lag of `rates`. */
  timer_late_p50_ms: number;
  timer_late_p99_ms: number;
  event_loop_delay_p99_ms: number;
}

interface Step {
  /** Share of one core (0 to 1) used by the busiest load worker. */
  cpu: number;
  workers: number;
  /** Requests without a complete answer. */
  lost: number;
  attempts: number;
  /** The client was the limit, in every attempt. */
  limited: boolean;
  /** The measure that says so, as a phrase; null where it was not. */
  why: string | null;
}

/** Null in the measures of a step of which no answer came. */
type Measure = number | null;

/** Errors are the client's stamp minus the instant at which the simulator wrote, so never negative but for clock noise. */
export interface StreamStep extends Step {
  streams: number;
  tokens_per_s: Measure;
  ttft_error_p50_ms: Measure;
  token_error_p50_ms: Measure;
  token_error_p99_ms: Measure;
  /** Of the gaps between tokens, measured against true. */
  itl_error_p99_ms: Measure;
}

export interface RateStep extends Step {
  /** Offered requests per second. */
  rate: number;
  lag_p50_ms: Measure;
  lag_p99_ms: Measure;
}

/** Whether a report says anything about this machine. */
export function sameMachine(a: Machine, b: Machine): boolean {
  return a.cpu === b.cpu && a.cores === b.cores && a.node === b.node;
}
