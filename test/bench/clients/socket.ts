/**
 * The least that a client in Node can do: sockets opened ahead, the same request written by hand, a stamp per read, and a search for
 * the mark of a content event. No HTTP parser, no JSON, no errors, no timeouts, no records.
 */
import { connect, type Socket } from 'node:net';
import { monotonicMs } from '../../../src/core/util/clock';
import type { ClientJob, ClientReport, ClientRequest } from './protocol';
import { drive } from './schedule';
import { serveJobs, watchUsage } from './serve';

const CONTENT = Buffer.from('"content":"');
const QUOTE = 34;
const LF = 10;
const LAST_CHUNK = Buffer.from('0\r\n\r\n');

async function run(job: ClientJob): Promise<ClientReport> {
  const { load } = job;
  const url = new URL(job.url);
  const connections = load.kind === 'burst' ? load.streams : Math.ceil(load.rate);
  const idle: Socket[] = [];
  for (let i = 0; i < connections; i++) idle.push(await open(url));
  const requests: ClientRequest[] = [];
  const usage = watchUsage();
  await drive(load, job.seed, async ({ index, scheduledMs, measured }) => {
    const socket = idle.pop() ?? (await open(url));
    const id = `socket-${index}`;
    const sentMs = monotonicMs();
    socket.write(requestBytes(url, id), 'latin1');
    const arrivalsMs = Float64Array.from(await receive(socket));
    requests.push({ id, scheduledMs, sentMs, arrivalsMs, completed: true, measured });
    idle.push(socket);
  });
  const report = { requests, ...usage() };
  for (const socket of idle) socket.destroy();
  return report;
}

function open(url: URL): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true }, () => resolve(socket));
    socket.once('error', reject);
  });
}

function requestBytes(url: URL, id: string): string {
  const body = JSON.stringify({
    model: 'sim',
    messages: [{ role: 'user', content: 'Hello' }],
    stream: true,
    stream_options: { include_usage: true },
  });
  return (
    `POST ${url.pathname}/chat/completions HTTP/1.1\r\nhost: ${url.host}\r\ncontent-type: application/json\r\n` +
    `accept: text/event-stream\r\nx-request-id: ${id}\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  );
}

/** Resolves with the instants of the content events when the answer has ended. */
function receive(socket: Socket): Promise<number[]> {
  return new Promise((resolve) => {
    const arrivals: number[] = [];
    let carried: Buffer | null = null;
    const onData = (read: Buffer): void => {
      const atMs = monotonicMs();
      const bytes: Buffer = carried === null ? read : Buffer.concat([carried, read]);
      // Every HTTP chunk ends in a line end: anything else was cut in two.
      if (bytes[bytes.length - 1] !== LF) {
        carried = bytes;
        return;
      }
      carried = null;
      for (let at = bytes.indexOf(CONTENT); at !== -1; at = bytes.indexOf(CONTENT, at + CONTENT.length)) {
        if (bytes[at + CONTENT.length] !== QUOTE) arrivals.push(atMs);
      }
      if (bytes.length >= LAST_CHUNK.length && bytes.compare(LAST_CHUNK, 0, undefined, bytes.length - 5) === 0) {
        socket.off('data', onData);
        resolve(arrivals);
      }
    };
    socket.on('data', onData);
  });
}

serveJobs(run);
