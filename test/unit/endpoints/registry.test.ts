import assert from 'node:assert/strict';
import { DEFAULT_URLS } from '../../../src/core/endpoints/default-urls';
import { openaiChat } from '../../../src/core/endpoints/openai-chat';
import { wireApiOf } from '../../../src/core/endpoints/registry';
import { SUPPORTED_APIS } from '../../../src/core/spec/supported';
import { PromptrigError } from '../../../src/core/util/errors';
import type { ApiKind } from '../../../src/protocol/plan';

describe('wireApiOf', () => {
  it('speaks openai-chat to the simulator', () => {
    assert.equal(wireApiOf('sim'), openaiChat);
  });

  it('speaks every API that a plan may have, by its name', () => {
    for (const api of SUPPORTED_APIS) if (api !== 'sim') assert.equal(wireApiOf(api).kind, api);
  });

  it("refuses the editor's own models, and says where they will run", () => {
    assert.throws(
      () => wireApiOf('vscode-lm'),
      (error) => error instanceof PromptrigError && error.code === 'unsupported' && /in the editor/.test(error.message),
    );
    assert.ok(!SUPPORTED_APIS.has('vscode-lm'));
  });

  it('has a usable address for every API that may do without one', () => {
    for (const [api, url] of Object.entries(DEFAULT_URLS)) {
      assert.equal(url, wireApiOf(api as ApiKind).exampleUrl);
      assert.ok(URL.canParse(url));
    }
  });
});
