/** What is remembered of the requests of a stage: the one place that decides how much memory a stage takes. */
import type { Distribution } from '../../protocol/run-json';
import type { RequestSample } from './request-sample';
import { EXACT_SAMPLES, SampleBudget } from './sample-budget';
import { Samples } from './samples';
import { StageSeries, type SeriesBounds } from './stage-series';

export interface StageBounds extends SeriesBounds {
  /** Values held one by one, over all metrics together. */
  exactSamples?: number;
}

/** Metrics of `run.json`, with their units, in its order. */
const DISTRIBUTIONS: readonly (readonly [name: string, unit: Distribution['unit']])[] = [
  ['ttft', 'ms'],
  ['ttft_sent', 'ms'],
  ['ttfat', 'ms'],
  ['itl', 'ms'],
  ['tpot', 'ms'],
  ['e2e', 'ms'],
  ['e2e_sent', 'ms'],
  ['dispatch_lag', 'ms'],
  ['connect', 'ms'],
  ['output_tokens', 'tokens'],
  ['input_tokens', 'tokens'],
  ['tokens_per_event', 'ratio'],
];

/** In a closed loop both origins are the send, so that one sample serves both names. */
const SAME_IN_CLOSED_LOOP: Readonly<Record<string, string>> = { ttft_sent: 'ttft', e2e_sent: 'e2e' };

/** Steps of a histogram for metrics of other sizes than ms and tokens: a request may cost millionths of a dollar. */
const RESOLUTIONS: Readonly<Record<string, number>> = { cost: 1e9 };

/**
 * Samples of every metric and the series in send order, both bounded whatever the length of the run: together at most about
 * 30 MB. Up to two million samples over all metrics (`SampleBudget`) and a hundred thousand requests (`StageSeries`)
 * everything is exact.
 */
export class StageMemory {
  readonly series: StageSeries;
  private readonly budget: SampleBudget;
  private readonly samples: [name: string, samples: Samples][] = [];

  /**
   * @param watched metrics that SLOs are about: they keep a histogram from the start, for provisional figures
   */
  constructor(
    private readonly loop: 'open' | 'closed',
    watched: readonly string[],
    bounds: StageBounds = {},
  ) {
    this.budget = new SampleBudget(bounds.exactSamples ?? EXACT_SAMPLES);
    this.series = new StageSeries(this.budget.pool, bounds);
    const names = new Set([...DISTRIBUTIONS.map(([name]) => name), ...watched].map((name) => this.nameOf(name)));
    const live = new Set(watched.map((name) => this.nameOf(name)));
    for (const name of names)
      this.samples.push([
        name,
        new Samples({ budget: this.budget, live: live.has(name), resolution: RESOLUTIONS[name] ?? 1000 }),
      ]);
  }

  /** The values of a metric of requests. */
  samplesOf(metric: string): Samples {
    const name = this.nameOf(metric);
    const found = this.samples.find((entry) => entry[0] === name);
    if (found === undefined) throw new RangeError(`Nothing is remembered of "${metric}".`);
    return found[1];
  }

  add(sample: RequestSample): void {
    for (const [name, samples] of this.samples) {
      if (name === 'itl') {
        for (const gap of sample.gaps) samples.add(gap);
        continue;
      }
      const value = sample.values[name];
      if (value !== undefined) samples.add(value);
    }
    this.series.add(sample);
  }

  /** The figures of `run.json`, of the metrics that have any. */
  distributions(): Record<string, Distribution> {
    const out: Record<string, Distribution> = {};
    for (const [name, unit] of DISTRIBUTIONS) {
      const distribution = this.samplesOf(name).distribution(unit);
      if (distribution !== null) out[name] = distribution;
    }
    return out;
  }

  private nameOf(metric: string): string {
    return this.loop === 'closed' ? (SAME_IN_CLOSED_LOOP[metric] ?? metric) : metric;
  }
}
