/** The full trace of one case, as the Debug profile prints it. */
import { formatValue } from '../../protocol/format';
import type { EngineEvent } from '../../protocol/events';
import type { AssertionPlan, CasePlan, Json, RunPlan } from '../../protocol/plan';
import type { AssertionResult, CaseRecord, JudgeUsage, RequestRecord } from '../../protocol/run-json';
import type { RequestTrace } from '../../protocol/trace';
import { labelOf } from './test-messages';
import { indented } from './test-output';

type Trace = Extract<EngineEvent, { type: 'trace' }>;

const MAX_LINES_OF_BODY = 400;
const MAX_RAW = 8_000;

/** One request of the case with every attempt: what was sent, what came back and when. */
export function requestTraceLines({ record, attempts, target }: Trace, plan: RunPlan): string[] {
  const endpoint = plan.targets.find(({ id }) => id === target)?.endpoint;
  const origin = endpoint?.url ?? null;
  const lines: string[] = [];
  for (const trace of attempts) {
    const turn = record.turn === undefined ? '' : `, turn ${record.turn + 1}`;
    const attempt = attempts.length > 1 ? `, attempt ${trace.attempt} of ${attempts.length}` : '';
    lines.push(`─── request to ${endpoint?.name ?? target}${turn}${attempt} ───`);
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
    ...(shown.length < body.length ? [`… ${body.length - shown.length} more lines`] : cut ? ['… (cut)'] : []),
  ];
}

function receivedLines(trace: RequestTrace, record: RequestRecord, isLast: boolean): string[] {
  const { response, events, eventsLeftOut, received } = trace;
  const lines = [response === null ? 'no response' : `response ${response.status}`];
  for (const [name, value] of response?.headers ?? []) lines.push(`${name}: ${value}`);
  if (events.length > 0) {
    lines.push('', `events (ms since the request had been sent):`);
    for (const { atMs, kind, text } of events) {
      lines.push(`${atMs.toFixed(1).padStart(10)}  ${kind === 'answer' ? '' : `[${kind}] `}${JSON.stringify(text)}`);
    }
    if (eventsLeftOut > 0) lines.push(`… ${eventsLeftOut} more events`);
  }
  const isUnclear = events.length === 0 || (isLast && record.error !== undefined);
  if (isUnclear && received !== '') {
    const raw = received.length > MAX_RAW ? `${received.slice(0, MAX_RAW)}…` : received;
    lines.push('', 'body as received:', ...indented(raw));
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
    ['connect', connectMs === null ? 'none, the connection was open' : ms(connectMs)],
    ['headers', since(record.headers)],
    ['first token (TTFT)', since(first)],
    ['first answer token', firstAnswer === first ? null : since(firstAnswer)],
    ['gaps', gaps.length === 0 ? null : gapText(gaps, ms)],
    ['last token', since(last)],
    ['end', since(end)],
    ['output tokens', countText(record.output_tokens, record.tokens_source)],
    ['input tokens', countText(record.input_tokens, null)],
    ['finish reason', record.finish_reason],
  ];
  return [
    'timings since the request had been sent:',
    ...rows.flatMap(([name, value]) => (value === null ? [] : [`  ${name.padEnd(20)} ${value}`])),
  ];
}

function gapText(sorted: readonly number[], ms: (value: number) => string): string {
  const mean = sorted.reduce((sum, gap) => sum + gap, 0) / sorted.length;
  const median = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  return `${sorted.length}, mean ${ms(mean)}, median ${ms(median)}, largest ${ms(sorted.at(-1) ?? 0)}`;
}

function countText(count: number | null, source: RequestRecord['tokens_source']): string | null {
  if (count === null) return null;
  const how =
    source === null || source === 'usage' ? '' : ` (counted by ${source === 'chunks' ? 'events' : 'a tokenizer'})`;
  return `${count}${how}`;
}

/** The answer, and how each assertion came to its verdict. */
export function verdictTraceLines(record: CaseRecord, plan: RunPlan): string[] {
  const item = plan.targets
    .find(({ id }) => id === record.target)
    ?.cases.find(({ pointer }) => pointer === record.case);
  const lines = ['─── answer ───'];
  if (record.reasoning !== null) lines.push('reasoning:', ...indented(record.reasoning));
  lines.push(...(record.answer === null ? ['none'] : indented(record.answer, '')));
  for (const call of record.tool_calls ?? []) lines.push(`tool call ${call.name}(${call.arguments})`);
  lines.push('', '─── assertions ───');
  if (record.assertions.length === 0) lines.push('none');
  const plans = planned(item);
  for (const assertion of record.assertions) lines.push(...assertionLines(assertion, plans, ''));
  const score = record.score === null ? '' : `, score ${rounded(record.score)}`;
  lines.push('', `${record.outcome}${score}${record.reason === undefined ? '' : `: ${record.reason}`}`);
  return lines;
}

function assertionLines(assertion: AssertionResult, plans: ReadonlyMap<string, AssertionPlan>, by: string): string[] {
  const plan = plans.get(assertion.pointer);
  const not = plan?.negate === true ? 'not ' : '';
  const rows: [string, string | undefined][] = [
    ['value', plan?.value === undefined ? undefined : valueText(plan.value)],
    ['threshold', plan?.threshold === undefined ? undefined : String(plan.threshold)],
    ['reason', assertion.reason],
    ['score', assertion.score === null ? undefined : rounded(assertion.score)],
    ['weight', plan === undefined || plan.weight === 1 ? undefined : String(plan.weight)],
    ['severity', assertion.severity === 'error' ? undefined : assertion.severity],
    ['expected', assertion.expected],
    ['actual', assertion.actual],
    ['judge', assertion.judge === undefined ? undefined : usageText(assertion.judge)],
    ['asked again', assertion.again],
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
  return `${calls} ${calls === 1 ? 'call' : 'calls'}, ${input} tokens in, ${output} out${price}`;
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
