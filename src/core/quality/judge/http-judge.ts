/** A model that grades, asked over HTTP in the wire API of its endpoint. */
import type { JudgePlan, Json, Message } from '../../../protocol/plan';
import type { JudgeUsage } from '../../../protocol/run-json';
import { wireApiOf } from '../../endpoints/registry';
import type { WireApi, WireTarget } from '../../endpoints/wire';
import { decodeFailure, streamCutFailure, type RequestFailure } from '../../load/request-errors';
import { systemClock, type Clock } from '../../util/clock';
import { messageOf } from '../../util/errors';
import type { Redactor } from '../../util/redact';
import { quote } from '../excerpt';
import type { Judge, JudgeQuestion, JudgeReply } from '../types';
import { isAbsent, MOST_ATTEMPTS, pause, retryDelayMs, type HttpFailure } from './attempts';
import { ChatReader, MAX_REPLY_CHARS } from './chat-reader';
import { EndpointHttp, type AddressedEndpoint } from './endpoint-http';
import { withoutThinking } from './json-in-text';
import { Slots } from './slots';
import { NO_USAGE, plus, UsageMeter } from './usage';
import { readVerdict } from './verdict-json';
import { responseFormat } from './wire-schema';

/** Questions asked at once: enough to keep a run moving, too few to trip the rate limits of most accounts. */
const QUESTIONS_AT_ONCE = 8;
/** Of an unusable answer that is shown to the model again. */
const REPEATED_CHARS = 2_000;
const CUT_REASONS = new Set(['length', 'max_tokens', 'max_output_tokens', 'MAX_TOKENS']);

export interface HttpJudgeOptions {
  /** With the address of its endpoint filled in. */
  plan: JudgePlan & { endpoint: AddressedEndpoint };
  apiKey: string | undefined;
  redactor: Redactor;
  clock?: Clock;
}

type Said = { kind: 'said'; text: string; tooLong: boolean; finishReason: string | null } | HttpFailure;

export class HttpJudge implements Judge {
  readonly label: string;
  private total: JudgeUsage = NO_USAGE;
  private readonly clock: Clock;
  private readonly http: EndpointHttp;
  private readonly wire: WireApi;
  private readonly slots = new Slots(QUESTIONS_AT_ONCE);
  /** Until the endpoint refuses it. */
  private structured = true;
  /** The last question found nobody: the next ones are not worth several attempts each. */
  private absent = false;

  /** @throws PromptrigError `unsupported` for an API that cannot be asked over HTTP; TypeError for a url that is none */
  constructor(private readonly options: HttpJudgeOptions) {
    const { endpoint } = options.plan;
    this.clock = options.clock ?? systemClock;
    this.label = labelOf(endpoint);
    this.wire = wireApiOf(endpoint.api);
    this.http = new EndpointHttp(endpoint, {
      clock: this.clock,
      redactor: options.redactor,
      connections: QUESTIONS_AT_ONCE,
      exampleUrl: this.wire.exampleUrl,
    });
    options.redactor.add(options.apiKey);
  }

  /** What every question so far took. */
  get usage(): JudgeUsage {
    return this.total;
  }

  async ask(question: JudgeQuestion, signal: AbortSignal): Promise<JudgeReply> {
    const meter = new UsageMeter(this.options.plan.endpoint);
    const giveBack = await this.slots.take(signal);
    try {
      if (giveBack === null) return this.refuse(stopped(question), meter);
      return await this.attempts(question, meter, signal);
    } catch (error) {
      return this.refuse(`the judge ${this.label} could not be asked: ${messageOf(error)}`, meter);
    } finally {
      giveBack?.();
      this.total = plus(this.total, meter.usage);
    }
  }

  close(): Promise<void> {
    return this.http.close();
  }

  private async attempts(question: JudgeQuestion, meter: UsageMeter, signal: AbortSignal): Promise<JudgeReply> {
    const mostFailures = this.absent ? 1 : MOST_ATTEMPTS;
    let { messages } = question;
    for (let attempt = 1; ; attempt++) {
      const said = await this.say(question, messages, meter, signal);
      if (signal.aborted) return this.refuse(stopped(question), meter);
      if (said.kind === 'failed') {
        this.absent = isAbsent(said);
        const waitMs = attempt < mostFailures ? retryDelayMs(said, attempt) : null;
        if (waitMs === null) return this.refuse(this.unreachable(question, said, attempt), meter);
        await pause(waitMs, this.clock, signal);
        continue;
      }
      this.absent = false;
      const read = this.read(question, said);
      if (read.ok) return { ok: true, value: read.value, text: said.text, usage: meter.usage };
      if (attempt >= MOST_ATTEMPTS)
        return this.refuse(this.unusable(question, said.text, read.problem, attempt), meter);
      messages = askedAgain(question, said.text, read.problem);
    }
  }

  /** One answer, asked for without structured output where the endpoint refuses that. */
  private async say(
    question: JudgeQuestion,
    messages: Message[],
    meter: UsageMeter,
    signal: AbortSignal,
  ): Promise<Said> {
    const { schema } = question;
    const own = this.options.plan.params;
    if (!this.structured || schema === null || own['response_format'] !== undefined) {
      return this.send(messages, own, meter, signal);
    }
    const params = { ...own, response_format: responseFormat(schema) };
    const said = await this.send(messages, params, meter, signal);
    if (said.kind !== 'failed' || (said.status !== 400 && said.status !== 422)) return said;
    const plain = await this.send(messages, own, meter, signal);
    // A request that is refused either way is refused for another reason, and its own words say which.
    if (plain.kind === 'said') this.structured = false;
    return plain;
  }

  private async send(
    messages: Message[],
    params: Record<string, Json>,
    meter: UsageMeter,
    signal: AbortSignal,
  ): Promise<Said> {
    const { plan, apiKey, redactor } = this.options;
    const { url, model, headers } = plan.endpoint;
    const target: WireTarget = { url, model, headers, params, apiKey };
    const reader = new ChatReader(this.wire.createDecoder({ keepText: true }));
    // As a stream: proxies close connections that are silent for as long as a thorough judge thinks.
    const outcome = await this.http.send(this.wire.buildRequest(target, messages, { stream: true }), reader, signal);
    if (outcome.kind === 'answered') reader.end(outcome.cut);
    const { usage, finishReason, tooLong } = reader;
    // Here, once for all: what is shortened later could otherwise end in half a key, which nobody would recognise.
    const text = redactor.text(reader.text);
    meter.add(usage, outcome.kind === 'answered');
    if (outcome.kind === 'failed') return outcome;
    if (reader.failure !== null) {
      const { kind, detail } = reader.failure;
      return failedOf(decodeFailure(kind, detail, this.http.place));
    }
    if (!reader.isWhole() && !tooLong) return failedOf(streamCutFailure(this.http.place));
    return { kind: 'said', text, tooLong, finishReason };
  }

  private read(
    { schema }: JudgeQuestion,
    { text, tooLong, finishReason }: Extract<Said, { kind: 'said' }>,
  ): { ok: true; value: Json } | { ok: false; problem: string } {
    if (tooLong) return { ok: false, problem: `it went on for more than ${MAX_REPLY_CHARS / 1000},000 characters` };
    const cut = finishReason !== null && CUT_REASONS.has(finishReason);
    const limit = cut ? "; its token limit cut it off: raise max_tokens in the judge's params" : '';
    if (text.trim() === '') return { ok: false, problem: `it is empty${limit}` };
    if (schema === null) {
      const plain = withoutThinking(text);
      return plain === '' ? { ok: false, problem: `it only thought aloud${limit}` } : { ok: true, value: plain };
    }
    const read = readVerdict(text, schema.schema, !cut);
    return read.ok ? read : { ok: false, problem: read.problem + limit };
  }

  private unreachable({ purpose }: JudgeQuestion, { failure }: HttpFailure, attempts: number): string {
    const times = attempts === 1 ? '' : ` in ${attempts} attempts`;
    return `the judge ${this.label} could not be asked for ${purpose}${times}: ${failure.message}`;
  }

  private unusable({ purpose }: JudgeQuestion, text: string, problem: string, attempts: number): string {
    const shown = text.trim() === '' ? '' : `; it said ${quote(text.trim(), 120)}`;
    const times = attempts === 1 ? 'at once' : `after ${attempts} attempts`;
    return `the judge ${this.label} gave no usable answer for ${purpose}, given up ${times}: ${problem}${shown}`;
  }

  private refuse(reason: string, meter: UsageMeter): JudgeReply {
    return { ok: false, reason: this.options.redactor.text(reason), usage: meter.usage };
  }
}

/** Name of an endpoint with its model, for reasons. */
export function labelOf({ name, model }: { name: string; model: string }): string {
  return model === '' || model === name ? name : `${name} (${model})`;
}

function failedOf(failure: RequestFailure): HttpFailure {
  return { kind: 'failed', failure, status: null, retryAfterMs: null };
}

function stopped({ purpose }: JudgeQuestion): string {
  return `the run was stopped before the judge had answered for ${purpose}`;
}

/** The question with what was wrong about the answer. */
function askedAgain({ messages, schema }: JudgeQuestion, text: string, problem: string): Message[] {
  const form =
    schema === null
      ? 'Answer again, with text.'
      : `Answer again with one JSON object of this JSON Schema, and nothing else: ${JSON.stringify(schema.schema)}`;
  const note = `Your answer could not be used: ${problem}. ${form}`;
  const last = messages.at(-1);
  if (text.trim() !== '') {
    return [
      ...messages,
      { role: 'assistant', content: text.slice(0, REPEATED_CHARS) },
      { role: 'user', content: note },
    ];
  }
  // Many APIs refuse an empty turn, and two turns of one side in a row.
  if (last?.role !== 'user') return [...messages, { role: 'user', content: note }];
  return [...messages.slice(0, -1), { role: 'user', content: `${last.content}\n\n${note}` }];
}
