/** Results as they lie in the folders of runs: written when a run ends, read when its file is opened again. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { listRuns, readCases, readRun } from '../../core/results/store';
import type { RunVerdict } from '../../protocol/run-json';
import { isObservation, type Observation } from '../language/observations';
import { RunObserver } from '../language/run-observer';
import type { Survey } from '../language/survey';
import type { FileResults } from './results-store';
import { addHistograms } from './run-histograms';

/** Written into a run's folder beside the results, so that its line ends come back with the file. */
const OBSERVATIONS_FILE = 'observations.json';
const OBSERVATIONS_SCHEMA = 'promptrig.observations/1';
/** Runs looked at, newest first, when a file's results are restored. */
const MAX_RUNS_SEARCHED = 50;

interface StoredObservations {
  schema: typeof OBSERVATIONS_SCHEMA;
  source: string;
  verdict: RunVerdict | null;
  startedAt: string;
  observations: Observation[];
}

/** Stores the observations beside the results of the run that completed them. */
export async function saveObservations(dir: string, source: string, results: FileResults): Promise<void> {
  const stored: StoredObservations = {
    schema: OBSERVATIONS_SCHEMA,
    source,
    verdict: results.last?.verdict ?? null,
    startedAt: results.last?.startedAt ?? '',
    observations: results.observations,
  };
  await fs.writeFile(path.join(dir, OBSERVATIONS_FILE), JSON.stringify(stored));
}

/**
 * The newest stored results of a file; null where there are none. A run of the command line has no observations stored:
 * they are made from its records, provided that the file is still the one that was run.
 * @param source the file as `source.path` of a run names it
 * @param sha256 of the file's text now
 * @param onUnreadable is told of runs that are passed over because they cannot be read
 */
export async function loadObservations(
  runsDir: string,
  source: string,
  sha256: string,
  survey: Survey,
  onUnreadable: (dir: string, error: unknown) => void = () => undefined,
): Promise<FileResults | null> {
  for (const name of (await listRuns(runsDir)).slice(0, MAX_RUNS_SEARCHED)) {
    const dir = path.join(runsDir, name);
    try {
      const stored = await readStored(path.join(dir, OBSERVATIONS_FILE));
      const results = stored === null ? await fromRecords(dir, source, sha256, survey) : restored(dir, stored, source);
      if (results !== null) return results;
    } catch (error) {
      // What cannot be read is another version's or damaged: there is an older run behind it.
      onUnreadable(dir, error);
    }
  }
  return null;
}

function restored(dir: string, stored: StoredObservations, source: string): FileResults | null {
  if (stored.source !== source) return null;
  const { observations, startedAt, verdict } = stored;
  // A newer version may know kinds that this one does not.
  return { observations: observations.filter(isObservation), running: null, last: { dir, startedAt, verdict } };
}

async function fromRecords(dir: string, source: string, sha256: string, survey: Survey): Promise<FileResults | null> {
  const run = await readRun(dir);
  if (run.source.path !== source || run.source.sha256 !== sha256 || run.status === 'running') return null;
  const observer = new RunObserver(survey, run.started_at, true, {
    id: path.basename(dir),
    confidence: run.confidence,
  });
  for await (const record of readCases(dir)) observer.onCase(record);
  observer.onRun(run);
  const { observations } = observer;
  // What the files that it refers to held at the time is not known: whoever restores the results looks when they were changed.
  for (const observation of observations) delete observation.files;
  await addHistograms(dir, run, observations);
  return { observations, running: null, last: { dir, startedAt: run.started_at, verdict: run.verdict } };
}

async function readStored(file: string): Promise<StoredObservations | null> {
  let text: string;
  try {
    text = await fs.readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    const value = JSON.parse(text) as Partial<StoredObservations>;
    const isOurs = value.schema === OBSERVATIONS_SCHEMA && Array.isArray(value.observations);
    return isOurs ? (value as StoredObservations) : null;
  } catch (error) {
    // Cut off by a window that closed while it was written: as good as not there.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
