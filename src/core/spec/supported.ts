/**
 * What this version can run. Every key of the format is parsed and typed; what is missing here is reported as
 * `not-supported-yet` at its line. A feature that learns to run is added here and nowhere else in the parser.
 */
import type { ApiKind } from '../../protocol/plan';

export const SUPPORTED_APIS: ReadonlySet<ApiKind> = new Set([
  'openai-chat',
  'openai-completions',
  'openai-responses',
  'anthropic-messages',
  'gemini',
  'ollama',
  'sim',
]);
