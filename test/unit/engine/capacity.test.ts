import assert from 'node:assert/strict';
import { CapacitySearch } from '../../../src/core/engine/capacity';
import { goodRequestCost } from '../../../src/core/engine/capacity-cost';
import { RateEvidence } from '../../../src/core/engine/capacity-point';
import type { CapacityOptions, Probe, ProbeVerdict } from '../../../src/core/engine/capacity-types';
import { Random } from '../../../src/core/load/prng';
import { PromptrigError } from '../../../src/core/util/errors';

type Server = (probe: Probe) => ProbeVerdict;

const PASS: ProbeVerdict = { verdict: 'pass', confidence: 'high' };
const FAIL: ProbeVerdict = { verdict: 'fail', confidence: 'high', reason: 'ttft.p99 is 231 ms, 31 ms over' };
const ERROR: ProbeVerdict = { verdict: 'error', confidence: 'low', reason: 'the connection was refused' };

/** Never wrong, always sure. */
const exact =
  (capacity: number): Server =>
  ({ rate }) =>
    rate <= capacity ? PASS : FAIL;

/**
 * A measured server: the p99 grows without bound towards saturation and each probe sees it with an error, so that verdicts
 * near the edge are wrong at times, and sure only where the limit is farther away than the error.
 */
function noisy(limitRate: number, random: Random, error: number): Server {
  const latency = (rate: number): number =>
    rate >= 2 * limitRate ? Number.POSITIVE_INFINITY : 1 / (1 - rate / (2 * limitRate));
  const limit = latency(limitRate);
  return ({ rate }) => {
    const seen = latency(rate) * Math.exp(error * random.normal());
    const sure = Math.abs(Math.log(seen / limit)) > 1.645 * error;
    return { verdict: seen <= limit ? 'pass' : 'fail', confidence: sure ? 'high' : 'low' };
  };
}

function search(options: CapacityOptions, server: Server) {
  const run = new CapacitySearch(options);
  const asked: number[] = [];
  for (let probe = run.next(); probe !== null; probe = run.next()) {
    assert.ok(asked.length < 200, 'the search does not end');
    asked.push(probe.rate);
    run.report(probe, server(probe));
  }
  return { ...run.result(), asked };
}

const isUsage = (pattern: RegExp) => (error: unknown) =>
  error instanceof PromptrigError && error.code === 'usage' && pattern.test(error.message);

describe('the search for the capacity', () => {
  it('brackets the limit and narrows it to the precision that was asked for', () => {
    for (const precision of [0.01, 0.05, 0.2]) {
      for (const capacity of [0.07, 1.3, 37.3, 612, 41_000]) {
        const result = search({ precision }, exact(capacity));
        assert.equal(result.status, 'found');
        assert.ok(
          result.rate !== null && result.rate <= capacity && result.rate >= capacity / (1 + precision),
          `${result.rate} for ${capacity}`,
        );
        assert.ok(result.bracket[1] !== null && result.bracket[1] > capacity);
        assert.ok(result.precision !== null && result.precision <= precision);
        assert.equal(result.confidence, 'high');
      }
    }
  });

  it('asks about no rate twice but for the two ends, where it asks again', () => {
    const { asked, bracket, probes } = search({ from: 4, precision: 0.05 }, exact(37.3));
    assert.deepEqual(asked.slice(0, 5), [4, 8, 16, 32, 64]);
    const times = (rate: number) => asked.filter((other) => other === rate).length;
    for (const rate of new Set(asked)) assert.equal(times(rate), bracket.includes(rate) ? 2 : 1, `${rate}`);
    assert.equal(new Set(probes.map(({ probe }) => probe.label)).size, probes.length);
    assert.match(probes.at(-1)?.probe.label ?? '', /^\d.*\/s, again$/);
    assert.ok(asked.length <= 12, `${asked.length}`);
  });

  it('starts where the measured rates suggest', () => {
    assert.equal(search({ throughputRps: 50, syncRps: 2 }, exact(20)).asked[0], 25);
    assert.equal(search({ syncRps: 2 }, exact(20)).asked[0], 2);
    assert.equal(search({ throughputRps: 50, to: 10 }, exact(20)).asked[0], 10);
    assert.equal(search({}, exact(20)).asked[0], 1);
  });

  it('goes down from a guess, and not below a given start', () => {
    const guessed = search({ throughputRps: 100 }, exact(3));
    assert.equal(guessed.status, 'found');
    assert.ok(guessed.rate !== null && guessed.rate <= 3 && guessed.rate > 2.8);
    const given = search({ from: 50 }, exact(3));
    assert.deepEqual(given.asked, [50, 50]);
    assert.equal(given.status, 'fails_at_lowest');
    assert.equal(given.rate, null);
    assert.match(
      given.conclusion,
      /^The SLOs fail already at 50\/s \(ttft\.p99 is 231 ms, 31 ms over\)\. Set a lower "from"/,
    );
    const hopeless = search({}, () => FAIL);
    assert.equal(hopeless.status, 'fails_at_lowest');
    assert.ok(hopeless.asked.length < 12 && Math.min(...hopeless.asked) >= 0.01);
  });

  it('says "at least" where the highest rate still passes', () => {
    const result = search({ from: 2, to: 10 }, exact(1000));
    assert.deepEqual(result.asked, [2, 4, 8, 10, 10]);
    assert.equal(result.status, 'passes_at_highest');
    assert.deepEqual(result.bracket, [10, null]);
    assert.match(result.conclusion, /takes at least that/);
    assert.deepEqual(search({ from: 5, to: 5 }, exact(1000)).asked, [5, 5]);
  });

  it('gives the curve of all rates, ascending, and the goodput at the answer', () => {
    const { curve, rate, goodput } = search({ from: 4 }, (probe) => ({
      ...exact(20)(probe),
      goodput: probe.rate * 0.98,
      values: { 'ttft.p99': probe.rate * 10 },
    }));
    assert.deepEqual(
      curve.map((point) => point.rate),
      curve.map((point) => point.rate).sort((a, b) => a - b),
    );
    for (const point of curve) {
      assert.equal(point.verdict, point.rate <= 20 ? 'pass' : 'fail');
      assert.equal(point.probes[0]?.values?.['ttft.p99'], point.rate * 10);
    }
    assert.ok(rate !== null && goodput !== null && Math.abs(goodput - rate * 0.98) < 1e-9);
  });

  it('concludes in one sentence what was found', () => {
    assert.match(
      search({ from: 4 }, exact(20)).conclusion,
      /^The SLOs are met up to (19|20)(\.\d+)?\/s; at 20\.\d\/s they are not \(ttft\.p99 is 231 ms, 31 ms over\)\.$/,
    );
  });
});

describe('a search among noisy verdicts', () => {
  it('comes within the precision and the noise in most runs, and with few probes', () => {
    let near = 0;
    let probes = 0;
    let most = 0;
    const runs = 300;
    for (let seed = 0; seed < runs; seed++) {
      const capacity = 3 + (seed % 40);
      const { rate, status, asked } = search(
        { from: 1, maxProbes: 60 },
        noisy(capacity, new Random(seed, 'noise'), 0.05),
      );
      assert.equal(status, 'found');
      // An error of 5% of the latency is one of 5% of the rate here; two of them and the precision.
      if (rate !== null && Math.abs(Math.log(rate / capacity)) <= 0.1 + 0.05) near++;
      probes += asked.length;
      most = Math.max(most, asked.length);
    }
    assert.ok(near >= 0.95 * runs, `${near} of ${runs}`);
    assert.ok(probes / runs < 20, `${probes / runs} probes a run`);
    assert.ok(most <= 40, `${most}`);
  });

  it('is nearer the truth than a search that believes each first verdict', () => {
    const spread = (repeats: number) => {
      let sum = 0;
      for (let seed = 0; seed < 200; seed++) {
        const { rate } = search(
          { from: 1, repeats, maxProbes: 60, precision: 0.02 },
          noisy(20, new Random(seed, 'noise'), 0.1),
        );
        sum += Math.log((rate ?? 1) / 20) ** 2;
      }
      return Math.sqrt(sum / 200);
    };
    const [once, thrice] = [spread(1), spread(3)];
    assert.ok(thrice < 0.85 * once, `${thrice} against ${once}`);
  });

  it('does not take one stall for the limit, however sure its verdict', () => {
    for (const stalled of [4, 8, 16]) {
      let stalls = 0;
      const result = search({ from: 2 }, (probe) =>
        probe.rate === stalled && stalls++ === 0 ? FAIL : exact(37.3)(probe),
      );
      assert.equal(result.status, 'found');
      assert.ok(result.rate !== null && result.rate > 35, `${result.rate} after a stall at ${stalled}`);
    }
  });

  it('takes back a pass that was luck, and looks below it', () => {
    let luck = 0;
    const result = search({ from: 2 }, (probe) => (probe.rate === 32 && luck++ === 0 ? PASS : exact(20)(probe)));
    assert.equal(result.status, 'found');
    assert.ok(result.rate !== null && result.rate <= 20 && result.rate > 19, `${result.rate}`);
  });

  it('repeats what is not sure, and decides by the majority', () => {
    const low = (verdict: 'pass' | 'fail'): ProbeVerdict => ({ verdict, confidence: 'low' });
    const script = new Map([
      [10, [low('fail'), low('pass'), low('pass')]],
      [20, [low('fail'), low('fail')]],
    ]);
    const result = search(
      { from: 10, precision: 1 },
      ({ rate, attempt }) => script.get(rate)?.[attempt - 1] ?? low(rate <= 10 ? 'pass' : 'fail'),
    );
    assert.deepEqual(result.asked, [10, 10, 10, 20, 20]);
    assert.deepEqual(result.bracket, [10, 20]);
    assert.equal(result.confidence, 'low');
  });

  it('takes a rate for failing that stays inconclusive, and a pass that was not steady for none', () => {
    const inconclusive = search({ from: 10, to: 80 }, ({ rate }) =>
      rate <= 20 ? PASS : { verdict: 'inconclusive', confidence: 'low', reason: '12 samples are too few' },
    );
    assert.equal(inconclusive.status, 'found');
    assert.ok(inconclusive.rate !== null && inconclusive.rate >= 20 && inconclusive.rate < 21);
    assert.match(inconclusive.conclusion, /12 samples are too few/);
    const unsteady = search({ from: 10, to: 80 }, ({ rate }) => ({ ...PASS, steady: rate <= 20 }));
    assert.ok(unsteady.rate !== null && unsteady.rate >= 20 && unsteady.rate < 21);
  });

  it('finds the first edge of a server that fails at middling rates and passes at higher ones', () => {
    // As where a second machine is started only under load: 10/s is what can be relied on.
    const server: Server = ({ rate }) => (rate <= 10 || (rate > 30 && rate < 50) ? PASS : FAIL);
    for (const options of [{ from: 2 }, { from: 8 }, { throughputRps: 40 }]) {
      const result = search(options, server);
      assert.equal(result.status, 'found');
      assert.ok(result.rate !== null && result.rate <= 10 && result.rate > 9.5, `${result.rate}`);
    }
  });
});

describe('a search that cannot go on', () => {
  it('stops where the client is the limit, after a second look, and says that it is not the server', () => {
    const result = search({ from: 10 }, ({ rate }) => ({ ...PASS, clientLimited: rate >= 80 }));
    assert.deepEqual(result.asked, [10, 20, 40, 80, 80]);
    assert.equal(result.status, 'client_limited');
    assert.equal(result.rate, 40);
    assert.match(
      result.conclusion,
      /^The server takes at least 40\/s\. At 80\/s the load client, not the server, is the limit/,
    );
    assert.equal(result.curve.at(-1)?.verdict, null);
    const atOnce = search({ from: 10 }, () => ({ ...FAIL, clientLimited: true }));
    assert.equal(atOnce.status, 'client_limited');
    assert.equal(atOnce.rate, null);
    assert.match(atOnce.conclusion, /no rate can be vouched for/);
  });

  it('goes on where the client was the limit once, and below a guess that was too high for it', () => {
    let moments = 0;
    const moment = search({ from: 10 }, (probe) => ({
      ...exact(50)(probe),
      clientLimited: probe.rate === 20 && moments++ === 0,
    }));
    assert.equal(moment.status, 'found');
    const guess = search({ throughputRps: 400 }, (probe) => ({ ...exact(60)(probe), clientLimited: probe.rate > 100 }));
    assert.equal(guess.status, 'found');
    assert.ok(guess.rate !== null && guess.rate > 57 && guess.rate <= 60);
  });

  it('stops where the endpoint is gone', () => {
    const never = search({ from: 10 }, () => ERROR);
    assert.deepEqual(never.asked, [10, 10]);
    assert.equal(never.status, 'endpoint_error');
    assert.match(never.conclusion, /^The search stopped at 10\/s: the connection was refused\.$/);
    let count = 0;
    const dies = search({ from: 10 }, () => (count++ < 3 ? PASS : ERROR));
    assert.deepEqual(dies.asked, [10, 20, 40, 80, 80, 40]);
    assert.equal(dies.status, 'endpoint_error');
    assert.match(dies.conclusion, /Until then the SLOs were met up to 40\/s/);
  });

  it('takes a rate at which the endpoint breaks, and only there, for failing', () => {
    const result = search({ from: 10 }, ({ rate }) => (rate > 60 ? ERROR : PASS));
    assert.equal(result.status, 'found');
    assert.ok(result.rate !== null && result.rate > 56 && result.rate <= 60, `${result.rate}`);
    let restarts = 0;
    const restart = search({ from: 10 }, (probe) => (probe.rate === 20 && restarts++ === 0 ? ERROR : exact(50)(probe)));
    assert.equal(restart.status, 'found');
    assert.ok(restart.rate !== null && restart.rate > 47);
  });

  it('ends with what it knows when its probes or its time are used up', () => {
    const few = search({ from: 1, maxProbes: 8 }, exact(37.3));
    assert.equal(few.asked.length, 8);
    assert.equal(few.status, 'budget');
    assert.deepEqual(few.bracket, [32, 45.25]);
    assert.match(few.conclusion, /ran out of probes or time: the limit lies between 32\/s and 45\.3\/s/);
    const short = search({ from: 1, maxTimeMs: 95_000 }, (probe) => ({ ...exact(1e4)(probe), elapsedMs: 30_000 }));
    assert.equal(short.asked.length, 4);
    assert.match(short.conclusion, /met at 8\/s, and no rate is known at which they are not/);
  });

  it('can be asked at any time what is known', () => {
    const run = new CapacitySearch({ from: 5 });
    assert.match(run.result().conclusion, /not over, and no rate is known yet/);
    const probe = run.next();
    assert.ok(probe !== null);
    assert.equal(run.next(), probe);
    run.report(probe, PASS);
    assert.equal(run.result().status, 'unfinished');
    assert.equal(run.result().rate, 5);
    assert.throws(() => run.report(probe, PASS), RangeError);
  });

  it('refuses options that make no sense', () => {
    const make = (options: CapacityOptions) => () => new CapacitySearch(options);
    assert.throws(make({ from: 10, to: 5 }), isUsage(/to \(5\/s\) is below from \(10\/s\)/));
    assert.throws(make({ from: 0 }), isUsage(/from is 0/));
    assert.throws(make({ to: 1e9 }), isUsage(/to is 1000000000/));
    assert.throws(make({ precision: 0 }), isUsage(/precision is 0/));
    assert.throws(make({ growth: 1 }), isUsage(/growth is 1/));
    assert.throws(make({ repeats: 0 }), isUsage(/repeats is 0/));
    assert.throws(make({ maxProbes: 0 }), isUsage(/number of probes is 0/));
  });
});

describe('the evidence of one rate', () => {
  const of = (...verdicts: ProbeVerdict[]) => {
    const evidence = new RateEvidence(5);
    evidence.verdicts.push(...verdicts);
    return evidence;
  };
  const lowPass: ProbeVerdict = { verdict: 'pass', confidence: 'low' };
  const lowFail: ProbeVerdict = { verdict: 'fail', confidence: 'low' };

  it('is sure by one sure probe or by two that agree, and fails where it is even', () => {
    assert.deepEqual([of(PASS).verdict, of(PASS).confidence], ['pass', 'high']);
    assert.deepEqual([of(lowPass, lowPass).verdict, of(lowPass, lowPass).confidence], ['pass', 'high']);
    assert.deepEqual([of(lowPass).verdict, of(lowPass).confidence], ['pass', 'low']);
    assert.equal(of(PASS, FAIL).verdict, 'fail');
    assert.equal(of(lowFail, lowPass, lowPass).verdict, 'pass');
    assert.equal(of(ERROR).verdict, null);
    assert.equal(of({ ...FAIL, clientLimited: true }).verdict, null);
  });

  it('is settled when another probe would not change it', () => {
    assert.equal(of(lowFail).settled(3), false);
    assert.equal(of(FAIL).settled(3), true);
    assert.equal(of(FAIL).confirmed(3), false);
    assert.equal(of(FAIL, FAIL).confirmed(3), true);
    assert.equal(of(FAIL).confirmed(1), true);
    assert.equal(of(lowFail, lowPass).settled(3), false);
    assert.equal(of(lowFail, lowPass, lowPass).settled(3), true);
  });
});

describe('the cost of a good request', () => {
  it("is the hardware's cost of the time that each takes", () => {
    const cost = goodRequestCost({ hardware: { costPerHour: 3.6 } }, 10);
    assert.ok(cost !== null && Math.abs(cost - 0.0001) < 1e-12);
    assert.equal(goodRequestCost({}, 10), null);
    assert.equal(goodRequestCost({ hardware: { costPerHour: 3.6 } }, 0), null);
    assert.equal(goodRequestCost({ hardware: { costPerHour: 3.6 } }, null), null);
  });
});
