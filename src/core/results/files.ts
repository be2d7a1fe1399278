import * as path from 'node:path';

/** The files of one run's folder. */
export const RUN_FILES = {
  run: 'run.json',
  /** The plan that was executed: it lets a run that was cut off be evaluated from its requests. */
  plan: 'plan.json',
  requests: 'requests.ndjson',
  cases: 'cases.ndjson',
  /** What a person has said of the run; the result itself knows nothing of it. */
  notes: 'notes.json',
} as const;

export function runFile(dir: string, file: keyof typeof RUN_FILES): string {
  return path.join(dir, RUN_FILES[file]);
}
