import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { semanticFindings, type SemanticContext } from '../../../src/core/language/semantics/check';
import type { Diagnostic } from '../../../src/core/spec/document';
import { TextLines } from '../../../src/core/spec/lines';
import { parseEvalFile } from '../../../src/core/spec/parse';
import { edited, EVAL_PATH, SHARED_PATH } from './notation';

function findings(text: string, context: Partial<SemanticContext> = {}, file = EVAL_PATH): Diagnostic[] {
  return semanticFindings(text, parseEvalFile(text, file), { complete: true, ...context });
}

/** `code: covered text`. */
function codes(text: string, context: Partial<SemanticContext> = {}): string[] {
  const lines = new TextLines(text);
  return findings(text, context).map(
    ({ code, range }) => `${code}: ${text.slice(lines.offset(range.start), lines.offset(range.end))}`,
  );
}

function fixed(text: string, title: RegExp, context: Partial<SemanticContext> = {}): string {
  const suggestions = findings(text, context).flatMap((finding) => finding.suggestions);
  const found = suggestions.find((suggestion) => title.test(suggestion.title));
  assert.ok(found, `no ${String(title)} among ${suggestions.map((item) => item.title).join(', ')}`);
  return edited(text, found.edits);
}

const JUDGED = 'assert: [{ contains: x }]\n';

describe('unused variables', () => {
  it('are those that no template reads, each said once', () => {
    const text = `prompt: "{{ a }}"\n${JUDGED}vars: { a: 1, b: 2 }\ncases:\n  - vars: { c: 1 }\n  - vars: { c: 2, a: 3 }\n`;
    assert.deepEqual(codes(text), ['unused-variable: b', 'unused-variable: c']);
    assert.match(findings(text)[1]?.message ?? '', /set in 2 cases/);
    assert.equal(findings(text)[0]?.severity, 'info');
  });

  it('of a case are those that neither the file nor the case reads', () => {
    const text = `prompt: hi\n${JUDGED}cases:\n  - vars: { a: 1 }\n    messages: [{ role: user, content: "{{ a }}" }]\n  - vars: { a: 2 }\n`;
    assert.deepEqual(codes(text), ['unused-variable: a']);
    assert.equal(findings(text)[0]?.range.start.line, 5);
  });

  it('are not those that code, graders, turns and expectations read', () => {
    for (const use of [
      'assert: [{ javascript: vars.a > 1 }]',
      'assert: [{ javascript: Object.keys(context.vars).length }]',
      'assert: [{ type: contains, value: "{{ a }}" }]',
      'assert: [{ assert-set: { assert: [{ contains: "{{ a }}" }] } }]',
      'turns: [{ user: "{{ a }}", assert: [{ contains: x }] }]',
      'expected: "{{ a }}"\n    assert: [{ contains: x }]',
      'assert: [{ contains: "{% for x in a %}{% endfor %}" }]',
    ])
      assert.deepEqual(codes(`prompt: hi\ncases:\n  - vars: { a: 1 }\n    ${use}\n`), [], use);
    assert.deepEqual(codes(`prompt: hi\nassert: [{ context-recall: x }]\nvars: { context: c }\ncases: [{}]\n`), []);
    assert.deepEqual(codes('prompt: hi\nassert: [{ javascript: output.a }]\nvars: { a: 1 }\ncases: [{}]\n'), [
      'unused-variable: a',
    ]);
  });

  it('are not guessed while a template is not at hand', () => {
    const text = `prompt: file://p.txt\n${JUDGED}vars: { a: 1 }\ncases: [{}]\n`;
    assert.deepEqual(codes(text), []);
    const readReference = (reference: string) => (reference === 'file://p.txt' ? '{{ b }}' : undefined);
    assert.deepEqual(codes(text, { readReference }), ['unused-variable: a']);
  });

  it('are removed without a trace', () => {
    const file = (vars: string) => `prompt: "{{ a }}"\n${JUDGED}${vars}cases: [{}]\n`;
    const remove = (vars: string): string => fixed(file(vars), /Remove/);
    assert.equal(remove('vars: { a: 1, b: 2 }\n'), file('vars: { a: 1 }\n'));
    assert.equal(remove('vars: { b: 2, a: 1 }\n'), file('vars: { a: 1 }\n'));
    assert.equal(remove('vars:\n  a: 1\n  b: 2 # two\n'), file('vars:\n  a: 1\n'));
    assert.equal(remove('vars:\n  b: |\n    two\n    lines\n  a: 1\n'), file('vars:\n  a: 1\n'));
    assert.equal(remove('vars: { b: 2 }\n'), file(''));
    assert.equal(remove('vars:\n  b:\n    - 2\n'), file(''));
    assert.equal(remove('vars:\r\n  a: 1\r\n  b: 2\r\n'), file('vars:\r\n  a: 1\r\n'));
    const cases = `prompt: hi\n${JUDGED}cases:\n  - vars: { b: 1 }\n    name: one\n  - name: two\n    vars: { b: 2 }\n`;
    assert.equal(fixed(cases, /everywhere/), `prompt: hi\n${JUDGED}cases:\n  - name: one\n  - name: two\n`);
  });

  it('that others depend on are left to their author', () => {
    const text = `prompt: hi\n${JUDGED}vars: { b: &x 2 }\ncases: [{ weight: *x }]\n`;
    assert.deepEqual(
      findings(text).map(({ suggestions }) => suggestions.length),
      [0],
    );
    assert.deepEqual(codes(`x-v: &v { b: 1 }\nprompt: hi\n${JUDGED}vars: *v\ncases: [{}]\n`), []);
  });
});

describe('cases that nothing judges', () => {
  it('are said where others are judged, and where quality is asked for', () => {
    const text = 'prompt: hi\ncases:\n  - name: a\n    assert: [{ contains: x }]\n  - name: b\n    vars: {}\n';
    assert.deepEqual(codes(text), ['unjudged-case: name: b']);
    assert.equal(findings(text)[0]?.severity, 'info');
    assert.equal(findings(`${text}slo: [quality.pass_rate >= 90%]\n`)[0]?.severity, 'warning');
  });

  it('are said once where none is judged', () => {
    const text = 'prompt: hi\ncases:\n  - name: a\n  - name: b\n';
    assert.match(findings(text)[0]?.message ?? '', /No case has an assertion/);
    assert.equal(findings(text).length, 1);
  });

  it('are no matter where the file judges, where they only load, and where they are skipped', () => {
    assert.deepEqual(codes(`prompt: hi\n${JUDGED}cases: [{ name: a }]\n`), []);
    assert.deepEqual(codes('prompt: hi\ncases: [{ name: a }]\nload: { pattern: sync, requests: 5 }\n'), []);
    assert.deepEqual(
      codes('prompt: hi\ncases: [{ name: a, skip: later }, { name: b, assert: [{ contains: x }] }]\n'),
      [],
    );
    assert.deepEqual(codes('prompt: hi\ncases: [{ name: a, turns: [{ user: u, assert: [{ contains: x }] }] }]\n'), []);
  });

  it('get an assertion', () => {
    const block = 'prompt: hi\ncases:\n  - name: a # first\n  - name: b\n    assert: [{ contains: x }]\n';
    assert.equal(fixed(block, /Add/), block.replace('# first', "# first\n    assert:\n      - contains: ''"));
    const flow = 'prompt: hi\ncases: [{ name: a }, { name: b, assert: [{ contains: x }] }]\n';
    assert.equal(fixed(flow, /Add/), flow.replace('name: a ', "name: a, assert: [{ contains: '' }] "));
    assert.equal(parseEvalFile(fixed(block, /Add/), EVAL_PATH).spec?.cases?.[0]?.assert?.length, 1);
  });
});

describe('objectives that cannot be answered', () => {
  const file = (rest: string) => `prompt: hi\n${JUDGED}cases: [{ name: a }]\n${rest}`;

  it('of quality need cases, and of flakiness repeats', () => {
    const loads = 'prompt: hi\nload: { pattern: sync, requests: 400 }\nslo: [quality.pass_rate >= 90%]\n';
    assert.deepEqual(codes(loads), ['unmeasurable-slo: quality.pass_rate >= 90%']);
    assert.deepEqual(codes(file('slo: [quality.flake_rate <= 5%]\n')), ['unmeasurable-slo: quality.flake_rate <= 5%']);
    assert.deepEqual(codes(file('repeat: 3\nslo: [quality.flake_rate <= 5%]\n')), []);
    assert.deepEqual(codes(file('slo: [quality.pass_rate >= 90%]\n')), []);
  });

  it('of flakiness do not belong to a load stage, and are moved', () => {
    const text = file(
      'repeat: 2\nload:\n  - pattern: sync\n    requests: 400\n    slo:\n      - ttft.p99 <= 1s\n      - quality.flake_rate <= 5%\nslo:\n  - itl.p99 <= 1s\n',
    );
    assert.deepEqual(codes(text), ['unmeasurable-slo: quality.flake_rate <= 5%']);
    assert.equal(
      fixed(text, /Move/),
      file(
        'repeat: 2\nload:\n  - pattern: sync\n    requests: 400\n    slo:\n      - ttft.p99 <= 1s\nslo:\n  - itl.p99 <= 1s\n  - quality.flake_rate <= 5%\n',
      ),
    );
    const only = file('repeat: 2\nload:\n  - pattern: sync\n    requests: 400\n    slo: [quality.flake_rate <= 5%]\n');
    assert.equal(
      fixed(only, /Move/),
      file('repeat: 2\nload:\n  - pattern: sync\n    requests: 400\nslo:\n  - quality.flake_rate <= 5%\n'),
    );
  });

  it('of quality do not belong to made-up prompts', () => {
    const text = file('load: { pattern: sync, requests: 400, input_tokens: { mean: 5 }, slo: [quality.score >= 1] }\n');
    assert.deepEqual(codes(text), ['misplaced-slo: quality.score >= 1']);
  });

  it('of cost need a price', () => {
    const sim = 'endpoints: [{ name: a, api: sim }]\n';
    assert.deepEqual(codes(file(`${sim}slo: [cost.per_good <= $1]\n`)), ['unmeasurable-slo: cost.per_good <= $1']);
    const hardware = 'endpoints: [{ name: a, api: sim, hardware: { cost_per_hour: 2 } }]\n';
    assert.deepEqual(codes(file(`${hardware}slo: [cost.per_good <= $1]\n`)), []);
    assert.deepEqual(codes(file(`${hardware}slo: [cost.mean <= $1]\n`)), ['unmeasurable-slo: cost.mean <= $1']);
    const shared = parseEvalFile(
      'endpoints: [{ name: v, url: http://x/v1, model: m, price: { input: 1, output: 1 } }]\n',
      SHARED_PATH,
    );
    assert.deepEqual(codes(file('endpoints: [v]\nslo: [cost.per_good <= $1]\n'), { workspace: shared }), []);
    assert.deepEqual(codes(file('endpoints: [unknown]\nslo: [cost.per_good <= $1]\n')), []);
  });

  it('between tokens need more than one', () => {
    assert.deepEqual(codes(file('params: { max_tokens: 1 }\nslo: [itl.p99 <= 1s]\n')), [
      'unmeasurable-slo: itl.p99 <= 1s',
    ]);
    assert.deepEqual(codes(file('params: { max_tokens: 2 }\nslo: [itl.p99 <= 1s]\n')), []);
  });

  it('of goodput need to know what good is', () => {
    const bare = 'prompt: hi\ncases: [{ name: a }]\nload: { pattern: sync, requests: 400 }\n';
    assert.deepEqual(codes(`${bare}slo: [goodput >= 1/s]\n`), ['unmeasurable-slo: goodput >= 1/s']);
    assert.deepEqual(codes(`${bare}slo: [goodput >= 1/s, ttft.p99 <= 1s]\n`), []);
    assert.deepEqual(codes(file('load: { pattern: sync, requests: 400 }\nslo: [goodput >= 1/s]\n')), []);
  });
});

describe('percentiles with too few requests', () => {
  const file = (stage: string, slo: string) =>
    `prompt: hi\n${JUDGED}cases: [{ name: a }]\nload:\n  - name: chat\n    ${stage}\nslo: [${slo}]\n`;
  const poisson = (duration: string, more = '') => `{ pattern: poisson, rate: 8/s, duration: ${duration}${more} }`;
  const one = (stage: string, slo: string) =>
    findings(`prompt: hi\n${JUDGED}cases: [{ name: a }]\nload: ${stage}\nslo: [${slo}]\n`);

  it('are said, with the length that would do, and lengthened', () => {
    const text = file('pattern: poisson\n    rate: 8/s\n    duration: 20s\n    warmup: 4s', 'ttft.p99 <= 200ms');
    const [finding] = findings(text);
    assert.equal(finding?.code, 'few-requests');
    assert.equal(finding.severity, 'info');
    assert.match(finding.message, /299 independent requests, and "chat" measures about 128/);
    assert.equal(fixed(text, /Lengthen/), text.replace('20s', '42s'));
    assert.deepEqual(findings(fixed(text, /Lengthen/)), []);
  });

  it('depend on the percentile, on what it bounds, and on the confidence', () => {
    assert.deepEqual(one(poisson('8s'), 'ttft.p95 <= 1s'), []);
    assert.equal(one(poisson('7s'), 'ttft.p95 <= 1s').length, 1);
    assert.equal(one(poisson('7s'), 'ttft.mean <= 1s').length, 0);
    assert.equal(one(poisson('7s'), 'itl.p99 <= 1s').length, 0);
    const workspace = parseEvalFile('defaults: { confidence: 0.99 }\n', SHARED_PATH);
    const text = file('pattern: constant\n    rate: 10/s\n    duration: 40s', 'e2e.p99 <= 1s');
    assert.deepEqual(codes(text), []);
    assert.equal(findings(text, { workspace }).length, 1);
  });

  it('know the patterns whose file says how many there are', () => {
    assert.equal(one('{ pattern: constant, rate: [4/s, 100/s], duration: 10s }', 'ttft.p99 <= 1s').length, 1);
    assert.equal(one('{ pattern: ramp, from: 1/s, to: 9/s, duration: 50s }', 'ttft.p99 <= 1s').length, 1);
    assert.equal(one('{ pattern: ramp, from: 1/s, to: 9/s, duration: 80s }', 'ttft.p99 <= 1s').length, 0);
    assert.equal(
      one('{ pattern: burst, base: 1/s, peak: 11/s, every: 10s, for: 1s, duration: 100s }', 'ttft.p99 <= 1s').length,
      1,
    );
    assert.equal(one('{ pattern: sync, requests: 10 }', 'ttft.p99 <= 1s').length, 1);
    for (const unknown of [
      '{ pattern: concurrent, concurrency: 4, duration: 1s }',
      '{ pattern: capacity, duration: 1s }',
      '{ pattern: sweep, from: 1/s, to: 2/s, duration: 1s }',
    ])
      assert.deepEqual(one(unknown, 'ttft.p99 <= 1s'), [], unknown);
  });

  it('are said once for a preset, and for the stage that has fewest', () => {
    const text = `prompt: hi\n${JUDGED}cases: [{ name: a }]\nload:\n  - { name: long, pattern: poisson, rate: 8/s, duration: 30s }\n  - { name: short, pattern: poisson, rate: 8/s, duration: 10s }\nslo: [rag]\n`;
    assert.deepEqual(codes(text), ['few-requests: rag']);
    assert.match(findings(text)[0]?.message ?? '', /of "rag".*"short" measures about 80/);
  });
});

describe('semantic findings', () => {
  it('are none of a broken file, of an imported one and of promptrig.yaml', () => {
    const text = 'prompt: "hi\nvars: { b: 2 }\ncases: [{}]\n';
    assert.deepEqual(findings(text), []);
    assert.deepEqual(findings('tests: [{ vars: { a: 1 } }]\n', {}, '/w/promptfooconfig.yaml'), []);
    assert.deepEqual(findings('endpoints: []\n', {}, SHARED_PATH), []);
    assert.deepEqual(findings(''), []);
  });

  it('warn of nothing in the examples', () => {
    const root = path.resolve(__dirname, '../../../media/examples');
    for (const name of ['chatbot', 'rag', 'compare', 'capacity']) {
      const text = readFileSync(path.join(root, `${name}.eval.yaml`), 'utf8');
      const warnings = findings(text).filter(({ severity }) => severity !== 'info');
      assert.deepEqual(
        warnings.map(({ message }) => message),
        [],
        name,
      );
    }
  });
});
