import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { planDataset } from '../../../src/core/engine/plan-dataset';
import { PlanProblems } from '../../../src/core/engine/plan-problems';
import type { Diagnostic } from '../../../src/core/spec/document';
import { parseEvalFile } from '../../../src/core/spec/parse';
import type { CasePlan, RunPlan } from '../../../src/protocol/plan';
import { pieces } from '../dataset/reading';
import { slice } from '../spec/marked';
import { removeTempDirs, tempDir } from '../support/temp';
import { plan, planned, type PlanOptions } from './planning';

const DATA = '/w/evals/rows';

/** Plans a file with a dataset of the given text. */
function withRows(text: string, rows: string | Uint8Array, extension: string, options: PlanOptions = {}) {
  return [
    text.replaceAll('ROWS', `rows.${extension}`),
    { ...options, files: { ...options.files, [`${DATA}.${extension}`]: rows } },
  ] as const;
}

const casesOf = (result: RunPlan): CasePlan[] => result.targets[0]?.cases ?? [];
const asked = (result: RunPlan) =>
  casesOf(result).map(({ messages }) => messages.map(({ content }) => content).join('|'));

/** Code, severity, file and the text that is marked. */
function marks(diagnostics: readonly Diagnostic[], texts: Record<string, string>): string[] {
  return diagnostics.map(
    ({ code, severity, path, range }) =>
      `${code} ${severity} ${path.slice(path.lastIndexOf('/') + 1)}:${range.start.line + 1} ${slice(texts[path] ?? '', range)}`,
  );
}

const SIMPLE = 'prompt: "Ask {{ q }}"\ndataset: ROWS\n';

describe('a dataset', () => {
  it('makes each row a case of its columns', async () => {
    const text =
      'prompt: "{{ greeting }} {{ q }}"\nvars: { greeting: Hi, q: none }\nassert: [{ contains: "{{ a }}" }]\ndataset: ROWS\n';
    const result = await planned(...withRows(text, 'q,a\nWhy?,because\n"Where, then?",there\nWhy?,because\n', 'csv'));
    assert.deepEqual(casesOf(result)[0], {
      pointer: '/dataset#1',
      id: 'q: Why?, a: because',
      name: 'q: Why?, a: because',
      messages: [{ role: 'user', content: 'Hi Why?' }],
      vars: { greeting: 'Hi', q: 'Why?', a: 'because' },
      assertions: [
        { pointer: '/assert/0', type: 'contains', negate: false, value: 'because', weight: 1, severity: 'error' },
      ],
      repeat: 1,
      weight: 1,
      tags: [],
    });
    assert.deepEqual(
      casesOf(result).map(({ pointer, id }) => [pointer, id]),
      [
        ['/dataset#1', 'q: Why?, a: because'],
        ['/dataset#2', 'q: Where, then?, a: there'],
        ['/dataset#3', 'q: Why?, a: because#2'],
      ],
    );
    assert.deepEqual(result.dataset, {
      path: '/w/evals/rows.csv',
      format: 'csv',
      read: 3,
      complete: true,
      taken: 3,
      unreadable: 0,
    });
  });

  it('is read in every format, and values keep their types where the format has types', async () => {
    const template = 'prompt: "{{ n + 1 }} {{ list | join(\'+\') }}"\ndataset: ROWS\n';
    for (const [extension, rows] of [
      ['jsonl', '{"n": 1, "list": ["a", "b"]}\n'],
      ['json', '[{"n": 1, "list": ["a", "b"]}]'],
      ['yaml', '- n: 1\n  list: [a, b]\n'],
    ] as const)
      assert.deepEqual(asked(await planned(...withRows(template, rows, extension))), ['2 a+b'], extension);
    const csv = await planned(...withRows('prompt: "{{ n + 1 }}"\ndataset: ROWS\n', 'n\n1\n', 'csv'));
    assert.deepEqual(asked(csv), ['11'], 'values of CSV are texts');
  });

  it('may have any name when its format is given', async () => {
    const text = 'prompt: "{{ q }}"\ndataset: { path: file://rows.data, format: jsonl }\n';
    assert.deepEqual(asked(await planned(text, { files: { '/w/evals/rows.data': '{"q":"x"}' } })), ['x']);
    const unknown = text.replace(', format: jsonl', '');
    const { diagnostics } = await plan(unknown);
    assert.deepEqual(marks(diagnostics, { '/w/evals/chat.eval.yaml': unknown }), [
      'unknown-format error chat.eval.yaml:2 file://rows.data',
    ]);
  });

  it('goes along with cases in place, whose ids come first', async () => {
    const text =
      'prompt: "{{ q }}"\ncases: [{ vars: { q: a } }]\ndataset: ROWS\nload: { pattern: sync, requests: 1 }\n';
    const result = await planned(...withRows(text, 'q\na\nb\n', 'csv'));
    assert.deepEqual(
      casesOf(result).map(({ pointer, id }) => [pointer, id]),
      [
        ['/cases/0', 'q: a'],
        ['/dataset#1', 'q: a#2'],
        ['/dataset#2', 'q: b'],
      ],
    );
    assert.deepEqual(
      result.targets[0]?.stages[0]?.requestPool.map(({ casePointer }) => casePointer),
      ['/cases/0', '/dataset#1', '/dataset#2'],
    );
  });

  it('is read through a stream, from disk by default', async () => {
    const dir = tempDir();
    writeFileSync(join(dir, 'rows.csv'), 'q\nfrom disk\n');
    const path = join(dir, 'x.eval.yaml');
    const result = await planned('prompt: "{{ q }}"\ndataset: rows.csv\n', { path });
    assert.deepEqual(asked(result), ['from disk']);
    const folder = await plan('prompt: hi\ndataset: { path: ., format: csv }\n', { path });
    assert.deepEqual(
      folder.diagnostics.map(({ code, message }) => [code, /is a folder/.test(message)]),
      [['unreadable-file', true]],
    );
  });

  after(removeTempDirs);
});

describe('rows that are whole cases', () => {
  const whole = [
    '{"name": "first", "vars": {"q": "Why?"}, "assert": [{"contains": "{{ q }}"}], "tags": ["t"], "weight": 2, "threshold": 0.5}',
    '{"messages": [{"role": "user", "content": "And {{ q }}"}], "vars": {"q": "x"}, "skip": "later"}',
    '{"vars": {"q": "plain"}, "note": "so this is variables"}',
  ].join('\n');

  it('are what cases in place would be', async () => {
    const [text, options] = withRows(
      'prompt: "{{ q }}{{ vars.q }}"\nvars: { q: "", vars: { q: "" } }\ndataset: ROWS\n',
      whole,
      'jsonl',
    );
    const [first, second, third] = casesOf(await planned(text, options));
    assert.deepEqual(
      [first?.id, first?.tags, first?.weight, first?.threshold, first?.vars.q],
      ['first', ['t'], 2, 0.5, 'Why?'],
    );
    assert.deepEqual(first?.assertions, [
      {
        pointer: '/dataset#1/assert/0',
        type: 'contains',
        negate: false,
        value: 'Why?',
        weight: 1,
        severity: 'error',
      },
    ]);
    assert.equal(second?.skip, 'later');
    assert.equal(third?.messages[0]?.content, 'plain');
  });

  it('are held to the format, each problem at its place in their file', async () => {
    const rows = [
      '{"vars": {"q": 1}, "assert": [{"contians": "x"}]}',
      '  {"vars": {"q": 1}, "repeat": "often", "assert": [{"contains": "{{ nope }}"}]}',
      '{"vars": {"q": 1}, "asert": [{"contains": "x"}]}',
    ].join('\n');
    const [text, options] = withRows(SIMPLE, rows, 'jsonl');
    const { plan: result, diagnostics } = await plan(text, options);
    assert.equal(result, null);
    const path = '/w/evals/rows.jsonl';
    assert.deepEqual(
      marks(
        diagnostics.filter((item) => item.path === path),
        { [path]: rows },
      ),
      [
        'unknown-assertion error rows.jsonl:1 "contians"',
        'wrong-type error rows.jsonl:2 "often"',
        'undefined-variable error rows.jsonl:2 nope',
        'unknown-key warning rows.jsonl:3 [{"contains": "x"}]',
      ],
    );
    assert.equal(diagnostics.find(({ code }) => code === 'unknown-assertion')?.pointer, '/dataset#1/assert/0');
  });

  it('have their places in JSON lists and YAML too', async () => {
    for (const [extension, rows] of [
      ['json', '[\n  {"vars": {"q": 1}},\n\n  {"vars": {"q": 1},\n   "repeat": "often"}\n]'],
      ['yaml', '- vars: { q: 1 }\n\n\n- vars: { q: 1 }\n  repeat: "often"\n'],
    ] as const) {
      const [text, options] = withRows(SIMPLE, rows, extension);
      const { diagnostics } = await plan(text, options);
      assert.deepEqual(marks(diagnostics, { [`${DATA}.${extension}`]: rows }), [
        `wrong-type error rows.${extension}:5 "often"`,
      ]);
    }
  });

  it('may expand, and have turns', async () => {
    const rows = '- { vars: { q: [a, b] }, expand: true }\n- turns: [{ user: "{{ q }}" }]\n  vars: { q: c }\n';
    const result = await planned(
      ...withRows('dataset: ROWS\nmessages: [{ role: system, content: S }]\nvars: { q: x }\n', rows, 'yaml'),
    );
    assert.deepEqual(
      casesOf(result).map(({ pointer, turns }) => [pointer, turns?.map(({ user }) => user)]),
      [
        ['/dataset#1', undefined],
        ['/dataset#1#2', undefined],
        ['/dataset#2', ['c']],
      ],
    );
  });

  it('that are many with one problem are told of together', async () => {
    const rows = Array.from({ length: 50 }, () => '{"vars": {"q": 1}, "repeat": 0}').join('\n');
    const [text, options] = withRows(SIMPLE, rows, 'jsonl');
    const { plan: result, diagnostics } = await plan(text, options);
    assert.equal(result, null);
    assert.equal(diagnostics.length, 21);
    assert.match(diagnostics.find(({ path }) => path.endsWith('.yaml'))?.message ?? '', /^30 more of the rows/);
  });
});

describe('map', () => {
  it('gives columns other names, and fills keys of the case', async () => {
    const text = `prompt: "{{ question }} {{ c }} {{ name }}"
dataset:
  path: ROWS
  map: { question: Q, expected: A, name: title, tags: labels, weight: w, repeat: n, threshold: t, skip: off, vars.name: who }
`;
    const rows =
      'Q,A,title,labels,w,n,t,off,who,c\nWhy?,because,one,"x; y",2,3,0.5,no,Ada,C\nWho?,,two,,,,,broken,Bob,D\n';
    const [first, second] = casesOf(await planned(...withRows(text, rows, 'csv')));
    assert.deepEqual(first, {
      pointer: '/dataset#1',
      id: 'one',
      name: 'one',
      messages: [{ role: 'user', content: 'Why? C Ada' }],
      vars: { question: 'Why?', c: 'C', name: 'Ada' },
      expected: 'because',
      threshold: 0.5,
      assertions: [],
      repeat: 3,
      weight: 2,
      tags: ['x', 'y'],
    });
    assert.deepEqual([second?.skip, second?.expected, second?.weight, second?.tags], ['broken', undefined, 1, []]);
  });

  it('takes lists and maps of JSON as they are, and from CSV as JSON', async () => {
    const text = 'dataset: { path: ROWS, map: { messages: chat, assert: checks } }\n';
    const chat = [{ role: 'user', content: 'hi {{ x }}' }];
    const checks = [{ contains: '{{ x }}' }];
    const json = JSON.stringify([{ chat, checks, x: 1 }]);
    const csv = `chat,checks,x\n"${JSON.stringify(chat).replaceAll('"', '""')}","${JSON.stringify(checks).replaceAll('"', '""')}",1\n`;
    for (const [extension, rows] of [
      ['json', json],
      ['csv', csv],
    ] as const) {
      const result = await planned(...withRows(text, rows, extension));
      assert.deepEqual(asked(result), ['hi 1']);
      assert.deepEqual(casesOf(result)[0]?.assertions[0]?.value, '1');
    }
  });

  it('naming a column that is not there is marked, with the one that was meant', async () => {
    const text = 'prompt: "{{ q }}"\ndataset: { path: ROWS, map: { q: qestion } }\n';
    for (const [extension, rows] of [
      ['csv', 'question,a\nx,y\n'],
      ['jsonl', '{"question":"x"}\n{"a":1}\n'],
    ] as const) {
      const [source, options] = withRows(text, rows, extension);
      const { plan: result, diagnostics } = await plan(source, options);
      assert.equal(result, null);
      assert.deepEqual(marks(diagnostics, { '/w/evals/chat.eval.yaml': source }), [
        'unknown-column error chat.eval.yaml:2 qestion',
      ]);
      assert.equal(diagnostics[0]?.suggestions[0]?.edits[0]?.newText, '"question"');
    }
    const some = await planned(
      ...withRows(text.replace('"{{ q }}"', '"{{ q | default(1) }}"'), '{"qestion":"x"}\n{"a":1}\n', 'jsonl'),
    );
    assert.deepEqual(asked(some), ['x', '1'], 'a column may be missing in some rows');
  });

  it('with values that a key cannot have is marked in the row', async () => {
    const text = 'prompt: hi\ndataset: { path: ROWS, map: { weight: w, only: o, assert: a } }\n';
    const [csv, csvOptions] = withRows(text, 'w,o,a\n1,true,\nheavy,maybe,"[{}]"\n-1,,\n', 'csv');
    const inCsv = await plan(csv, csvOptions);
    assert.equal(inCsv.plan, null);
    assert.deepEqual(
      inCsv.diagnostics.map(({ code, path, range }) => `${code} ${path} ${range.start.line + 1}`),
      [
        'wrong-type /w/evals/rows.csv 3',
        'wrong-type /w/evals/rows.csv 3',
        'wrong-type /w/evals/rows.csv 3',
        'out-of-range /w/evals/rows.csv 4',
      ],
    );
    const rows = '{"w": 1,\t"o": true, "a": [{"contains": "x"}, {"nope": 1}]}';
    const [json, jsonOptions] = withRows(text, rows, 'jsonl');
    assert.deepEqual(marks((await plan(json, jsonOptions)).diagnostics, { [`${DATA}.jsonl`]: rows }), [
      'unknown-assertion error rows.jsonl:1 {"nope": 1}',
    ]);
  });
});

describe('a dataset that is broken', () => {
  it('or missing is marked where it is named', async () => {
    for (const text of ['prompt: hi\ndataset: gone.csv\n', 'prompt: hi\ndataset: { path: gone.csv, sample: 3 }\n']) {
      const { plan: result, diagnostics } = await plan(text);
      assert.equal(result, null);
      assert.deepEqual(marks(diagnostics, { '/w/evals/chat.eval.yaml': text }), [
        'missing-file error chat.eval.yaml:2 gone.csv',
      ]);
    }
    const url = 'prompt: hi\ndataset: https://x.example/rows.csv\n';
    assert.match((await plan(url)).diagnostics[0]?.message ?? '', /download it/);
  });

  it('as a whole forbids the run, at its place in its file', async () => {
    for (const [extension, rows, expected] of [
      ['csv', 'q\n"un\n', 'bad-file error rows.csv:2'],
      ['csv', Buffer.from('q\nné\n', 'latin1'), 'bad-file error rows.csv:2'],
      ['json', '[{"q":1},\n]', 'bad-file error rows.json:1'],
      ['yaml', '- q: [1\n- q: 2\n', 'bad-file error rows.yaml:2'],
      ['csv', 'q\n', 'empty-dataset error chat.eval.yaml:2'],
      ['jsonl', '', 'empty-dataset error chat.eval.yaml:2'],
      ['json', '[]', 'empty-dataset error chat.eval.yaml:2'],
    ] as const) {
      const [text, options] = withRows(SIMPLE, rows, extension);
      const { plan: result, diagnostics } = await plan(text, options);
      assert.equal(result, null);
      assert.deepEqual(
        marks(diagnostics, {}).map((mark) => mark.trim()),
        [expected],
      );
    }
  });

  it('in some rows runs the others, and shows those as skipped', async () => {
    const [text, options] = withRows(SIMPLE, 'q\na\nb,c\nd\n', 'csv');
    const { plan: result, diagnostics } = await plan(text, options);
    assert.ok(result !== null);
    assert.deepEqual(
      casesOf(result).map(({ pointer, id, skip }) => [pointer, id, skip]),
      [
        ['/dataset#1', 'q: a', undefined],
        [
          '/dataset#2',
          'row 2',
          'rows.csv:3: the row has 2 fields and the header 1; a text that holds a comma needs quotes around it',
        ],
        ['/dataset#3', 'q: d', undefined],
      ],
    );
    assert.deepEqual(
      diagnostics.map(({ code, severity, path, range, message }) => [
        code,
        severity,
        path,
        range.start.line,
        message.slice(0, 22),
      ]),
      [['bad-row', 'warning', '/w/evals/rows.csv', 2, 'Row 2 is not run: the ']],
    );
    assert.deepEqual([result.dataset?.taken, result.dataset?.unreadable], [2, 1]);
    const named = await plan(text, { ...options, select: { cases: ['q: d'] } });
    assert.deepEqual([named.plan?.targets[0]?.cases.length, named.diagnostics], [1, []], 'and no word of them by name');
  });

  it('in all of its rows forbids the run', async () => {
    const [text, options] = withRows(SIMPLE, '{"q":\n[\n', 'jsonl');
    const { plan: result, diagnostics } = await plan(text, options);
    assert.equal(result, null);
    assert.deepEqual([...new Set(diagnostics.map(({ code }) => code))], ['empty-dataset', 'bad-row']);
  });

  it('in thousands of rows is told of in few words', async () => {
    const [text, options] = withRows(SIMPLE, `q\nok\n${'a,b\n'.repeat(3_000)}`, 'csv');
    const { plan: result, diagnostics } = await plan(text, options);
    assert.ok(result !== null && diagnostics.length < 25);
    const [many] = diagnostics.filter(({ message }) => message.startsWith('2,000 more rows'));
    assert.equal(many?.severity, 'warning');
    assert.equal(casesOf(result).length, 1_001);
  });
});

describe('undefined variables of rows', () => {
  it('are told once each, in the template, with the first row and how many there are', async () => {
    const text = 'prompt: "{{ q }} {{ city }}"\nassert: [{ contains: "{{ a }}" }]\ndataset: ROWS\n';
    const rows = '{"q":1,"city":"x","a":1}\n{"q":1,"a":1}\n{"q":1}\n{"city":"y","q":2}\n';
    const [source, options] = withRows(text, rows, 'jsonl');
    const { plan: result, diagnostics } = await plan(source, options);
    assert.equal(result, null);
    assert.deepEqual(marks(diagnostics, { '/w/evals/chat.eval.yaml': source }), [
      'undefined-variable error chat.eval.yaml:1 city',
      'undefined-variable error chat.eval.yaml:2 a',
    ]);
    assert.match(
      diagnostics[0]?.message ?? '',
      /"city" is not defined \(in row 2 of rows\.jsonl, line 2 and 1 more row\)\./,
    );
    assert.match(
      diagnostics[1]?.message ?? '',
      /"a" is not defined \(in row 3 of rows\.jsonl, line 3 and 1 more row\)\./,
    );
  });

  it('are counted once for all variants of a prompt, and located in prompt files', async () => {
    const [text, options] = withRows(
      'prompts: [file://p.md, { name: b, prompt: "{{ q }}" }]\nassert: [{ contains: "{{ x }}" }]\ndataset: ROWS\n',
      'q\n1\n2\n',
      'csv',
      {
        files: { '/w/evals/p.md': 'Ask\n{{ nope }}' },
      },
    );
    const { diagnostics } = await plan(text, options);
    assert.deepEqual(
      diagnostics.map(({ path, range, message }) => [path, range.start.line, /\(.*\)/.exec(message)?.[0]]),
      [
        ['/w/evals/chat.eval.yaml', 1, '(in row 1 of rows.csv, line 2 and 1 more row)'],
        ['/w/evals/p.md', 1, '(in row 1 of rows.csv, line 2 and 1 more row)'],
      ],
    );
  });
});

describe('sample and shuffle', () => {
  const rows = `q\n${Array.from({ length: 200 }, (_, i) => `q${i + 1}`).join('\n')}\n`;
  const pointers = async (dataset: string, options: PlanOptions = {}) =>
    casesOf(
      await planned(...withRows(`prompt: "{{ q }}"\ndataset: { path: ROWS, ${dataset} }\n`, rows, 'csv', options)),
    ).map(({ pointer }) => Number(pointer.slice('/dataset#'.length)));

  it("draw from the dataset's seed, else from the run's", async () => {
    const drawn = await pointers('sample: 10, seed: 7');
    assert.equal(drawn.length, 10);
    assert.deepEqual(await pointers('sample: 10, seed: 7', { overrides: { seed: 1 } }), drawn);
    const ofRun = await pointers('sample: 10', { overrides: { seed: 7 } });
    assert.deepEqual(ofRun, drawn);
    assert.notDeepEqual(await pointers('sample: 10', { overrides: { seed: 8 } }), drawn);
    assert.deepEqual(
      await pointers('sample: 500'),
      Array.from({ length: 200 }, (_, i) => i + 1),
    );
  });

  it('say in the plan what was drawn', async () => {
    const [text, options] = withRows('prompt: "{{ q }}"\ndataset: { path: ROWS, sample: 10 }\n', rows, 'csv');
    const result = await planned(text, { ...options, overrides: { seed: 7 } });
    assert.deepEqual(result.dataset, {
      path: '/w/evals/rows.csv',
      format: 'csv',
      read: 200,
      complete: true,
      taken: 10,
      unreadable: 0,
      seed: 7,
    });
  });

  it('shuffle keeps ids', async () => {
    const shuffled = await pointers('shuffle: true, seed: 3');
    assert.notDeepEqual(shuffled, await pointers('shuffle: false'));
    const text = 'prompt: "{{ q }}"\ndataset: { path: ROWS, shuffle: SHUFFLE, seed: 1 }\n';
    const ids = async (shuffle: string) => {
      const result = await planned(...withRows(text.replace('SHUFFLE', shuffle), 'q\na\nb\na\na\n', 'csv'));
      return casesOf(result)
        .map(({ pointer, id }) => `${pointer} ${id}`)
        .sort();
    };
    assert.deepEqual(await ids('true'), await ids('false'), 'equal rows keep their numbers');
  });

  /** Plans the dataset of a file alone, with other bounds than those of a run. */
  async function bounded(text: string, content: string, limits: { maxRows?: number; maxKeptBytes?: number }) {
    const document = parseEvalFile(text, '/w/evals/chat.eval.yaml');
    const problems = new PlanProblems(document);
    const { spec } = document;
    assert.ok(spec?.dataset !== undefined);
    const { cases } = await planDataset(spec.dataset, {
      ...{ spec, problems, select: {}, baseDir: '/w/evals', taken: [], seed: 1, ...limits },
      open: () => pieces(content),
    });
    return { cases, diagnostics: problems.found, blocked: problems.blocked };
  }

  it('beyond the most rows without a sample say how many are left out, and run the others', async () => {
    const text = 'prompt: "{{ q }}"\ndataset: rows.csv\n';
    const { cases, diagnostics, blocked } = await bounded(text, 'q\n' + 'x\n'.repeat(1_203), { maxRows: 1_200 });
    assert.deepEqual([cases.length, blocked], [1_200, false]);
    assert.deepEqual(
      diagnostics.map(({ code, severity, range }) => [code, severity, slice(text, range)]),
      [['too-many-rows', 'warning', 'rows.csv']],
    );
    assert.match(
      diagnostics[0]?.message ?? '',
      /first 1,200 rows of rows\.csv are taken and 3 more are left out: at most 1,200 rows .*"sample"/,
    );
    const large = await bounded(text, `q\n${'x'.repeat(1_000_000)}\n${'y'.repeat(1_000_000)}\n`, {
      maxKeptBytes: 1_048_576,
    });
    assert.equal(large.cases.length, 1);
    assert.match(large.diagnostics[0]?.message ?? '', /at most 1 MB of rows/);
  });

  it('of more than a run can hold are refused with a number that fits', async () => {
    const text = 'prompt: "{{ q }}"\ndataset: { path: rows.jsonl, sample: 50 }\n';
    const row = `{"q":"${'x'.repeat(65_000)}"}\n`;
    const { cases, diagnostics, blocked } = await bounded(text, row.repeat(60), { maxKeptBytes: 2_097_152 });
    assert.deepEqual([cases, blocked], [[], true]);
    assert.deepEqual(
      diagnostics.map(({ code, range }) => [code, slice(text, range)]),
      [['sample-too-large', '50']],
    );
    assert.match(diagnostics[0]?.message ?? '', /take more than 2 MB: use a "sample" of about 25\./);
  });
});

describe('a selection of rows', () => {
  const text =
    'prompt: "{{ q }}"\ncases: [{ name: here, vars: { q: 0 } }]\ndataset: { path: ROWS, sample: 2, seed: 1 }\n';
  const rows = [
    '{"name": "first", "vars": {"q": 1}, "tags": ["smoke"]}',
    ...Array.from({ length: 50 }, (_, i) => `{"vars": {"q": "q${i}"}}`),
    '{"vars": {"q": "twice"}}',
    '{"vars": {"q": "twice"}, "tags": ["smoke"]}',
  ].join('\n');
  const ids = async (select: PlanOptions['select'], source = text) => {
    const result = await planned(...withRows(source, rows, 'jsonl', { select: select ?? {} }));
    return casesOf(result).map(({ pointer, id }) => `${pointer} ${id}`);
  };

  it('by name, id or pointer finds each, whatever a sample would draw', async () => {
    assert.deepEqual(await ids({ cases: ['first'] }), ['/dataset#1 first']);
    assert.deepEqual(await ids({ cases: ['q: q7', 'here'] }), ['/cases/0 here', '/dataset#9 q: q7']);
    assert.deepEqual(await ids({ cases: ['q: twice#2'] }), ['/dataset#53 q: twice#2']);
    assert.deepEqual(await ids({ cases: ['/dataset#9'] }), ['/dataset#9 q: q7']);
    assert.equal((await ids({ cases: ['/dataset'] })).length, 2, 'the dataset as a whole is its sample');
  });

  it('by tag samples those that have it', async () => {
    assert.deepEqual(await ids({ tags: ['smoke'] }), ['/dataset#1 first', '/dataset#53 q: twice']);
  });

  it('by name alone does not read the dataset for cases in place', async () => {
    const result = await planned(text.replaceAll('ROWS', 'gone.jsonl'), { select: { cases: ['here'] } });
    assert.deepEqual(
      casesOf(result).map(({ id }) => id),
      ['here'],
    );
  });

  it('that matches no row is no error of the file', async () => {
    const [source, options] = withRows(text, rows, 'jsonl', { select: { cases: ['nope'] } });
    const { plan: result, diagnostics } = await plan(source, options);
    assert.equal(result, null);
    assert.deepEqual(
      diagnostics.map(({ code }) => code),
      ['nothing-selected'],
    );
  });

  it('by "only" takes those rows and cases alone', async () => {
    const source = text.replace(', sample: 2, seed: 1', '');
    const [file, options] = withRows(source, '{"vars":{"q":1}}\n{"vars":{"q":2},"only":true}\n', 'jsonl');
    assert.deepEqual(
      casesOf(await planned(file, options)).map(({ id }) => id),
      ['q: 2'],
    );
  });
});

describe('places of rows', () => {
  it('are found in the eval file at the dataset, and at the most exact node of expanded cases', async () => {
    const text =
      'prompt: hi\ncases: [{ vars: { a: [1, 2] }, expand: true, assert: [{ contains: x }, { contains: y }] }]\ndataset: rows.csv\n';
    const { document } = await plan(text, { files: { '/w/evals/rows.csv': 'q\n1\n' } });
    const marked = (pointer: string) => slice(text, document.rangeOf(pointer));
    assert.equal(marked('/dataset#12/assert/0'), 'rows.csv');
    assert.equal(marked('/dataset#12#2'), 'rows.csv');
    assert.equal(marked('/cases/0#2/assert/1'), '{ contains: y }');
    assert.equal(
      marked('/cases/0#2/assert/7'),
      '{ vars: { a: [1, 2] }, expand: true, assert: [{ contains: x }, { contains: y }] }',
    );
    assert.equal(document.rangeOf('/cases/7#2'), undefined);
    assert.equal(document.nodeHash('/dataset#12/assert/0'), document.nodeHash('/dataset'));
    assert.equal(document.outline.dataset?.name, 'rows.csv');
  });
});
