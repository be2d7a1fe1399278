import assert from 'node:assert/strict';
import { RunObserver } from '../../../src/extension/language/run-observer';
import type { Survey } from '../../../src/extension/language/survey';
import type { FileInputs } from '../../../src/extension/language/file-inputs';
import { nodeStatuses } from '../../../src/extension/language/line-ends';
import { AT, parsed, texts } from './inline-support';
import { assertion, record, slo, stage, survey } from './support';

const FILE = `name: Chat
prompt: "Answer {{ q }}"
cases:
  - name: refund
    vars: { q: one }
    assert:
      - contains: 30 days
      - contains: refund
  - name: shipping
    vars: { q: two }
    assert:
      - contains: Friday
assert:
  - not-contains: sorry
load:
  - name: steady
    pattern: constant
    rate: 8/s
    duration: 10s
slo:
  - quality.pass_rate >= 90%
  - ttft.p99 <= 200ms
`;

function observed(survey: Survey): RunObserver {
  const observer = new RunObserver(survey, AT, true, { id: 'run-1', confidence: 0.95 });
  for (const [index, name] of ['refund', 'shipping'].entries()) {
    const own = index === 0 ? ['0', '1'] : ['0'];
    observer.onCase(
      record(`/cases/${index}`, name, [
        ...own.map((at) => assertion(`/cases/${index}/assert/${at}`)),
        assertion('/assert/0'),
      ]),
    );
  }
  const quality = slo('/slo/0', { expr: 'quality.pass_rate >= 90%', value: 1, limit: 0.9 });
  observer.onQuality('sim', { ...QUALITY, slo: [quality] });
  observer.onStage('sim', stage('steady', '/load/0', [slo('/slo/1')]));
  return observer;
}

const QUALITY = {
  cases: 2,
  passed: 2,
  failed: 0,
  errors: 0,
  skipped: 0,
  pass_rate: 1,
  ci: null,
  score: 1,
  flake_rate: null,
  slo: [],
};

/** Which places are stale after an edit. */
function staleAfter(edit: (text: string) => string): string[] {
  const { observations } = observed(parsed(FILE).survey);
  const edited = edit(FILE);
  assert.notEqual(edited, FILE);
  return nodeStatuses(parsed(edited).survey, observations)
    .filter(({ state }) => state === 'stale')
    .map(({ node }) => node.pointer);
}

describe('results in a file that is edited', () => {
  it('stay with a case that is renamed, and are back under its old name', () => {
    const { observations } = observed(parsed(FILE).survey);
    const before = texts(parsed(FILE).survey, observations);
    const renamed = FILE.replace('name: refund', 'name: returns');
    assert.deepEqual(texts(parsed(renamed).survey, observations), before);
    assert.deepEqual(texts(parsed(FILE).survey, observations), before);
  });

  it('are not handed to a new case that merely asks the same as a lost one and another', () => {
    const { observations } = observed(parsed(FILE).survey);
    const twins = FILE.replace('name: refund', 'name: first').replace(
      'assert:\n  - not',
      '  - name: second\n    vars: { q: one }\nassert:\n  - not',
    );
    const shown = texts(parsed(twins).survey, observations);
    assert.equal(shown['/cases/0'], undefined);
    assert.equal(shown['/cases/2'], undefined);
  });

  it('follow a stage that is renamed', () => {
    const { observations } = observed(parsed(FILE).survey);
    const shown = texts(parsed(FILE.replace('name: steady', 'name: evening')).survey, observations);
    assert.match(shown['/load/0'] ?? '', /^✓ done/);
    assert.match(shown['/slo/1'] ?? '', /^✓ 184 ms/);
  });

  it('dim the edited assertion and what counts all answers, and nothing else', () => {
    assert.deepEqual(
      staleAfter((text) => text.replace('30 days', '60 days')),
      ['/cases/0/assert/0', '/slo/0'],
    );
    assert.deepEqual(
      staleAfter((text) => text.replace('sorry', 'afraid')),
      ['/assert/0', '/slo/0'],
    );
  });

  it('dim what a new case changes, and leave the others and the assertions of all cases alone', () => {
    const shown = staleAfter((text) => text.replace('load:', 'x:').replace('cases:', 'cases:\n  - vars: { q: new }'));
    assert.ok(!shown.some((pointer) => pointer.startsWith('/cases/') || pointer === '/assert/0'), shown.join());
    assert.ok(shown.includes('/slo/0'));
  });

  it('do not mind comments, the order of keys and how a text is quoted', () => {
    assert.deepEqual(
      staleAfter((text) =>
        text
          .replace('cases:', '# a comment\ncases:')
          .replace('"Answer {{ q }}"', "'Answer {{ q }}'")
          .replace('    rate: 8/s\n    duration: 10s', '    duration: 10s\n    rate: 8/s'),
      ),
      [],
    );
  });

  it('dim the latency of the load once the stage is edited, not the cases', () => {
    assert.deepEqual(
      staleAfter((text) => text.replace('rate: 8/s', 'rate: 9/s')),
      ['/load/0', '/slo/1'],
    );
  });

  it('leave the cases in place alone when the dataset changes', () => {
    const withData = FILE.replace('cases:', 'dataset: rows.csv\ncases:');
    const { observations } = observed(parsed(withData).survey);
    const shown = nodeStatuses(parsed(withData.replace('rows', 'other')).survey, observations);
    const stale = shown.filter(({ state }) => state === 'stale').map(({ node }) => node.pointer);
    assert.deepEqual(stale, ['/load/0', '/slo/0', '/slo/1']);
  });
});

describe('places that the outline does not list', () => {
  const SETS = `prompt: hi
cases:
  - name: order
    assert:
      - type: assert-set
        threshold: 0.5
        assert:
          - contains: a
          - assert-set:
              assert:
                - contains: b
      - { type: assert-set, assert: [{ contains: c }] }
  - name: talk
    turns:
      - user: Hello
        assert: [{ contains: hi }]
      - user: Bye
baseline: run-0
`;

  it('are turns, members of sets in either form, and the baseline', () => {
    const { survey } = parsed(SETS);
    const of = (kind: string): string[] =>
      survey.nodes.filter((node) => node.kind === kind).map((node) => node.pointer);
    assert.deepEqual(of('turn'), ['/cases/1/turns/0', '/cases/1/turns/1']);
    assert.deepEqual(of('member'), [
      '/cases/0/assert/0/assert/0',
      '/cases/0/assert/0/assert/1',
      '/cases/0/assert/0/assert/1/assert-set/assert/0',
    ]);
    const [baseline] = survey.nodes.filter((node) => node.kind === 'baseline');
    assert.equal(baseline?.anchor.start.line, SETS.split('\n').indexOf('baseline: run-0'));
  });

  it('stand at the name where the file has no baseline', () => {
    const { survey } = parsed('# top\nname: Chat\nprompt: hi\n');
    assert.equal(survey.at('/baseline')?.anchor.start.line, 1);
  });
});

describe('files that an eval refers to', () => {
  const TEXT = `prompt: file://prompt.txt
cases:
  - name: refund
    vars: { q: file://one.txt }
    assert:
      - is-json: file://schema.json
      - contains: x
  - name: shipping
    vars: { q: two }
    assert:
      - contains: y
dataset: rows.csv
load:
  - name: steady
    pattern: constant
    rate: 8/s
    duration: 10s
slo:
  - quality.pass_rate >= 90%
  - ttft.p99 <= 200ms
`;
  const INPUTS = [
    { pointer: '/prompt', path: '/w/prompt.txt' },
    { pointer: '/cases/0/vars/q', path: '/w/one.txt' },
    { pointer: '/cases/0/assert/0/is-json', path: '/w/schema.json' },
    { pointer: '/dataset', path: '/w/rows.csv' },
  ];
  const files = (changed: string | null, unread: string | null = null): FileInputs => ({
    inputs: INPUTS,
    digestOf: (path) => (path === unread ? undefined : path === changed ? 'new' : 'old'),
  });

  function observedWith(inputs: FileInputs) {
    const observer = new RunObserver(parsed(TEXT, inputs).survey, AT, true);
    const first = [assertion('/cases/0/assert/0', { type: 'is-json' }), assertion('/cases/0/assert/1')];
    observer.onCase(record('/cases/0', 'refund', first));
    observer.onCase(record('/cases/1', 'shipping', [assertion('/cases/1/assert/0')]));
    observer.onCase(record('/dataset#1', 'row 1', []));
    const pass = slo('/slo/0', { expr: 'quality.pass_rate >= 90%', value: 1, limit: 0.9 });
    observer.onQuality('sim', { ...QUALITY, slo: [pass] });
    observer.onStage('sim', stage('steady', '/load/0', [slo('/slo/1')]));
    return observer.observations;
  }

  function stale(changed: string): string[] {
    return nodeStatuses(parsed(TEXT, files(changed)).survey, observedWith(files(null)))
      .filter(({ state }) => state === 'stale')
      .map(({ node }) => node.pointer);
  }

  it('dim all results with the prompt', () => {
    const all = nodeStatuses(parsed(TEXT, files(null)).survey, observedWith(files(null))).length;
    assert.equal(all, 9);
    assert.equal(stale('/w/prompt.txt').length, all);
  });

  it('dim the case whose variable is read from it, and what is drawn from all cases', () => {
    assert.deepEqual(stale('/w/one.txt'), [
      '/cases/0',
      '/cases/0/assert/0',
      '/cases/0/assert/1',
      '/load/0',
      '/slo/0',
      '/slo/1',
    ]);
  });

  it('dim the assertion that uses it, and the rate of all', () => {
    assert.deepEqual(stale('/w/schema.json'), ['/cases/0/assert/0', '/slo/0']);
  });

  it('dim the rows of the dataset, and what is drawn from them', () => {
    assert.deepEqual(stale('/w/rows.csv'), ['/dataset', '/load/0', '/slo/0', '/slo/1']);
  });

  it('say nothing while they are unread, at the time or now', () => {
    const unreadNow = parsed(TEXT, files(null, '/w/prompt.txt')).survey;
    assert.ok(nodeStatuses(unreadNow, observedWith(files(null))).every(({ state }) => state !== 'stale'));
    const unreadThen = observedWith(files(null, '/w/prompt.txt'));
    const now = parsed(TEXT, files('/w/prompt.txt')).survey;
    assert.ok(nodeStatuses(now, unreadThen).every(({ state }) => state !== 'stale'));
  });

  it('of imported files count for everything, since their pointers are those of another format', () => {
    const text = 'prompts: [file://prompt.txt]\nproviders: [openai:gpt-4o]\ntests:\n  - vars: { q: 1 }\n';
    const inputs = (digest: string): FileInputs => ({
      inputs: [{ pointer: '/prompts/0', path: '/w/prompt.txt' }],
      digestOf: () => digest,
    });
    const { survey } = parsed(text, inputs('old'), '/w/promptfooconfig.yaml');
    const [first] = survey.cases;
    assert.ok(first);
    const observer = new RunObserver(survey, AT, true);
    observer.onCase(record(first.pointer, first.name, []));
    const after = parsed(text, inputs('new'), '/w/promptfooconfig.yaml').survey;
    assert.deepEqual(
      nodeStatuses(after, observer.observations).map(({ state }) => state),
      ['stale'],
    );
  });
});

describe('a file with thousands of cases', () => {
  function answered(count: number): number {
    const cases = Array.from({ length: count }, (_, i) => ({ name: `case ${i}`, assert: [`a${i}`, 'b'] }));
    const file = survey({ prompt: 'Answer', cases });
    const observer = new RunObserver(file, AT, true);
    const startedMs = performance.now();
    for (const [i, { name }] of cases.entries()) {
      const pointer = `/cases/${i}`;
      observer.onCase(record(pointer, name, [assertion(`${pointer}/assert/0`), assertion(`${pointer}/assert/1`)]));
    }
    const statuses = nodeStatuses(file, observer.observations);
    const tookMs = performance.now() - startedMs;
    assert.equal(statuses.length, count * 3);
    assert.ok(statuses.every(({ state }) => state === 'passed'));
    return tookMs;
  }

  it('takes as much longer as it has more of them, and not the square of that', () => {
    const best = (count: number): number => Math.min(...[1, 2, 3].map(() => answered(count)));
    const [few, many] = [best(500), best(5_000)];
    // Ten times as many: the square would be a hundred times as long, and the machine may be busy.
    assert.ok(many < few * 40, `${few} ms for 500, ${many} ms for 5,000`);
  });
});
