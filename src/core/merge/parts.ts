/** The folders of parts of runs, and whether they make up a whole. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { RUN_FILES } from '../results/files';
import { readPlan, readRun } from '../results/store';
import { TRASH } from '../results/trash';
import { PromptrigError, messageOf } from '../util/errors';
import type { RunPlan, ShardPlan } from '../../protocol/plan';
import type { RunJson } from '../../protocol/run-json';

export interface RunPart {
  dir: string;
  run: RunJson & { shard: ShardPlan };
  plan: RunPlan;
}

/** Artifacts of CI lie a few folders deep; anything deeper is somebody else's. */
const DEEPEST = 6;

/**
 * The parts in folders, those of each eval file together in the order of their index. A folder may be a run itself or hold some, at
 * any depth.
 * @throws PromptrigError `usage`, in a sentence, where there is none, or where those of a file do not make up one run
 */
export async function collectParts(folders: readonly string[]): Promise<RunPart[][]> {
  const dirs = new Set<string>();
  for (const folder of folders) for (const dir of await runFolders(path.resolve(folder), 0)) dirs.add(dir);
  const byFile = new Map<string, RunPart[]>();
  for (const dir of [...dirs].sort()) {
    const run = await readRun(dir);
    const { shard } = run;
    if (shard === undefined) continue;
    const part: RunPart = { dir, run: { ...run, shard }, plan: await readPlan(dir) };
    byFile.set(run.source.path, [...(byFile.get(run.source.path) ?? []), part]);
  }
  if (byFile.size === 0) {
    throw new PromptrigError(
      'usage',
      `There is no part of a run in ${folders.join(', ')}. Name the folders that "promptrig run --shard 1/N" has written.`,
    );
  }
  return [...byFile.values()].map((parts) => {
    parts.sort((a, b) => a.run.shard.index - b.run.shard.index);
    checkParts(parts);
    return parts;
  });
}

async function runFolders(dir: string, depth: number): Promise<string[]> {
  let entries;
  try {
    entries = await fs.readdir(dir, { withFileTypes: true });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'not_found' : 'unreadable';
    throw new PromptrigError(code, `${dir} could not be read: ${messageOf(error)}.`, { cause: error });
  }
  if (entries.some((entry) => entry.name === RUN_FILES.run)) return [dir];
  if (depth >= DEEPEST) return [];
  const inside: string[] = [];
  for (const entry of entries) {
    if (entry.isDirectory() && ![TRASH, 'node_modules', '.git'].includes(entry.name))
      inside.push(...(await runFolders(path.join(dir, entry.name), depth + 1)));
  }
  return inside;
}

function checkParts(parts: readonly RunPart[]): void {
  const [first] = parts;
  if (first === undefined) return;
  const file = first.run.source.path;
  for (const part of parts) {
    const differs = difference(first, part);
    if (differs !== null) {
      throw new PromptrigError(
        'usage',
        `The parts of ${file} in ${first.dir} and ${part.dir} are not of one run: ${differs}.`,
      );
    }
    if (part.run.status === 'running') {
      const which = `Part ${part.run.shard.index} of ${part.run.shard.of} of ${file}`;
      throw new PromptrigError('usage', `${which} has not ended (${part.dir}). Merge when it has, or run it again.`);
    }
  }
  for (const [index, part] of parts.entries()) {
    const next = parts[index + 1];
    if (next === undefined || next.run.shard.index !== part.run.shard.index) continue;
    throw new PromptrigError(
      'usage',
      `Part ${part.run.shard.index} of ${part.run.shard.of} of ${file} is there twice, in ${part.dir} and ${next.dir}. Leave one of them out.`,
    );
  }
  const { of, units } = first.run.shard;
  const there = new Set(parts.map(({ run }) => run.shard.index));
  const missing = units.flatMap((count, index) => (count > 0 && !there.has(index + 1) ? [index + 1] : []));
  if (missing.length > 0) {
    throw new PromptrigError(
      'usage',
      `${missing.length === 1 ? 'Part' : 'Parts'} ${missing.join(', ')} of ${of} of ${file} ${missing.length === 1 ? 'is' : 'are'} missing: ` +
        `without ${missing.length === 1 ? 'it' : 'them'} the result would speak of something else than the file.`,
    );
  }
}

/** Why two parts cannot be of one run; null where they can. */
function difference(a: RunPart, b: RunPart): string | null {
  if (a.run.source.sha256 !== b.run.source.sha256)
    return 'the file has changed between them; run every part from one commit';
  if (a.run.shard.of !== b.run.shard.of) return `one is of ${a.run.shard.of} parts, the other of ${b.run.shard.of}`;
  if (a.run.seed !== b.run.seed) return `their seeds are ${a.run.seed} and ${b.run.seed}; give both the same --seed`;
  if (a.run.shard.plan !== b.run.shard.plan) {
    return 'they were planned differently (other options, endpoints, prompts or data); run every part with the same options from one commit';
  }
  return null;
}
