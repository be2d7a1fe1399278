import assert from 'node:assert/strict';
import { perRequestLimits } from '../../../src/core/metrics/request-sample';
import { seededRandom } from '../../../src/core/metrics/random';
import type { RequestRecord, SloResult, StageResult } from '../../../src/protocol/run-json';
import { ORIGIN_MS, aggregator, end, failure, request, resultOf, slo } from './fixtures';

const at = (i: number, everyMs = 100): number => ORIGIN_MS + i * everyMs;

function many(n: number, shape: (i: number) => Partial<Parameters<typeof request>[0]> = () => ({})): RequestRecord[] {
  return Array.from({ length: n }, (_, i) => request({ at: at(i), ...shape(i) }));
}

function sloOf(result: StageResult, expr: string): SloResult {
  const found = result.slo.find((item) => item.expr === expr);
  assert.ok(found !== undefined, `${expr} among ${result.slo.map((item) => item.expr).join(', ')}`);
  return found;
}

describe('latencies of a stage', () => {
  it('count from the schedule in an open loop: a late send cannot hide the wait', () => {
    const result = resultOf(many(10, () => ({ lag: 500, ttft: 100, gaps: [20, 30] })));
    assert.equal(result.metrics['ttft']?.p50, 600);
    assert.equal(result.metrics['ttft_sent']?.p50, 100);
    assert.equal(result.metrics['e2e']?.p50, 650);
    assert.equal(result.metrics['e2e_sent']?.p50, 150);
    assert.equal(result.metrics['dispatch_lag']?.p99, 500);
  });

  it('count from the send in a closed loop', () => {
    const result = resultOf(
      many(10, () => ({ lag: 500, ttft: 100 })),
      { loop: 'closed', pattern: 'concurrent', rate: null },
    );
    assert.equal(result.metrics['ttft']?.p50, 100);
    assert.deepEqual(result.metrics['ttft_sent'], result.metrics['ttft']);
    assert.deepEqual(result.metrics['e2e_sent'], result.metrics['e2e']);
  });

  it('pool the gaps, so that a single stall is visible at p99', () => {
    const stalled = [10, 10, 800, 10];
    const result = resultOf(many(20, (i) => ({ gaps: i === 7 ? stalled : [10, 10, 10, 10] })));
    assert.equal(result.metrics['itl']?.n, 80);
    assert.equal(result.metrics['itl']?.max, 800);
    assert.ok((result.metrics['itl']?.p99 ?? 0) > 100);
    assert.ok((result.metrics['tpot']?.max ?? 0) < 210);
  });

  it('have a TPOT per token, and none below two tokens', () => {
    const speculative = request({ at: at(0), gaps: [60, 60], more: { output_tokens: 7 } });
    const short = request({ at: at(1), gaps: [], more: { output_tokens: 1 } });
    const result = resultOf([speculative, short]);
    assert.equal(result.metrics['tpot']?.n, 1);
    assert.equal(result.metrics['tpot']?.mean, 20);
    assert.equal(result.metrics['itl']?.mean, 60);
    assert.equal(result.metrics['tokens_per_event']?.max, 7 / 3);
  });

  it('keep the requests that opened a connection: a user who waits for one waits', () => {
    const cold = request({ at: at(0), ttft: 900, more: { connect_ms: 40 } });
    const result = resultOf([cold, ...many(5).slice(1)]);
    assert.deepEqual([result.metrics['ttft']?.n, result.metrics['ttft']?.max], [5, 900]);
    assert.deepEqual([result.metrics['connect']?.n, result.metrics['connect']?.p50], [1, 40]);
  });

  it('judge what the client itself took, of failed requests too', () => {
    const late = { ...failure(at(9)), sent: at(9) + 30 };
    const result = resultOf([...many(9, () => ({ lag: 2 })), late], {
      slos: [slo('dispatch_lag.max <= 10ms'), slo('connect.p50 <= 10ms')],
    });
    assert.deepEqual([result.slo[0]?.value, result.slo[0]?.verdict], [30, 'fail']);
    assert.equal(result.slo[1]?.reason, 'no request has a connect');
  });

  it('leave out what is not measured', () => {
    const warm = request({ at: at(0), ttft: 9000, more: { phase: 'warmup' } });
    const cool = request({ at: at(99), ttft: 9000, more: { phase: 'cooldown' } });
    const result = resultOf([warm, ...many(5).slice(1), cool], { slos: [slo('ttft.max <= 1s')] });
    assert.equal(result.metrics['ttft']?.max, 100);
    assert.equal(result.counts.scheduled, 4);
    assert.equal(sloOf(result, 'ttft.max <= 1s').verdict, 'pass');
  });
});

describe('requests that failed', () => {
  const kinds: [RequestRecord['outcome'], string][] = [
    ['failed', 'http_429'],
    ['timed_out', 'timeout_first_token'],
    ['cancelled', 'cancelled'],
    ['truncated', 'disconnect'],
  ];

  it('are never a latency, and always count', () => {
    const bad = kinds.map(([outcome, kind], i) => failure(at(50 + i), kind, outcome));
    const result = resultOf([...many(16), ...bad], {
      slos: [slo('error_rate <= 5%'), slo('ttft.min >= 50ms'), slo('goodput_ratio >= 75%')],
    });
    assert.deepEqual(result.counts, {
      scheduled: 20,
      completed: 16,
      failed: 1,
      timed_out: 1,
      cancelled: 1,
      truncated: 1,
    });
    for (const name of ['ttft', 'e2e', 'tpot']) assert.equal(result.metrics[name]?.n, 16, name);
    assert.equal(result.metrics['ttft']?.min, 100);
    assert.equal(result.rates.error_rate, 0.2);
    assert.equal(sloOf(result, 'error_rate <= 5%').verdict, 'fail');
    assert.equal(sloOf(result, 'ttft.min >= 50ms').value, 100);
  });

  it('do not lend their partial stream to a latency', () => {
    const cut = request({
      at: at(0),
      ttft: 1,
      gaps: [900],
      more: { outcome: 'truncated', error: { kind: 'disconnect', message: 'cut' } },
    });
    const result = resultOf([cut, ...many(3)]);
    assert.equal(result.metrics['itl']?.max, 20);
    assert.equal(result.metrics['ttft']?.min, 100);
    assert.equal(result.rates.output_tps * (result.window.end_ms / 1000), 12);
  });

  it('are grouped by kind with the first message', () => {
    const result = resultOf([...many(3), failure(at(10)), failure(at(11), 'http_429'), failure(at(12), 'http_429')]);
    assert.deepEqual(result.errors, [
      { kind: 'http_429', count: 2, example: `http_429 at ${at(11)}` },
      { kind: 'http_500', count: 1, example: `http_500 at ${at(10)}` },
    ]);
  });

  it('leave latency SLOs inconclusive where nothing completed, with the reason', () => {
    const result = resultOf([failure(at(0)), failure(at(1))], { slos: [slo('ttft.p99 <= 200ms')] });
    const [judged] = result.slo;
    assert.deepEqual(
      [judged?.verdict, judged?.value, judged?.reason],
      ['inconclusive', null, 'none of 2 requests completed'],
    );
    assert.deepEqual(result.metrics['ttft'], undefined);
  });
});

describe('rates of a stage', () => {
  it('divide by the window between warm-up and cool-down', () => {
    const records = many(100, (i) => ({ more: { phase: i < 20 ? 'warmup' : i >= 90 ? 'cooldown' : 'measured' } }));
    const result = resultOf(records, {
      warmupMs: 2000,
      cooldownMs: 1000,
      durationMs: 10_000,
      slos: [slo('rps >= 9/s')],
    });
    assert.deepEqual(result.window, { start_ms: 2000, end_ms: 9000 });
    assert.equal(result.rates.rps, 10);
    assert.equal(result.rates.offered_rps, 10);
    assert.equal(result.rates.output_tps, 40);
    assert.equal(result.rates.input_tps, 500);
    assert.equal(result.rates.total_tps, 540);
    assert.equal(sloOf(result, 'rps >= 9/s').value, 10);
  });

  it('end the window where a stage was stopped', () => {
    const result = resultOf(many(30), { durationMs: 60_000 }, { endMs: at(30), endedEarly: 'cancelled' });
    assert.equal(result.window.end_ms, 3000);
    assert.ok(result.flags.includes('stopped'));
  });

  it('end the window with the last request where their number was the limit', () => {
    const result = resultOf(many(21), { durationMs: 60_000, requests: 21 });
    assert.equal(result.window.end_ms, 2000);
    const closed = resultOf(many(21), { loop: 'closed', pattern: 'concurrent', rate: null, requests: 21 });
    assert.equal(closed.window.end_ms, 2000 + 161);
  });

  it('count a request as good only if it met every limit and was right', () => {
    const stage = aggregator({
      slos: [slo('ttft.p99 <= 200ms'), slo('itl.p99 <= 50ms'), slo('goodput >= 1/s')],
      durationMs: 1000,
    });
    stage.add(request({ at: at(0) }), true);
    stage.add(request({ at: at(1) }), null);
    stage.add(request({ at: at(2) }), false);
    stage.add(request({ at: at(3), ttft: 201 }), true);
    stage.add(request({ at: at(4), gaps: [10, 80] }), true);
    stage.add(failure(at(5)));
    const result = stage.finish(end());
    assert.equal(result.rates.goodput, 2);
    assert.equal(result.rates.goodput_ratio, 2 / 6);
    assert.equal(sloOf(result, 'goodput >= 1/s').value, 2);
  });

  it('have no goodput where nothing says what good is', () => {
    const result = resultOf(many(5), { slos: [slo('goodput >= 1/s')] });
    assert.equal(result.rates.goodput, null);
    assert.equal(result.slo[0]?.verdict, 'inconclusive');
  });

  it('hold a request to the highest statistic of each metric alone', () => {
    const limits = perRequestLimits([
      slo('ttft.p50 <= 100ms'),
      slo('ttft.p99 <= 300ms'),
      slo('e2e.stdev <= 1s'),
      slo('dispatch_lag.p99 <= 1ms'),
      slo('tpot.mean <= 30ms'),
      slo('e2e.p99 >= 1ms'),
    ]);
    assert.deepEqual(
      limits.map((limit) => limit.expr),
      ['ttft.p99 <= 300ms', 'tpot.mean <= 30ms'],
    );
  });
});

describe('verdicts of a stage', () => {
  const random = seededRandom(4);
  const noisy = (n: number): RequestRecord[] => many(n, () => ({ ttft: 100 + 50 * random() }));

  it('pass with an interval and the effective sample', () => {
    const result = resultOf(noisy(900), { slos: [slo('ttft.p99 <= 200ms')] });
    const [judged] = result.slo;
    assert.deepEqual([judged?.verdict, judged?.confidence], ['pass', 'high']);
    assert.ok((judged?.n_effective ?? 0) > 500 && (judged?.n_effective ?? 0) <= 900);
    const [low, high] = judged?.ci ?? [0, 0];
    assert.ok(low < (judged?.value ?? 0) && high > (judged?.value ?? 0) && high <= 150);
    assert.deepEqual(result.flags, []);
  });

  it('do not depend on the order in which requests end', () => {
    const records = many(600, (i) => ({ ttft: 100 + 40 * Math.sin(i / 40) + 5 * random() }));
    const shuffled = records
      .map((record) => ({ record, key: random() }))
      .sort((a, b) => a.key - b.key)
      .map(({ record }) => record);
    const options = { slos: [slo('ttft.p99 <= 200ms')] };
    const inOrder = resultOf(records, options).slo[0]?.n_effective ?? 0;
    const mixed = resultOf(shuffled, options).slo[0]?.n_effective ?? 0;
    assert.ok(Math.abs(inOrder - mixed) < 1e-6 * inOrder);
    assert.ok(inOrder < 60, 'a slow wave makes neighbours dependent');
  });

  it('ask for more requests where there are too few', () => {
    const result = resultOf(
      many(12, (i) => ({ ttft: 100 + ((i * 7) % 5) })),
      { slos: [slo('ttft.p99 <= 200ms')], policy: 'strict', durationMs: 1200 },
    );
    assert.equal(result.slo[0]?.verdict, 'inconclusive');
    assert.match(result.slo[0]?.reason ?? '', /^12 samples are too few for a p99 \(299 needed, \d+ s more\)$/);
    assert.ok(result.flags.includes('low_samples'));
  });

  it('see that the gaps of one request are one cluster', () => {
    const level = Array.from({ length: 400 }, () => 20 + 20 * random());
    const clustered = resultOf(
      many(400, (i) => ({ gaps: new Array<number>(20).fill(level[i] as number) })),
      { slos: [slo('itl.p99 <= 50ms')] },
    );
    const independent = resultOf(
      many(400, () => ({ gaps: Array.from({ length: 20 }, () => 20 + 20 * random()) })),
      { slos: [slo('itl.p99 <= 50ms')] },
    );
    assert.equal(clustered.slo[0]?.n, 8000);
    assert.ok((clustered.slo[0]?.n_effective ?? 0) < 500, String(clustered.slo[0]?.n_effective));
    assert.ok((independent.slo[0]?.n_effective ?? 0) > 4000, String(independent.slo[0]?.n_effective));
  });

  it('judge every kind of metric', () => {
    const texts = [
      'ttft.mean <= 200ms',
      'ttft.stdev <= 50ms',
      'itl.mean <= 30ms',
      'itl.max <= 30ms',
      'rps >= 5/s',
      'offered_rps >= 5/s',
      'output_tps >= 10/s',
      'input_tps >= 10/s',
      'total_tps >= 10/s',
      'concurrency.max <= 8',
      'concurrency.mean <= 8',
      'output_tokens.mean <= 5',
      'goodput_ratio >= 90%',
      'cost.per_request <= $0.01',
      'cost.per_good <= $0.01',
      'cost.per_1m_output <= $300',
      'cost.total <= $5',
      'cost.p99 <= $0.01',
    ];
    const records = many(400, () => ({ ttft: 100 + 50 * random(), more: { cost: 0.001 + 0.0001 * random() } }));
    const result = resultOf(records, { slos: [slo('ttft.p99 <= 200ms'), ...texts.map((text) => slo(text))] });
    for (const judged of result.slo)
      assert.equal(judged.verdict, 'pass', `${judged.expr}: ${judged.value} ${judged.reason}`);
    const value = (expr: string): number => sloOf(result, expr).value ?? Number.NaN;
    assert.ok(Math.abs(value('cost.per_request <= $0.01') - 0.00105) < 5e-5);
    assert.ok(Math.abs(value('cost.per_1m_output <= $300') - (0.00105 / 4) * 1e6) < 3);
    assert.equal(value('concurrency.max <= 8'), 4);
  });

  it('leave quality to the answers', () => {
    assert.deepEqual(resultOf(many(3), { slos: [slo('quality.pass_rate >= 95%')] }).slo, []);
  });

  it('take the hardware as cost where requests have none', () => {
    const result = resultOf(many(36), {
      durationMs: 3600,
      hardware: { costPerHour: 3.6 },
      slos: [slo('cost.per_request <= $0.001'), slo('cost.total <= $1')],
    });
    assert.ok(Math.abs((sloOf(result, 'cost.per_request <= $0.001').value ?? 0) - 0.0001) < 1e-9);
    const without = resultOf(many(36), { slos: [slo('cost.per_request <= $0.001')] });
    assert.match(without.slo[0]?.reason ?? '', /no "price"/);
  });
});

describe('the client', () => {
  it('that sent late cannot pass, and says so', () => {
    const late = resultOf(
      many(600, () => ({ lag: 15 })),
      { slos: [slo('ttft.p99 <= 200ms'), slo('error_rate <= 5%')] },
    );
    assert.equal(late.client.limited, true);
    assert.equal(late.client.dispatch_lag_p99_ms, 15);
    assert.ok(late.flags.includes('client_limited'));
    for (const judged of late.slo) {
      assert.equal(judged.verdict, 'inconclusive');
      assert.match(judged.reason, /the client was the limit: it sent 15 ms late at p99, 10 ms is allowed/);
    }
  });

  it('is held to 5% of the tightest limit, or to 10 ms without one', () => {
    const lagged = many(600, () => ({ lag: 8 }));
    assert.equal(resultOf(lagged).client.limited, false);
    assert.equal(resultOf(lagged, { slos: [slo('ttft.p99 <= 200ms')] }).client.limited, false);
    assert.equal(resultOf(lagged, { slos: [slo('ttft.p99 <= 200ms'), slo('tpot.p99 <= 100ms')] }).client.limited, true);
    assert.equal(resultOf(lagged, { slos: [slo('dispatch_lag.p99 <= 9ms')] }).client.limited, false);
  });

  it('does not excuse a miss', () => {
    const result = resultOf(
      many(600, () => ({ lag: 50, ttft: 900 })),
      { slos: [slo('ttft.p99 <= 200ms')] },
    );
    assert.equal(result.slo[0]?.verdict, 'fail');
  });
});

describe('flags', () => {
  it('tell of mixed and of hidden tokens', () => {
    const mixed = resultOf([...many(5), request({ at: at(9), more: { tokens_source: 'chunks' } })]);
    assert.ok(mixed.flags.includes('tokens_mixed'));
    assert.deepEqual(mixed.tokens_source, ['usage', 'chunks']);
    const hidden = resultOf(many(5, () => ({ more: { reasoning_tokens: 200 } })));
    assert.ok(hidden.flags.includes('hidden_tokens'));
    const streamed = resultOf(many(5, (i) => ({ more: { reasoning_tokens: 200, first_answer: at(i) + 140 } })));
    assert.deepEqual(streamed.flags, []);
    assert.equal(streamed.metrics['ttfat']?.p50, 140);
  });

  it('tell of a queue that grows, unless the load was meant to', () => {
    const growing = many(600, (i) => ({ ttft: 100 + i * 5 }));
    const saturated = resultOf(growing, { slos: [slo('rps >= 5/s')] });
    assert.ok(saturated.flags.includes('not_steady'));
    assert.deepEqual([saturated.slo[0]?.verdict, saturated.slo[0]?.confidence], ['pass', 'low']);
    assert.match(saturated.slo[0]?.reason ?? '', /arrived faster than they were answered/);
    assert.ok(!resultOf(growing, { pattern: 'ramp' }).flags.includes('not_steady'));
    assert.ok(!resultOf(many(600)).flags.includes('not_steady'));
  });

  it('tell of concurrency that climbs where TTFT does not', () => {
    const piling = many(600, (i) => ({ gaps: [1000 + i * 60] }));
    assert.ok(resultOf(piling).flags.includes('not_steady'));
    const random = seededRandom(8);
    assert.ok(!resultOf(many(600, () => ({ gaps: [1000 + 500 * random()] }))).flags.includes('not_steady'));
  });

  it('tell of a stage without a measured request', () => {
    const result = resultOf([], { slos: [slo('ttft.p99 <= 200ms')] });
    assert.deepEqual(result.flags, ['no_samples']);
    assert.equal(result.slo[0]?.reason, 'no request fell into the measured window');
    assert.equal(result.rates.error_rate, 0);
    assert.equal(result.rates.rps, 0);
  });
});

describe('the live view', () => {
  it('rolls over ten seconds and counts everything that ended', () => {
    const stage = aggregator({ rate: 10 });
    for (let i = 0; i < 300; i++) stage.add(request({ at: at(i), ttft: i < 150 ? 1000 : 100, more: { end: at(i) } }));
    const live = stage.live(at(300));
    assert.equal(live.counts.completed, 300);
    assert.ok(Math.abs((live.rolling.ttftP99 ?? 0) - 100) <= 1.5, String(live.rolling.ttftP99));
    assert.ok(Math.abs((live.rolling.itlP50 ?? 0) - 20) <= 0.3);
    assert.ok(Math.abs(live.rps - 10) < 1.2, String(live.rps));
    assert.equal(live.offeredRps, 10);
    const later = stage.live(at(300) + 60_000);
    assert.equal(later.rolling.ttftP50, null);
    assert.equal(later.rps, 0);
  });

  it('judges provisionally once the warm-up is over', () => {
    const stage = aggregator({ warmupMs: 5000, slos: [slo('ttft.p99 <= 200ms'), slo('error_rate <= 1%')] });
    for (let i = 0; i < 50; i++) stage.add(request({ at: at(i), more: { phase: 'warmup' } }));
    assert.deepEqual(
      stage.live(ORIGIN_MS + 4900).slos.map((item) => item.reason),
      ['warming up', 'warming up'],
    );
    for (let i = 50; i < 500; i++) stage.add(request({ at: at(i), ttft: 100 + (i % 7) }));
    const [ttft, errors] = stage.live(ORIGIN_MS + 50_000).slos;
    assert.equal(ttft?.verdict, 'pass');
    assert.ok(Math.abs((ttft?.value ?? 0) - 106) < 0.3);
    assert.equal(errors?.value, 0);
  });

  it('knows the offered rate from the arrivals', () => {
    const stage = aggregator({ rate: null, pattern: 'ramp' });
    let live = stage.live(ORIGIN_MS + 1000, 5);
    assert.equal(live.offeredRps, 5);
    for (let second = 2; second <= 30; second++)
      live = stage.live(ORIGIN_MS + second * 1000, 5 * 2 + (second - 2) * 40);
    assert.equal(live.offeredRps, 40);
  });

  it('shows errors of the warm-up too', () => {
    const stage = aggregator({ warmupMs: 5000 });
    stage.add({ ...failure(at(1)), phase: 'warmup' });
    assert.equal(stage.live(at(3)).errors[0]?.kind, 'http_500');
  });
});

describe('a stage that is measured through something with delays of its own', () => {
  const texts = ['ttft.p50 <= 1s', 'ttft.p50 <= 1ms', 'rps >= 0.1/s', 'error_rate <= 1%', 'output_tokens.mean <= 100'];
  const measured = (more: object) => resultOf(many(20), { slos: texts.map((text) => slo(text)), ...more });

  it('gives no verdict on times and rates, and all others', () => {
    const result = measured({ notForLatency: 'measured through the editor' });
    assert.deepEqual(
      result.slo.map(({ verdict }) => verdict),
      ['inconclusive', 'inconclusive', 'inconclusive', 'pass', 'pass'],
    );
    assert.equal(result.slo[1]?.reason, 'measured through the editor');
    assert.equal(result.slo[0]?.value, 100, 'the value itself is shown');
    assert.ok(result.flags.includes('not_for_latency'));
  });

  it('judges everything without', () => {
    const result = measured({});
    assert.deepEqual(
      result.slo.map(({ verdict }) => verdict),
      ['pass', 'fail', 'pass', 'pass', 'pass'],
    );
    assert.ok(!result.flags.includes('not_for_latency'));
  });
});
