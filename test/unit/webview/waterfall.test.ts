import assert from 'node:assert/strict';
import fc from 'fast-check';
import { eventsOf, instantsOf, requestFacts, timelineOf } from '../../../webview/run/request-model';
import { placeOf, roughSegmentsOf, scaleOf, segmentsOf } from '../../../webview/run/waterfall';
import { ORIGIN_MS, points, recordOf, rowOf } from '../../webview/run-fixture';

const [point] = points(1, { warmupMs: 0 });
assert.ok(point);
const round = (ms: number) => Math.round(ms * 100) / 100;

describe('run panel: waterfall', () => {
  it('shows wait, connect, prefill and decode one after the other, on the clock of the charts', () => {
    const row = rowOf(point);
    const segments = segmentsOf(row, point);
    assert.deepEqual(
      segments.map(({ phase }) => phase),
      ['wait', 'connect', 'prefill', 'decode'],
    );
    segments.forEach(({ from }, i) => assert.equal(round(from), round(segments[i - 1]?.to ?? from)));
    assert.deepEqual(segments.map(({ from, to }) => round(to - from)).slice(0, 2), [3, 6]);
    assert.equal(round(segments[3]?.from ?? 0), round(point.t));
    assert.equal(round(segments[0]?.from ?? 0), round(row.scheduled - ORIGIN_MS));
  });

  it('leaves out what did not happen', () => {
    const row = { ...rowOf(point), connectMs: null, scheduled: rowOf(point).sent ?? 0 };
    assert.deepEqual(
      segmentsOf(row, point).map(({ phase }) => phase),
      ['prefill', 'decode'],
    );
    const failed = { ...point, ok: false, ttft: null, e2e: null };
    const refused = { ...rowOf(failed), connectMs: null };
    assert.deepEqual(
      segmentsOf(refused, failed).map(({ phase }) => phase),
      ['wait', 'prefill'],
    );
    const unsent = { ...refused, sent: null };
    assert.deepEqual(
      segmentsOf(unsent, failed).map(({ phase }) => phase),
      ['wait'],
    );
  });

  it('guesses from what the charts know until the rest is there', () => {
    const rough = roughSegmentsOf({ ...point, t: 1000, ttft: 100, e2e: 700 });
    assert.deepEqual(rough, [
      { phase: 'prefill', from: 900, to: 1000 },
      { phase: 'decode', from: 1000, to: 1600 },
    ]);
    assert.equal(roughSegmentsOf({ ...point, ttft: null }).length, 1);
  });

  it('never draws outside of its track, whatever the instants', () => {
    const instant = fc.integer({ min: -1000, max: 10_000 });
    const segment = fc.tuple(instant, fc.nat(5000)).map(([from, length]) => ({
      phase: 'decode' as const,
      from,
      to: from + length,
    }));
    fc.assert(
      fc.property(
        fc.array(fc.array(segment, { minLength: 1, maxLength: 1 }), { minLength: 1 }),
        fc.boolean(),
        (rows, staggered) => {
          const scale = scaleOf(rows, staggered);
          for (const [one] of rows) {
            assert.ok(one);
            const { left, width } = placeOf(one, scale, staggered ? scale.from : one.from);
            assert.ok(left >= 0 && width >= 0 && left + width <= 1 + 1e-9, `${left} ${width}`);
            if (!staggered) assert.equal(left, 0);
          }
        },
      ),
    );
  });
});

describe('run panel: one request', () => {
  const record = recordOf(point);

  it('has its instants in order, each with its distance from the one before', () => {
    const instants = instantsOf(record);
    assert.deepEqual(
      instants.map(({ name }) => name),
      ['scheduled', 'connecting', 'sent', 'headers', 'first token', 'last token', 'end'],
    );
    assert.equal(instants[0]?.atMs, 0);
    assert.equal(instants[0].sinceMs, null);
    assert.equal(round(instants[4]?.atMs ?? 0), round(point.ttft ?? 0));
    instants
      .slice(1)
      .forEach(({ atMs, sinceMs }, i) => assert.equal(round(sinceMs ?? -1), round(atMs - (instants[i]?.atMs ?? 0))));
    const reasoning = instantsOf({ ...record, first_answer: (record.first ?? 0) + 100 });
    assert.ok(reasoning.some(({ name }) => name === 'first answer'));
  });

  it('has an event for each token, the last of them at its last instant', () => {
    const events = eventsOf(record);
    assert.equal(events.length, record.events);
    assert.equal(round(events.at(-1) ?? 0), round((record.last ?? 0) - record.scheduled));
    assert.deepEqual(eventsOf({ ...record, first: null }), []);
  });

  it('spends all of its time somewhere', () => {
    const segments = timelineOf(record);
    assert.equal(segments[0]?.from, 0);
    segments.slice(1).forEach(({ from }, i) => assert.equal(round(from), round(segments[i]?.to ?? -1)));
    assert.equal(round(segments.at(-1)?.to ?? 0), round((record.last ?? 0) - record.scheduled));
  });

  it('says what applies and nothing else', () => {
    const facts = new Map(requestFacts(record).map(({ label, text }) => [label, text]));
    assert.equal(facts.get('Input tokens'), '412, 256 cached');
    assert.equal(facts.get('Output tokens'), '120');
    assert.equal(facts.get('Status'), '200');
    assert.equal(facts.get('Counted'), undefined);
    assert.equal(facts.get('Session'), undefined);
    const odd = new Map(
      requestFacts({
        ...record,
        ...{
          tokens_source: 'chunks',
          phase: 'warmup',
          session: 3,
          turn: 1,
          attempts: 2,
          resent: true,
          reasoning_tokens: 40,
        },
      }).map(({ label, text }) => [label, text]),
    );
    assert.equal(odd.get('Output tokens'), '120, 40 reasoning, counted as events');
    assert.equal(odd.get('Session'), '4, turn 2');
    assert.equal(odd.get('Counted'), 'no: warm-up');
    assert.ok(odd.has('Sent again') && odd.get('Attempts') === '2');
  });
});
