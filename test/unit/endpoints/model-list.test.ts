import assert from 'node:assert/strict';
import { modelListRequest, modelNames } from '../../../src/core/endpoints/model-list';
import type { ApiKind } from '../../../src/protocol/plan';

const pathOf = (api: ApiKind, url: string): string | undefined =>
  modelListRequest(api, { url, headers: {}, apiKey: undefined })?.path;

describe('the request for a list of models', () => {
  for (const [api, url, path] of [
    ['openai-chat', 'http://h:8000/v1', '/v1/models'],
    ['openai-chat', 'http://h:8000/v1/chat/completions', '/v1/models'],
    ['openai-completions', 'http://h/v1/completions', '/v1/models'],
    ['openai-responses', 'https://api.openai.com/v1/', '/v1/models'],
    ['openai-chat', 'https://h/openai?api-version=2024-10-21', '/openai/models?api-version=2024-10-21'],
    ['anthropic-messages', 'https://api.anthropic.com', '/v1/models?limit=1000'],
    ['anthropic-messages', 'https://h/v1/messages', '/v1/models?limit=1000'],
    ['gemini', 'https://g/v1beta', '/v1beta/models?pageSize=1000'],
    ['gemini', 'https://g/v1beta/models/gemini-2.0:generateContent', '/v1beta/models?pageSize=1000'],
    ['gemini', 'https://g', '/v1beta/models?pageSize=1000'],
    ['ollama', 'http://127.0.0.1:11434', '/api/tags'],
    ['ollama', 'http://127.0.0.1:11434/api/chat', '/api/tags'],
  ] as const) {
    it(`of ${api} at ${url} goes to ${path}`, () => assert.equal(pathOf(api, url), path));
  }

  it('is none where there is no address', () => {
    for (const api of ['sim', 'vscode-lm'] as const) {
      assert.equal(modelListRequest(api, { url: 'http://h', headers: {}, apiKey: undefined }), null);
    }
  });

  it('carries the key as each API takes it, and the headers of the endpoint before it', () => {
    const headersOf = (api: ApiKind, headers: Record<string, string> = {}) =>
      modelListRequest(api, { url: 'https://h/v1', headers, apiKey: 'k' })?.headers;
    assert.deepEqual(headersOf('openai-chat'), { authorization: 'Bearer k' });
    assert.deepEqual(headersOf('anthropic-messages'), { 'anthropic-version': '2023-06-01', 'x-api-key': 'k' });
    assert.deepEqual(headersOf('gemini'), { 'x-goog-api-key': 'k' });
    assert.deepEqual(headersOf('ollama'), { authorization: 'Bearer k' });
    assert.deepEqual(headersOf('openai-chat', { Authorization: 'own', 'x-team': 'a' }), {
      Authorization: 'own',
      'x-team': 'a',
    });
  });
});

describe('the names in a list of models', () => {
  it('are read from the shape of each API', () => {
    assert.deepEqual(modelNames('openai-chat', { object: 'list', data: [{ id: 'a' }, { id: 'b' }, { id: 'a' }] }), [
      'a',
      'b',
    ]);
    assert.deepEqual(modelNames('anthropic-messages', { data: [{ type: 'model', id: 'claude' }], has_more: false }), [
      'claude',
    ]);
    assert.deepEqual(
      modelNames('gemini', {
        models: [
          { name: 'models/gemini-2.0-flash', supportedGenerationMethods: ['generateContent'] },
          { name: 'models/embedding-001', supportedGenerationMethods: ['embedContent'] },
        ],
      }),
      ['gemini-2.0-flash'],
    );
    assert.deepEqual(modelNames('ollama', { models: [{ name: 'llama3.2:1b', model: 'llama3.2:1b' }] }), [
      'llama3.2:1b',
    ]);
    assert.deepEqual(modelNames('openai-chat', [{ id: 'plain' }]), ['plain']);
  });

  it('are unknown where the answer is something else', () => {
    for (const body of [null, 'text', 3, {}, { data: 'x' }]) assert.equal(modelNames('openai-chat', body), null);
    assert.deepEqual(modelNames('openai-chat', { data: [null, {}, { id: 7 }] }), []);
  });
});
