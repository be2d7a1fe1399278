import type { Json } from '../../../../protocol/plan';
import type { NativeEndpoint } from '../promptfoo/providers';

/** A model of GitHub Models. */
export function githubEndpoint(model: string, params: Record<string, Json> = {}): NativeEndpoint {
  return {
    name: model,
    api: 'openai-chat',
    url: 'https://models.github.ai/inference',
    model,
    apiKeyEnv: 'GITHUB_TOKEN',
    ...(Object.keys(params).length === 0 ? {} : { params }),
  };
}
