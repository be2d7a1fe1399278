import assert from 'node:assert/strict';
import { trackerFor } from '../../../src/core/metrics/slo-tracker';
import { StageMemory, type StageBounds } from '../../../src/core/metrics/stage-memory';
import type { StageTotals } from '../../../src/core/metrics/stage-totals';
import type { RequestSample } from '../../../src/core/metrics/request-sample';
import { judgeSlo } from '../../../src/core/metrics/verdict';
import type { SloResult } from '../../../src/protocol/run-json';
import type { SloPlan } from '../../../src/protocol/plan';
import { Mm1Queue, slo } from './fixtures';

/** Judges `e2e.p99 <= limit` on the sojourn times of one run, in ms of which one service takes 1. */
function judge(sojourns: Float64Array, instants: Float64Array, limit: number, bounds: StageBounds = {}): SloResult {
  const plan: SloPlan = { ...slo('e2e.p99 <= 1ms'), limit };
  const memory = new StageMemory('open', ['e2e'], bounds);
  const tracker = trackerFor(plan, memory);
  assert.ok(tracker !== null);
  sojourns.forEach((value, i) => {
    const at = instants[i] as number;
    const sample: RequestSample = {
      at,
      endMs: at + value,
      completed: true,
      values: { e2e: value },
      gaps: [],
      outputTokens: 0,
      inputTokens: 0,
      cost: null,
      good: null,
    };
    memory.add(sample);
    tracker.add(sample);
  });
  const totals: StageTotals = {
    window: { startMs: 0, endMs: instants.at(-1) as number },
    requests: sojourns.length,
    completed: sojourns.length,
    good: null,
    outputTokens: 0,
    inputTokens: 0,
    cost: null,
    costOfAll: null,
    concurrencyMean: 1,
    concurrencyMax: 1,
  };
  return judgeSlo(plan, tracker.evidence(totals, 0.95), { policy: 'point', confidence: 0.95 });
}

function shares(
  utilisation: number,
  n: number,
  factor: number,
  replications: number,
  bounds: StageBounds = {},
): { pass: number; fail: number } {
  const sure = { pass: 0, fail: 0 };
  const queue = new Mm1Queue(utilisation, Math.round(utilisation * 1000) + n);
  for (let i = 0; i < replications; i++) {
    const { sojourns, instants } = queue.run(n);
    const result = judge(sojourns, instants, factor * queue.quantile(0.99), bounds);
    if (result.confidence === 'high' && result.verdict !== 'inconclusive') sure[result.verdict]++;
  }
  return { pass: sure.pass / replications, fail: sure.fail / replications };
}

describe('verdicts on a queue whose p99 is exactly at the limit', function () {
  this.timeout(60_000);
  const replications = new Map([
    [500, 400],
    [2000, 200],
    [10_000, 100],
  ]);
  for (const utilisation of [0.3, 0.7, 0.9]) {
    for (const n of [500, 2000, 10_000]) {
      it(`are rarely sure and wrong at utilisation ${utilisation} with ${n} requests`, () => {
        const { pass, fail } = shares(utilisation, n, 1, replications.get(n) as number);
        assert.ok(pass <= 0.06, `false passes: ${pass}`);
        assert.ok(fail <= 0.06, `false fails: ${fail}`);
      });
    }
  }

  // As a run of half a million requests is to the default bounds: most of it in batches of many requests, values in a histogram.
  const long: StageBounds = { exactRows: 1000, batches: 256, exactSamples: 1000 };
  for (const utilisation of [0.3, 0.7, 0.9]) {
    it(`are rarely sure and wrong at utilisation ${utilisation} where a long run is summed up in batches`, () => {
      const { pass, fail } = shares(utilisation, 10_000, 1, 150, long);
      assert.ok(pass <= 0.06, `false passes: ${pass}`);
      assert.ok(fail <= 0.06, `false fails: ${fail}`);
    });
  }

  it('are sure where a long run is well within its limit, or clearly beyond', () => {
    assert.ok(shares(0.3, 10_000, 1.5, 60, long).pass >= 0.95);
    assert.ok(shares(0.7, 10_000, 0.6, 60, long).fail >= 0.95);
  });

  it('are sure where the limit is half again as high and the sample large', () => {
    assert.ok(shares(0.3, 10_000, 1.5, 60).pass >= 0.95);
  });

  it('are sure of a clear miss', () => {
    assert.ok(shares(0.3, 2000, 0.6, 60).fail >= 0.95);
  });
});
