import assert from 'node:assert/strict';
import { parseEvalFile } from '../../../src/core/spec/parse';
import { planned } from './planning';

const file = (endpoint: string) =>
  `prompt: hi\nendpoints:\n  - { name: e, model: m, ${endpoint} }\ncases:\n  - vars: {}\n`;

describe('the address of an endpoint', () => {
  it('may be left out for an API with one public service, or with a server of its own', async () => {
    const urls = {
      'openai-responses': 'https://api.openai.com/v1',
      'anthropic-messages': 'https://api.anthropic.com/v1',
      gemini: 'https://generativelanguage.googleapis.com/v1beta',
      ollama: 'http://127.0.0.1:11434',
    };
    for (const [api, url] of Object.entries(urls)) {
      const plan = await planned(file(`api: ${api}`));
      assert.equal(plan.targets[0]?.endpoint.url, url);
      const own = await planned(file(`api: ${api}, url: "http://127.0.0.1:9/x/"`));
      assert.equal(own.targets[0]?.endpoint.url, 'http://127.0.0.1:9/x');
    }
  });

  it('is asked for where any server could be meant', () => {
    for (const api of ['openai-chat', 'openai-completions']) {
      const { diagnostics } = parseEvalFile(file(`api: ${api}`), '/w/a.eval.yaml');
      assert.deepEqual(
        diagnostics.map(({ code, message }) => [code, /needs "url"/.test(message)]),
        [['missing-key', true]],
      );
    }
  });

  it('may name a proxy, but no secret stands in either', () => {
    const codes = (endpoint: string) =>
      parseEvalFile(file(endpoint), '/w/a.eval.yaml').diagnostics.map(({ code }) => code);
    assert.deepEqual(codes('api: gemini, proxy: "http://127.0.0.1:3128"'), []);
    assert.deepEqual(codes('api: gemini, proxy: "http://a:b@127.0.0.1:3128"'), ['literal-secret']);
    assert.deepEqual(codes('api: gemini, url: "https://a:b@127.0.0.1"'), ['literal-secret']);
    assert.deepEqual(codes('api: gemini, url: "https://127.0.0.1/v1beta?key=AIza"'), ['literal-secret']);
    assert.deepEqual(codes('api: gemini, proxy: "socks5://127.0.0.1"'), ['bad-url']);
  });
});
