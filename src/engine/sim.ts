/**
 * The simulator as a process of its own: forked with an IPC channel by whoever needs it, see `process-protocol.ts`. It ends with its
 * parent, so that a crash of the engine leaves no server behind.
 */
import type { FromSimProcess, ToSimProcess } from '../core/sim/process-protocol';
import { startSimulator, type Simulator } from '../core/sim/server';
import { PromptrigError, messageOf } from '../core/util/errors';

let simulator: Promise<Simulator> | null = null;

function send(message: FromSimProcess): void {
  if (process.connected) process.send?.(message);
}

function sendError(error: unknown): void {
  const reason = error instanceof PromptrigError ? error.reason : error instanceof Error ? error.stack : undefined;
  send({ type: 'error', message: messageOf(error), reason });
}

async function handle(message: ToSimProcess): Promise<void> {
  switch (message.type) {
    case 'start': {
      if (simulator !== null) throw new PromptrigError('internal', 'The simulator has been started already.');
      const { config, port, model, apiKey } = message;
      simulator = startSimulator(config, { port, model, apiKey });
      const started = await simulator;
      send({ type: 'ready', url: started.url, port: started.port });
      return;
    }
    case 'stop':
      await stop();
  }
}

async function stop(): Promise<never> {
  try {
    await (await simulator)?.close();
  } finally {
    process.exit(0);
  }
}

if (process.send === undefined) {
  process.stderr.write('This file is started by promptrig. To run the simulator alone, use: promptrig sim\n');
  process.exit(2);
}
process.on('message', (message: ToSimProcess) => {
  handle(message).catch(sendError);
});
process.on('disconnect', () => {
  stop().catch(sendError);
});
// Ctrl+C in a terminal reaches the whole process group; the parent decides when the simulator is no longer needed.
process.on('SIGINT', () => undefined);
