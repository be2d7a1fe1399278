import { doctorFile, readDoctor } from '../core/doctor/cache';
import { describeMachine } from '../core/doctor/machine';
import { endpointsOfPlan } from '../core/engine/plan-uses';
import { EngineCrashedError, EngineProcess } from '../core/engine/engine-process';
import { exitCodeOf } from '../core/metrics/verdict-run';
import { plain } from '../core/report/plain';
import { painter, type Paint } from '../core/report/style';
import { systemClock } from '../core/util/clock';
import { Redactor } from '../core/util/redact';
import { shardPlans, type Shard } from '../core/merge/shard';
import { kindOf } from '../core/spec/discover';
import type { PlanSelection } from '../core/engine/plan';
import type { BudgetPlan, EndpointPlan, RunPlan } from '../protocol/plan';
import { ceilingDiagnostics } from './ceiling-diagnostics';
import { countDiagnostics } from './diagnostics';
import { CliError, EXIT, worstExit } from './exit-code';
import { findFiles, type FoundFile } from './find-files';
import type { OutputTarget } from './format-option';
import { Interrupts } from './interrupts';
import { redacted, wantsColour, type CliIo } from './io';
import { FilePlanner, type PlannedFile } from './planned-files';
import { printDiagnostics } from './print-diagnostics';
import { LiveProgressView, PlainProgressView, QuietProgressView, type ProgressView } from './progress-view';
import { guardedIo, outputSource, RunOutput } from './run-output';
import { collectSecrets } from './secrets';
import { changedSince } from './since';
import { tidyRuns } from './tidy-runs';
import { shownPath } from './workspace-root';

export interface RunOptions {
  endpoints: string[];
  tags: string[];
  cases: string[];
  stages: string[];
  repeat?: number;
  seed?: number;
  out?: string;
  /** Replaces what the file says about the same kind of limit. */
  budget: BudgetPlan;
  formats: OutputTarget[];
  /** Only evals that differ from this git revision, themselves or in a file they refer to. */
  since?: string;
  /** Only this part of the work. */
  shard?: Shard;
  strict: boolean;
  allowCode: boolean;
  quiet: boolean;
}

/** Machines that run parts of one run must draw the same, without a word between them. */
const SHARD_SEED = 1;

/**
 * `promptrig run [PATH…]`: plans every file before it runs the first, so that a slip in the last one does not show after minutes;
 * then runs them one after the other.
 * @returns the worst exit code of the files. @throws CliError or PromptrigError for what stops the whole command.
 */
export async function runCommand(outer: CliIo, paths: readonly string[], options: RunOptions): Promise<number> {
  const redactor = new Redactor();
  const own: CliIo = { ...outer, stdout: redacted(outer.stdout, redactor), stderr: redacted(outer.stderr, redactor) };
  const io = guardedIo(own, options.formats);
  const whole = await planAll(io, paths, options);
  if (whole === null) return EXIT.usage;
  const planned = options.shard === undefined ? whole : shardOf(io, whole, options.shard, options.quiet);
  // Over all files first, so that every missing variable is named before anything is sent.
  collectSecrets(planned.flatMap(endpointsOf), io.env);

  const output = new RunOutput(io, options, own.stdout);
  const codes: number[] = [];
  for (const file of planned) {
    // File by file: two of them may give one endpoint name different keys.
    const secrets = collectSecrets(endpointsOf(file), io.env);
    for (const secret of Object.values(secrets)) redactor.add(secret);
    const code = await runOne(io, file, secrets, output, options.quiet);
    codes.push(code);
    if (code === EXIT.interrupted) break;
  }
  const code = worstExit(codes);
  await output.finish(code);
  // A folder that was named is the person's own to tidy.
  if (options.out === undefined) await tidyRuns(io, planned, options.quiet);
  return code;
}

type RunnableFile = PlannedFile & { plan: RunPlan };

/** Why a file that was named cannot be run; one that a folder merely holds is passed over. */
function notRunnable({ path }: PlannedFile, cwd: string): string {
  const name = shownPath(path, cwd);
  return `${name} holds what files share and nothing to run. Name an eval file, or a folder that holds some.`;
}

function endpointsOf({ plan }: RunnableFile): EndpointPlan[] {
  return endpointsOfPlan(plan);
}

async function runOne(
  io: CliIo,
  file: RunnableFile,
  secrets: Record<string, string>,
  output: RunOutput,
  quiet: boolean,
): Promise<number> {
  const view = progressView(io, quiet);
  const engine = new EngineProcess({
    engineEntry: io.engineEntry,
    log: (level, message) => {
      if (level === 'warn' || level === 'error') view.note(`engine: ${plain(message)}`);
    },
  });
  const interrupts = new Interrupts(
    io,
    () => view.note('Stopping. What was measured is kept; Ctrl+C again ends at once.'),
    () => {
      view.dispose();
      engine.dispose();
    },
  );
  try {
    const run = await engine.run(file.plan, secrets, (events) => view.handle(events), interrupts.signal);
    view.dispose();
    await output.add(outputSource(file), run);
    return interrupts.signal.aborted ? EXIT.interrupted : exitCodeOf(run);
  } catch (error) {
    view.dispose();
    if (error instanceof EngineCrashedError) {
      io.stderr.write(`${errorPaint(io)('bad', 'error:')} ${plain(error.message)}\n`);
      if (error.run !== null) await output.add(outputSource(file), error.run);
    } else if (!interrupts.signal.aborted) {
      throw error;
    }
    return interrupts.signal.aborted ? EXIT.interrupted : EXIT.unreachable;
  } finally {
    view.dispose();
    interrupts.dispose();
  }
}

function errorPaint(io: CliIo): Paint {
  return painter(wantsColour(io.stderr, io.env));
}

/** Progress goes to the standard error: the standard output is for the verdicts alone, so that it can be piped. */
function progressView(io: CliIo, quiet: boolean): ProgressView {
  if (quiet) return new QuietProgressView(io.stderr);
  const paint = errorPaint(io);
  const live = io.stderr.isTTY && io.env.TERM !== 'dumb';
  return live
    ? new LiveProgressView(io.stderr, paint, systemClock)
    : new PlainProgressView(io.stderr, paint, systemClock);
}

function selectionOf({ endpoints, tags, cases, stages }: RunOptions): PlanSelection {
  return {
    ...(endpoints.length > 0 ? { endpoints } : {}),
    ...(tags.length > 0 ? { tags } : {}),
    ...(cases.length > 0 ? { cases } : {}),
    ...(stages.length > 0 ? { stages } : {}),
  };
}

/** The files that paths stand for, less those that have not changed where only changes are wanted; none where nothing has. */
async function selectedFiles(io: CliIo, paths: readonly string[], options: RunOptions): Promise<FoundFile[]> {
  const files = await findFiles(paths, io.cwd);
  if (options.since === undefined) return files;
  const evals = files.filter(({ path, named }) => named || kindOf(path) !== 'workspace');
  const changed = await changedSince(evals, options.since, io.cwd);
  const counted = `${changed.files.length} of ${evals.length} ${evals.length === 1 ? 'eval has' : 'evals have'} changed since ${options.since}`;
  const rest = changed.files.length === 0 ? ', so nothing is run' : `; ${changed.leftOut} left out`;
  if (!options.quiet) io.stderr.write(`${counted}${changed.leftOut === 0 ? '' : rest}.\n`);
  return changed.files;
}

/** The part of the work that this machine has; the files that it has nothing of are left out. */
function shardOf(io: CliIo, files: readonly RunnableFile[], shard: Shard, quiet: boolean): RunnableFile[] {
  const plans = shardPlans(
    files.map(({ plan }) => plan),
    shard,
  );
  const own = files.flatMap((file, index): RunnableFile[] => {
    const plan = plans[index];
    return plan == null ? [] : [{ ...file, plan }];
  });
  const units = own.reduce((sum, { plan }) => sum + (plan.shard?.units[shard.index - 1] ?? 0), 0);
  const work =
    units === 0
      ? 'nothing to do'
      : `${units} ${units === 1 ? 'case or load stage' : 'cases and load stages'}, in ${own.length} of ${files.length} files`;
  if (!quiet) io.stderr.write(`Part ${shard.index} of ${shard.of}: ${work}.\n`);
  return own;
}

/** null where a file is invalid, which has been said. */
async function planAll(io: CliIo, paths: readonly string[], options: RunOptions): Promise<RunnableFile[] | null> {
  const files = await selectedFiles(io, paths, options);
  if (files.length === 0) return [];
  const { repeat, out, budget } = options;
  const seed = options.seed ?? (options.shard === undefined ? undefined : SHARD_SEED);
  const planner = new FilePlanner({
    cwd: io.cwd,
    ...(out === undefined ? {} : { out }),
    select: selectionOf(options),
    budget,
    allowCode: options.allowCode,
    overrides: {
      ...(seed === undefined ? {} : { seed }),
      ...(repeat === undefined ? {} : { repeat }),
      ...(options.strict ? { policy: 'strict' as const } : {}),
    },
  });
  const all: PlannedFile[] = [];
  for (const { path, named } of files) {
    const file = await planner.plan(path);
    if (named && file.document.kind === 'workspace') throw new CliError(notRunnable(file, io.cwd));
    all.push(file);
  }
  const runnable = all.filter((file): file is RunnableFile => file.plan !== null);
  const shared = await planner.workspaceFiles();
  const texts = new Map([...shared, ...all].map((file) => [file.path, file.text]));
  const checked = await readDoctor(doctorFile(io.env));
  const machine = describeMachine();
  const own = all.flatMap((file) =>
    checked === null ? file.diagnostics : [...file.diagnostics, ...ceilingDiagnostics(file, checked, machine)],
  );
  const ofShared = shared.filter(({ path }) => !all.some((file) => file.path === path));
  const diagnostics = [...ofShared.flatMap(({ document }) => document.diagnostics), ...own]
    // Of many files most have nothing of what was selected: worth a word only where none has.
    .filter(({ code }) => code !== 'nothing-selected' || runnable.length === 0);
  const paint = errorPaint(io);
  printDiagnostics(io.stderr, diagnostics, texts, { paint, cwd: io.cwd, errorsOnly: options.quiet });
  const invalid = [...ofShared.map(({ document }) => document), ...all.filter(({ plan }) => plan === null)];
  if (invalid.some((file) => file.diagnostics.some(({ severity }) => severity === 'error'))) {
    io.stderr.write(`${paint('bad', '✗')} ${countDiagnostics(diagnostics)}; nothing was run.\n`);
    return null;
  }
  if (runnable.length === 0) {
    throw new CliError('Nothing was selected to run. Check --endpoint, --tag, --case and --stage against the files.');
  }
  return runnable;
}
