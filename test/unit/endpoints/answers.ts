/** The recorded-shape answers of `test/fixtures/streams`, and what is to be read from them. */
import type { ApiKind } from '../../../src/protocol/plan';
import type { ToolCall } from '../../../src/core/quality/types';

export interface RecordedAnswer {
  file: string;
  api: ApiKind;
  /** As the `Log` of support.ts has them. */
  lines: string[];
  tools?: ToolCall[];
}

const TEXT = ['content Grüße|', 'content  aus|', 'content  東京 🚀|'];
const THOUGHTS = ['content |Zwei Städte', 'content |, zwei Aufrufe.'];
const TOOL = 'content ||tool';
const WEATHER = { name: 'get_weather', arguments: '{"city":"Köln"}' };
const TIME = { name: 'get_time', arguments: '{}' };

export const ANSWERS: RecordedAnswer[] = [
  { file: 'openai-chat-text.sse', api: 'openai-chat', lines: [...TEXT, 'finish stop', 'usage 21,7,16,0', 'done'] },
  {
    file: 'openai-chat-tools.sse',
    api: 'openai-chat',
    lines: [...THOUGHTS, TOOL, TOOL, TOOL, TOOL, 'finish tool_calls', 'usage 80,44,,9', 'done'],
    tools: [
      { id: 'call_a', ...WEATHER },
      { id: 'call_b', ...TIME },
    ],
  },
  {
    file: 'openai-chat-error.sse',
    api: 'openai-chat',
    lines: [
      'content Half|',
      'failure server_error_event: The server had an error while processing your request – sorry (internal_error)',
    ],
  },
  {
    file: 'openai-chat-body.json',
    api: 'openai-chat',
    lines: ['content Ja, natürlich.|', 'usage 5,4,,', 'finish stop', 'done'],
  },
  {
    file: 'openai-completions-text.sse',
    api: 'openai-completions',
    lines: [...TEXT, 'finish length', 'usage 12,7,4,', 'done'],
  },
  {
    file: 'openai-completions-error.sse',
    api: 'openai-completions',
    lines: ['content Half|', 'failure server_error_event: CUDA out of memory – Übergröße (500)'],
  },
  {
    file: 'openai-completions-body.json',
    api: 'openai-completions',
    lines: ['content Ja, natürlich.|', 'usage 5,4,,', 'finish stop', 'done'],
  },
  {
    file: 'openai-responses-text.sse',
    api: 'openai-responses',
    lines: [...TEXT, 'usage 21,7,16,0', 'finish completed', 'done'],
  },
  {
    file: 'openai-responses-tools.sse',
    api: 'openai-responses',
    lines: [
      'content |**Zwei Städte**',
      'content |\n\nZwei Aufrufe.',
      TOOL,
      TOOL,
      TOOL,
      TOOL,
      TOOL,
      'usage 80,44,0,9',
      'finish completed',
      'done',
    ],
    tools: [
      { id: 'call_a', ...WEATHER },
      { id: 'call_b', ...TIME },
    ],
  },
  {
    file: 'openai-responses-refusal.sse',
    api: 'openai-responses',
    lines: [
      'content |Not allowed.',
      'content I can’t help|',
      'content  with that.|',
      'usage 9,6,,2',
      'finish max_output_tokens',
      'done',
    ],
  },
  {
    file: 'openai-responses-error.sse',
    api: 'openai-responses',
    lines: ['content Half|', 'failure server_error_event: The model’s worker died (server_error)'],
  },
  {
    file: 'openai-responses-failed.sse',
    api: 'openai-responses',
    lines: ['content Half|', 'failure server_error_event: Zu viele Anfragen (rate_limit_exceeded)'],
  },
  {
    file: 'openai-responses-body.json',
    api: 'openai-responses',
    lines: ['content Ja, natürlich.|Kurz überlegt.|tool', 'usage 5,12,,8', 'finish completed', 'done'],
    tools: [{ id: 'call_a', ...TIME }],
  },
  {
    file: 'anthropic-messages-text.sse',
    api: 'anthropic-messages',
    lines: ['usage 21,,16,', ...TEXT, 'usage 21,7,16,', 'finish end_turn', 'done'],
  },
  {
    file: 'anthropic-messages-tools.sse',
    api: 'anthropic-messages',
    lines: ['usage 80,,,', ...THOUGHTS, TOOL, TOOL, TOOL, TOOL, 'usage 80,44,0,9', 'finish tool_use', 'done'],
    tools: [
      { id: 'toolu_a', name: 'get_weather', arguments: '{"city": "Köln"}' },
      { id: 'toolu_b', name: 'get_time', arguments: '' },
    ],
  },
  {
    file: 'anthropic-messages-error.sse',
    api: 'anthropic-messages',
    lines: ['usage 4,,,', 'content Half|', 'failure server_error_event: Overloaded – später (overloaded_error)'],
  },
  {
    file: 'anthropic-messages-body.json',
    api: 'anthropic-messages',
    lines: ['content Ja, natürlich.|Kurz überlegt.|tool', 'usage 5,12,,', 'finish tool_use', 'done'],
    tools: [{ id: 'toolu_a', name: 'get_time', arguments: '{"zone":"Europe/Köln"}' }],
  },
  {
    file: 'gemini-text.sse',
    api: 'gemini',
    lines: [
      'content Grüße|',
      'usage 21,,16,',
      'content  aus|',
      'usage 21,3,16,',
      'content  東京 🚀|',
      'usage 21,7,16,',
      'usage 21,7,16,',
      'finish STOP',
    ],
  },
  {
    file: 'gemini-tools.sse',
    api: 'gemini',
    lines: [
      'content |Zwei Städte',
      'usage 80,4,,4',
      'content |, zwei Aufrufe.',
      'usage 80,9,,9',
      TOOL,
      'usage 80,44,,9',
      'finish STOP',
    ],
    tools: [
      { id: '', ...WEATHER },
      { id: '', ...TIME },
    ],
  },
  {
    file: 'gemini-error.sse',
    api: 'gemini',
    lines: ['content Half|', 'usage 4,,,', 'failure server_error_event: Das Modell ist überlastet. (503 UNAVAILABLE)'],
  },
  { file: 'gemini-blocked.sse', api: 'gemini', lines: ['usage 14,,,', 'finish PROHIBITED_CONTENT'] },
  {
    file: 'gemini-body.json',
    api: 'gemini',
    lines: ['content Ja, natürlich.|Kurz überlegt.|tool', 'usage 5,12,,8', 'finish STOP', 'done'],
    tools: [{ id: 'fn1', name: 'get_time', arguments: '{"zone":"Köln"}' }],
  },
  { file: 'ollama-text.ndjson', api: 'ollama', lines: [...TEXT, 'usage 21,7,,', 'finish stop', 'done'] },
  {
    file: 'ollama-tools.ndjson',
    api: 'ollama',
    lines: [...THOUGHTS, TOOL, TOOL, 'usage 80,44,,', 'finish stop', 'done'],
    tools: [
      { id: '', ...WEATHER },
      { id: 'call_b', ...TIME },
    ],
  },
  {
    file: 'ollama-error.ndjson',
    api: 'ollama',
    lines: ['content Half|', 'failure server_error_event: an error was encountered while running the model: Übergröße'],
  },
  {
    file: 'ollama-body.json',
    api: 'ollama',
    lines: ['content Ja, natürlich.|Kurz überlegt.|tool', 'usage 5,12,,', 'finish length', 'done'],
    tools: [{ id: '', name: 'get_time', arguments: '{"zone":"Köln"}' }],
  },
];
