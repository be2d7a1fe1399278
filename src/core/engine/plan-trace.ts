/** The traces that stages replay: found, and read as far as that is quick, so that what is wrong is said before the run. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { StageSpec } from '../spec/schema-load';
import { parseDurationMs, parseQuantity } from '../spec/units';
import { messageOf, PromptrigError } from '../util/errors';
import { readTrace } from '../load/trace-read';
import { traceSpanMs } from '../load/trace-stage';
import { isFileReference } from './plan-files';
import type { PlanProblems } from './plan-problems';
import type { LocatedStage } from './plan-stages';

export interface PlannedTrace {
  path: string;
  /** What it comes to at the stage's speed; absent for a long file, which is read when it is run. */
  played?: { durationMs: number };
}

/** A file up to this size is read in a moment. */
const QUICKLY_READ_BYTES = 32 * 1024 * 1024;

/** The traces of the stages that replay one, by the stage's pointer. Problems are reported where the file is named. */
export async function planTraces(
  stages: readonly LocatedStage[],
  baseDir: string,
  problems: PlanProblems,
): Promise<Map<string, PlannedTrace>> {
  const planned = new Map<string, PlannedTrace>();
  for (const { value, pointer } of stages) {
    if (value.pattern !== 'trace' || value.trace === undefined) continue;
    const trace = await planTrace(value, value.trace, `${pointer}/trace`, { baseDir, problems });
    if (trace !== undefined) planned.set(pointer, trace);
  }
  return planned;
}

async function planTrace(
  spec: StageSpec,
  reference: string,
  pointer: string,
  { baseDir, problems }: { baseDir: string; problems: PlanProblems },
): Promise<PlannedTrace | undefined> {
  const path = resolve(baseDir, isFileReference(reference) ? reference.slice('file://'.length) : reference);
  let size: number;
  try {
    const found = await stat(path);
    if (!found.isFile()) {
      problems.at('unreadable-file', `${path} is not a file; name the trace itself.`, pointer);
      return undefined;
    }
    size = found.size;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    problems.at(
      missing ? 'missing-file' : 'unreadable-file',
      missing
        ? `There is no file ${path}; the path is relative to the folder of this file.`
        : `${path} could not be read: ${messageOf(error)}.`,
      pointer,
    );
    return undefined;
  }
  if (size > QUICKLY_READ_BYTES) return { path };
  const speed = (spec.speed === undefined ? null : parseQuantity('speed', spec.speed)) ?? 1;
  const durationMs = spec.duration === undefined ? null : parseDurationMs(spec.duration);
  try {
    const trace = await readTrace(path, {
      ...(spec.requests === undefined ? {} : { requests: spec.requests }),
      ...(durationMs === null ? {} : { durationMs: durationMs * speed }),
    });
    for (const { severity, message, line } of trace.notices) {
      if (severity === 'warning')
        problems.at('trace', `${path}${line === null ? '' : `:${line}`}: ${message}`, pointer, { severity });
    }
    return { path, played: { durationMs: Math.min(durationMs ?? Infinity, traceSpanMs(trace, speed)) } };
  } catch (error) {
    if (!(error instanceof PromptrigError)) throw error;
    problems.at('bad-file', error.message, pointer);
    return undefined;
  }
}
