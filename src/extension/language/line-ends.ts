/** What the end of each line says, as data; drawn by `line-end-decorations`. */
import { formatSloLine, formatValue } from '../../core/metrics/format';
import { parseSloExpression } from '../../core/metrics/slo';
import {
  addTallies,
  placeObservations,
  total,
  type AssertionObservation,
  type CaseObservation,
  type CurveObservation,
  type Observation,
  type Placed,
  type SloObservation,
  type StageObservation,
  type Tally,
} from './observations';
import { curveText, isCurve } from './curve-text';
import type { Subject, Survey, SurveyNode } from './survey';

export type ItemState =
  'passed' | 'failed' | 'warning' | 'inconclusive' | 'error' | 'skipped' | 'running' | 'stale' | 'noted';

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
  statuses: NodeStatus[];
}

/** Signs of the line's end. Each state has a sign, a colour and a word, so that colour is never alone in saying it. */
const SIGN: Record<ItemState, string> = {
  passed: '✓',
  failed: '✗',
  warning: '✗',
  inconclusive: '~',
  error: '!',
  skipped: '○',
  running: '⋯',
  stale: '◌',
  noted: '→',
};

const DATASET: Subject = 'case:/dataset';
const MAX_TEXT = 80;
/** A curve has an answer, what lies beyond it and a price. */
const MAX_CURVE_TEXT = 110;

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
  const statuses: NodeStatus[] = [];
  for (const node of survey.nodes) {
    const items = placed.get(node) ?? [];
    const ofRun = running === null ? [] : items.filter((item) => item.observation.at === running.at);
    const status =
      running !== null && isRunning(node, running.subjects, survey, ofRun) ? describeRunning(ofRun) : statusOf(items);
    if (status !== null) statuses.push({ node, placed: items, ...status });
  }
  return statuses;
}

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
      // A case or stage that shares its line with its own parts would only repeat them.
      const said = items.filter((item) => item.state !== 'noted');
      const parts = said.filter((item) => item.node.kind === 'assertion' || item.node.kind === 'slo');
      const shown = (parts.length > 0 ? parts : said.length > 0 ? said : items).sort(
        (a, b) => a.node.range.start.character - b.node.range.start.character,
      );
      return {
        line,
        state: worst(shown.map((item) => item.state)),
        text: shown.map((item) => item.text).join(' │ '),
        statuses: items,
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
    return kind === 'assertion' || kind === 'slo' || status.placed.some(({ observation }) => isCurve(observation));
  });
  const shown = judged.length > 0 ? judged : said;
  if (shown.length === 0) return null;
  const count = (...states: ItemState[]): number => shown.filter((status) => states.includes(status.state)).length;
  const bad = count('failed', 'warning', 'error');
  if (count('running') > 0) return { state: 'running', text: 'running' };
  if (bad > 0)
    return {
      state: count('failed') > 0 ? 'failed' : worst(shown.map((s) => s.state)),
      text: `${bad} of ${shown.length} failed`,
    };
  if (count('stale') > 0) return { state: 'stale', text: `stale, ${count('stale')} of ${shown.length} changed` };
  if (count('inconclusive') > 0) return { state: 'inconclusive', text: `${count('inconclusive')} inconclusive` };
  if (count('passed') === 0) return { state: 'skipped', text: 'skipped' };
  return { state: 'passed', text: `${count('passed')} passed` };
}

/** The worst of several states, as a group of them is coloured. */
export function worst(states: ItemState[]): ItemState {
  const order: ItemState[] = [
    'running',
    'failed',
    'error',
    'warning',
    'inconclusive',
    'stale',
    'skipped',
    'passed',
    'noted',
  ];
  return order.find((state) => states.includes(state)) ?? 'passed';
}

function isRunning(node: SurveyNode, running: ReadonlySet<Subject>, survey: Survey, ofRun: readonly Placed[]): boolean {
  if (running.size === 0) return false;
  if (node.scope !== 'file') return running.has(node.scope);
  if (node.kind === 'assertion') return [...running].some((subject) => subject.startsWith('case:'));
  // A quality SLO of the file is final with its cases, though the load goes on.
  const isFinal = ofRun.some(
    ({ observation }) => observation.kind === 'slo' && observation.subject === 'cases' && !observation.provisional,
  );
  if (isFinal && !running.has('cases')) return false;
  // A latency SLO of the file is judged on the load stages, or on the cases where there are none.
  return survey.stages.length > 0 ? [...running].some((subject) => subject.startsWith('stage:')) : running.has('cases');
}

function describeRunning(ofRun: readonly Placed[]): { state: ItemState; text: string } {
  const steps = ofRun.flatMap(({ observation }) => (observation.kind === 'step' ? [observation] : []));
  // Targets take turns, so the last one to have started is the one that runs.
  const step = steps.at(-1);
  if (step !== undefined) {
    const at = step.rate === null ? step.step : `at ${formatValue(step.rate, '1/s')}`;
    return { state: 'running', text: line('running', `${at} · step ${step.count}`) };
  }
  const curves = ofRun.flatMap(({ observation }) => (isCurve(observation) ? [observation] : []));
  if (curves.length > 0) return { state: 'running', text: `${SIGN.running} so far ${describeCurves(curves).text}` };
  const slos = ofRun.flatMap(({ observation }) => (observation.kind === 'slo' ? [observation] : []));
  if (slos.length === 0) return { state: 'running', text: `${SIGN.running} running` };
  return { state: 'running', text: `${SIGN.running} so far ${describeSlos(slos).text}` };
}

function statusOf(placed: Placed[]): { state: ItemState; text: string } | null {
  const fresh = placed.filter((item) => !item.stale);
  if (fresh.length > 0) return describe(fresh.map((item) => item.observation));
  if (placed.length === 0) return null;
  const was = describe(placed.map((item) => item.observation));
  // A pointer to another line says nothing that could go stale.
  if (was.state === 'noted') return null;
  return { state: 'stale', text: `${SIGN.stale} stale · was ${withoutSign(was.text)}` };
}

function describe(observations: Observation[]): { state: ItemState; text: string } {
  const assertions = observations.filter((item): item is AssertionObservation => item.kind === 'assertion');
  if (assertions.length > 0) return describeAssertions(assertions);
  const cases = observations.filter((item): item is CaseObservation => item.kind === 'case');
  if (cases.length > 0) return describeCases(cases);
  const slos = observations.filter((item): item is SloObservation => item.kind === 'slo');
  if (slos.length > 0) return describeSlos(slos);
  const curves = observations.filter(isCurve);
  if (curves.length > 0) return describeCurves(curves);
  const perStep = observations.flatMap((item) => (item.kind === 'per-step' ? [`"${item.stage}"`] : []));
  if (perStep.length > 0) {
    return { state: 'noted', text: line('noted', `judged at each step, see ${[...new Set(perStep)].join(', ')}`) };
  }
  return describeStages(observations.filter((item): item is StageObservation => item.kind === 'stage'));
}

/** Rows of a dataset share their place; that they differ says nothing about any of them. */
function isFlaky({ subject, tally }: { subject: Subject; tally: Tally }): boolean {
  return subject !== DATASET && tally.passed > 0 && tally.failed > 0;
}

function describeAssertions(observations: AssertionObservation[]): { state: ItemState; text: string } {
  const tally = addTallies(observations.map((item) => item.tally));
  const samples = observations.flatMap((item) =>
    item.sample === null ? [] : [{ ...item.sample, subject: item.subject, target: item.target }],
  );
  const flaky = observations.some(isFlaky);
  const asked = total(tally) - tally.skipped;
  const counts = `${tally.passed}/${asked}`;
  if (tally.failed > 0) {
    const sample = samples.find((item) => item.outcome === 'failed');
    // What tells the failing answer from the others that are counted: its case, its target, or both.
    const where =
      sample === undefined
        ? ''
        : [
            sample.subject === DATASET || observations.some((item) => item.subject !== sample.subject)
              ? sample.case
              : '',
            observations.some((item) => item.target !== sample.target) ? sample.target : '',
          ]
            .filter((part) => part !== '')
            .map((part) => `${part}: `)
            .join('');
    const why =
      sample === undefined
        ? ''
        : ` · ${where}${sample.expected === undefined ? sample.reason : `expected ${quoted(sample.expected)}`}`;
    const severity = observations.find((item) => item.tally.failed > 0)?.severity ?? 'error';
    return {
      state: severity === 'error' ? 'failed' : 'warning',
      text: line(
        severity === 'error' ? 'failed' : 'warning',
        `${asked === 1 ? 'failed' : `${counts}${flaky ? ' flaky' : ' failed'}`}${why}`,
      ),
    };
  }
  if (tally.error > 0) {
    const sample = samples.find((item) => item.outcome === 'error');
    return { state: 'error', text: line('error', `not evaluated · ${sample?.reason ?? 'no reason given'}`) };
  }
  if (tally.passed === 0) {
    return { state: 'skipped', text: line('skipped', `skipped · ${samples[0]?.reason ?? 'no reason given'}`) };
  }
  return { state: 'passed', text: line('passed', total(tally) === 1 ? 'passed' : counts) };
}

function describeCases(observations: CaseObservation[]): { state: ItemState; text: string } {
  const tally = addTallies(observations.map((item) => item.tally));
  const flaky = observations.some(isFlaky);
  const state = caseState(tally);
  const asked = total(tally) - tally.skipped;
  const sample = observations.map((item) => item.sample).find((item) => item.outcome !== 'passed');
  const rows = observations.every(({ subject }) => subject === DATASET) ? ' rows' : '';
  switch (state) {
    case 'failed':
      return {
        state,
        text: line(
          state,
          asked === 1
            ? 'failed'
            : `${tally.passed}/${asked}${rows}${flaky ? ' flaky' : rows === '' ? ' failed' : ' passed'}`,
        ),
      };
    case 'error':
      return { state, text: line(state, `no answer · ${sample?.reason ?? 'no reason given'}`) };
    case 'skipped':
      return { state, text: line(state, `skipped · ${sample?.reason ?? 'no reason given'}`) };
    default:
      return { state, text: line(state, asked === 1 ? 'passed' : `${tally.passed}/${asked}${rows}`) };
  }
}

function caseState(tally: Tally): 'passed' | 'failed' | 'error' | 'skipped' {
  if (tally.failed > 0) return 'failed';
  if (tally.error > 0) return 'error';
  return tally.passed > 0 ? 'passed' : 'skipped';
}

function sloState(observation: SloObservation): ItemState {
  const { verdict, severity } = observation.result;
  if (verdict === 'pass') return 'passed';
  if (verdict === 'inconclusive') return 'inconclusive';
  return severity === 'error' ? 'failed' : 'warning';
}

/** One result is said in full. Several (targets, stages, the limits of a preset) are named by what tells them apart. */
function describeSlos(observations: SloObservation[]): { state: ItemState; text: string } {
  const state = worst(observations.map(sloState));
  const [only] = observations;
  if (observations.length === 1 && only !== undefined) return { state, text: sloText(only, '') };
  const distinct = (of: (item: SloObservation) => string): boolean => new Set(observations.map(of)).size > 1;
  const byExpression = distinct((item) => item.result.expr);
  const byTarget = distinct((item) => item.target);
  const byStage = distinct((item) => item.stage);
  const name = (item: SloObservation): string =>
    [
      byExpression ? (item.result.expr.split(/\s/)[0] ?? '') : '',
      byTarget ? item.target : '',
      byStage ? item.stage : '',
    ]
      .filter((part) => part !== '')
      .join(' ');
  const order = observations
    .map((item, index) => ({ item, index, state: sloState(item) }))
    .sort((a, b) => rankOf(a.state) - rankOf(b.state) || a.index - b.index);
  const shown = order.slice(0, 3).map(({ item }) => sloText(item, name(item)));
  const rest = order.slice(3);
  if (rest.length > 0) {
    const passed = rest.filter((item) => item.state === 'passed').length;
    shown.push(passed === rest.length ? `${SIGN.passed} ${passed} more` : `${rest.length} more`);
  }
  return { state, text: shown.join(' · ') };
}

/** What was missed comes before what could not be decided, and what was met last. */
function rankOf(state: ItemState): number {
  return state === 'passed' ? 2 : state === 'inconclusive' ? 1 : 0;
}

function sloText(observation: SloObservation, name: string): string {
  const text = formatSloLine(observation.result);
  if (name === '') return text;
  // Side by side there is room for the answer and how far it is off, not for intervals and reasons.
  const { verdict, value, expr } = observation.result;
  if (verdict === 'inconclusive' || value === null) {
    const parsed = parseSloExpression(expr);
    const shown = value === null || !parsed.ok ? '' : ` ${formatValue(value, parsed.unit)}`;
    return `${SIGN.inconclusive} ${name}${shown} undecided`;
  }
  const [answer = ''] = withoutSign(text).split(' · ', 1);
  return `${text.charAt(0)} ${name} ${answer}`;
}

function describeStages(observations: StageObservation[]): { state: ItemState; text: string } {
  const steps = observations.filter((item) => item.isStep === true).length;
  if (steps > 0 && steps === observations.length) {
    // Without a curve the run broke off: single steps say nothing about the stage.
    const text = `broken off after ${steps} step${steps === 1 ? '' : 's'}, no rate is known yet`;
    return { state: 'inconclusive', text: line('inconclusive', text) };
  }
  const limited = observations.some((item) => item.flags.includes('client_limited'));
  const failed = observations.some((item) => item.completed === 0);
  const text = observations
    .map((item) => {
      const errors = item.errorRate > 0 ? ` · ${percent(item.errorRate)} errors` : '';
      return `${observations.length > 1 ? `${item.target}: ` : ''}${item.completed} requests · ${formatValue(item.rps, '1/s')}${errors}`;
    })
    .join(' · ');
  if (failed) return { state: 'error', text: line('error', `no request completed · ${text}`) };
  if (limited) return { state: 'inconclusive', text: line('inconclusive', `limited by the client · ${text}`) };
  return { state: 'passed', text: line('passed', `done · ${text}`) };
}

function describeCurves(observations: CurveObservation[]): { state: ItemState; text: string } {
  const several = observations.length > 1;
  const parts = observations
    .map((observation) => ({ ...curveText(observation), target: observation.target }))
    .sort((a, b) => rankOf(a.state) - rankOf(b.state));
  // Side by side there is room for the answer alone.
  const text = parts
    .map(({ state, answer, rest, target }) =>
      several ? `${SIGN[state]} ${target}: ${answer}` : `${SIGN[state]} ${[answer, ...rest].join(' · ')}`,
    )
    .join(' · ');
  return { state: worst(parts.map(({ state }) => state)), text: clip(text, MAX_CURVE_TEXT) };
}

function percent(share: number): string {
  return `${(share * 100).toPrecision(share >= 0.1 ? 3 : 2)}%`;
}

function quoted(text: string): string {
  const flat = text.replace(/\s+/g, ' ').trim();
  return `"${flat.length <= 40 ? flat : `${flat.slice(0, 39)}…`}"`;
}

function line(state: ItemState, text: string): string {
  return `${SIGN[state]} ${clip(text, MAX_TEXT)}`;
}

function clip(text: string, length: number): string {
  const flat = text.replace(/\s+/g, ' ').trim();
  return flat.length <= length ? flat : `${flat.slice(0, length - 1)}…`;
}

/** Drops the sign of a line's end, if it has one. */
function withoutSign(text: string): string {
  return text.replace(/^[✓✗~!○⋯◌→]\s+/, '');
}
