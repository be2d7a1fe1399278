import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { AddressedEndpoint } from '../../../../src/core/quality/judge/endpoint-http';
import { HttpJudge } from '../../../../src/core/quality/judge/http-judge';
import { Redactor } from '../../../../src/core/util/redact';
import { serveProxy, type ProxyBehaviour } from '../../load/secure-server';
import { makeAuthority } from '../../support/certificates';
import { FakeClock } from '../../support/fake-clock';
import { removeTempDirs, tempDir } from '../../support/temp';
import { FakeEndpoint, judgePlan, says, saysJson, VERDICT } from './support';

const GOOD = { reason: 'polite', score: 0.9, pass: true };

describe('the way to a judge', () => {
  const closing: { close(): unknown }[] = [];
  const authority = makeAuthority();
  const certified = authority.issue({ names: ['127.0.0.1'] });
  const proxyOfEnvironment = process.env['HTTPS_PROXY'];

  afterEach(async () => {
    if (proxyOfEnvironment === undefined) delete process.env['HTTPS_PROXY'];
    else process.env['HTTPS_PROXY'] = proxyOfEnvironment;
    for (const each of closing.splice(0).reverse()) await each.close();
  });
  after(removeTempDirs);

  /** Asks once, and lets the waits between attempts pass at once. */
  async function ask(url: string, more: Partial<AddressedEndpoint>): Promise<{ value: unknown; reason: string }> {
    const clock = new FakeClock();
    const judge = new HttpJudge({ plan: judgePlan(url, more), apiKey: undefined, redactor: new Redactor(), clock });
    closing.push(judge);
    const advancing = setInterval(() => clock.advance(1_000), 20);
    const reply = await judge.ask(VERDICT, new AbortController().signal);
    clearInterval(advancing);
    return reply.ok ? { value: reply.value, reason: '' } : { value: null, reason: reply.reason };
  }

  async function secure(): Promise<{ url: string; server: Server }> {
    const server = createServer(certified, (request, response) => {
      request.resume();
      response.end(saysJson(GOOD).body);
    });
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    closing.push({
      close: () => {
        server.closeAllConnections();
        server.close();
      },
    });
    return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, server };
  }

  async function plain(): Promise<FakeEndpoint> {
    const endpoint = await FakeEndpoint.start(() => saysJson(GOOD));
    closing.push(endpoint);
    return endpoint;
  }

  async function proxied(behaviour?: ProxyBehaviour) {
    const proxy = await serveProxy(behaviour);
    return { ...proxy, address: `http://127.0.0.1:${proxy.port}` };
  }

  function caFile(): string {
    const path = join(tempDir(), 'ca.pem');
    writeFileSync(path, authority.cert);
    return path;
  }

  it('is TLS with the authority that the endpoint names', async () => {
    const { url } = await secure();
    const named = await ask(url, { tls: { caPath: caFile(), rejectUnauthorized: true } });
    assert.deepEqual(named.value, GOOD, named.reason);
    const unknown = await ask(url, {});
    assert.match(unknown.reason, /The TLS connection to 127\.0\.0\.1:\d+ .* failed: .*name the authority in tls\.ca/);
    assert.deepEqual((await ask(url, { tls: { rejectUnauthorized: false } })).value, GOOD);
  });

  it('says which file of tls.ca cannot be read', async () => {
    const { reason } = await ask('https://127.0.0.1:9/v1', {
      tls: { caPath: join(tempDir(), 'no.pem'), rejectUnauthorized: true },
    });
    assert.match(reason, /the file of tls\.ca, .*no\.pem, cannot be read/);
  });

  it('leads through a proxy, in a tunnel where it is TLS, with the login of the environment', async () => {
    const proxy = await proxied();
    process.env['HTTPS_PROXY'] = `http://user:pa%20ss@127.0.0.1:${proxy.port}`;
    const { url } = await secure();
    const tunnelled = await ask(url, { proxy: proxy.address, tls: { caPath: caFile(), rejectUnauthorized: true } });
    assert.deepEqual(tunnelled.value, GOOD, tunnelled.reason);
    assert.deepEqual(proxy.tunnels, [new URL(url).host]);
    assert.equal(proxy.requests.length, 0);

    const endpoint = await plain();
    const forwarded = await ask(endpoint.url, { proxy: proxy.address });
    assert.deepEqual(forwarded.value, GOOD, forwarded.reason);
    assert.deepEqual(
      proxy.requests.map(({ url: asked }) => asked),
      [`${endpoint.url}/chat/completions`],
    );
    assert.equal(endpoint.heard[0]?.headers['host'], new URL(endpoint.url).host);
    const login = `Basic ${Buffer.from('user:pa ss').toString('base64')}`;
    assert.deepEqual(proxy.logins, [login, login]);
  });

  it('says what the proxy does wrong', async () => {
    const { url } = await secure();
    const login = await ask(url, { proxy: (await proxied({ status: 407 })).address });
    assert.match(login.reason, /the proxy 127\.0\.0\.1:\d+ wants a valid login/);
    const refused = await ask(url, { proxy: (await proxied({ status: 403 })).address });
    assert.match(refused.reason, /the proxy .* does not open it \(HTTP 403 Not today\)/);
    const gone = await plain();
    await gone.close();
    closing.pop();
    for (const target of [url, 'http://127.0.0.1:9/v1']) {
      const absent = await ask(target, { proxy: gone.url.replace('/v1', '') });
      assert.match(absent.reason, /the proxy 127\.0\.0\.1:\d+ cannot be reached/);
    }
  });

  it('keeps secrets of headers, addresses and proxies out of reasons', async () => {
    const endpoint = await FakeEndpoint.start(({ headers, path }) => says(`${String(headers['x-api-key'])} ${path}`));
    closing.push(endpoint);
    const { reason } = await ask(`${endpoint.url}?token=canary-in-address`, {
      headers: { 'x-api-key': 'canary-in-header' },
    });
    assert.equal(endpoint.heard[0]?.path, '/v1/chat/completions?token=canary-in-address');
    assert.match(reason, /\[redacted\]/);
    assert.doesNotMatch(reason, /canary/);
  });
});
