import { plainJson } from './plain';
import type { CaseRecord, RunJson, RunVerdict } from '../../protocol/run-json';

export interface ReportedRun {
  /** Folder of run.json and the NDJSON files. */
  dir: string;
  run: RunJson;
  cases: CaseRecord[];
}

/** What `--format json` writes: one document for all files of the command. */
export interface JsonReport {
  schema: 'promptrig.report/1';
  exit_code: number;
  /** The worst of the runs' verdicts; null where none ran. */
  verdict: RunVerdict | null;
  runs: ReportedRun[];
}

/** The order in which a run's own verdict is made of its targets'. */
const WORST_FIRST: readonly RunVerdict[] = ['fail', 'error', 'inconclusive', 'pass'];

/** The JSON report, indented and with a line break at its end. `runs[].run` is the content of run.json. */
export function renderJson(runs: ReportedRun[], exitCode: number): string {
  const verdicts = new Set(runs.map(({ run }) => run.verdict));
  const report: JsonReport = {
    schema: 'promptrig.report/1',
    exit_code: exitCode,
    verdict: WORST_FIRST.find((verdict) => verdicts.has(verdict)) ?? null,
    runs,
  };
  return `${plainJson(JSON.stringify(report, null, 2))}\n`;
}
