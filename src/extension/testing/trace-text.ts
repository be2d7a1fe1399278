/** The full trace of one case, as the Debug profile prints it. */
import { formatValue } from '../../protocol/format';
import type { EngineEvent } from '../../protocol/events';
import type { AssertionPlan, CasePlan, Json, RunPlan } from '../../protocol/plan';
import type { AssertionResult, CaseRecord, JudgeUsage, RequestRecord } from '../../protocol/run-json';
import type { RequestTrace } from '../../protocol/trace';
import { labelOf } from './test-messages';
import { indented } from './test-output';
import { l10n } from '../l10n';

type Trace = Extract<EngineEvent, { type: 'trace' }>;

const MAX_LINES_OF_BODY = 400;
const MAX_RAW = 8_000;

/** One request of the case with every attempt: what was sent, what came back and when. */
export function requestTraceLines({ record, attempts, target }: Trace, plan: RunPlan): string[] {
  const endpoint = plan.targets.find(({ id }) => id === target)?.endpoint;
  const origin = endpoint?.url ?? null;
  const lines: string[] = [];
  for (const trace of attempts) {
    const turn = record.turn === undefined ? '' : `, ${l10n.t('turn {0}', record.turn + 1)}`;
    const attempt = attempts.length > 1 ? `, ${l10n.t('attempt {0} of {1}', trace.attempt, attempts.length)}` : '';
    lines.push(`─── ${l10n.t('request to {0}', endpoint?.name ?? target)}${turn}${attempt} ───`);
    lines.push(...sentLines(trace, origin), '', ...receivedLines(trace, record, trace === attempts.at(-1)), '');
  }
  return [...lines, ...timingLines(record), ''];
}

function sentLines({ request, cut }: RequestTrace, url: string | null): string[] {
  const host = url !== null && URL.canParse(url) ? new URL(url).origin : '';
  const body = pretty(request.body);
  const shown = body.slice(0, MAX_LINES_OF_BODY);
  return [
    `${request.method} ${host}${request.path}`,
    ...request.headers.map(([name, value]) => `${name}: ${value}`),
    '',
    ...shown,
    ...(shown.length < body.length
      ? [`… ${l10n.t('{0} more lines', body.length - shown.length)}`]
      : cut
        ? [`… ${l10n.t('(cut)')}`]
        : []),
  ];
}

function receivedLines(trace: RequestTrace, record: RequestRecord, isLast: boolean): string[] {
  const { response, events, eventsLeftOut, received } = trace;
  const lines = [response === null ? l10n.t('no response') : l10n.t('response {0}', response.status)];
  for (const [name, value] of response?.headers ?? []) lines.push(`${name}: ${value}`);
  if (events.length > 0) {
    lines.push('', l10n.t('events (ms since the request had been sent):'));
    for (const { atMs, kind, text } of events) {
      lines.push(`${atMs.toFixed(1).padStart(10)}  ${kind === 'answer' ? '' : `[${kind}] `}${JSON.stringify(text)}`);
    }
    if (eventsLeftOut > 0) lines.push(`… ${l10n.t('{0} more events', eventsLeftOut)}`);
  }
  const isUnclear = events.length === 0 || (isLast && record.error !== undefined);
  if (isUnclear && received !== '') {
    const raw = received.length > MAX_RAW ? `${received.slice(0, MAX_RAW)}…` : received;
    lines.push('', l10n.t('body as received:'), ...indented(raw));
  }
  if (isLast && record.error !== undefined) lines.push('', `! ${record.error.kind}: ${record.error.message}`);
  return lines;
}

function timingLines(record: RequestRecord): string[] {
  const { sent, first, first_answer: firstAnswer, last, end, connect_ms: connectMs, itl } = record;
  const ms = (value: number): string => formatValue(value, 'ms');
  const since = (instant: number | null): string | null =>
    instant === null || sent === null ? null : ms(instant - sent);
  const gaps = [...itl].sort((a, b) => a - b);
  const rows: [string, string | null][] = [
    [l10n.t('connect'), connectMs === null ? l10n.t('none, the connection was open') : ms(connectMs)],
    [l10n.t('headers'), since(record.headers)],
    [l10n.t('first token (TTFT)'), since(first)],
    [l10n.t('first answer token'), firstAnswer === first ? null : since(firstAnswer)],
    [l10n.t('gaps'), gaps.length === 0 ? null : gapText(gaps, ms)],
    [l10n.t('last token'), since(last)],
    [l10n.t('end'), since(end)],
    [l10n.t('output tokens'), countText(record.output_tokens, record.tokens_source)],
    [l10n.t('input tokens'), countText(record.input_tokens, null)],
    [l10n.t('finish reason'), record.finish_reason],
  ];
  return [
    l10n.t('timings since the request had been sent:'),
    ...rows.flatMap(([name, value]) => (value === null ? [] : [`  ${name.padEnd(20)} ${value}`])),
  ];
}

function gapText(sorted: readonly number[], ms: (value: number) => string): string {
  const mean = sorted.reduce((sum, gap) => sum + gap, 0) / sorted.length;
  const median = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  return l10n.t('{0}, mean {1}, median {2}, largest {3}', sorted.length, ms(mean), ms(median), ms(sorted.at(-1) ?? 0));
}

function countText(count: number | null, source: RequestRecord['tokens_source']): string | null {
  if (count === null) return null;
  const how =
    source === null || source === 'usage'
      ? ''
      : ` ${source === 'chunks' ? l10n.t('(counted by events)') : l10n.t('(counted by a tokenizer)')}`;
  return `${count}${how}`;
}

/** The answer, and how each assertion came to its verdict. */
export function verdictTraceLines(record: CaseRecord, plan: RunPlan): string[] {
  const item = plan.targets
    .find(({ id }) => id === record.target)
    ?.cases.find(({ pointer }) => pointer === record.case);
  const lines = [`─── ${l10n.t('answer')} ───`];
  if (record.reasoning !== null) lines.push(l10n.t('reasoning:'), ...indented(record.reasoning));
  lines.push(...(record.answer === null ? [l10n.t('none')] : indented(record.answer, '')));
  for (const call of record.tool_calls ?? []) lines.push(l10n.t('tool call {0}({1})', call.name, call.arguments));
  lines.push('', `─── ${l10n.t('assertions')} ───`);
  if (record.assertions.length === 0) lines.push(l10n.t('none'));
  const plans = planned(item);
  for (const assertion of record.assertions) lines.push(...assertionLines(assertion, plans, ''));
  const score = record.score === null ? '' : `, ${l10n.t('score {0}', rounded(record.score))}`;
  lines.push('', `${record.outcome}${score}${record.reason === undefined ? '' : `: ${record.reason}`}`);
  return lines;
}

function assertionLines(assertion: AssertionResult, plans: ReadonlyMap<string, AssertionPlan>, by: string): string[] {
  const plan = plans.get(assertion.pointer);
  const not = plan?.negate === true ? 'not ' : '';
  const rows: [string, string | undefined][] = [
    [l10n.t('value'), plan?.value === undefined ? undefined : valueText(plan.value)],
    [l10n.t('threshold'), plan?.threshold === undefined ? undefined : String(plan.threshold)],
    [l10n.t('reason'), assertion.reason],
    [l10n.t('score'), assertion.score === null ? undefined : rounded(assertion.score)],
    [l10n.t('weight'), plan === undefined || plan.weight === 1 ? undefined : String(plan.weight)],
    [l10n.t('severity'), assertion.severity === 'error' ? undefined : assertion.severity],
    [l10n.t('expected'), assertion.expected],
    [l10n.t('actual'), assertion.actual],
    [l10n.t('judge'), assertion.judge === undefined ? undefined : usageText(assertion.judge)],
    [l10n.t('asked again'), assertion.again],
  ];
  return [
    `${by}${assertion.outcome}: ${not}${labelOf(assertion)}`,
    ...rows.flatMap(([name, value]) => {
      if (value === undefined || value === '') return [];
      const [first = '', ...rest] = value.split(/\r\n|\r|\n/);
      return [`${by}  ${name}: ${first}`, ...rest.map((line) => `${by}    ${line}`)];
    }),
    ...(assertion.members ?? []).flatMap((member) => assertionLines(member, plans, `${by}  `)),
  ];
}

function usageText({ calls, input_tokens: input, output_tokens: output, cost }: JudgeUsage): string {
  const price = cost === null ? '' : `, ${formatValue(cost, 'USD')}`;
  const asked = calls === 1 ? l10n.t('1 call') : l10n.t('{0} calls', calls);
  return `${asked}, ${l10n.t('{0} tokens in, {1} out', input, output)}${price}`;
}

function planned(item: CasePlan | undefined): Map<string, AssertionPlan> {
  const found = new Map<string, AssertionPlan>();
  const add = (assertion: AssertionPlan): void => {
    found.set(assertion.pointer, assertion);
    for (const member of assertion.members ?? []) add(member);
  };
  for (const assertion of item?.assertions ?? []) add(assertion);
  for (const turn of item?.turns ?? []) for (const assertion of turn.assertions) add(assertion);
  return found;
}

function valueText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}

function pretty(body: string): string[] {
  try {
    return JSON.stringify(JSON.parse(body), null, 2).split('\n');
  } catch {
    // Not JSON, or cut in its middle: as it is.
    return body.split(/\r\n|\r|\n/);
  }
}

function rounded(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}
