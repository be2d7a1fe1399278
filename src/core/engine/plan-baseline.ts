/** What a run is held against: the run that its file names as its baseline, else the pinned baselines of its targets. */
import { join, resolve } from 'node:path';
import type { BaselineFile } from '../../protocol/baseline';
import type { RunPlan } from '../../protocol/plan';
import { pinnedEval, pinnedFile } from '../compare/pinned-path';
import { PinnedFileError, readPinned } from '../compare/pinned-reader';
import { runFile } from '../results/files';
import { messageOf } from '../util/errors';
import type { ReadFile } from './plan-files';
import type { PlanProblems } from './plan-problems';

interface Context {
  baseDir: string;
  runsDir: string;
  readFile: ReadFile;
  problems: PlanProblems;
}

const POINTER = '/baseline';

/**
 * Finds the run by its id among the runs of the workspace, else by its path, which may be that of its folder or of its
 * `run.json`. Undefined, with a diagnostic, where there is none.
 */
export async function planBaseline(name: string | undefined, context: Context): Promise<RunPlan['baseline']> {
  if (name === undefined) return undefined;
  const { baseDir, runsDir, readFile, problems } = context;
  const path = resolve(baseDir, name.replace(/^file:\/\//, '').replace(/[/\\]run\.json$/, ''));
  const folders = /[/\\]/.test(name) || name === '.' || name === '..' ? [path] : [join(runsDir, name), path];
  for (const dir of folders) {
    let text: string;
    try {
      const content = await readFile(runFile(dir, 'run'));
      text = typeof content === 'string' ? content : new TextDecoder('utf-8').decode(content);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') continue;
      problems.at('unreadable-file', `${runFile(dir, 'run')} could not be read: ${messageOf(error)}.`, POINTER);
      return undefined;
    }
    const run = idOf(text);
    if (run !== undefined) return { run, dir, pointer: POINTER };
    problems.at('bad-file', `${runFile(dir, 'run')} is not the result of a run.`, POINTER);
    return undefined;
  }
  problems.at(
    'missing-file',
    `There is no run "${name}": ${folders.map((dir) => runFile(dir, 'run')).join(' and ')} ${folders.length > 1 ? 'do' : 'does'} not exist. Name the id of a run, or a path relative to the folder of this file.`,
    POINTER,
  );
  return undefined;
}

/**
 * The pinned baselines of the targets, found by their names. One that is there and cannot be used forbids the run: a gate that is left out
 * without a word is worse than none.
 */
export async function planPinned(
  targets: readonly { id: string }[],
  { document, root, readFile }: { document: { path: string }; root?: string; readFile: ReadFile },
  problems: PlanProblems,
): Promise<BaselineFile[]> {
  if (root === undefined) return [];
  const found = await Promise.all(
    targets.map(async ({ id }): Promise<BaselineFile[]> => {
      const file = pinnedFile(root, document.path, id);
      try {
        const content = await readFile(file);
        const text = typeof content === 'string' ? content : new TextDecoder('utf-8').decode(content);
        return [readPinned(text, file, { eval: pinnedEval(root, document.path), target: id })];
      } catch (error) {
        if (error instanceof PinnedFileError) {
          const { path, range, fault, sentence } = error;
          problems.add({ code: `baseline-${fault}`, message: sentence, path, range, severity: 'error', pointer: '' });
          return [];
        }
        const { code } = error as NodeJS.ErrnoException;
        if (code !== 'ENOENT' && code !== 'ENOTDIR')
          problems.file('unreadable-file', `${file} could not be read: ${messageOf(error)}.`);
        return [];
      }
    }),
  );
  return found.flat();
}

function idOf(text: string): string | undefined {
  try {
    const { schema, id } = JSON.parse(text) as { schema?: unknown; id?: unknown };
    return schema === 'promptrig.run/1' && typeof id === 'string' ? id : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}
