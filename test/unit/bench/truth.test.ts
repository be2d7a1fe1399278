import assert from 'node:assert/strict';
import type { ClientRequest } from '../../bench/clients/protocol';
import { errorsOf } from '../../bench/support/truth';
import type { SimRequest } from '../../../src/core/sim/request-log';

const WRITES = [1100, 1120, 1145];

function real(change: Partial<SimRequest> = {}): SimRequest {
  return {
    seq: 1,
    id: 'a',
    kind: 'chat',
    model: 'sim',
    stream: true,
    outcome: 'completed',
    status: 200,
    failure: null,
    finishReason: 'stop',
    inputTokens: 1,
    outputTokens: 3,
    reasoningTokens: 0,
    receivedMs: 1003,
    bodyMs: 1003,
    runningMs: 1003,
    headersMs: 1003,
    dueMs: WRITES,
    writesMs: WRITES,
    writtenMs: WRITES,
    chunkTokens: [1, 1, 1],
    blockedWrites: 0,
    endMs: 1145,
    ...change,
  };
}

function measured(arrivals: number[], change: Partial<ClientRequest> = {}): ClientRequest {
  return {
    id: 'a',
    scheduledMs: 1000,
    sentMs: 1002,
    arrivalsMs: Float64Array.from(arrivals),
    completed: true,
    measured: true,
    ...change,
  };
}

describe('the errors of a client', () => {
  it('are none where every instant is the true one', () => {
    const { ttftMs, itlMs, arrivalMs, lagMs, reachedMs, broken, matched } = errorsOf([measured(WRITES)], [real()]);
    assert.deepEqual({ ttftMs, itlMs, arrivalMs }, { ttftMs: [0], itlMs: [0, 0], arrivalMs: [0, 0, 0] });
    assert.deepEqual({ lagMs, reachedMs, broken, matched }, { lagMs: [2], reachedMs: [3], broken: 0, matched: 1 });
  });

  it('show a first token that is stamped late, and a gap that is too short for it', () => {
    const { ttftMs, itlMs, overstatedMs } = errorsOf([measured([1107, 1120, 1145])], [real()]);
    assert.deepEqual({ ttftMs, itlMs }, { ttftMs: [7], itlMs: [7, 0] });
    // From the sending to the stamp 105 ms; from the arrival at the server to the writing 97.
    assert.deepEqual(overstatedMs, [8]);
  });

  it('count what was lost, cut or never answered, and take no latency from it', () => {
    const requests = [
      measured([1100, 1120]),
      measured(WRITES, { id: 'unknown' }),
      measured(WRITES, { completed: false }),
      measured(WRITES, { sentMs: null }),
    ];
    const { broken, ttftMs, tokens } = errorsOf(requests, [real()]);
    assert.deepEqual({ broken, ttftMs, tokens }, { broken: 4, ttftMs: [], tokens: 11 });
  });

  it('leave the warm-up out', () => {
    const { matched, broken } = errorsOf([measured([], { measured: false })], [real()]);
    assert.deepEqual({ matched, broken }, { matched: 0, broken: 0 });
  });
});
