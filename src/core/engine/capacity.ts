/**
 * Finds the highest rate that still meets the SLOs: a bracket by factors of two, then bisection, each on the verdicts of
 * probes. Verdicts near the edge are noisy, so they are repeated there and only there: a probe far from the edge costs once.
 */
import { significant } from '../../protocol/format';
import { MAX_RATE } from '../load/schedule';
import { PromptrigError } from '../util/errors';
import { probeOf, RateEvidence } from './capacity-point';
import type { CapacityOptions, CapacityResult, CapacityStatus, Probe, ProbeVerdict } from './capacity-types';

const DEFAULTS = { precision: 0.05, growth: 2, repeats: 3, maxProbes: 30 };
/** Slower than one request in a hundred seconds nothing can be said in a probe's time. */
const LOWEST_RATE = 0.01;

export class CapacitySearch {
  private readonly from: number | null;
  private readonly to: number;
  private readonly start: number;
  private readonly precision: number;
  private readonly growth: number;
  private readonly repeats: number;
  private readonly maxProbes: number;
  private readonly maxTimeMs: number;
  private readonly rates = new Map<number, RateEvidence>();
  private readonly log: { probe: Probe; verdict: ProbeVerdict }[] = [];
  private elapsedMs = 0;
  private pending: Probe | null = null;
  private status: CapacityStatus = 'unfinished';
  /** A rate at which the endpoint failed twice while a lower one had passed: is it the rate, or is the endpoint gone? */
  private suspect: number | null = null;
  /** Rates at which the endpoint fails although it answers at lower ones. */
  private readonly breaking = new Set<number>();

  /** @throws PromptrigError `usage` for options that make no sense */
  constructor(options: CapacityOptions) {
    this.precision = options.precision ?? DEFAULTS.precision;
    this.growth = options.growth ?? DEFAULTS.growth;
    this.repeats = options.repeats ?? DEFAULTS.repeats;
    this.maxProbes = options.maxProbes ?? DEFAULTS.maxProbes;
    this.maxTimeMs = options.maxTimeMs ?? Number.POSITIVE_INFINITY;
    this.to = options.to ?? MAX_RATE;
    this.from = options.from ?? null;
    check('precision', this.precision, this.precision >= 0.001 && this.precision <= 1, 'from 0.1% to 100%');
    check('growth', this.growth, this.growth > 1 && this.growth <= 100, 'above 1 and at most 100');
    check('repeats', this.repeats, Number.isInteger(this.repeats) && this.repeats >= 1, 'a whole number of at least 1');
    check('the number of probes', this.maxProbes, this.maxProbes >= 1, 'at least 1');
    check('to', this.to, this.to > 0 && this.to <= MAX_RATE, `above 0/s and at most ${MAX_RATE}/s`);
    if (this.from !== null) check('from', this.from, this.from > 0, 'above 0/s');
    if (this.from !== null && this.to < this.from) {
      throw new PromptrigError('usage', `to (${this.to}/s) is below from (${this.from}/s); exchange them.`);
    }
    this.start = this.from ?? this.guess(options);
  }

  /**
   * The probe to run now; null when the search is over. Asked again before its report, it gives the same probe.
   */
  next(): Probe | null {
    if (this.status !== 'unfinished') return null;
    if (this.pending !== null) return this.pending;
    const rate = this.nextRate();
    if (rate === null) return null;
    if (this.log.length >= this.maxProbes || this.elapsedMs >= this.maxTimeMs) {
      this.status = 'budget';
      return null;
    }
    this.pending = probeOf(this.log.length, rate, this.rates.get(rate)?.attempts ?? 0);
    return this.pending;
  }

  /** Takes the verdict of the probe that `next` gave. @throws RangeError for any other probe */
  report(probe: Probe, verdict: ProbeVerdict): void {
    if (this.pending === null || probe.index !== this.pending.index)
      throw new RangeError('This probe was not asked for.');
    this.pending = null;
    this.log.push({ probe, verdict });
    this.elapsedMs += verdict.elapsedMs ?? 0;
    const evidence = this.rates.get(probe.rate) ?? new RateEvidence(probe.rate);
    this.rates.set(probe.rate, evidence);
    evidence.verdicts.push(verdict);
  }

  result(): CapacityResult {
    const curve = this.ascending().map((evidence) => evidence.point());
    const { passed, failed } = this.ends();
    const bracket: [number | null, number | null] = [passed?.rate ?? null, failed?.rate ?? null];
    const [low, high] = bracket;
    const sure = (evidence: RateEvidence | null): boolean => evidence === null || evidence.confidence === 'high';
    return {
      status: this.status,
      rate: low,
      bracket,
      precision: low === null || high === null ? null : (high - low) / low,
      confidence: sure(passed) && sure(failed) ? 'high' : 'low',
      probes: [...this.log],
      curve,
      goodput: passed?.goodput ?? null,
      conclusion: this.conclusion(passed, failed),
    };
  }

  /** Decides which rate to try; ends the search, with null, where there is none. */
  private nextRate(): number | null {
    const stopped = this.troubles();
    if (stopped !== undefined) return stopped;
    const { passed, failed } = this.ends();
    if (passed === null && failed === null) return this.start;
    if (passed === null) return this.below(failed as RateEvidence);
    if (failed === null) return this.above(passed);
    return this.between(passed, failed);
  }

  /** What is wrong with the last probe's rate, if anything: the rate to try instead, null to stop, undefined to go on. */
  private troubles(): number | null | undefined {
    const last = this.log.at(-1);
    if (last === undefined) return undefined;
    const { rate } = last.probe;
    const evidence = this.rates.get(rate) as RateEvidence;
    if (this.suspect !== null) return this.checkSuspect(this.suspect, last.verdict);
    if (last.verdict.verdict === 'error') {
      // Once may be a restart of the server.
      if (evidence.errors < 2) return rate;
      const { passed } = this.ends();
      if (passed === null || passed.rate >= rate) return this.stop('endpoint_error');
      this.suspect = rate;
      return passed.rate;
    }
    if (last.verdict.clientLimited === true) {
      // Once may be a moment in which the machine had something else to do.
      if (evidence.limited < Math.min(2, this.repeats)) return rate;
      const { passed } = this.ends();
      const guessed = passed === null && this.from === null && rate / this.growth >= LOWEST_RATE;
      return guessed ? tidy(rate / this.growth) : this.stop('client_limited');
    }
    return undefined;
  }

  /** The probe that has just ended was one of a rate that had passed. */
  private checkSuspect(rate: number, { verdict }: ProbeVerdict): null | undefined {
    this.suspect = null;
    if (verdict === 'error') return this.stop('endpoint_error');
    // It answers at the lower rate: that it does not at this one is a property of the rate.
    this.breaking.add(rate);
    return undefined;
  }

  /** Nothing has passed yet. */
  private below(failed: RateEvidence): number | null {
    if (!failed.settled(this.repeats)) return failed.rate;
    const lower = tidy(failed.rate / this.growth);
    if (this.from !== null || lower < LOWEST_RATE) {
      return failed.confirmed(this.repeats) ? this.stop('fails_at_lowest') : failed.rate;
    }
    return lower;
  }

  /** Nothing has failed yet. */
  private above(passed: RateEvidence): number | null {
    if (passed.rate >= this.to) return passed.confirmed(this.repeats) ? this.stop('passes_at_highest') : passed.rate;
    return Math.min(this.to, tidy(passed.rate * this.growth));
  }

  private between(passed: RateEvidence, failed: RateEvidence): number | null {
    const last = this.log.at(-1)?.probe.rate;
    // Within the bracket every verdict moves an end, so it has to be worth it.
    for (const end of [passed, failed]) {
      if (end.rate === last && !this.done(end, 'settled')) return end.rate;
    }
    const middle = tidy(Math.sqrt(passed.rate * failed.rate));
    const wide = failed.rate / passed.rate > 1 + this.precision;
    if (wide && middle > passed.rate && middle < failed.rate) return middle;
    // The lower end first: it is the answer.
    for (const end of [passed, failed]) if (!this.done(end, 'confirmed')) return end.rate;
    return this.stop('found');
  }

  private done(evidence: RateEvidence, bar: 'settled' | 'confirmed'): boolean {
    return this.breaking.has(evidence.rate) || evidence[bar](this.repeats);
  }

  /** The lowest rate that fails, and the highest that passes below it. */
  private ends(): { passed: RateEvidence | null; failed: RateEvidence | null } {
    let passed: RateEvidence | null = null;
    for (const evidence of this.ascending()) {
      const verdict = this.breaking.has(evidence.rate) ? 'fail' : evidence.verdict;
      if (verdict === 'fail') return { passed, failed: evidence };
      if (verdict === 'pass') passed = evidence;
    }
    return { passed, failed: null };
  }

  private ascending(): RateEvidence[] {
    return [...this.rates.values()].sort((a, b) => a.rate - b.rate);
  }

  private stop(status: CapacityStatus): null {
    this.status = status;
    return null;
  }

  private guess({ syncRps, throughputRps }: CapacityOptions): number {
    // Half of full load is served without a queue by most servers; one at a time is served by all.
    const known = throughputRps !== undefined && throughputRps > 0 ? throughputRps / 2 : syncRps;
    const rate = known !== undefined && known > 0 ? known : 1;
    return Math.min(this.to, Math.max(LOWEST_RATE, tidy(rate)));
  }

  private conclusion(passed: RateEvidence | null, failed: RateEvidence | null): string {
    const low = passed === null ? null : `${significant(passed.rate)}/s`;
    const high = failed === null ? null : `${significant(failed.rate)}/s`;
    const why = because(failed?.reason('fail') ?? failed?.reason('inconclusive'));
    const last = this.log.at(-1);
    const lastRate = last === undefined ? '' : `${significant(last.probe.rate)}/s`;
    switch (this.status) {
      case 'found':
        return `The SLOs are met up to ${low}; at ${high} they are not${why}.`;
      case 'fails_at_lowest':
        return `The SLOs fail already at ${high}${why}. ${this.from === null ? 'Relax them, or look at a single request first.' : 'Set a lower "from", or relax them.'}`;
      case 'passes_at_highest':
        return `The SLOs are met at ${low}, the highest rate that was tried: the server takes at least that. Set a higher "to" to find its limit.`;
      case 'client_limited':
        return low === null
          ? `At ${lastRate} the load client, not the server, is the limit, so no rate can be vouched for. Use a faster machine, or start lower.`
          : `The server takes at least ${low}. At ${lastRate} the load client, not the server, is the limit: use a faster machine to go on.`;
      case 'endpoint_error':
        return `The search stopped at ${lastRate}: ${last?.verdict.reason ?? 'the endpoint does not answer'}.${low === null ? '' : ` Until then the SLOs were met up to ${low}.`}`;
      case 'budget':
      case 'unfinished': {
        const ended = this.status === 'budget' ? 'The search ran out of probes or time' : 'The search is not over';
        if (low !== null && high !== null) return `${ended}: the limit lies between ${low} and ${high}.`;
        if (low !== null) return `${ended}: the SLOs are met at ${low}, and no rate is known at which they are not.`;
        return high === null
          ? `${ended}, and no rate is known yet.`
          : `${ended}: the SLOs fail at ${high}, and no rate is known at which they are met.`;
      }
    }
  }
}

/** Four digits: a rate is sent as its label says it, and finer steps than a precision of 0.1% needs are noise. */
function tidy(rate: number): number {
  return Number(rate.toPrecision(4));
}

function because(reason: string | undefined): string {
  return reason === undefined || reason === '' ? '' : ` (${reason})`;
}

function check(name: string, value: number, ok: boolean, expected: string): void {
  if (!ok) throw new PromptrigError('usage', `capacity: ${name} is ${value}; it must be ${expected}.`);
}
