import assert from 'node:assert/strict';
import { makeAuthority } from '../support/certificates';
import { clientOf, until, type ClientOptions } from './client';
import { serveEvents } from './secure-server';

const authority = makeAuthority();
const local = authority.issue({ names: ['localhost', '127.0.0.1'] });

async function ask(tls: ClientOptions['tls'], certified = local, host = '127.0.0.1') {
  const { port } = await serveEvents(certified);
  const client = clientOf(`https://${host}:${port}/v1`, {}, { tls });
  const end = await client.ask();
  return { end, client };
}

describe('an https endpoint', () => {
  it('answers where its authority is named', async () => {
    for (const host of ['127.0.0.1', 'localhost']) {
      const { end } = await ask({ ca: authority.cert, rejectUnauthorized: true }, local, host);
      assert.equal(end.record.outcome, 'completed', end.record.error?.message);
      assert.equal(end.answer?.text, 'ab');
      assert.equal(end.record.events, 2);
      assert.ok((end.record.connect_ms ?? 0) > 0);
    }
  });

  it('keeps its connection for the next request, and closes it with the pool', async () => {
    const served = await serveEvents(local);
    const tls = { ca: authority.cert, rejectUnauthorized: true };
    const client = clientOf(`https://127.0.0.1:${served.port}/v1`, {}, { tls });
    assert.notEqual((await client.ask()).record.connect_ms, null);
    assert.equal((await client.ask()).record.connect_ms, null);
    assert.deepEqual([served.requests.length, served.sockets.size], [2, 1]);
    client.pool.close();
    assert.ok(await until(() => served.sockets.size === 0));
  });

  it('says what opening it took: TCP and TLS apart', async () => {
    const { port } = await serveEvents(local);
    const { pool } = clientOf(
      `https://localhost:${port}`,
      {},
      { tls: { ca: authority.cert, rejectUnauthorized: true } },
    );
    await pool.warm(1, new AbortController().signal);
    const times = pool.takeIdle()?.times;
    assert.ok(times !== undefined && times.tlsMs !== null && times.dnsMs !== null);
    assert.ok(times.tlsMs > 0 && times.tcpMs > 0);
    assert.equal(times.proxyMs, null);
    assert.ok(Math.abs(times.dnsMs + times.tcpMs + times.tlsMs - times.totalMs) < 0.001);
  });

  it('answers an unknown certificate where the file does not insist', async () => {
    const { end } = await ask({ ca: undefined, rejectUnauthorized: false });
    assert.equal(end.record.outcome, 'completed', end.record.error?.message);
  });

  it('is refused with a reason and a remedy where its certificate is not trusted', async () => {
    const expired = authority.issue({ names: ['127.0.0.1'], expired: true });
    const other = authority.issue({ names: ['example.org'] });
    const trusting = { ca: authority.cert, rejectUnauthorized: true };
    const refusals: [ClientOptions['tls'], typeof local, RegExp][] = [
      [
        { ca: undefined, rejectUnauthorized: true },
        local,
        /not signed by an authority known here; name the authority in tls\.ca/,
      ],
      [{ ca: makeAuthority('Another').cert, rejectUnauthorized: true }, local, /name the authority in tls\.ca/],
      [trusting, expired, /its certificate has expired \(CERT_HAS_EXPIRED\)/],
      [trusting, other, /its certificate belongs to another name/],
    ];
    for (const [tls, certified, message] of refusals) {
      const { end } = await ask(tls, certified);
      assert.deepEqual([end.record.outcome, end.record.error?.kind], ['failed', 'tls']);
      assert.match(end.record.error?.message ?? '', message);
      assert.equal(end.record.sent, null);
    }
  });
});
