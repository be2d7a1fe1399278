import assert from 'node:assert/strict';
import { dedent } from './dedent';
import { imported, planOf, said, targetOf, type ImportOptions } from './importing';

const PROVIDERS = 'providers: [echo]\n';
const TESTS = 'tests: [{ vars: { word: hi } }]\n';

async function promptsOf(prompts: string, options: ImportOptions = {}): Promise<Record<string, unknown>> {
  const { targets } = await planOf(`${prompts}\n${PROVIDERS}${TESTS}`, options);
  const sorted = [...targets].sort((a, b) => (a.prompt < b.prompt ? -1 : 1));
  return Object.fromEntries(
    sorted.map(({ prompt, cases }) => [
      prompt,
      cases[0]?.messages.map(({ role, content }) => (role === 'user' ? content : `${role}: ${content}`)),
    ]),
  );
}

describe('prompts of promptfoo', () => {
  it('are texts, one or several, named by their text or their label', async () => {
    assert.deepEqual(await promptsOf(`prompts: 'Say {{word}}'`), { default: ['Say hi'] });
    assert.deepEqual(await promptsOf(`prompts: ['Say {{word}}', { raw: 'Sing {{word}}', label: song }]`), {
      'Say {{word}}': ['Say hi'],
      song: ['Sing hi'],
    });
    assert.deepEqual(await promptsOf(`prompts: [{ label: 'Say {{word}}' }]`), { default: ['Say hi'] });
  });

  it('are the variable "prompt" where there are none', async () => {
    const { cases } = await targetOf(`${PROVIDERS}tests: [{ vars: { prompt: 'Hello there' } }]\n`);
    assert.deepEqual(cases[0]?.messages, [{ role: 'user', content: 'Hello there' }]);
  });

  it('are messages where a text lists them, as JSON or as YAML', async () => {
    const json = `prompts: ['[{"role": "system", "content": "Be {{word}}"}, {"role": "user", "content": "Go"}]']`;
    assert.deepEqual(await promptsOf(json), { default: ['system: Be hi', 'Go'] });
    const yaml = dedent`
      prompts:
        - |
          - role: system
            content: Be {{word}}
          - role: user
            content: Go`;
    assert.deepEqual(await promptsOf(yaml), { default: ['system: Be hi', 'Go'] });
    const parts = `prompts: [{ raw: [{ role: user, content: [{ type: text, text: 'Go {{word}}' }] }] }]`;
    assert.deepEqual(await promptsOf(parts), { default: ['Go hi'] });
  });

  it('are read from text files, of which "---" makes several', async () => {
    const files = {
      '/w/evals/one.txt': '\nSay {{word}}\n\n',
      '/w/evals/two.txt': 'Say {{word}}\n---\n\nSing {{word}}\n---\n',
      '/w/evals/notes.md': '# Task\n---\nSay {{word}}\n',
      '/w/evals/loop.j2': 'Say {% if true %}{{word}}{% endif %}',
    };
    assert.deepEqual(await promptsOf('prompts: [file://one.txt]', { files }), { default: ['Say hi'] });
    assert.deepEqual(await promptsOf('prompts: [two.txt]', { files }), { 'two 1': ['Say hi'], 'two 2': ['Sing hi'] });
    assert.deepEqual(await promptsOf('prompts: [file://notes.md, file://loop.j2]', { files }), {
      loop: ['Say hi'],
      notes: ['# Task\n---\nSay hi\n'],
    });
    assert.deepEqual(await promptsOf('prompts: [{ id: file://two.txt, label: mine }]', { files }), {
      'mine 1': ['Say hi'],
      'mine 2': ['Sing hi'],
    });
  });

  it('are read from JSON, YAML, JSON lines and CSV', async () => {
    const files = {
      '/w/evals/chat.json': '[{"role": "system", "content": "Be {{word}}"}, {"role": "user", "content": "Go"}]',
      '/w/evals/chat.yaml': '- role: user\n  content: Go {{word}}\n',
      '/w/evals/lines.jsonl': '[{"role": "user", "content": "A {{word}}"}]\n\n[{"role": "user", "content": "B"}]\n',
      '/w/evals/table.csv': 'label,prompt\nshort,"Say, {{word}}"\n,Sing {{word}}\n',
      '/w/evals/list.csv': 'prompt\nSay {{word}}\nSing {{word}}\n',
    };
    assert.deepEqual(await promptsOf('prompts: [file://chat.json, file://chat.yaml]', { files }), {
      chat: ['system: Be hi', 'Go'],
      'chat#2': ['Go hi'],
    });
    assert.deepEqual(await promptsOf('prompts: file://lines.jsonl', { files }), {
      'lines 1': ['A hi'],
      'lines 2': ['B'],
    });
    assert.deepEqual(await promptsOf('prompts: [file://table.csv]', { files }), {
      short: ['Say, hi'],
      'table 2': ['Sing hi'],
    });
    assert.deepEqual(await promptsOf('prompts: [file://list.csv]', { files }), {
      'list 1': ['Say hi'],
      'list 2': ['Sing hi'],
    });
  });

  it('are found by globs, and by the old map from file to label', async () => {
    const files = { '/w/evals/p/a.txt': 'A {{word}}', '/w/evals/p/b.txt': 'B {{word}}', '/w/evals/p/c.md': 'C' };
    assert.deepEqual(await promptsOf('prompts: ["file://p/*.txt"]', { files }), { a: ['A hi'], b: ['B hi'] });
    assert.deepEqual(await promptsOf('prompts: { p/a.txt: first, p/b.txt: second }', { files }), {
      first: ['A hi'],
      second: ['B hi'],
    });
  });

  it('are left out, with the reason at their line, where code or a service makes them', async () => {
    const { plan, diagnostics } = await imported(
      dedent`
        prompts:
          - 'Say {{word}}'
          - file://make.py:chat
          - file://make.js
          - exec:./make.sh
          - langfuse://greeting@production
          - '[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]'
          - '[{"role": "robot", "content": "x"}]'
          - 'Your home is {{env.HOME}}'
        providers: [echo]
        tests: [{ vars: { word: hi } }]`,
    );
    assert.deepEqual(said(diagnostics), [
      '3 warning foreign-skipped: The prompt is not asked: Python code is not run here.',
      '4 warning foreign-skipped: The prompt is not asked: code makes no prompts here.',
      '5 warning foreign-skipped: The prompt is not asked: a program makes it, and no program is run for it here.',
      '6 warning foreign-skipped: The prompt is not asked: it is kept by langfuse, which is not called from here.',
      '7 warning foreign-skipped: The prompt is not asked: one of its messages is not text alone, such as one with an image.',
      '8 warning foreign-skipped: The prompt is not asked: the role "robot" is not known here.',
      '9 warning foreign-skipped: The prompt is not asked: it reads the environment variable HOME, which would end up in the results.',
    ]);
    assert.deepEqual(
      plan?.targets.map(({ prompt }) => prompt),
      ['default'],
    );
  });

  it('are an error at their line where their file is missing, and where none is left', async () => {
    const missing = await imported(`prompts:\n  - file://gone.txt\n  - p/*.md\n${PROVIDERS}${TESTS}`);
    assert.equal(missing.plan, null);
    assert.deepEqual(said(missing.diagnostics), [
      '2 error missing-file: There is no file /w/evals/gone.txt; the path is relative to the folder of the imported file.',
      '3 error missing-file: No file matches /w/evals/p/*.md.',
    ]);
    const skipped = await imported(`prompts:\n  - file://make.py\n${PROVIDERS}${TESTS}`);
    assert.equal(skipped.plan, null);
    assert.deepEqual(said(skipped.diagnostics), [
      '2 error missing-prompt: None of the prompts can be asked from here, so there is nothing to run.',
      '2 warning foreign-skipped: The prompt is not asked: Python code is not run here.',
    ]);
  });

  it('have the prefix and suffix of all tests in them, and those of single tests as variables', async () => {
    const shared = `prompts: ['Say {{word}}']\n${PROVIDERS}defaultTest: { options: { prefix: 'Now: ', suffix: '!' } }\n${TESTS}`;
    const { document, plan } = await imported(shared);
    assert.equal(document.spec?.prompt, 'Now: Say {{word}}!');
    assert.equal(plan?.targets[0]?.cases[0]?.messages[0]?.content, 'Now: Say hi!');
    const own = dedent`
      prompts: ['Say {{word}}']
      providers: [echo]
      defaultTest: { options: { suffix: '!' } }
      tests:
        - vars: { word: hi }
        - vars: { word: ho }
          options: { prefix: 'For {{word}}: ', suffix: '?' }`;
    const { cases } = await targetOf(own);
    assert.deepEqual(
      cases.map(({ messages }) => messages[0]?.content),
      ['Say hi!', 'For ho: Say ho?'],
    );
  });

  it('are asked of the providers that name them, by label, file or prefix', async () => {
    const text = dedent`
      prompts:
        - { id: file://one.txt, label: first }
        - { id: file://two.txt, label: second }
      providers:
        - { id: openai:gpt-4.1, prompts: [first] }
        - { id: openai:gpt-4.1-mini, prompts: ['sec*', two.txt] }
        - openai:gpt-4.1-nano
      tests: [{ vars: { word: hi } }]`;
    const files = { '/w/evals/one.txt': 'A {{word}}', '/w/evals/two.txt': 'B {{word}}' };
    const { targets } = await planOf(text, { files });
    assert.deepEqual(targets.map(({ id }) => id).sort(), [
      'openai:gpt-4.1-mini/second',
      'openai:gpt-4.1-nano/first',
      'openai:gpt-4.1-nano/second',
      'openai:gpt-4.1/first',
    ]);
  });

  it('that repeat the conversation become the turns of one case for each conversation', async () => {
    const files = {
      '/w/evals/chat.json': dedent`
        [
          {"role": "system", "content": "Be {{tone}}"},
          {% for c in _conversation %}
            {"role": "user", "content": "{{ c.input }}"},
            {"role": "assistant", "content": "{{ c.output }}"},
          {% endfor %}
          {"role": "user", "content": "{{ question }}"}
        ]`,
    };
    const text = dedent`
      prompts: [file://chat.json]
      providers: [echo]
      defaultTest: { vars: { tone: kind }, assert: [{ type: icontains, value: '{{question}}' }] }
      tests:
        - { vars: { question: Who? }, metadata: { conversationId: a } }
        - { vars: { question: Where? }, metadata: { conversationId: b } }
        - vars: { question: 'Why {{tone}}?' }
          metadata: { conversationId: a }
          assert: [{ type: contains, value: 'so {{tone}}' }]`;
    const { cases } = await targetOf(text, { files });
    assert.deepEqual(
      cases.map(({ pointer, name, messages, turns }) => [
        pointer,
        name,
        messages.map(({ content }) => content),
        turns?.map(({ user, assertions }) => [
          user,
          ...assertions.map(({ type, value }) => `${type} ${JSON.stringify(value)}`),
        ]),
      ]),
      [
        [
          '/cases/0',
          'a',
          ['Be kind'],
          [
            ['Who?', 'icontains "Who?"'],
            ['Why kind?', 'contains "so kind"', 'icontains "Why kind?"'],
          ],
        ],
        ['/cases/1', 'question: Where?', ['Be kind'], [['Where?', 'icontains "Where?"']]],
      ],
    );
  });

  it('that use the conversation in another way are asked for its first test alone', async () => {
    const text = dedent`
      prompts: ['{% for c in _conversation %}{{ c.output }}{% endfor %} Say {{word}}']
      providers: [echo]
      tests:
        - vars: { word: hi }
        - vars: { word: ho }
        - { vars: { word: hu }, metadata: { conversationId: other } }`;
    const { plan, diagnostics } = await imported(text);
    const skipped = plan?.targets[0]?.cases.map(({ skip, messages }) => [messages[0]?.content, skip?.slice(0, 25)]);
    assert.deepEqual(skipped, [
      [' Say hi', undefined],
      [undefined, 'it continues the conversa'],
      [' Say hu', undefined],
    ]);
    assert.deepEqual(
      diagnostics.map(({ code, range }) => [code, range.start.line + 1]),
      [['foreign-skipped', 5]],
    );
  });
});
