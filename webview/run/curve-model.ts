/** Latency against offered rate as plain numbers: what the steps of a sweep or a capacity search say, live and at the end. */
import { formatValue } from '../../src/protocol/format';
import type { Unit } from '../../src/protocol/plan';
import type { CurveResult, RunVerdict, SloResult, StageResult } from '../../src/protocol/run-json';
import type { RunPanelState } from '../../src/protocol/run-panel';
import type { StageView, TargetView } from './store';
import { unitOfExpression } from './tile-model';
import { verdictWord, type Word } from '../words';

export interface CurveStep {
  /** Name of the step's stage. */
  stage: string;
  /** Offered requests per second; null for a closed loop, which offers what is completed. */
  rate: number | null;
  rps: number;
  goodput: number | null;
  verdict: RunVerdict;
  values: Record<string, number | null>;
}

export interface CurveSlo {
  expr: string;
  /** `ttft.p99` */
  subject: string;
  limit: number;
  unit: Unit;
  /** The limit is the least and not the most. */
  minimum: boolean;
}

export interface CurveModel {
  /** By rate, those of closed loops by what they completed. */
  steps: CurveStep[];
  slos: CurveSlo[];
  /** The SLO that ends the curve: missed at the lowest rate; the first one where none is missed. */
  binding: string | null;
  /** Highest rate that met every SLO, with none below it that did not. */
  rate: number | null;
  /** USD per good request at `rate`, once the curve is complete. */
  costPerGood: number | null;
  heading: string;
  word: Word;
}

const SEARCHING: Word = { icon: 'sync', tone: 'running', word: 'Running' };

/** A stage whose steps are measured, and not itself. */
export function isWhole({ data }: StageView): boolean {
  return data.pattern === 'sweep' || data.pattern === 'capacity';
}

/** The sweep or capacity stage that `stage` is or belongs to. */
export function wholeOf(target: TargetView, stage: StageView): StageView | null {
  if (isWhole(stage)) return stage;
  const { partOf } = stage.data;
  return partOf === undefined ? null : (target.stages.find(({ data }) => data.name === partOf) ?? null);
}

export function curveOf(target: TargetView, whole: StageView, metrics: RunPanelState['metrics']): CurveModel {
  const { name, slos: plans } = whole.data;
  const result = target.curves.find(({ stage }) => stage === name) ?? null;
  const measured = target.stages.filter(({ data }) => data.partOf === name);
  const steps = result?.points ?? measured.flatMap(({ data }) => (data.result === null ? [] : [stepOf(data.result)]));
  const judged = new Map<string, { expr: string; limit: number }>();
  for (const slo of [...plans, ...measured.flatMap(({ data }) => data.results)]) judged.set(slo.expr, slo);
  const slos = [...judged.values()].map(({ expr, limit }) => ({
    expr,
    limit,
    subject: expr.split(/\s/)[0] ?? expr,
    unit: plans.find((plan) => plan.expr === expr)?.unit ?? unitOfExpression(expr, metrics),
    minimum: /^\S+\s*>/.test(expr),
  }));
  const sorted = [...steps].sort((a, b) => xOf(a) - xOf(b));
  const rate = result === null ? highestPassing(sorted) : result.rate;
  return {
    steps: sorted,
    slos,
    binding: bindingOf(sorted, slos),
    rate,
    costPerGood: result?.cost_per_good ?? null,
    heading: headingOf(result, whole, sorted, rate),
    word: result !== null ? verdictWord(result.verdict) : whole.data.status === 'done' ? BROKEN_OFF : SEARCHING,
  };
}

const BROKEN_OFF: Word = { icon: 'question', tone: 'inconclusive', word: 'Inconclusive' };

/** Where a step stands along the axis of rates. */
export function xOf({ rate, rps }: CurveStep): number {
  return rate ?? rps;
}

export function misses(value: number | null, { limit, minimum }: CurveSlo): boolean {
  return value !== null && (minimum ? value < limit : value > limit);
}

function headingOf(result: CurveResult | null, whole: StageView, steps: CurveStep[], rate: number | null): string {
  if (result !== null) return result.conclusion;
  if (whole.data.status === 'done') return 'It broke off before a rate was found.';
  if (rate !== null) return `So far the SLOs are met up to ${formatValue(rate, '1/s')}.`;
  if (steps.length > 0) return 'So far no rate is known to meet the SLOs.';
  return whole.data.pattern === 'capacity'
    ? 'Looking for the highest rate that meets the SLOs.'
    : 'Measuring one rate after the other.';
}

function stepOf(result: StageResult): CurveStep {
  return {
    stage: result.name,
    rate: result.loop === 'open' ? result.rate : null,
    rps: result.rates.rps,
    goodput: result.rates.goodput,
    verdict: result.counts.completed === 0 ? 'error' : verdictOf(result.slo),
    values: Object.fromEntries(result.slo.map(({ expr, value }) => [expr, value])),
  };
}

function verdictOf(results: readonly SloResult[]): RunVerdict {
  const verdicts = results.filter(({ severity }) => severity === 'error').map(({ verdict }) => verdict);
  if (verdicts.includes('fail')) return 'fail';
  return verdicts.includes('inconclusive') ? 'inconclusive' : 'pass';
}

function highestPassing(sorted: readonly CurveStep[]): number | null {
  let best: number | null = null;
  for (const { rate, verdict } of sorted) {
    if (rate === null) continue;
    if (verdict !== 'pass') break;
    best = rate;
  }
  return best;
}

function bindingOf(sorted: readonly CurveStep[], slos: readonly CurveSlo[]): string | null {
  for (const { values } of sorted) {
    const missed = slos.find((slo) => misses(values[slo.expr] ?? null, slo));
    if (missed !== undefined) return missed.expr;
  }
  return (slos.find(({ unit }) => unit === 'ms') ?? slos[0])?.expr ?? null;
}
