/** Where an endpoint without a `url` is: the one public service of its API, or the place where its server listens by default. */
import type { ApiKind } from '../../protocol/plan';

/** APIs that are missing here are spoken by so many servers that none of them could be meant. */
export const DEFAULT_URLS: Readonly<Partial<Record<ApiKind, string>>> = {
  'openai-responses': 'https://api.openai.com/v1',
  'anthropic-messages': 'https://api.anthropic.com/v1',
  gemini: 'https://generativelanguage.googleapis.com/v1beta',
  ollama: 'http://127.0.0.1:11434',
};
