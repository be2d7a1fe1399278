/** An https server, and an HTTP proxy, each closed after the test. */
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Certified } from '../support/certificates';
import { closers } from './client';

export const EVENTS = [
  'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n',
  'data: {"choices":[{"index":0,"delta":{"content":"b"},"finish_reason":"stop"}]}\n\n',
  'data: [DONE]\n\n',
];

export interface Served {
  port: number;
  requests: http.IncomingMessage[];
  /** Open connections. */
  sockets: ReadonlySet<Socket>;
}

/** Answers every request with `EVENTS`; over TLS with a certificate. */
export async function serveEvents(certified?: Certified): Promise<Served> {
  const requests: http.IncomingMessage[] = [];
  const answer = (request: http.IncomingMessage, response: http.ServerResponse) => {
    requests.push(request);
    request.resume();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of EVENTS) response.write(event);
    response.end();
  };
  const server = certified === undefined ? http.createServer(answer) : https.createServer(certified, answer);
  return { requests, ...(await listen(server)) };
}

export interface Proxy extends Served {
  /** `host:port` that tunnels were asked for. */
  tunnels: string[];
  /** `proxy-authorization` of each request and tunnel. */
  logins: (string | undefined)[];
}

export interface ProxyBehaviour {
  /** Refuses everything with this status, and sends the login back. */
  status?: number;
  /** Answers a tunnel with these bytes. */
  answer?: string;
  delayMs?: number;
  certified?: Certified;
}

/** A proxy that tunnels and forwards. */
export async function serveProxy({ status, answer, delayMs = 0, certified }: ProxyBehaviour = {}): Promise<Proxy> {
  const requests: http.IncomingMessage[] = [];
  const tunnels: string[] = [];
  const logins: (string | undefined)[] = [];
  const forward = (request: http.IncomingMessage, response: http.ServerResponse) => {
    requests.push(request);
    logins.push(request.headers['proxy-authorization']);
    if (status !== undefined) {
      response.writeHead(status).end(`refused ${request.headers['proxy-authorization']}`);
      return;
    }
    const upstream = http.request(request.url ?? '', { method: request.method, headers: request.headers }, (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(response);
    });
    upstream.on('error', () => response.writeHead(502).end());
    request.pipe(upstream);
  };
  const server = certified === undefined ? http.createServer(forward) : https.createServer(certified, forward);
  server.on('connect', (request: http.IncomingMessage, socket: Duplex) => {
    tunnels.push(request.url ?? '');
    logins.push(request.headers['proxy-authorization']);
    socket.on('error', () => socket.destroy());
    // Node hands the socket over unread, so that its end would go unnoticed.
    socket.on('end', () => socket.end()).resume();
    setTimeout(() => {
      if (answer !== undefined) socket.write(answer);
      else if (status !== undefined) socket.end(`HTTP/1.1 ${status} Not today\r\ncontent-length: 0\r\n\r\n`);
      else open(request.url ?? '', socket);
    }, delayMs);
  });
  return { requests, tunnels, logins, ...(await listen(server)) };
}

function open(authority: string, socket: Duplex): void {
  const { hostname, port } = new URL(`http://${authority}`);
  const upstream = net.connect(Number(port), hostname, () => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    socket.pipe(upstream).pipe(socket);
  });
  upstream.on('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
  socket.on('close', () => upstream.destroy());
  upstream.on('close', () => socket.destroy());
}

async function listen(server: http.Server | https.Server): Promise<{ port: number; sockets: ReadonlySet<Socket> }> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  // A client that refuses the certificate ends the handshake; nothing is to be done about it here.
  server.on('tlsClientError', (_error, socket: Socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}
