/** What an eval depends on, and whether that has changed: asked again and again, which works on network drives and in containers too. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { glob } from 'tinyglobby';
import { DEFAULT_EXCLUDE, kindOf, WORKSPACE_FILE } from '../core/spec/discover';
import type { FileReference } from '../core/spec/file-references';
import { CliError } from './exit-code';
import { findFiles } from './find-files';
import { collectReferences } from './references';
import type { Look } from './watch';
import { workspaceRoot } from './workspace-root';

/** Of a folder or a glob that an eval refers to. */
const MOST_FILES = 1000;

interface Known {
  /** States of the YAML and JSON files that say what the eval refers to. */
  fingerprint: string;
  references: FileReference[];
}

/** Looks at the evals of some paths; what an eval refers to is read again only where one of its files has changed. */
export class EvalWatch {
  private readonly known = new Map<string, Known>();

  constructor(
    private readonly paths: readonly string[],
    private readonly cwd: string,
  ) {}

  /** @throws CliError where a path is not there or holds no eval */
  async look(): Promise<Look> {
    const found = await findFiles(this.paths, this.cwd);
    const evals = found.map(({ path: file }) => file).filter((file) => kindOf(file) !== 'workspace');
    if (evals.length === 0) throw new CliError('There is no eval to watch, only what evals share.');
    const states = new Map<string, string>();
    const all = new Map<string, string[]>();
    for (const file of evals) all.set(file, await this.filesOf(file, states));
    for (const file of this.known.keys()) if (!all.has(file)) this.known.delete(file);
    return { evals: all, states };
  }

  /** The same where everything has gone meanwhile: an editor that saves takes a file away for a moment. */
  async lookAgain(): Promise<Look> {
    try {
      return await this.look();
    } catch (error) {
      if (error instanceof CliError) return { evals: new Map(), states: new Map() };
      throw error;
    }
  }

  private async filesOf(file: string, states: Map<string, string>): Promise<string[]> {
    const shared = path.join(workspaceRoot(path.dirname(file), this.cwd), WORKSPACE_FILE);
    const before = this.known.get(file);
    const sources = [file, shared, ...(before?.references ?? []).flatMap(sourceOf)];
    const fingerprint = await stateOf(sources, states);
    let references = before?.references;
    if (references === undefined || before?.fingerprint !== fingerprint) {
      references = [...(await collectReferences(file)), ...(await collectReferences(shared))];
      // Of the files that are referred to now.
      const own = await stateOf([file, shared, ...references.flatMap(sourceOf)], states);
      this.known.set(file, { references, fingerprint: own });
    }
    const referred = (await Promise.all(references.map(expanded))).flat();
    const files = [...new Set([file, shared, ...referred])];
    await stateOf(files, states);
    return files;
  }
}

/** A file that may refer to others in turn. */
function sourceOf({ path: file, isGlob }: FileReference): string[] {
  return !isGlob && /\.(?:ya?ml|json)$/i.test(file) ? [file] : [];
}

/** The files that a reference is about now: itself, those in it, or those that match. */
async function expanded({ path: file, isGlob }: FileReference): Promise<string[]> {
  if (isGlob) return filesBelow(...splitGlob(file.replaceAll('\\', '/')));
  const stats = await fs.stat(file).catch(() => null);
  return stats?.isDirectory() === true ? filesBelow(file, '**') : [file];
}

/** The folder that a glob begins with, and the rest. */
function splitGlob(glob: string): [folder: string, pattern: string] {
  const parts = glob.split('/');
  const magic = parts.findIndex((part) => /[*?{[]/.test(part));
  return [parts.slice(0, magic).join('/') || '/', parts.slice(magic).join('/')];
}

async function filesBelow(folder: string, pattern: string): Promise<string[]> {
  const found = await glob([pattern], {
    cwd: folder,
    ignore: [...DEFAULT_EXCLUDE],
    absolute: true,
    onlyFiles: true,
    followSymbolicLinks: false,
    expandDirectories: false,
  });
  return found.slice(0, MOST_FILES).map((name) => path.normalize(name));
}

async function stateOf(files: readonly string[], states: Map<string, string>): Promise<string> {
  const own = await Promise.all(
    files.map(async (file) => {
      const state = states.get(file) ?? (await fileState(file));
      states.set(file, state);
      return `${file}:${state}`;
    }),
  );
  return own.join('\n');
}

async function fileState(file: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await fs.stat(file);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    // Gone, or not to be read: what that means for the eval is said, with its place, when it is planned.
    return 'absent';
  }
}
