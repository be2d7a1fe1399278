/**
 * Connections to one endpoint. Each is an undici Client of its own that carries one request at a time, so that which
 * connection a request used, whether it was new, and what opening it took are known exactly, and so that connections can be
 * opened ahead without sending the endpoint a request.
 *
 * Idle connections are taken last in, first out: at a low load the others stay idle and are closed by the server in peace,
 * and the one in use is as warm as it can be.
 */
import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import Client from 'undici/lib/dispatcher/client.js';
import buildConnector from 'undici/lib/core/connect.js';
import { kConnect } from 'undici/lib/core/symbols.js';
import { directReads } from './direct-reads';
import { openTunnel, ProxyError, type ProxySettings } from './proxy';

/** Undici closes an idle connection after this; the server's own `Keep-Alive: timeout=` comes first where it is sent. */
const IDLE_MS = 600_000;
/** A connection that the server says it will close is given up this long before. */
const SERVER_HINT_MARGIN_MS = 500;
/** Connections opened at the same time while warming: more would overrun the backlog of a small server. */
const OPENING_AT_ONCE = 64;

export interface ConnectionOptions {
  /** Scheme, host and port. */
  origin: string;
  connectTimeoutMs: number;
  tls: { ca: string | undefined; rejectUnauthorized: boolean };
  /** The proxy in between, if there is one. */
  proxy?: ProxySettings;
  nowMs: () => number;
}

export interface OpeningTimes {
  /** Null where the host is an address. */
  dnsMs: number | null;
  /** With a proxy, to that. */
  tcpMs: number;
  /** Until the proxy had opened its tunnel; null without one. */
  proxyMs: number | null;
  /** Null without TLS. */
  tlsMs: number | null;
  totalMs: number;
}

/** Instants of an opening, monotonic ms; null for what has not come. */
interface OpeningInstants {
  lookup: number | null;
  connected: number | null;
  tunnelled: number | null;
}

/** What is being opened, as far as it can be given up. */
interface Opening {
  destroy(error: Error): void;
}

/** The pool's own error for a connection that was not opened in time. */
export class ConnectTimeoutError extends Error {
  readonly code = 'UND_ERR_CONNECT_TIMEOUT';

  constructor() {
    super('the connection was not opened in time');
    this.name = 'ConnectTimeoutError';
  }
}

/** Refuses undici's silent reconnect: which connection carries a request is decided here, so that it can be recorded. */
class ReconnectRefusedError extends Error {
  readonly code = 'PROMPTRIG_RECONNECT';

  constructor() {
    super('the connection was lost before the request was written');
    this.name = 'ReconnectRefusedError';
  }
}

export interface Connection {
  readonly times: OpeningTimes;
  /** Requests it has carried, the one in flight included. */
  requests: number;
  /** When it was last opened or given back. */
  idleSinceMs: number;
  /** True once it cannot carry another request. */
  lost: boolean;
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void;
  /** Closes it at once; a request in flight gets an error. */
  destroy(): void;
}

export type OpenCallback = (error: unknown, connection: Connection | undefined) => void;

export class ConnectionPool {
  private idle: Connection[] = [];
  private readonly all = new Set<Connection>();
  private readonly opening = new Set<() => void>();
  private readonly connect: buildConnector.connector;
  private closed = false;

  constructor(private readonly options: ConnectionOptions) {
    const { ca, rejectUnauthorized } = options.tls;
    // The timeout is ours: undici's counts in steps of half a second.
    this.connect = buildConnector({
      timeout: 0,
      rejectUnauthorized,
      onread: directReads(),
      ...(ca === undefined ? {} : { ca }),
    });
  }

  get idleCount(): number {
    return this.idle.length;
  }

  /** Open connections, idle or in use. */
  get size(): number {
    return this.all.size;
  }

  /** The connection that was given back last and is still open, if there is one. */
  takeIdle(): Connection | undefined {
    for (;;) {
      const connection = this.idle.pop();
      if (connection === undefined || !connection.lost) return connection;
    }
  }

  /** Gives a connection back after its request. A lost one is forgotten. */
  release(connection: Connection): void {
    if (connection.lost) return;
    if (this.closed) {
      connection.destroy();
      return;
    }
    connection.idleSinceMs = this.options.nowMs();
    this.idle.push(connection);
  }

  /**
   * Opens a connection. Calls back once, later, with either an error or the connection, which then belongs to the caller.
   * @returns cancels the opening; the callback is then not called
   */
  open(callback: OpenCallback): () => void {
    const startedMs = this.options.nowMs();
    let opening: Opening | undefined;
    const instants: OpeningInstants = { lookup: null, connected: null, tunnelled: null };
    let connected = false;
    let settled = false;

    const client = new Client(this.options.origin, {
      pipelining: 1,
      // Ours are exact and per phase of a request.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      keepAliveTimeoutThreshold: SERVER_HINT_MARGIN_MS,
      connect: (target, done) => {
        if (connected) {
          queueMicrotask(() => done(new ReconnectRefusedError(), null));
          return;
        }
        opening = this.dial(target, done, instants);
      },
    });

    const abandon = (error: Error) => {
      // Without an error the socket would close silently and leave undici waiting for it.
      opening?.destroy(error);
      client.destroy(error, noop);
    };
    const settle = (error: unknown, connection: Connection | undefined) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      this.opening.delete(cancel);
      callback(error, connection);
    };
    const cancel = () => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      this.opening.delete(cancel);
      abandon(new Error('cancelled'));
    };

    client.on('connect', () => {
      if (settled) return;
      connected = true;
      settle(null, this.adopt(client, this.timesOf(instants, startedMs)));
    });
    client.on('connectionError', (_origin, _targets, error) => {
      if (settled) return;
      client.destroy(error, noop);
      settle(error, undefined);
    });

    this.opening.add(cancel);
    const timer = setTimeout(() => {
      const error = new ConnectTimeoutError();
      settle(error, undefined);
      abandon(error);
    }, this.options.connectTimeoutMs);

    (client as unknown as Record<typeof kConnect, (callback: () => void) => void>)[kConnect](noop);
    return cancel;
  }

  /**
   * Opens connections until `count` are idle, a few at a time. Stops at the first that cannot be opened.
   * @returns how many are idle now, and the error where one could not be opened
   */
  async warm(count: number, signal: AbortSignal): Promise<{ idle: number; error: unknown }> {
    this.idle = this.idle.filter((connection) => !connection.lost);
    let missing = count - this.idle.length;
    let error: unknown = null;
    const pending = new Set<() => void>();
    const openOne = (): Promise<void> =>
      new Promise((resolve) => {
        missing--;
        const giveUp = () => {
          cancel();
          resolve();
        };
        const cancel = this.open((failure, connection) => {
          pending.delete(giveUp);
          if (connection === undefined) error ??= failure;
          else this.release(connection);
          resolve();
        });
        pending.add(giveUp);
      });
    const lane = async (): Promise<void> => {
      while (missing > 0 && error === null && !signal.aborted && !this.closed) await openOne();
    };
    const onAbort = () => {
      for (const giveUp of [...pending]) giveUp();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      // The first alone: an endpoint that is not there is found out with one attempt, not with sixty-four.
      if (missing > 0 && !signal.aborted) await openOne();
      await Promise.all(Array.from({ length: Math.min(OPENING_AT_ONCE, Math.max(0, missing)) }, lane));
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
    return { idle: this.idleCount, error: signal.aborted ? null : error };
  }

  /** Closes every connection and gives up those being opened. */
  close(): void {
    this.closed = true;
    for (const cancel of [...this.opening]) cancel();
    for (const connection of [...this.all]) connection.destroy();
    this.idle = [];
  }

  /** Begins to open what carries the requests: a socket of the endpoint's, of the proxy's, or a tunnel through the proxy. */
  private dial(target: buildConnector.Options, done: buildConnector.Callback, instants: OpeningInstants): Opening {
    const { proxy, nowMs, tls } = this.options;
    const stamp = (socket: Socket) => {
      socket.once('lookup', () => (instants.lookup = nowMs()));
      socket.once('connect', () => (instants.connected = nowMs()));
      return socket;
    };
    // The connector's type hides that it returns the socket, which is needed to stamp and to give up.
    const connect = (options: buildConnector.Options, callback: buildConnector.Callback) =>
      this.connect(options, callback) as unknown as Socket;

    if (proxy === undefined) return stamp(connect(target, done));
    if (target.protocol !== 'https:') {
      const { hostname, host, port, secure } = proxy;
      const protocol = secure ? 'https:' : 'http:';
      return stamp(
        connect({ hostname, host, port: String(port), protocol }, (...[error, socket]) => {
          if (error === null) done(null, socket);
          else done(new ProxyError('connect', error.message, { cause: error }), null);
        }),
      );
    }
    let current: Opening = openTunnel({
      proxy,
      hostname: target.hostname,
      port: target.port === '' ? 443 : Number(target.port),
      tls,
      onLookup: () => (instants.lookup = nowMs()),
      onConnected: () => (instants.connected = nowMs()),
      done: (error, tunnel) => {
        if (tunnel === null) {
          done(error ?? new ProxyError('answer', 'it opened no tunnel'), null);
          return;
        }
        instants.tunnelled = nowMs();
        current = connect({ ...target, httpSocket: tunnel }, done);
      },
    });
    return { destroy: (error) => current.destroy(error) };
  }

  private timesOf({ lookup, connected, tunnelled }: OpeningInstants, startedMs: number): OpeningTimes {
    const { origin, proxy, nowMs } = this.options;
    const endMs = nowMs();
    const connectedMs = connected ?? startedMs;
    const secure = origin.startsWith('https:') || proxy?.secure === true;
    return {
      dnsMs: lookup === null ? null : lookup - startedMs,
      tcpMs: connectedMs - (lookup ?? startedMs),
      proxyMs: tunnelled === null ? null : tunnelled - connectedMs,
      tlsMs: secure ? endMs - (tunnelled ?? connectedMs) : null,
      totalMs: endMs - startedMs,
    };
  }

  /** A request as the proxy of an http endpoint wants it: with the whole address, and its login. */
  private forProxy(options: Dispatcher.DispatchOptions): Dispatcher.DispatchOptions {
    const { origin, proxy } = this.options;
    if (proxy === undefined || origin.startsWith('https:')) return options;
    const { authorization } = proxy;
    const headers = options.headers;
    return {
      ...options,
      path: origin + options.path,
      ...(authorization === undefined || !Array.isArray(headers)
        ? {}
        : { headers: [...headers, 'proxy-authorization', authorization] }),
    };
  }

  private adopt(client: Client, times: OpeningTimes): Connection {
    const prepare = (options: Dispatcher.DispatchOptions) => this.forProxy(options);
    const connection: Connection = {
      times,
      requests: 0,
      idleSinceMs: this.options.nowMs(),
      lost: false,
      dispatch(options, handler) {
        connection.requests++;
        client.dispatch(prepare(options), handler);
      },
      destroy() {
        connection.lost = true;
        client.destroy(new Error('closed'), noop);
      },
    };
    this.all.add(connection);
    client.on('disconnect', () => {
      connection.lost = true;
      this.all.delete(connection);
      const at = this.idle.lastIndexOf(connection);
      if (at !== -1) this.idle.splice(at, 1);
      // A request that waits to be written is failed with ReconnectRefusedError by undici's attempt to reconnect, which
      // comes after this event; destroying now would hide that nothing had been written.
      setImmediate(() => client.destroy(null, noop));
    });
    return connection;
  }
}

/** Whether an error says that the request was never written, because its connection had been closed before. */
export function neverWritten(error: unknown): boolean {
  return error instanceof ReconnectRefusedError;
}

function noop(): void {
  // undici calls back when a client is gone; nobody waits for it.
}
