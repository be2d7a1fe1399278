/**
 * What a request spends its time on: prefill (reading the prompt, which is bound by arithmetic) or decode (writing the answer
 * token by token, which is bound by memory bandwidth). The two ask for different hardware, so the answer is worth more than
 * a total.
 */
import { formatCount, formatInterval, formatValue, significant } from '../../protocol/format';
import type { RequestRecord } from '../../protocol/run-json';
import { integratedAutocorrelationTime } from './autocorrelation';
import { normalQuantile } from './normal';
import { ColdTally, type ColdStats } from './phases-cold';
import { ConcurrencyTimeline } from './phases-concurrency';
import { MOST_POINTS, rangeOf, theilSen, type LineFit, type NoFit } from './phases-fit';
import { seededRandom } from './random';

export interface PhaseOptions {
  /** Instants of the records count from the same zero; nothing before this one is looked at. */
  originMs: number;
  seed: number;
  /** Level of the intervals, such as 0.95. */
  confidence: number;
  /**
   * The first so many requests of a stage count as cold (default 1). Connections are opened ahead, so give the number of
   * requests that are in flight at the start: each of them is the first on its connection.
   */
  coldFirst?: number;
}

export interface PhaseShares {
  /** Means over the warm, completed, measured requests, ms: from `sent` to the first token, and from there to the last. */
  prefillMs: number;
  decodeMs: number;
  /** Share of prefill in their sum, and its interval. */
  prefillShare: number;
  ci: [number, number];
  n: number;
}

export type PhaseBound = 'prefill-bound' | 'decode-bound' | 'balanced' | 'unknown';

export interface PhaseResult {
  /**
   * Time from `sent` to the first token against input tokens that no cache served: `base` in ms, `slope` in ms per 1,000
   * tokens, `xRange` in thousands of tokens. What the request waited in the server's queue is part of the base.
   */
  prefill: LineFit | NoFit;
  /**
   * Time per output token against the number of other requests that were decoding meanwhile: `base` in ms for a request
   * alone, `slope` in ms for each further concurrent one.
   */
  decode: LineFit | NoFit;
  /** Null below `FEWEST_REQUESTS`. */
  shares: PhaseShares | null;
  bound: PhaseBound;
  /** The verdict with its evidence, as a sentence. */
  sentence: string;
  cold: ColdStats;
}

/** Below this no line and no share is worth its interval. */
export const FEWEST_REQUESTS = 30;
/** A line needs x to spread over at least this share of its middle, and at least so much. */
const LEAST_SPREAD = 0.1;
const LEAST_TOKEN_SPREAD = 16;
const LEAST_CONCURRENCY_SPREAD = 0.5;

interface Row {
  sentMs: number;
  firstMs: number;
  lastMs: number;
  /** NaN where the server did not say. */
  promptTokens: number;
  outputTokens: number;
}

/** Takes records as requests end, in any order and of one or several stages, in bounded memory. */
export class PhaseTracker {
  private readonly timeline: ConcurrencyTimeline;
  private readonly cold: ColdTally;
  private readonly rows: Row[] = [];
  private readonly random: () => number;
  private seen = 0;
  private prefillSumMs = 0;
  private decodeSumMs = 0;

  constructor(private readonly options: PhaseOptions) {
    this.timeline = new ConcurrencyTimeline(options.originMs);
    this.cold = new ColdTally(options.seed);
    this.random = seededRandom(options.seed);
  }

  add(record: RequestRecord): void {
    const { sent, first, last, outcome } = record;
    if (sent === null || first === null || last === null) return;
    // Whatever became of it, and in whichever phase of the stage: it shared the server with the others.
    this.timeline.add(first, last);
    if (outcome !== 'completed') return;
    const isCold = record.connect_ms !== null || record.index < (this.options.coldFirst ?? 1);
    // Those of the warm-up are the coldest; as a measure of warm ones they are not meant.
    if (isCold || record.phase === 'measured') this.cold.add(isCold, first - sent, record.connect_ms);
    if (isCold || record.phase !== 'measured') return;
    this.prefillSumMs += first - sent;
    this.decodeSumMs += last - first;
    this.keep({
      sentMs: sent,
      firstMs: first,
      lastMs: last,
      promptTokens: record.input_tokens === null ? Number.NaN : record.input_tokens - (record.cached_input_tokens ?? 0),
      outputTokens: record.output_tokens ?? 0,
    });
  }

  result(): PhaseResult {
    const rows = [...this.rows].sort((a, b) => a.sentMs - b.sentMs);
    const prefill = this.fitPrefill(rows);
    const decode = this.fitDecode(rows);
    const shares = this.shares(rows);
    const verdict = phaseVerdict(shares, prefill, decode, this.options.confidence);
    return { prefill, decode, shares, ...verdict, cold: this.cold.stats(this.options.confidence) };
  }

  private keep(row: Row): void {
    this.seen++;
    if (this.rows.length < MOST_POINTS) {
      this.rows.push(row);
      return;
    }
    const slot = Math.floor(this.random() * this.seen);
    if (slot < MOST_POINTS) this.rows[slot] = row;
  }

  private fitPrefill(rows: readonly Row[]): LineFit | NoFit {
    const known = rows.filter(({ promptTokens }) => Number.isFinite(promptTokens));
    if (known.length < FEWEST_REQUESTS) return tooFew(known.length, 'that say how many input tokens they have');
    const tokens = Float64Array.from(known, ({ promptTokens }) => promptTokens);
    const range = rangeOf(tokens);
    if (!spreads(range, LEAST_TOKEN_SPREAD)) {
      const [low, high] = range.map(formatCount);
      const about = low === high ? `${low} tokens` : `${low} to ${high} tokens`;
      return none(
        `The prompts are too much alike (${about}) to tell what a longer one takes: use cases of different length, or input_tokens with a stdev.`,
      );
    }
    const ms = Float64Array.from(known, ({ sentMs, firstMs }) => firstMs - sentMs);
    return theilSen(
      tokens.map((value) => value / 1000),
      ms,
      this.options.confidence,
    );
  }

  private fitDecode(rows: readonly Row[]): LineFit | NoFit {
    const known = rows.filter(({ outputTokens, firstMs, lastMs }) => outputTokens >= 2 && lastMs > firstMs);
    if (known.length < FEWEST_REQUESTS) return tooFew(known.length, 'with two output tokens or more');
    const others = Float64Array.from(known, ({ firstMs, lastMs }) =>
      Math.max(0, this.timeline.mean(firstMs, lastMs) - 1),
    );
    const range = rangeOf(others);
    if (!spreads(range, LEAST_CONCURRENCY_SPREAD)) {
      return none(
        `The number of requests that decode at once hardly changes (${significant(range[0] + 1)} to ${significant(range[1] + 1)}), which does not tell what one more costs: run two rates or concurrencies, or a sweep.`,
      );
    }
    const ms = Float64Array.from(known, ({ firstMs, lastMs, outputTokens }) => (lastMs - firstMs) / (outputTokens - 1));
    return theilSen(others, ms, this.options.confidence);
  }

  /** The share is that of all requests; its interval is the ratio estimator's by the delta method, scaled by the dependence. */
  private shares(rows: readonly Row[]): PhaseShares | null {
    const total = this.prefillSumMs + this.decodeSumMs;
    if (this.seen < FEWEST_REQUESTS || !(total > 0)) return null;
    const share = this.prefillSumMs / total;
    const deviations = Float64Array.from(
      rows,
      ({ sentMs, firstMs, lastMs }) => firstMs - sentMs - share * (lastMs - sentMs),
    );
    let squares = 0;
    for (const deviation of deviations) squares += deviation ** 2;
    const variance = squares / Math.max(1, deviations.length - 1);
    const error = Math.sqrt((variance * integratedAutocorrelationTime(deviations)) / deviations.length);
    const half = (normalQuantile((1 + this.options.confidence) / 2) * error) / (total / this.seen);
    return {
      prefillMs: this.prefillSumMs / this.seen,
      decodeMs: this.decodeSumMs / this.seen,
      prefillShare: share,
      ci: [Math.max(0, share - half), Math.min(1, share + half)],
      n: this.seen,
    };
  }
}

/**
 * Which phase takes more than half of a request's time on the server, at the mix and load that were measured. It is
 * `balanced` where the interval of the share contains a half.
 */
export function phaseVerdict(
  shares: PhaseShares | null,
  prefill: LineFit | NoFit,
  decode: LineFit | NoFit,
  confidence: number,
): { bound: PhaseBound; sentence: string } {
  if (shares === null) {
    return {
      bound: 'unknown',
      sentence: `Fewer than ${FEWEST_REQUESTS} warm requests are too few to tell prefill from decode.`,
    };
  }
  const [low, high] = shares.ci;
  const bound: PhaseBound = low > 0.5 ? 'prefill-bound' : high < 0.5 ? 'decode-bound' : 'balanced';
  const level = significant(confidence * 100);
  const ofPrefill = bound === 'prefill-bound';
  const share = ofPrefill ? shares.prefillShare : 1 - shares.prefillShare;
  const ci: [number, number] = ofPrefill ? shares.ci : [1 - high, 1 - low];
  const phase = ofPrefill ? 'prefill, the wait before it included,' : 'decode';
  const heads: Record<PhaseBound, string> = {
    'prefill-bound': 'Prefill-bound',
    'decode-bound': 'Decode-bound',
    balanced: 'Balanced',
    unknown: 'Unknown',
  };
  const costs = [
    prefill.kind === 'fit'
      ? `prefill takes ${formatValue(Math.max(0, prefill.base), 'ms')} and ${formatValue(prefill.slope, 'ms')} per 1,000 input tokens`
      : `prefill takes ${formatValue(shares.prefillMs, 'ms')}`,
    decode.kind === 'fit'
      ? `decode ${formatValue(Math.max(0, decode.base), 'ms')} per token alone and ${formatValue(decode.slope, 'ms')} more for each further concurrent request`
      : `decode ${formatValue(shares.decodeMs, 'ms')}`,
  ];
  const percent = `${formatValue(share, 'ratio')} (${level}% CI ${formatInterval(ci, share, 'ratio')}%)`;
  return { bound, sentence: `${heads[bound]}: ${phase} is ${percent} of a request's time; ${costs.join(', ')}.` };
}

function spreads([low, high]: [number, number], least: number): boolean {
  return high - low >= Math.max(least, (LEAST_SPREAD * (low + high)) / 2);
}

function tooFew(n: number, which: string): NoFit {
  return none(`${formatCount(n)} requests ${which} are too few for a line (${FEWEST_REQUESTS} needed).`);
}

function none(reason: string): NoFit {
  return { kind: 'none', reason };
}
