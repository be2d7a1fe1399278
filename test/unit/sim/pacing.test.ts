import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { startSimulator } from '../../../src/core/sim/server';
import { call, chat } from './support/client';

describe('simulator in real time', () => {
  it('writes when it is due and does not drift', async () => {
    const streams = 8;
    const tokens = 60;
    const sim = await startSimulator({ ttftMs: 20, ttftPerInputTokenMs: 0, itlMs: 8, jitter: 0, loadFactor: 1 });
    const agent = new Agent({ keepAlive: true, maxSockets: streams });
    try {
      await Promise.all(
        Array.from({ length: streams }, () =>
          call(`${sim.url}/chat/completions`, { body: chat('x', { stream: true, max_tokens: tokens }), agent }),
        ),
      );
      const requests = sim.requests();
      const lateness = requests.flatMap((request) =>
        request.writesMs.map((writeMs, i) => writeMs - (request.dueMs[i] ?? Number.NaN)),
      );
      assert.equal(lateness.length, streams * tokens);
      // Never early, whatever the machine does; 2 us for the rounding of both instants.
      assert.ok(Math.min(...lateness) > -0.002, `${Math.min(...lateness)} ms early`);
      // The median over 480 writes is some 0.05 ms. A timer of Node alone would make it 0.5 to 1 ms on an idle machine, so 1 ms
      // tells a broken pacer; half of all writes would have to hit a busy scheduler for it to be wrong.
      const median = lateness.sort((a, b) => a - b)[lateness.length >> 1] ?? Number.NaN;
      assert.ok(median < 1, `median lateness ${median} ms`);
      // Drift would add up over the tokens: the schedule itself is exact.
      for (const request of requests) {
        const spanMs = (request.dueMs.at(-1) ?? 0) - (request.dueMs[0] ?? 0);
        assert.ok(Math.abs(spanMs - (tokens - 1) * 8) < 0.01, `${spanMs} ms`);
      }
    } finally {
      agent.destroy();
      await sim.close();
    }
  });

  it('sleeps while nothing is asked of it', async () => {
    const sim = await startSimulator({});
    try {
      await new Promise((resolve) => setTimeout(resolve, 50));
      const before = process.cpuUsage();
      await new Promise((resolve) => setTimeout(resolve, 300));
      const used = process.cpuUsage(before);
      // A pacer that spins takes all of the 300 ms.
      assert.ok((used.user + used.system) / 1000 < 150, `${(used.user + used.system) / 1000} ms of CPU in 300 ms`);
    } finally {
      await sim.close();
    }
  });
});
