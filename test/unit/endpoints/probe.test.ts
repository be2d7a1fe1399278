import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import net, { type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { probeEndpoint, type ProbeResult } from '../../../src/core/endpoints/probe';
import type { EndpointPlan } from '../../../src/protocol/plan';
import { closers } from '../load/client';
import { serveProxy } from '../load/secure-server';
import { makeAuthority, type Certified } from '../support/certificates';
import { removeTempDirs, tempDir } from '../support/temp';

const KEY = 'sk-very-secret';

function plan(url: string | null, part: Partial<EndpointPlan> = {}): EndpointPlan {
  return {
    name: 'lab',
    api: 'openai-chat',
    url,
    model: 'm',
    headers: {},
    timeout: { connectMs: 2_000, firstTokenMs: 30_000, idleMs: 15_000, totalMs: 120_000 },
    retryAttempts: 0,
    ...part,
  };
}

async function probe(endpoint: EndpointPlan, timeoutMs = 5_000, environment = {}): Promise<ProbeResult> {
  return probeEndpoint(endpoint, {
    apiKey: KEY,
    redact: (text) => text.replaceAll(KEY, '[redacted]'),
    signal: new AbortController().signal,
    environment,
    timeoutMs,
  });
}

async function serve(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  certified?: Certified,
): Promise<number> {
  const server = certified === undefined ? http.createServer(answer) : https.createServer(certified, answer);
  server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const listing = (_request: IncomingMessage, response: ServerResponse): void => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ data: [{ id: 'llama' }, { id: 'qwen' }] }));
};

function failureOf(result: ProbeResult): { kind: string; message: string } {
  assert.equal(result.ok, false);
  return result;
}

describe('a look at an endpoint', () => {
  const authority = makeAuthority();
  const certified = authority.issue({ names: ['127.0.0.1'] });

  afterEach(() => {
    for (const close of closers.splice(0).reverse()) close();
  });
  after(removeTempDirs);

  const caPath = (): string => {
    const path = join(tempDir(), 'ca.pem');
    writeFileSync(path, authority.cert);
    return path;
  };

  it('says which models it has and how long it took, and sends the key', async () => {
    let sent: IncomingMessage | undefined;
    const port = await serve((request, response) => {
      sent = request;
      listing(request, response);
    });
    const result = await probe(plan(`http://127.0.0.1:${port}/v1`));
    assert.ok(result.ok);
    assert.deepEqual(result.models, ['llama', 'qwen']);
    assert.ok(result.elapsedMs > 0);
    assert.equal(sent?.url, '/v1/models');
    assert.equal(sent?.headers.authorization, `Bearer ${KEY}`);
  });

  it('takes a server without a list for one that is there', async () => {
    const port = await serve((_, response) => response.writeHead(404).end('no'));
    const result = await probe(plan(`http://127.0.0.1:${port}/v1`));
    assert.ok(result.ok);
    assert.equal(result.models, null);
    const page = await serve((_, response) => response.end('<html>'));
    const second = await probe(plan(`http://127.0.0.1:${page}/v1`));
    assert.ok(second.ok && second.models === null);
  });

  it('says what the server refuses, without the key that it repeats', async () => {
    const port = await serve((_, response) =>
      response.writeHead(401).end(JSON.stringify({ error: { message: `Incorrect key ${KEY}` } })),
    );
    const { kind, message } = failureOf(await probe(plan(`http://127.0.0.1:${port}/v1`, { apiKeyEnv: 'LAB_KEY' })));
    assert.equal(kind, 'http_401');
    assert.match(message, /LAB_KEY/);
    assert.match(message, /\[redacted\]/);
    assert.ok(!message.includes(KEY));
  });

  it('says that nothing listens', async () => {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const { kind, message } = failureOf(await probe(plan(`http://127.0.0.1:${port}/v1`)));
    assert.equal(kind, 'connection_refused');
    assert.match(message, new RegExp(`127\\.0\\.0\\.1:${port}`));
  });

  it('gives up on a server that accepts and says nothing', async () => {
    const port = await serve(() => undefined);
    assert.equal(failureOf(await probe(plan(`http://127.0.0.1:${port}/v1`), 100)).kind, 'total_timeout');
  });

  it('says that a server hung up in the middle', async () => {
    const port = await serve((request) => request.socket.destroy());
    assert.equal(failureOf(await probe(plan(`http://127.0.0.1:${port}/v1`))).kind, 'socket_closed');
  });

  it('stops when it is told to', async () => {
    const port = await serve(() => undefined);
    const stop = new AbortController();
    const result = probeEndpoint(plan(`http://127.0.0.1:${port}/v1`), {
      apiKey: undefined,
      redact: (text) => text,
      signal: stop.signal,
    });
    stop.abort();
    assert.equal(failureOf(await result).kind, 'cancelled');
  });

  it('refuses a url that is none, and asks nothing of what has no address', async () => {
    assert.equal(failureOf(await probe(plan('lab:8000'))).kind, 'bad_url');
    assert.equal(failureOf(await probe(plan('ftp://lab'))).kind, 'bad_url');
    assert.ok((await probe(plan(null, { api: 'sim' }))).ok);
  });

  it('checks the certificate against the authority of the endpoint', async () => {
    const url = `https://127.0.0.1:${await serve(listing, certified)}/v1`;
    assert.equal(failureOf(await probe(plan(url))).kind, 'tls');
    assert.ok((await probe(plan(url, { tls: { caPath: caPath(), rejectUnauthorized: true } }))).ok);
    assert.ok((await probe(plan(url, { tls: { rejectUnauthorized: false } }))).ok);
    const gone = failureOf(await probe(plan(url, { tls: { caPath: '/nowhere/ca.pem', rejectUnauthorized: true } })));
    assert.equal(gone.kind, 'tls_ca');
    assert.match(gone.message, /\/nowhere\/ca\.pem/);
  });

  it('goes through a proxy: in a tunnel to https, with the whole address to http', async () => {
    const proxy = await serveProxy();
    const address = `http://127.0.0.1:${proxy.port}`;
    const secure = await serve(listing, certified);
    const through = plan(`https://127.0.0.1:${secure}/v1`, {
      proxy: address,
      tls: { caPath: caPath(), rejectUnauthorized: true },
    });
    const result = await probe(through, 5_000, { HTTPS_PROXY: `http://me:pass@127.0.0.1:${proxy.port}` });
    assert.deepEqual(result.ok && result.models, ['llama', 'qwen'], JSON.stringify(result));
    assert.deepEqual(proxy.tunnels, [`127.0.0.1:${secure}`]);
    assert.equal(proxy.logins[0], `Basic ${Buffer.from('me:pass').toString('base64')}`);

    const open = await serve(listing);
    assert.ok((await probe(plan(`http://127.0.0.1:${open}/v1`, { proxy: address }))).ok);
    assert.equal(proxy.requests[0]?.url, `http://127.0.0.1:${open}/v1/models`);
  });

  it('says when it is the proxy that refuses or is not there', async () => {
    const proxy = await serveProxy({ status: 403 });
    const address = `http://127.0.0.1:${proxy.port}`;
    assert.equal(failureOf(await probe(plan('https://lab.test/v1', { proxy: address }))).kind, 'proxy_refused');
    const gone = 'http://127.0.0.1:9';
    assert.equal(failureOf(await probe(plan('https://lab.test/v1', { proxy: gone }))).kind, 'proxy_unreachable');
    assert.equal(failureOf(await probe(plan('http://lab.test/v1', { proxy: gone }))).kind, 'proxy_unreachable');
  });
});
