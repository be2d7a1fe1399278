/** The formats that are one document for all runs of a command. A new one (HTML, say) is a file of its own and a line here. */
import { renderCsv } from './csv';
import { renderGithub } from './github';
import { renderJson } from './json';
import { renderJunit } from './junit';
import { renderMarkdown } from './markdown';
import type { ReportSet } from './report-file';
import { renderSarif } from './sarif';

export const DOCUMENTS = {
  json: ({ files, exitCode }: ReportSet): string =>
    renderJson(
      files.map(({ dir, run, cases }) => ({ dir, run, cases: [...cases] })),
      exitCode,
    ),
  junit: renderJunit,
  sarif: renderSarif,
  markdown: (report: ReportSet): string => renderMarkdown(report),
  github: renderGithub,
  csv: renderCsv,
} as const satisfies Record<string, (report: ReportSet) => string>;

export type DocumentFormat = keyof typeof DOCUMENTS;

export function isDocumentFormat(name: string): name is DocumentFormat {
  return Object.hasOwn(DOCUMENTS, name);
}
