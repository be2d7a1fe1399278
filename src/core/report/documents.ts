/** The formats that are one document for all runs of a command. A new one is a file of its own and a line here. */
import { renderCsv } from './csv';
import { renderGithub } from './github';
import { readPanelFiles } from './html/page';
import { renderHtml } from './html/render';
import { renderJson } from './json';
import { renderJunit } from './junit';
import { renderMarkdown } from './markdown';
import type { ReportSet } from './report-file';
import { renderSarif } from './sarif';

/** What a document needs beside the runs. */
export interface DocumentParts {
  /** Folder of the webviews' bundles. */
  panelDir: string;
}

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
  html: async ({ files, version }: ReportSet, { panelDir }: DocumentParts): Promise<string> =>
    renderHtml({ dirs: files.map(({ dir }) => dir), version }, await readPanelFiles(panelDir)),
} as const satisfies Record<string, (report: ReportSet, parts: DocumentParts) => string | Promise<string>>;

export type DocumentFormat = keyof typeof DOCUMENTS;

export function isDocumentFormat(name: string): name is DocumentFormat {
  return Object.hasOwn(DOCUMENTS, name);
}
