import assert from 'node:assert/strict';
import { wireApiOf } from '../../../src/core/endpoints/registry';
import { RequestSource } from '../../../src/core/load/request-source';
import type { ApiKind, Json } from '../../../src/protocol/plan';
import { stageOf } from './stage';

/** The body of the first request of a stage that asks for answers of 17 tokens. */
function bodyOf(api: ApiKind, params: Record<string, Json>): Record<string, Json> {
  const source = new RequestSource({
    wire: wireApiOf(api),
    target: { url: 'http://h/v1', model: 'm', headers: {}, params, apiKey: undefined },
    stage: stageOf({ synthetic: { outputTokens: { mean: 17 }, cache: 'warm' } }),
    seed: 1,
    targetId: 't',
  });
  return JSON.parse(source.at(0).request.body.toString()) as Record<string, Json>;
}

describe('the length of the answers that a stage asks for', () => {
  it("is in each API's own spelling, in place of the file's own limit", () => {
    const files: Record<string, Json>[] = [{}, { max_tokens: 5 }, { max_completion_tokens: 5 }];
    for (const params of files) {
      assert.equal(bodyOf('openai-completions', params)['max_tokens'], 17);
      assert.equal(bodyOf('openai-responses', params)['max_output_tokens'], 17);
      assert.equal(bodyOf('anthropic-messages', params)['max_tokens'], 17);
      assert.deepEqual(bodyOf('gemini', params)['generationConfig'], { maxOutputTokens: 17 });
      assert.deepEqual(bodyOf('ollama', params)['options'], { num_predict: 17 });
    }
  });

  it('is under the name that the file has, for chat completions', () => {
    const limits = (params: Record<string, Json>) => {
      const { max_tokens: older, max_completion_tokens: newer } = bodyOf('openai-chat', params);
      return [older, newer];
    };
    assert.deepEqual(limits({ max_tokens: 5 }), [17, undefined]);
    assert.deepEqual(limits({ max_completion_tokens: 5 }), [undefined, 17]);
  });
});
