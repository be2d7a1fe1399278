/** Starts the process of a client, gives it one job after the other, and ends it. */
import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { ClientJob, ClientReport, FromClient } from '../clients/protocol';
import { cacheDir } from './paths';

export type ClientName = 'ours' | 'sdk' | 'socket' | 'canned-server';

const bundled = new Map<ClientName, Promise<string>>();

/** Path of the client as one file for plain Node: a loader of TypeScript in a measured process would be measured with it. */
export function bundledClient(name: ClientName): Promise<string> {
  let path = bundled.get(name);
  if (path === undefined) {
    path = bundle(name);
    bundled.set(name, path);
  }
  return path;
}

async function bundle(name: ClientName): Promise<string> {
  const outfile = join(cacheDir, 'clients', `${name}.js`);
  await build({
    entryPoints: [join(__dirname, '..', 'clients', `${name}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20.18',
    format: 'cjs',
    mainFields: ['module', 'main'],
    logLevel: 'warning',
  });
  return outfile;
}

export class ClientProcess {
  private constructor(
    private readonly child: ChildProcess,
    private readonly name: ClientName,
  ) {}

  static async start(name: ClientName, signal: AbortSignal): Promise<ClientProcess> {
    const entry = await bundledClient(name);
    signal.throwIfAborted();
    const child = fork(entry, [], {
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const onAbort = (): void => void child.kill('SIGKILL');
    signal.addEventListener('abort', onAbort, { once: true });
    child.once('exit', () => signal.removeEventListener('abort', onAbort));
    const client = new ClientProcess(child, name);
    await client.next();
    return client;
  }

  async run(job: ClientJob): Promise<ClientReport> {
    const answer = this.next();
    this.child.send(job);
    const message = await answer;
    if (message.type === 'report') return message.report;
    throw new Error(`The client "${this.name}" failed: ${message.type === 'failed' ? message.message : message.type}`);
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await gone;
  }

  private next(): Promise<FromClient> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.child.off('message', onMessage);
        this.child.off('exit', onExit);
      };
      const onMessage = (message: FromClient): void => {
        settle();
        resolve(message);
      };
      const onExit = (code: number | null, signal: string | null): void => {
        settle();
        reject(new Error(`The client "${this.name}" ended with ${signal ?? `exit code ${code}`}.`));
      };
      this.child.on('message', onMessage);
      this.child.on('exit', onExit);
    });
  }
}
