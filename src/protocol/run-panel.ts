/** Messages between the run panel (webview) and the extension, which owns the truth. */
import type { Message, SloPlan, Unit } from './plan';
import type {
  BaselineComparison,
  CaseRecord,
  Comparison,
  CostResult,
  CurveResult,
  Outcome,
  PhaseReport,
  QualityResult,
  QualityUnderLoad,
  RequestRecord,
  RunVerdict,
  SloResult,
  StageCounts,
  StageResult,
} from './run-json';
import type { TickPoint } from './events';
import type { RunTrends } from './trends';

export type RunPanelToHost =
  | { type: 'ready' }
  /** Sent where a delta's `seq` does not follow the last one. */
  | { type: 'need-snapshot'; have: number }
  | { type: 'ack'; seq: number }
  | { type: 'stop' }
  | { type: 'rerun' }
  | { type: 'rerun-failed' }
  | { type: 'pin' }
  | { type: 'unpin' }
  /** Asks for what is to be noted on the run. */
  | { type: 'note' }
  /** How the eval has come out over its runs; answered by `trends`. */
  | { type: 'trends' }
  /** Shows another run of the same folder. */
  | { type: 'open-run'; id: string }
  | { type: 'reveal'; pointer: string }
  /** Opens the folder of the run in the system's file manager. */
  | { type: 'show-files' }
  /** Everything about one request; answered by `request`. */
  | { type: 'request'; id: string }
  /** The instants of some requests, for the rows that are in view; answered by `rows`. */
  | { type: 'rows'; ids: string[] }
  /** Which requests of a stage hold a text in their record (case, error, status, reason of their end); answered by `found`. */
  | { type: 'find'; target: string; stage: string; text: string }
  /** The answers of a load stage that did not pass and were kept; answered by `load-answers`. */
  | { type: 'load-answers'; target: string; stage: string }
  /** An answer as a whole, of which the panel has the beginning; answered by `answer`. */
  | { type: 'answer'; target: string; case: string; repeat: number }
  /** Opens a prompt or an answer in an editor of its own. */
  | { type: 'open-text'; title: string; text: string }
  /** Writes a file of the run where the person says. */
  | { type: 'export'; what: RunExport }
  /** Writes what the panel drew or listed where the person says; `data` is text, of a picture base64. */
  | { type: 'save'; name: string; kind: 'png' | 'csv' | 'json'; data: string };

/** `run`: run.json. `metrics`: every number of it as CSV. `requests`: a line a request as CSV. `report`: this panel as a page. */
export type RunExport = 'run' | 'metrics' | 'requests' | 'report';

/** The run itself, in sequence. */
export type HostToRunPanel =
  { type: 'snapshot'; seq: number; state: RunPanelState } | { type: 'delta'; seq: number; changes: RunPanelChange[] };

/** What the panel asked for; outside of the sequence, since it changes nothing of the run. */
export type RunPanelReply =
  | { type: 'request'; id: string; detail: RequestDetail }
  | { type: 'request'; id: string; detail: null; error: string }
  | { type: 'trends'; current: string; trends: RunTrends }
  | { type: 'trends'; current: string; trends: null; error: string }
  | { type: 'rows'; rows: RequestRow[] }
  | {
      type: 'found';
      target: string;
      stage: string;
      text: string;
      ids: string[];
      complete: boolean;
      /** Where not all requests of the stage could be searched: how many were. */
      searched?: number;
    }
  | { type: 'load-answers'; target: string; stage: string; records: PanelCase[] }
  | { type: 'answer'; target: string; case: string; repeat: number; answer: string | null; reasoning: string | null };

/** One request with all that is kept of it. */
export interface RequestDetail {
  record: RequestRecord;
  prompt: { messages: Message[]; /** Characters that were left out. */ cutCharacters: number } | { reason: string };
  /** Of the case that it asks. */
  caseName: string | null;
  /** Its answer with what the assertions said, where it was kept. */
  answer: PanelCase | null;
  /** Why there is no answer. */
  answerReason: string;
}

/** A request in a list: its instants in ms on the clock of the run, null where it did not get that far. */
export interface RequestRow {
  id: string;
  outcome: Outcome;
  scheduled: number;
  sent: number | null;
  /** How long its connection took to open, which is before `sent`. */
  connectMs: number | null;
  first: number | null;
  last: number | null;
  end: number;
  outputTokens: number | null;
  errorKind: string | null;
  caseName: string | null;
}

export interface RunPanelState {
  title: string;
  source: string;
  status: 'idle' | 'running' | 'completed' | 'stopped' | 'crashed' | 'error';
  /** One sentence for `stopped`, `crashed` and `error`. */
  statusText: string;
  verdict: RunVerdict | null;
  startedAt: string | null;
  targets: RunPanelTarget[];
  /** Level of every interval, such as 0.95, which it is where nothing is said. */
  confidence?: number;
  /** What each metric named in an SLO means, for hovers and units; keyed by the metric's name. */
  metrics?: Record<string, { label: string; unit: Unit; formula: string; meaning: string }>;
  /** What can be done with this run, here and now; nothing of it where it is absent. */
  can?: RunPanelCan;
  /** What a reader of the whole run must know, each as a sentence: files that are damaged or gone. */
  caveats?: string[];
  /** A stored run whose requests are still being read: bytes. */
  loading?: { read: number; total: number } | null;
  /** The run cannot be shown: what to do about it. `statusText` says what happened. */
  advice?: string;
  /** Targets of the run against each other. */
  comparison?: Comparison | null;
  /** The run against its baseline. */
  baseline?: BaselineComparison | null;
  /** What people have said of the run. */
  marks?: RunPanelMarks;
  /** The request that the reader has come for. */
  focus?: RunPanelFocus;
}

export interface RunPanelMarks {
  /** Targets whose baseline is made of this run. */
  pinned: string[];
  /** Empty where there is none. */
  note: string;
  keep: boolean;
}

export interface RunPanelFocus {
  request: string;
  /** Tells one wish from the next: the page opens the request once. */
  number: number;
}

export interface RunPanelCan {
  pin: boolean;
  rerunFailed: boolean;
  /** Its files are there: details, exports and full texts can be had. */
  files: boolean;
}

/** The state of a stage at one instant: what the lines over time are drawn from. */
export interface RunPanelSample {
  /** Ms since the stage started. */
  t: number;
  ttftP50: number | null;
  ttftP99: number | null;
  itlP50: number | null;
  itlP99: number | null;
  rps: number;
  offeredRps: number;
  inFlight: number;
  outputTps: number;
}

export interface RunPanelTarget {
  id: string;
  endpoint: string;
  model: string;
  stages: RunPanelStage[];
  quality: { passed: number; failed: number; errors: number; skipped: number; total: number; slo: SloResult[] };
  cases: PanelCase[];
  /** Of `sweep` and `capacity` stages whose steps are all over. */
  curves?: CurveResult[];
  /** Prefill and decode over all load stages, once the run is over. */
  phases?: PhaseReport;
  /** Answers that are being streamed, in the order in which they began. */
  streams?: AnswerStream[];
  /** Once its answers are judged. */
  qualityResult?: QualityResult | null;
  underLoad?: QualityUnderLoad | null;
  cost?: CostResult | null;
  /** Why nothing, or not everything, of the target could run. */
  error?: string | null;
}

/** An answer as the panel gets it: long texts are cut. */
export interface PanelCase extends CaseRecord {
  /** Characters of the whole answer, where what is here is its beginning. */
  answerCharacters?: number;
  /** Characters of it that cannot be had from here, since a report is bounded. */
  cutCharacters?: number;
}

export interface AnswerStream {
  /** JSON pointer. */
  case: string;
  repeat: number;
  name: string;
  text: string;
}

export interface RunPanelStage {
  name: string;
  /** The `sweep` or `capacity` stage of which it is a step; it follows that stage and its earlier steps in the list. */
  partOf?: string;
  /** Offered requests per second, where the load is an open loop at one rate. */
  rate?: number | null;
  /** What a reader must know before trusting the numbers, each as a sentence; once the stage is done. */
  caveats?: string[];
  /** A stage whose steps are measured and not itself has `sweep` or `capacity` here from the start. */
  pattern: string;
  status: 'waiting' | 'running' | 'done';
  elapsedMs: number;
  progress: number;
  warmupMs: number;
  cooldownMs: number;
  plannedMs: number | null;
  slos: SloPlan[];
  results: SloResult[];
  counts: StageCounts;
  inFlight: number;
  rps: number;
  offeredRps: number;
  outputTps: number;
  rolling: { ttftP50: number | null; ttftP99: number | null; itlP50: number | null; itlP99: number | null };
  points: TickPoint[];
  errors: { kind: string; count: number; example: string }[];
  /**
   * One sample a tick, oldest first, at most a few a second. In a snapshot it lets a panel that was hidden draw its lines
   * again; between snapshots the panel appends one for each patch that carries `elapsedMs`.
   */
  history?: RunPanelSample[];
  /** Once the stage is done. */
  result: StageResult | null;
}

export type RunPanelChange =
  | { kind: 'status'; status: RunPanelState['status']; statusText: string; verdict: RunVerdict | null }
  | { kind: 'stage'; target: string; stage: string; patch: Partial<Omit<RunPanelStage, 'points' | 'name' | 'history'>> }
  /** A step that nobody could announce starts; it comes after its stage and the steps before it. */
  | { kind: 'step'; target: string; step: RunPanelStage }
  | { kind: 'curve'; target: string; curve: CurveResult }
  | { kind: 'phases'; target: string; phases: PhaseReport }
  | { kind: 'points'; target: string; stage: string; points: TickPoint[] }
  /** More of an answer. */
  | ({ kind: 'answer'; target: string } & AnswerStream)
  | { kind: 'case'; target: string; record: PanelCase }
  | {
      kind: 'target';
      target: string;
      patch: Partial<Pick<RunPanelTarget, 'qualityResult' | 'underLoad' | 'cost' | 'error'>>;
    }
  | {
      kind: 'run';
      patch: Partial<
        Pick<RunPanelState, 'can' | 'caveats' | 'loading' | 'comparison' | 'baseline' | 'marks' | 'focus'>
      >;
    }
  /** The lines over time of a stored stage, all of them at once. */
  | { kind: 'history'; target: string; stage: string; history: RunPanelSample[] }
  | { kind: 'quality'; target: string; quality: RunPanelTarget['quality'] };
