/** What an export needs of a run: each stage of each target, with one row a measured request. */
import { readRequests, readRun } from '../results/store';
import { PromptrigError } from '../util/errors';
import type { RunJson, StageResult, TargetResult } from '../../protocol/run-json';

/** A request that was answered; ms, from its send. */
export interface ExportRow {
  /** ms since the run's clock origin. */
  sentMs: number;
  ttftMs: number;
  /** To the first content that is no reasoning; null without. */
  ttfatMs: number | null;
  /** To the last event with content. */
  lastMs: number;
  /** To the end of the stream. */
  endMs: number;
  dispatchLagMs: number;
  inputTokens: number | null;
  outputTokens: number | null;
  /** Only where they were asked for. */
  gapsMs?: number[];
}

export interface ExportStage {
  target: TargetResult;
  stage: StageResult;
  rows: ExportRow[];
  /** Measured requests that were not answered: when they were sent, and why. */
  failures: { sentMs: number; inputTokens: number | null; message: string }[];
}

export interface ExportRun {
  run: RunJson;
  stages: ExportStage[];
}

export interface ExportSelection {
  target?: string;
  stage?: string;
  /** Keep the gaps between tokens of each request. */
  gaps: boolean;
}

/** Requests whose gaps are kept at most: a file of more is read by nobody's tool. */
const MOST_WITH_GAPS = 200_000;

/**
 * Reads the load stages of a run (its quality cases where it has no load), as far as they are selected.
 * @throws PromptrigError `usage` where nothing matches the selection
 */
export async function readExport(dir: string, select: ExportSelection): Promise<ExportRun> {
  const run = await readRun(dir);
  const chosen = run.targets.flatMap((target) => {
    const load = target.stages.filter(({ pattern }) => pattern !== 'cases');
    const stages = load.length > 0 ? load : target.stages;
    return stages.map((stage): ExportStage => ({ target, stage, rows: [], failures: [] }));
  });
  const stages = chosen.filter(
    ({ target, stage }) =>
      (select.target === undefined || target.id === select.target) &&
      (select.stage === undefined || stage.name === select.stage),
  );
  if (stages.length === 0) {
    const there = chosen.map(({ target, stage }) => `${target.id} / ${stage.name}`);
    throw new PromptrigError(
      'usage',
      there.length === 0
        ? `${dir} has no stage with results.`
        : `${dir} has no such target and stage. It has ${there.slice(0, 10).join(', ')}${there.length > 10 ? ', …' : ''}.`,
    );
  }
  const byKey = new Map(stages.map((item) => [keyOf(item.target.id, item.stage.name), item]));
  for await (const record of readRequests(dir)) {
    const into = byKey.get(keyOf(record.target, record.stage));
    if (into === undefined || record.phase !== 'measured') continue;
    const { sent, first, last, end, scheduled, first_answer: answer } = record;
    if (record.outcome !== 'completed' || sent === null || first === null || last === null) {
      const message = record.error?.message ?? record.outcome;
      into.failures.push({ sentMs: sent ?? scheduled, inputTokens: record.input_tokens, message });
      continue;
    }
    if (select.gaps && into.rows.length >= MOST_WITH_GAPS) {
      throw new PromptrigError(
        'usage',
        `${into.stage.name} has more than ${MOST_WITH_GAPS} requests: export it without --detailed.`,
      );
    }
    into.rows.push({
      sentMs: sent,
      ttftMs: first - sent,
      ttfatMs: answer === null ? null : answer - sent,
      lastMs: last - sent,
      endMs: end - sent,
      dispatchLagMs: sent - scheduled,
      inputTokens: record.input_tokens,
      outputTokens: record.output_tokens,
      ...(select.gaps ? { gapsMs: record.itl } : {}),
    });
  }
  for (const { rows } of stages) rows.sort((a, b) => a.sentMs - b.sentMs);
  return { run, stages };
}

function keyOf(target: string, stage: string): string {
  return JSON.stringify([target, stage]);
}

/** Length of the measured window, s. */
export function windowSeconds({ stage: { window } }: ExportStage): number {
  return (window.end_ms - window.start_ms) / 1000;
}

export function sum(values: readonly (number | null)[]): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}

/** Standard deviation of the sample as if it were all there is: what NumPy's `std` gives. */
export function populationStdev(values: readonly number[]): number {
  const n = values.length;
  if (n === 0) return 0;
  const mean = sum(values) / n;
  return Math.sqrt(values.reduce((total, value) => total + (value - mean) ** 2, 0) / n);
}

/** Time per output token after the first, of requests with two or more. */
export function tpots(rows: readonly ExportRow[]): { value: number; tokens: number }[] {
  return rows.flatMap(({ outputTokens, lastMs, ttftMs }) =>
    outputTokens !== null && outputTokens >= 2
      ? [{ value: (lastMs - ttftMs) / (outputTokens - 1), tokens: outputTokens }]
      : [],
  );
}
