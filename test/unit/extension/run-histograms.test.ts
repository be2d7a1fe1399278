import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import fc from 'fast-check';
import type { RequestRecord, RunJson } from '../../../src/protocol/run-json';
import { addHistograms } from '../../../src/extension/engine/run-histograms';
import { distributionSvg, distributionText, PICTURE_PALETTES } from '../../../src/extension/language/distribution-svg';
import { histogramOf } from '../../../src/extension/language/histogram';
import type { SloObservation } from '../../../src/extension/language/observations';
import { RunObserver } from '../../../src/extension/language/run-observer';
import { removeTempDirs, tempDir } from '../support/temp';
import { AT, parsed } from './inline-support';
import { slo, stage } from './support';

describe('histogramOf', () => {
  it('counts every value once, and shows both sides of a limit that is near', () => {
    const values = Array.from({ length: 1000 }, (_, i) => 100 + i / 10);
    const histogram = histogramOf(values, 210);
    assert.ok(histogram);
    assert.equal(histogram.counts.reduce((sum, count) => sum + count, 0) + histogram.beyond, 1000);
    assert.ok(histogram.to >= 210);
    assert.equal(histogram.above, 0);
    assert.equal(histogram.below, 1);
    assert.ok(histogram.counts.length <= 40);
  });

  it('does not let a straggler squeeze the others into one bar', () => {
    const values = [...Array.from({ length: 999 }, (_, i) => 100 + (i % 10)), 60_000];
    const histogram = histogramOf(values, 200);
    assert.ok(histogram && histogram.to < 250, JSON.stringify(histogram));
    assert.equal(histogram.beyond, 1);
    assert.equal(histogram.max, 60_000);
    assert.ok(histogram.counts.filter((count) => count > 0).length > 1);
  });

  it('does not stretch to a limit that is far away', () => {
    const histogram = histogramOf([10, 11, 12, 13], 10_000);
    assert.ok(histogram && histogram.to < 20);
  });

  it('is null without values, and drawable with any others', () => {
    assert.equal(histogramOf([], 5), null);
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e7, noNaN: true }), { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0, max: 1e7, noNaN: true }),
        (values, limit) => {
          const histogram = histogramOf(values, limit);
          assert.ok(histogram);
          assert.equal(histogram.counts.reduce((sum, count) => sum + count, 0) + histogram.beyond, values.length);
          assert.ok(histogram.to > histogram.from);
          const input = {
            histogram,
            unit: 'ms' as const,
            limit,
            overIs: 'above' as const,
            value: values[0] ?? 0,
            stat: 'p99',
          };
          const svg = distributionSvg(input, PICTURE_PALETTES.light);
          assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
          assert.ok(distributionText(input).length > 20);
        },
      ),
    );
  });
});

describe('the picture of a distribution', () => {
  it('has a contrast of at least 3 to 1 in every kind of theme', () => {
    const backgrounds = {
      light: '#ffffff',
      dark: '#1f1f1f',
      'high-contrast': '#000000',
      'high-contrast-light': '#ffffff',
    };
    for (const [theme, palette] of Object.entries(PICTURE_PALETTES)) {
      const background = backgrounds[theme as keyof typeof backgrounds];
      for (const [part, color] of Object.entries(palette)) {
        assert.ok(contrast(color, background) >= 3, `${part} of ${theme}: ${contrast(color, background)}`);
      }
    }
  });

  it('names a limit that lies outside of it, with the way to it', () => {
    const histogram = histogramOf([10, 11, 12, 13], 900);
    assert.ok(histogram);
    const svg = distributionSvg(
      { histogram, unit: 'ms', limit: 900, overIs: 'above', value: 13, stat: 'p99' },
      PICTURE_PALETTES.dark,
    );
    assert.match(svg, /limit 900 ms →/);
    assert.doesNotMatch(svg, /stroke-dasharray/);
  });
});

describe('addHistograms', () => {
  after(removeTempDirs);

  const FILE =
    'prompt: hi\nload: { name: steady, pattern: constant, rate: 8/s, duration: 9s }\nslo: [ttft.p99 <= 200ms, itl.p99 <= 50ms, rps >= 1/s, e2e.p50 <= 1s]\n';
  const RUN = {
    started_at: AT,
    targets: [{ id: 'sim', stages: [{ name: 'steady', loop: 'open' }] }],
  } as unknown as Pick<RunJson, 'targets' | 'started_at'>;

  function observed(): SloObservation[] {
    const run = new RunObserver(parsed(FILE).survey, AT, true);
    const results = [
      slo('/slo/0'),
      slo('/slo/1', { expr: 'itl.p99 <= 50ms', limit: 50 }),
      slo('/slo/2', { expr: 'rps >= 1/s', limit: 1 }),
      slo('/slo/3', { expr: 'e2e.p50 <= 1s', limit: 1000 }),
    ];
    run.onStage('sim', stage('steady', '/load', results));
    return run.observations.filter((item): item is SloObservation => item.kind === 'slo');
  }

  function request(index: number, part: Partial<RequestRecord> = {}): RequestRecord {
    return {
      ...{ id: `sim/steady/${index}`, target: 'sim', stage: 'steady', index, phase: 'measured', outcome: 'completed' },
      ...{ scheduled: 1000, sent: 1005, headers: 1050, first: 1100 + index, first_answer: 1100, last: 1400, end: 1401 },
      ...{ connect_ms: null, itl: [10, 20], input_tokens: 9, output_tokens: 3, cached_input_tokens: null },
      ...{ reasoning_tokens: null, tokens_source: 'usage', events: 3, finish_reason: 'stop', status: 200, cost: null },
      ...part,
    };
  }

  async function written(records: (RequestRecord | string)[]): Promise<string> {
    const dir = tempDir();
    const lines = records.map((item) => (typeof item === 'string' ? item : JSON.stringify(item)));
    await fs.writeFile(path.join(dir, 'requests.ndjson'), `${lines.join('\n')}\n`);
    return dir;
  }

  it('takes what counts in a statistic, from the instant that the loop counts from', async () => {
    const dir = await written([
      request(0),
      request(50),
      request(9000, { phase: 'warmup' }),
      request(9001, { outcome: 'failed' }),
      request(9002, { stage: 'other' }),
    ]);
    const [ttft, itl, rps, e2e] = observed() as [SloObservation, SloObservation, SloObservation, SloObservation];
    await addHistograms(dir, RUN, [ttft, itl, rps, e2e]);
    assert.equal(ttft.histogram?.n, 2);
    assert.equal(ttft.histogram.max, 150);
    assert.equal(ttft.histogram.maxRequest, 'sim/steady/50');
    assert.equal(ttft.histogram.isSample, undefined);
    assert.equal(itl.histogram?.n, 4);
    assert.equal(e2e.histogram?.max, 400);
    assert.equal(rps.histogram, undefined);
  });

  it('passes over damaged lines and a last one that is cut off', async () => {
    const dir = await written([request(0), '{"id": broken', request(1), '{"id":"sim/st']);
    const [ttft] = observed();
    assert.ok(ttft);
    await addHistograms(dir, RUN, [ttft]);
    assert.equal(ttft.histogram?.n, 2);
  });

  it('draws from a part of a large file, spread over the whole of it', async () => {
    const dir = await written(Array.from({ length: 2000 }, (_, i) => request(i)));
    const [ttft] = observed();
    assert.ok(ttft);
    await addHistograms(dir, RUN, [ttft], { bytes: 64_000, block: 8_000 });
    const { n = 0, isSample, counts = [], max = 0 } = ttft.histogram ?? {};
    assert.equal(isSample, true);
    assert.ok(n > 50 && n < 400, String(n));
    assert.ok(max > 1800, String(max));
    assert.ok(counts.some((count) => count > 0));
  });

  it('reads a file whose lines straddle its blocks as a whole', async () => {
    const dir = await written(Array.from({ length: 300 }, (_, i) => request(i)));
    const [ttft] = observed();
    assert.ok(ttft);
    await addHistograms(dir, RUN, [ttft], { bytes: 10_000_000, block: 777 });
    assert.equal(ttft.histogram?.n, 300);
  });

  it('does nothing where the run has no records', async () => {
    const [ttft] = observed();
    assert.ok(ttft);
    await addHistograms(path.join(tempDir(), 'nowhere'), RUN, [ttft]);
    assert.equal(ttft.histogram, undefined);
  });
});

/** WCAG 2.2, relative luminance. */
function contrast(a: string, b: string): number {
  const luminance = (color: string): number => {
    const [r = 0, g = 0, blue = 0] = [1, 3, 5].map((at) => {
      const channel = Number.parseInt(color.slice(at, at + 2), 16) / 255;
      return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * blue;
  };
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}
