import assert from 'node:assert/strict';
import type { CasePlan } from '../../../src/protocol/plan';
import { dedent } from './dedent';
import { config, imported, planOf, said, targetOf, type ImportOptions } from './importing';

const HEAD = `prompts: ['Say {{word}}']\nproviders: [echo]\n`;

async function casesOf(text: string, options: ImportOptions = {}): Promise<CasePlan[]> {
  return (await targetOf(text, options)).cases;
}

function asked(cases: readonly CasePlan[]): unknown[] {
  return cases.map(({ skip, messages }) => skip ?? messages[0]?.content);
}

describe('tests of promptfoo', () => {
  it('are cases with names, thresholds, repeats and tags', async () => {
    const [first, second] = await casesOf(
      config(
        `  - description: greets
    vars: { word: hi }
    threshold: 0.5
    options: { repeat: 3 }
    metadata: { team: search, areas: [a, b], conversationId: x }
  - vars: { word: ho }`,
        'defaultTest: { threshold: 0.8, metadata: { team: none, level: 1 } }\ntags: { suite: smoke }',
      ),
    );
    assert.deepEqual(
      [first?.name, first?.threshold, first?.repeat, first?.tags],
      ['greets', 0.5, 3, ['suite:smoke', 'team:search', 'level:1', 'areas:a', 'areas:b']],
    );
    assert.deepEqual(
      [second?.name, second?.id, second?.threshold, second?.tags],
      ['word: ho', 'word: ho', 0.8, ['suite:smoke', 'team:none', 'level:1']],
    );
  });

  it('have the variables and assertions of defaultTest, which may be a file', async () => {
    const files = {
      '/w/evals/default.yaml': 'vars: { word: hi, tone: kind }\nassert: [{ type: contains, value: "{{tone}}" }]\n',
    };
    const text = dedent`
      prompts: ['Say {{word}} {{tone}}']
      providers: [echo]
      defaultTest: file://default.yaml
      tests:
        - vars: { tone: rude }
          assert: [{ type: icontains, value: x }]
        - description: bare
          assert: []`;
    const cases = await casesOf(text, { files });
    assert.deepEqual(asked(cases), ['Say hi rude', 'Say hi kind']);
    assert.deepEqual(
      cases.map(({ assertions }) => assertions.map(({ pointer, value }) => [pointer, value])),
      [
        [
          ['/assert/0', 'rude'],
          ['/cases/0/assert/0', 'x'],
        ],
        [['/assert/0', 'kind']],
      ],
    );
  });

  it('may do without the assertions of defaultTest, or have them graded by another model', async () => {
    const cases = await casesOf(
      config(
        `  - vars: { word: hi }
    assert: [{ type: contains, value: a }]
  - vars: { word: ho }
    options: { disableDefaultAsserts: true }
  - vars: { word: hu }
    options: { provider: openai:other }`,
        'defaultTest: { assert: [{ type: llm-rubric, value: x }], options: { provider: openai:usual } }',
      ),
    );
    assert.deepEqual(
      cases.map(({ assertions }) =>
        assertions.map(({ pointer, type, judge }) => [
          pointer,
          type,
          ...(judge === undefined ? [] : [judge.endpoint.model]),
        ]),
      ),
      [
        [
          ['/cases/0/assert/0', 'contains'],
          ['/cases/0/assert/default0', 'llm-rubric', 'usual'],
        ],
        [],
        [['/cases/2/assert/default0', 'llm-rubric', 'other']],
      ],
    );
  });

  it('are read from CSV, with what its columns say', async () => {
    const files = {
      '/w/evals/tests.csv':
        'word,tone,__expected1,__expected2,__metric,__threshold,__description,__prefix,__suffix,__metadata:team,__metadata:tags[],__config:__expected2:threshold\n' +
        'hi,,contains: hi,similar: x,greets,0.5,says hi,Now: ,!,search,"a,b",0.9\n' +
        '"two\nlines",kind,"fn:output.length > 1",,,,,,,,,\n',
    };
    const [first, second] = await casesOf(`${HEAD}tests: file://tests.csv\n`, { files });
    assert.deepEqual(
      [first?.pointer, first?.name, first?.threshold, first?.tags, first?.messages[0]?.content],
      ['/cases/0', 'says hi', 0.5, ['team:search', 'tags:a', 'tags:b'], 'Now: Say hi!'],
    );
    assert.deepEqual(
      first?.assertions.map(({ type, value, threshold, name }) => [type, value, threshold, name]),
      [
        ['contains', 'hi', undefined, 'greets'],
        ['similar', 'x', 0.9, 'greets'],
      ],
    );
    assert.deepEqual(
      [second?.pointer, second?.messages[0]?.content, second?.assertions[0]?.code?.source],
      ['/cases/0#2', 'Say two\nlines', 'output.length > 1'],
    );
  });

  it('of CSV are left out with the reason at their row where the row is broken', async () => {
    const files = { '/w/evals/tests.csv': 'word,__expected\nhi,contains: hi\nho\n"multi\nline",x,y\nhu,\n' };
    const { plan, diagnostics } = await imported(`${HEAD}tests: file://tests.csv\n`, { files });
    assert.deepEqual(asked(plan?.targets[0]?.cases ?? []), [
      'Say hi',
      'the row has 1 columns and the header has 2',
      'the row has 3 columns and the header has 2',
      'Say hu',
    ]);
    assert.deepEqual(
      said(diagnostics).filter((line) => line.includes('bad-row')),
      [
        '/w/evals/tests.csv:3 warning bad-row: This test is not run: the row has 1 columns and the header has 2.',
        '/w/evals/tests.csv:4 warning bad-row: This test is not run: the row has 3 columns and the header has 2.',
      ],
    );
    const broken = await imported(`${HEAD}tests: file://tests.csv\n`, {
      files: { '/w/evals/tests.csv': 'a,b\n1,"x\n' },
    });
    assert.equal(broken.plan, null);
    assert.match(
      said(broken.diagnostics).join('\n'),
      /^\/w\/evals\/tests.csv:\d+ error bad-file: The file is not CSV: /m,
    );
  });

  it('are read from JSON, JSON lines and YAML, by globs and beside tests in place', async () => {
    const files = {
      '/w/evals/a.json': '[{"vars": {"word": "json"}}, {"description": "named", "vars": {"word": "more"}}]',
      '/w/evals/one.json': '{"vars": {"word": "one"}, "assert": ["contains: x"]}',
      '/w/evals/b.jsonl': '{"vars": {"word": "lines"}}\n\n{"vars": {"word": "last"}}\n',
      '/w/evals/t/c.yaml': '- vars: { word: yaml }\n',
      '/w/evals/t/d.yaml': 'vars: { word: single }\n',
      '/w/evals/tab.json': '{\n\t"vars": {"word": "tabs"}\n}',
    };
    const cases = await casesOf(
      dedent`
        prompts: ['Say {{word}}']
        providers: [echo]
        tests:
          - vars: { word: first }
          - file://a.json
          - one.json
          - file://b.jsonl
          - 't/*.yaml'
          - path: file://tab.json
          - vars: { word: end }`,
      { files },
    );
    assert.deepEqual(
      cases.map(({ pointer, messages }) => [pointer, messages[0]?.content]),
      [
        ['/cases/0', 'Say first'],
        ['/cases/1', 'Say json'],
        ['/cases/1#2', 'Say more'],
        ['/cases/2', 'Say one'],
        ['/cases/3', 'Say lines'],
        ['/cases/3#2', 'Say last'],
        ['/cases/4', 'Say yaml'],
        ['/cases/4#2', 'Say single'],
        ['/cases/5', 'Say tabs'],
        ['/cases/6', 'Say end'],
      ],
    );
    assert.equal(cases[3]?.assertions[0]?.type, 'contains');
  });

  it('in files are errors at their line where they cannot be read', async () => {
    const files = {
      '/w/evals/a.jsonl': '{"vars": {"word": "a"}}\n{"vars":\n{"word": "no test"}\n',
      '/w/evals/b.yaml': 'vars: [\n',
    };
    const { plan, diagnostics } = await imported(
      `${HEAD}tests:\n  - file://a.jsonl\n  - b.yaml\n  - gone.csv\n  - 'none/*.json'\n`,
      { files },
    );
    assert.equal(plan, null);
    assert.deepEqual(
      said(diagnostics).map((line) => line.split(':').slice(0, -1).join(':').trim()),
      [
        '6 error missing-file',
        '7 error missing-file',
        '/w/evals/a.jsonl:2 error bad-row: This line is not JSON',
        '/w/evals/a.jsonl:3 error bad-row: This is no test',
        '/w/evals/b.yaml:2 error bad-file: /w/evals/b.yaml is neither JSON nor YAML',
      ],
    );
  });

  it('from elsewhere and from code are left out with the reason at their line', async () => {
    const { plan, diagnostics } = await imported(
      dedent`
        prompts: ['Say {{word}}']
        providers: [echo]
        tests:
          - vars: { word: hi }
          - huggingface://datasets/x
          - https://docs.google.com/spreadsheets/x
          - file://make.py:tests
          - file://make.js
          - tests.xlsx`,
    );
    assert.equal(plan?.targets[0]?.cases.length, 1);
    const reasons = said(diagnostics);
    assert.equal(reasons.length, 5);
    reasons.forEach((reason, index) =>
      assert.match(reason, new RegExp(`^${index + 5} warning foreign-skipped: The tests of .+ are not run: `)),
    );
  });

  it('of scenarios are every test with every set of variables', async () => {
    const files = { '/w/evals/data.yaml': '- vars: { word: from file }\n' };
    const cases = await casesOf(
      dedent`
        prompts: ['Say {{word}} {{again}}']
        providers: [echo]
        defaultTest: { vars: { again: once } }
        tests: [{ vars: { word: plain } }]
        scenarios:
          - description: greetings
            config:
              - vars: { word: hi }
                assert: [{ type: contains, value: h }]
              - vars: { word: ho }
            tests:
              - vars: { again: twice }
                assert: [{ type: icontains, value: t }]
              - description: named
          - config: file://data.yaml`,
      { files },
    );
    assert.deepEqual(
      cases.map(({ pointer, name, messages, assertions }) => [
        pointer,
        name,
        messages[0]?.content,
        assertions.map(({ type }) => type).join(),
      ]),
      [
        ['/cases/0', 'word: plain', 'Say plain once', ''],
        ['/cases/1', 'word: hi, again: twice', 'Say hi twice', 'contains,icontains'],
        ['/cases/2', 'named', 'Say hi once', 'contains'],
        ['/cases/1#2', 'word: ho, again: twice', 'Say ho twice', 'icontains'],
        ['/cases/2#2', 'named', 'Say ho once', ''],
        ['/cases/3', 'word: from file', 'Say from file once', ''],
      ],
    );
  });

  it('are left out with the reason where they ask something that a case cannot', async () => {
    const { plan, diagnostics } = await imported(
      config(
        `  - { vars: { word: a }, provider: openai:gpt-4.1 }
  - { vars: { word: b }, providerOutput: given }
  - { vars: { word: c }, options: { transformVars: 'vars' } }
  - { vars: { word: file://make.py } }
  - { vars: { word: file://pic.png } }
  - { vars: { word: '{{env.TOKEN}}' } }
  - { vars: { word: g }, options: { transform: file://t.py } }
  - { vars: { word: h }, options: { storeOutputAs: kept } }
  - { vars: { word: '{{kept}} again' } }`,
      ),
    );
    const cases = plan?.targets[0]?.cases ?? [];
    assert.deepEqual(
      cases.map(({ skip }) => skip !== undefined),
      [true, true, true, true, true, true, true, false, true],
    );
    const skipped = diagnostics.filter(({ message }) => message.startsWith('This test is not run: '));
    assert.deepEqual(
      skipped.map(({ range }) => range.start.line + 1),
      [4, 5, 6, 7, 8, 9, 10, 12],
    );
    assert.match(said(diagnostics).join('\n'), /11 warning foreign-skipped: "storeOutputAs" has no counterpart/);
  });

  it('are asked of the providers and prompts that they name', async () => {
    const { targets } = await planOf(
      dedent`
        prompts: [{ raw: 'A {{word}}', label: a }, { raw: 'B {{word}}', label: b }]
        providers: [openai:x, { id: openai:y, label: why }]
        tests:
          - { vars: { word: all } }
          - { vars: { word: one }, providers: [why], prompts: [a] }
          - { vars: { word: some }, providers: ['openai:*'] }`,
    );
    const words = Object.fromEntries(
      targets.map(({ id, cases }) => [id, cases.map(({ vars }) => JSON.stringify(vars['word'])).join()]),
    );
    assert.deepEqual(words, {
      'openai:x/a': '"all","some"',
      'openai:x/b': '"all","some"',
      'why/a': '"all","one","some"',
      'why/b': '"all","some"',
    });
  });

  it('tell of the settings of a run, and of what has no counterpart', async () => {
    const { plan, document, diagnostics } = await imported(
      config(
        '  - vars: { word: hi }\n    surprise: 1\n    assertScoringFunction: file://score.js',
        dedent`
          evaluateOptions: { maxConcurrency: 2, repeat: 3, delay: 100, cache: false, maxEvalTimeMs: 60000 }
          outputPath: out.json
          extensions: [file://hooks.js:beforeAll]
          derivedMetrics: [{ name: f1, value: a + b }]
          nunjucksFilters: { shout: ./shout.js }
          redteam: { purpose: x }
          mystery: 1`,
      ),
    );
    assert.equal(plan?.targets[0]?.concurrency, 2);
    assert.equal(plan?.targets[0]?.cases[0]?.repeat, 3);
    assert.deepEqual(plan?.budget, { timeMs: 60_000 });
    assert.deepEqual(document.spec?.cases?.length, 1);
    assert.deepEqual(
      diagnostics.map(
        ({ severity, message, range }) => `${range.start.line + 1} ${severity} ${message.split('"')[1] ?? ''}`,
      ),
      [
        '3 info delay',
        '4 info outputPath',
        '5 warning extensions',
        '6 warning derivedMetrics',
        '7 warning nunjucksFilters',
        '8 warning redteam',
        '9 info mystery',
        '12 info surprise',
        '13 warning assertScoringFunction',
      ],
    );
  });
});

describe('variables of promptfoo', () => {
  it('that are lists of texts expand, every combination of them', async () => {
    const { document, plan } = await imported(
      dedent`
        prompts: ['{{a}} {{b | dump}}']
        providers: [echo]
        tests:
          - vars: { a: [x, y], b: ['1', '2'] }
            assert: [{ type: contains, value: '{{a}}' }]
          - vars: { a: [x, y], b: 1 }
            options: { disableVarExpansion: true }
          - vars: { a: one, b: [{ id: 1 }] }`,
    );
    const cases = plan?.targets[0]?.cases ?? [];
    assert.deepEqual(
      cases
        .slice(0, 4)
        .map(({ pointer, messages, assertions }) => [pointer, messages[0]?.content, assertions[0]?.value]),
      [
        ['/cases/0', 'x "1"', 'x'],
        ['/cases/0#2', 'x "2"', 'x'],
        ['/cases/0#3', 'y "1"', 'y'],
        ['/cases/0#4', 'y "2"', 'y'],
      ],
    );
    assert.deepEqual(
      cases.slice(4).map(({ vars }) => vars),
      [
        { a: ['x', 'y'], b: 1 },
        { a: 'one', b: [{ id: 1 }] },
      ],
    );
    assert.deepEqual(
      document.outline.cases.map(({ pointer }) => pointer),
      ['/cases/0', '/cases/1', '/cases/2'],
    );
  });

  it('that are lists of defaultTest, or stand beside templates, expand as well', async () => {
    const cases = await casesOf(
      dedent`
        prompts: ['{{greeting}} {{name}}']
        providers: [echo]
        defaultTest: { vars: { name: [Ada, Bob] } }
        tests: [{ vars: { greeting: 'Dear {{name}}:' } }]`,
    );
    assert.deepEqual(asked(cases), ['Dear Ada: Ada', 'Dear Bob: Bob']);
    assert.deepEqual(
      cases.map(({ pointer }) => pointer),
      ['/cases/0', '/cases/0#2'],
    );
  });

  it('are read from files, one or as many as a glob finds', async () => {
    const files = {
      '/w/evals/doc.md': '\n# Title\n',
      '/w/evals/d/a.txt': 'A\n',
      '/w/evals/d/b.txt': 'B\n',
      '/w/evals/data.yaml': 'x: 1\n',
      '/w/evals/vars.yaml': 'word: from vars\n',
    };
    const cases = await casesOf(
      dedent`
        prompts: ['Say {{word}}']
        providers: [echo]
        tests:
          - vars: { word: file://doc.md }
          - vars: { word: 'file://d/*.txt' }
          - vars: { word: file://data.yaml }
          - vars: vars.yaml`,
      { files },
    );
    assert.deepEqual(asked(cases), ['Say # Title', 'Say A', 'Say B', 'Say {"x":1}', 'Say from vars']);
  });

  it('may name each other, and keep no line end at their end', async () => {
    const cases = await casesOf(
      dedent`
        prompts: ['{{full}}|{{block}}|']
        providers: [echo]
        tests:
          - vars:
              full: '{{first}} {{ last | upper }}'
              first: 'Ms {{last}}'
              last: Lovelace
              block: |
                text`,
    );
    assert.deepEqual(asked(cases), ['Ms Lovelace LOVELACE|text|']);
  });

  it('that are not defined are empty, with a warning, in prompts and in assertions', async () => {
    const { plan, diagnostics } = await imported(
      dedent`
        prompts: ['Say {{wrod}} to {{user.name}}{% if tone %} {{tone}}{% endif %}']
        providers: [echo]
        defaultTest: { assert: [{ type: icontains, value: 'x{{missing}}' }] }
        tests:
          - vars: { word: hi }
          - vars: { user: { id: 1 } }`,
    );
    const cases = plan?.targets[0]?.cases ?? [];
    assert.deepEqual(asked(cases), ['Say  to ', 'Say  to ']);
    assert.deepEqual(
      cases.map(({ assertions }) => assertions[0]?.value),
      ['x', 'x'],
    );
    assert.deepEqual(said(diagnostics), [
      '5 warning undefined-variable: The variable "wrod" is not defined (in test "word: hi" and 1 more); as in promptfoo it is empty.',
      '5 warning undefined-variable: The variable "tone" is not defined (in test "word: hi" and 1 more); as in promptfoo it is empty.',
      '5 warning undefined-variable: The variable "user.name" is not defined (in test "word: hi" and 1 more); as in promptfoo it is empty.',
      '5 warning undefined-variable: The variable "missing" is not defined (in test "word: hi" and 1 more); as in promptfoo it is empty.',
    ]);
  });

  it('take what the block env of the file says, and nothing of the environment', async () => {
    const { plan, diagnostics } = await imported(
      dedent`
        env: { CITY: Paris }
        prompts: ['{{word}} in {{ env.CITY }}']
        providers: [echo]
        tests:
          - vars: { word: "{{env.CITY}} {{ env.NONE | default('x') }}" }
          - vars: { word: '{{env.HOME}}' }`,
      { env: { HOME: '/root' } },
    );
    assert.deepEqual(asked(plan?.targets[0]?.cases ?? []), [
      'Paris x in Paris',
      '"word" reads the environment variable HOME, which would end up in the results',
    ]);
    assert.ok(!JSON.stringify([plan, diagnostics]).includes('/root'));
  });
});
