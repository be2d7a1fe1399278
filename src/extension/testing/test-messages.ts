/** What is said of a test that did not pass, each at the place in the file that it is about. */
import { formatSloLine, formatValue } from '../../core/metrics/format';
import { parseSloExpression } from '../../core/metrics/slo';
import type { AssertionResult, CaseRecord, CurveResult, SloResult, StageResult } from '../../protocol/run-json';
import type { Tally } from '../language/observations';
import { l10n } from '../l10n';

export interface MessageSpec {
  text: string;
  /** JSON pointer of the node that it is about; null for the test's own place. */
  pointer: string | null;
  /** With `actual`, shown as a diff. */
  expected?: string;
  actual?: string;
}

export type TestState = 'passed' | 'failed' | 'errored' | 'skipped';

export interface Outcome {
  state: TestState;
  messages: MessageSpec[];
}

/** A dataset of a thousand wrong rows says as much with the first of them. */
export const MAX_FAILING = 20;

/** Answers to one test: all of its repeats, or all rows of a dataset. */
export interface Answers {
  tally: Tally;
  /** The first `MAX_FAILING` that did not pass. */
  failing: CaseRecord[];
  /** Whether they are rows of a dataset, which share their place. */
  areRows: boolean;
}

export function caseOutcome({ tally, failing, areRows }: Answers): Outcome {
  const asked = tally.passed + tally.failed + tally.error;
  if (tally.failed === 0 && tally.error === 0) {
    // Of repeats that a stop has cut short nothing has passed; rows may be left out one by one.
    const isWhole = tally.skipped === 0 || areRows;
    return { state: tally.passed > 0 && isWhole ? 'passed' : 'skipped', messages: [] };
  }
  const state = tally.failed > 0 ? 'failed' : 'errored';
  const deciding = failing.filter(({ outcome }) => outcome === (state === 'failed' ? 'failed' : 'error'));
  const messages = areRows ? deciding.flatMap((record) => rowMessages(record)) : repeatedMessages(deciding, asked);
  if (areRows) {
    const wrong = tally.failed + tally.error;
    messages.unshift({ text: l10n.t('{0} of {1} rows did not pass.', wrong, asked), pointer: null });
  }
  return { state, messages };
}

function rowMessages(record: CaseRecord): MessageSpec[] {
  return ownMessages(record).map((message) => ({ ...message, text: `${record.name}: ${message.text}` }));
}

/** One message for each assertion, however many of the answers it failed. */
function repeatedMessages(records: readonly CaseRecord[], asked: number): MessageSpec[] {
  const found = new Map<string, { message: MessageSpec; count: number }>();
  for (const record of records) {
    for (const message of ownMessages(record)) {
      const key = message.pointer ?? message.text;
      const known = found.get(key);
      if (known === undefined) found.set(key, { message, count: 1 });
      else known.count++;
    }
  }
  return [...found.values()].map(({ message, count }) =>
    asked === 1 ? message : { ...message, text: l10n.t('{0} of {1} answers: {2}', count, asked, message.text) },
  );
}

function ownMessages(record: CaseRecord): MessageSpec[] {
  const bad = record.assertions.filter(({ outcome }) => outcome === record.outcome);
  // Those of a lower severity are reported and decide nothing; where a threshold decided, all of them count.
  const deciding = bad.filter(({ severity }) => severity === 'error');
  const shown = deciding.length > 0 ? deciding : bad;
  if (shown.length > 0) return shown.map((assertion) => assertionMessage(assertion, record.answer));
  return [
    {
      text:
        record.reason ??
        (record.outcome === 'error' ? l10n.t('The case could not be judged.') : l10n.t('The case failed.')),
      pointer: null,
    },
  ];
}

function assertionMessage(assertion: AssertionResult, answer: string | null): MessageSpec {
  const { type, name, reason, pointer, expected, actual = answer ?? undefined, members = [] } = assertion;
  const inner = members
    .filter(({ outcome }) => outcome === assertion.outcome)
    .map((member) => `\n  ${labelOf(member)}: ${member.reason}`);
  return {
    text: `${labelOf({ type, name })}: ${reason}${inner.join('')}`,
    pointer,
    ...(expected === undefined || actual === undefined ? {} : { expected, actual }),
  };
}

export function labelOf({ type, name }: Pick<AssertionResult, 'type' | 'name'>): string {
  return name === undefined ? type : `${name} (${type})`;
}

/** The SLOs that were judged on a stage, or on all cases; of them alone nothing is errored but what could not be decided. */
export function sloOutcome(slos: readonly SloResult[]): Outcome {
  // One that could not be decided fails a gate: it must not look like a pass.
  const bad = slos.filter(({ verdict, severity }) => severity === 'error' && verdict !== 'pass');
  const failed = bad.filter(({ verdict }) => verdict === 'fail');
  const messages = (failed.length > 0 ? failed : bad).map(sloMessage);
  return { state: failed.length > 0 ? 'failed' : bad.length > 0 ? 'errored' : 'passed', messages };
}

/** VS Code puts the two sides of a difference together: `62 ms != at most 2 ms`. */
const LIMIT = { '<': 'less than', '<=': 'at most', '>': 'more than', '>=': 'at least' } as const;

function sloMessage(slo: SloResult): MessageSpec {
  const { expr, name, pointer, value, limit, verdict } = slo;
  const parsed = parseSloExpression(expr);
  const text = `${name === undefined ? expr : `${name}: ${expr}`}: ${formatSloLine(slo).replace(/^[✓✗~]\s/, '')}`;
  // Where nothing was decided the value may well be within the limit: there is no difference to show.
  if (!parsed.ok || value === null || verdict !== 'fail') return { text, pointer };
  const { unit, op } = parsed;
  return { text, pointer, expected: `${LIMIT[op]} ${formatValue(limit, unit)}`, actual: formatValue(value, unit) };
}

/** Of one load stage: its result, or those of its sub-stages, and what its steps said together. */
export function stageOutcome(stages: readonly StageResult[], curves: readonly CurveResult[]): Outcome {
  const parts: Outcome[] = [...stages.map(ofStage), ...curves.map(ofCurve)];
  const state = (['failed', 'errored', 'skipped'] as const).find((bad) => parts.some((part) => part.state === bad));
  if (state === undefined) return { state: 'passed', messages: [] };
  return { state, messages: parts.filter((part) => part.state === state).flatMap(({ messages }) => messages) };
}

function ofStage(stage: StageResult): Outcome {
  const { counts, errors, flags, slo, name, pointer } = stage;
  const slos = sloOutcome(slo);
  if (slos.state === 'failed') return slos;
  if (counts.completed === 0) {
    // A stage that was stopped before its first answer says nothing about the endpoint.
    if (flags.includes('stopped') && counts.failed + counts.timed_out + counts.truncated === 0) {
      return { state: 'skipped', messages: [] };
    }
    const text =
      errors[0] === undefined
        ? l10n.t('{0}: no request completed', name)
        : l10n.t('{0}: no request completed: {1}', name, errors[0].example);
    return { state: 'errored', messages: [{ text, pointer }] };
  }
  if (slos.state === 'errored') return slos;
  // What was not measured cannot have passed.
  if (flags.includes('stopped')) return { state: 'skipped', messages: [] };
  if (!flags.includes('client_limited')) return slos;
  return {
    state: 'errored',
    messages: [
      {
        text: l10n.t('{0}: the load client was the limit, so the stage says nothing about the endpoint.', name),
        pointer,
      },
    ],
  };
}

function ofCurve({ verdict, conclusion, pointer, stage }: CurveResult): Outcome {
  if (verdict === 'pass') return { state: 'passed', messages: [] };
  const messages = [{ text: `${stage}: ${conclusion}`, pointer }];
  return { state: verdict === 'fail' ? 'failed' : 'errored', messages };
}
