/**
 * One GET to an endpoint, with its TLS and its proxy. The client of the load workers is made for measuring; it and its parser are
 * too large for the editor to carry, and a look at a list needs neither.
 */
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import type { EndpointPlan } from '../../protocol/plan';
import { openTunnel, ProxyError, type ProxySettings } from '../load/proxy';

export interface GetRequest {
  url: URL;
  /** Path with query, from the root of the origin. */
  path: string;
  headers: Record<string, string>;
}

export interface GetOptions {
  proxy: ProxySettings | undefined;
  signal: AbortSignal;
  /** For the whole answer, in ms. */
  timeoutMs: number;
}

export interface GetAnswer {
  status: number;
  /** Cut at a bound. */
  body: Buffer;
  /** From the request to the head of the answer, connecting included. */
  elapsedMs: number;
}

const MAX_BYTES = 4 * 1024 * 1024;
const MAX_ERROR_BYTES = 16 * 1024;

export class GetTimeout extends Error {
  constructor(
    readonly kind: 'connect_timeout' | 'total_timeout',
    readonly limitMs: number,
  ) {
    super(kind);
  }
}

/** The file of `tls.ca` cannot be read; the message is a sentence for the person. */
export class TlsFileError extends Error {}

/** The connection stood when it failed. */
export class OpenedError extends Error {}

/** @throws GetTimeout, TlsFileError, ProxyError, OpenedError, or what the system says of a connection that could not be opened */
export async function getFrom(
  endpoint: Pick<EndpointPlan, 'name' | 'tls' | 'timeout'>,
  { url, path, headers }: GetRequest,
  { proxy, signal, timeoutMs }: GetOptions,
): Promise<GetAnswer> {
  const secure = url.protocol === 'https:';
  const trust = await trustOf(endpoint);
  const connectMs = Math.min(timeoutMs, endpoint.timeout.connectMs);
  const tunnel = secure && proxy !== undefined ? await tunnelTo(url, proxy, trust, connectMs, signal) : undefined;
  const startedMs = performance.now();
  return new Promise((resolve, reject) => {
    const request = open(url, path, headers, { secure, proxy, tunnel, trust, signal });
    let opened = false;
    const late = (kind: GetTimeout['kind'], limitMs: number): NodeJS.Timeout =>
      setTimeout(() => request.destroy(new GetTimeout(kind, limitMs)), limitMs);
    const total = late('total_timeout', timeoutMs);
    const connect = late('connect_timeout', connectMs);
    const fail = (error: Error): void => {
      clearTimeout(total);
      clearTimeout(connect);
      if (error instanceof GetTimeout || signal.aborted) reject(error);
      else if (opened) reject(new OpenedError(error.message, { cause: error }));
      else if (proxy !== undefined && !secure) reject(new ProxyError('connect', error.message, { cause: error }));
      else reject(error);
    };
    request.once('socket', (socket) =>
      socket.once(secure ? 'secureConnect' : 'connect', () => {
        opened = true;
        clearTimeout(connect);
      }),
    );
    request.once('error', fail);
    request.once('response', (response) => {
      const elapsedMs = performance.now() - startedMs;
      const status = response.statusCode ?? 0;
      const most = status >= 200 && status <= 299 ? MAX_BYTES : MAX_ERROR_BYTES;
      const chunks: Buffer[] = [];
      let bytes = 0;
      const done = (): void => {
        clearTimeout(total);
        clearTimeout(connect);
        resolve({ status, body: Buffer.concat(chunks), elapsedMs });
        request.destroy();
      };
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > most) done();
      });
      response.once('end', done);
      response.once('error', fail);
    });
    request.end();
  });
}

interface Way {
  secure: boolean;
  proxy: ProxySettings | undefined;
  /** To an https endpoint behind the proxy. */
  tunnel: Socket | undefined;
  trust: Trust;
  signal: AbortSignal;
}

function open(url: URL, path: string, headers: Record<string, string>, way: Way): http.ClientRequest {
  const { secure, proxy, tunnel, trust, signal } = way;
  const own = { 'user-agent': 'promptrig', accept: 'application/json', ...headers };
  const options: https.RequestOptions = {
    method: 'GET',
    // A connection of its own: a check that finds an idle one open says less.
    agent: false,
    signal,
    headers: own,
    hostname: hostOf(url),
    port: portOf(url),
    path,
  };
  const servername = net.isIP(hostOf(url)) === 0 ? hostOf(url) : '';
  if (tunnel !== undefined) {
    const connected = tls.connect({ socket: tunnel, host: hostOf(url), servername, ...trust });
    // With an agent, even with `false`, Node would take no connection of ours.
    const headersOfHost = { host: url.host, ...own };
    return http.request({ ...options, agent: undefined, headers: headersOfHost, createConnection: () => connected });
  }
  if (secure) return https.request({ ...options, servername, ...trust });
  if (proxy === undefined) return http.request(options);
  const { authorization } = proxy;
  const login = authorization === undefined ? {} : { 'proxy-authorization': authorization };
  const forwarded = {
    ...options,
    hostname: proxy.hostname,
    port: proxy.port,
    path: `${url.origin}${path}`,
    headers: { host: url.host, ...own, ...login },
  };
  return proxy.secure ? https.request({ ...forwarded, ...trust }) : http.request(forwarded);
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

interface Trust {
  ca?: string;
  rejectUnauthorized: boolean;
}

async function trustOf({ tls: given, name }: Pick<EndpointPlan, 'name' | 'tls'>): Promise<Trust> {
  const rejectUnauthorized = given?.rejectUnauthorized ?? true;
  if (given?.caPath === undefined) return { rejectUnauthorized };
  try {
    return { rejectUnauthorized, ca: await readFile(given.caPath, 'utf8') };
  } catch (error) {
    throw new TlsFileError(
      `Endpoint "${name}": the file of tls.ca, ${given.caPath}, cannot be read. Correct the path.`,
      { cause: error },
    );
  }
}

function tunnelTo(url: URL, proxy: ProxySettings, trust: Trust, limitMs: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const settle = (error: Error | null, socket: Socket | null): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      if (socket !== null) resolve(socket);
      else reject(error ?? new ProxyError('answer', 'it opened no tunnel'));
    };
    const opening = openTunnel({
      proxy,
      hostname: hostOf(url),
      port: portOf(url),
      tls: { ca: trust.ca, rejectUnauthorized: trust.rejectUnauthorized },
      onLookup: () => undefined,
      onConnected: () => undefined,
      done: settle,
    });
    const give = (error: Error): void => {
      reject(error);
      opening.destroy();
    };
    const timer = setTimeout(() => give(new GetTimeout('connect_timeout', limitMs)), limitMs);
    const abort = (): void => give(new Error('cancelled'));
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  });
}
