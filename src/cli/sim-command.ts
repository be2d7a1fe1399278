import { startSimulator } from '../core/sim/server';
import { PromptrigError, messageOf } from '../core/util/errors';
import { CliError, EXIT } from './exit-code';
import type { CliIo } from './io';
import { simSettings, type SimFlags } from './sim-settings';

/**
 * `promptrig sim`: the simulator alone, until Ctrl+C, which is its ordinary end. Its address is on the standard output, so that a
 * script can read it; what to do with it is on the standard error.
 */
export async function simCommand(io: CliIo, flags: SimFlags): Promise<number> {
  const config = await simSettings(flags, io.cwd);
  const simulator = await startSimulator(config, {
    port: flags.port,
    ...(flags.model === undefined ? {} : { model: flags.model }),
  }).catch((error: unknown) => {
    if (error instanceof PromptrigError) throw error;
    const hint = 'Choose another port with --port; 0 takes a free one.';
    throw new CliError(`The simulator could not listen on port ${flags.port}: ${messageOf(error)}. ${hint}`);
  });
  const stopped = new Promise<void>((resolve) => {
    const unregister = io.onInterrupt(() => {
      unregister();
      resolve();
    });
  });
  io.stdout.write(`${simulator.url}\n`);
  const base = new URL(simulator.url).origin;
  io.stderr.write(
    `The simulator answers there as an OpenAI-compatible server, with any key and any model.\n` +
      `What it really sent, and when: ${base}/sim/requests and ${base}/sim/stats. Ctrl+C stops it.\n`,
  );
  await stopped;
  await simulator.close();
  return EXIT.pass;
}
