/** Reads what a compare panel compares: runs of ours from their folders, results of other tools from their files. In bounded memory. */
import * as fs from 'node:fs/promises';
import type { CaseRecord, RequestRecord, RunJson, StageResult, TargetResult } from '../../protocol/run-json';
import { readForeign } from '../interchange/read-foreign';
import { stageCaveats } from '../report/flags';
import { runFile } from '../results/files';
import { readPlan, readRun } from '../results/store';
import { LineReader } from '../run-panel/lines';
import { PromptrigError, messageOf } from '../util/errors';
import { SeriesCollector, comparedTarget, machineOf, type RunSeries } from './own-run';
import { CaseTallies, outcomesOf, type CaseTally, type PlannedCase } from './panel-cases';
import type { PanelSource, PanelTarget } from './panel-source';

/** A plan with a large dataset is hundreds of megabytes, which tags are not worth. */
const MOST_PLAN_BYTES = 16 << 20;

/**
 * Reads the run in a folder: its result, its answers and its requests, line by line. Lines that are damaged are left out and said.
 * @throws PromptrigError `not_found`, `unreadable` or, for a newer schema, `unsupported`, each in one sentence
 */
export async function readOwnSource(dir: string, signal?: AbortSignal): Promise<PanelSource> {
  const run = await readRun(dir);
  if (!Array.isArray(run.targets))
    throw new PromptrigError('unreadable', `${runFile(dir, 'run')} names no targets: it is damaged.`);
  try {
    const tallies = new Map<string, CaseTallies>();
    const series = new SeriesCollector(run.targets);
    const caveats: string[] = [];
    const answers = await eachRecord<CaseRecord>(runFile(dir, 'cases'), isAnswer, signal, (record) => {
      if (record.stage !== undefined) return;
      const known = tallies.get(record.target) ?? new CaseTallies();
      tallies.set(record.target, known);
      known.add(record);
    });
    const requests = await eachRecord<RequestRecord>(runFile(dir, 'requests'), isRequest, signal, (record) =>
      series.add(record),
    );
    if (answers.damaged > 0) caveats.push(damage(answers.damaged, 'cases.ndjson', 'its cases are not complete'));
    if (requests.damaged > 0)
      caveats.push(damage(requests.damaged, 'requests.ndjson', 'its latencies are tested without them'));
    if (!requests.exists && run.targets.some(({ stages }) => stages.length > 0))
      caveats.push('Its requests.ndjson is gone: latencies are shown and cannot be tested.');
    return sourceOf(run, dir, (id) => tallies.get(id)?.result, series.result, caveats);
  } catch (error) {
    if (error instanceof PromptrigError) throw error;
    // A result that says its schema and does not keep to it: the reader finds out where it relies on it.
    throw new PromptrigError('unreadable', `${runFile(dir, 'run')} is damaged: ${messageOf(error)}.`, { cause: error });
  }
}

/** @throws PromptrigError as `readForeign` does */
export async function readForeignSource(path: string): Promise<PanelSource> {
  const { tool, id, name, startedAt, targets, notes, caveats } = await readForeign(path);
  return {
    ...{ tool, id, path, name, startedAt, notes, caveats },
    ...{ file: null, commit: null, dirty: false, machine: null, confidence: null, matrix: [] },
    targets: targets.map((compared) => ({
      compared,
      ...{ endpoint: '', prompt: '', params: {}, verdict: null, error: null, caveats: [] },
      loads: new Map(compared.stages.map(({ name: stage, rate, concurrency }) => [stage, loadText(rate, concurrency)])),
      cases: new Map<string, CaseTally>(),
    })),
  };
}

/** What a result says, finished or not. */
export function sourceOf(
  run: RunJson,
  dir: string,
  casesOf: (target: string) => ReadonlyMap<string, CaseTally> | undefined,
  series: RunSeries,
  caveats: readonly string[] = [],
): PanelSource {
  const { git } = run.environment;
  return {
    tool: 'promptrig',
    id: run.id,
    path: dir,
    name: run.name,
    startedAt: run.started_at,
    file: run.source,
    commit: git?.commit ?? null,
    dirty: git?.dirty ?? false,
    machine: machineOf(run),
    confidence: run.confidence,
    notes: [],
    caveats: [...statusCaveats(run), ...caveats],
    targets: run.targets.map((target) => panelTarget(target, casesOf(target.id) ?? new Map(), series)),
    matrix: run.comparison?.matrix ?? [],
  };
}

function panelTarget(target: TargetResult, cases: ReadonlyMap<string, CaseTally>, series: RunSeries): PanelTarget {
  const outcomes = cases.size === 0 ? undefined : outcomesOf(cases);
  const stages = target.stages.filter(({ part_of: partOf }) => partOf === undefined);
  const several = stages.length > 1;
  return {
    compared: comparedTarget(target, outcomes, series),
    endpoint: target.endpoint,
    prompt: target.prompt,
    params: target.params,
    verdict: target.verdict,
    error: target.error?.message ?? null,
    caveats: stages.flatMap((stage) => stageCaveats(stage).map((text) => (several ? `${stage.name}: ${text}` : text))),
    loads: new Map(stages.map((stage) => [stage.name, stageLoad(stage)])),
    cases,
  };
}

function stageLoad({ pattern, rate, loop, rates }: StageResult): string {
  if (pattern === 'cases') return 'cases';
  if (loop === 'open') return rate === null ? pattern : `${pattern} ${Number(rate.toPrecision(4))}/s`;
  return pattern === 'sync' ? pattern : `${pattern} ${rates.concurrency_max}`;
}

function loadText(rate: number | null, concurrency: number | null): string {
  if (rate !== null) return `${Number(rate.toPrecision(4))}/s`;
  return concurrency === null ? '' : `${concurrency} at a time`;
}

function statusCaveats({ status, status_reason: reason }: RunJson): string[] {
  if (status === 'completed') return [];
  const why = reason === undefined ? '' : ` (${reason})`;
  return [`The run ${status === 'running' ? 'has not ended' : `is ${status}`}${why}: it covers what had run.`];
}

/** Names and tags of a run's cases, in the order of its file; none where its plan is gone, damaged or very large. */
export async function plannedCases(dir: string): Promise<Map<string, PlannedCase>> {
  const planned = new Map<string, PlannedCase>();
  try {
    if ((await fs.stat(runFile(dir, 'plan'))).size > MOST_PLAN_BYTES) return planned;
    const plan = await readPlan(dir);
    for (const { cases } of plan.targets) {
      for (const { id, name, tags } of cases) if (!planned.has(id)) planned.set(id, { id, name, tags });
    }
  } catch (error) {
    // Tags are a convenience: a comparison is whole without them, whatever is wrong with the plan.
    if (!(error instanceof Error)) throw error;
  }
  return planned;
}

function damage(count: number, file: string, so: string): string {
  return `${count} ${count === 1 ? 'line' : 'lines'} of its ${file} ${count === 1 ? 'is' : 'are'} damaged and left out: ${so}.`;
}

function isAnswer(record: Partial<CaseRecord>): boolean {
  const { target, case_id: id, outcome, assertions } = record;
  return [target, id, outcome].every((part) => typeof part === 'string') && Array.isArray(assertions);
}

function isRequest(record: Partial<RequestRecord>): boolean {
  const { target, stage, scheduled, itl } = record;
  return typeof target === 'string' && typeof stage === 'string' && Number.isFinite(scheduled) && Array.isArray(itl);
}

/** Reads a file of records, as far as it is whole: a last line that was cut off is none. */
async function eachRecord<T extends object>(
  file: string,
  fits: (record: Partial<T>) => boolean,
  signal: AbortSignal | undefined,
  onRecord: (record: T) => void,
): Promise<{ damaged: number; exists: boolean }> {
  let damaged = 0;
  let any = false;
  await new LineReader(file).advance(
    (line) => {
      if (line === '') return;
      any = true;
      const record = recordOf<T>(line);
      if (record !== null && fits(record)) onRecord(record);
      else damaged++;
    },
    () => signal?.aborted !== true,
  );
  return { damaged, exists: any };
}

function recordOf<T>(line: string): T | null {
  try {
    const value = JSON.parse(line) as unknown;
    return typeof value === 'object' && value !== null ? (value as T) : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
