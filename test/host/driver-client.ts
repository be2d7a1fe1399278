import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { repositoryRoot } from './paths';

/** The extension that is loaded into a test window beside the one under test. */
export const driverExtensionPath = join(repositoryRoot, 'test/host/driver');

const timeoutMs = 60_000;

export interface Driver {
  /** Environment for the server, by which the extension in the window finds this side. */
  env: Record<string, string>;
  /** Runs a command by its id in the window; resolves when the command does. */
  executeCommand(id: string, ...args: unknown[]): Promise<void>;
  /** Changes a user setting; null removes it. */
  updateSetting(name: string, value: unknown): Promise<void>;
  /** Opens a file by its absolute path and puts the cursor on a line, 0-based. */
  openFile(path: string, line: number): Promise<void>;
  close(): Promise<void>;
}

interface Answer {
  id: number;
  error?: string;
}

/** Listens for the driver extension of one window; requests wait until it has connected. */
export async function startDriver(): Promise<Driver> {
  const folder = await mkdtemp(join(tmpdir(), 'promptrig-driver-'));
  const socketPath = join(folder, 'socket');
  const waiting = new Map<number, (answer: Answer) => void>();
  const sockets = new Set<Socket>();
  let nextId = 0;

  let connected = (_socket: Socket): void => undefined;
  const connection = new Promise<Socket>((resolve) => {
    connected = resolve;
  });
  const server = createServer((socket) => {
    sockets.add(socket);
    // The window is closed while its extension host is still connected.
    socket.on('error', () => socket.destroy());
    createInterface({ input: socket }).on('line', (line) => {
      const answer = JSON.parse(line) as Answer;
      waiting.get(answer.id)?.(answer);
    });
    connected(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });

  const request = async (method: string, args: unknown[]): Promise<void> => {
    const id = nextId++;
    const answered = new Promise<Answer>((resolve, reject) => {
      waiting.set(id, resolve);
      setTimeout(
        () =>
          reject(
            new Error(`The window did not answer ${method} ${JSON.stringify(args)} within ${timeoutMs / 1000} s.`),
          ),
        timeoutMs,
      ).unref();
    });
    const send = connection.then((socket) => socket.write(`${JSON.stringify({ id, method, args })}\n`));
    const [{ error }] = await Promise.all([answered, Promise.race([send, answered])]);
    waiting.delete(id);
    if (error) throw new Error(`${method} ${JSON.stringify(args)} failed in the window: ${error}`);
  };
  return {
    env: { PROMPTRIG_DRIVER_SOCKET: socketPath },
    executeCommand: (...args) => request('executeCommand', args),
    updateSetting: (...args) => request('updateSetting', args),
    openFile: (...args) => request('openFile', args),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
