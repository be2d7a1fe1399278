import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { runIdOf } from '../core/engine/plan-id';
import { exitCodeOf } from '../core/metrics/verdict-run';
import { plain } from '../core/report/plain';
import { painter } from '../core/report/style';
import { mergeRuns } from '../core/merge/merge-runs';
import { collectParts } from '../core/merge/parts';
import { parseEvalFile } from '../core/spec/parse';
import type { RunJson } from '../protocol/run-json';
import { worstExit } from './exit-code';
import type { OutputTarget } from './format-option';
import { wantsColour, type CliIo } from './io';
import { guardedIo, RunOutput, type OutputSource } from './run-output';
import { runsFolder, shownPath, workspaceRoot } from './workspace-root';

export interface MergeOptions {
  out?: string;
  formats: readonly OutputTarget[];
  quiet: boolean;
}

/**
 * `promptrig merge DIR…`: joins the parts that `run --shard` has written into whole runs, prints their verdicts and writes reports as
 * `run` does.
 * @returns the worst exit code of the merged runs. @throws PromptrigError where the parts do not make up whole runs
 */
export async function mergeCommand(outer: CliIo, dirs: readonly string[], options: MergeOptions): Promise<number> {
  const io = guardedIo(outer, options.formats);
  const root = workspaceRoot(io.cwd, io.cwd);
  const folder = runsFolder(root, options.out, io.cwd);
  const groups = await collectParts(dirs.map((dir) => path.resolve(io.cwd, dir)));
  const output = new RunOutput(io, options, outer.stdout);
  const codes: number[] = [];
  for (const parts of groups) {
    const [first] = parts;
    if (first === undefined) continue;
    const runId = runIdOf(new Date(), first.run.name, Math.random);
    const baseDir = path.dirname(path.resolve(root, first.run.source.path));
    const { dir, run } = await mergeRuns(parts, { runId, outDir: path.join(folder, runId), baseDir });
    await output.add(await sourceOf(io, root, run, dir), run);
    codes.push(exitCodeOf(run));
  }
  const code = worstExit(codes);
  await output.finish(code);
  return code;
}

/** The eval file of a run, for the lines of its findings; without them where it is not at hand as it was when it ran. */
export async function sourceOf(io: CliIo, root: string, run: RunJson, dir: string): Promise<OutputSource> {
  const file = path.resolve(root, run.source.path);
  const nowhere: OutputSource = { path: file, dir, rangeOf: () => undefined };
  let text: string;
  try {
    text = await fs.readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    note(io, `${shownPath(file, io.cwd)} is not here, so findings have no line numbers.`);
    return nowhere;
  }
  const document = parseEvalFile(text, file);
  if (document.sha256 !== run.source.sha256) {
    note(io, `${shownPath(file, io.cwd)} has changed since the run, so findings have no line numbers.`);
    return nowhere;
  }
  return { path: file, dir, rangeOf: (pointer) => document.rangeOf(pointer) };
}

function note(io: CliIo, text: string): void {
  io.stderr.write(`${painter(wantsColour(io.stderr, io.env))('unsure', 'note:')} ${plain(text)}\n`);
}
