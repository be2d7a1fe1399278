import type { CasePlan } from '../../protocol/plan';
import type { AssertionResult, CaseRecord } from '../../protocol/run-json';

/**
 * Whether each request of an answer's conversation was right, by request id, as far as the stored answer tells; null where nothing
 * judges it. It is what a run's own count of good requests rests on.
 */
export function correctRequests(record: CaseRecord, item: CasePlan | undefined): Map<string, boolean | null> {
  const found = new Map<string, boolean | null>();
  // Nothing was judged of one that was never answered: whoever stopped the run says nothing about it.
  const whole = record.outcome === 'skipped' && record.assertions.length === 0 ? null : record.outcome === 'passed';
  const turns = record.turns ?? [];
  // The assertions of a turn come first, in the order of the turns; those of the case last.
  let from = 0;
  for (const [index, turn] of turns.entries()) {
    const count = item?.turns?.[index]?.assertions.length ?? 0;
    found.set(turn.request, count === 0 ? null : allPass(record.assertions.slice(from, from + count)));
    from += count;
  }
  const isConversation = record.turns !== undefined;
  const ofCase = record.assertions.length > from || (!isConversation && record.outcome !== 'passed');
  if (record.request !== null && (ofCase || !found.has(record.request)))
    found.set(record.request, ofCase ? whole : null);
  return found;
}

function allPass(results: readonly AssertionResult[]): boolean {
  return results.every(({ outcome, severity }) => outcome === 'passed' || severity !== 'error');
}
