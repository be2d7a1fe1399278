/** A run against an earlier one on quality: what got worse, what got better. */
import { formatValue } from '../metrics/format';
import { readCases, readRun } from '../results/store';
import { qualityPairs, type CaseOutcomeCount, type TargetOutcomes } from './pairs';
import type { BaselineComparison, CaseRecord, QualityPair } from '../../protocol/run-json';

export interface Baseline {
  run: string;
  startedAt: string;
  /** Cases by their id, which is stable over edits elsewhere in the file. */
  targets: TargetOutcomes[];
}

/** Reads what a baseline comparison needs of a run's folder. @throws PromptrigError as the run's files do */
export async function readBaseline(dir: string): Promise<Baseline> {
  const run = await readRun(dir);
  const targets = new Map<string, Map<string, CaseOutcomeCount>>();
  for await (const record of readCases(dir)) {
    const cases = targets.get(record.target) ?? new Map<string, CaseOutcomeCount>();
    targets.set(record.target, cases);
    countOutcome(cases, record.case_id, record);
  }
  return {
    run: run.id,
    startedAt: run.started_at,
    targets: [...targets].map(([id, cases]) => ({ id, cases })),
  };
}

/** Adds an answer to the count of its case; skipped ones and those of load stages are no outcome. */
export function countOutcome(cases: Map<string, CaseOutcomeCount>, key: string, record: CaseRecord): void {
  if (record.outcome === 'skipped' || record.stage !== undefined) return;
  const known = cases.get(key) ?? { pointer: record.case, n: 0, passed: 0 };
  known.n++;
  if (record.outcome === 'passed') known.passed++;
  cases.set(key, known);
}

/**
 * Each target against its counterpart of the baseline: that of the same id, or, where both runs have one target alone, that.
 * @param targets outcomes by case id
 */
export function compareWithBaseline(
  baseline: Baseline,
  targets: readonly TargetOutcomes[],
  confidence: number,
): BaselineComparison {
  const lone = targets.length === 1 && baseline.targets.length === 1 ? baseline.targets[0] : undefined;
  const matched = targets.flatMap((target): (readonly [TargetOutcomes, TargetOutcomes])[] => {
    const counterpart = baseline.targets.find(({ id }) => id === target.id) ?? lone;
    return counterpart === undefined ? [] : [[counterpart, target]];
  });
  const pairs = qualityPairs([], confidence, matched);
  return {
    run: baseline.run,
    started_at: baseline.startedAt,
    pairs,
    regressions: pairs.filter(({ verdict }) => verdict === 'first better').map(sentence),
    improvements: pairs.filter(({ verdict }) => verdict === 'second better').map(sentence),
  };
}

function sentence(pair: QualityPair): string {
  const { second, only_first: lost, only_second: won, cases, difference } = pair;
  const points = formatValue(Math.abs(difference), 'ratio');
  const direction = difference < 0 ? 'fewer' : 'more';
  return `${second}: ${points} ${direction} cases pass than in the baseline (${lost} lost, ${won} won of ${cases}, p ${pair.p_adjusted.toPrecision(2)})`;
}
