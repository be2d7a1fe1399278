import * as fs from 'node:fs';
import * as path from 'node:path';
import * as readline from 'node:readline';
import { PromptrigError, messageOf } from '../util/errors';
import { RUN_FILES, runFile } from './files';
import type { RunPlan } from '../../protocol/plan';
import type { CaseRecord, RequestRecord, RunJson } from '../../protocol/run-json';

/** Reads `run.json` of a run's folder. @throws PromptrigError `not_found`, `unreadable` or, for a newer schema, `unsupported`. */
export async function readRun(dir: string): Promise<RunJson> {
  const run = (await readJson(runFile(dir, 'run'))) as { schema?: unknown } | null;
  if (run === null || typeof run !== 'object' || typeof run.schema !== 'string') {
    throw new PromptrigError('unreadable', `${runFile(dir, 'run')} is not a result of Promptrig.`);
  }
  if (run.schema !== 'promptrig.run/1') {
    throw new PromptrigError(
      'unsupported',
      `${runFile(dir, 'run')} has the schema ${run.schema}, which this version does not know. Update Promptrig to open it.`,
    );
  }
  return run as unknown as RunJson;
}

/** Reads the plan that a run executed. @throws PromptrigError `not_found` or `unreadable`. */
export async function readPlan(dir: string): Promise<RunPlan> {
  return (await readJson(runFile(dir, 'plan'))) as RunPlan;
}

/** Names of the run folders in `runsDir`, newest first; empty where the folder does not exist. */
export async function listRuns(runsDir: string): Promise<string[]> {
  let entries: fs.Dirent[];
  try {
    entries = await fs.promises.readdir(runsDir, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new PromptrigError('unreadable', `The results in ${runsDir} could not be read: ${messageOf(error)}.`, {
      cause: error,
    });
  }
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return names
    .filter((name) => fs.existsSync(path.join(runsDir, name, RUN_FILES.run)))
    .sort((a, b) => (a < b ? 1 : -1));
}

/** Streams requests.ndjson in constant memory. A last line that was cut off (the process died) is left out. */
export function readRequests(dir: string): AsyncGenerator<RequestRecord> {
  return readLines<RequestRecord>(runFile(dir, 'requests'));
}

/**
 * Streams the answers to the quality cases from cases.ndjson in constant memory. A last line that was cut off (the process
 * died) is left out, as are the answers of load stages.
 */
export async function* readCases(dir: string): AsyncGenerator<CaseRecord> {
  for await (const record of readLines<CaseRecord>(runFile(dir, 'cases'))) if (record.stage === undefined) yield record;
}

/** Streams the answers of load stages that did not pass and were kept; likewise. */
export async function* readLoadAnswers(dir: string): AsyncGenerator<CaseRecord> {
  for await (const record of readLines<CaseRecord>(runFile(dir, 'cases'))) if (record.stage !== undefined) yield record;
}

async function* readLines<T>(file: string): AsyncGenerator<T> {
  if (!fs.existsSync(file)) return;
  const lines = readline.createInterface({ input: fs.createReadStream(file), crlfDelay: Infinity });
  let number = 0;
  let broken: { number: number; reason: string } | null = null;
  for await (const line of lines) {
    number++;
    if (line === '') continue;
    if (broken !== null) {
      throw new PromptrigError('unreadable', `${file}:${broken.number} is not valid JSON: ${broken.reason}.`);
    }
    let value: T;
    try {
      value = JSON.parse(line) as T;
    } catch (error) {
      // Only the last line may be cut off; a broken line with others behind it is damage that must not pass unseen.
      broken = { number, reason: messageOf(error) };
      continue;
    }
    yield value;
  }
}

async function readJson(file: string): Promise<unknown> {
  let text: string;
  try {
    text = await fs.promises.readFile(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'not_found' : 'unreadable';
    throw new PromptrigError(code, `${file} could not be read: ${messageOf(error)}.`, { cause: error });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new PromptrigError('unreadable', `${file} is not valid JSON: ${messageOf(error)}.`, { cause: error });
  }
}
