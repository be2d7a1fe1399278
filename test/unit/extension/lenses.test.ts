import assert from 'node:assert/strict';
import { CommandId } from '../../../src/extension/contributions';
import { contributedCommands } from '../../../src/extension/contributed-commands';
import { hasSeveralTargets, LensCommand, lensesOf, type LensSituation } from '../../../src/extension/language/lenses';
import { parsed } from './inline-support';

const FILE = `# two targets
name: Chat
endpoints:
  - name: small
    api: sim
  - shared
prompt: "Answer {{ q }}"
cases:
  - name: refund
    vars: { q: one }
dataset: rows.csv
load:
  - name: steady
    pattern: sync
`;

const IDLE: LensSituation = { running: false, verdict: null, hasCommand: () => true };

function shown(text: string, situation: LensSituation = IDLE, path?: string): string[] {
  const lines = text.split('\n');
  return lensesOf(parsed(text, undefined, path), situation).map(({ range, title, item }) => {
    const id = item?.id === undefined ? '' : ` [${item.id}]`;
    return `${lines[range.start.line]?.trim() ?? ''}: ${title.replace(/^\$\([a-z-]+\) /, '')}${id}`;
  });
}

describe('the lenses of a file', () => {
  it('offer what can be run, at its own line', () => {
    assert.deepEqual(shown(FILE), [
      'name: Chat: Run eval',
      'name: Chat: Run load',
      'name: Chat: Compare targets',
      '- name: small: Test [small]',
      '- name: refund: Run [refund]',
      '- name: refund: Debug [refund]',
      'dataset: rows.csv: Run rows [/dataset]',
      '- name: steady: Run [steady]',
    ]);
  });

  it('leave out what no part of the extension can do', () => {
    const found = shown(FILE, { ...IDLE, hasCommand: () => false });
    assert.ok(!found.some((lens) => /Compare|Debug|Test/.test(lens)), found.join('\n'));
    assert.ok(found.some((lens) => lens.endsWith('Run eval')));
  });

  it('offer no comparison of one target', () => {
    const one = FILE.replace('  - shared\n', '');
    assert.ok(!shown(one).some((lens) => lens.includes('Compare')));
    assert.ok(
      shown(one.replace('prompt:', 'matrix: { temperature: [0, 0.7] }\nprompt:')).some((lens) =>
        lens.includes('Compare'),
      ),
    );
  });

  it('show the last verdict beside the buttons, and only a stop while it runs', () => {
    const verdict = { icon: 'error', text: '2 of 9 failed' };
    assert.ok(shown(FILE, { ...IDLE, verdict }).includes('name: Chat: 2 of 9 failed'));
    assert.deepEqual(shown(FILE, { ...IDLE, running: true, hasCommand: () => false }), ['name: Chat: Stop']);
  });

  it('are the same in files of other tools', () => {
    const text =
      'description: Chat\nprompts: ["Answer {{q}}"]\nproviders: [openai:gpt-4o]\ntests:\n  - description: refund\n    vars: { q: 1 }\n';
    const found = shown(text, IDLE, '/w/promptfooconfig.yaml');
    assert.deepEqual(
      found.map((lens) => lens.replace(/ \[.*/, '')),
      ['description: Chat: Run eval', '- description: refund: Run', '- description: refund: Debug'],
    );
    const github =
      'name: Chat\nmodel: openai/gpt-4o\nmessages:\n  - role: user\n    content: "{{input}}"\ntestData:\n  - input: hi\nevaluators:\n  - name: yes\n    string: { contains: yes }\n';
    assert.ok(shown(github, IDLE, '/w/chat.prompt.yml').includes('name: Chat: Run eval'));
  });

  it('test the endpoints of shared settings, which have nothing to run', () => {
    const text = 'endpoints:\n  - name: vllm\n    url: http://127.0.0.1:8000/v1\n  - { name: other, api: sim }\n';
    assert.deepEqual(shown(text, IDLE, '/w/promptrig.yaml'), [
      '- name: vllm: Test [vllm]',
      '- { name: other, api: sim }: Test [other]',
    ]);
  });

  it('survive a file of which nothing can be read', () => {
    for (const text of ['', '{{{{ : - [', 'endpoints: 3\ncases: x\n', '- a\n']) assert.deepEqual(shown(text), []);
  });

  it('run commands that exist', () => {
    const own: string[] = [...Object.values(CommandId), ...Object.values(LensCommand)];
    for (const { command } of lensesOf(parsed(FILE), IDLE)) assert.ok(own.includes(command), command);
  });
});

describe('whether a file has several targets', () => {
  it('is told by endpoints, variants and combinations', () => {
    assert.equal(hasSeveralTargets(null), false);
    const of = (text: string): boolean => hasSeveralTargets(parsed(text).document.spec);
    assert.equal(of('prompt: hi\n'), false);
    assert.equal(of('endpoints: [a]\nprompt: hi\n'), false);
    assert.equal(of('prompts:\n  - { name: a, prompt: x }\n  - { name: b, prompt: y }\n'), true);
    assert.equal(of('prompt: hi\nmatrix: { temperature: [0] }\n'), false);
  });
});

describe('contributedCommands', () => {
  it('knows what package.json contributes, and nothing of a broken one', () => {
    const has = contributedCommands({ contributes: { commands: [{ command: 'a' }, {}] } });
    assert.deepEqual([has('a'), has('b')], [true, false]);
    for (const broken of [undefined, null, {}, { contributes: {} }])
      assert.equal(contributedCommands(broken)('a'), false);
  });
});
