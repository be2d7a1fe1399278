import type { SimFinishReason } from '../../protocol/plan';
import { toByteString, type PlannedAnswer } from './answers';
import type { GenerationRequest } from './generation-request';

/** Tokens of a finished answer, for the usage block. */
export interface UsageCounts {
  inputTokens: number;
  /** Reasoning included. */
  outputTokens: number;
  reasoningTokens: number;
}

/** Ends a chunked HTTP body. */
export const LAST_HTTP_CHUNK = '0\r\n\r\n';

/** `payload` (one character per byte) as one chunk of HTTP's chunked transfer coding. */
export function httpChunk(payload: string): string {
  return `${payload.length.toString(16)}\r\n${payload}\r\n`;
}

function usageOf(counts: UsageCounts): Record<string, unknown> {
  return {
    prompt_tokens: counts.inputTokens,
    completion_tokens: counts.outputTokens,
    total_tokens: counts.inputTokens + counts.outputTokens,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: counts.reasoningTokens },
  };
}

/**
 * Writes one answer in OpenAI's format. What all events of a stream share is put together once: serializing an object per token
 * would cost more than sending it. Frames are byte strings (see `toByteString`), each a whole HTTP chunk.
 */
export class AnswerWire {
  private readonly chat: boolean;
  /** `data: {... "choices":[` of every event. */
  private readonly head: string;
  /** Up to the text, and after it, of an ordinary content event. */
  private readonly contentHead: string;
  private readonly contentTail: string;

  constructor(
    private readonly request: GenerationRequest,
    private readonly answerId: string,
    private readonly createdSeconds: number,
  ) {
    this.chat = request.kind === 'chat';
    this.head = toByteString(`data: ${JSON.stringify(this.common(true)).slice(0, -1)},"choices":[`);
    this.contentHead = `${this.head}{"index":0,${this.chat ? '"delta":{"content":"' : '"text":"'}`;
    this.contentTail = `"${this.chat ? '}' : ''},"logprobs":null,"finish_reason":null}]${this.usageNull()}}\n\n`;
  }

  /** An event with visible text, given as JSON-escaped bytes. */
  content(bytes: string): string {
    return httpChunk(`${this.contentHead}${bytes}${this.contentTail}`);
  }

  /** The first content event of a chat, which names the role as well. */
  firstContent(bytes: string): string {
    if (!this.chat) return this.content(bytes);
    return this.deltaEvent(`"role":"assistant","content":"${bytes}"`);
  }

  reasoning(bytes: string, withRole: boolean): string {
    return this.deltaEvent(`${withRole ? '"role":"assistant",' : ''}"reasoning_content":"${bytes}"`);
  }

  /** The event that begins a tool call: its id and name, with no arguments yet. */
  toolCall(index: number, name: string, withRole: boolean): string {
    const begun = { index, id: this.callId(index), type: 'function', function: { name, arguments: '' } };
    const role = withRole ? '"role":"assistant","content":null,' : '';
    return this.deltaEvent(`${role}"tool_calls":[${toByteString(JSON.stringify(begun))}]`);
  }

  /** A piece of a tool call's arguments, given as JSON-escaped bytes. */
  toolArguments(index: number, bytes: string): string {
    return this.deltaEvent(`"tool_calls":[{"index":${index},"function":{"arguments":"${bytes}"}}]`);
  }

  /** An event without any text: clients must not take it for a token. */
  role(): string {
    return this.deltaEvent('"role":"assistant","content":""');
  }

  /** What ends a stream after its last content: the finish reason, the usage where asked for, `[DONE]`. */
  tail(finishReason: SimFinishReason, counts: UsageCounts): string {
    const empty = this.chat ? '"delta":{}' : '"text":""';
    const finish = `{"index":0,${empty},"logprobs":null,"finish_reason":"${finishReason}"}`;
    let frames = httpChunk(`${this.head}${finish}]${this.usageNull()}}\n\n`);
    if (this.request.includeUsage) {
      frames += httpChunk(`${this.head}],"usage":${JSON.stringify(usageOf(counts))}}\n\n`);
    }
    return frames + httpChunk('data: [DONE]\n\n');
  }

  /** An event whose JSON is cut off in the middle of a string. */
  malformed(): string {
    return httpChunk(`${this.contentHead}cut he\n\n`);
  }

  /** An event with a given JSON document, such as an error. */
  event(json: string): string {
    return httpChunk(`data: ${toByteString(json)}\n\n`);
  }

  /** A comment of the event stream, as servers send to keep proxies from closing an idle connection. */
  comment(): string {
    return httpChunk(': keep-alive\n\n');
  }

  /** The body of an answer that is not streamed. */
  body({ answer, reasoning, calls, finishReason }: PlannedAnswer, counts: UsageCounts): string {
    const common = { index: 0, logprobs: null, finish_reason: finishReason };
    const text = answer.texts.join('');
    const thought = reasoning.texts.join('');
    const toolCalls = calls.map(({ name, arguments: given }, index) => ({
      id: this.callId(index),
      type: 'function',
      function: { name, arguments: given.texts.join('') },
    }));
    const message = {
      role: 'assistant',
      content: text === '' && toolCalls.length > 0 ? null : text,
      ...(thought === '' ? {} : { reasoning_content: thought }),
      ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
    };
    const choice = this.chat ? { ...common, message } : { ...common, text };
    return JSON.stringify({ ...this.common(false), choices: [choice], usage: usageOf(counts) });
  }

  private callId(index: number): string {
    return `call_${this.answerId}_${index}`;
  }

  private deltaEvent(delta: string): string {
    return httpChunk(
      `${this.head}{"index":0,"delta":{${delta}},"logprobs":null,"finish_reason":null}]${this.usageNull()}}\n\n`,
    );
  }

  /** With `include_usage`, every event but the last says that it carries none. */
  private usageNull(): string {
    return this.request.includeUsage ? ',"usage":null' : '';
  }

  private common(streamed: boolean): Record<string, unknown> {
    const chatObject = streamed ? 'chat.completion.chunk' : 'chat.completion';
    return {
      id: `${this.chat ? 'chatcmpl' : 'cmpl'}-${this.answerId}`,
      object: this.chat ? chatObject : 'text_completion',
      created: this.createdSeconds,
      model: this.request.model,
      system_fingerprint: 'promptrig-sim',
    };
  }
}
