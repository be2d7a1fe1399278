/**
 * Requests through an HTTP proxy. An https endpoint is reached through a tunnel (`CONNECT`), so that the proxy sees nothing of it.
 * An http endpoint gets its requests with the whole address in their first line, since most proxies open tunnels to port 443 alone.
 *
 * The proxy's login never stands in a file: it is taken from the environment's proxy URL of the same host and port.
 */
import net, { type Socket } from 'node:net';
import tls from 'node:tls';

export interface ProxySettings {
  /** Host and port, for messages. */
  host: string;
  hostname: string;
  port: number;
  /** Whether the connection to the proxy itself is TLS. */
  secure: boolean;
  /** Value of `proxy-authorization`. */
  authorization: string | undefined;
  /** What of it must not be shown. */
  secrets: string[];
}

/** Where credentials are looked for: the names that other tools read. */
const VARIABLES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'];
/** A head of an answer that is longer than this is none of a proxy. */
const MAX_HEAD_BYTES = 16 * 1024;
const HEAD_END = '\r\n\r\n';

/** The proxy cannot be reached (`connect`), or answers with something other than an open tunnel (`answer`). */
export class ProxyError extends Error {
  /** HTTP status with which the proxy refused; null where it gave none. */
  readonly status: number | null;
  /** The words beside the status. */
  readonly reason: string;

  constructor(
    readonly stage: 'connect' | 'answer',
    message: string,
    options: { status?: number; reason?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ProxyError';
    this.status = options.status ?? null;
    this.reason = options.reason ?? '';
  }
}

/**
 * @param address `http://host:port` or `https://host:port`
 * @throws TypeError for what is no URL; the file's check has refused it before
 */
export function proxySettings(
  address: string,
  environment: Readonly<Record<string, string | undefined>>,
): ProxySettings {
  const url = new URL(address);
  const secure = url.protocol === 'https:';
  const port = portOf(url);
  const login = loginFor(url, environment);
  return {
    host: `${url.hostname}:${port}`,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port,
    secure,
    authorization: login === null ? undefined : `Basic ${Buffer.from(login).toString('base64')}`,
    secrets: login === null ? [] : [login, login.slice(login.indexOf(':') + 1)],
  };
}

function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
}

/** `user:password` of the environment's URL for the same proxy. */
function loginFor(proxy: URL, environment: Readonly<Record<string, string | undefined>>): string | null {
  for (const name of VARIABLES) {
    const value = environment[name]?.trim() ?? '';
    const address = /^[a-z]+:\/\//i.test(value) ? value : `http://${value}`;
    if (value === '' || !URL.canParse(address)) continue;
    const url = new URL(address);
    if (url.username === '' || url.hostname !== proxy.hostname || portOf(url) !== portOf(proxy)) continue;
    return `${decoded(url.username)}:${decoded(url.password)}`;
  }
  return null;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that encodes nothing stands for itself.
    return text;
  }
}

export interface TunnelOptions {
  proxy: ProxySettings;
  /** The endpoint. */
  hostname: string;
  port: number;
  /** Of the connection to the proxy, where it is TLS. */
  tls: { ca: string | undefined; rejectUnauthorized: boolean };
  onLookup: () => void;
  /** Connected to the proxy. */
  onConnected: () => void;
  /** Called once, with an error or with the socket, through which nothing has been sent to the endpoint yet. */
  done: (error: Error | null, socket: Socket | null) => void;
}

/**
 * Opens a tunnel through the proxy.
 * @returns the socket to the proxy, to be destroyed where the tunnel is no longer wanted
 */
export function openTunnel(options: TunnelOptions): Socket {
  const { proxy } = options;
  const socket = dial(options);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 60_000);
  let stage: 'connect' | 'answer' = 'connect';
  let head = Buffer.alloc(0);

  const settle = (error: Error | null) => {
    socket.off('error', onError).off('close', onClose).off('data', onData);
    // Without a listener a later error would end the process; what it means for the tunnel, the TLS in it reports.
    socket.on('error', () => undefined);
    if (error !== null) {
      socket.destroy();
      options.done(error, null);
      return;
    }
    socket.pause();
    options.done(null, socket);
  };
  const onError = (error: Error) => settle(new ProxyError(stage, error.message, { cause: error }));
  const onClose = () => settle(new ProxyError(stage, 'it closed the connection'));
  const onData = (chunk: Buffer) => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf(HEAD_END);
    if (end === -1 && head.length <= MAX_HEAD_BYTES) return;
    settle(problemIn(head, end));
  };

  socket.once('lookup', options.onLookup);
  socket.once('connect', options.onConnected);
  socket.once(proxy.secure ? 'secureConnect' : 'connect', () => {
    stage = 'answer';
    socket.write(requestHead(options));
  });
  socket.on('error', onError).on('close', onClose).on('data', onData);
  return socket;
}

function dial({ proxy, tls: { ca, rejectUnauthorized } }: TunnelOptions): Socket {
  const { hostname: host, port, secure } = proxy;
  if (!secure) return net.connect({ host, port });
  const servername = net.isIP(host) === 0 ? host : '';
  return tls.connect({ host, port, servername, rejectUnauthorized, ...(ca === undefined ? {} : { ca }) });
}

function requestHead({ proxy, hostname, port }: TunnelOptions): string {
  const authority = `${net.isIPv6(hostname) ? `[${hostname}]` : hostname}:${port}`;
  const login = proxy.authorization === undefined ? '' : `proxy-authorization: ${proxy.authorization}\r\n`;
  return `CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\nuser-agent: promptrig\r\n${login}\r\n`;
}

/** What is wrong with the answer to `CONNECT`; null where the tunnel is open. */
function problemIn(received: Buffer, end: number): ProxyError | null {
  const [line = ''] = received.toString('latin1', 0, end === -1 ? 200 : end).split('\r\n');
  const match = /^HTTP\/1\.[01] (\d{3}) ?(.*)$/.exec(line);
  if (match === null || end === -1) return new ProxyError('answer', 'what it sent is not HTTP');
  const status = Number(match[1]);
  if (status < 200 || status > 299) {
    const reason = (match[2] ?? '').slice(0, 100);
    return new ProxyError('answer', `HTTP ${status}`, { status, reason });
  }
  // The endpoint speaks second: bytes of it before the first of ours mean that this is no tunnel.
  return received.length > end + HEAD_END.length ? new ProxyError('answer', 'it sent more than its answer') : null;
}
