import type { CaseRecord } from '../../protocol/run-json';
import type { CaseOutcomeCount } from './pairs';

/** Adds an answer to the count of its case; skipped ones and those of load stages are no outcome. */
export function countOutcome(cases: Map<string, CaseOutcomeCount>, key: string, record: CaseRecord): void {
  if (record.outcome === 'skipped' || record.stage !== undefined) return;
  const known = cases.get(key) ?? { pointer: record.case, n: 0, passed: 0 };
  known.n++;
  if (record.outcome === 'passed') known.passed++;
  cases.set(key, known);
}
