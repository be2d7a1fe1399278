/**
 * OpenAI's chat protocol as far as the editor's models can answer it. Knows nothing of VS Code, whose API has no system role:
 * instructions become the first words of the user, as VS Code's own documentation has it.
 */
import { argumentsObject, callsOf } from '../../core/endpoints/openai-messages';
import { functionOf, toolChoice } from '../../core/endpoints/openai-params';
import type { Json, Message } from '../../protocol/plan';

export type ChatPart =
  { kind: 'text'; text: string } | { kind: 'call'; id: string; name: string; input: { [key: string]: Json } };
export type TurnPart = ChatPart | { kind: 'result'; id: string; text: string };

export interface ChatTurn {
  role: 'user' | 'assistant';
  parts: TurnPart[];
}

export interface ChatTool {
  name: string;
  description: string;
  inputSchema?: object;
}

export interface ChatRequest {
  /** As the eval file names it. */
  model: string;
  stream: boolean;
  turns: ChatTurn[];
  tools: ChatTool[];
  /** Whether the model must call a tool. */
  toolRequired: boolean;
  /** Every other parameter, as it is: each provider knows its own. */
  options: Record<string, Json>;
}

/** A request that cannot be answered, with its status and the sentence for the person. */
export class ChatFailure extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly type: string,
  ) {
    super(message);
    this.name = 'ChatFailure';
  }
}

/** @throws ChatFailure 400 where the body is no chat request */
export function parseChatRequest(text: string): ChatRequest {
  const body = objectOf(text);
  const { model, messages, stream, tools, tool_choice: choice, ...options } = body;
  // Asks for the tokens, which are always told.
  delete options['stream_options'];
  if (typeof model !== 'string' || !Array.isArray(messages)) {
    throw new ChatFailure(400, 'A chat request needs "model" and "messages".', 'invalid_request_error');
  }
  const wanted = toolChoice(choice);
  const offered = wanted?.kind === 'none' || !Array.isArray(tools) ? [] : tools.flatMap((tool) => toolOf(tool) ?? []);
  return {
    model,
    stream: stream === true,
    turns: (messages as unknown as Message[]).map(turnOf),
    // One function that has to be called is the only one on offer.
    tools: wanted?.kind === 'function' ? offered.filter(({ name }) => name === wanted.name) : offered,
    toolRequired: offered.length > 0 && (wanted?.kind === 'required' || wanted?.kind === 'function'),
    options,
  };
}

function objectOf(text: string): { [key: string]: Json } {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new ChatFailure(400, `The request is not JSON: ${(error as Error).message}`, 'invalid_request_error');
  }
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as { [key: string]: Json };
  throw new ChatFailure(400, 'The request is not a JSON object.', 'invalid_request_error');
}

function turnOf(message: Message): ChatTurn {
  const { role } = message;
  const text = textOf(message.content);
  if (role === 'tool') return { role: 'user', parts: [{ kind: 'result', id: message.tool_call_id ?? '', text }] };
  if (role !== 'assistant') return { role: 'user', parts: [{ kind: 'text', text }] };
  const calls = callsOf(message).map(({ id, name, arguments: args }): TurnPart => {
    return { kind: 'call', id, name, input: argumentsObject(args) };
  });
  return { role: 'assistant', parts: text === '' && calls.length > 0 ? calls : [{ kind: 'text', text }, ...calls] };
}

/** `content` is a text, or a list of parts of which the texts can be passed on. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (content === null || content === undefined) return '';
  if (!Array.isArray(content)) {
    throw new ChatFailure(400, 'The content of a message must be a text.', 'invalid_request_error');
  }
  return (content as { type?: unknown; text?: unknown }[])
    .map(({ type, text }) => {
      if (type === 'text' && typeof text === 'string') return text;
      throw new ChatFailure(
        400,
        `The editor's models are asked with text only: a message has a part of type ${JSON.stringify(type)}.`,
        'invalid_request_error',
      );
    })
    .join('');
}

function toolOf(tool: Json): ChatTool | null {
  const fn = functionOf(tool);
  if (fn === null) return null;
  const { name, description, parameters } = fn;
  return {
    name,
    description: typeof description === 'string' ? description : '',
    ...(typeof parameters === 'object' && parameters !== null ? { inputSchema: parameters } : {}),
  };
}
