import assert from 'node:assert/strict';
import type { TestItem } from 'vscode';
import { fileReferences, referencesTo } from '../../../src/core/spec/file-references';
import { ContinuousRuns } from '../../../src/extension/testing/continuous';
import type { RunEnd } from '../../../src/extension/engine/run-controller';
import { FakeToken, harness, pathOf, type Harness } from './support';

const A = `name: A
prompt: file://prompt.md
endpoints: [sim]
vars: { q: hi }
cases:
  - name: one
    assert: [{ contains: a }, { javascript: "file://check.js" }]
  - name: two
    assert: [{ contains: b }]
dataset: rows.csv
load: { name: steady, pattern: sync, requests: 3 }
`;
const B = 'name: B\nprompt: hi\nendpoints: [sim]\ncases: [{ name: three, assert: [{ contains: c }] }]\n';

interface Watching {
  all: Harness;
  continuous: ContinuousRuns;
  token: FakeToken;
  /** The tests of each run. */
  runs: string[][];
  /** How the next runs end. */
  outcomes: RunEnd['outcome'][];
  save: (text: string | null, path: string) => Promise<void>;
  settle: () => Promise<void>;
  busy: { until: Promise<void> };
}

async function watching(include?: (all: Harness) => TestItem[]): Promise<Watching> {
  const all = harness();
  all.put(A, '/w/a.eval.yaml');
  all.put(B, '/w/b.eval.yaml');
  const runs: string[][] = [];
  const outcomes: RunEnd['outcome'][] = [];
  const busy = { until: Promise.resolve() };
  const continuous = new ContinuousRuns({
    tree: all.tree,
    idle: () => busy.until,
    runLeaves: (request, _token, leaves, options) => {
      assert.equal(options.quiet, true);
      assert.deepEqual(
        request.include,
        leaves.map(({ item }) => item),
      );
      runs.push(leaves.map(({ item }) => pathOf(item)));
      const [file] = leaves.map((leaf) => all.tree.file(leaf.file)!.uri);
      return Promise.resolve([
        {
          request: { uri: file!, what: 'case' },
          outcome: outcomes.shift() ?? 'finished',
          run: null,
          dir: null,
          error: null,
        },
      ]);
    },
    request: (items) => all.request(items),
    confirm: () => Promise.resolve(true),
    saved: (file) => Promise.resolve(all.tree.file(file)?.parsed ?? null),
    referencesTo: (parsed, path) => referencesTo(fileReferences(parsed.document), path),
    isSharedBy: (path) => path === '/w/promptrig.yaml',
    onError: (error) => {
      throw error;
    },
    clock: all.clock,
  });
  const token = new FakeToken();
  const request = all.request(include?.(all));
  await continuous.start({ ...request, continuous: true }, token);
  const settle = async (): Promise<void> => {
    all.clock.advance(300);
    for (let i = 0; i < 10; i++) await new Promise(setImmediate);
  };
  return {
    ...{ all, continuous, token, runs, outcomes, settle, busy },
    async save(text, path) {
      if (text !== null) all.put(text, path);
      continuous.onSaved(path);
      await settle();
    },
  };
}

describe('continuous runs', () => {
  it('run nothing before a save, and the cases that a save has changed', async () => {
    const { save, runs } = await watching();
    assert.deepEqual(runs, []);
    await save(A.replace('contains: b', 'contains: x'), '/w/a.eval.yaml');
    assert.deepEqual(runs, [['two']]);
    // Against what was run last, not against the start.
    await save(A.replace('contains: b', 'contains: y'), '/w/a.eval.yaml');
    assert.deepEqual(runs.slice(1), [['two']]);
    await save(A.replace('contains: b', 'contains: y'), '/w/a.eval.yaml');
    assert.equal(runs.length, 2);
  });

  it('run a case that is new, and never a load stage', async () => {
    const { save, runs } = await watching();
    await save(A.replace('dataset:', '  - { name: new, assert: [{ contains: n }] }\ndataset:'), '/w/a.eval.yaml');
    await save(A.replace('requests: 3', 'requests: 4').replace('prompt: file', '# x\nprompt: file'), '/w/a.eval.yaml');
    assert.deepEqual(runs, [['new']]);
  });

  const saves: [string, string, string[][]][] = [
    ['a prompt', '/w/prompt.md', [['one', 'two', 'rows.csv']]],
    ['a dataset', '/w/rows.csv', [['rows.csv']]],
    ['a grader of one case', '/w/check.js', [['one']]],
    ['the shared settings', '/w/promptrig.yaml', [['one', 'two', 'rows.csv', 'three']]],
    ['anything else', '/w/other.md', []],
  ];
  for (const [what, path, expected] of saves) {
    it(`run the cases of the files that refer to what was saved: ${what}`, async () => {
      const { save, runs } = await watching();
      await save(null, path);
      assert.deepEqual(runs, expected);
    });
  }

  it('keep to what they were switched on for', async () => {
    const { save, runs } = await watching((all) => [all.item('A', 'two')]);
    await save(null, '/w/promptrig.yaml');
    await save(A.replace('contains: a', 'contains: x'), '/w/a.eval.yaml');
    assert.deepEqual(runs, [['two']]);
  });

  it('keep to one target where they were switched on for it', async () => {
    const two = A.replace('endpoints: [sim]', 'endpoints: [{ name: x, api: sim }, { name: y, api: sim }]');
    const { save, runs } = await watching((all) => {
      all.put(two, '/w/a.eval.yaml');
      return [all.item('A', 'two', 'y')];
    });
    await save(null, '/w/prompt.md');
    assert.deepEqual(runs, [['two > y']]);
  });

  it('wait until a burst of saves is over, and until nothing else runs', async () => {
    const { all, continuous, runs, settle, busy } = await watching();
    let free = (): void => undefined;
    busy.until = new Promise((resolve) => (free = resolve));
    all.put(A.replace('contains: b', 'contains: x'), '/w/a.eval.yaml');
    continuous.onSaved('/w/a.eval.yaml');
    all.clock.advance(299);
    continuous.onSaved('/w/rows.csv');
    all.clock.advance(299);
    await new Promise(setImmediate);
    assert.deepEqual(runs, []);
    await settle();
    assert.deepEqual(runs, []);
    // Saved while something else runs: it joins what waits.
    continuous.onSaved('/w/check.js');
    await settle();
    free();
    await settle();
    assert.deepEqual(runs, [['one', 'two', 'rows.csv']]);
  });

  it('leave a file with errors alone, and catch up when it has none', async () => {
    const { save, runs } = await watching();
    await save(`${A}nonsense: [\n`, '/w/a.eval.yaml');
    assert.deepEqual(runs, []);
    await save(A.replace('contains: b', 'contains: x'), '/w/a.eval.yaml');
    assert.deepEqual(runs, [['two']]);
  });

  it('remember that a file with errors is due for what it refers to', async () => {
    const { all, save, runs } = await watching();
    all.put(A.replace('cases:', 'cases: 3\ncases2:'), '/w/a.eval.yaml');
    await save(null, '/w/prompt.md');
    assert.deepEqual(runs, []);
    await save(A, '/w/a.eval.yaml');
    assert.deepEqual(runs, [['one', 'two', 'rows.csv']]);
  });

  it('run again what was refused', async () => {
    const { save, runs, outcomes } = await watching();
    outcomes.push('refused');
    const text = A.replace('contains: b', 'contains: x');
    await save(text, '/w/a.eval.yaml');
    await save(text, '/w/a.eval.yaml');
    await save(text, '/w/a.eval.yaml');
    assert.deepEqual(runs, [['two'], ['two']]);
  });

  it('end when they are switched off', async () => {
    const { save, runs, token } = await watching();
    token.cancel();
    await save(A.replace('contains: b', 'contains: x'), '/w/a.eval.yaml');
    await save(null, '/w/prompt.md');
    assert.deepEqual(runs, []);
  });

  it('run a test once, though it was switched on twice', async () => {
    const { all, continuous, save, runs } = await watching((of) => [of.item('A', 'two')]);
    await continuous.start(all.request([all.item('A')]), new FakeToken());
    await save(null, '/w/prompt.md');
    assert.deepEqual(runs, [['two'], ['one', 'rows.csv']]);
  });
});
