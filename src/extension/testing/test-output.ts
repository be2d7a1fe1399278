/** The output of a test run, as a terminal shows it. Answers come from models: what could move a cursor is shown, not obeyed. */
import { formatSloLine, formatValue } from '../../core/metrics/format';
import { plain } from '../../core/report/plain';
import type {
  AssertionResult,
  CaseRecord,
  CurveResult,
  RunJson,
  SloResult,
  StageResult,
} from '../../protocol/run-json';
import type { RunEnd } from '../engine/run-controller';
import { labelOf } from './test-messages';
import { l10n } from '../l10n';

const SIGN = { passed: '✓', failed: '✗', error: '!', skipped: '○' } as const;
const VERDICT_SIGN = { pass: '✓', fail: '✗', inconclusive: '~', error: '!' } as const;
/** Characters of an answer; the whole is in the results of the run. */
const MAX_ANSWER = 4_000;

/** Lines with the line ends that a terminal needs; each line is printable text. */
export function terminalText(lines: readonly string[]): string {
  return lines.map((line) => `${plain(line)}\r\n`).join('');
}

/** A text of several lines, indented. */
export function indented(text: string, by = '  '): string[] {
  return text
    .replace(/(?:\r\n|\r|\n)$/, '')
    .split(/\r\n|\r|\n/)
    .map((line) => by + line);
}

/** One answer: its outcome, what was said, and the assertions that did not hold. */
export function caseLines(record: CaseRecord, tookMs: number | undefined): string[] {
  const { outcome, name, target, repeat, reason, answer, turns, assertions } = record;
  const took = tookMs === undefined ? '' : `, ${formatValue(tookMs, 'ms')}`;
  const which = repeat > 0 ? `, ${l10n.t('answer {0}', repeat + 1)}` : '';
  const lines = [`${SIGN[outcome]} ${name} (${target}${which}${took})`];
  if (turns !== undefined && turns.length > 0) {
    for (const turn of turns) {
      lines.push(...indented(l10n.t('user: {0}', turn.user)));
      if (turn.answer !== null) lines.push(...indented(clipped(turn.answer), '    '));
    }
  } else if (answer !== null) lines.push(...indented(clipped(answer), '    '));
  if (outcome !== 'passed' && reason !== undefined) lines.push(...indented(reason));
  for (const assertion of assertions) {
    if (assertion.outcome !== 'passed') lines.push(...assertionLines(assertion, '  '));
  }
  return lines;
}

function assertionLines(assertion: AssertionResult, by: string): string[] {
  const { outcome, reason, severity, members = [] } = assertion;
  const kind = severity === 'error' ? '' : `${severity}: `;
  return [
    ...indented(`${SIGN[outcome]} ${kind}${labelOf(assertion)}: ${reason}`, by),
    ...members.filter((member) => member.outcome !== 'passed').flatMap((member) => assertionLines(member, `${by}  `)),
  ];
}

export function stageLines(stage: StageResult, target: string): string[] {
  const { counts, rates, name, errors } = stage;
  const lost = counts.scheduled - counts.completed;
  const rps = formatValue(rates.rps, '1/s');
  return [
    lost > 0
      ? l10n.t('{0} ({1}): {2} requests, {3} not completed, {4}', name, target, counts.completed, lost, rps)
      : l10n.t('{0} ({1}): {2} requests, {3}', name, target, counts.completed, rps),
    ...stage.slo.flatMap(sloLines),
    ...errors.map(({ kind, count, example }) => `  ${l10n.t('{0} times {1}: {2}', count, kind, example)}`),
  ];
}

export function sloLines(slo: SloResult): string[] {
  const label = slo.name === undefined ? slo.expr : `${slo.name}: ${slo.expr}`;
  return indented(`${formatSloLine(slo).charAt(0)} ${label}: ${formatSloLine(slo).slice(2)}`);
}

export function curveLines(curve: CurveResult, target: string): string[] {
  return [`${VERDICT_SIGN[curve.verdict]} ${curve.stage} (${target}): ${curve.conclusion}`];
}

/** How the run of one target ended; the whole run is said of each, since each has an output of its own. */
export function endLines(end: RunEnd, target: string): string[] {
  const { run, error, dir } = end;
  const lines: string[] = [];
  if (error !== null) lines.push(error);
  const result = run?.targets.find(({ id }) => id === target);
  if (result?.error !== undefined) lines.push(`! ${target}: ${result.error.message}`);
  if (run !== null) lines.push(...regressions(run), ...statusOf(run));
  if (dir !== null) lines.push(l10n.t('Results: {0}', dir));
  return lines;
}

function regressions({ baseline }: RunJson): string[] {
  if (baseline === undefined) return [];
  if (baseline.error !== undefined) return [baseline.error];
  return baseline.regressions.map((sentence) => `✗ ${l10n.t('against the baseline: {0}', sentence)}`);
}

function statusOf({ status, status_reason: reason, verdict }: RunJson): string[] {
  return [l10n.t('Run {0}: {1}.', reason === undefined ? status : `${status} (${reason})`, verdict)];
}

function clipped(text: string): string {
  return text.length <= MAX_ANSWER ? text : `${text.slice(0, MAX_ANSWER)}…`;
}
