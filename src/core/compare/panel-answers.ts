/** Every answer of the contenders to one case, whole, from the files of their runs. */
import type { CompareCaseCell, ContenderAnswers } from '../../protocol/compare-panel';
import type { AssertionResult, CaseRecord, RequestRecord } from '../../protocol/run-json';
import { latenciesOf } from '../metrics/request-sample';
import { RunRecords } from '../run-panel/records';
import type { Entry } from './panel-source';

/** Characters of one text: beyond it an editor would not show it either. */
const MOST_CHARACTERS = 2_000_000;
/** Of one contender: a case may be repeated as often as its author likes. */
const MOST_REPEATS = 100;

/** @param entries those of runs of ours; other tools keep no answers */
export async function answersOf(entries: readonly Entry[], caseId: string): Promise<ContenderAnswers[]> {
  const byDir = new Map<string, CaseRecord[]>();
  const answers: ContenderAnswers[] = [];
  for (const { id, source, target } of entries) {
    if (source.tool !== 'promptrig' || !target.cases.has(caseId)) continue;
    const records = new RunRecords(source.path);
    const found = byDir.get(source.path) ?? (await recordsOf(records, caseId));
    byDir.set(source.path, found);
    const own = found
      .filter((record) => record.target === target.compared.id)
      .sort((a, b) => a.repeat - b.repeat)
      .slice(0, MOST_REPEATS);
    const requests = await requestsOf(records, own);
    answers.push({ id, repeats: own.map((record) => repeatOf(record, requests)) });
  }
  return answers;
}

async function recordsOf(records: RunRecords, caseId: string): Promise<CaseRecord[]> {
  const found: CaseRecord[] = [];
  await records.eachAnswer((record) => {
    if (record.stage === undefined && record.case_id === caseId) found.push(record);
    return true;
  });
  return found;
}

async function requestsOf(
  records: RunRecords,
  answers: readonly CaseRecord[],
): Promise<ReadonlyMap<string, RequestRecord>> {
  const ids = answers.flatMap(({ request }) => request ?? []);
  const found = ids.length === 0 ? [] : await records.byId(ids);
  return new Map(found.map((record) => [record.id, record]));
}

function repeatOf(
  record: CaseRecord,
  requests: ReadonlyMap<string, RequestRecord>,
): ContenderAnswers['repeats'][number] {
  const request = record.request === null ? undefined : requests.get(record.request);
  // Cases wait for each other: their times count from the send.
  const latencies = request === undefined || request.outcome !== 'completed' ? {} : latenciesOf(request, 'closed');
  return {
    repeat: record.repeat,
    state: stateOf(record),
    answer: cut(record.answer),
    reasoning: cut(record.reasoning),
    ttftMs: latencies.ttft ?? null,
    e2eMs: latencies.e2e ?? null,
    outputTokens: request?.output_tokens ?? null,
    costUsd: request?.cost ?? null,
    assertions: record.assertions.map(({ name, type, outcome, reason }) => ({
      label: name ?? type,
      state: outcomeOf(outcome),
      reason,
    })),
  };
}

function stateOf({ outcome, assertions }: CaseRecord): CompareCaseCell['state'] {
  return outcome === 'passed' && assertions.length === 0 ? 'not judged' : outcome;
}

function outcomeOf(outcome: AssertionResult['outcome']): 'pass' | 'fail' | 'skipped' | 'error' {
  return outcome === 'passed' ? 'pass' : outcome === 'failed' ? 'fail' : outcome;
}

function cut(text: string | null): string | null {
  return text === null || text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)}…`;
}
