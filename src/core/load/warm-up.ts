/**
 * Heats the code path. The first requests of a thread run through code that is neither loaded nor compiled and are measured
 * many milliseconds slower than they were. So, before anything is measured, the very same path (connection pool, undici,
 * framing, decoding, records) is run for a moment against a server inside the thread. Nothing is sent to the endpoint.
 * Each wire API has code of its own to be heated.
 */
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { WireApi } from '../endpoints/wire';
import { Redactor } from '../util/redact';
import { ConnectionPool } from './connections';
import type { Intake } from './intake';
import { RequestExecution, type RequestContext } from './request';

const LANES = 8;
const MAX_REQUESTS = 400;
const EVENTS = 24;
const PIECES_PER_TURN = 5;
const TIMEOUT_MS = 1000;

/**
 * @param wire the API whose answers are to be read
 * @param budgetMs how long it may take, about
 * @returns how many requests were run, and why it could not be done where it could not (then the first requests are cold)
 */
export async function warmCodePath(
  wire: WireApi,
  intake: Intake,
  nowMs: () => number,
  budgetMs: number,
): Promise<{ requests: number; problem: string | null }> {
  const sockets = new Set<Socket>();
  const pieces = piecesOf(wire);
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    answerRequests(socket, pieces);
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
  } catch (error) {
    return { requests: 0, problem: error instanceof Error ? error.message : String(error) };
  }
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const pool = new ConnectionPool({
    origin,
    connectTimeoutMs: TIMEOUT_MS,
    tls: { ca: undefined, rejectUnauthorized: true },
    nowMs,
  });
  const context: RequestContext = {
    pool,
    wire,
    place: { endpoint: 'warm-up', host: origin, model: '', apiKeyEnv: undefined },
    timeouts: { connectMs: TIMEOUT_MS, firstTokenMs: TIMEOUT_MS, idleMs: TIMEOUT_MS, totalMs: TIMEOUT_MS },
    intake,
    redactor: new Redactor(),
    nowMs,
    clockOriginMs: 0,
  };
  const request = wire.buildRequest(
    { url: origin, model: 'warm-up', headers: {}, params: {}, apiKey: undefined },
    [{ role: 'user', content: 'warm-up' }],
    { stream: true },
  );
  let requests = 0;
  let problem: string | null = null;
  try {
    await pool.warm(LANES, new AbortController().signal);
    const untilMs = nowMs() + budgetMs;
    const lane = async () => {
      while (requests < MAX_REQUESTS && problem === null && nowMs() < untilMs) {
        const index = requests++;
        await new Promise<void>((resolve) => {
          const spec = {
            id: 'warm-up',
            target: 'warm-up',
            stage: 'warm-up',
            index,
            casePointer: undefined,
            repeat: undefined,
            request,
            scheduledMs: nowMs(),
            socketWaitMs: null,
            keepText: false,
          };
          const execution = new RequestExecution(context, spec, {
            onReleased: () => undefined,
            onEnded: ({ record }) => {
              if (record.outcome !== 'completed') problem ??= record.error?.message ?? record.outcome;
              resolve();
            },
          });
          execution.start();
        });
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  } finally {
    pool.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  }
  return { requests, problem };
}

/** Answers each request on a connection with a short stream, cut into pieces as a real one is. */
function answerRequests(socket: Socket, pieces: readonly Buffer[]): void {
  let received = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    const headEnd = received.indexOf('\r\n\r\n');
    if (headEnd === -1) return;
    const length = Number(/content-length: (\d+)/i.exec(received.toString('latin1', 0, headEnd))?.[1] ?? 0);
    if (received.length < headEnd + 4 + length) return;
    received = received.subarray(headEnd + 4 + length);
    let piece = 0;
    const next = () => {
      if (socket.destroyed) return;
      if (piece >= pieces.length) return;
      // A few in one turn of the event loop: the reading, not this writing, is to be warmed.
      socket.cork();
      for (let i = 0; i < PIECES_PER_TURN; i++) {
        const bytes = pieces[piece++];
        if (bytes !== undefined) socket.write(bytes);
      }
      socket.uncork();
      setImmediate(next);
    };
    next();
  });
}

/** The API's own sample as a response, a chunk a piece. */
function piecesOf(wire: WireApi): Buffer[] {
  const texts = Array.from({ length: EVENTS }, (_, i) => ` token${i}`);
  return [
    'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n',
    ...wire.sample(texts).map((piece) => `${Buffer.byteLength(piece).toString(16)}\r\n${piece}\r\n`),
    '0\r\n\r\n',
  ].map((text) => Buffer.from(text));
}
