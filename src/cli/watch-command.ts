import { systemClock } from '../core/util/clock';
import { CliError, EXIT } from './exit-code';
import type { CliIo } from './io';
import { runCommand, type RunOptions } from './run-command';
import { watchEvals } from './watch';
import { EvalWatch } from './watch-files';

/** Often enough to feel at once, and nothing to a disk. */
const LOOK_EVERY_MS = 400;

/**
 * `promptrig run --watch`: runs the files, then again each one that has changed, itself or in a file that it refers to, until Ctrl+C.
 * Reports that go to files hold the runs of the last round.
 * @param say writes what went wrong with a round, after which watching goes on; tells its exit code
 * @returns the exit code of the last round, 130 where it was interrupted.
 * @throws CliError where there is nothing to watch, and for options that have no meaning together
 */
export async function watchCommand(
  io: CliIo,
  paths: readonly string[],
  options: RunOptions,
  say: (error: unknown) => number,
): Promise<number> {
  if (options.since !== undefined) throw new CliError('--watch runs what changes from now on; leave out --since.');
  if (options.shard !== undefined) throw new CliError('--watch is for one machine; leave out --shard.');
  const controller = new AbortController();
  const unregister = io.onInterrupt(() => controller.abort());
  const files = new EvalWatch(paths, io.cwd);
  let first = true;
  let code: number = EXIT.pass;
  try {
    await watchEvals({
      look: () => {
        if (!first) return files.lookAgain();
        first = false;
        return files.look();
      },
      run: async (evals) => {
        try {
          code = await runCommand(io, evals, options);
        } catch (error) {
          code = say(error);
        }
      },
      waiting: () => {
        if (!options.quiet) io.stderr.write('Waiting for changes. Ctrl+C ends.\n');
      },
      clock: systemClock,
      everyMs: LOOK_EVERY_MS,
      signal: controller.signal,
    });
  } finally {
    unregister();
  }
  return code;
}
