import type { ApiKind } from '../../protocol/plan';
import { PromptrigError } from '../util/errors';
import { anthropicMessages } from './anthropic-messages';
import { gemini } from './gemini';
import { ollama } from './ollama';
import { openaiChat } from './openai-chat';
import { openaiCompletions } from './openai-completions';
import { openaiResponses } from './openai-responses';
import type { WireApi } from './wire';

/**
 * The wire API of an endpoint's `api`.
 * @throws PromptrigError `unsupported` for the editor's own models, which are no wire at all
 */
export function wireApiOf(api: ApiKind): WireApi {
  switch (api) {
    case 'openai-chat':
    // The simulator is a real HTTP server with this API.
    case 'sim':
      return openaiChat;
    case 'openai-completions':
      return openaiCompletions;
    case 'openai-responses':
      return openaiResponses;
    case 'anthropic-messages':
      return anthropicMessages;
    case 'gemini':
      return gemini;
    case 'ollama':
      return ollama;
    case 'vscode-lm':
      throw new PromptrigError(
        'unsupported',
        'The API "vscode-lm" is not supported here: its models can be asked in the editor only, by the Promptrig extension. Run the file there, or use an endpoint with a url, or sim.',
      );
  }
}
