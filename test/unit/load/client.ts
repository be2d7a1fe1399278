/** Servers that a test writes itself, and a client of the product's own requests for them. Everything is closed after each test. */
import http from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { openaiChat } from '../../../src/core/endpoints/openai-chat';
import type { WireApi, WireTarget } from '../../../src/core/endpoints/wire';
import { ConnectionPool, type ConnectionOptions } from '../../../src/core/load/connections';
import { Intake } from '../../../src/core/load/intake';
import { RequestExecution, withRequestId, type RequestEnd, type RequestSpec } from '../../../src/core/load/request';
import { monotonicMs } from '../../../src/core/util/clock';
import { Redactor } from '../../../src/core/util/redact';

export const KEY = 'sk-secret-key-1';

export const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Whether the condition comes true within two seconds: what happens in another part of the machine takes its time. */
export async function until(condition: () => boolean): Promise<boolean> {
  for (let i = 0; i < 200 && !condition(); i++) await wait(10);
  return condition();
}

/** Everything a test opens, closed after it. */
export const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

export type Handler = (
  request: http.IncomingMessage,
  response: http.ServerResponse,
  count: number,
) => void | Promise<void>;

export async function serve(
  handler: Handler,
): Promise<{ url: string; server: http.Server; connections: () => number }> {
  let count = 0;
  let connections = 0;
  const server = http.createServer((request, response) => {
    request.resume();
    request.on('end', () => void handler(request, response, ++count));
  });
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, connections: () => connections };
}

export async function serveRaw(handler: (socket: Socket, received: Buffer) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => handler(socket, chunk));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

export interface Client {
  pool: ConnectionPool;
  ask(
    changes?: Partial<RequestSpec>,
    onStarted?: (execution: RequestExecution) => void,
  ): Promise<RequestEnd & { released: boolean[] }>;
}

export interface ClientOptions {
  wire?: WireApi;
  target?: Partial<WireTarget>;
  tls?: ConnectionOptions['tls'];
  proxy?: ConnectionOptions['proxy'];
}

export function clientOf(
  url: string,
  timeouts: Partial<Record<'connectMs' | 'firstTokenMs' | 'idleMs' | 'totalMs', number>> = {},
  options: ClientOptions = {},
): Client {
  const wire = options.wire ?? openaiChat;
  const origin = new URL(url).origin;
  const limits = { connectMs: 5000, firstTokenMs: 5000, idleMs: 5000, totalMs: 10_000, ...timeouts };
  const pool = new ConnectionPool({
    origin,
    connectTimeoutMs: limits.connectMs,
    tls: options.tls ?? { ca: undefined, rejectUnauthorized: true },
    proxy: options.proxy,
    nowMs: monotonicMs,
  });
  const redactor = new Redactor();
  redactor.add(KEY);
  const context = {
    pool,
    wire,
    place: {
      endpoint: 'ep',
      host: new URL(url).host,
      model: 'm',
      apiKeyEnv: 'EP_KEY',
      exampleUrl: wire.exampleUrl,
      ...(options.proxy === undefined ? {} : { proxy: options.proxy.host }),
    },
    timeouts: limits,
    intake: new Intake(monotonicMs),
    redactor,
    nowMs: monotonicMs,
    clockOriginMs: monotonicMs() - 1000,
  };
  const active = new Set<RequestExecution>();
  const sweep = setInterval(() => {
    for (const each of active) each.checkTimeouts(monotonicMs());
  }, 10);
  closers.push(() => {
    clearInterval(sweep);
    pool.close();
  });
  return {
    pool,
    ask: (changes = {}, onStarted) =>
      new Promise((resolve) => {
        const released: boolean[] = [];
        const request = wire.buildRequest(
          { url, model: 'm', headers: {}, params: {}, apiKey: KEY, ...options.target },
          [{ role: 'user', content: 'hi' }],
          { stream: true },
        );
        const spec: RequestSpec = {
          id: 't/s/0',
          target: 't',
          stage: 's',
          index: 0,
          casePointer: undefined,
          repeat: undefined,
          request: withRequestId(request, 't/s/0'),
          scheduledMs: monotonicMs(),
          socketWaitMs: null,
          keepText: true,
          ...changes,
        };
        const execution = new RequestExecution(context, spec, {
          onReleased: (gotResponse) => {
            active.delete(execution);
            released.push(gotResponse);
          },
          onEnded: (end) => resolve({ ...end, released }),
        });
        active.add(execution);
        execution.start();
        onStarted?.(execution);
      }),
  };
}
