import assert from 'node:assert/strict';
import type { TestItem } from 'vscode';
import { harness, type Harness } from './support';

const TEXT = `name: Chat
prompt: "Q: {{ q }}"
endpoints: [{ name: a, api: sim }, { name: b, api: sim }]
vars: { q: hi }
cases:
  - { name: one, assert: [{ contains: a }] }
  - { name: two, assert: [{ contains: a }] }
dataset: rows.csv
load:
  - { name: slow, pattern: sync, requests: 3 }
  - { name: fast, pattern: constant, rate: 9/s, requests: 3 }
slo: ["quality.pass_rate >= 50%"]
`;

/** The requests that a choice comes to, without their URI. */
async function requestsOf(all: Harness, include?: TestItem[], exclude?: TestItem[]): Promise<object[]> {
  all.runs.requests.length = 0;
  await all.runner.run(all.request(include, exclude), all.token);
  return all.runs.requests.map(({ uri, ...rest }) => {
    assert.equal(uri.path, '/w/chat.eval.yaml');
    return rest;
  });
}

describe('what was chosen in the Test Explorer', () => {
  let all: Harness;
  beforeEach(() => {
    all = harness();
    all.put(TEXT);
  });

  it('is one run where it is all of a file', async () => {
    assert.deepEqual(await requestsOf(all), [{ what: 'file' }]);
    assert.deepEqual(await requestsOf(all, [all.item('Chat')]), [{ what: 'file' }]);
    assert.deepEqual(await requestsOf(all, [all.item('Chat'), all.item('Chat', 'one')]), [{ what: 'file' }]);
  });

  it('is the load, or the cases, without the other', async () => {
    assert.deepEqual(await requestsOf(all, [all.item('Chat', 'load')]), [{ what: 'load' }]);
    assert.deepEqual(await requestsOf(all, undefined, [all.item('Chat', 'load')]), [{ what: 'cases' }]);
    assert.deepEqual(await requestsOf(all, [all.item('Chat', 'load', 'slow')]), [{ what: 'stage', id: 'slow' }]);
  });

  it('is some cases by their ids', async () => {
    assert.deepEqual(await requestsOf(all, [all.item('Chat', 'two')]), [{ what: 'case', id: 'two' }]);
    assert.deepEqual(await requestsOf(all, [all.item('Chat', 'one'), all.item('Chat', 'rows.csv')]), [
      { what: 'case', ids: ['one', '/dataset'] },
    ]);
    const load = all.item('Chat', 'load');
    assert.deepEqual(
      await requestsOf(all, [all.item('Chat')], [all.item('Chat', 'one'), load, all.item('Chat', 'SLOs')]),
      [{ what: 'case', ids: ['two', '/dataset'] }],
    );
  });

  it('is cases before load, in runs of their own: a choice of cases must not narrow what a stage draws from', async () => {
    assert.deepEqual(await requestsOf(all, [all.item('Chat', 'load'), all.item('Chat', 'one')]), [
      { what: 'case', id: 'one' },
      { what: 'load' },
    ]);
  });

  it('is some targets, and no more answers than were asked for', async () => {
    assert.deepEqual(await requestsOf(all, [all.item('Chat', 'one', 'b')]), [
      { what: 'case', id: 'one', targets: ['b'] },
    ]);
    assert.deepEqual(
      await requestsOf(all, [all.item('Chat', 'one', 'a'), all.item('Chat', 'two', 'a'), all.item('Chat', 'rows.csv')]),
      [
        { what: 'case', ids: ['one', 'two'], targets: ['a'] },
        { what: 'case', id: '/dataset' },
      ],
    );
    assert.deepEqual(await requestsOf(all, [all.item('Chat', 'load', 'fast', 'a')]), [
      { what: 'stage', id: 'fast', targets: ['a'] },
    ]);
    assert.deepEqual(await requestsOf(all, undefined, [all.item('Chat', 'one', 'a'), all.item('Chat', 'load')]), [
      { what: 'cases', targets: ['b'] },
      { what: 'case', ids: ['two', '/dataset'], targets: ['a'] },
    ]);
  });

  it('is all cases where it is the SLOs on them', async () => {
    assert.deepEqual(await requestsOf(all, [all.item('Chat', 'SLOs')]), [{ what: 'cases' }]);
    assert.deepEqual(await requestsOf(all, [all.item('Chat', 'SLOs', 'a'), all.item('Chat', 'one')]), [
      { what: 'cases', targets: ['a'] },
      { what: 'case', id: 'one', targets: ['b'] },
    ]);
  });

  it('may be nothing', async () => {
    assert.deepEqual(await requestsOf(all, []), []);
    assert.deepEqual(all.log, ['-: end']);
    assert.deepEqual(await requestsOf(all, [all.item('Chat', 'one')], [all.item('Chat')]), []);
  });
});
