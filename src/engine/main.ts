/** The engine process: forked by the command line and by the extension, it runs one plan and ends with its channel. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { createBirpc } from 'birpc';
import { engineEntries } from '../core/engine/entries';
import { executeRun } from '../core/engine/run';
import { recoverRun } from '../core/engine/recover';
import { EventBatcher } from '../core/engine/event-batcher';
import { PromptrigError, messageOf } from '../core/util/errors';
import { PROTOCOL_VERSION, type EngineCommands, type EngineHost, type StartResult } from '../protocol/rpc';

if (process.send === undefined) {
  process.stderr.write('The engine is started by Promptrig, not by hand.\n');
  process.exit(2);
}

const packageJson = JSON.parse(fs.readFileSync(path.join(__dirname, '..', 'package.json'), 'utf8')) as {
  version: string;
};
/** One process serves one run; a cancel that comes before the start still counts. */
const cancelled = new AbortController();
let running = false;

const commands: EngineCommands = {
  hello(protocolVersion) {
    if (protocolVersion !== PROTOCOL_VERSION) {
      return Promise.reject(
        new Error(`the engine speaks protocol ${PROTOCOL_VERSION}, its host ${protocolVersion}: reinstall Promptrig`),
      );
    }
    return Promise.resolve({ protocolVersion: PROTOCOL_VERSION, pid: process.pid });
  },
  async start(plan, secrets) {
    if (running) return { error: { code: 'usage', message: 'A run is in progress.' } };
    running = true;
    const batcher = new EventBatcher((batch) => void host.events.asEvent(batch));
    try {
      const run = await executeRun({
        plan,
        secrets,
        ...engineEntries(__dirname),
        promptrigVersion: packageJson.version,
        emit: (event) => batcher.add(event),
        signal: cancelled.signal,
      });
      return { run };
    } catch (error) {
      return failure(error);
    } finally {
      batcher.flush();
      running = false;
    }
  },
  async recover(dir, reason) {
    try {
      return { run: await recoverRun(dir, reason) };
    } catch (error) {
      return failure(error);
    }
  },
  cancel() {
    cancelled.abort();
    return Promise.resolve();
  },
  shutdown() {
    process.disconnect();
    return Promise.resolve();
  },
};

const host = createBirpc<EngineHost, EngineCommands>(commands, {
  timeout: -1,
  bind: 'functions',
  post: (data) => {
    if (process.connected) process.send?.(data);
  },
  on: (listener) => void process.on('message', listener),
});

function failure(error: unknown): StartResult {
  if (error instanceof PromptrigError) {
    return { error: { code: error.code, message: error.message, reason: error.reason } };
  }
  return { error: { code: 'internal', message: messageOf(error), reason: error instanceof Error ? error.stack : '' } };
}

// The host is gone, with whoever wanted the results: cancel, keep what was measured, and end.
process.on('disconnect', () => {
  if (!running) process.exit(0);
  cancelled.abort();
  setTimeout(() => process.exit(1), 5000).unref();
  const wait = setInterval(() => {
    if (running) return;
    clearInterval(wait);
    process.exit(0);
  }, 20);
});

// Ctrl+C in a terminal reaches the whole process group; the host decides what it means and cancels over the channel.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => cancelled.abort());
