import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import Client from 'undici/lib/dispatcher/client.js';
import buildConnector from 'undici/lib/core/connect.js';
import { directReads } from '../../../src/core/load/direct-reads';

const PSK = { identity: 'test', key: randomBytes(32) };
/** Encryption without certificates. */
const CIPHERS = 'PSK-AES256-GCM-SHA384';

interface Answered {
  status: number;
  chunks: Buffer[];
}

function ask(client: Client): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const answered: Answered = { status: 0, chunks: [] };
    client.dispatch(
      { method: 'POST', path: '/', body: 'question' },
      {
        onConnect: () => undefined,
        onHeaders: (status) => {
          answered.status = status;
          return true;
        },
        onData: (chunk) => {
          // Kept as it is, as the client keeps it until it is decoded.
          answered.chunks.push(chunk);
          return true;
        },
        onComplete: () => resolve(answered),
        onError: reject,
      },
    );
  });
}

describe('directReads', () => {
  const servers: Server[] = [];
  const clients: Client[] = [];
  const onread = directReads();

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.destroy()));
    await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  });

  async function clientOf(server: Server, secure: boolean): Promise<Client> {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const tls = secure
      ? {
          pskCallback: () => ({ identity: PSK.identity, psk: PSK.key }),
          ciphers: CIPHERS,
          maxVersion: 'TLSv1.2' as const,
          checkServerIdentity: () => undefined,
        }
      : {};
    const origin = `${secure ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = new Client(origin, { connect: buildConnector({ timeout: 0, onread, ...tls }) });
    clients.push(client);
    return client;
  }

  function serverOf(secure: boolean, onSocket: (socket: Socket) => void): Server {
    return secure
      ? createTlsServer({ pskCallback: () => PSK.key, ciphers: CIPHERS, maxVersion: 'TLSv1.2' }, onSocket)
      : createServer(onSocket);
  }

  /** Answers each request with `body`, in pieces of `pieceBytes`, a turn of the event loop apart. */
  function answering(body: Buffer, pieceBytes: number) {
    return (socket: Socket): void => {
      socket.on('error', () => socket.destroy());
      socket.on('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`);
        let at = 0;
        const next = (): void => {
          if (at >= body.length || socket.destroyed) return;
          socket.write(body.subarray(at, (at += pieceBytes)));
          setImmediate(next);
        };
        next();
      });
    };
  }

  for (const secure of [false, true]) {
    const kind = secure ? 'over TLS' : 'in the clear';

    it(`keeps every byte of interleaved answers, ${kind}`, async () => {
      const bodies = [randomBytes(300_000), randomBytes(300_000)];
      const asked = await Promise.all(
        bodies.map(async (body) => ask(await clientOf(serverOf(secure, answering(body, 1777)), secure))),
      );
      asked.forEach(({ status, chunks }, i) => {
        assert.equal(status, 200);
        assert.ok(Buffer.concat(chunks).equals(bodies[i] ?? Buffer.alloc(0)));
      });
    });

    it(`serves one request after the other on a connection, ${kind}`, async () => {
      let connections = 0;
      const answer = answering(Buffer.from('answer'), 2);
      const server = serverOf(secure, (socket) => {
        connections++;
        answer(socket);
      });
      const client = await clientOf(server, secure);
      for (let i = 0; i < 3; i++) assert.equal(Buffer.concat((await ask(client)).chunks).toString(), 'answer');
      assert.equal(connections, 1);
    });

    it(`sees an answer that only the end of the connection ends, ${kind}`, async () => {
      const server = serverOf(secure, (socket) => {
        socket.on('error', () => socket.destroy());
        socket.once('data', () => {
          socket.write('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n');
          setImmediate(() => socket.end('the end'));
        });
      });
      const { chunks } = await ask(await clientOf(server, secure));
      assert.equal(Buffer.concat(chunks).toString(), 'the end');
    });

    it(`reports a connection that is cut in the middle of an answer, ${kind}`, async () => {
      const server = serverOf(secure, (socket) => {
        socket.on('error', () => socket.destroy());
        socket.once('data', () => {
          socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf');
          setTimeout(() => socket.destroy(), 5);
        });
      });
      await assert.rejects(ask(await clientOf(server, secure)));
    });

    it(`reports an answer that is not HTTP, ${kind}`, async () => {
      const server = serverOf(secure, (socket) => {
        socket.on('error', () => socket.destroy());
        socket.once('data', () => socket.write('not HTTP\r\n\r\n'));
      });
      await assert.rejects(ask(await clientOf(server, secure)), { name: 'HTTPParserError' });
    });
  }

  it('keeps what comes before the request was written in its order', async () => {
    const server = serverOf(false, (socket) => {
      socket.on('error', () => socket.destroy());
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nearly');
      socket.once('data', () => socket.write(' late'));
    });
    const { chunks } = await ask(await clientOf(server, false));
    assert.equal(Buffer.concat(chunks).toString(), 'early late');
  });
});
