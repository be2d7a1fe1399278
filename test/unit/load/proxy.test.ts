import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { LoadRunner } from '../../../src/core/load/load-runner';
import { proxySettings } from '../../../src/core/load/proxy';
import type { EndedRequest } from '../../../src/core/load/types';
import { monotonicMs } from '../../../src/core/util/clock';
import { makeAuthority } from '../support/certificates';
import { endpointPlan } from '../support/samples';
import { removeTempDirs, tempDir } from '../support/temp';
import { clientOf, freePort, serveRaw, until, type ClientOptions } from './client';
import { serveEvents, serveProxy, type ProxyBehaviour } from './secure-server';

const authority = makeAuthority();
const local = authority.issue({ names: ['localhost', '127.0.0.1'] });
const tls: ClientOptions['tls'] = { ca: authority.cert, rejectUnauthorized: true };

/** A client of an endpoint behind a proxy. */
async function behind(scheme: 'http' | 'https', behaviour: ProxyBehaviour = {}, environment = {}, limits = {}) {
  const server = await serveEvents(scheme === 'https' ? local : undefined);
  const proxy = await serveProxy(behaviour);
  const address = `${behaviour.certified === undefined ? 'http' : 'https'}://127.0.0.1:${proxy.port}`;
  const client = clientOf(`${scheme}://127.0.0.1:${server.port}/v1`, limits, {
    tls,
    proxy: proxySettings(address, environment),
  });
  return { server, proxy, client, address };
}

describe('an endpoint behind a proxy', () => {
  it('is reached through a tunnel where it is https, which is used again', async () => {
    const { server, proxy, client } = await behind('https');
    const first = await client.ask();
    assert.equal(first.record.outcome, 'completed', first.record.error?.message);
    assert.deepEqual([first.answer?.text, first.record.events], ['ab', 2]);
    const second = await client.ask();
    assert.equal(second.record.connect_ms, null);
    assert.deepEqual(proxy.tunnels, [`127.0.0.1:${server.port}`]);
    assert.deepEqual([proxy.requests.length, server.requests.length], [0, 2]);
    client.pool.close();
    assert.ok(await until(() => proxy.sockets.size === 0), 'the tunnel is closed with the pool');
  });

  it('gets its requests with the whole address where it is http', async () => {
    const { server, proxy, client } = await behind('http');
    for (let i = 0; i < 2; i++) {
      const { record, answer } = await client.ask();
      assert.equal(record.outcome, 'completed', record.error?.message);
      assert.equal(answer?.text, 'ab');
    }
    assert.deepEqual(proxy.tunnels, []);
    const host = `127.0.0.1:${server.port}`;
    assert.equal(proxy.requests[0]?.url, `http://${host}/v1/chat/completions`);
    assert.equal(proxy.requests[0]?.headers.host, host);
    assert.equal(server.requests.length, 2);
    assert.equal(proxy.sockets.size, 1);
  });

  it('is reached through a proxy that speaks TLS itself', async () => {
    for (const scheme of ['http', 'https'] as const) {
      const { server, client } = await behind(scheme, { certified: local });
      const { record } = await client.ask();
      assert.equal(record.outcome, 'completed', record.error?.message);
      assert.equal(server.requests.length, 1);
    }
  });

  it('has the time that the proxy takes in what opening a connection took', async () => {
    const { client } = await behind('https', { delayMs: 60 });
    await client.pool.warm(1, new AbortController().signal);
    const times = client.pool.takeIdle()?.times;
    assert.ok(times !== undefined && times.proxyMs !== null && times.tlsMs !== null);
    assert.ok(times.proxyMs >= 55 && times.tcpMs < 55, `${times.proxyMs} ${times.tcpMs}`);
    assert.ok(Math.abs((times.dnsMs ?? 0) + times.tcpMs + times.proxyMs + times.tlsMs - times.totalMs) < 0.001);
    const { record } = await client.ask();
    assert.ok((record.connect_ms ?? 0) >= 55, String(record.connect_ms));
  });

  it('sends the login of the environment, to the proxy alone', async () => {
    for (const scheme of ['http', 'https'] as const) {
      const { server, proxy, client, address } = await behind(scheme);
      const environment = { https_proxy: address.replace('//', '//ann:p%40ss@') };
      const known = clientOf(
        `${scheme}://127.0.0.1:${server.port}/v1`,
        {},
        {
          tls,
          proxy: proxySettings(address, environment),
        },
      );
      await known.ask();
      await client.ask();
      const login = `Basic ${Buffer.from('ann:p@ss').toString('base64')}`;
      assert.deepEqual(proxy.logins, [login, undefined]);
      if (scheme === 'https') assert.equal(server.requests[0]?.headers['proxy-authorization'], undefined);
    }
  });
});

describe('a proxy that is in the way', () => {
  const failure = async (scheme: 'http' | 'https', behaviour: ProxyBehaviour) => {
    const { client, proxy } = await behind(scheme, behaviour);
    const { record } = await client.ask();
    const message = record.error?.message ?? '';
    assert.equal(record.outcome, 'failed');
    assert.ok(message.includes(`127.0.0.1:${proxy.port}`), message);
    assert.equal(client.pool.size, 0);
    assert.ok(await until(() => proxy.sockets.size === 0), 'no connection is left behind');
    return [record.error?.kind, message] as const;
  };

  it('says that it wants a login, and where that goes', async () => {
    const [kind, message] = await failure('https', { status: 407 });
    assert.equal(kind, 'proxy_auth');
    assert.match(message, /wants a valid login \(HTTP 407\).*HTTPS_PROXY/);
  });

  it('says so for http too, where the refusal is an answer like any other', async () => {
    const { client } = await behind('http', { status: 407 });
    const { record } = await client.ask();
    assert.equal(record.error?.kind, 'http_407');
    assert.match(record.error?.message ?? '', /The proxy 127\.0\.0\.1:\d+ of ep wants a valid login.*HTTPS_PROXY/);
  });

  it('says that it does not let the endpoint through', async () => {
    const [kind, message] = await failure('https', { status: 403 });
    assert.equal(kind, 'proxy_refused');
    assert.match(message, /does not open it \(HTTP 403 Not today\)/);
  });

  it('says that what answers is no proxy', async () => {
    for (const answer of ['SSH-2.0-OpenSSH_9.6\r\n\r\n', `HTTP/1.1 200 OK\r\n\r\nand more`, 'x'.repeat(20_000)]) {
      const [kind, message] = await failure('https', { answer });
      assert.equal(kind, 'proxy_protocol');
      assert.match(message, /did not answer as a proxy does/);
    }
    const closing = await serveRaw((socket) => socket.end());
    const client = clientOf('https://127.0.0.1:9/v1', {}, { tls, proxy: proxySettings(closing, {}) });
    assert.equal((await client.ask()).record.error?.kind, 'proxy_protocol');
  });

  it('says that the proxy cannot be reached, not the endpoint', async () => {
    const port = await freePort();
    for (const scheme of ['http', 'https'] as const) {
      const proxy = proxySettings(`http://127.0.0.1:${port}`, {});
      const { record } = await clientOf(`${scheme}://127.0.0.1:9/v1`, {}, { tls, proxy }).ask();
      assert.equal(record.error?.kind, 'proxy_unreachable');
      assert.match(
        record.error?.message ?? '',
        new RegExp(`the proxy 127\\.0\\.0\\.1:${port} cannot be reached: nothing listens`),
      );
    }
  });

  it("says that the proxy's certificate is not trusted", async () => {
    const certified = makeAuthority('Another').issue({ names: ['127.0.0.1'] });
    for (const scheme of ['http', 'https'] as const) {
      const [kind, message] = await failure(scheme, { certified });
      assert.equal(kind, 'proxy_unreachable');
      assert.match(message, /not signed by an authority known here/);
    }
  });

  it("leaves the endpoint's own certificate to be judged as ever", async () => {
    const server = await serveEvents(makeAuthority('Another').issue({ names: ['127.0.0.1'] }));
    const proxy = await serveProxy();
    const settings = proxySettings(`http://127.0.0.1:${proxy.port}`, {});
    const { record } = await clientOf(`https://127.0.0.1:${server.port}/v1`, {}, { tls, proxy: settings }).ask();
    assert.equal(record.error?.kind, 'tls');
  });

  it('is given up when it takes too long, and when the request is cancelled', async () => {
    const { client, proxy } = await behind('https', { delayMs: 60_000 }, {}, { connectMs: 60 });
    const { record } = await client.ask();
    assert.equal(record.error?.kind, 'connect_timeout');
    assert.match(record.error?.message ?? '', /through the proxy 127\.0\.0\.1:\d+ within/);
    assert.ok(await until(() => proxy.sockets.size === 0));
    const slow = await behind('https', { delayMs: 60_000 });
    const end = await slow.client.ask({}, (execution) => setTimeout(() => execution.cancel(), 30));
    assert.equal(end.record.outcome, 'cancelled');
    assert.ok(await until(() => slow.proxy.sockets.size === 0));
  });
});

describe('proxySettings', () => {
  const login = (address: string, environment: Record<string, string>) => {
    const { authorization } = proxySettings(address, environment);
    return authorization === undefined ? undefined : Buffer.from(authorization.slice(6), 'base64').toString();
  };

  it('take the login of the same host and port only', () => {
    assert.equal(login('http://p:3128', { HTTPS_PROXY: 'http://a:b@p:3128' }), 'a:b');
    assert.equal(login('http://p:3128', { all_proxy: 'a:b@p:3128/' }), 'a:b');
    assert.equal(login('http://p', { HTTP_PROXY: 'http://a@p:80' }), 'a:');
    assert.equal(login('https://p', { HTTP_PROXY: 'https://a:100%@p' }), 'a:100%');
    for (const HTTPS_PROXY of ['http://a:b@p:3129', 'http://a:b@q:3128', 'http://p:3128', '', 'no url']) {
      assert.equal(login('http://p:3128', { HTTPS_PROXY }), undefined, HTTPS_PROXY);
    }
    assert.equal(login('http://p:3128', { HTTPS_PROXY: 'http://q', ALL_PROXY: 'http://a:b@p:3128' }), 'a:b');
  });

  it('know the secrets of the login', () => {
    const { secrets } = proxySettings('http://p:1', { HTTPS_PROXY: 'http://ann:pass%20word@p:1' });
    assert.deepEqual(secrets, ['ann:pass word', 'pass word']);
    assert.deepEqual(proxySettings('http://[::1]:8080', {}), {
      host: '[::1]:8080',
      hostname: '::1',
      port: 8080,
      secure: false,
      authorization: undefined,
      secrets: [],
    });
  });
});

describe('a load worker behind a proxy', function () {
  this.timeout(20_000);
  let workerEntry: string;
  let caPath: string;
  const LOGIN = 'ann:s3cret-pass';
  let outside: string | undefined;
  let runner: LoadRunner;

  before(async () => {
    // Not before the suite begins: the end of another one removes every folder that there is by then.
    const dir = tempDir();
    workerEntry = join(dir, 'worker.js');
    caPath = join(dir, 'ca.pem');
    writeFileSync(caPath, authority.cert);
    await build({
      entryPoints: ['src/engine/worker.ts'],
      bundle: true,
      platform: 'node',
      format: 'cjs',
      outfile: workerEntry,
      logLevel: 'silent',
    });
  });
  after(removeTempDirs);
  beforeEach(() => {
    outside = process.env['HTTPS_PROXY'];
    runner = new LoadRunner({ workerEntry, workers: 1, clockOriginMs: monotonicMs() });
  });
  afterEach(async () => {
    if (outside === undefined) delete process.env['HTTPS_PROXY'];
    else process.env['HTTPS_PROXY'] = outside;
    await runner.close();
  });

  /** One case, asked as a run asks it. */
  async function ask(url: string, proxyPort: number): Promise<EndedRequest[]> {
    process.env['HTTPS_PROXY'] = `http://${LOGIN}@127.0.0.1:${proxyPort}`;
    const { signal } = new AbortController();
    const endpoint = endpointPlan({
      api: 'openai-chat',
      url,
      proxy: `http://127.0.0.1:${proxyPort}`,
      tls: { caPath, rejectUnauthorized: true },
    });
    await runner.open({ id: 't', endpoint, params: {}, apiKey: undefined }, 1, signal);
    const ended: EndedRequest[] = [];
    const request = { pointer: '/cases/0', repeat: 0, messages: [{ role: 'user' as const, content: 'hi' }] };
    await runner.run(
      't',
      'cases',
      { kind: 'cases', concurrency: 1, requests: [request], retryAttempts: 0 },
      {
        onStart: () => undefined,
        onEnded: (batch) => void ended.push(...batch),
        onAnswerDelta: () => undefined,
        onLive: () => undefined,
      },
      signal,
    );
    return ended;
  }

  it('uses the proxy, the CA file and the login of the environment', async () => {
    const server = await serveEvents(local);
    const proxy = await serveProxy();
    const ended = await ask(`https://127.0.0.1:${server.port}/v1`, proxy.port);
    assert.deepEqual(
      ended.map(({ record, answer }) => [record.outcome, answer?.text]),
      [['completed', 'ab']],
    );
    assert.deepEqual(proxy.logins, [`Basic ${Buffer.from(LOGIN).toString('base64')}`]);
  });

  it('shows no login, not even one that the proxy sends back', async () => {
    const server = await serveEvents();
    const proxy = await serveProxy({ status: 407 });
    const [end] = await ask(`http://127.0.0.1:${server.port}/v1`, proxy.port);
    assert.match(end?.record.error?.message ?? '', /It said: refused Basic \[redacted\]$/);
  });
});
