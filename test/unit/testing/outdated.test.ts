import assert from 'node:assert/strict';
import type { TestItem } from 'vscode';
import { OutdatedResults } from '../../../src/extension/testing/outdated';
import type { TestSubject } from '../../../src/extension/testing/test-data';
import { harness, pathOf, type Harness } from './support';

const TEXT = `name: Chat
prompt: "Q: {{ q }}"
endpoints: [sim]
vars: { q: hi }
cases:
  - name: one
    assert: [{ contains: a }]
  - name: two
    vars: { q: bye }
dataset: rows.csv
assert: [{ contains: b }]
load:
  - { name: steady, pattern: constant, rate: 5/s, duration: 10s }
  - { name: burst, pattern: sync, requests: 3, slo: ["ttft.p99 <= 1s"] }
slo: ["quality.pass_rate >= 50%"]
`;
const ALL: TestSubject[] = [
  { kind: 'case', id: 'one' },
  { kind: 'case', id: 'two' },
  { kind: 'dataset' },
  { kind: 'slos' },
  { kind: 'stage', id: 'steady' },
  { kind: 'stage', id: 'burst' },
];
const PATHS = ['one', 'two', 'rows.csv', 'SLOs', 'load > steady', 'load > burst'];

function start(text = TEXT): { all: Harness; outdated: OutdatedResults; calls: string[][] } {
  const all = harness();
  const calls: string[][] = [];
  const outdated = new OutdatedResults(all.tree, (items: TestItem[]) => calls.push(items.map(pathOf)));
  outdated.reported(all.put(text), ALL);
  return { all, outdated, calls };
}

describe('results', () => {
  const edits: [string, [string, string], string[]][] = [
    ['a case', ['q: bye', 'q: night'], ['two', 'SLOs', 'load > steady', 'load > burst']],
    ['an assertion of a case', ['contains: a', 'contains: c'], ['one', 'SLOs', 'load > steady', 'load > burst']],
    ['the prompt', ['Q: {{', 'Question: {{'], PATHS],
    ['the endpoints', ['endpoints: [sim]', 'endpoints: [{ name: sim, api: sim }]'], PATHS],
    ['a grader of all cases', ['contains: b', 'icontains: b'], PATHS],
    [
      'the dataset',
      ['rows.csv', '{ path: rows.csv, sample: 3 }'],
      ['rows.csv', 'SLOs', 'load > steady', 'load > burst'],
    ],
    ['a load stage', ['rate: 5/s', 'rate: 6/s'], ['load > steady']],
    ['an SLO of a stage', ['ttft.p99 <= 1s', 'ttft.p99 <= 2s'], ['load > burst']],
    ['an SLO of the file', ['rate >= 50%', 'rate >= 60%'], ['SLOs', 'load > steady', 'load > burst']],
    ['the name of the file', ['name: Chat', 'name: Talk'], []],
    ['a comment and the layout', ['  - name: two\n', '\n  # why\n  - name: two   \n'], []],
    [
      'a case that was not there',
      ['  - name: one', '  - name: zero\n  - name: one'],
      ['SLOs', 'load > steady', 'load > burst'],
    ],
  ];
  for (const [what, [from, to], expected] of edits) {
    it(`that depend on it are outdated by a change of ${what}, and no others`, () => {
      const { all, outdated, calls } = start();
      assert.ok(TEXT.includes(from));
      outdated.changed(all.put(TEXT.replace(from, to)));
      assert.deepEqual(calls.flat(), expected);
      // Once, not at each key that follows.
      outdated.changed(all.put(TEXT.replace(from, `${to} `)));
      assert.deepEqual(calls.flat().length, expected.length);
    });
  }

  it('are outdated through an alias, too', () => {
    const text = TEXT.replace('vars: { q: hi }', 'vars: &v { q: hi }').replace('vars: { q: bye }', 'vars: { <<: *v }');
    const { all, outdated, calls } = start(text);
    outdated.changed(all.put(`# nothing\n${text}`));
    assert.deepEqual(calls, []);
    outdated.changed(all.put(text.replace('q: hi', 'q: yo')));
    assert.deepEqual(calls.flat(), PATHS);
  });

  it('are outdated by a file that they are made with', () => {
    for (const [pointer, expected] of [
      ['/prompt', PATHS],
      ['/assert/0/javascript', PATHS],
      ['/cases/0/assert/0/javascript', ['one', 'SLOs', 'load > steady', 'load > burst']],
      ['/dataset', ['rows.csv', 'SLOs', 'load > steady', 'load > burst']],
      ['/load/0/file', ['load > steady']],
    ] as const) {
      const { all, outdated, calls } = start();
      outdated.dependencyChanged(all.tree.file('file:///w/chat.eval.yaml')!.parsed!, [pointer]);
      assert.deepEqual(calls.flat(), expected, pointer);
    }
  });

  it('are all outdated by shared settings, and none where nothing was reported', () => {
    const { all, outdated, calls } = start();
    outdated.allChanged('file:///w/chat.eval.yaml');
    assert.deepEqual(calls, [PATHS]);
    outdated.allChanged('file:///w/chat.eval.yaml');
    outdated.reported(all.tree.file('file:///w/chat.eval.yaml')!.parsed!, ALL);
    outdated.forget('file:///w/chat.eval.yaml');
    outdated.allChanged('file:///w/chat.eval.yaml');
    assert.equal(calls.length, 1);
    assert.deepEqual(outdated.files, []);
  });
});
