import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { buildPlan, type PlanSelection } from '../core/engine/plan';
import type { Diagnostic } from '../core/spec/document';
import { kindOf, WORKSPACE_FILE } from '../core/spec/discover';
import { withoutBom } from '../core/spec/lines';
import { parseEvalFile, type EvalDocument } from '../core/spec/parse';
import { PromptrigError, messageOf } from '../core/util/errors';
import type { BudgetPlan, RunPlan } from '../protocol/plan';
import { runsFolder, workspaceRoot } from './workspace-root';

/** An eval file as it is to be run, with everything that is wrong with it. */
export interface PlannedFile {
  /** Absolute. */
  path: string;
  text: string;
  document: EvalDocument;
  /** null where an error forbids to run it, and where it holds nothing that was selected. */
  plan: RunPlan | null;
  /** The parser's and the planner's, by their place in the file. */
  diagnostics: Diagnostic[];
}

export interface PlanningOptions {
  cwd: string;
  /** Folder of results, where it is not the workspace's. */
  out?: string;
  select: PlanSelection;
  /** Limits of the command line, each in place of the file's of the same kind. */
  budget?: BudgetPlan;
  /** Whether user code may run; without a word about it, nothing is said of the code in the files. */
  allowCode?: boolean;
  overrides: { seed?: number; repeat?: number; policy?: 'point' | 'strict' };
}

/** Parses and plans files, each with the `promptrig.yaml` of its own workspace, which is read once. */
export class FilePlanner {
  private readonly workspaces = new Map<string, Promise<WorkspaceFile | null>>();

  constructor(private readonly options: PlanningOptions) {}

  /** Throws PromptrigError `unreadable` where the file cannot be read. */
  async plan(file: string): Promise<PlannedFile> {
    const { cwd, out, select, overrides, allowCode, budget = {} } = this.options;
    const text = await readText(file);
    if (kindOf(file) === 'workspace') {
      const document = parseEvalFile(text, file);
      return { path: file, text, document, plan: null, diagnostics: document.diagnostics };
    }
    const root = workspaceRoot(path.dirname(file), cwd);
    const workspace = await this.workspaceOf(root);
    const document = parseEvalFile(text, file, workspace === null ? {} : { workspace: workspace.document });
    const { plan, diagnostics } = await buildPlan({
      document,
      ...(workspace === null ? {} : { workspace: workspace.document }),
      select,
      overrides,
      ...(allowCode === undefined ? {} : { allowCode }),
      runsDir: runsFolder(root, out, cwd),
      readFile: (name) => fs.readFile(name),
      now: new Date(),
      root,
    });
    const all = [...document.diagnostics, ...diagnostics].sort(byPlace);
    return { path: file, text, document, plan: withBudget(plan, budget), diagnostics: all };
  }

  /** The shared files that were used, for their diagnostics. */
  async workspaceFiles(): Promise<WorkspaceFile[]> {
    const files = await Promise.all(this.workspaces.values());
    return files.filter((file) => file !== null);
  }

  private workspaceOf(root: string): Promise<WorkspaceFile | null> {
    const known = this.workspaces.get(root) ?? readWorkspace(path.join(root, WORKSPACE_FILE));
    this.workspaces.set(root, known);
    return known;
  }
}

export interface WorkspaceFile {
  path: string;
  text: string;
  document: EvalDocument;
}

function withBudget(plan: RunPlan | null, budget: BudgetPlan): RunPlan | null {
  if (plan === null || Object.keys(budget).length === 0) return plan;
  return { ...plan, budget: { ...plan.budget, ...budget } };
}

/** A `promptrig.yaml`; null where there is none. @throws PromptrigError `unreadable` */
export async function readWorkspace(file: string): Promise<WorkspaceFile | null> {
  try {
    const text = withoutBom(await fs.readFile(file, 'utf8'));
    return { path: file, text, document: parseEvalFile(text, file) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new PromptrigError('unreadable', `${file} could not be read: ${messageOf(error)}.`, { cause: error });
  }
}

async function readText(file: string): Promise<string> {
  try {
    // Positions in diagnostics do not count a byte order mark.
    return withoutBom(await fs.readFile(file, 'utf8'));
  } catch (error) {
    throw new PromptrigError('unreadable', `${file} could not be read: ${messageOf(error)}.`, { cause: error });
  }
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  if (a.path !== b.path) return a.path < b.path ? -1 : 1;
  return a.range.start.line - b.range.start.line || a.range.start.character - b.range.start.character;
}
