import assert from 'node:assert/strict';
import { planOutline } from '../../../src/core/engine/plan-outline';
import { parseEvalFile } from '../../../src/core/spec/parse';
import { planned, workspaceFixture } from '../plan/planning';

const CASES = 'cases:\n  - { name: one, assert: [{ contains: x }] }\n';

describe('the outline of a plan', () => {
  const files = { '/w/evals/terse.md': 'Hi', '/w/evals/long.md': 'Hello' };
  const shared = parseEvalFile(
    'endpoints:\n  - { name: main, url: http://127.0.0.1:1/v1, model: m }\ndefaults: { endpoint: main }\npresets: { good: ["quality.pass_rate >= 90%"] }\n',
    '/w/promptrig.yaml',
  );
  const texts: Record<string, string> = {
    'one endpoint and prompt': `prompt: hi\nendpoints: [sim]\n${CASES}`,
    'no endpoint': `prompt: hi\n${CASES}`,
    'endpoints in place and by name': `prompt: hi\nendpoints:\n  - sim\n  - { name: a, api: sim }\n${CASES}`,
    'variants in place and in files': `prompts:\n  - file://terse.md\n  - { name: second, prompt: yo }\n  - file://long.md\n${CASES}`,
    'a matrix with all of its parts': `prompt: hi\nendpoints:\n  - { name: a, api: sim }\n  - { name: b, api: sim }\nmatrix:\n  temperature: [0, 0.7]\n  seed: [1, 2]\n  exclude: [{ temperature: 0, seed: 2 }]\n  include: [{ temperature: 1, seed: 9 }]\n${CASES}`,
    'variants and a matrix': `prompts: [{ name: x, prompt: a }, { name: y, prompt: b }]\nmatrix: { stop: [["a"], "b"] }\n${CASES}`,
  };
  for (const [what, text] of Object.entries(texts)) {
    for (const workspace of [undefined, shared]) {
      it(`has the ids of the targets that the plan has: ${what}${workspace ? ', with shared settings' : ''}`, async () => {
        const sources = workspace === undefined ? {} : { workspace };
        const plan = await planned(text, { files, ...sources });
        const outline = planOutline(parseEvalFile(text, '/w/evals/chat.eval.yaml'), sources);
        assert.deepEqual(outline?.targets.toSorted(), plan.targets.map(({ id }) => id).sort());
      });
    }
  }

  const slos: [string, string, boolean][] = [
    ['a latency SLO without load', `prompt: hi\n${CASES}slo: ["ttft.p95 <= 300ms"]\n`, true],
    [
      'a latency SLO beside a load',
      `prompt: hi\n${CASES}load: { pattern: sync, requests: 3 }\nslo: ["ttft.p95 <= 300ms"]\n`,
      false,
    ],
    [
      'a quality SLO beside a load',
      `prompt: hi\n${CASES}load: { pattern: sync, requests: 3 }\nslo: ["quality.pass_rate >= 90%"]\n`,
      true,
    ],
    ['a preset of quality', `prompt: hi\n${CASES}load: { pattern: sync, requests: 3 }\nslo: good\n`, true],
    ['no cases', 'prompt: hi\nload: { pattern: sync, requests: 3 }\nslo: ["ttft.p95 <= 300ms"]\n', false],
    ['no SLO', `prompt: hi\n${CASES}`, false],
  ];
  for (const [what, text, expected] of slos) {
    it(`knows whether SLOs are judged on the cases: ${what}`, async () => {
      const outline = planOutline(parseEvalFile(text, '/w/evals/chat.eval.yaml'), { workspace: shared });
      assert.equal(outline?.hasCaseSlos, expected);
      const plan = await planned(text, { workspace: shared });
      assert.equal(plan.targets[0]?.caseSlos.length !== 0 && plan.targets[0]?.cases.length !== 0, expected);
    });
  }

  it('leaves out an endpoint that nobody knows, and is none of a file that says nothing', () => {
    const document = parseEvalFile(`prompt: hi\nendpoints: [nowhere, sim]\n${CASES}`, '/w/chat.eval.yaml');
    assert.deepEqual(planOutline(document)?.targets, ['sim']);
    assert.equal(planOutline(parseEvalFile('[', '/w/chat.eval.yaml')), null);
    assert.equal(planOutline(workspaceFixture()), null);
    assert.equal(planOutline(parseEvalFile('prompts: [hi]\n', '/w/promptfooconfig.yaml')), null);
  });
});
