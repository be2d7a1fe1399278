import assert from 'node:assert/strict';
import { REGRESS_KEYS, parseRegressKey, regressRules } from '../../../src/core/compare/regress-rule';
import { parseEvalFile } from '../../../src/core/spec/parse';
import { hoverAt } from '../../../src/core/language/hover';
import { at, complete } from '../language/notation';
import { planned } from '../plan/planning';
import { applySuggestion, expectAt } from './marked';

const HEAD = 'prompt: x\ncases: [{ name: a }]\n';

describe('regress', () => {
  it('takes shares, amounts with a unit, points and "off"', () => {
    const rules = regressRules({
      'ttft.p99': '10%',
      ttft: '10%',
      'itl.p50': '1ms',
      'e2e.mean': '0.1s',
      'quality.pass_rate': '2%',
      'quality.score': 0.05,
      error_rate: 0,
      'cost.mean': '$0.001',
      'output_tokens.mean': 20,
      rps: '30/min',
      'tpot.p50': 'off',
    });
    assert.deepEqual(
      rules.map(({ metric, stat, tolerance }) => [metric, stat, tolerance]),
      [
        // `ttft` alone is its p99.
        ['ttft', 'p99', { kind: 'share', value: 0.1 }],
        ['itl', 'p50', { kind: 'absolute', value: 1 }],
        ['e2e', 'mean', { kind: 'absolute', value: 100 }],
        ['quality.pass_rate', null, { kind: 'absolute', value: 0.02 }],
        ['quality.score', null, { kind: 'absolute', value: 0.05 }],
        ['error_rate', null, { kind: 'absolute', value: 0 }],
        ['cost', 'mean', { kind: 'absolute', value: 0.001 }],
        ['output_tokens', 'mean', { kind: 'absolute', value: 20 }],
        ['rps', null, { kind: 'absolute', value: 0.5 }],
        ['tpot', 'p50', { kind: 'off' }],
      ],
    );
    for (const key of REGRESS_KEYS) assert.ok(parseRegressKey(key).ok, key);
  });

  it('marks the key that is no metric, or has no test, and offers what was meant', () => {
    const misspelt = expectAt(`${HEAD}regress: { «tfft.p99»: 10% }\n`, 'bad-regress', { only: true });
    assert.match(misspelt.diagnostic.message, /"tfft\.p99" is not a metric\. Did you mean "ttft\.p99"\?/);
    assert.match(applySuggestion(misspelt.text, misspelt.diagnostic, /ttft\.p99/), /regress: \{ ttft\.p99: 10% \}/);
    const other = expectAt(`${HEAD}regress: { «pass_rate»: 2% }\n`, 'bad-regress');
    assert.match(applySuggestion(other.text, other.diagnostic, /quality/), /regress: \{ quality\.pass_rate: 2% \}/);
    const untested = expectAt(`${HEAD}regress: { «goodput»: 5% }\n`, 'bad-regress');
    assert.match(
      untested.diagnostic.message,
      /no test of whether goodput differs .* There is one of percentiles and means/,
    );
    const stat = expectAt(`${HEAD}regress: { «ttft.max»: 5% }\n`, 'bad-regress');
    assert.match(applySuggestion(stat.text, stat.diagnostic, /p99/), /ttft\.p99: 5%/);
    expectAt(`${HEAD}regress: { ttft: 5%, «ttft.p99»: 10% }\n`, 'duplicate-key', { only: true });
  });

  it('marks a value that is no tolerance, and offers what was meant', () => {
    const bare = expectAt(`${HEAD}regress: { ttft.p99: «10» }\n`, 'bad-regress', { only: true });
    assert.match(
      bare.diagnostic.message,
      /"10" is no tolerance: ttft may be worse by a share such as 10%, a time such as 20ms, or "off"/,
    );
    assert.match(applySuggestion(bare.text, bare.diagnostic, /10%/), /ttft\.p99: 10%/);
    assert.match(applySuggestion(bare.text, bare.diagnostic, /10ms/), /ttft\.p99: 10ms/);
    const points = expectAt(`${HEAD}regress: { quality.pass_rate: «2» }\n`, 'bad-regress');
    assert.match(applySuggestion(points.text, points.diagnostic, /2%/), /quality\.pass_rate: 2%/);
    expectAt(`${HEAD}regress: { ttft.p99: «-10%» }\n`, 'bad-regress');
    expectAt(`${HEAD}regress: { ttft.p99: «some» }\n`, 'bad-regress');
    expectAt(`${HEAD}regress: { ttft.p99: «[10%]» }\n`, 'wrong-type');
    expectAt(`defaults: { regress: { «tfft»: 10% } }\n`, 'bad-regress', { path: '/w/promptrig.yaml', only: true });
  });

  it('is part of the plan, the file before the defaults of the workspace', async () => {
    const workspace = parseEvalFile('defaults: { regress: { ttft.p99: 20%, e2e.p50: 5% } }\n', '/w/promptrig.yaml');
    const { regress } = await planned(`${HEAD}regress: { ttft.p99: 10%, quality.pass_rate: 2% }\n`, { workspace });
    assert.deepEqual(
      regress?.map(({ metric, tolerance, pointer }) => [metric, tolerance, pointer]),
      [
        ['ttft', { kind: 'share', value: 0.1 }, '/regress/ttft.p99'],
        ['e2e', { kind: 'share', value: 0.05 }, ''],
        ['quality.pass_rate', { kind: 'absolute', value: 0.02 }, '/regress/quality.pass_rate'],
      ],
    );
    assert.equal((await planned(HEAD)).regress, undefined);
  });

  it('is completed: its numbers, and a tolerance behind each', async () => {
    const found = await complete(`${HEAD}regress:\n  ttft.p50: 5%\n  |`);
    const labels = found.map(({ label }) => label);
    assert.ok(labels.includes('ttft.p99') && labels.includes('quality.pass_rate'), labels.join(' '));
    assert.ok(!labels.includes('ttft.p50'), 'nothing twice');
    assert.match(
      found.find(({ label }) => label === 'ttft.p99')?.documentation ?? '',
      /How much worse ttft\.p99 may be/,
    );
    const values = (await complete(`${HEAD}regress:\n  ttft.p99: |`)).map(({ label }) => label);
    assert.deepEqual(values.slice(0, 3), ['10%', '20ms', 'off']);
    const shared = await complete('defaults:\n  regress:\n    |', {}, '/w/promptrig.yaml');
    assert.ok(shared.some(({ label }) => label === 'itl.p99'));
  });

  it('is explained on hover', () => {
    const { document, offset } = at(`${HEAD}regress:\n  ttft.p|99: 10%`);
    assert.match(
      hoverAt(document, offset)?.markdown ?? '',
      /How much worse ttft\.p99 may be .* TTFT: Time to first token/,
    );
  });
});
