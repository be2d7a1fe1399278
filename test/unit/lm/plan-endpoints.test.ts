import assert from 'node:assert/strict';
import { editorEndpoints, withAddress } from '../../../src/extension/lm/plan-endpoints';
import type { RunPlan } from '../../../src/protocol/plan';
import { plan, planned } from '../plan/planning';

const TEXT = `name: Editor
prompt: "{{ q }}"
endpoints:
  - { name: mine, api: vscode-lm, model: acme/small, apiKeyEnv: KEY, proxy: 'http://proxy.test', headers: { x-team: a } }
  - { name: there, url: 'http://127.0.0.1:1/v1', model: m }
judge: { name: grader, api: vscode-lm, model: acme/large }
cases:
  - vars: { q: one }
    assert:
      - { type: llm-rubric, value: is kind }
      - type: assert-set
        assert:
          - { type: llm-rubric, value: is short }
`;

/** An imported file names a judge for one assertion: the second model is that of a member of a set. */
async function whole(): Promise<RunPlan> {
  const result = await planned(TEXT, { editorModels: true });
  const member = result.targets[0]?.cases[0]?.assertions[1]?.members?.[0];
  assert.ok(member !== undefined && result.judge !== undefined);
  member.judge = { ...result.judge, endpoint: { ...result.judge.endpoint, name: 'second' } };
  return result;
}

describe("a plan with the editor's models", () => {
  it('is planned in the editor only, and says so at the endpoint elsewhere', async () => {
    const { plan: none, diagnostics, document } = await plan(TEXT);
    assert.equal(none, null);
    assert.deepEqual(
      document.diagnostics.filter(({ severity }) => severity === 'error'),
      [],
    );
    const found = diagnostics.filter(({ code }) => code === 'editor-only');
    assert.deepEqual(found.map(({ pointer }) => pointer).sort(), ['/endpoints/0', '/judge']);
    assert.match(found[0]?.message ?? '', /run this file in VS Code/);
  });

  it('names targets and judges that need an address', async () => {
    assert.deepEqual(
      editorEndpoints(await whole())
        .map(({ name }) => name)
        .sort(),
      ['grader', 'mine', 'second'],
    );
  });

  it('gets one for each of them and for nothing else', async () => {
    const given = await whole();
    const served = withAddress(given, 'http://127.0.0.1:9/v1');
    assert.deepEqual(editorEndpoints(served), []);
    const mine = served.targets.find(({ id }) => id.startsWith('mine'))?.endpoint;
    assert.equal(mine?.api, 'openai-chat');
    assert.equal(mine.url, 'http://127.0.0.1:9/v1');
    assert.equal(mine.model, 'acme/small');
    assert.equal(mine.indirect, true);
    // A header of the file could replace the token, a proxy would be told the prompts.
    assert.deepEqual([mine.headers, mine.proxy, mine.apiKeyEnv], [{}, undefined, undefined]);
    const there = served.targets.find(({ id }) => id.startsWith('there'))?.endpoint;
    assert.deepEqual(there, given.targets.find(({ id }) => id.startsWith('there'))?.endpoint);
    assert.equal(served.judge?.endpoint.indirect, true);
    const own = served.targets[0]?.cases[0]?.assertions[1]?.members?.[0]?.judge;
    assert.equal(own?.endpoint.url, 'http://127.0.0.1:9/v1');
    assert.ok(!JSON.stringify(served).includes('vscode-lm'));
    assert.ok(JSON.stringify(given).includes('vscode-lm'), 'the plan that was given is changed');
  });
});
