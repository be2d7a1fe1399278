import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { parseShard, type Shard } from '../core/merge/shard';
import { painter } from '../core/report/style';
import { PromptrigError, messageOf } from '../core/util/errors';
import { baselineDiff, baselinePin, baselineShow, DIFF_FORMATS, PIN_FORMATS } from './baseline-command';
import { parseBudget } from './budget-option';
import { doctorCommand } from './doctor-command';
import { COMPARE_FORMATS, compareCommand } from './compare-command';
import { CliError, EXIT } from './exit-code';
import { EXPORT_CHOICES, exportCommand } from './export-command';
import { FORMATS, parseFormats } from './format-option';
import { wantsColour, type CliIo } from './io';
import { importCommand } from './import-command';
import { mergeCommand } from './merge-command';
import { metricsCommand } from './metrics-command';
import { runCommand, type RunOptions } from './run-command';
import { schemaCommand } from './schema-command';
import { simCommand } from './sim-command';
import type { SimFlags } from './sim-settings';
import { validateCommand } from './validate-command';
import { watchCommand } from './watch-command';

const EXIT_CODES = `
Exit codes:
  0    every SLO and assertion passed
  1    an SLO or an assertion failed, or something is worse than in the baseline
  2    wrong usage, or a file is invalid
  3    inconclusive (with --strict, a verdict of low confidence is)
  4    an endpoint could not be reached, or every request failed
  130  interrupted; the results so far are kept
With several files the worst counts: 130, 2, 4, 1, 3, 0.`;

interface RunFlags {
  endpoint: string[];
  tag: string[];
  case: string[];
  stage: string[];
  repeat?: number;
  seed?: number;
  out?: string;
  format: string[];
  strict?: boolean;
  allowCode?: boolean;
  quiet?: boolean;
  budget: string[];
  since?: string;
  shard?: Shard;
  watch?: boolean;
}

/**
 * Runs one command of the command line and tells its exit code. Never rejects: what went wrong is written to the standard
 * error as a sentence, and is the exit code.
 * @param argv the arguments behind the program's name.
 */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  let code: number = EXIT.pass;
  const program = buildProgram(io, (result) => {
    code = result;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    return report(error, io);
  }
}

function report(error: unknown, io: CliIo): number {
  // Commander has written its own message, with a "did you mean", before it throws.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.pass : EXIT.usage;
  const paint = painter(wantsColour(io.stderr, io.env));
  const known = error instanceof CliError || error instanceof PromptrigError;
  const stack = !known && error instanceof Error && error.stack !== undefined ? `\n${error.stack}` : '';
  io.stderr.write(`${paint('bad', 'error:')} ${messageOf(error)}${stack}\n`);
  if (error instanceof CliError) return error.exitCode;
  return error instanceof PromptrigError ? exitOfError(error) : EXIT.unreachable;
}

function exitOfError({ code }: PromptrigError): number {
  switch (code) {
    case 'usage':
    case 'invalid_file':
    case 'not_found':
    case 'unreadable':
    case 'unsupported':
    case 'results_write':
      return EXIT.usage;
    case 'endpoint_unreachable':
    case 'engine_crashed':
    case 'engine_start':
    case 'internal':
      return EXIT.unreachable;
    case 'cancelled':
      return EXIT.interrupted;
  }
}

function buildProgram(io: CliIo, setCode: (code: number) => void): Command {
  const program = new Command('promptrig')
    .description('Does this prompt, on this model and this endpoint, meet its quality bar and its SLOs?')
    .version(io.version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns,
      getErrHelpWidth: () => io.stderr.columns,
    })
    .showSuggestionAfterError(true)
    .addHelpText('after', EXIT_CODES);

  addRun(program, io, setCode);
  addMerge(program, io, setCode);
  addCompare(program, io, setCode);
  addExport(program, io, setCode);
  program
    .command('validate')
    .description('check files without running them')
    .argument('[paths...]', 'files and folders', ['.'])
    .option('--quiet', 'print errors only')
    .action(async (paths: string[], flags: { quiet?: boolean }) => {
      setCode(await validateCommand(io, paths, { quiet: flags.quiet ?? false }));
    });
  addSim(program, io, setCode);
  program
    .command('metrics')
    .description('list the metrics and SLO presets, or explain one')
    .argument('[name]', 'such as ttft or ecommerce-chatbot')
    .action((name: string | undefined) => setCode(metricsCommand(io, name)));
  program
    .command('schema')
    .description('print the JSON Schema of eval files')
    .option('--workspace', 'of promptrig.yaml instead')
    .action((flags: { workspace?: boolean }) => setCode(schemaCommand(io, flags.workspace ?? false)));
  program
    .command('doctor')
    .description('measure at which rate and how many streams this machine itself becomes the limit (under a minute)')
    .option('--quick', 'fewer and shorter steps, for a first impression')
    .option('--format <format>', 'table or json, to the standard output or =FILE (repeatable)', collect, [])
    .addHelpText(
      'after',
      '\nExit codes: 0 measured, 2 wrong usage, 3 the machine is too busy even for the lowest step.',
    )
    .action(async (flags: { quick?: boolean; format: string[] }) => {
      const formats = parseFormats(flags.format, ['table', 'json']);
      setCode(await doctorCommand(io, { quick: flags.quick ?? false, formats }));
    });
  program
    .command('import')
    .description('write the eval file that a promptfoo configuration or a GitHub Models prompt file amounts to')
    .argument('<file>', 'promptfooconfig.yaml, *.promptfoo.yaml, *.prompt.yml, or one like them')
    .option('--out <file>', 'where to write it; - for the standard output (default: beside the file, as *.eval.yaml)')
    .option('--force', 'overwrite a file that is there')
    .action(async (file: string, flags: { out?: string; force?: boolean }) => {
      const out = flags.out === undefined ? {} : { out: flags.out };
      setCode(await importCommand(io, file, { ...out, force: flags.force ?? false }));
    });
  addBaseline(program, io, setCode);
  return program;
}

function addRun(program: Command, io: CliIo, setCode: (code: number) => void): void {
  program
    .command('run')
    .description('run eval files and print their verdicts')
    .argument('[paths...]', 'files and folders', ['.'])
    .option('--endpoint <name>', 'run on this endpoint only (repeatable)', collect, [])
    .option('--tag <tag>', 'run what has this tag only (repeatable)', collect, [])
    .option('--case <name>', 'ask this case only (repeatable)', collect, [])
    .option('--stage <name>', 'run this load stage only (repeatable)', collect, [])
    .option('--repeat <n>', 'answers per case', wholeNumber(1))
    .option('--seed <n>', 'seed of everything random', wholeNumber(0))
    .option('--out <dir>', 'folder for results (default: .promptrig/runs of the workspace)')
    .option('--format <format>', `${FORMATS.join(', ')}; to the standard output or =FILE (repeatable)`, collect, [])
    .option('--budget <limit>', "stop each file's run at '$0.50', 200000tokens or 10m (repeatable)", collect, [])
    .option('--since <rev>', 'run what has changed since this git revision only, files that an eval refers to included')
    .option('--shard <i/n>', 'run the i-th of n parts of the work; promptrig merge joins them', shardOption)
    .option('--allow-code', 'run the JavaScript of the files (`javascript`, `transform`), in an isolated process')
    .option('--strict', 'a verdict of low confidence is inconclusive')
    .option('--quiet', 'print the verdicts only')
    .option('--watch', 'run again whatever changes, files that an eval refers to included, until Ctrl+C')
    .addHelpText('after', EXIT_CODES)
    .action(async (paths: string[], flags: RunFlags) => {
      const options: RunOptions = {
        endpoints: flags.endpoint,
        tags: flags.tag,
        cases: flags.case,
        stages: flags.stage,
        ...(flags.repeat === undefined ? {} : { repeat: flags.repeat }),
        ...(flags.seed === undefined ? {} : { seed: flags.seed }),
        ...(flags.out === undefined ? {} : { out: flags.out }),
        budget: parseBudget(flags.budget),
        formats: parseFormats(flags.format),
        ...(flags.since === undefined ? {} : { since: flags.since }),
        ...(flags.shard === undefined ? {} : { shard: flags.shard }),
        strict: flags.strict ?? false,
        allowCode: flags.allowCode ?? false,
        quiet: flags.quiet ?? false,
      };
      const watch = flags.watch ?? false;
      setCode(
        await (watch ? watchCommand(io, paths, options, (error) => report(error, io)) : runCommand(io, paths, options)),
      );
    });
}

function addMerge(program: Command, io: CliIo, setCode: (code: number) => void): void {
  program
    .command('merge')
    .description('join the parts that run --shard has written into one result, and print its verdict')
    .argument('<dirs...>', 'folders of parts, or folders that hold some at any depth')
    .option('--out <dir>', 'folder for results (default: .promptrig/runs of the workspace)')
    .option('--format <format>', `${FORMATS.join(', ')}; to the standard output or =FILE (repeatable)`, collect, [])
    .option('--quiet', 'print the verdicts only')
    .addHelpText('after', EXIT_CODES)
    .action(async (dirs: string[], flags: { out?: string; format: string[]; quiet?: boolean }) => {
      const out = flags.out === undefined ? {} : { out: flags.out };
      const formats = parseFormats(flags.format);
      setCode(await mergeCommand(io, dirs, { ...out, formats, quiet: flags.quiet ?? false }));
    });
}

function addCompare(program: Command, io: CliIo, setCode: (code: number) => void): void {
  program
    .command('compare')
    .description('hold runs against the first of them: differences, intervals, and a winner where a test shows one')
    .argument('<runs...>', 'ids, folders, or results of GuideLLM, vllm bench serve, AIPerf or GenAI-Perf')
    .option(
      '--format <format>',
      `${COMPARE_FORMATS.join(', ')}; to the standard output or =FILE (repeatable)`,
      collect,
      [],
    )
    .option('--confidence <level>', 'level of the intervals and tests', shareOption, 0.95)
    .option('--seed <n>', 'seed of the bootstrap', wholeNumber(0), 1)
    .action(async (runs: string[], flags: { format: string[]; confidence: number; seed: number }) => {
      const formats = parseFormats(flags.format, COMPARE_FORMATS);
      setCode(await compareCommand(io, runs, { formats, confidence: flags.confidence, seed: flags.seed }));
    });
}

function addBaseline(program: Command, io: CliIo, setCode: (code: number) => void): void {
  const baseline = program
    .command('baseline')
    .description('pin runs that later ones are held against, and show what is pinned');
  const formatOption = (command: Command, formats: readonly string[]): Command =>
    command.option(
      '--format <format>',
      `${formats.join(', ')}; to the standard output or =FILE (repeatable)`,
      collect,
      [],
    );
  formatOption(baseline.command('pin'), PIN_FORMATS)
    .description('keep the numbers of a run in .promptrig/baselines, for version control')
    .argument('<run>', 'id, folder, or "last"')
    .option('--target <id>', 'this target only (repeatable)', collect, [])
    .option('--force', 'also where the run was stopped, has crashed, or measured this machine')
    .action(async (run: string, flags: { target: string[]; force?: boolean; format: string[] }) => {
      const formats = parseFormats(flags.format, PIN_FORMATS);
      setCode(await baselinePin(io, run, { targets: flags.target, force: flags.force ?? false, formats }));
    });
  formatOption(baseline.command('show'), PIN_FORMATS)
    .description('print what is pinned')
    .argument('[what]', 'an eval file, a folder, a baseline, or a run (default: all of the workspace)')
    .action(async (what: string | undefined, flags: { format: string[] }) => {
      setCode(await baselineShow(io, what, { formats: parseFormats(flags.format, PIN_FORMATS) }));
    });
  formatOption(baseline.command('diff'), DIFF_FORMATS)
    .description('hold a run against what is pinned now')
    .argument('<run>', 'id, folder, or "last"')
    .addHelpText('after', '\nExit codes: 0 no regression shown, 1 a regression, 2 wrong usage, 3 undecided.')
    .action(async (run: string, flags: { format: string[] }) => {
      setCode(await baselineDiff(io, run, { formats: parseFormats(flags.format, DIFF_FORMATS) }));
    });
}

function addExport(program: Command, io: CliIo, setCode: (code: number) => void): void {
  program
    .command('export')
    .description("write a run as an HTML page, or in the form of another tool's results")
    .argument('<run>', 'id or folder')
    .requiredOption('--as <form>', EXPORT_CHOICES.join(', '))
    .option('--target <id>', 'this target only')
    .option('--stage <name>', 'this load stage only')
    .option('--out <file>', 'where to write it (default: the standard output)')
    .option('--detailed', 'with single requests (vllm)')
    .action(
      async (run: string, flags: { as: string; target?: string; stage?: string; out?: string; detailed?: boolean }) => {
        setCode(await exportCommand(io, run, { ...flags, detailed: flags.detailed ?? false }));
      },
    );
}

function addSim(program: Command, io: CliIo, setCode: (code: number) => void): void {
  program
    .command('sim')
    .description('run the simulator alone: an OpenAI-compatible server on loopback')
    .option('--port <n>', 'port; 0 takes a free one', wholeNumber(0, 65_535), 8000)
    .option('--config <file>', 'settings: a YAML file with the keys of the block sim')
    .option('--model <name>', 'name that /v1/models lists')
    .option('--ttft <time>', 'time to first token, such as 120ms')
    .option('--itl <time>', 'time between tokens, such as 15ms')
    .option('--jitter <share>', 'standard deviation of each time as a share of it')
    .option('--max-running <n>', 'requests served at once')
    .option('--max-waiting <n>', 'requests that may queue; one more gets a 429')
    .option('--load-factor <factor>', 'slowdown of tokens at full load')
    .option('--output-tokens <n>', 'tokens of an answer')
    .option('--answer <mode>', 'echo, template or script')
    .option('--seed <n>', 'seed of everything random')
    .action(async (flags: SimFlags) => {
      setCode(await simCommand(io, flags));
    });
}

function collect(value: string, previous: string[]): string[] {
  return [...previous, value];
}

function shareOption(text: string): number {
  const value = /^\d*\.?\d+%?$/.test(text)
    ? Number(text.replace('%', '')) / (text.endsWith('%') ? 100 : 1)
    : Number.NaN;
  if (!(value >= 0.5 && value < 1))
    throw new InvalidArgumentError('It must be a share such as 0.95 or 95%, from 50% on.');
  return value;
}

function shardOption(text: string): Shard {
  const shard = parseShard(text);
  if (shard === null) throw new InvalidArgumentError('It must be a part and their number, such as 2/3.');
  return shard;
}

function wholeNumber(minimum: number, maximum = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= minimum && value <= maximum)) {
      const upper = maximum === Number.MAX_SAFE_INTEGER ? ` or more` : ` to ${maximum}`;
      throw new InvalidArgumentError(`It must be a whole number, ${minimum}${upper}.`);
    }
    return value;
  };
}
