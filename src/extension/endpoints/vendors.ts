/** Servers and services that people run evals against, as the guided form offers them. */
import type { ApiKind } from '../../protocol/plan';
import { l10n } from '../l10n';

export interface EndpointKind {
  label: string;
  /** One line: where it runs, or what it speaks. */
  detail: string;
  api: ApiKind;
  /** Where it listens by default, or its public address; empty where that is different for everyone. */
  url: string;
  /** The variable that its own tools read the key from; undefined where none is asked for. */
  apiKeyEnv?: string;
  /** What to call the first endpoint of this kind. */
  name: string;
  /** Heading under which the form lists it. */
  group: string;
}

export const ENDPOINT_KINDS: readonly EndpointKind[] = [
  server('vLLM', 'http://127.0.0.1:8000/v1', 'vllm'),
  server('SGLang', 'http://127.0.0.1:30000/v1', 'sglang'),
  server('TensorRT-LLM, Triton', 'http://127.0.0.1:8000/v1', 'trtllm'),
  server('TGI', 'http://127.0.0.1:8080/v1', 'tgi'),
  server('llama.cpp', 'http://127.0.0.1:8080/v1', 'llamacpp'),
  server('LM Studio', 'http://127.0.0.1:1234/v1', 'lmstudio'),
  {
    ...server('Ollama', 'http://127.0.0.1:11434', 'ollama'),
    api: 'ollama',
    detail: `http://127.0.0.1:11434 · ${l10n.t('its own API')}`,
  },
  server(l10n.t('LiteLLM proxy'), 'http://127.0.0.1:4000/v1', 'litellm', 'LITELLM_API_KEY'),
  service('OpenAI', 'https://api.openai.com/v1', 'openai', 'OPENAI_API_KEY'),
  {
    ...service(l10n.t('OpenAI, responses'), 'https://api.openai.com/v1', 'openai-responses', 'OPENAI_API_KEY'),
    api: 'openai-responses',
  },
  {
    ...service('Anthropic', 'https://api.anthropic.com/v1', 'anthropic', 'ANTHROPIC_API_KEY'),
    api: 'anthropic-messages',
  },
  {
    ...service('Google Gemini', 'https://generativelanguage.googleapis.com/v1beta', 'gemini', 'GEMINI_API_KEY'),
    api: 'gemini',
  },
  service('GitHub Models', 'https://models.github.ai/inference', 'github', 'GITHUB_TOKEN'),
  service('Mistral', 'https://api.mistral.ai/v1', 'mistral', 'MISTRAL_API_KEY'),
  service('Groq', 'https://api.groq.com/openai/v1', 'groq', 'GROQ_API_KEY'),
  service('DeepSeek', 'https://api.deepseek.com/v1', 'deepseek', 'DEEPSEEK_API_KEY'),
  service('Together', 'https://api.together.xyz/v1', 'together', 'TOGETHER_API_KEY'),
  service('Fireworks', 'https://api.fireworks.ai/inference/v1', 'fireworks', 'FIREWORKS_API_KEY'),
  service('OpenRouter', 'https://openrouter.ai/api/v1', 'openrouter', 'OPENROUTER_API_KEY'),
  service('xAI', 'https://api.x.ai/v1', 'xai', 'XAI_API_KEY'),
  protocol(l10n.t('OpenAI-compatible chat'), 'POST …/chat/completions', 'openai-chat'),
  protocol(
    l10n.t('OpenAI-compatible completions'),
    `POST …/completions; ${l10n.t('the messages become one prompt')}`,
    'openai-completions',
  ),
  protocol(l10n.t('OpenAI responses'), 'POST …/responses', 'openai-responses'),
  protocol(l10n.t('Anthropic messages'), 'POST …/messages', 'anthropic-messages'),
  protocol('Gemini', 'POST …/models/MODEL:streamGenerateContent', 'gemini'),
  protocol('Ollama', 'POST …/api/chat', 'ollama'),
];

function server(label: string, url: string, name: string, apiKeyEnv?: string): EndpointKind {
  return {
    label,
    detail: `${url} · ${l10n.t('OpenAI-compatible')}`,
    api: 'openai-chat',
    url,
    name,
    group: l10n.t('On your machines'),
    ...(apiKeyEnv === undefined ? {} : { apiKeyEnv }),
  };
}

function service(label: string, url: string, name: string, apiKeyEnv: string): EndpointKind {
  return { label, detail: url, api: 'openai-chat', url, name, apiKeyEnv, group: l10n.t('Services') };
}

function protocol(label: string, detail: string, api: ApiKind): EndpointKind {
  return { label, detail, api, url: '', name: 'endpoint', group: l10n.t('By protocol') };
}

/** A name that is not taken, made from the kind's and, where there are several, the model's. */
export function suggestName(kind: EndpointKind, model: string, taken: ReadonlySet<string>): string {
  const short = model
    .slice(model.lastIndexOf('/') + 1)
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/^-+|-+$/g, '');
  const candidates = [kind.name, ...(short === '' ? [] : [`${kind.name}-${short}`])];
  for (const candidate of candidates) if (!taken.has(candidate)) return candidate;
  for (let n = 2; ; n++) if (!taken.has(`${kind.name}-${n}`)) return `${kind.name}-${n}`;
}
