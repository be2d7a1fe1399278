import assert from 'node:assert/strict';
import type { AssertionResult, CaseRecord } from '../../../src/protocol/run-json';
import { assertion, slo, stage } from '../extension/support';
import { caseRecord, harness, parsed, type Harness } from './support';

const TEXT = `name: Chat
prompt: "Q: {{ q }}"
endpoints: [sim]
vars: { q: hi }
cases:
  - name: one
    assert:
      - contains: a
      - equals: b
  - name: two
    assert: [{ contains: c }]
load:
  - { name: steady, pattern: constant, rate: 5/s, duration: 10s, slo: ["ttft.p99 <= 200ms"] }
`;
const QUALITY = TEXT.slice(0, TEXT.indexOf('load:'));
const TWO = QUALITY.replace('endpoints: [sim]', 'endpoints:\n  - { name: a, api: sim }\n  - { name: b, api: sim }');

const failing = (part: Partial<AssertionResult> = {}): AssertionResult =>
  assertion('/cases/0/assert/0', { outcome: 'failed', score: 0, reason: 'does not contain "a"', ...part });

/** The record of case "one" wrong in its first assertion. */
const oneFails = ({ name }: CaseRecord): Partial<CaseRecord> =>
  name === 'one'
    ? { outcome: 'failed', answer: 'xyz', assertions: [failing({ expected: 'a', actual: 'xyz' })] }
    : { assertions: [assertion('/cases/1/assert/0')] };

async function run(all: Harness, ...items: Parameters<Harness['request']>): Promise<void> {
  await all.runner.run(all.request(...items), all.token);
}

describe('a test run', () => {
  it('reports each case once, in its order, and ends', async () => {
    const all = harness();
    const file = all.put(QUALITY);
    all.runs.act = async (engine) => {
      await engine.start(file);
      engine.emit({ type: 'answer-delta', target: 'sim', case: '/cases/1', repeat: 0, text: 'He' });
      engine.emit({ type: 'answer-delta', target: 'sim', case: '/cases/1', repeat: 0, text: 'llo' });
      engine.answer(oneFails, 250);
      return engine.finished({ verdict: 'fail' });
    };
    await run(all);
    assert.deepEqual(all.log, [
      'sim: enqueued one',
      'sim: enqueued two',
      'sim: started two',
      'sim: started one',
      'sim: failed one\n    @8 contains: does not contain "a" [a | xyz]',
      'sim: passed two',
      'sim: end',
    ]);
    assert.deepEqual(
      [...(all.testRuns[0]?.durations ?? [])],
      [
        ['one', 250],
        ['two', 250],
      ],
    );
    assert.deepEqual(all.runs.requests, [{ uri: file.uri, what: 'file' }]);
    assert.deepEqual(all.reported, [{ file: 'file:///w/chat.eval.yaml', subjects: 2 }]);
    assert.deepEqual(all.errors, []);
  });

  it('writes output with the line ends of a terminal, and obeys nothing in it', async () => {
    const all = harness();
    const file = all.put(QUALITY);
    all.runs.act = async (engine) => {
      await engine.start(file);
      engine.answer((record) => ({ ...oneFails(record), answer: 'first\nsecond \u001b[2K\u001b[1Apassed\r\n' }));
      return engine.finished({ verdict: 'fail' });
    };
    await run(all);
    const text = all.testRuns[0]?.text ?? '';
    assert.equal(text.replaceAll('\r\n', '').search(/[\r\n\u001b]/), -1);
    assert.deepEqual(text.split('\r\n').slice(0, 5), [
      '✗ one (sim, 100 ms)',
      '    first',
      '    second \\u001b[2K\\u001b[1Apassed',
      '  ✗ contains: does not contain "a"',
      '✓ two (sim, 100 ms)',
    ]);
    assert.match(text, /Run completed: fail\.\r\nResults: \/w\/\.promptrig\/runs\/1\r\n$/);
  });

  it('has a test run for each target, all of one request', async () => {
    const all = harness();
    const file = all.put(TWO);
    all.runs.act = async (engine) => {
      await engine.start(file);
      engine.answer((record) => (record.target === 'b' ? oneFails(record) : {}));
      return engine.finished();
    };
    const request = all.request();
    await all.runner.run(request, all.token);
    assert.deepEqual(
      all.testRuns.map(({ name, request: of }) => [name, of === request]),
      [
        ['a', true],
        ['b', true],
      ],
    );
    assert.deepEqual(
      all.log.filter((line) => !/enqueued|started/.test(line)).map((line) => line.split('\n')[0]),
      ['a: passed one > a', 'a: passed two > a', 'b: failed one > b', 'b: passed two > b', 'a: end', 'b: end'],
    );
    assert.match(all.testRuns[1]?.text ?? '', /✗ one/);
    assert.doesNotMatch(all.testRuns[0]?.text ?? '', /✗ one/);
  });

  it('waits for every repeat, and counts them', async () => {
    const all = harness();
    const file = all.put(QUALITY.replace('cases:', 'repeat: 3\ncases:'));
    all.runs.act = async (engine) => {
      await engine.start(file);
      engine.answer((record) => (record.repeat === 1 ? oneFails(record) : {}));
      return engine.finished();
    };
    await run(all);
    assert.deepEqual(
      all.log.filter((line) => /failed|passed/.test(line)),
      ['sim: failed one\n    @9 1 of 3 answers: contains: does not contain "a" [a | xyz]', 'sim: passed two'],
    );
    assert.equal(all.testRuns[0]?.durations.get('one'), 300);
    assert.match(all.testRuns[0]?.text ?? '', /✗ one \(sim, answer 2, 100 ms\)/);
  });

  it('has a message for each failed assertion, at its place, turns and sets included', async () => {
    const all = harness();
    const text = `name: Chat
prompt: Be brief.
endpoints: [sim]
cases:
  - name: one
    turns:
      - user: hi
        assert: [{ contains: hello }]
      - user: bye
    assert:
      - assert-set:
          assert:
            - contains: x
            - contains: y
      - { type: contains, value: z, severity: warning }
`;
    const file = all.put(text);
    all.runs.act = async (engine) => {
      await engine.start(file);
      engine.answer(() => ({
        outcome: 'failed',
        turns: [
          { request: '1', user: 'hi', answer: 'yo' },
          { request: '2', user: 'bye', answer: 'an answer' },
        ],
        assertions: [
          failing({ pointer: '/cases/0/turns/0/assert/0', reason: 'does not contain "hello"', name: 'greets' }),
          failing({
            pointer: '/cases/0/assert/0',
            type: 'assert-set',
            reason: '1 of 2 hold',
            members: [
              assertion('/cases/0/assert/0/assert-set/assert/0'),
              failing({ pointer: '/cases/0/assert/0/assert-set/assert/1', reason: 'does not contain "y"' }),
            ],
          }),
          failing({ pointer: '/cases/0/assert/1', severity: 'warning', reason: 'does not contain "z"' }),
        ],
      }));
      return engine.finished();
    };
    await run(all);
    assert.deepEqual(all.log.find((line) => line.includes('failed'))?.split('\n    '), [
      'sim: failed one',
      '@8 greets (contains): does not contain "hello"',
      '@11 assert-set: 1 of 2 hold\n  contains: does not contain "y"',
    ]);
    const output = all.testRuns[0]?.text ?? '';
    assert.match(output, /user: hi\r\n {4}yo\r\n {2}user: bye\r\n/);
    assert.match(output, /✗ warning: contains: does not contain "z"/);
  });

  it('calls errored what could not be judged, and skipped what the file leaves out', async () => {
    const all = harness();
    const file = all.put(QUALITY.replace('  - name: two', '  - name: two\n    skip: not now'));
    all.runs.act = async (engine) => {
      await engine.start(file);
      engine.answer(({ name }) =>
        name === 'one' ? { outcome: 'error', reason: 'HTTP 500: it broke', answer: null } : {},
      );
      return engine.finished({ verdict: 'error' });
    };
    await run(all);
    assert.deepEqual(all.log, [
      'sim: enqueued one',
      'sim: enqueued two',
      'sim: started one',
      'sim: errored one\n    @6 HTTP 500: it broke',
      'sim: skipped two',
      'sim: end',
    ]);
    assert.match(all.testRuns[0]?.text ?? '', /○ two \(sim, 100 ms\)\r\n {2}not now/);
  });

  it('skips the cases that an "only" elsewhere leaves out', async () => {
    const all = harness();
    const file = all.put(QUALITY.replace('  - name: two', '  - name: two\n    only: true'));
    all.runs.act = async (engine) => {
      await engine.start(file);
      engine.answer();
      return engine.finished();
    };
    await run(all);
    assert.deepEqual(all.log.slice(2), ['sim: started two', 'sim: passed two', 'sim: skipped one', 'sim: end']);
  });

  it('decides the SLOs on all cases only where all of them ran to the end', async () => {
    const all = harness();
    const file = all.put(`${QUALITY}slo: ["quality.pass_rate >= 90%", "ttft.p50 <= 1s"]\n`);
    const quality = slo('/slo/0', {
      expr: 'quality.pass_rate >= 90%',
      value: 0.5,
      limit: 0.9,
      verdict: 'fail',
      n: 2,
      reason: '40 points under',
    });
    let status: 'completed' | 'stopped' = 'completed';
    all.runs.act = async (engine) => {
      await engine.start(file);
      engine.emit({ type: 'stage-finished', target: 'sim', stage: stage('cases', null, [slo('/slo/1')]) });
      engine.emit({ type: 'quality', target: 'sim', quality: { slo: [quality] } as never });
      engine.answer();
      return engine.finished({ status });
    };
    await run(all, [all.item('Chat', 'SLOs')]);
    assert.deepEqual(all.runs.requests.at(-1), { uri: file.uri, what: 'cases' });
    assert.ok(
      all.log.includes(
        'sim: failed SLOs\n    @12 quality.pass_rate >= 90%: 50%, 40 points under · n 2 [at least 90% | 50%]',
      ),
      all.log.join('\n'),
    );
    assert.match(all.testRuns[0]?.text ?? '', /SLOs on all cases:\r\n {2}✓ ttft.p99 <= 200ms: 184 ms/);
    status = 'stopped';
    all.log.length = 0;
    await run(all);
    assert.ok(all.log.includes('sim: skipped SLOs'), all.log.join('\n'));
  });

  describe('of load', () => {
    it('has the SLOs of a stage as messages with value and limit', async () => {
      const all = harness();
      const file = all.put(TEXT);
      const missed = slo('/load/0/slo/0', { value: 231, verdict: 'fail', reason: '31 ms over' });
      all.runs.act = async (engine) => {
        await engine.start(file);
        const started = { warmupMs: 0, cooldownMs: 0, rate: 5, slos: [], plannedMs: 10_000, plannedRequests: null };
        engine.emit({ type: 'stage-started', target: 'sim', stage: 'steady', pattern: 'constant', ...started });
        engine.emit({ type: 'stage-finished', target: 'sim', stage: stage('steady', '/load/0', [missed]) });
        return engine.finished({ verdict: 'fail' });
      };
      await run(all, [all.item('Chat', 'load')]);
      assert.deepEqual(all.runs.requests, [{ uri: file.uri, what: 'load' }]);
      assert.deepEqual(all.log, [
        'sim: enqueued load > steady',
        'sim: started load > steady',
        'sim: failed load > steady\n    @13 ttft.p99 <= 200ms: 231 ms, 31 ms over · p99 of 478 [at most 200 ms | 231 ms]',
        'sim: end',
      ]);
      assert.match(all.testRuns[0]?.text ?? '', /steady \(sim\): 80 requests, 8\/s\r\n {2}✗ ttft.p99 <= 200ms: 231 ms/);
    });

    const stageText = TEXT.replace(
      /pattern: constant, rate: 5\/s, duration: 10s/,
      'pattern: concurrent, concurrency: [1, 2], requests: 9',
    );
    const outcomes: [string, Parameters<typeof stage>[3], ReturnType<typeof slo>[], string][] = [
      ['passed', {}, [slo('/load/0/slo/0')], 'passed'],
      [
        'errored',
        {},
        [slo('/load/0/slo/0', { verdict: 'inconclusive', value: null, reason: '12 samples are too few' })],
        'errored',
      ],
      ['passed', {}, [slo('/load/0/slo/0', { verdict: 'fail', severity: 'warning' })], 'passed'],
      ['errored', { flags: ['client_limited'] }, [], 'errored'],
      ['skipped', { flags: ['stopped'] }, [slo('/load/0/slo/0')], 'skipped'],
      [
        'errored',
        {
          counts: { scheduled: 3, completed: 0, failed: 3, timed_out: 0, cancelled: 0, truncated: 0 },
          errors: [{ kind: 'http', count: 3, example: 'HTTP 500' }],
        },
        [],
        'errored',
      ],
    ];
    for (const [expected, part, slos, state] of outcomes) {
      it(`is ${expected} with ${JSON.stringify(part)} and ${slos.map(({ verdict, severity }) => `${severity} ${verdict}`).join()}, over its sub-stages`, async () => {
        const all = harness();
        const file = all.put(stageText);
        all.runs.act = async (engine) => {
          const plan = await engine.start(file);
          const names = plan.targets[0]?.stages.map(({ name }) => name) ?? [];
          assert.equal(names.length, 2);
          engine.emit({
            type: 'stage-finished',
            target: 'sim',
            stage: stage(names[0] ?? '', '/load/0', [slo('/load/0/slo/0')]),
          });
          assert.ok(all.log.every((line) => line.includes('enqueued')));
          engine.emit({ type: 'stage-finished', target: 'sim', stage: stage(names[1] ?? '', '/load/0', slos, part) });
          return engine.finished();
        };
        await run(all, [all.item('Chat', 'load', 'steady')]);
        assert.match(all.log.at(-2) ?? '', new RegExp(`^sim: ${state} load > steady`));
      });
    }

    it('is decided by what the steps of a search say together', async () => {
      const all = harness();
      const file = all.put(
        TEXT.replace(
          /pattern: constant, rate: 5\/s, duration: 10s/,
          'pattern: capacity, from: 1/s, to: 8/s, duration: 10s',
        ),
      );
      all.runs.act = async (engine) => {
        await engine.start(file);
        const missed = [slo('/load/0/slo/0', { verdict: 'fail' })];
        for (const name of ['steady at 1/s', 'steady at 8/s']) {
          engine.emit({
            type: 'stage-finished',
            target: 'sim',
            stage: stage(name, '/load/0', missed, { part_of: 'steady' }),
          });
        }
        assert.deepEqual(all.log, ['sim: enqueued load > steady']);
        const curve = {
          stage: 'steady',
          pointer: '/load/0',
          kind: 'capacity',
          verdict: 'fail',
          conclusion: 'Not even 1/s meets the SLOs.',
        };
        engine.emit({ type: 'curve', target: 'sim', curve: curve as never });
        return engine.finished();
      };
      await run(all, [all.item('Chat', 'load')]);
      assert.deepEqual(all.log.slice(1), [
        'sim: failed load > steady\n    @13 steady: Not even 1/s meets the SLOs.',
        'sim: end',
      ]);
      assert.equal(all.testRuns[0]?.durations.get('load > steady'), 18_000);
    });
  });

  describe('of a dataset', () => {
    const DATA = 'name: Chat\nprompt: "{{ q }}"\nendpoints: [sim]\ndataset: rows.csv\nassert: [{ contains: a }]\n';
    const csv = (n: number): string => `q\n${Array.from({ length: n }, (_, i) => `question ${i}`).join('\n')}\n`;

    it('shows its rows, once they are known, and runs one of them', async () => {
      const all = harness();
      const file = all.put(DATA);
      all.runs.act = async (engine) => {
        await engine.start(file, { '/w/rows.csv': csv(3) });
        engine.answer(({ case: pointer, name }) =>
          name.includes('question 1')
            ? { outcome: 'failed', assertions: [failing({ pointer: `${pointer.replace(/.*/, '')}/assert/0` })] }
            : {},
        );
        return engine.finished();
      };
      await run(all);
      const rows = 'rows.csv > q: question';
      assert.deepEqual(all.log, [
        'sim: enqueued rows.csv',
        `sim: enqueued ${rows} 0`,
        `sim: enqueued ${rows} 1`,
        `sim: enqueued ${rows} 2`,
        `sim: started ${rows} 0`,
        `sim: passed ${rows} 0`,
        `sim: started ${rows} 1`,
        `sim: failed ${rows} 1\n    @5 contains: does not contain "a"`,
        `sim: started ${rows} 2`,
        `sim: passed ${rows} 2`,
        'sim: end',
      ]);
      await run(all, [all.item('Chat', 'rows.csv', 'q: question 1')]);
      assert.deepEqual(all.runs.requests.at(-1), { uri: file.uri, what: 'case', id: 'q: question 1' });
      assert.equal(all.item('Chat', 'rows.csv').children.size, 3);
    });

    it('counts its rows where they are many', async () => {
      const all = harness();
      const file = all.put(DATA);
      all.runs.act = async (engine) => {
        await engine.start(file, { '/w/rows.csv': csv(1_010) });
        engine.answer(({ name }) =>
          name.endsWith('7') ? { outcome: 'failed', assertions: [failing({ pointer: '/assert/0' })] } : {},
        );
        return engine.finished();
      };
      await run(all);
      assert.deepEqual(all.log.slice(0, 2), ['sim: enqueued rows.csv', 'sim: started rows.csv']);
      const [state, first, second, ...more] = (all.log[2] ?? '').split('\n    ');
      assert.equal(state, 'sim: failed rows.csv');
      assert.equal(first, '@4 101 of 1010 rows did not pass.');
      assert.equal(second, '@5 q: question 7: contains: does not contain "a"');
      assert.equal(more.length, 19);
      assert.equal(all.log.length, 4);
      // Only rows that did not pass, and not all of those.
      assert.equal(all.testRuns[0]?.text.match(/^[✓✗] q: question/gm)?.length, 100);
      assert.doesNotMatch(all.testRuns[0]?.text ?? '', /✓/);
    });

    it('knows the row that several cases come from', async () => {
      const all = harness();
      const file = all.put(DATA.replace('dataset: rows.csv', 'dataset: rows.jsonl'));
      const rows = '{"name":"both","vars":{"q":["x","y"]},"expand":true}\n{"name":"single","vars":{"q":"z"}}\n';
      all.runs.act = async (engine) => {
        await engine.start(file, { '/w/rows.jsonl': rows });
        engine.answer();
        return engine.finished();
      };
      await run(all);
      assert.deepEqual(
        all.log.filter((line) => line.includes('passed')),
        ['sim: passed rows.jsonl > both', 'sim: passed rows.jsonl > single'],
      );
      await run(all, [all.item('Chat', 'rows.jsonl', 'both')]);
      assert.deepEqual(all.runs.requests.at(-1), { uri: file.uri, what: 'case', id: 'both' });
    });
  });

  it('runs several files one after the other, in the same test runs', async () => {
    const all = harness();
    const files = ['/w/a.eval.yaml', '/w/b.eval.yaml'].map((path) =>
      all.put(QUALITY.replace('name: Chat', `name: ${path[3]}`), path),
    );
    let running = 0;
    all.runs.act = async (engine) => {
      assert.equal(++running, 1);
      await engine.start(files.find(({ uri }) => uri === engine.request.uri)!);
      engine.answer();
      const end = engine.finished();
      running--;
      return end;
    };
    await run(all);
    assert.deepEqual(
      all.runs.requests.map(({ uri }) => uri.path),
      ['/w/a.eval.yaml', '/w/b.eval.yaml'],
    );
    assert.deepEqual(
      all.testRuns.map(({ name }) => name),
      ['sim'],
    );
    assert.deepEqual(all.log.filter((line) => line.includes('passed')).length, 4);
    assert.equal(all.log.at(-1), 'sim: end');
  });

  it('says why it was refused, at each test', async () => {
    const all = harness();
    all.put(QUALITY);
    all.runs.act = (engine) => Promise.resolve(engine.refused('"Other" is running. Runs in one window take turns.'));
    await run(all);
    assert.deepEqual(all.log, [
      'sim: enqueued one',
      'sim: enqueued two',
      'sim: errored one\n    @6 "Other" is running. Runs in one window take turns.',
      'sim: errored two\n    @10 "Other" is running. Runs in one window take turns.',
      'sim: end',
    ]);
    assert.match(all.testRuns[0]?.text ?? '', /is running/);
  });

  it('survives a fault of our own, and ends', async () => {
    const all = harness();
    all.put(QUALITY);
    all.runs.act = () => Promise.reject(new Error('a slip'));
    await run(all);
    assert.deepEqual(all.log.slice(2), [
      'sim: errored one\n    @6 a slip',
      'sim: errored two\n    @10 a slip',
      'sim: end',
    ]);
    assert.equal(all.errors.length, 1);
  });

  it('keeps what was answered when the engine dies, and calls the rest errored', async () => {
    const all = harness();
    const file = all.put(QUALITY);
    all.runs.act = async (engine) => {
      await engine.start(file);
      engine.emit({ type: 'case-finished', record: caseRecord({ name: 'one' }), durationMs: 5 });
      return engine.failed('The engine died (SIGKILL).');
    };
    await run(all);
    assert.deepEqual(all.log.slice(2), [
      'sim: started one',
      'sim: passed one',
      'sim: errored two\n    @10 The engine died (SIGKILL).',
      'sim: end',
    ]);
  });

  it('goes on with a file that is deleted while it runs, and drops it then', async () => {
    const all = harness();
    const file = all.put(QUALITY);
    all.runs.act = async (engine) => {
      await engine.start(file);
      all.tree.remove(file.uri.toString());
      engine.answer();
      return engine.finished();
    };
    await run(all);
    assert.deepEqual(all.log.slice(2), [
      'sim: started one',
      'sim: passed one',
      'sim: started two',
      'sim: passed two',
      'sim: end',
    ]);
    assert.equal(all.host.items.size, 0);
  });

  it('goes on with a file that becomes invalid while it runs', async () => {
    const all = harness();
    const file = all.put(QUALITY);
    all.runs.act = async (engine) => {
      await engine.start(file);
      all.put('name: [');
      engine.answer(oneFails);
      return engine.finished();
    };
    await run(all);
    assert.deepEqual(
      all.log.slice(2).map((line) => line.split('\n')[0]),
      ['sim: started one', 'sim: failed one', 'sim: started two', 'sim: passed two', 'sim: end'],
    );
    assert.match(all.log[3] ?? '', /@8 contains/);
  });

  it('says of a target that could not be reached why', async () => {
    const all = harness();
    const file = all.put(TEXT);
    all.runs.act = async (engine) => {
      await engine.start(file);
      const error = { code: 'endpoint_unreachable', message: 'Nothing listens on 127.0.0.1:1.' };
      engine.answer(() => ({ outcome: 'error', reason: error.message, answer: null }));
      return engine.finished({ verdict: 'error', targets: [{ id: 'sim', error } as never] });
    };
    await run(all);
    assert.deepEqual(all.log.slice(-2), [
      'sim: errored load > steady\n    @13 Nothing listens on 127.0.0.1:1.',
      'sim: end',
    ]);
    assert.match(all.testRuns[0]?.text ?? '', /! sim: Nothing listens/);
  });

  it('says nothing of what was left when its budget was spent', async () => {
    const all = harness();
    const file = all.put(QUALITY);
    all.runs.act = async (engine) => {
      await engine.start(file);
      engine.emit({ type: 'case-finished', record: caseRecord({ name: 'one' }), durationMs: 5 });
      return engine.finished({ status: 'stopped', status_reason: 'budget: $0.50' });
    };
    await run(all);
    assert.deepEqual(all.log.slice(3), ['sim: passed one', 'sim: skipped two', 'sim: end']);
    assert.match(all.testRuns[0]?.text ?? '', /○ 1 not run: the run was stopped \(budget: \$0\.50\)/);
  });

  describe('that is cancelled', () => {
    it('stops the engine, skips what is open and ends', async () => {
      const all = harness();
      const file = all.put(QUALITY);
      all.runs.act = async (engine) => {
        await engine.start(file);
        engine.emit({ type: 'case-finished', record: caseRecord({ name: 'one' }), durationMs: 5 });
        all.token.cancel();
        assert.equal(engine.options.signal?.aborted, true);
        return engine.finished({ status: 'stopped', status_reason: 'cancelled' });
      };
      await run(all);
      assert.deepEqual(all.log.slice(3), ['sim: passed one', 'sim: skipped two', 'sim: end']);
    });

    it('runs none of the files that were still to come', async () => {
      const all = harness();
      const file = all.put(QUALITY, '/w/a.eval.yaml');
      all.put(QUALITY, '/w/b.eval.yaml');
      all.runs.act = async (engine) => {
        await engine.start(file);
        all.testRuns[0]?.token.cancel();
        return engine.finished({ status: 'stopped' });
      };
      await run(all);
      assert.equal(all.runs.requests.length, 1);
      assert.deepEqual(all.log.slice(4), [
        ...Array.from({ length: 2 }, () => ['sim: skipped one', 'sim: skipped two']).flat(),
        'sim: end',
      ]);
    });

    it('before it has begun runs nothing', async () => {
      const all = harness();
      all.put(QUALITY);
      all.token.cancel();
      await run(all);
      assert.deepEqual(all.runs.requests, []);
      assert.deepEqual(all.log.slice(2), ['sim: skipped one', 'sim: skipped two', 'sim: end']);
    });

    it('while it is being prepared is refused without a word', async () => {
      const all = harness();
      all.put(QUALITY);
      all.runs.act = (engine) => {
        all.token.cancel();
        return Promise.resolve(engine.refused(null));
      };
      await run(all);
      assert.deepEqual(all.log.slice(2), ['sim: skipped one', 'sim: skipped two', 'sim: end']);
    });

    it('ends although the engine does not', async () => {
      const all = harness();
      const file = all.put(QUALITY);
      let end = (): void => undefined;
      all.runs.act = async (engine) => {
        await engine.start(file);
        return new Promise((resolve) => {
          end = () => resolve(engine.finished({ status: 'stopped' }));
        });
      };
      const running = run(all);
      while (all.log.length < 2 || all.runs.requests.length === 0) await new Promise(setImmediate);
      await new Promise((resolve) => setTimeout(resolve, 20));
      all.token.cancel();
      await new Promise(setImmediate);
      assert.deepEqual(all.log.length, 2);
      all.clock.advance(8_000);
      await running;
      assert.deepEqual(all.log.slice(2), ['sim: skipped one', 'sim: skipped two', 'sim: end']);
      // What the engine still says, and its end, reach nobody: the fake throws where anything is reported.
      end();
      assert.deepEqual(all.errors, []);
      assert.equal(all.clock.pending, 0);
    });
  });

  describe('that was started elsewhere', () => {
    it('shows in the tests, too, of what it runs', async () => {
      const all = harness();
      const file = all.put(QUALITY);
      all.runs.act = async (engine) => {
        await engine.start(file);
        engine.answer(oneFails);
        return engine.finished();
      };
      await all.runs.run({ uri: file.uri, what: 'case', id: 'one' });
      assert.deepEqual(
        all.log.map((line) => line.split('\n')[0]),
        ['sim: enqueued one', 'sim: started one', 'sim: failed one', 'sim: end'],
      );
      assert.deepEqual(
        all.testRuns[0]?.request.include?.map(({ label }) => label),
        ['one'],
      );
      await all.runs.run({ uri: file.uri, what: 'file' });
      assert.deepEqual(
        all.testRuns[1]?.request.include?.map(({ label }) => label),
        ['Chat'],
      );
      assert.deepEqual(
        all.log
          .slice(-5)
          .map((line) => line.split('\n')[0])
          .sort(),
        ['sim: end', 'sim: failed one', 'sim: passed two', 'sim: started one', 'sim: started two'],
      );
    });

    it('on an endpoint that the file does not name shows nowhere', async () => {
      const all = harness();
      const file = all.put(QUALITY);
      const other = parsed(QUALITY.replace('[sim]', '[{ name: other, api: sim }]'), '/w/chat.eval.yaml');
      all.runs.act = async (engine) => {
        await engine.start(other);
        engine.answer();
        return engine.finished();
      };
      await all.runs.run({ uri: file.uri, what: 'file' });
      assert.deepEqual([all.log, all.errors], [[], []]);
    });

    it('of a file that is not in the tree shows nowhere', async () => {
      const all = harness();
      const file = all.put(QUALITY);
      all.tree.remove(file.uri.toString());
      all.runs.act = async (engine) => {
        await engine.start(file);
        engine.answer();
        return engine.finished();
      };
      await all.runs.run({ uri: file.uri, what: 'file' });
      assert.deepEqual([all.log, all.errors], [[], []]);
    });

    it('ends when the window closes', async () => {
      const all = harness();
      const file = all.put(QUALITY);
      all.runs.act = async (engine) => {
        await engine.start(file);
        all.runner.dispose();
        engine.answer();
        return engine.finished();
      };
      await all.runs.run({ uri: file.uri, what: 'file' });
      assert.deepEqual(all.log, ['sim: enqueued one', 'sim: enqueued two', 'sim: end']);
    });
  });

  describe('to debug', () => {
    it('runs one case on one target, and prints everything', async () => {
      const all = harness();
      const file = all.put(TWO);
      all.runs.act = async (engine) => {
        const plan = await engine.start(file);
        assert.equal(plan.trace, true);
        engine.emit({
          type: 'trace',
          target: 'b',
          case: '/cases/0',
          repeat: 0,
          record: {
            id: 'b/cases/0',
            target: 'b',
            stage: 'cases',
            index: 0,
            phase: 'measured',
            outcome: 'completed',
            scheduled: 0,
            sent: 10,
            headers: 50,
            first: 110,
            first_answer: 110,
            last: 130,
            end: 131,
            connect_ms: null,
            itl: [20],
            input_tokens: 7,
            output_tokens: 2,
            cached_input_tokens: null,
            reasoning_tokens: null,
            tokens_source: 'usage',
            events: 2,
            finish_reason: 'stop',
            status: 200,
            cost: null,
          },
          attempts: [
            {
              attempt: 1,
              request: {
                method: 'POST',
                path: '/v1/chat/completions',
                headers: [['authorization', '[redacted]']],
                body: '{"model":"m"}',
              },
              response: { status: 200, headers: [['content-type', 'text/event-stream']] },
              events: [
                { atMs: 100, kind: 'answer', text: 'x' },
                { atMs: 120, kind: 'answer', text: '\nyz' },
              ],
              eventsLeftOut: 0,
              received: 'data: ...',
              cut: false,
            },
          ],
        });
        engine.answer((record) => ({
          ...oneFails(record),
          assertions: [failing({ judge: { calls: 2, input_tokens: 9, output_tokens: 4, cost: 0.002 } })],
        }));
        return engine.finished();
      };
      await all.runner.debug(all.request([all.item('Chat', 'one', 'b'), all.item('Chat', 'two')]), all.token);
      assert.deepEqual(all.runs.requests, [{ uri: file.uri, what: 'case', id: 'one', targets: ['b'], trace: true }]);
      assert.deepEqual(
        all.log.map((line) => line.split('\n')[0]),
        ['b: enqueued one > b', 'b: started one > b', 'b: failed one > b', 'b: end'],
      );
      const text = all.testRuns[0]?.text ?? '';
      for (const part of [
        'Debug runs one case on one target: 2 more were chosen and are left out.',
        'POST /v1/chat/completions',
        'authorization: [redacted]',
        '{\r\n  "model": "m"\r\n}',
        'response 200',
        '     100.0  "x"',
        '     120.0  "\\nyz"',
        '  first token (TTFT)   100 ms',
        '  gaps                 1, mean 20 ms, median 20 ms, largest 20 ms',
        '  connect              none, the connection was open',
        '  output tokens        2',
        '─── answer ───\r\nxyz',
        'failed: contains\r\n  value: a\r\n  reason: does not contain "a"\r\n  score: 0\r\n',
        '  judge: 2 calls, 9 tokens in, 4 out, $0.002',
      ]) {
        assert.ok(text.includes(part), `${part}\n--- is not in\n${text}`);
      }
    });

    it('shows the body of an answer that could not be read', async () => {
      const all = harness();
      const file = all.put(QUALITY);
      all.runs.act = async (engine) => {
        await engine.start(file);
        engine.emit({
          type: 'trace',
          target: 'sim',
          case: '/cases/0',
          repeat: 0,
          record: {
            sent: 0,
            first: null,
            first_answer: null,
            last: null,
            end: 5,
            headers: 4,
            connect_ms: 1,
            itl: [],
            output_tokens: null,
            input_tokens: null,
            tokens_source: null,
            finish_reason: null,
            error: { kind: 'http_500', message: 'HTTP 500: It broke.' },
          } as never,
          attempts: [
            {
              attempt: 1,
              request: { method: 'POST', path: '/', headers: [], body: 'no JSON' },
              response: { status: 500, headers: [] },
              events: [],
              eventsLeftOut: 0,
              received: 'It broke.\nBadly.',
              cut: false,
            },
          ],
        });
        engine.answer(() => ({ outcome: 'error', reason: 'HTTP 500: It broke.', answer: null }));
        return engine.finished();
      };
      await all.runner.debug(all.request([all.item('Chat', 'one')]), all.token);
      const text = all.testRuns[0]?.text ?? '';
      assert.ok(text.includes('body as received:\r\n  It broke.\r\n  Badly.\r\n'), text);
      assert.ok(text.includes('! http_500: HTTP 500: It broke.'), text);
      assert.ok(text.includes('no JSON'), text);
    });

    it('says what it is for where no case was chosen', async () => {
      const all = harness();
      all.put(TEXT);
      await all.runner.debug(all.request([all.item('Chat', 'load', 'steady')]), all.token);
      assert.deepEqual(all.runs.requests, []);
      assert.deepEqual(all.log.slice(1), [
        'sim: errored load > steady\n    @13 Debug shows the full trace of one case: choose a case.',
        'sim: end',
      ]);
    });
  });
});
