/** One request as instants, facts and stretches: what its detail shows, decided apart from how. */
import { formatCount, formatValue } from '../../src/protocol/format';
import type { RequestRecord } from '../../src/protocol/run-json';

export interface Instant {
  name: string;
  /** Ms since the request was scheduled. */
  atMs: number;
  /** Ms since the instant before; null for the first. */
  sinceMs: number | null;
  help: string;
}

/** The instants that a request got to, in their order. */
export function instantsOf(record: RequestRecord): Instant[] {
  const { scheduled, sent, headers, first, first_answer: answer, last, end, connect_ms: connect } = record;
  const list: { name: string; at: number | null; help: string }[] = [
    { name: 'scheduled', at: scheduled, help: 'When the load pattern wanted it sent' },
    {
      name: 'connecting',
      at: sent === null || connect === null || connect <= 0 ? null : Math.max(scheduled, sent - connect),
      help: 'DNS, TCP and TLS of a new connection begin',
    },
    { name: 'sent', at: sent, help: 'Last byte of the request handed to the connection' },
    { name: 'headers', at: headers, help: 'Head of the answer' },
    { name: 'first token', at: first, help: 'First event with text, reasoning or a tool call' },
    { name: 'first answer', at: answer === first ? null : answer, help: 'First content that is not reasoning' },
    { name: 'last token', at: last === first ? null : last, help: 'Last event with content' },
    { name: 'end', at: end, help: 'The stream was closed' },
  ];
  const there = list.flatMap(({ at, ...rest }) => (at === null ? [] : [{ ...rest, atMs: at - scheduled }]));
  return there.map((instant, i) => ({
    ...instant,
    sinceMs: i === 0 ? null : instant.atMs - (there[i - 1]?.atMs ?? 0),
  }));
}

/** Instants of its content events in ms since it was scheduled, as far as their gaps are kept. */
export function eventsOf({ scheduled, first, itl }: RequestRecord): number[] {
  if (first === null) return [];
  const events = [first - scheduled];
  for (const gap of itl) events.push((events.at(-1) ?? 0) + gap);
  return events;
}

/** Where its time was spent, in ms since it was scheduled. */
export function timelineOf(
  record: RequestRecord,
): { phase: 'wait' | 'connect' | 'prefill' | 'decode'; from: number; to: number }[] {
  const { scheduled, sent, first, last, end, connect_ms: connect } = record;
  const at = (instant: number) => instant - scheduled;
  if (sent === null) return [{ phase: 'wait', from: 0, to: at(end) }];
  const connecting = at(Math.max(scheduled, sent - (connect ?? 0)));
  const segments: ReturnType<typeof timelineOf> = [];
  if (connecting > 0) segments.push({ phase: 'wait', from: 0, to: connecting });
  if (at(sent) > connecting) segments.push({ phase: 'connect', from: connecting, to: at(sent) });
  segments.push({ phase: 'prefill', from: at(sent), to: at(first ?? end) });
  if (first !== null) segments.push({ phase: 'decode', from: at(first), to: at(Math.max(first, last ?? end)) });
  return segments;
}

export interface RequestFact {
  label: string;
  text: string;
}

/** What else is known of a request, each that applies. */
export function requestFacts(record: RequestRecord): RequestFact[] {
  const facts: RequestFact[] = [];
  const add = (label: string, text: string | null) => {
    if (text !== null) facts.push({ label, text });
  };
  const tokens = (count: number | null) => (count === null ? null : formatCount(count));
  const {
    input_tokens: input,
    output_tokens: output,
    cached_input_tokens: cached,
    reasoning_tokens: reasoning,
  } = record;
  add('Status', record.status === null ? null : String(record.status));
  add('Finish reason', record.finish_reason);
  add(
    'Input tokens',
    input === null ? null : `${formatCount(input)}${(cached ?? 0) > 0 ? `, ${formatCount(cached ?? 0)} cached` : ''}`,
  );
  add(
    'Output tokens',
    output === null
      ? null
      : `${formatCount(output)}${(reasoning ?? 0) > 0 ? `, ${formatCount(reasoning ?? 0)} reasoning` : ''}${SOURCES[record.tokens_source ?? 'usage'] ?? ''}`,
  );
  add('Events', record.events > 0 ? formatCount(record.events) : null);
  add(
    'Tokens per event',
    output !== null && record.events > 0 && output !== record.events
      ? formatValue(output / record.events, 'count')
      : null,
  );
  add(
    'TPOT',
    output !== null && output >= 2 && record.first !== null && record.last !== null
      ? formatValue((record.last - record.first) / (output - 1), 'ms')
      : null,
  );
  add('Cost', record.cost === null ? null : formatValue(record.cost, 'USD'));
  add('Waited for a slot', record.socket_wait === undefined ? null : formatValue(record.socket_wait, 'ms'));
  add('Attempts', record.attempts === undefined ? null : tokens(record.attempts));
  add('Sent again', record.resent === true ? 'its idle connection was closed at that moment' : null);
  add(
    'Session',
    record.session === undefined
      ? null
      : `${formatCount(record.session + 1)}, turn ${formatCount((record.turn ?? 0) + 1)}`,
  );
  add('Counted', record.phase === 'measured' ? null : `no: ${record.phase === 'warmup' ? 'warm-up' : 'cool-down'}`);
  return facts;
}

const SOURCES: Record<string, string> = {
  usage: '',
  tokenizer: ', counted here',
  chunks: ', counted as events',
};
