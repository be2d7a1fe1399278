import assert from 'node:assert/strict';
import { ChunkInstants, RequestLog, type LoggedRequest } from '../../../src/core/sim/request-log';

function logged(id: string, chunkCount = 1): LoggedRequest {
  const chunks = new ChunkInstants(0);
  for (let i = 0; i < chunkCount; i++) chunks.add(10 + i, 10.0001239 + i, 10.0001231 + i, 2);
  return {
    id,
    kind: 'chat',
    model: 'm',
    stream: true,
    outcome: 'completed',
    status: 200,
    failure: null,
    finishReason: 'stop',
    inputTokens: 1,
    outputTokens: 2 * chunkCount,
    reasoningTokens: 0,
    receivedMs: 1,
    bodyMs: 2,
    runningMs: 3,
    headersMs: 4,
    chunks,
    blockedWrites: 0,
    endMs: 99,
  };
}

const ids = (log: RequestLog, since = 0, limit?: number): string[] =>
  log.since(since, limit).requests.map((request) => request.id);

describe('sim request log', () => {
  it('pages from a sequence number on', () => {
    const log = new RequestLog({ requests: 10, chunks: 1000 });
    for (const id of ['a', 'b', 'c']) log.add(logged(id));
    const page = log.since(0, 2);
    assert.deepEqual([page.requests.map(({ id }) => id), page.next, page.more], [['a', 'b'], 2, true]);
    const rest = log.since(page.next, 2);
    assert.deepEqual([rest.requests.map(({ id }) => id), rest.next, rest.more], [['c'], 3, false]);
    assert.deepEqual(log.since(rest.next).requests, []);
    assert.equal(log.since(rest.next).next, 3);
  });

  it('goes on counting after it was cleared, so that an old page mark stays valid', () => {
    const log = new RequestLog({ requests: 10, chunks: 1000 });
    log.add(logged('a'));
    log.clear();
    assert.equal(log.since(1).next, 1);
    log.add(logged('b'));
    assert.deepEqual(ids(log, 1), ['b']);
  });

  it('drops the oldest beyond its number of requests, and says how many', () => {
    const log = new RequestLog({ requests: 3, chunks: 1e6 });
    for (let i = 0; i < 5000; i++) log.add(logged(`r${i}`));
    assert.deepEqual(ids(log), ['r4997', 'r4998', 'r4999']);
    assert.deepEqual([log.size, log.since(0).dropped], [3, 4997]);
    assert.deepEqual(ids(log, 4998, 1), ['r4998']);
  });

  it('drops the oldest beyond its number of chunks, but keeps the newest whatever its size', () => {
    const log = new RequestLog({ requests: 100, chunks: 10 });
    for (const id of ['a', 'b', 'c']) log.add(logged(id, 5));
    assert.deepEqual(ids(log), ['b', 'c']);
    log.add(logged('huge', 50));
    assert.deepEqual(ids(log), ['huge']);
  });

  it('rounds so that nothing seems to arrive before it was sent', () => {
    const log = new RequestLog({ requests: 1, chunks: 10 });
    log.add(logged('a', 2));
    const request = log.since(0).requests[0];
    assert.deepEqual(request?.writesMs, [10, 11]);
    assert.deepEqual(request?.writtenMs, [10.001, 11.001]);
    assert.deepEqual(request?.dueMs, [10, 11]);
    assert.deepEqual(request?.chunkTokens, [2, 2]);
  });
});
