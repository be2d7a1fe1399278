/** What an HTML report holds: JSON in script elements of the page, which the page's own script shows as the run panel does. */
import type { RequestRecord, RunJson, RunVerdict } from './run-json';
import type { PanelCase, RequestDetail, RunPanelState } from './run-panel';

/** Id of the element that lists the runs; its JSON is a `ReportIndex`. */
export const REPORT_INDEX_ID = 'promptrig-report';

/** Id of the element that holds a run; its JSON is a `ReportedRun`. Each is parsed when it is shown. */
export function reportRunId(index: number): string {
  return `promptrig-run-${index}`;
}

export interface ReportIndex {
  schema: 'promptrig.html/1';
  /** Of Promptrig. */
  version: string;
  runs: ReportedHead[];
}

/** One run in the choice of runs. */
export interface ReportedHead {
  /** The eval file. */
  source: string;
  title: string;
  status: RunPanelState['status'];
  verdict: RunVerdict | null;
}

export interface ReportedRun {
  /** A snapshot as `toWire` packs it. */
  snapshot: unknown;
  /** Requests with all that is kept of them; of a large run a part. */
  requests: ReportedRequest[];
  /** What they sent, each text once. */
  prompts: RequestDetail['prompt'][];
  /** Why there is no answer, each sentence once. */
  reasons: string[];
  /** Answers of load stages that did not pass and were kept. */
  loadAnswers: PanelCase[];
  /** Answers that the snapshot has the beginning of, as a whole. */
  wholeAnswers: { target: string; case: string; repeat: number; answer: string | null; reasoning: string | null }[];
  /** What can be saved: the content of run.json, and every number of it as CSV; null where the run could not be read. */
  files: { name: string; run: RunJson; metricsCsv: string } | null;
}

/** As in `RequestDetail`; its answer is among those of the run. */
export interface ReportedRequest {
  record: RequestRecord;
  /** Index in `prompts`. */
  prompt: number;
  /** Index in `reasons`; null where an answer is kept. */
  reason: number | null;
  caseName: string | null;
}
