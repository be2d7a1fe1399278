/** What an HTML report holds of one run, from its folder: the state that the run panel would show, and a bounded part of the rest. */
import * as path from 'node:path';
import { formatCount } from '../../../protocol/format';
import type { CaseRecord, RequestRecord, RunJson } from '../../../protocol/run-json';
import type { PanelCase, RequestDetail, RunPanelState } from '../../../protocol/run-panel';
import { toWire } from '../../../protocol/run-panel-wire';
import type { ReportedHead, ReportedRequest, ReportedRun } from '../../../protocol/run-report';
import { AnswerBudget } from '../../run-panel/answers';
import { PANEL_LIMITS, thinned } from '../../run-panel/limits';
import type { RunRecords } from '../../run-panel/records';
import { RunDetails } from '../../run-panel/request-details';
import { openStoredRun, type StoredRun } from '../../run-panel/stored-run';
import { renderCsv } from '../csv';
import { plain } from '../plain';
import { chooseRequests } from './choose';
import type { HtmlLimits } from './limits';

/** Requests that are read at once. */
const BATCH = 200;
/** Of one answer: a page does not lay out a longer text. */
const MOST_WHOLE_CHARACTERS = 2_000_000;
/** Answers of one load stage. */
const MOST_LOAD_ANSWERS = 200;

export interface HtmlRun {
  head: ReportedHead;
  data: ReportedRun;
}

/** Reads a run for a report. A run that cannot be read is one that says so, as in the panel. */
export async function readHtmlRun(dir: string, limits: HtmlLimits): Promise<HtmlRun> {
  const stored = await openStoredRun(dir);
  await stored.load(() => undefined, new AbortController().signal);
  const { state, run, records } = stored;
  const left = new LeftOut();
  boundPoints(state, limits.points, left);
  roundHistory(state);
  const loadAnswers = run === null ? [] : await loadAnswersOf(records, limits, left);
  boundAnswers(state, loadAnswers, limits);
  sayUnlisted(state, left);
  const wholeAnswers = await wholeAnswersOf(records, state, loadAnswers, limits, left);
  const requests = await requestsOf(stored, new Set(idsOf(state, loadAnswers)), limits, left);
  const caveats = [...(state.caveats ?? []), ...left.sentences];
  const shown: RunPanelState = {
    ...state,
    ...(caveats.length === 0 ? {} : { caveats }),
    can: { pin: false, rerunFailed: false, files: run !== null },
  };
  const { source, title, status, verdict } = shown;
  return {
    head: { source, title, status, verdict },
    data: {
      snapshot: toWire({ type: 'snapshot', seq: 1, state: shown }),
      ...requests,
      loadAnswers,
      wholeAnswers,
      files: run === null ? null : await filesOf(dir, run, records),
    },
  };
}

/** Sentences on what is not in the report. */
class LeftOut {
  readonly sentences: string[] = [];

  say(text: string): void {
    this.sentences.push(text);
  }
}

function boundPoints(state: RunPanelState, most: number, left: LeftOut): void {
  const stages = state.targets.flatMap((target) => target.stages);
  const count = (): number => stages.reduce((sum, { points }) => sum + points.length, 0);
  const all = count();
  if (all <= most) return;
  const share = Math.max(1, Math.floor(most / stages.filter(({ points }) => points.length > 0).length));
  for (const stage of stages) while (stage.points.length > share) stage.points = thinned(stage.points, share);
  left.say(
    `This report draws and lists ${formatCount(count())} of ${formatCount(all)} requests, to stay small. Verdicts and metrics count all of them.`,
  );
}

/** Fifteen digits of each number of a line would be most of a report. */
function roundHistory(state: RunPanelState): void {
  for (const stage of state.targets.flatMap((target) => target.stages)) {
    stage.history = stage.history?.map((sample) => roundedNumbers(sample, 2)) ?? [];
  }
}

async function loadAnswersOf(records: RunRecords, limits: HtmlLimits, left: LeftOut): Promise<PanelCase[]> {
  const budget = new AnswerBudget(PANEL_LIMITS.answer, limits.answerCharacters);
  const counts = new Map<string, number>();
  const taken: PanelCase[] = [];
  let more = 0;
  await records.eachAnswer((record) => {
    if (record.stage === undefined || !Array.isArray(record.assertions)) return true;
    const key = `${record.target}\n${record.stage}`;
    const count = counts.get(key) ?? 0;
    counts.set(key, count + 1);
    if (count < MOST_LOAD_ANSWERS) taken.push(budget.take(record));
    else more++;
    return true;
  });
  if (more > 0)
    left.say(
      `${formatCount(more)} of the answers under load that did not pass are left out of this report; they are in cases.ndjson of the run.`,
    );
  return taken;
}

function boundAnswers(state: RunPanelState, loadAnswers: readonly PanelCase[], limits: HtmlLimits): void {
  const used = loadAnswers.reduce((sum, { answer }) => sum + (answer?.length ?? 0), 0);
  const budget = new AnswerBudget(PANEL_LIMITS.answer, Math.max(0, limits.answerCharacters - used));
  for (const target of state.targets) target.cases = target.cases.map((record) => budget.take(record));
}

function sayUnlisted(state: RunPanelState, left: LeftOut): void {
  const listed = state.targets.reduce((sum, { cases }) => sum + cases.length, 0);
  const all = state.targets.reduce((sum, { quality }) => sum + quality.total, 0);
  if (listed >= PANEL_LIMITS.cases && all > listed)
    left.say(
      `The first ${formatCount(listed)} of ${formatCount(all)} answers are listed; the others are in cases.ndjson of the run.`,
    );
}

/** The rest of the answers that were cut, as far as there is room; the others say how much of them is missing. */
async function wholeAnswersOf(
  records: RunRecords,
  state: RunPanelState,
  loadAnswers: readonly PanelCase[],
  limits: HtmlLimits,
  left: LeftOut,
): Promise<ReportedRun['wholeAnswers']> {
  const cut = new Map<string, PanelCase>();
  for (const record of state.targets.flatMap((target) => target.cases))
    if (record.answerCharacters !== undefined) cut.set(answerKey(record), record);
  const missing = (record: PanelCase): void => {
    // The last character is the mark that it was cut.
    record.cutCharacters = (record.answerCharacters ?? 0) - (record.answer?.length ?? 0) + 1;
    delete record.answerCharacters;
    lost++;
  };
  let lost = 0;
  let room = limits.wholeCharacters;
  const whole: ReportedRun['wholeAnswers'] = [];
  if (cut.size > 0) {
    await records.eachAnswer((record) => {
      const known = record.stage === undefined ? cut.get(answerKey(record)) : undefined;
      if (known === undefined) return true;
      cut.delete(answerKey(record));
      const { target, case: pointer, repeat, answer, reasoning } = record;
      const characters = (answer?.length ?? 0) + (reasoning?.length ?? 0);
      if (characters > Math.min(room, MOST_WHOLE_CHARACTERS)) missing(known);
      else {
        room -= characters;
        whole.push({ target, case: pointer, repeat, answer, reasoning });
      }
      return cut.size > 0;
    });
  }
  // Those of load stages are listed with their beginning only, as in the panel.
  for (const record of [...cut.values(), ...loadAnswers]) if (record.answerCharacters !== undefined) missing(record);
  if (lost > 0)
    left.say(
      `${lost === 1 ? 'One long answer is' : `${formatCount(lost)} long answers are`} cut in this report; the whole text is in cases.ndjson of the run.`,
    );
  return whole;
}

/** Requests of which an answer is part of the report. */
function idsOf(state: RunPanelState, loadAnswers: readonly PanelCase[]): string[] {
  const answers = [...state.targets.flatMap((target) => target.cases), ...loadAnswers];
  return answers.flatMap(({ request, turns = [] }) => [
    ...(request === null ? [] : [request]),
    ...turns.map((turn) => turn.request),
  ]);
}

async function requestsOf(
  { state, records, run }: StoredRun,
  answered: ReadonlySet<string>,
  limits: HtmlLimits,
  left: LeftOut,
): Promise<Pick<ReportedRun, 'requests' | 'prompts' | 'reasons'>> {
  const prompts = new Table<RequestDetail['prompt']>();
  const reasons = new Table<string>();
  const requests: ReportedRequest[] = [];
  if (run === null) return { requests, prompts: [], reasons: [] };
  const stages = state.targets.flatMap((target) => target.stages);
  const all = stages.flatMap(({ points }) => points);
  const ids = chooseRequests(
    stages.map(({ points }) => points),
    limits.requests,
  );
  const details = new RunDetails(records, () => state);
  let room = limits.requestCharacters;
  const kept = new Set<string>();
  for (let at = 0; at < ids.length && room > 0; at += BATCH) {
    for (const record of await records.byId(ids.slice(at, at + BATCH))) {
      if (room <= 0) break;
      const { prompt, answer, answerReason, caseName } = await details.detailOf(record);
      const before = prompts.characters + reasons.characters;
      const why = answer !== null && !answered.has(record.id) ? LEFT_OUT : answerReason;
      const request: ReportedRequest = {
        record: roundedRecord(record),
        prompt: prompts.add(prompt),
        reason: why === '' ? null : reasons.add(why),
        caseName,
      };
      room -= JSON.stringify(request).length + prompts.characters + reasons.characters - before;
      kept.add(record.id);
      requests.push(request);
    }
  }
  const failed = all.filter(({ ok }) => !ok);
  const keptFailed = failed.filter(({ request }) => kept.has(request)).length;
  if (kept.size < all.length) {
    const failures =
      failed.length === 0
        ? ''
        : keptFailed === failed.length
          ? `${failed.length === 1 ? 'the one that failed' : `all ${formatCount(failed.length)} that failed`}, `
          : `${formatCount(keptFailed)} of ${formatCount(failed.length)} that failed, `;
    left.say(
      `Details are kept of ${formatCount(kept.size)} of ${formatCount(all.length)} requests: ${failures}the slowest and an even sample. The others are in requests.ndjson of the run.`,
    );
  }
  return { requests, prompts: prompts.items, reasons: reasons.items };
}

const LEFT_OUT = 'Its answer is left out of this report to keep it small; it is in cases.ndjson of the run.';

/** Each value once; most requests of a stage share their prompt. */
class Table<T> {
  readonly items: T[] = [];
  characters = 0;
  private readonly known = new Map<string, number>();

  add(item: T): number {
    const key = JSON.stringify(item);
    const at = this.known.get(key);
    if (at !== undefined) return at;
    this.characters += key.length;
    this.known.set(key, this.items.length);
    return this.items.push(item) - 1;
  }
}

/** Microseconds are more than was measured; a cost keeps all of its digits. */
function roundedRecord(record: RequestRecord): RequestRecord {
  const { cost, itl, ...rest } = record;
  return { ...roundedNumbers(rest, 3), cost, itl: itl.map((gap) => Math.round(gap * 100) / 100) };
}

function roundedNumbers<T extends object>(value: T, decimals: number): T {
  const factor = 10 ** decimals;
  const entries = Object.entries(value).map(([key, item]: [string, unknown]) => [
    key,
    typeof item === 'number' ? Math.round(item * factor) / factor : item,
  ]);
  return Object.fromEntries(entries) as T;
}

async function filesOf(dir: string, run: RunJson, records: RunRecords): Promise<NonNullable<ReportedRun['files']>> {
  let cases: CaseRecord[] = [];
  await records.eachAnswer((record) => {
    // Of the texts the table has none.
    if (record.stage === undefined) cases.push({ ...record, answer: null, reasoning: null });
    return cases.length <= PANEL_LIMITS.cases;
  });
  // A row or two for each answer: of a large dataset the table has what they come to.
  if (cases.length > PANEL_LIMITS.cases) cases = [];
  const files = [{ run, cases, dir, path: run.source.path, placeOf: () => undefined }];
  return {
    name: plain(path.basename(dir)),
    run,
    metricsCsv: renderCsv({ files, exitCode: 0, version: run.environment.promptrig }),
  };
}

function answerKey({ target, case: pointer, repeat }: Pick<CaseRecord, 'target' | 'case' | 'repeat'>): string {
  return `${target}\n${pointer}\n${repeat}`;
}
