import assert from 'node:assert/strict';
import { Random } from '../../../src/core/load/prng';
import { FEWEST_REQUESTS, phaseVerdict, PhaseTracker, type PhaseOptions } from '../../../src/core/metrics/phases';
import { ColdTally } from '../../../src/core/metrics/phases-cold';
import { ConcurrencyTimeline } from '../../../src/core/metrics/phases-concurrency';
import { theilSen, type LineFit, type NoFit } from '../../../src/core/metrics/phases-fit';
import type { RequestRecord } from '../../../src/protocol/run-json';

const OPTIONS: PhaseOptions = { originMs: 0, seed: 1, confidence: 0.95 };

function record(
  index: number,
  instants: { sent: number; first: number; last: number },
  more: Partial<RequestRecord> = {},
): RequestRecord {
  const { sent, first, last } = instants;
  return {
    id: `t/s/${index}`,
    target: 't',
    stage: 's',
    index,
    phase: 'measured',
    outcome: 'completed',
    scheduled: sent,
    sent,
    headers: first,
    first,
    first_answer: first,
    last,
    end: last,
    connect_ms: null,
    itl: [],
    input_tokens: 500,
    output_tokens: 101,
    cached_input_tokens: null,
    reasoning_tokens: null,
    tokens_source: 'usage',
    events: 101,
    finish_reason: 'stop',
    status: 200,
    cost: null,
    ...more,
  };
}

function fitted(fit: LineFit | NoFit): LineFit {
  assert.equal(fit.kind, 'fit', fit.kind === 'none' ? fit.reason : '');
  return fit;
}

const covers = ([low, high]: [number, number], value: number) => low <= value && value <= high;

/** Poisson arrivals to a server whose time per token grows with the number of requests that decode. */
function simulate(random: Random, n: number, truth: { base: number; per1k: number; token: number; growth: number }) {
  const requests: { index: number; sent: number; first: number; last: number; tokens: number; input: number }[] = [];
  let now = 0;
  for (let index = 0; index < n; index++) {
    now += random.exponential() * 250;
    const input = Math.round(100 + 1900 * random.next());
    const prefill = truth.base + (truth.per1k * input) / 1000 + random.exponential() * 5;
    requests.push({
      index,
      sent: now,
      first: now + prefill,
      last: Number.NaN,
      tokens: 20 + Math.floor(random.next() * 150),
      input,
    });
  }
  // Decoded in small steps of time, each request at the pace of that moment.
  const left = requests.map(({ tokens }) => tokens - 1);
  const running = new Set<number>();
  let next = 0;
  const byFirst = [...requests].sort((a, b) => a.first - b.first);
  for (let t = 0; next < n || running.size > 0; t += 1) {
    for (; next < n && (byFirst[next] as { first: number }).first <= t; next++)
      running.add((byFirst[next] as { index: number }).index);
    const pace = truth.token + truth.growth * (running.size - 1);
    for (const i of running) {
      left[i] = (left[i] as number) - 1 / pace;
      if (left[i] <= 0) {
        running.delete(i);
        (requests[i] as { last: number }).last = t + 1;
      }
    }
  }
  return requests;
}

describe('ConcurrencyTimeline', () => {
  it('agrees with counting, also after its bins have grown and for intervals that come late', () => {
    const random = new Random(5, 'timeline');
    const intervals = Array.from({ length: 400 }, () => {
      const start = Math.floor(random.next() * 60_000);
      return [start, start + 1 + Math.floor(random.exponential() * 3000)] as const;
    });
    const timeline = new ConcurrencyTimeline(0, 512);
    for (const [start, end] of intervals) timeline.add(start, end);
    for (const [from, to] of [
      [0, 70_000],
      [1024, 2048],
      [10_240, 51_200],
      [59_392, 60_416],
    ] as const) {
      let overlap = 0;
      for (const [start, end] of intervals) overlap += Math.max(0, Math.min(end, to) - Math.max(start, from));
      const expected = overlap / (to - from);
      assert.ok(
        Math.abs(timeline.mean(from, to) - expected) < 0.02 * expected + 1e-9,
        `${from} to ${to}: ${timeline.mean(from, to)} for ${expected}`,
      );
    }
  });

  it('counts from its origin, leaves out what has no length, and is 0 where nothing was', () => {
    const timeline = new ConcurrencyTimeline(1000, 16);
    timeline.add(900, 1004);
    timeline.add(1002, 1002);
    timeline.add(1008, 1005);
    assert.equal(timeline.mean(1000, 1008), 0.5);
    assert.equal(timeline.mean(1010, 1020), 0);
    assert.equal(timeline.mean(1010, 1010), 0);
  });
});

describe('theilSen', () => {
  const draw = (seed: number, n: number, noise: (random: Random, x: number) => number) => {
    const random = new Random(seed, 'fit');
    const x = Float64Array.from({ length: n }, () => Math.round(random.next() * 200) / 100);
    return { x, y: x.map((value) => 30 + 50 * value + noise(random, value)) };
  };

  it('finds a line exactly where there is no noise', () => {
    const { x, y } = draw(1, 60, () => 0);
    const fit = theilSen(x, y, 0.95);
    assert.ok(Math.abs(fit.slope - 50) < 1e-9 && Math.abs(fit.base - 30) < 1e-9);
    assert.ok(fit.r2 > 0.999999);
    assert.equal(fit.n, 60);
  });

  it('has intervals that contain the truth as often as they say, with scatter that grows with x', () => {
    let slope = 0;
    let base = 0;
    const runs = 200;
    for (let seed = 0; seed < runs; seed++) {
      const { x, y } = draw(seed, 120, (random, value) => random.normal() * (5 + 10 * value));
      const fit = theilSen(x, y, 0.95);
      if (covers(fit.slopeCi, 50)) slope++;
      if (covers(fit.baseCi, 30)) base++;
    }
    assert.ok(slope >= 0.91 * runs, `slope in ${slope} of ${runs}`);
    assert.ok(base >= 0.93 * runs, `base in ${base} of ${runs}`);
  });

  it('keeps its promise where x and the noise remember what came before', () => {
    let naive = 0;
    let aware = 0;
    const runs = 120;
    for (let seed = 0; seed < runs; seed++) {
      const random = new Random(seed, 'dependent');
      let level = 0;
      let noise = 0;
      const x = new Float64Array(300);
      const y = x.map((_, i) => {
        level = 0.95 * level + random.normal();
        noise = 0.95 * noise + random.normal();
        x[i] = level;
        return 2 * level + noise;
      });
      const fit = theilSen(x, y, 0.95);
      if (covers(fit.slopeCi, 2)) aware++;
      const half = (fit.slopeCi[1] - fit.slopeCi[0]) / 2 / Math.sqrt(fit.n / fit.nEffective);
      if (Math.abs(fit.slope - 2) <= half) naive++;
    }
    assert.ok(aware >= 0.85 * runs, `${aware} of ${runs}`);
    // The test would be worth nothing if independence had done as well.
    assert.ok(naive < 0.7 * runs, `${naive} of ${runs}`);
  });

  it('is hardly moved by a fifth of absurd points', () => {
    const { x, y } = draw(3, 200, (random) => random.normal() * 3);
    const spoilt = y.map((value, i) => (i % 5 === 0 ? 5000 : value));
    const fit = theilSen(x, spoilt, 0.95);
    assert.ok(Math.abs(fit.slope - 50) < 3, `${fit.slope}`);
  });
});

describe('PhaseTracker', () => {
  const truth = { base: 40, per1k: 60, token: 12, growth: 0.8 };

  function tracked(seed: number, n = 600) {
    const tracker = new PhaseTracker(OPTIONS);
    const requests = simulate(new Random(seed, 'server'), n, truth);
    // In the order in which they end, as the engine sees them.
    for (const { index, sent, first, last, tokens, input } of [...requests].sort((a, b) => a.last - b.last)) {
      tracker.add(record(index, { sent, first, last }, { input_tokens: input, output_tokens: tokens }));
    }
    return tracker.result();
  }

  it('finds what a server takes for a prompt and for a token, and what another request costs', () => {
    const { prefill, decode, shares, bound, sentence } = tracked(1);
    const p = fitted(prefill);
    assert.ok(Math.abs(p.slope - truth.per1k) < 2, `${p.slope}`);
    // The noise of 5 ms on average belongs to the base.
    assert.ok(Math.abs(p.base - truth.base - 3.5) < 2, `${p.base}`);
    const d = fitted(decode);
    assert.ok(Math.abs(d.slope - truth.growth) < 0.08, `${d.slope}`);
    assert.ok(Math.abs(d.base - truth.token) < 0.4, `${d.base}`);
    assert.ok(d.r2 > 0.8 && p.r2 > 0.8);
    assert.ok(p.xRange[0] > 0.1 && p.xRange[1] < 2);
    assert.equal(bound, 'decode-bound');
    assert.ok(shares !== null && shares.n === 599 && covers(shares.ci, shares.prefillShare));
    assert.match(
      sentence,
      /^Decode-bound: decode is 9\d(\.\d)?% \(95% CI .*\) of a request's time; prefill takes .* per 1,000 input tokens, decode .* per token alone/,
    );
  });

  it('keeps a sample of a long run, and its size does not change the answer', () => {
    const { decode, shares } = tracked(2, 4000);
    assert.equal(shares?.n, 3999);
    const fit = fitted(decode);
    assert.equal(fit.n, 1500);
    assert.ok(Math.abs(fit.slope - truth.growth) < 0.08, `${fit.slope}`);
  });

  it('counts tokens that a cache served as no work of prefill', () => {
    const tracker = new PhaseTracker(OPTIONS);
    for (let i = 0; i < 100; i++) {
      const cached = (i % 10) * 100;
      const first = i * 1000 + 20 + (2000 - cached) * 0.05;
      tracker.add(
        record(i, { sent: i * 1000, first, last: first + 1000 }, { input_tokens: 2000, cached_input_tokens: cached }),
      );
    }
    const fit = fitted(tracker.result().prefill);
    assert.ok(Math.abs(fit.slope - 50) < 1e-6 && Math.abs(fit.base - 20) < 1e-6, `${fit.slope} ${fit.base}`);
  });

  it('says why there is no line where there is nothing to draw it through', () => {
    const tracker = new PhaseTracker(OPTIONS);
    for (let i = 0; i < 100; i++) {
      tracker.add(
        record(i, { sent: i * 100, first: i * 100 + 300, last: i * 100 + 400 }, { input_tokens: 510 + (i % 5) }),
      );
    }
    const { prefill, decode, bound, sentence } = tracker.result();
    assert.ok(prefill.kind === 'none' && /too much alike \(510 to 514 tokens\).*stdev/.test(prefill.reason));
    assert.ok(decode.kind === 'none' && /hardly changes \(1 to 1\).*sweep/.test(decode.reason));
    assert.equal(bound, 'prefill-bound');
    assert.match(
      sentence,
      /^Prefill-bound: prefill, the wait before it included, is 75% .*prefill takes 300 ms, decode 100 ms\.$/,
    );
  });

  it('says nothing of a few requests, and nothing of those that failed or were not measured', () => {
    const tracker = new PhaseTracker(OPTIONS);
    const instants = { sent: 0, first: 100, last: 200 };
    for (let i = 1; i < FEWEST_REQUESTS; i++) tracker.add(record(i, instants));
    for (let i = 100; i < 200; i++) tracker.add(record(i, instants, { outcome: 'failed' }));
    for (let i = 200; i < 300; i++) tracker.add(record(i, instants, { phase: 'warmup' }));
    for (let i = 300; i < 400; i++) tracker.add(record(i, instants, { first: null }));
    const { prefill, shares, bound } = tracker.result();
    assert.ok(prefill.kind === 'none' && /^29 requests .* too few/.test(prefill.reason));
    assert.equal(shares, null);
    assert.equal(bound, 'unknown');
  });

  it('has no line where the server does not say how long prompts are', () => {
    const tracker = new PhaseTracker(OPTIONS);
    for (let i = 1; i < 60; i++) tracker.add(record(i, { sent: i, first: i + 1, last: i + 2 }, { input_tokens: null }));
    const { prefill } = tracker.result();
    assert.ok(prefill.kind === 'none' && /^0 requests that say how many input tokens/.test(prefill.reason));
  });

  it('reports cold requests apart', () => {
    const tracker = new PhaseTracker({ ...OPTIONS, coldFirst: 8 });
    for (let i = 0; i < 200; i++) {
      const opened = i >= 8 && i % 20 === 0;
      const wait = i < 8 || opened ? 400 + i : 100 + (i % 7);
      const phase = i < 20 ? 'warmup' : 'measured';
      tracker.add(
        record(
          i,
          { sent: i * 10, first: i * 10 + wait, last: i * 10 + 900 },
          { phase, connect_ms: opened ? 12 : null },
        ),
      );
    }
    const { cold, shares } = tracker.result();
    // The first eight and the nine that opened a connection.
    assert.equal(cold.cold, 17);
    assert.equal(cold.warm, 171);
    assert.equal(shares?.n, 171);
    assert.equal(cold.connectMs, 12);
    assert.equal(cold.coldTtftMaxMs, 580);
    assert.equal(cold.warmTtftMs, 103);
    assert.ok(
      cold.extraMs !== null && cold.extraMs > 297 && cold.extraCi !== null && covers(cold.extraCi, cold.extraMs),
    );
  });
});

describe('ColdTally', () => {
  it('has no difference where one kind is missing, and no interval for a handful', () => {
    const tally = new ColdTally(1);
    tally.add(true, 100, 5);
    assert.deepEqual(tally.stats(0.95), {
      cold: 1,
      warm: 0,
      coldTtftMs: 100,
      warmTtftMs: null,
      coldTtftMaxMs: 100,
      connectMs: 5,
      extraMs: null,
      extraCi: null,
    });
    tally.add(false, 40, null);
    assert.equal(tally.stats(0.95).extraMs, 60);
    assert.equal(tally.stats(0.95).extraCi, null);
  });
});

describe('phaseVerdict', () => {
  it('does not decide where the interval of the share contains a half', () => {
    const nothing: NoFit = { kind: 'none', reason: '' };
    const shares = { prefillMs: 480, decodeMs: 520, prefillShare: 0.48, ci: [0.44, 0.52] as [number, number], n: 40 };
    const { bound, sentence } = phaseVerdict(shares, nothing, nothing, 0.95);
    assert.equal(bound, 'balanced');
    assert.match(sentence, /^Balanced: decode is 52% \(95% CI 48–56%\)/);
  });
});
