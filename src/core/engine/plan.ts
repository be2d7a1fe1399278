/** From a parsed eval file to a run plan: every name resolved, every template rendered, every SLO parsed. Sends nothing. */
import { dirname, join, relative } from 'node:path';
import type { RunPlan, TargetPlan } from '../../protocol/plan';
import type { Diagnostic } from '../spec/document';
import type { EvalDocument } from '../spec/parse';
import type { EvalSpec } from '../spec/schema';
import type { EndpointSpec } from '../spec/schema-endpoint';
import { regressRules } from '../compare/regress-rule';
import { parseDurationMs, parseUsd } from '../spec/units';
import { openFileStream, type OpenFile } from '../dataset/read-rows';
import { planBaseline, planPinned } from './plan-baseline';
import { planCases, requestPool, type CaseSource } from './plan-cases';
import { planDataset, type PlannedDataset } from './plan-dataset';
import { EndpointBook } from './plan-endpoints';
import { planForeign } from './plan-foreign';
import { drawSeed, runIdOf, shuffled } from './plan-id';
import { matrixOf } from './plan-matrix';
import { JudgeBook } from './plan-judge';
import { PlanProblems } from './plan-problems';
import { readVariants } from './plan-prompts';
import { ReferencedFiles, type ReadFile } from './plan-files';
import { TemplateReports } from './plan-render';
import {
  inlineCases,
  isSelected,
  mayTakeRows,
  narrowedByOnly,
  stageFilter,
  whatOf,
  type PlanSelection,
} from './plan-select';
import { checkSize } from './plan-size';
import { routeSlos } from './plan-slos';
import { planStages } from './plan-stages';
import { planTraces } from './plan-trace';
import { targetId } from './plan-targets';

export type { PlanSelection } from './plan-select';

export interface PlanInput {
  document: EvalDocument;
  /** `promptrig.yaml`, parsed. */
  workspace?: EvalDocument;
  /** Endpoints of the user's settings. */
  userEndpoints?: readonly EndpointSpec[];
  select?: PlanSelection;
  overrides?: { seed?: number; repeat?: number; policy?: 'point' | 'strict' };
  /** The folder of the run is made in it, named by the run's id. */
  runsDir: string;
  /** Reads a file by its absolute path; text as it is or as UTF-8 bytes. Rejects where it cannot. */
  readFile: ReadFile;
  /** Of imported files: sorted absolute paths of the files that an absolute glob matches; by default those on disk. */
  glob?: (pattern: string) => Promise<string[]>;
  /** Of imported files: the environment, for addresses of endpoints; by default that of the process. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Opens the file of a dataset by its absolute path, as a stream; by default from disk. */
  openFile?: OpenFile;
  /** Whether user code may run: a trusted workspace, or `--allow-code`. With `false` the file is told what that skips. */
  allowCode?: boolean;
  /** Whether endpoints with `api: vscode-lm` can be asked: in the editor, which hands the plan on with an address for them. */
  editorModels?: boolean;
  now: Date;
  /** Uniform in [0, 1): for the run's id, and its seed where none is given. */
  random?: () => number;
  /** Folder that the path of the source is given relative to; without one it stays as it is. */
  root?: string;
}

export interface PlanOutput {
  /** Null where an error forbids the run, and where the selection matches nothing. */
  plan: RunPlan | null;
  /** What was found beyond the diagnostics of the document. */
  diagnostics: Diagnostic[];
}

const DEFAULT_CONCURRENCY = 4;
const DEFAULT_CONFIDENCE = 0.95;

/** Plans a run. Problems come back as diagnostics, all that can be found at once; it rejects for no fault of a file. */
export async function buildPlan(input: PlanInput): Promise<PlanOutput> {
  const { document } = input;
  if (document.foreign !== undefined) return planForeign(input, document.foreign, buildPlan);
  const problems = new PlanProblems(document);
  const { spec, hints } = document;
  if (document.kind === 'workspace' || spec === null) {
    // A file that holds nothing usable has said why already; another kind of file has nothing that could be run.
    if (!document.diagnostics.some(({ severity }) => severity === 'error'))
      problems.file('not-runnable', `${document.path} holds nothing that this version can run.`);
    return { plan: null, diagnostics: problems.found };
  }

  const random = input.random ?? Math.random;
  const select = input.select ?? {};
  const what = whatOf(select);
  const defaults = input.workspace?.workspace?.defaults ?? {};
  const baseDir = dirname(document.path);

  const seed = input.overrides?.seed ?? drawSeed(random);
  const book = new EndpointBook(spec, input, problems);
  const endpoints = book.targets(select.endpoints);
  const combinations = matrixOf(spec.matrix, problems);
  const inline = inlineCases(document, spec);
  const dataset = await rowsOf(input, spec, seed, problems);
  const chosen = narrowedByOnly([...inline.filter((item) => isSelected(item, spec, select)), ...dataset.cases], select);
  const stageSpecs = stageFilter(document, spec, select);
  const presets = input.workspace?.workspace?.presets ?? {};
  const slos = routeSlos(spec, { what, presets, stages: stageSpecs, problems });

  const files = new ReferencedFiles(baseDir, input.readFile, problems);
  const [variants, traces, baseline] = await Promise.all([
    readVariants(spec, files),
    planTraces(stageSpecs, baseDir, problems),
    planBaseline(spec.baseline, { baseDir, runsDir: input.runsDir, readFile: input.readFile, problems }),
    files.loadCases(spec, chosen),
  ]);
  const repeat = input.overrides?.repeat;
  const judges = new JudgeBook(spec, book, problems);
  const reports = new TemplateReports(problems);
  const { allowCode } = input;
  const source: CaseSource = {
    ...{ spec, chosen, files, problems, judges, reports, allowCode },
    ...(repeat === undefined ? {} : { repeat }),
  };
  // What is asked depends on the variant alone: every endpoint and every combination shares it.
  const work = variants.map((variant) => {
    const cases = planCases(source, variant);
    const pool = stageSpecs.length > 0 ? requestPool(source, variant, cases) : [];
    const stages = planStages(stageSpecs, { pool, slos, traces, problems });
    const sendsCases = stages.some((stage) => stage.requestPool.some(({ casePointer }) => casePointer !== undefined));
    return {
      variant,
      cases: what === 'load' ? [] : cases,
      // Their answers can be judged though the cases are not run by themselves.
      loadCases: what === 'load' && sendsCases ? cases.filter(({ skip }) => skip === undefined) : undefined,
      stages,
    };
  });
  reports.flush();

  const isAsked = (endpoint: string, prompt: string) => hints?.allows(endpoint, prompt) !== false;
  const targets = endpoints.flatMap((endpoint) =>
    work.flatMap(({ variant, cases, loadCases, stages }) =>
      (isAsked(endpoint.plan.name, variant.name) ? combinations : []).map((combination): TargetPlan => ({
        id: targetId(endpoint.plan.name, variant, variants.length, combination),
        endpoint: endpoint.plan,
        prompt: variant.name,
        params: { ...defaults.params, ...endpoint.params, ...spec.params, ...combination },
        ...(spec.matrix === undefined ? {} : { matrix: combination }),
        concurrency: spec.concurrency ?? DEFAULT_CONCURRENCY,
        cases: cases.filter(({ pointer }) => hints?.allowsCase(pointer, endpoint.plan.name, variant.name) !== false),
        ...(loadCases === undefined ? {} : { loadCases }),
        stages,
        caseSlos: slos.cases,
      })),
    ),
  );
  // The run that the file names is held against in place of what is pinned.
  const pinned = spec.baseline === undefined ? await planPinned(targets, input, problems) : [];
  problems.blockingOfDocument(select, chosen, stageSpecs);
  // Asked for even where errors forbid the run, so that a judge that cannot be used is among them.
  const judge = judges.ofRun;
  if (!problems.blocked) checkWork(select, document, targets, problems);
  if (!problems.blocked) checkSize(targets, problems);
  if (problems.blocked) return { plan: null, diagnostics: problems.found };

  const regress = regressRules(spec.regress, defaults.regress);
  const runId = runIdOf(input.now, document.outline.name, random);
  const plan: RunPlan = {
    schema: 'promptrig.plan/1',
    runId,
    name: document.outline.name,
    purpose: spec.purpose ?? 'regression',
    tags: spec.tags ?? [],
    source: { path: sourcePath(input), sha256: document.sha256 },
    outDir: join(input.runsDir, runId),
    baseDir,
    seed,
    confidence: defaults.confidence ?? DEFAULT_CONFIDENCE,
    policy: input.overrides?.policy ?? defaults.policy ?? 'point',
    targets: shuffled(targets, seed),
    ...(spec.interleave === true && targets.length > 1 ? { interleave: true as const } : {}),
    ...budgetOf(spec),
    ...(judge === undefined ? {} : { judge }),
    ...(allowCode === undefined ? {} : { allowCode }),
    ...(dataset.summary === undefined ? {} : { dataset: dataset.summary }),
    ...(baseline === undefined ? {} : { baseline }),
    ...(pinned.length === 0 ? {} : { pinned }),
    ...(regress.length === 0 ? {} : { regress }),
  };
  return { plan, diagnostics: problems.found };
}

/** The rows of the dataset that are part of the run, read only where some can be. */
async function rowsOf(
  { document, select = {}, openFile = openFileStream }: PlanInput,
  spec: EvalSpec,
  seed: number,
  problems: PlanProblems,
): Promise<PlannedDataset> {
  if (spec.dataset === undefined || !mayTakeRows(inlineCases(document, spec), select)) return { cases: [] };
  return planDataset(spec.dataset, {
    ...{ spec, select, seed, problems },
    baseDir: dirname(document.path),
    taken: document.outline.cases.map(({ id }) => id),
    open: openFile,
  });
}

function checkWork(
  select: PlanSelection,
  { outline }: EvalDocument,
  targets: readonly TargetPlan[],
  problems: PlanProblems,
): void {
  if (targets.some((target) => target.cases.length > 0 || target.stages.length > 0)) return;
  const narrowed = [select.cases, select.stages, select.tags, select.endpoints].some((list) => (list?.length ?? 0) > 0);
  if (narrowed) {
    problems.nothingSelected(outline.nameRange);
    return;
  }
  const missing =
    select.what === 'load'
      ? 'no "load"'
      : select.what === 'cases'
        ? 'no "cases"'
        : 'neither "cases", a "dataset" nor "load"';
  problems.file('nothing-to-run', `The file has ${missing}, so there is nothing to run.`);
}

function budgetOf(spec: EvalSpec): Pick<RunPlan, 'budget'> {
  const { budget } = spec;
  if (budget === undefined) return {};
  const costUsd = budget.cost === undefined ? null : parseUsd(budget.cost);
  const timeMs = budget.time === undefined ? null : parseDurationMs(budget.time);
  return {
    budget: {
      ...(costUsd === null ? {} : { costUsd }),
      ...(budget.tokens === undefined ? {} : { tokens: budget.tokens }),
      ...(timeMs === null ? {} : { timeMs }),
    },
  };
}

function sourcePath({ document, root }: PlanInput): string {
  if (root === undefined) return document.path;
  const inside = relative(root, document.path);
  return inside.startsWith('..') ? document.path : inside.replaceAll('\\', '/');
}
