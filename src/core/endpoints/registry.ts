import type { ApiKind } from '../../protocol/plan';
import { PromptrigError } from '../util/errors';
import { openaiChat } from './openai-chat';
import type { WireApi } from './wire';

/**
 * The wire API of an endpoint's `api`.
 * @throws PromptrigError `unsupported` for an API that this version does not speak
 */
export function wireApiOf(api: ApiKind): WireApi {
  switch (api) {
    case 'openai-chat':
    // The simulator is a real HTTP server with this API.
    case 'sim':
      return openaiChat;
    default:
      throw new PromptrigError(
        'unsupported',
        `The API "${api}" is not supported yet; use openai-chat (most servers, vLLM, SGLang and Ollama among them, speak it) or sim.`,
      );
  }
}
