/** "Maximise X subject to Y": which target it is, what the constraints cost against the best without them, and why others are out. */
import type { SelectionChoice, SelectionResult, TargetResult } from '../../protocol/run-json';
import { formatDifference, formatValue } from '../metrics/format';
import { meets } from '../metrics/verdict';
import type { ParsedSlo } from '../metrics/slo';
import { axisInfo, axisOf, axisPhrase, candidateOf, type Candidate } from './pareto-values';

/** How a candidate stands to a requirement. `open`: what would decide was not measured, or is inconclusive. */
export interface Standing {
  state: 'met' | 'missed' | 'open';
  /** How far it is beyond the limit, as a share of it; 0 where it is met, infinite where nothing is known. */
  excess: number;
  /** For a sentence, such as `misses ttft.p99 <= 200ms by 31 ms`. */
  reason: string;
  /** Whether it is certain: the whole interval lies on one side of the limit. */
  sure: boolean;
}

export interface Requirement {
  /** As its author wrote it. */
  text: string;
  standing(candidate: Candidate): Standing;
}

/** A limit on any number that candidates have. */
export function limitOn(slo: ParsedSlo): Requirement {
  const axis = slo.stat === null ? slo.metric : `${slo.metric}.${slo.stat}`;
  return {
    text: slo.expr,
    standing: ({ values }) => {
      const measured = values.get(axis);
      if (measured === undefined) {
        return { state: 'open', excess: Number.POSITIVE_INFINITY, reason: `has no ${axisPhrase(axis)}`, sure: false };
      }
      const { value, ci } = measured;
      const met = meets(value, slo.op, slo.limit);
      return {
        state: met ? 'met' : 'missed',
        excess: met ? 0 : excessOf(value, slo.limit),
        reason: met ? '' : `misses ${slo.expr} by ${formatDifference(value - slo.limit, slo.unit)}`,
        sure: ci !== null && meets(ci[0], slo.op, slo.limit) === met && meets(ci[1], slo.op, slo.limit) === met,
      };
    },
  };
}

/** What a run has judged already, stage by stage: all that decide must be met. */
export function verdictOf(expr: string): Requirement {
  return {
    text: expr,
    standing: ({ slos }) => {
      const own = slos.filter(({ slo }) => slo.expr === expr);
      if (own.length === 0) {
        return { state: 'open', excess: Number.POSITIVE_INFINITY, reason: `was not judged on ${expr}`, sure: false };
      }
      const { unit = 'count' } = axisInfo(axisOf(expr)) ?? {};
      const missed = own.filter(({ slo }) => slo.verdict === 'fail');
      const open = own.find(({ slo }) => slo.verdict === 'inconclusive');
      const [worst] = [...missed].sort((a, b) => excess(b) - excess(a));
      if (worst !== undefined) {
        const { value, limit } = worst.slo;
        const by = value === null ? '' : ` by ${formatDifference(value - limit, unit)}`;
        const reason = `misses ${expr}${by}${placeOf(worst.stage, own.length)}`;
        return { state: 'missed', excess: excess(worst), reason, sure: worst.slo.confidence === 'high' };
      }
      if (open !== undefined) {
        return {
          state: 'open',
          excess: excess(open),
          reason: `leaves ${expr} open${placeOf(open.stage, own.length)}: ${open.slo.reason}`,
          sure: false,
        };
      }
      return { state: 'met', excess: 0, reason: '', sure: own.every(({ slo }) => slo.confidence === 'high') };
    },
  };
}

function placeOf(stage: string | null, count: number): string {
  return stage === null || count < 2 ? '' : ` in "${stage}"`;
}

function excess({ slo: { value, limit } }: Candidate['slos'][number]): number {
  return value === null ? Number.POSITIVE_INFINITY : excessOf(value, limit);
}

function excessOf(value: number, limit: number): number {
  return limit === 0 ? Math.abs(value) : Math.abs(value - limit) / Math.abs(limit);
}

/** Chooses on each axis among the candidates that meet every requirement. */
export function select(
  candidates: readonly Candidate[],
  axes: readonly string[],
  requirements: readonly Requirement[],
): SelectionResult {
  const standings = candidates.map((candidate) => ({
    candidate,
    all: requirements.map((requirement) => requirement.standing(candidate)),
  }));
  const fitting = standings.filter(({ all }) => all.every(({ state }) => state === 'met'));
  const rejected = standings.filter((each) => !fitting.includes(each));
  const worst = ({ all }: (typeof standings)[number]): number => Math.max(0, ...all.map(({ excess: by }) => by));
  const nearest = rejected.reduce<(typeof standings)[number] | null>(
    (best, each) => (Number.isFinite(worst(each)) && (best === null || worst(each) < worst(best)) ? each : best),
    null,
  );
  return {
    subject_to: requirements.map(({ text }) => text),
    fitting: fitting.map(({ candidate, all }) => ({ id: candidate.id, sure: all.every(({ sure }) => sure) })),
    rejected: rejected.map(({ candidate, all }) => ({
      id: candidate.id,
      reasons: all.flatMap(({ state, reason }) => (state === 'met' ? [] : [reason])),
    })),
    ...(fitting.length > 0 || nearest === null ? {} : { nearest: nearest.candidate.id }),
    choices: axes.map((axis) =>
      choiceOn(
        axis,
        candidates,
        fitting.map(({ candidate }) => candidate),
      ),
    ),
  };
}

function choiceOn(axis: string, all: readonly Candidate[], fitting: readonly Candidate[]): SelectionChoice {
  const best = bestOn(axis, all);
  const chosen = bestOn(axis, fitting);
  const cost = best === null || chosen === null ? null : Math.abs(chosen.value - best.value);
  return { axis, best, chosen, cost };
}

function bestOn(axis: string, candidates: readonly Candidate[]): SelectionChoice['best'] {
  const lower = axisInfo(axis)?.better === 'lower';
  let best: SelectionChoice['best'] = null;
  for (const { id, values } of candidates) {
    const value = values.get(axis)?.value;
    if (value === undefined) continue;
    if (best === null || (lower ? value < best.value : value > best.value)) best = { id, value };
  }
  return best;
}

/** The choice of a run among its targets, subject to all SLOs that decide; null without two targets, an axis or an SLO. */
export function selectionOf(
  results: readonly TargetResult[],
  axes: readonly string[],
  stage: string | null,
): SelectionResult | null {
  const candidates = results.map((result) => candidateOf(result, stage));
  const expressions = new Set(candidates.flatMap(({ slos }) => slos.map(({ slo }) => slo.expr)));
  if (results.length < 2 || axes.length === 0 || expressions.size === 0) return null;
  return select(candidates, axes, [...expressions].map(verdictOf));
}

/**
 * One sentence: what is chosen on an axis and what the constraints cost there, or that nothing fits and what comes nearest.
 * @param name how a target is called in the sentence
 */
export function choiceSentence(
  choice: SelectionChoice,
  selection: SelectionResult,
  name: (id: string) => string = (id) => id,
): string {
  const { axis, best, chosen, cost } = choice;
  const info = axisInfo(axis);
  if (info === null || best === null) return `No target has a value for ${axisPhrase(axis)}.`;
  const aim = `${info.better === 'lower' ? 'Lowest' : 'Highest'} ${axisPhrase(axis)}`;
  const shown = (value: number): string => formatValue(value, info.unit);
  if (chosen === null) {
    const without = `${aim}: no target meets every limit`;
    const { nearest } = selection;
    const reasons = selection.rejected.find(({ id }) => id === nearest)?.reasons ?? [];
    const near = nearest === undefined ? '' : `; ${name(nearest)} comes nearest and ${listed(reasons)}`;
    return `${without}${near}. Without limits it would be ${name(best.id)} with ${shown(best.value)}.`;
  }
  const head = `${aim}: ${name(chosen.id)} with ${shown(chosen.value)}`;
  if (selection.subject_to.length === 0) return `${head}.`;
  if (chosen.id === best.id) return `${head}; the limits cost nothing here.`;
  if (cost === 0) return `${head}; the limits cost nothing here, ${name(best.id)} does no better.`;
  const share = best.value === 0 ? '' : ` (${shareText(cost ?? 0, best.value)})`;
  return `${head}; the limits cost ${formatDifference(cost ?? 0, info.unit)}${info.unit === 'ratio' ? '' : share} against ${name(best.id)} with ${shown(best.value)}.`;
}

function shareText(cost: number, best: number): string {
  const ratio = Math.abs(cost / best);
  return ratio >= 1
    ? `${Number((1 + ratio).toPrecision(2))} times as much`
    : `${Number((ratio * 100).toPrecision(2))}%`;
}

function listed(reasons: readonly string[]): string {
  return reasons.length < 2 ? (reasons[0] ?? '') : `${reasons.slice(0, -1).join(', ')} and ${reasons.at(-1) ?? ''}`;
}
