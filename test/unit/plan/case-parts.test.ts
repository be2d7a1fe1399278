import assert from 'node:assert/strict';
import type { BaselineFile } from '../../../src/protocol/baseline';
import type { AssertionPlan, CasePlan } from '../../../src/protocol/plan';
import { pinnedText } from '../../../src/core/compare/pinned-text';
import { slice } from '../spec/marked';
import { plan, planned, workspaceFixture, type PlanOptions } from './planning';

async function caseOf(text: string, options: PlanOptions = {}): Promise<CasePlan> {
  const [item] = (await planned(text, options)).targets[0]?.cases ?? [];
  assert.ok(item !== undefined);
  return item;
}

/** Codes, severities and the text that is marked, of the planner and the parser. */
async function marks(text: string, options: PlanOptions = {}): Promise<string[]> {
  const { diagnostics, document } = await plan(text, options);
  return [...document.diagnostics, ...diagnostics].map(
    ({ code, severity, path, range }) =>
      `${code} ${severity} ${path === document.path ? slice(text, range) : `${path}:${range.start.line + 1}`}`,
  );
}

describe('conversations', () => {
  const text = `prompt: "You talk to {{ who }}."
vars: { who: Ada, city: Paris }
cases:
  - name: trip
    messages: [{ role: assistant, content: Hello! }]
    expected: rain
    turns:
      - { user: "I am in {{ city }}.", think_time: 2s }
      - user: file://second.md
        assert: [{ contains: "{{ expected }}" }, { not-contains: "{{ city }}" }]
    assert: [{ contains: bye }]
load: { pattern: sync, requests: 1 }
`;
  const options = { files: { '/w/evals/second.md': 'Will it {{ who }}?' } };

  it('are planned turn by turn, after the prompt and the messages', async () => {
    const item = await caseOf(text, options);
    assert.deepEqual(
      item.messages.map(({ role, content }) => [role, content]),
      [
        ['user', 'You talk to Ada.'],
        ['assistant', 'Hello!'],
      ],
    );
    assert.deepEqual(item.turns, [
      { pointer: '/cases/0/turns/0', user: 'I am in Paris.', assertions: [], thinkTimeMs: 2000 },
      {
        pointer: '/cases/0/turns/1',
        user: 'Will it Ada?',
        assertions: [
          {
            pointer: '/cases/0/turns/1/assert/0',
            type: 'contains',
            negate: false,
            value: 'rain',
            weight: 1,
            severity: 'error',
          },
          {
            pointer: '/cases/0/turns/1/assert/1',
            type: 'contains',
            negate: true,
            value: 'Paris',
            weight: 1,
            severity: 'error',
          },
        ],
        thinkTimeMs: 0,
      },
    ]);
    assert.deepEqual(
      item.assertions.map(({ pointer }) => pointer),
      ['/cases/0/assert/0'],
    );
  });

  it('send their first turn under load', async () => {
    const [target] = (await planned(text, options)).targets;
    assert.deepEqual(
      target?.stages[0]?.requestPool[0]?.messages.map(({ content }) => content),
      ['You talk to Ada.', 'Hello!', 'I am in Paris.'],
    );
  });

  it('need no prompt', async () => {
    const item = await caseOf('cases: [{ name: a, turns: [{ user: hi }] }]\n');
    assert.deepEqual([item.messages, item.turns?.map(({ user }) => user)], [[], ['hi']]);
    assert.deepEqual(
      await marks('cases: [{ turns: [{ user: hi }] }, { messages: [{ role: user, content: x }] }]\n'),
      [],
    );
    assert.deepEqual(await marks('cases: [{ skip: x }, { turns: [{ user: hi }] }]\n'), []);
  });

  it('without anything to say are an error', async () => {
    assert.match((await marks('cases: [{ turns: [{ user: hi }] }, { name: b }]\n')).join(), /missing-prompt error/);
    assert.deepEqual(await marks('prompt: x\ncases: [{ name: a, turns: [] }]\n'), ['empty-list error []']);
    const { plan: result, diagnostics } = await plan('dataset: rows.jsonl\n', {
      files: { '/w/evals/rows.jsonl': '{"turns":[{"user":"hi"}]}\n{"q":1}\n' },
    });
    assert.equal(result, null);
    assert.deepEqual(
      diagnostics.map(({ code, path, range }) => [code, path, range.start.line]),
      [['missing-prompt', '/w/evals/rows.jsonl', 1]],
    );
  });

  it('have their undefined variables and missing files marked in the turn', async () => {
    const source =
      'cases:\n  - turns:\n      - user: "{{ nope }}"\n        assert: [{ contains: "{{ neither }}" }]\n      - user: file://gone.md\n';
    assert.deepEqual(await marks(source), [
      'undefined-variable error nope',
      'undefined-variable error neither',
      'missing-file error file://gone.md',
    ]);
  });

  it('have the places of their assertions in the outline', async () => {
    const { document } = await plan(text, options);
    assert.deepEqual(
      document.outline.cases[0]?.assertions.map(({ pointer, name }) => [pointer, name]),
      [
        ['/cases/0/assert/0', 'contains bye'],
        ['/cases/0/turns/1/assert/0', 'turn 2: contains {{ expected }}'],
        ['/cases/0/turns/1/assert/1', 'turn 2: not-contains {{ city }}'],
      ],
    );
    const hash = document.nodeHash('/cases/0/turns/1/assert/0');
    const other = (await plan(text.replace('city: Paris', 'city: Rome'), options)).document;
    assert.notEqual(other.nodeHash('/cases/0/turns/1/assert/0'), hash, 'another question, another result');
  });
});

describe('a threshold', () => {
  it('of a case goes into its plan', async () => {
    assert.equal((await caseOf('prompt: x\ncases: [{ name: a, threshold: 0.5 }]\n')).threshold, 0.5);
    assert.deepEqual(await marks('prompt: x\ncases: [{ name: a, threshold: 2 }]\n'), ['out-of-range error 2']);
  });
});

describe('sets of assertions', () => {
  it('have members at the pointers at which they stand, in both forms', async () => {
    const { assertions } = await caseOf(`prompt: x
vars: { v: V }
cases:
  - name: a
    assert:
      - assert-set: { threshold: 0.5, assert: [{ contains: "{{ v }}" }, { not-assert-set: { assert: [{ contains: b }] } }] }
      - { type: assert-set, threshold: 0.4, weight: 2, assert: [{ type: contains, value: c }] }
`);
    const shape = ({ pointer, type, negate, value, threshold, members }: AssertionPlan): unknown => [
      pointer.slice('/cases/0/assert/'.length),
      `${negate ? 'not-' : ''}${type}`,
      value ?? threshold ?? null,
      ...(members === undefined ? [] : [members.map(shape)]),
    ];
    assert.deepEqual(assertions.map(shape), [
      [
        '0',
        'assert-set',
        0.5,
        [
          ['0/assert-set/assert/0', 'contains', 'V'],
          [
            '0/assert-set/assert/1',
            'not-assert-set',
            null,
            [['0/assert-set/assert/1/not-assert-set/assert/0', 'contains', 'b']],
          ],
        ],
      ],
      ['1', 'assert-set', 0.4, [['1/assert/0', 'contains', 'c']]],
    ]);
  });

  it('have undefined variables of their members marked', async () => {
    const text = (set: string) => `prompt: x\ncases: [{ name: a, assert: [${set}] }]\n`;
    for (const set of [
      '{ assert-set: { assert: [{ contains: "{{ nope }}" }] } }',
      '{ type: assert-set, assert: [{ type: contains, name: "{{ x }}", value: "{{ nope }}", transform: "`{{ y }}`" }] }',
    ])
      assert.deepEqual(await marks(text(set)), ['undefined-variable error nope'], set);
  });
});

describe('user code', () => {
  const text = `prompt: x
assert: [{ javascript: "output.length < 10 && {{ a: 1 }.a }" }]
cases:
  - name: a
    transform: file://code/shape.mjs:last
    assert:
      - { type: javascript, value: file://check.js, transform: output.trim() }
`;
  const files = {
    '/w/evals/code/shape.mjs': 'export function last(output) { return output; }\n',
    '/w/evals/check.js': 'module.exports = (output) => true;\n',
  };

  it('is read into the plan, with its file and the export that is called', async () => {
    const item = await caseOf(text, { files });
    assert.deepEqual(item.transform, {
      source: files['/w/evals/code/shape.mjs'],
      file: 'code/shape.mjs',
      exportName: 'last',
    });
    assert.deepEqual(
      item.assertions.map(({ value, code, transform }) => [value, code, transform]),
      [
        ['output.length < 10 && {{ a: 1 }.a }', { source: 'output.length < 10 && {{ a: 1 }.a }' }, undefined],
        ['file://check.js', { source: files['/w/evals/check.js'], file: 'check.js' }, { source: 'output.trim()' }],
      ],
    );
  });

  it('that may not run is a warning at its place, and the run goes on', async () => {
    const { plan: result, diagnostics } = await plan(text, { files, allowCode: false });
    assert.equal(result?.allowCode, false);
    assert.deepEqual(
      diagnostics.map(({ code, severity, pointer }) => [code, severity, pointer]),
      [
        ['code-not-allowed', 'warning', '/assert/0'],
        ['code-not-allowed', 'warning', '/cases/0/transform'],
        ['code-not-allowed', 'warning', '/cases/0/assert/0'],
        ['code-not-allowed', 'warning', '/cases/0/assert/0/transform'],
      ],
    );
    assert.deepEqual((await plan(text, { files, allowCode: true })).diagnostics, []);
    assert.equal((await planned(text, { files, allowCode: true })).allowCode, true);
    assert.ok(!('allowCode' in (await planned(text, { files }))));
  });

  it('must be a JavaScript file that is there', async () => {
    const source =
      'prompt: x\ncases: [{ name: a, transform: file://x.py, assert: [{ javascript: file://gone.js }, { type: contains, value: a, transform: file://gone.cjs:f }] }]\n';
    assert.deepEqual(await marks(source), [
      'bad-code-file error file://x.py',
      'missing-file error file://gone.js',
      'missing-file error file://gone.cjs:f',
    ]);
  });
});

describe('values in files', () => {
  const withValue = (assertion: string) => `prompt: x\nvars: { v: V }\ncases: [{ name: a, assert: [${assertion}] }]\n`;
  const value = async (assertion: string, files: Record<string, string>) =>
    (await caseOf(withValue(assertion), { files })).assertions[0]?.value;

  it('are texts with templates, or data, as the assertion takes them', async () => {
    const files = {
      '/w/evals/t.txt': 'say {{ v }}\r\n\n',
      '/w/evals/t.json': '{ "a": "{{ v }}" }',
      '/w/evals/l.yaml': '- one\n- 2\n',
      '/w/evals/l.txt': 'one\n\n two, and more\r\n',
      '/w/evals/r.txt': '^\\d+$\n',
    };
    assert.equal(await value('{ contains: file://t.txt }', files), 'say V');
    assert.equal(await value('{ type: equals, value: file://t.txt }', files), 'say V');
    assert.deepEqual(await value('{ equals: file://t.json }', files), { a: '{{ v }}' });
    assert.deepEqual(await value('{ is-json: file://t.json }', files), { a: '{{ v }}' });
    assert.deepEqual(await value('{ type: contains-all, value: file://l.yaml }', files), ['one', 2]);
    assert.deepEqual(await value('{ type: contains-any, value: file://l.txt }', files), ['one', ' two, and more']);
    assert.equal(await value('{ regex: file://r.txt }', files), '^\\d+$');
    assert.equal(await value('{ llm-rubric: file://t.txt }', files), 'say V');
  });

  it('have their problems marked where they are named, or in the file', async () => {
    assert.deepEqual(await marks(withValue('{ contains: file://gone.txt }')), ['missing-file error file://gone.txt']);
    assert.deepEqual(
      await marks(withValue('{ is-json: file://x.json }'), { files: { '/w/evals/x.json': '{"a": [' } }),
      ['bad-file error file://x.json'],
    );
    assert.deepEqual(await marks(withValue('{ regex: file://x.txt }'), { files: { '/w/evals/x.txt': 'a(' } }), [
      'bad-regex error file://x.txt',
    ]);
    assert.deepEqual(
      await marks(withValue('{ contains-all: file://x.json }'), { files: { '/w/evals/x.json': '{"a": 1}' } }),
      ['bad-file error file://x.json'],
    );
    assert.deepEqual(
      await marks(withValue('{ contains: file://x.txt }'), { files: { '/w/evals/x.txt': 'a\n{{ nope }}' } }),
      ['undefined-variable error /w/evals/x.txt:2'],
    );
  });

  it('of skipped cases are not read', async () => {
    assert.deepEqual(
      await marks(
        'prompt: x\ncases: [{ name: a }, { name: b, skip: later, transform: file://x.js, assert: [{ contains: file://gone }] }]\n',
      ),
      [],
    );
  });
});

describe('judges', () => {
  const graded = 'cases: [{ name: a, assert: [{ llm-rubric: polite }, { similar: x }, { contains: y }] }]\n';

  it('come from the file, else from the workspace', async () => {
    const named = await planned(
      `prompt: x\njudge: grader\nendpoints: [sim, { name: grader, api: sim, params: { temperature: 0 } }]\n${graded}`,
    );
    assert.deepEqual([named.judge?.endpoint.name, named.judge?.params], ['grader', { temperature: 0 }]);
    const inPlace = await planned(`prompt: x\njudge: { name: g, url: "http://127.0.0.1:9/v1/", model: m }\n${graded}`);
    assert.deepEqual([inPlace.judge?.endpoint.url, inPlace.judge?.endpoint.model], ['http://127.0.0.1:9/v1', 'm']);
    assert.equal((await planned(`prompt: x\njudge: sim\n${graded}`)).judge?.endpoint.api, 'sim');
    const workspace = workspaceFixture();
    const fromWorkspace = await planned(`prompt: x\n${graded}`, { workspace });
    assert.equal(fromWorkspace.judge?.endpoint.name, workspace.workspace?.defaults?.judge);
  });

  it('that nothing asks are no part of the plan, and need not even exist', async () => {
    const text = 'prompt: x\njudge: sim\ncases: [{ name: a, assert: [{ contains: y }] }]\n';
    assert.ok(!('judge' in (await planned(text))));
    const workspace = (await import('../../../src/core/spec/parse')).parseEvalFile(
      'defaults: { judge: zzz }\n',
      '/w/promptrig.yaml',
    );
    assert.deepEqual((await plan('prompt: x\ncases: [{ name: a }]\n', { workspace })).diagnostics, []);
  });

  it('that are unknown are marked where they are named', async () => {
    const text = `prompt: x\njudge: gradr\nendpoints: [sim, { name: grader, api: sim }]\n${graded}`;
    const { plan: result, diagnostics } = await plan(text);
    assert.equal(result, null);
    assert.deepEqual(
      diagnostics.map(({ code, range, suggestions }) => [code, slice(text, range), suggestions[0]?.edits[0]?.newText]),
      [['unknown-endpoint', 'gradr', 'grader']],
    );
    const workspace = (await import('../../../src/core/spec/parse')).parseEvalFile(
      'defaults: { judge: zzz }\n',
      '/w/promptrig.yaml',
    );
    const byDefault = await plan(`prompt: x\n${graded}`, { workspace });
    assert.equal(byDefault.plan, null);
    assert.deepEqual(
      byDefault.diagnostics.map(({ code, path, pointer, message }) => [
        code,
        path,
        pointer,
        /judge "zzz"/.test(message),
      ]),
      [['unknown-endpoint', '/w/promptrig.yaml', '/defaults/judge', true]],
    );
  });

  it('that are missing are a warning at each assertion that needs one', async () => {
    const text = `prompt: x\nassert: [{ assert-set: { assert: [{ not-factuality: f }] } }]\n${graded}`;
    const { plan: result, diagnostics } = await plan(text);
    assert.ok(result !== null);
    assert.deepEqual(
      diagnostics.map(({ code, severity, pointer }) => [code, severity, pointer]),
      [
        ['no-judge', 'warning', '/assert/0/assert-set/assert/0'],
        ['no-judge', 'warning', '/cases/0/assert/0'],
        ['no-judge', 'warning', '/cases/0/assert/1'],
      ],
    );
    assert.match(diagnostics[1]?.message ?? '', /"llm-rubric" needs a model that grades.*promptrig\.yaml/);
    assert.match(diagnostics[2]?.message ?? '', /embeddings/);
  });
});

describe('a baseline', () => {
  const run = (id: string) => JSON.stringify({ schema: 'promptrig.run/1', id });
  const text = (name: string) => `prompt: x\nbaseline: ${name}\ncases: [{ name: a }]\n`;

  it('is a run by its id, or by a path relative to the file', async () => {
    const files = {
      '/w/.promptrig/runs/r1/run.json': run('r1'),
      '/w/golden/run.json': run('g'),
      '/w/evals/base/run.json': run('b'),
    };
    const baseline = async (name: string) => (await planned(text(name), { files })).baseline;
    assert.deepEqual(await baseline('r1'), { run: 'r1', dir: '/w/.promptrig/runs/r1', pointer: '/baseline' });
    assert.deepEqual(await baseline('../golden'), { run: 'g', dir: '/w/golden', pointer: '/baseline' });
    assert.deepEqual(await baseline('../golden/run.json'), { run: 'g', dir: '/w/golden', pointer: '/baseline' });
    assert.deepEqual(await baseline('base'), { run: 'b', dir: '/w/evals/base', pointer: '/baseline' });
  });

  it('that is not there, or is no run, is marked', async () => {
    assert.deepEqual(await marks(text('r2')), ['missing-file error r2']);
    assert.deepEqual(await marks(text('./r2')), ['missing-file error ./r2']);
    for (const content of ['{}', 'nope', 'null', '{"schema": "promptrig.run/1"}'])
      assert.deepEqual(
        await marks(text('r1'), { files: { '/w/.promptrig/runs/r1/run.json': content } }),
        ['bad-file error r1'],
        content,
      );
  });
});

describe('pinned baselines', () => {
  const pin = (target: string, more: Partial<BaselineFile> = {}): string =>
    pinnedText({
      ...{ schema: 'promptrig.baseline/1', eval: 'evals/chat.eval.yaml', target, model: 'm', stages: {} },
      pinned: {
        ...{ run: 'r1', at: '2026-11-02', started_at: '2026-11-01', verdict: 'pass', commit: null, dirty: false },
        ...{ promptrig: '0.1.0', machine: 'cpu, 2 cores', eval_sha256: '0' },
      },
      ...more,
    });
  const folder = '/w/.promptrig/baselines/evals/chat.eval';
  const text = 'prompt: x\nendpoints: [{ name: a, api: sim }, { name: b, api: sim }]\ncases: [{ name: c }]\n';
  const files = { [`${folder}/a.baseline.yaml`]: pin('a'), [`${folder}/b.baseline.yaml`]: pin('b') };
  const of = async (source: string, more: object = {}) =>
    (await planned(source, { files, root: '/w', ...more })).pinned?.map(({ target }) => target).sort();

  it('are those of the targets of the run', async () => {
    assert.deepEqual(await of(text), ['a', 'b']);
    assert.deepEqual(await of(text, { select: { endpoints: ['b'] } }), ['b']);
    assert.equal(await of(text, { files: {} }), undefined);
    // A file outside of every workspace has none.
    assert.equal(await of(text, { root: undefined }), undefined);
  });

  it('give way to the run that the file names', async () => {
    const run = JSON.stringify({ schema: 'promptrig.run/1', id: 'r1' });
    const more = { files: { ...files, '/w/.promptrig/runs/r1/run.json': run } };
    const plan = await planned(`${text}baseline: r1\n`, { root: '/w', ...more });
    assert.deepEqual([plan.baseline?.run, plan.pinned], ['r1', undefined]);
  });

  it('forbid the run where one cannot be used, with its place in its own file', async () => {
    const broken = async (content: string) => {
      const { plan: made, diagnostics } = await plan(text, {
        root: '/w',
        files: { ...files, [`${folder}/b.baseline.yaml`]: content },
      });
      assert.equal(made, null);
      return diagnostics.map(({ code, path, range }) => `${code} ${path}:${range.start.line + 1}`);
    };
    assert.deepEqual(await broken(pin('b').replace('model: m', '<<<<<<< HEAD\nmodel: m')), [
      `baseline-merge-conflict ${folder}/b.baseline.yaml:16`,
    ]);
    assert.deepEqual(await broken(pin('b', { eval: 'evals/other.eval.yaml' })), [
      `baseline-other-eval ${folder}/b.baseline.yaml:4`,
    ]);
    assert.deepEqual(await broken('hello'), [`baseline-not-ours ${folder}/b.baseline.yaml:1`]);
  });
});

describe('an endpoint that is asked for', () => {
  const text = 'prompt: x\nendpoints: [{ name: own, api: sim }]\ncases: [{ name: a }]\n';
  const targets = async (endpoints: string[], source = text) =>
    (
      await planned(source, {
        workspace: workspaceFixture(),
        select: { endpoints },
        userEndpoints: [{ name: 'mine', url: 'http://m/v1', model: 'm' }],
      })
    ).targets
      .map(({ id }) => id)
      .sort();

  it('runs the file, though the file names others', async () => {
    assert.deepEqual(await targets(['own']), ['own']);
    assert.deepEqual(await targets(['sim']), ['sim']);
    assert.deepEqual(await targets(['vllm-fp8']), ['vllm-fp8']);
    assert.deepEqual(await targets(['mine', 'own', 'mine']), ['mine', 'own']);
    assert.deepEqual(await targets(['sim', 'nope'], 'prompt: x\ncases: [{ name: a }]\n'), ['sim']);
  });

  it('leaves those that it replaces unchecked', async () => {
    assert.deepEqual(await targets(['sim'], 'prompt: x\nendpoints: [gone]\ncases: [{ name: a }]\n'), ['sim']);
  });

  it('and that nobody knows selects nothing', async () => {
    const { plan: result, diagnostics } = await plan(text, { select: { endpoints: ['nope'] } });
    assert.equal(result, null);
    assert.deepEqual(
      diagnostics.map(({ code }) => code),
      ['nothing-selected'],
    );
  });
});

describe('targets', () => {
  it('know the parameters of the matrix that make them', async () => {
    const { targets } = await planned('prompt: x\nmatrix: { temperature: [0, 1] }\ncases: [{ name: a }]\n');
    assert.deepEqual(
      targets.map(({ matrix }) => matrix).sort((a, b) => Number(a?.temperature) - Number(b?.temperature)),
      [{ temperature: 0 }, { temperature: 1 }],
    );
    assert.ok(!('matrix' in ((await planned('prompt: x\ncases: [{ name: a }]\n')).targets[0] ?? {})));
  });

  it('know the cases whose answers under load can be judged, where only the load is run', async () => {
    const text =
      'prompt: x\ncases: [{ name: a, assert: [{ contains: y }] }, { name: b, skip: x }]\nload: { pattern: sync, requests: 1 }\n';
    const [target] = (await planned(text, { select: { what: 'load' } })).targets;
    assert.deepEqual(
      [target?.cases, target?.loadCases?.map(({ name, assertions }) => [name, assertions.length])],
      [[], [['a', 1]]],
    );
    assert.ok(!('loadCases' in ((await planned(text)).targets[0] ?? {})));
  });
});
