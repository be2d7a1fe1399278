/** Turns what was measured for one SLO into its verdict, its confidence and the sentence that says why. */
import type { SloPlan } from '../../protocol/plan';
import type { Confidence, SloResult, Verdict } from '../../protocol/run-json';
import { clopperPearsonLower, clopperPearsonUpper, samplesForPercentile } from './binomial';
import { formatCount, formatSeconds, formatValue, gapOf, significant } from './format';
import { shareOfPercentile } from './stat';

export type SloEvidence =
  /** A percentile: judged by the share of samples that violate the limit. */
  | {
      kind: 'percentile';
      value: number;
      n: number;
      /** Samples on the wrong side of the limit, see `violates`. */
      violating: number;
      nEffective: number;
      /** Two-sided interval of the percentile; null where too few samples bound it. */
      ci: [number, number] | null;
      /** Length of the window so far, for "34 s more"; null where requests do not come at a rate. */
      elapsedS: number | null;
      /** What one sample is, in plural: `samples`, `gaps`. */
      noun?: string;
    }
  /** A mean, a rate or a share with a two-sided interval (null: too little data for one). */
  | { kind: 'estimate'; value: number; n: number; nEffective: number | null; ci: [number, number] | null }
  /** Minimum or maximum of a sample: a sample beyond the limit is a fact, none beyond it is only the absence of one. */
  | { kind: 'extreme'; value: number; n: number; which: 'min' | 'max' }
  /** Counted, not estimated. */
  | { kind: 'fact'; value: number; n: number }
  | { kind: 'none'; reason: string };

export interface JudgePolicy {
  policy: 'point' | 'strict';
  /** Level of every bound and interval, such as 0.95. */
  confidence: number;
  /** Why nothing may pass (the client was the limit), as a sentence. */
  cannotPass?: string;
  /** Why no verdict has high confidence (the stage was not steady), as a sentence. */
  doubt?: string;
  /** Why there is no verdict at all (the machine was suspended while it measured), as a sentence. */
  invalid?: string;
}

/** Whether a value meets the limit of an SLO. */
export function meets(value: number, op: SloPlan['op'], limit: number): boolean {
  switch (op) {
    case '<=':
      return value <= limit;
    case '<':
      return value < limit;
    case '>=':
      return value >= limit;
    case '>':
      return value > limit;
  }
}

/**
 * Judges one SLO. The point estimate gives the verdict; the confidence is high where the bounds (percentiles: one-sided exact
 * binomial of the violating share at the effective sample size; estimates: the interval) lie wholly on that side of the limit.
 * With policy `strict` a low confidence is `inconclusive`.
 */
export function judgeSlo(slo: SloPlan, evidence: SloEvidence, options: JudgePolicy): SloResult {
  const base = {
    expr: slo.expr,
    pointer: slo.pointer,
    ...(slo.name === undefined ? {} : { name: slo.name }),
    severity: slo.severity,
    limit: slo.limit,
  };
  if (evidence.kind === 'none') {
    return {
      ...base,
      value: null,
      verdict: 'inconclusive',
      confidence: 'low',
      ci: null,
      n: 0,
      n_effective: null,
      reason: options.invalid ?? evidence.reason,
    };
  }
  const point: Verdict = meets(evidence.value, slo.op, slo.limit) ? 'pass' : 'fail';
  const judged = certainty(slo, evidence, point, options);
  let { confidence, doubt } = judged;
  if (options.doubt !== undefined) {
    confidence = 'low';
    doubt = options.doubt;
  }
  let verdict: Verdict = point;
  if (options.policy === 'strict' && confidence === 'low') verdict = 'inconclusive';
  let reason = verdict === 'fail' ? gapOf({ value: evidence.value, limit: slo.limit }, slo.unit) : doubt;
  if (reason === '') reason = gapOf({ value: evidence.value, limit: slo.limit }, slo.unit);
  if (options.cannotPass !== undefined && point === 'pass') {
    verdict = 'inconclusive';
    confidence = 'low';
    reason = options.cannotPass;
  }
  if (options.invalid !== undefined) {
    verdict = 'inconclusive';
    confidence = 'low';
    reason = options.invalid;
  }
  return {
    ...base,
    value: evidence.value,
    verdict,
    confidence,
    ci: 'ci' in evidence ? evidence.ci : null,
    n: evidence.n,
    n_effective: 'nEffective' in evidence ? evidence.nEffective : null,
    reason,
  };
}

/** `doubt` is why the confidence is low; empty where it is high. */
function certainty(
  slo: SloPlan,
  evidence: Exclude<SloEvidence, { kind: 'none' }>,
  point: Verdict,
  options: JudgePolicy,
): { confidence: Confidence; doubt: string } {
  switch (evidence.kind) {
    case 'fact':
      return { confidence: 'high', doubt: '' };
    case 'extreme':
      return extremeCertainty(slo, evidence, point);
    case 'estimate':
      return estimateCertainty(slo, evidence, options.confidence);
    case 'percentile':
      return percentileCertainty(slo, evidence, point, options.confidence);
  }
}

function percentileCertainty(
  slo: SloPlan,
  evidence: Extract<SloEvidence, { kind: 'percentile' }>,
  point: Verdict,
  confidence: number,
): { confidence: Confidence; doubt: string } {
  const share = shareOfPercentile(slo.stat ?? '');
  if (share === null) throw new RangeError(`"${slo.expr}" is no SLO on a percentile.`);
  const upward = slo.op === '<=' || slo.op === '<';
  // `p99 <= L` allows 1% of the samples over L; `p99 >= L` allows 99% under it.
  const allowed = upward ? 1 - share : share;
  const scale = evidence.nEffective / evidence.n;
  const hits = evidence.violating * scale;
  const upper = clopperPearsonUpper(hits, evidence.nEffective, confidence);
  const lower = clopperPearsonLower(hits, evidence.nEffective, confidence);
  if (point === 'pass' && upper <= allowed) return { confidence: 'high', doubt: '' };
  if (point === 'fail' && lower > allowed) return { confidence: 'high', doubt: '' };

  const needed = samplesForPercentile(upward ? share : 1 - share, confidence);
  if (evidence.nEffective < needed) return { confidence: 'low', doubt: tooFew(evidence, slo.stat ?? '', needed) };
  const range = `${significant(lower * 100)}–${significant(upper * 100)}%`;
  const side = upward ? 'over' : 'under';
  return {
    confidence: 'low',
    doubt: `too close to call: ${range} may be ${side} ${formatValue(slo.limit, slo.unit)}, ${significant(allowed * 100)}% may`,
  };
}

/** `12 samples are too few for a p99 (299 needed, 34 s more)`. */
function tooFew(evidence: Extract<SloEvidence, { kind: 'percentile' }>, stat: string, needed: number): string {
  const noun = evidence.noun ?? 'samples';
  const counted = evidence.n === 1 ? `1 ${noun.replace(/s$/, '')}` : `${formatCount(evidence.n)} ${noun}`;
  const more = secondsNeeded(evidence.nEffective, needed, evidence.elapsedS);
  const rest = `${formatCount(needed)} needed${more === null ? '' : `, ${formatSeconds(more)} more`}`;
  const worth = Math.max(1, Math.floor(evidence.nEffective));
  // Where dependence makes the sample small, its size alone would contradict the sentence: 478 is more than 299.
  if (worth >= evidence.n * 0.9) return `${counted} ${evidence.n === 1 ? 'is' : 'are'} too few for a ${stat} (${rest})`;
  return `${counted} worth ${formatCount(worth)} independent ones are too few for a ${stat} (${rest})`;
}

/**
 * Seconds of the same load until the effective sample reaches `needed`; 0 where it has, null where samples have no rate.
 * @param elapsedS seconds in which `nEffective` came together
 */
export function secondsNeeded(nEffective: number, needed: number, elapsedS: number | null): number | null {
  if (nEffective >= needed) return 0;
  if (elapsedS === null || !(elapsedS > 0) || !(nEffective > 0)) return null;
  return ((needed - nEffective) * elapsedS) / nEffective;
}

function estimateCertainty(
  slo: SloPlan,
  evidence: Extract<SloEvidence, { kind: 'estimate' }>,
  confidence: number,
): { confidence: Confidence; doubt: string } {
  if (evidence.ci === null)
    return { confidence: 'low', doubt: `n ${formatCount(evidence.n)} is too small for an interval` };
  const [low, high] = evidence.ci;
  if (meets(low, slo.op, slo.limit) === meets(high, slo.op, slo.limit)) return { confidence: 'high', doubt: '' };
  const level = significant(confidence * 100);
  const interval = `${formatValue(low, slo.unit)} to ${formatValue(high, slo.unit)}`;
  return { confidence: 'low', doubt: `too close to call: ${level}% CI ${interval}, n ${formatCount(evidence.n)}` };
}

function extremeCertainty(
  slo: SloPlan,
  evidence: Extract<SloEvidence, { kind: 'extreme' }>,
  point: Verdict,
): { confidence: Confidence; doubt: string } {
  // One sample settles "the largest exceeds L" and "the smallest is below L" for good; it never settles the contrary.
  const upward = slo.op === '<=' || slo.op === '<';
  const settled = (evidence.which === 'max') === upward ? 'fail' : 'pass';
  if (point === settled) return { confidence: 'high', doubt: '' };
  const beyond = evidence.which === 'max' ? 'higher' : 'lower';
  return {
    confidence: 'low',
    doubt: `the next sample may be ${beyond}: ${formatCount(evidence.n)} cannot bound a ${evidence.which}`,
  };
}
