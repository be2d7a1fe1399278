import assert from 'node:assert/strict';
import { applyEdits } from '../../../src/core/spec/edit/source-edit';
import { TextLines } from '../../../src/core/spec/lines';
import { parseEvalFile } from '../../../src/core/spec/parse';
import { nodeStatuses } from '../../../src/extension/language/line-ends';
import { editsFor, type EditableFile } from '../../../src/extension/language/result-edits';
import { findingsOf } from '../../../src/extension/language/result-findings';
import { RunObserver } from '../../../src/extension/language/run-observer';
import { AT, parsed } from './inline-support';
import { assertion, record, slo, stage } from './support';

/** Title and text after the edit, of each fix for what a run finds in a file. */
function fixes(
  text: string,
  observe: (run: RunObserver) => void,
  path = '/w/chat.eval.yaml',
): { title: string; text: string }[] {
  const { document, survey } = parsed(text, undefined, path);
  const run = new RunObserver(survey, AT, true);
  observe(run);
  const statuses = nodeStatuses(survey, run.observations);
  const lines = new TextLines(text);
  const file: EditableFile = {
    document,
    text,
    slice: ({ start, end }) => text.slice(lines.offset(start), lines.offset(end)),
  };
  return statuses.flatMap(findingsOf).flatMap((finding) => {
    const { scope } = finding.status.node;
    const owner = statuses.find(({ node }) => node.kind === 'case' && node.scope === scope);
    return editsFor(finding, file, owner).map(({ title, edits }) => ({
      title,
      text: applyEdits(
        text,
        edits.map(({ range, newText }) => {
          const offset = lines.offset(range.start);
          return { offset, length: lines.offset(range.end) - offset, newText };
        }),
      ),
    }));
  });
}

function only(found: { title: string; text: string }[], title: RegExp): string {
  const matching = found.filter((fix) => title.test(fix.title));
  assert.equal(matching.length, 1, `${found.map((fix) => fix.title).join(' | ')}`);
  return matching[0]?.text ?? '';
}

const missed = (value: number, pointer = '/slo/0', part = {}) =>
  slo(pointer, { value, verdict: 'fail', reason: 'over', ...part });

describe('relaxing an SLO to what was measured', () => {
  for (const [form, before, after] of [
    ['plain', 'slo:\n  - ttft.p99 <= 200ms # p99\n', 'slo:\n  - ttft.p99 <= 240ms # p99\n'],
    ['in double quotes', 'slo: ["ttft.p99  <=  200ms"]\n', 'slo: ["ttft.p99  <=  240ms"]\n'],
    ['in single quotes', "slo: 'ttft.p99<=200ms'\n", "slo: 'ttft.p99<=240ms'\n"],
    [
      'with a name',
      'slo:\n  - { name: fast, expr: ttft.p99 <= 0.2s }\n',
      'slo:\n  - { name: fast, expr: ttft.p99 <= 0.24s }\n',
    ],
  ] as const) {
    it(`changes the number alone, ${form}`, () => {
      const head = 'prompt: hi\nload: { name: steady, pattern: sync, requests: 9 }\n';
      const pointer = before.includes("slo: '") ? '/slo' : '/slo/0';
      const found = fixes(head + before, (run) =>
        run.onStage('sim', stage('steady', '/load', [missed(231.4, pointer)])),
      );
      assert.equal(only(found, /^Relax to the measured value: .*24/), head + after);
    });
  }

  it('holds every target that missed it, and is offered once a target', () => {
    const text = 'prompt: hi\nload: { name: steady, pattern: sync, requests: 9 }\nslo: [ttft.p99 <= 200ms]\n';
    const found = fixes(text, (run) => {
      run.onStage('a', stage('steady', '/load', [missed(231)]));
      run.onStage('b', stage('steady', '/load', [missed(410)]));
      run.onStage('c', stage('steady', '/load', [slo('/slo/0')]));
    });
    assert.deepEqual([...new Set(found.map(({ title }) => title))], ['Relax to the measured value: ttft.p99 <= 410ms']);
  });

  it('is not offered for a preset, an alias, or what could not be decided', () => {
    const head = 'prompt: hi\nload: { name: steady, pattern: sync, requests: 9 }\n';
    const preset = fixes(`${head}slo: [ecommerce-chatbot]\n`, (run) =>
      run.onStage('sim', stage('steady', '/load', [missed(231)])),
    );
    const alias = fixes(`${head}description: &limit ttft.p99 <= 200ms\nslo: [*limit]\n`, (run) =>
      run.onStage('sim', stage('steady', '/load', [missed(231)])),
    );
    const unsure = fixes(`${head}slo: [ttft.p99 <= 200ms]\n`, (run) =>
      run.onStage('sim', stage('steady', '/load', [slo('/slo/0', { verdict: 'inconclusive' })])),
    );
    assert.deepEqual([preset, alias, unsure], [[], [], []]);
  });
});

describe('accepting an answer', () => {
  const file = (assertions: string): string => `prompt: hi\ncases:\n  - name: one\n    assert:\n${assertions}`;
  const failed = (answer: string, part = {}) =>
    assertion('/cases/0/assert/0', {
      type: 'equals',
      outcome: 'failed',
      reason: 'differs',
      expected: 'x',
      actual: answer,
      ...part,
    });

  function accepted(text: string, ...answers: string[]): { title: string; text: string }[] {
    return fixes(text, (run) => {
      for (const answer of answers) run.onCase(record('/cases/0', 'one', [failed(answer)], { answer }));
    }).filter(({ title }) => title.startsWith('Accept'));
  }

  it('puts it in the place of what was expected, in the quotes that were there', () => {
    for (const [before, answer, after] of [
      ['      - equals: Ada\n', 'Hello: Ada', '      - equals: "Hello: Ada"\n'],
      ["      - equals: 'Ada'\n", "It's Ada", "      - equals: 'It''s Ada'\n"],
      ["      - equals: 'Ada'\n", 'two\nlines', '      - equals: "two\\nlines"\n'],
      ['      - { type: equals, value: "Ada", weight: 2 }\n', 'B', '      - { type: equals, value: "B", weight: 2 }\n'],
      ['      - equals: |\n          Ada\n      - contains: x\n', 'B', '      - equals: "B"\n      - contains: x\n'],
    ] as const) {
      const [fix, ...others] = accepted(file(before), answer, answer);
      assert.deepEqual(others, []);
      assert.equal(fix?.text, file(after));
      const { spec } = parseEvalFile(fix.text, '/w/chat.eval.yaml');
      assert.ok(JSON.stringify(spec?.cases).includes(JSON.stringify(answer)), fix.text);
    }
  });

  it('is not offered where that would not make the assertion hold, or would say something else', () => {
    const text = file('      - equals: Ada\n');
    assert.deepEqual(accepted(text, 'one answer', 'another'), []);
    assert.deepEqual(accepted(text, ''), []);
    assert.deepEqual(accepted(text, 'a {{ template }}'), []);
    assert.deepEqual(accepted(text, 'file://secret'), []);
    assert.deepEqual(accepted(text, 'x'.repeat(5000)), []);
    assert.deepEqual(accepted('prompt: &a Ada\ncases:\n  - name: one\n    assert:\n      - equals: *a\n', 'B'), []);
    assert.deepEqual(accepted(file('      - equals: { a: 1 }\n'), '{"a":2}'), []);
    const flaky = fixes(text, (run) => {
      run.onCase(record('/cases/0', 'one', [failed('B')], { answer: 'B' }));
      run.onCase(record('/cases/0', 'one', [failed('B', { outcome: 'passed' })], { answer: 'B' }));
    });
    assert.ok(!flaky.some(({ title }) => title.startsWith('Accept')));
    const negated = fixes(file('      - not-equals: Ada\n'), (run) =>
      run.onCase(record('/cases/0', 'one', [failed('Ada', { type: 'not-equals' })], { answer: 'Ada' })),
    );
    assert.ok(!negated.some(({ title }) => title.startsWith('Accept')));
  });

  it('is not offered for an assertion of the whole file, whatever its cases answer', () => {
    const text = 'prompt: hi\nassert: [{ equals: Ada }]\ncases: [{ name: one }]\n';
    const found = fixes(text, (run) =>
      run.onCase(record('/cases/0', 'one', [{ ...failed('B'), pointer: '/assert/0' }], { answer: 'B' })),
    );
    assert.deepEqual(found, []);
  });
});

describe('skipping a case', () => {
  const observe = (run: RunObserver): void =>
    run.onCase(record('/cases/0', 'one', [assertion('/cases/0/assert/0', { outcome: 'failed' })]));

  it('says so above what the case says, in either style', () => {
    for (const [before, after] of [
      [
        'prompt: hi\ncases:\n  # first\n  - name: one\n    assert:\n      - contains: x\n',
        'prompt: hi\ncases:\n  # first\n  - skip: failed on 2026-02-03\n    name: one\n    assert:\n      - contains: x\n',
      ],
      [
        'prompt: hi\r\ncases:\r\n- assert:\r\n  - contains: x\r\n  name: one\r\n',
        'prompt: hi\r\ncases:\r\n- skip: failed on 2026-02-03\r\n  assert:\r\n  - contains: x\r\n  name: one\r\n',
      ],
      [
        'prompt: hi\ncases: [{ name: one, assert: [{ contains: x }] }]\n',
        'prompt: hi\ncases: [{ skip: failed on 2026-02-03, name: one, assert: [{ contains: x }] }]\n',
      ],
    ] as const) {
      const text = only(fixes(before, observe), /^Skip the case "one"$/);
      assert.equal(text, after);
      assert.equal(parseEvalFile(text, '/w/chat.eval.yaml').spec?.cases?.[0]?.skip, 'failed on 2026-02-03');
    }
  });

  it('is not offered where its text stands elsewhere, or the file is another tool’s', () => {
    const alias = 'prompt: hi\nx: &c { name: one, assert: [{ contains: x }] }\ncases: [*c]\n';
    assert.deepEqual(fixes(alias, observe), []);
    const foreign =
      'prompts: [hi]\nproviders: [openai:gpt-4o]\ntests:\n  - assert:\n      - { type: contains, value: x }\n';
    const { survey } = parsed(foreign, undefined, '/w/promptfooconfig.yaml');
    const [first] = survey.cases;
    const [own] = survey.nodes.filter(({ kind }) => kind === 'assertion');
    assert.ok(first && own);
    const found = fixes(
      foreign,
      (run) => run.onCase(record(first.pointer, 'one', [assertion(own.pointer, { outcome: 'failed' })])),
      '/w/promptfooconfig.yaml',
    );
    assert.deepEqual(found, []);
  });
});

describe('what results complain about', () => {
  const TEXT = 'prompt: hi\ncases:\n  - name: one\n    assert:\n      - contains: x\nslo: [ttft.p99 <= 200ms]\n';

  it('is nothing once the text has changed', () => {
    const { survey } = parsed(TEXT);
    const run = new RunObserver(survey, AT, true);
    run.onCase(record('/cases/0', 'one', [assertion('/cases/0/assert/0', { outcome: 'failed', reason: 'no x' })]));
    run.onStage('sim', stage('cases', null, [missed(231)]));
    const found = nodeStatuses(survey, run.observations).flatMap(findingsOf);
    assert.deepEqual(
      found.map(({ code, message, severity }) => [code, message, severity]),
      [
        ['assertion-contains', 'one on sim: no x', 'error'],
        ['slo-missed', 'ttft.p99 <= 200ms missed at 231 ms on sim, stage cases: over', 'error'],
      ],
    );
    const edited = parsed(TEXT.replace('hi', 'hello')).survey;
    assert.deepEqual(nodeStatuses(edited, run.observations).flatMap(findingsOf), []);
  });

  it('is a warning where the score of the case suffices', () => {
    const { survey } = parsed(TEXT);
    const run = new RunObserver(survey, AT, true);
    const failed = assertion('/cases/0/assert/0', { outcome: 'failed', reason: 'no x' });
    run.onCase(record('/cases/0', 'one', [failed], { outcome: 'passed' }));
    const [finding] = nodeStatuses(survey, run.observations).flatMap(findingsOf);
    assert.equal(finding?.severity, 'warning');
    assert.match(finding.message, /score of the case suffices/);
  });

  it('is each regression against the baseline', () => {
    const { survey } = parsed(`${TEXT}baseline: run-0\n`);
    const run = new RunObserver(survey, AT, true);
    const baseline = { run: 'run-0', started_at: AT, pairs: [], regressions: ['a', 'b'], improvements: [] };
    run.onRun({ targets: [], baseline });
    const found = nodeStatuses(survey, run.observations).flatMap(findingsOf);
    assert.deepEqual(
      found.map(({ code, message }) => [code, message]),
      [
        ['baseline-regression', 'Worse than the baseline: a'],
        ['baseline-regression', 'Worse than the baseline: b'],
      ],
    );
  });
});
