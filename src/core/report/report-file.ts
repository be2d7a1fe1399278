import type { CaseRecord, RequestRecord, RunJson } from '../../protocol/run-json';

/** A range of a file as people and CI count: lines and columns (UTF-16 units) from 1, the end behind the last character. */
export interface Place {
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
}

/** One run as the document formats see it. */
export interface ReportFile {
  run: RunJson;
  /** Answers to the quality cases. */
  cases: readonly CaseRecord[];
  /** Folder of the results as it is to be shown. */
  dir: string;
  /** The eval file as documents name it: relative to the repository where it lies in one, with forward slashes. */
  path: string;
  /** Where the node at a JSON pointer stands; undefined where the file is not at hand or has no such node. */
  placeOf: (pointer: string) => Place | undefined;
  /** Requests of the quality cases by id, where somebody has read them: durations and tokens of single answers. */
  requests?: ReadonlyMap<string, RequestRecord>;
}

/** What a document covers: every run of one command. */
export interface ReportSet {
  files: readonly ReportFile[];
  exitCode: number;
  /** Version of Promptrig. */
  version: string;
}

/** The place of a node, else of the nearest node around it, else the file's first line: a finding always has a place to be shown at. */
export function nearestPlace(file: Pick<ReportFile, 'placeOf'>, pointer: string): Place {
  for (let at = pointer; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) {
    const place = file.placeOf(at);
    if (place !== undefined) return place;
  }
  return { line: 1, column: 1, endLine: 1, endColumn: 1 };
}
