/** The HTML report: the run panel with the runs of one command in a single file. */
import type { RunVerdict } from '../../../protocol/run-json';
import { REPORT_INDEX_ID, reportRunId, type ReportedHead, type ReportIndex } from '../../../protocol/run-report';
import { HTML_LIMITS, shareOf, type HtmlLimits } from './limits';
import { reportPage, type PageData, type PanelFiles } from './page';
import { readHtmlRun } from './run-data';

export interface HtmlReport {
  /** Folders of the runs. */
  dirs: readonly string[];
  /** Of Promptrig. */
  version: string;
}

/**
 * A page that shows the runs as the run panel does; with several of them, one at a time. A run that cannot be read is shown as
 * one that says so.
 */
export async function renderHtml(
  { dirs, version }: HtmlReport,
  files: PanelFiles,
  limits: HtmlLimits = HTML_LIMITS,
): Promise<string> {
  const share = shareOf(limits, dirs.length);
  const runs: ReportedHead[] = [];
  const data: PageData[] = [];
  for (const dir of dirs) {
    const { head, data: value } = await readHtmlRun(dir, share);
    data.push({ id: reportRunId(runs.length), value });
    runs.push(head);
  }
  const index: ReportIndex = { schema: 'promptrig.html/1', version, runs };
  return reportPage(titleOf(runs), files, [{ id: REPORT_INDEX_ID, value: index }, ...data], textOf(runs));
}

function titleOf(runs: readonly ReportedHead[]): string {
  const [only, ...others] = runs;
  if (only !== undefined && others.length === 0) return `${only.title}: ${wordOf(only.verdict)} – Promptrig`;
  const passed = runs.filter(({ verdict }) => verdict === 'pass').length;
  return `${passed} of ${runs.length} passed – Promptrig`;
}

function textOf(runs: readonly ReportedHead[]): string {
  const verdicts = runs.map(({ title, verdict }) => `${title}: ${wordOf(verdict)}.`).join(' ');
  return `${verdicts} The rest of this report is drawn by its own script, which is switched off here. Allow scripts for this file to see it.`;
}

function wordOf(verdict: RunVerdict | null): string {
  switch (verdict) {
    case 'pass':
      return 'passed';
    case 'fail':
      return 'failed';
    case 'inconclusive':
      return 'inconclusive';
    case 'error':
      return 'error';
    case null:
      return 'no verdict';
  }
}
