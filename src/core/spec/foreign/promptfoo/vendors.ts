/** Provider ids of promptfoo: which wire protocol they speak, where, and with which key. */
import type { ApiKind } from '../../../../protocol/plan';

export interface Vendor {
  api: ApiKind;
  /** Base URL; absent where the configuration must say it. */
  url?: string;
  model: string;
  /** Variables that may hold the key, the usual one first; none where no key is asked for. */
  keyVariables: string[];
  /** Variables of the environment that replace the URL. */
  urlVariables: string[];
  /** Whose defaults of request parameters apply. */
  defaults: 'openai' | 'responses' | 'completions' | 'anthropic' | 'mistral' | 'localai' | 'none';
  /** What it is made for: embeddings answer no prompt, but serve `similar`. */
  task: 'text' | 'embedding';
  azure?: true;
}

export type ResolvedVendor = { ok: true; vendor: Vendor } | { ok: false; reason: string };

/** Vendors whose APIs are OpenAI's under another address. */
const COMPATIBLE: Readonly<Record<string, { url: string; key: string | null; urlVariables?: string[] }>> = {
  aimlapi: { url: 'https://api.aimlapi.com/v1', key: 'AIML_API_KEY' },
  alibaba: { url: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1', key: 'DASHSCOPE_API_KEY' },
  alicloud: { url: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1', key: 'DASHSCOPE_API_KEY' },
  aliyun: { url: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1', key: 'DASHSCOPE_API_KEY' },
  atlascloud: { url: 'https://api.atlascloud.ai/v1', key: 'ATLASCLOUD_API_KEY' },
  cerebras: { url: 'https://api.cerebras.ai/v1', key: 'CEREBRAS_API_KEY' },
  cometapi: { url: 'https://api.cometapi.com/v1', key: 'COMETAPI_KEY' },
  dashscope: { url: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1', key: 'DASHSCOPE_API_KEY' },
  deepseek: { url: 'https://api.deepseek.com/v1', key: 'DEEPSEEK_API_KEY' },
  docker: { url: 'http://localhost:12434/engines/v1', key: null },
  fireworks: { url: 'https://api.fireworks.ai/inference/v1', key: 'FIREWORKS_API_KEY' },
  github: { url: 'https://models.github.ai/inference', key: 'GITHUB_TOKEN' },
  groq: { url: 'https://api.groq.com/openai/v1', key: 'GROQ_API_KEY' },
  hyperbolic: { url: 'https://api.hyperbolic.xyz/v1', key: 'HYPERBOLIC_API_KEY' },
  litellm: { url: 'http://0.0.0.0:4000', key: 'LITELLM_API_KEY', urlVariables: ['LITELLM_API_BASE'] },
  llamaapi: { url: 'https://api.llama.com/compat/v1', key: 'LLAMA_API_KEY' },
  meta: { url: 'https://api.meta.ai/v1', key: 'MODEL_API_KEY' },
  minimax: { url: 'https://api.minimax.io/v1', key: 'MINIMAX_API_KEY' },
  moonshot: { url: 'https://api.moonshot.ai/v1', key: 'MOONSHOT_API_KEY' },
  novita: { url: 'https://api.novita.ai/openai/v1', key: 'NOVITA_API_KEY' },
  nscale: { url: 'https://inference.api.nscale.com/v1', key: 'NSCALE_SERVICE_TOKEN' },
  nvidia: { url: 'https://integrate.api.nvidia.com/v1', key: 'NVIDIA_API_KEY' },
  openrouter: { url: 'https://openrouter.ai/api/v1', key: 'OPENROUTER_API_KEY' },
  perplexity: { url: 'https://api.perplexity.ai', key: 'PERPLEXITY_API_KEY' },
  togetherai: { url: 'https://api.together.xyz/v1', key: 'TOGETHER_API_KEY' },
  xai: { url: 'https://api.x.ai/v1', key: 'XAI_API_KEY' },
};

/** Why whole families of providers are not asked. */
const WITHOUT_COUNTERPART: readonly (readonly [RegExp, string])[] = [
  [
    /^(?:exec|python|ruby|golang):|^file:\/\/.*\.(?:py|rb|go)(?::\w+)?$/,
    'it is a program on this machine, not an HTTP endpoint',
  ],
  [/\.[cm]?[jt]sx?(?::\w+)?$|^package:/, 'it is code, not an HTTP endpoint'],
  [/^(?:wss?:|websocket$|wss?$)/, 'WebSockets are not spoken here'],
  [/^webhook:/, 'a webhook with a protocol of its own has no counterpart'],
  [/^(?:bedrock|bedrock-agent|sagemaker):/, 'AWS signs its requests in a way that is not spoken here'],
  [
    /^vertex:/,
    'Vertex AI asks for tokens of Google Cloud, which are not made here; an endpoint with "api: gemini" can name its URL',
  ],
  [/^(?:promptfoo:|agentic:)/, "it is a service of promptfoo's own"],
  [/^(?:browser|sequence|mcp|a2a|slack)(?:$|:)/, 'it is no model behind an HTTP API'],
  [/^(?:huggingface|hf):(?!chat:)/, 'only the chat models of Hugging Face are spoken to here'],
  [/^(?:transformers|transformers\.js):/, 'it is a model in this process, not an HTTP endpoint'],
  [
    /^(?:ai21|bam|cloudera|cloudflare-ai|cloudflare-gateway|cohere|databricks|elevenlabs|envoy|f5|fal|helicone|jfrog|llama|mlflow-gateway|modelslab|n8n|opencode|openclaw|openinterpreter|orcarouter|portkey|quiverai|qwak|replicate|snowflake|truefoundry|vercel|voyage|watsonx)(?:$|:)/,
    'its API is not spoken here',
  ],
];

/** Kinds of models of a vendor that answer no prompt with text. */
const OTHER_TASKS: ReadonlySet<string> = new Set([
  ...[
    'agents',
    'assistant',
    'audio',
    'chatkit',
    'codex',
    'codex-app-server',
    'codex-desktop',
    'codex-sdk',
    'foundry-agent',
  ],
  ...['image', 'live', 'moderation', 'realtime', 'speech', 'transcription', 'tts', 'video', 'voice'],
]);
const COMPLETION_MODELS = /^(?:gpt-3\.5-turbo-instruct|davinci-002|babbage-002)/;
/** Models that OpenAI serves by its newer API alone. */
const RESPONSES_MODELS = /^(?:o\d(?:-mini)?-pro|gpt-5[\w.]*-pro|.*-deep-research|.*codex|computer-use-preview)/;

/** Resolves the id of a provider. */
export function resolveVendor(id: string): ResolvedVendor {
  const [family = '', ...rest] = id.split(':');
  const kind = rest[0] ?? '';
  const behind = rest.slice(1).join(':');
  const all = rest.join(':');
  const refused = WITHOUT_COUNTERPART.find(([pattern]) => pattern.test(id));
  if (refused !== undefined) return { ok: false, reason: refused[1] };
  if (rest.length > 0 && OTHER_TASKS.has(kind))
    return { ok: false, reason: `"${kind}" is no API that answers a prompt with text` };
  switch (family) {
    case 'openai':
      return openai(kind, behind);
    case 'azure':
    case 'azureopenai':
      return azure(kind, behind);
    case 'anthropic':
      return anthropic(kind, behind);
    case 'ollama':
      return ollama(kind, behind, all);
    case 'google':
    case 'palm':
      return google(kind, behind, all);
    case 'mistral':
      return chatOrEmbedding(kind, behind, {
        url: 'https://api.mistral.ai/v1',
        keyVariables: ['MISTRAL_API_KEY'],
        urlVariables: ['MISTRAL_API_BASE_URL'],
        defaults: 'mistral',
      });
    case 'localai':
      return chatOrEmbedding(kind, behind, {
        url: 'http://localhost:8080/v1',
        keyVariables: [],
        urlVariables: ['LOCALAI_BASE_URL'],
        defaults: 'localai',
      });
    case 'huggingface':
    case 'hf':
      return vendor({
        api: 'openai-chat',
        url: 'https://router.huggingface.co/v1',
        model: behind,
        keyVariables: ['HF_TOKEN', 'HF_API_TOKEN'],
      });
  }
  const compatible = Object.hasOwn(COMPATIBLE, family) ? COMPATIBLE[family] : undefined;
  if (compatible === undefined || all === '') return { ok: false, reason: 'it is no provider that is known here' };
  const { url, key, urlVariables = [] } = compatible;
  const shared = { url, keyVariables: key === null ? [] : [key], urlVariables };
  if (kind === 'responses') return vendor({ ...shared, api: 'openai-responses', model: behind, defaults: 'responses' });
  if (kind === 'completion' && behind !== '')
    return vendor({ ...shared, api: 'openai-completions', model: behind, defaults: 'completions' });
  if (/^embeddings?$/.test(kind)) return vendor({ ...shared, api: 'openai-chat', model: behind, task: 'embedding' });
  const isTyped = kind === 'chat' && behind !== '';
  return vendor({ ...shared, api: 'openai-chat', model: isTyped ? behind : all });
}

function vendor(given: Pick<Vendor, 'api' | 'model'> & Partial<Omit<Vendor, 'api' | 'model'>>): ResolvedVendor {
  return {
    ok: true,
    vendor: { keyVariables: [], urlVariables: [], defaults: 'openai', task: 'text', ...given },
  };
}

function openai(kind: string, behind: string): ResolvedVendor {
  const shared = {
    url: 'https://api.openai.com/v1',
    keyVariables: ['OPENAI_API_KEY'],
    urlVariables: ['OPENAI_API_BASE_URL', 'OPENAI_BASE_URL'],
  };
  switch (kind) {
    case '':
      return { ok: false, reason: 'it names no model' };
    case 'chat':
      return vendor({ ...shared, api: 'openai-chat', model: behind || 'gpt-4.1-2025-04-14' });
    case 'responses':
      return vendor({
        ...shared,
        api: 'openai-responses',
        model: behind || 'gpt-4.1-2025-04-14',
        defaults: 'responses',
      });
    case 'completion':
      return vendor({
        ...shared,
        api: 'openai-completions',
        model: behind || 'gpt-3.5-turbo-instruct',
        defaults: 'completions',
      });
    case 'embedding':
    case 'embeddings':
      return vendor({ ...shared, api: 'openai-chat', model: behind || 'text-embedding-3-large', task: 'embedding' });
  }
  const model = behind === '' ? kind : `${kind}:${behind}`;
  if (COMPLETION_MODELS.test(model))
    return vendor({ ...shared, api: 'openai-completions', model, defaults: 'completions' });
  if (RESPONSES_MODELS.test(model)) return vendor({ ...shared, api: 'openai-responses', model, defaults: 'responses' });
  return vendor({ ...shared, api: 'openai-chat', model });
}

function azure(kind: string, behind: string): ResolvedVendor {
  const shared = {
    keyVariables: ['AZURE_API_KEY', 'AZURE_OPENAI_API_KEY'],
    urlVariables: [
      'AZURE_API_BASE_URL',
      'AZURE_OPENAI_API_BASE_URL',
      'AZURE_OPENAI_BASE_URL',
      'AZURE_API_HOST',
      'AZURE_OPENAI_API_HOST',
    ],
    azure: true as const,
  };
  if (behind === '') return { ok: false, reason: 'it names no deployment; write azure:chat:DEPLOYMENT' };
  switch (kind) {
    case 'chat':
      return vendor({ ...shared, api: 'openai-chat', model: behind });
    case 'completion':
      return vendor({ ...shared, api: 'openai-completions', model: behind, defaults: 'completions' });
    case 'responses':
      return vendor({ ...shared, api: 'openai-responses', model: behind, defaults: 'responses' });
    case 'embedding':
    case 'embeddings':
      return vendor({ ...shared, api: 'openai-chat', model: behind, task: 'embedding' });
    default:
      return { ok: false, reason: `"azure:${kind}" is no kind of model that is known here` };
  }
}

function anthropic(kind: string, behind: string): ResolvedVendor {
  if (kind === 'completion' || /^claude-(?:1|2|instant)/.test(kind))
    return { ok: false, reason: "Anthropic's old completion API is not spoken here" };
  if (/^claude-(?:agent-sdk|code)/.test(kind)) return { ok: false, reason: 'it is an agent, not an HTTP endpoint' };
  const model = kind === 'messages' ? behind : kind;
  if (model === '') return { ok: false, reason: 'it names no model' };
  return vendor({
    api: 'anthropic-messages',
    url: 'https://api.anthropic.com/v1',
    model,
    keyVariables: ['ANTHROPIC_API_KEY'],
    urlVariables: ['ANTHROPIC_BASE_URL'],
    defaults: 'anthropic',
  });
}

/** The completion API of Ollama is asked as the chat API: one user message is the same prompt in the model's own template. */
function ollama(kind: string, behind: string, all: string): ResolvedVendor {
  const shared = { url: 'http://localhost:11434', urlVariables: ['OLLAMA_BASE_URL'], defaults: 'none' as const };
  if (/^embeddings?$/.test(kind)) return vendor({ ...shared, api: 'ollama', model: behind, task: 'embedding' });
  const model = kind === 'chat' || kind === 'completion' ? behind : all;
  return model === '' ? { ok: false, reason: 'it names no model' } : vendor({ ...shared, api: 'ollama', model });
}

function google(kind: string, behind: string, all: string): ResolvedVendor {
  const shared = {
    url: 'https://generativelanguage.googleapis.com/v1beta',
    keyVariables: ['GOOGLE_API_KEY', 'GEMINI_API_KEY'],
    defaults: 'none' as const,
  };
  if (all === '') return { ok: false, reason: 'it names no model' };
  if (/^embeddings?$/.test(kind)) return vendor({ ...shared, api: 'gemini', model: behind, task: 'embedding' });
  if (/-image|-tts|omni-flash/.test(all)) return { ok: false, reason: 'it answers with something else than text' };
  return vendor({ ...shared, api: 'gemini', model: all });
}

function chatOrEmbedding(
  kind: string,
  behind: string,
  shared: Pick<Vendor, 'keyVariables' | 'urlVariables' | 'defaults'> & { url: string },
): ResolvedVendor {
  if (/^embeddings?$/.test(kind)) return vendor({ ...shared, api: 'openai-chat', model: behind, task: 'embedding' });
  if (kind === 'completion')
    return vendor({ ...shared, api: 'openai-completions', model: behind, defaults: 'completions' });
  const model = kind === 'chat' ? behind : [kind, behind].filter((part) => part !== '').join(':');
  return model === '' ? { ok: false, reason: 'it names no model' } : vendor({ ...shared, api: 'openai-chat', model });
}
