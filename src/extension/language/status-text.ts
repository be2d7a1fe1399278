/** What the observations at one place come to: a state and the text at the line's end, answer first and reason after. */
import { formatSloLine, formatValue } from '../../core/metrics/format';
import { parseSloExpression } from '../../core/metrics/slo';
import { curveText, isCurve } from './curve-text';
import { SIGN, withoutSign, worst, type ItemState } from './item-state';
import {
  addTallies,
  total,
  type AssertionObservation,
  type BaselineObservation,
  type CaseObservation,
  type CurveObservation,
  type MemberObservation,
  type Observation,
  type Sample,
  type SloObservation,
  type StageObservation,
  type Tally,
  type TurnObservation,
} from './observations';
import type { Placed } from './place-observations';
import type { Subject } from './survey';
import { l10n } from '../l10n';

export interface StatusText {
  state: ItemState;
  /** As shown at the line's end; it begins with the state's sign. */
  text: string;
}

const DATASET: Subject = 'case:/dataset';
const MAX_TEXT = 80;
/** A curve has an answer, what lies beyond it and a price. */
const MAX_CURVE_TEXT = 110;

/** Null where nothing is known. */
export function statusOf(placed: readonly Placed[]): StatusText | null {
  const fresh = placed.filter((item) => !item.stale);
  if (fresh.length > 0) return describe(fresh.map((item) => item.observation));
  if (placed.length === 0) return null;
  const was = describe(placed.map((item) => item.observation));
  // A pointer to another line says nothing that could go stale.
  if (was.state === 'noted') return null;
  return { state: 'stale', text: `${SIGN.stale} ${l10n.t('stale · was {0}', withoutSign(was.text))}` };
}

/** @param ofRun what the run in progress has found so far */
export function describeRunning(ofRun: readonly Placed[]): StatusText {
  const steps = ofRun.flatMap(({ observation }) => (observation.kind === 'step' ? [observation] : []));
  // Targets take turns, so the last one to have started is the one that runs.
  const step = steps.at(-1);
  if (step !== undefined) {
    const at = step.rate === null ? step.step : l10n.t('at {0}', formatValue(step.rate, '1/s'));
    return { state: 'running', text: line('running', l10n.t('{0} · step {1}', at, step.count)) };
  }
  const curves = ofRun.flatMap(({ observation }) => (isCurve(observation) ? [observation] : []));
  if (curves.length > 0)
    return { state: 'running', text: `${SIGN.running} ${l10n.t('so far {0}', describeCurves(curves).text)}` };
  const slos = ofRun.flatMap(({ observation }) => (observation.kind === 'slo' ? [observation] : []));
  if (slos.length === 0) return { state: 'running', text: `${SIGN.running} ${l10n.t('running')}` };
  return { state: 'running', text: `${SIGN.running} ${l10n.t('so far {0}', describeSlos(slos).text)}` };
}

function describe(observations: Observation[]): StatusText {
  const of = <K extends Observation['kind']>(kind: K): Extract<Observation, { kind: K }>[] =>
    observations.filter((item): item is Extract<Observation, { kind: K }> => item.kind === kind);
  const assertions = of('assertion');
  if (assertions.length > 0) return describeAssertions(assertions);
  const members = of('member');
  if (members.length > 0) return describeMembers(members);
  const turns = of('turn');
  if (turns.length > 0) return describeTurns(turns);
  const cases = of('case');
  if (cases.length > 0) return describeCases(cases);
  const slos = of('slo');
  if (slos.length > 0) return describeSlos(slos);
  const curves = of('curve');
  if (curves.length > 0) return describeCurves(curves);
  const [baseline] = of('baseline');
  if (baseline !== undefined) return describeBaseline(baseline);
  const perStep = of('per-step').map((item) => `"${item.stage}"`);
  if (perStep.length > 0) {
    const stages = [...new Set(perStep)].join(', ');
    return { state: 'noted', text: line('noted', l10n.t('judged at each step, see {0}', stages)) };
  }
  return describeStages(of('stage'));
}

/** Rows of a dataset share their place; that they differ says nothing about any of them. */
function isFlaky({ subject, tally }: { subject: Subject; tally: Tally }): boolean {
  return subject !== DATASET && tally.passed > 0 && tally.failed > 0;
}

function describeAssertions(observations: AssertionObservation[]): StatusText {
  const asserted = describeAsserted(observations);
  // A weight of 0 asks for a look and not for a verdict.
  if (asserted.state === 'warning' && observations.every(({ severity }) => severity === 'info'))
    return { state: 'noted', text: line('noted', withoutSign(asserted.text)) };
  return asserted;
}

/** A member that fails in a set which holds is no fault of anything. */
function describeMembers(observations: MemberObservation[]): StatusText {
  const found = describeAsserted(observations);
  if (
    found.state !== 'warning' ||
    !observations.every(({ tally, outvoted }) => tally.failed === 0 || outvoted === true)
  )
    return found;
  return { state: 'noted', text: line('noted', withoutSign(found.text)) };
}

function describeAsserted(observations: (AssertionObservation | MemberObservation)[]): StatusText {
  const tally = addTallies(observations.map((item) => item.tally));
  const samples = observations.flatMap((item) =>
    item.sample === null ? [] : [{ ...item.sample, subject: item.subject, target: item.target }],
  );
  const flaky = observations.some(isFlaky);
  const asked = total(tally) - tally.skipped;
  const counts = `${tally.passed}/${asked}`;
  const judge = judgeText(observations);
  if (tally.failed > 0) {
    const bad = observations.filter((item) => item.tally.failed > 0);
    const sample = samples.find((item) => item.outcome === 'failed');
    const outvoted = bad.every((item) => item.outvoted === true);
    const state = outvoted || bad.every(({ severity }) => severity !== 'error') ? 'warning' : 'failed';
    const how = asked === 1 ? l10n.t('failed') : flaky ? l10n.t('{0} flaky', counts) : l10n.t('{0} failed', counts);
    const decides = !outvoted
      ? ''
      : `, ${bad[0]?.kind === 'member' ? l10n.t('the set holds') : l10n.t('the score decides')}`;
    const why = sample === undefined ? '' : ` · ${whereOf(sample, observations)}${reasonOf(sample)}`;
    return { state, text: line(state, `${how}${decides}${why}${judge}`) };
  }
  if (tally.error > 0) {
    const sample = samples.find((item) => item.outcome === 'error');
    return { state: 'error', text: line('error', l10n.t('not evaluated · {0}', sample?.reason ?? noReason())) };
  }
  if (tally.passed === 0) {
    return { state: 'skipped', text: line('skipped', l10n.t('skipped · {0}', samples[0]?.reason ?? noReason())) };
  }
  return { state: 'passed', text: line('passed', `${total(tally) === 1 ? l10n.t('passed') : counts}${judge}`) };
}

/** What tells the failing answer from the others that are counted: its case, its target, or both. */
function whereOf(
  sample: { case: string; subject: Subject; target: string },
  observations: readonly { subject: Subject; target: string }[],
): string {
  return [
    sample.subject === DATASET || observations.some((item) => item.subject !== sample.subject) ? sample.case : '',
    observations.some((item) => item.target !== sample.target) ? sample.target : '',
  ]
    .filter((part) => part !== '')
    .map((part) => `${part}: `)
    .join('');
}

function reasonOf(sample: Sample): string {
  if (sample.expected !== undefined) return l10n.t('expected {0}', quoted(sample.expected));
  const member = sample.members?.find(({ outcome }) => outcome === sample.outcome);
  return member === undefined ? sample.reason : `${member.type}: ${member.reason}`;
}

/** A judge that changes its mind is to be known of, whatever it said. */
function judgeText(observations: readonly (AssertionObservation | MemberObservation)[]): string {
  let [twice, disagreed] = [0, 0];
  for (const { regraded } of observations) {
    twice += regraded?.twice ?? 0;
    disagreed += regraded?.disagreed ?? 0;
  }
  return disagreed === 0 ? '' : ` · ${l10n.t('judge disagrees with itself on {0} of {1}', disagreed, twice)}`;
}

function describeTurns(observations: TurnObservation[]): StatusText {
  const tally = addTallies(observations.map((item) => item.tally));
  const asked = total(tally) - tally.skipped;
  const worstSample = (outcome: Sample['outcome']): Sample | undefined =>
    observations.map(({ sample }) => sample).find((sample) => sample.outcome === outcome);
  if (tally.failed > 0) {
    const counts = `${tally.passed}/${asked}`;
    return { state: 'failed', text: line('failed', asked === 1 ? l10n.t('failed') : l10n.t('{0} failed', counts)) };
  }
  if (tally.error > 0) {
    const reason = worstSample('error')?.reason ?? noReason();
    return { state: 'error', text: line('error', l10n.t('no answer · {0}', reason)) };
  }
  if (observations.every(({ judged }) => !judged)) {
    const answer = observations[0]?.sample.answer ?? '';
    return {
      state: 'noted',
      text: line('noted', answer === '' ? l10n.t('answered with nothing') : l10n.t('answered {0}', quoted(answer))),
    };
  }
  if (tally.passed === 0) return { state: 'skipped', text: line('skipped', l10n.t('skipped')) };
  return { state: 'passed', text: line('passed', asked === 1 ? l10n.t('passed') : `${tally.passed}/${asked}`) };
}

function describeCases(observations: CaseObservation[]): StatusText {
  const tally = addTallies(observations.map((item) => item.tally));
  const flaky = observations.some(isFlaky);
  const state = caseState(tally);
  const asked = total(tally) - tally.skipped;
  const sample = observations.map((item) => item.sample).find((item) => item.outcome !== 'passed');
  const areRows = observations.every(({ subject }) => subject === DATASET);
  const counts = areRows ? l10n.t('{0} rows', `${tally.passed}/${asked}`) : `${tally.passed}/${asked}`;
  const was = baselineText(observations);
  switch (state) {
    case 'failed':
      return {
        state,
        text: line(
          state,
          asked === 1
            ? `${l10n.t('failed')}${was}`
            : `${flaky ? l10n.t('{0} flaky', counts) + distinctText(observations) : areRows ? l10n.t('{0} passed', counts) : l10n.t('{0} failed', counts)}${was}`,
        ),
      };
    case 'error':
      return { state, text: line(state, l10n.t('no answer · {0}', sample?.reason ?? noReason())) };
    case 'skipped':
      return { state, text: line(state, l10n.t('skipped · {0}', sample?.reason ?? noReason())) };
    default:
      return { state, text: line(state, `${asked === 1 ? l10n.t('passed') : counts}${was}`) };
  }
}

/** How much the answers of a flaky case differ: wording alone is another trouble than a changing mind. */
function distinctText(observations: readonly CaseObservation[]): string {
  const counts = observations.filter(isFlaky).flatMap(({ distinct }) => (distinct === undefined ? [] : [distinct]));
  if (counts.length === 0) return '';
  const most = Math.max(...counts);
  return `, ${most === 1 ? l10n.t('always the same answer') : l10n.t('{0} different answers', most)}`;
}

function baselineText(observations: readonly CaseObservation[]): string {
  const lost = observations.filter(({ baseline }) => baseline === 'lost');
  if (lost.length > 0) {
    const where = lost.map(({ target }) => target).join(', ');
    return ` · ${lost.length < observations.length ? l10n.t('passed in the baseline on {0}', where) : l10n.t('passed in the baseline')}`;
  }
  return observations.some(({ baseline }) => baseline === 'won') ? ` · ${l10n.t('failed in the baseline')}` : '';
}

function caseState(tally: Tally): 'passed' | 'failed' | 'error' | 'skipped' {
  if (tally.failed > 0) return 'failed';
  if (tally.error > 0) return 'error';
  return tally.passed > 0 ? 'passed' : 'skipped';
}

export function sloState(observation: SloObservation): ItemState {
  const { verdict, severity } = observation.result;
  if (verdict === 'pass') return 'passed';
  if (verdict === 'inconclusive') return 'inconclusive';
  return severity === 'error' ? 'failed' : 'warning';
}

/** One result is said in full. Several (targets, stages, the limits of a preset) are named by what tells them apart. */
function describeSlos(observations: SloObservation[]): StatusText {
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
    shown.push(
      passed === rest.length ? `${SIGN.passed} ${l10n.t('{0} more', passed)}` : l10n.t('{0} more', rest.length),
    );
  }
  return { state, text: shown.join(' · ') };
}

/** What was missed comes before what could not be decided, and what was met last. */
function rankOf(state: ItemState): number {
  return state === 'passed' ? 2 : state === 'inconclusive' ? 1 : 0;
}

function sloText(observation: SloObservation, name: string): string {
  const text = formatSloLine(observation.result, observation.level);
  if (name === '') return text;
  // Side by side there is room for the answer and how far it is off, not for intervals and reasons.
  const { verdict, value, expr } = observation.result;
  if (verdict === 'inconclusive' || value === null) {
    const parsed = parseSloExpression(expr);
    const shown = value === null || !parsed.ok ? '' : ` ${formatValue(value, parsed.unit)}`;
    return `${SIGN.inconclusive} ${l10n.t('{0} undecided', `${name}${shown}`)}`;
  }
  const [answer = ''] = withoutSign(text).split(' · ', 1);
  return `${text.charAt(0)} ${name} ${answer}`;
}

function describeStages(observations: StageObservation[]): StatusText {
  const steps = observations.filter((item) => item.isStep === true).length;
  if (steps > 0 && steps === observations.length) {
    // Without a curve the run broke off: single steps say nothing about the stage.
    const text =
      steps === 1
        ? l10n.t('broken off after 1 step, no rate is known yet')
        : l10n.t('broken off after {0} steps, no rate is known yet', steps);
    return { state: 'inconclusive', text: line('inconclusive', text) };
  }
  const limited = observations.some((item) => item.flags.includes('client_limited'));
  const failed = observations.some((item) => item.completed === 0);
  const text = observations
    .map((item) => {
      const errors = item.errorRate > 0 ? ` · ${l10n.t('{0} errors', formatValue(item.errorRate, 'ratio'))}` : '';
      const name = observations.length > 1 ? `${item.target}: ` : '';
      const requests = item.completed === 1 ? l10n.t('1 request') : l10n.t('{0} requests', item.completed);
      return `${name}${requests} · ${formatValue(item.rps, '1/s')}${errors}${rightText(item)}`;
    })
    .join(' · ');
  if (failed) return { state: 'error', text: line('error', l10n.t('no request completed · {0}', text)) };
  if (limited)
    return { state: 'inconclusive', text: line('inconclusive', l10n.t('limited by the client · {0}', text)) };
  return { state: 'passed', text: clip(`${SIGN.passed} ${l10n.t('done · {0}', text)}`, MAX_CURVE_TEXT) };
}

/** Answers under load: `98.1% right of 478`. */
function rightText({ quality, worseThan }: StageObservation): string {
  if (quality === undefined || quality.asked === 0) return '';
  const share = formatValue(quality.passed / quality.asked, 'ratio');
  const right = l10n.t('{0} right of {1}', share, quality.asked);
  if (worseThan === undefined) return ` · ${right}`;
  return ` · ${right}, ${l10n.t('{0} at the lowest load', formatValue(worseThan.passRate, 'ratio'))}`;
}

function describeCurves(observations: CurveObservation[]): StatusText {
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

function describeBaseline({ pairs, regressions, improvements, error, tested = 0 }: BaselineObservation): StatusText {
  if (error !== undefined) return { state: 'error', text: line('error', l10n.t('not compared · {0}', error)) };
  const [first] = regressions;
  if (first !== undefined) {
    const more = regressions.length > 1 ? `${l10n.t('{0} regressions', regressions.length)} · ` : '';
    const worse = l10n.t('worse than the baseline · {0}', `${more}${first}`);
    return { state: 'failed', text: clip(`${SIGN.failed} ${worse}`, MAX_CURVE_TEXT) };
  }
  if (pairs.length === 0 && tested === 0)
    return { state: 'inconclusive', text: line('inconclusive', l10n.t('the baseline has none of these cases')) };
  const cases = Math.max(0, ...pairs.map((pair) => pair.cases));
  const lost = pairs.reduce((sum, pair) => sum + pair.lost, 0);
  const rest =
    lost > 0
      ? l10n.t('{0} of {1} cases lost, too few to tell', lost, cases)
      : cases === 0
        ? l10n.t('{0} numbers', tested)
        : cases === 1
          ? l10n.t('1 case')
          : l10n.t('{0} cases', cases);
  const text =
    improvements.length > 0
      ? l10n.t('better than the baseline · {0}', rest)
      : l10n.t('no worse than the baseline · {0}', rest);
  return { state: 'passed', text: line('passed', text) };
}

function noReason(): string {
  return l10n.t('no reason given');
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
