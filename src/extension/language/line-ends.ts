/** What the end of each line says, as data; drawn by `line-end-decorations`. */
import { isCurve } from './curve-text';
import { worst, type ItemState } from './item-state';
import type { Observation } from './observations';
import { placeObservations, type Placed } from './place-observations';
import { describeRunning, statusOf } from './status-text';
import type { Subject, Survey, SurveyNode } from './survey';
import { l10n } from '../l10n';

const CASES_STAGE = 'cases';

export interface NodeStatus {
  node: SurveyNode;
  state: ItemState;
  /** As shown at the line's end; it begins with the state's sign. */
  text: string;
  placed: Placed[];
}

export interface LineEnd {
  line: number;
  state: ItemState;
  text: string;
  /** Everything on the line. */
  statuses: NodeStatus[];
  /** What the text is about. */
  shown: NodeStatus[];
}

/** What is measured right now. */
export interface RunningSubjects {
  subjects: ReadonlySet<Subject>;
  /** `at` of the run's observations, which tells them from those of earlier runs. */
  at: string;
}

/** The state of every place of the file that has a result or is being measured. */
export function nodeStatuses(
  survey: Survey,
  observations: Observation[],
  running: RunningSubjects | null = null,
): NodeStatus[] {
  const placed = placeObservations(survey, observations);
  const kinds = running === null ? null : kindsOf(running.subjects);
  const statuses: NodeStatus[] = [];
  for (const node of survey.nodes) {
    const items = placed.get(node) ?? [];
    const ofRun = running === null ? [] : items.filter((item) => item.observation.at === running.at);
    const status =
      running !== null && kinds !== null && isRunning(node, running.subjects, kinds, survey, ofRun)
        ? describeRunning(ofRun)
        : statusOf(items);
    if (status !== null) statuses.push({ node, placed: items, ...status });
  }
  return statuses;
}

/** What says most about a line comes first; the others on it would only repeat that. */
const SAID_FIRST: readonly (readonly SurveyNode['kind'][])[] = [['assertion', 'slo'], ['member'], ['turn']];

/** Statuses by line. Where several places share a line their texts are joined, in the order of the file, worst colour first. */
export function lineEnds(statuses: NodeStatus[]): LineEnd[] {
  const lines = new Map<number, NodeStatus[]>();
  for (const status of statuses) {
    const line = status.node.anchor.start.line;
    const items = lines.get(line);
    if (items === undefined) lines.set(line, [status]);
    else items.push(status);
  }
  return [...lines]
    .map(([line, items]) => {
      const loud = items.filter((item) => item.state !== 'noted');
      const said = loud.length > 0 ? loud : items;
      const parts = SAID_FIRST.map((kinds) => said.filter(({ node }) => kinds.includes(node.kind)));
      const shown = (parts.find((part) => part.length > 0) ?? said).sort(
        (a, b) => a.node.range.start.character - b.node.range.start.character,
      );
      return {
        line,
        state: worst(shown.map((item) => item.state)),
        text: shown.map((item) => item.text).join(' │ '),
        statuses: items,
        shown,
      };
    })
    .sort((a, b) => a.line - b.line);
}

/** Counts for the verdict above the file, in the sidebar and in the status bar. */
export interface StatusSummary {
  state: ItemState;
  /** `2 of 9 failed`, `9 passed`, `running`; empty where there is no result. */
  text: string;
}

export function summarize(statuses: NodeStatus[]): StatusSummary | null {
  const said = statuses.filter((status) => status.state !== 'noted');
  const judged = said.filter((status) => {
    const { kind } = status.node;
    if (kind === 'assertion' || kind === 'slo' || kind === 'baseline') return true;
    return status.placed.some(({ observation }) => isCurve(observation));
  });
  const shown = judged.length > 0 ? judged : said;
  if (shown.length === 0) return null;
  const count = (...states: ItemState[]): number => shown.filter((status) => states.includes(status.state)).length;
  if (count('running') > 0) return { state: 'running', text: l10n.t('running') };
  // As in the run's verdict: "at least 90% pass" permits the other 10%.
  const borne = isBorne(statuses) ? shown.filter(({ node, state }) => node.kind === 'assertion' && isBad(state)) : [];
  const bad = shown.filter((status) => isBad(status.state) && !borne.includes(status));
  if (bad.length > 0)
    return {
      state: bad.some(({ state }) => state === 'failed') ? 'failed' : worst(bad.map(({ state }) => state)),
      text: l10n.t('{0} of {1} failed', bad.length + borne.length, shown.length),
    };
  if (count('stale') > 0)
    return { state: 'stale', text: l10n.t('stale, {0} of {1} changed', count('stale'), shown.length) };
  if (count('inconclusive') > 0)
    return { state: 'inconclusive', text: l10n.t('{0} inconclusive', count('inconclusive')) };
  if (count('passed') === 0) return { state: 'skipped', text: l10n.t('skipped') };
  if (borne.length > 0)
    return { state: 'passed', text: l10n.t('{0} passed, {1} failed as permitted', count('passed'), borne.length) };
  return { state: 'passed', text: l10n.t('{0} passed', count('passed')) };
}

function isBad(state: ItemState): boolean {
  return state === 'failed' || state === 'warning' || state === 'error';
}

/** Whether the SLOs on the quality of the cases are met, everywhere: they decide, and not single answers. */
function isBorne(statuses: readonly NodeStatus[]): boolean {
  const bars = statuses.flatMap(({ placed }) =>
    placed.flatMap(({ observation }) =>
      observation.kind === 'slo' &&
      observation.stage === CASES_STAGE &&
      observation.result.severity === 'error' &&
      /^quality\.(?:pass_rate|score)\b/.test(observation.result.expr)
        ? [observation.result]
        : [],
    ),
  );
  return bars.length > 0 && bars.every(({ verdict }) => verdict === 'pass');
}

interface RunningKinds {
  cases: boolean;
  stages: boolean;
}

function kindsOf(subjects: ReadonlySet<Subject>): RunningKinds {
  const kinds = { cases: false, stages: false };
  for (const subject of subjects) {
    if (subject.startsWith('case:')) kinds.cases = true;
    else if (subject.startsWith('stage:')) kinds.stages = true;
  }
  return kinds;
}

function isRunning(
  node: SurveyNode,
  running: ReadonlySet<Subject>,
  kinds: RunningKinds,
  survey: Survey,
  ofRun: readonly Placed[],
): boolean {
  // What is compared is known at the end.
  if (running.size === 0 || node.kind === 'baseline') return false;
  if (node.scope !== 'file') return running.has(node.scope);
  if (node.kind === 'assertion' || node.kind === 'member') return kinds.cases;
  // A quality SLO of the file is final with its cases, though the load goes on.
  const isFinal = ofRun.some(
    ({ observation }) => observation.kind === 'slo' && observation.subject === 'cases' && !observation.provisional,
  );
  if (isFinal && !running.has('cases')) return false;
  // A latency SLO of the file is judged on the load stages, or on the cases where there are none.
  return survey.stages.length > 0 ? kinds.stages : running.has('cases');
}
