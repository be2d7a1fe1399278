import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { runCli } from '../../../src/cli/program';
import type { BaselineComparison, RunJson } from '../../../src/protocol/run-json';
import { simulate, store, wholePlan } from '../merge/simulated';
import { removeTempDirs, tempDir } from '../support/temp';
import { fakeIo, type FakeIo } from './fake-io';

const EVAL = 'evals/chat.eval.yaml';
const FILE = '.promptrig/baselines/evals/chat.eval/alpha.baseline.yaml';

interface Workspace {
  dir: string;
  /** Adds a run; `slower` is added to every instant at which an answer began. */
  add: (id: string, more?: { slower?: number; seed?: number; run?: Partial<RunJson> }) => void;
  cli: (...args: string[]) => Promise<FakeIo & { code: number }>;
}

function workspace(): Workspace {
  const dir = fs.realpathSync(tempDir());
  fs.mkdirSync(path.join(dir, '.git'));
  return {
    dir,
    add: (id, { slower = 0, seed = 3, run = {} } = {}) => {
      const plan = { ...wholePlan(path.join(dir, '.promptrig', 'runs', id), 20), runId: id };
      plan.source = { path: EVAL, sha256: 'abc' };
      plan.targets.pop();
      const recorded = simulate(plan, seed);
      const later = (ms: number | null): number | null => (ms === null ? null : ms + slower);
      const requests = recorded.requests.map((record) => ({
        ...record,
        first: later(record.first),
        first_answer: later(record.first_answer),
        last: later(record.last),
        end: record.end + slower,
      }));
      store(plan, { ...recorded, requests }, run);
    },
    cli: async (...args) => {
      const io = fakeIo({ cwd: dir });
      const code = await runCli(args, io);
      return Object.assign(io, { code });
    },
  };
}

describe('promptrig baseline', function () {
  this.timeout(30_000);
  after(removeTempDirs);

  it('pins a run by its id, its folder or as the last, and says where', async () => {
    const { dir, add, cli } = workspace();
    add('20260101T000000Z-chat-aaaa');
    for (const [name, words] of [
      ['aaaa', 'Pinned: alpha in'],
      ['last', 'Pinned anew: alpha in'],
      ['.promptrig/runs/20260101T000000Z-chat-aaaa', 'Pinned anew: alpha in'],
    ] as const) {
      const { code, stdout, stderr } = await cli('baseline', 'pin', name);
      assert.equal(code, 0, stderr.text);
      assert.equal(stdout.text, `${words} ${FILE}\nCommit it, so that CI holds the same line.\n`);
    }
    assert.match(fs.readFileSync(path.join(dir, FILE), 'utf8'), /^eval: .*chat\.eval\.yaml"?$/m);
    const { code, stderr } = await cli('baseline', 'pin', 'aaaa', '--target', 'gamma');
    assert.equal(code, 2);
    assert.match(stderr.text, /no target "gamma"\. It has alpha\./);
  });

  it('refuses a run that was stopped, unless it is forced', async () => {
    const { dir, add, cli } = workspace();
    add('one', { run: { status: 'stopped', status_reason: 'budget: enough' } });
    const refused = await cli('baseline', 'pin', 'one');
    assert.equal(refused.code, 2);
    assert.match(refused.stderr.text, /was not pinned\. It was stopped \(budget: enough\).* --force/);
    assert.ok(!fs.existsSync(path.join(dir, FILE)));
    const forced = await cli('baseline', 'pin', 'one', '--force');
    assert.equal(forced.code, 0);
    assert.match(forced.stderr.text, /warning: It was stopped/);
  });

  it('shows what is pinned: all of it, of an eval, of a folder, of a run, one file', async () => {
    const { dir, add, cli } = workspace();
    add('one');
    assert.match((await cli('baseline', 'show')).stderr.text, /Nothing is pinned for any eval.*baseline pin RUN/);
    await cli('baseline', 'pin', 'one');
    fs.mkdirSync(path.join(dir, 'evals'));
    fs.writeFileSync(path.join(dir, EVAL), 'prompt: x\n');
    for (const args of [[], [EVAL], ['evals'], ['one'], [FILE]]) {
      const { code, stdout, stderr } = await cli('baseline', 'show', ...args);
      assert.equal(code, 0, stderr.text);
      assert.match(stdout.text, /^evals\/chat\.eval\.yaml · alpha {2}[✓✗~] \w+$/m);
      assert.match(stdout.text, /^ {2}pinned .* from one$/m);
      assert.match(stdout.text, /^ {2}quality {2}\d+ of 13 cases always right/m);
      assert.match(stdout.text, /^ {2}slow {2}poisson 10\/s, 14 prompts · 200 requests/m);
      assert.match(stdout.text, /^ {4}ttft +[\d.]+ ms +[\d.]+ ms +[\d.]+ ms +[\d.]+ ms +\d+ +\d+$/m);
    }
    const shown = JSON.parse((await cli('baseline', 'show', '--format', 'json')).stdout.text) as { path: string }[];
    assert.deepEqual(
      shown.map((each) => each.path),
      [FILE],
    );
    assert.equal((await cli('baseline', 'show', 'nothing')).code, 2);
    fs.writeFileSync(path.join(dir, FILE), '<<<<<<< HEAD\n');
    const broken = await cli('baseline', 'show');
    assert.equal(broken.code, 2);
    assert.match(broken.stderr.text, /alpha\.baseline\.yaml:1:1: The baseline holds both sides of a merge conflict/);
  });

  it('holds a run against what is pinned: 0 where nothing is shown, 1 with the regressions first in words', async () => {
    const { add, cli } = workspace();
    add('before');
    assert.match((await cli('baseline', 'diff', 'before')).stderr.text, /Nothing is pinned .* baseline pin RUN/);
    await cli('baseline', 'pin', 'before');
    add('same', { seed: 4 });
    add('slow', { seed: 5, slower: 80 });
    const same = await cli('baseline', 'diff', 'same');
    assert.equal(same.code, 0, same.stdout.text);
    assert.match(same.stdout.text, /✓ no regression shown\n$/);
    const slow = await cli('baseline', 'diff', 'slow');
    assert.equal(slow.code, 1, slow.stdout.text);
    assert.match(
      slow.stdout.text,
      /^Against the baseline {2}before, pinned 20\d\d-\d\d-\d\d\n {2}✗ regression: alpha, "slow": ttft\.p50 is/m,
    );
    assert.match(
      slow.stdout.text,
      /^ {2}✗ {2}ttft\.p50 +slow +[\d.]+ ms +[\d.]+ ms +\+[\d.]+ ms \(\+[\d.]+%\) +\+[\d.]+ ms to \+[\d.]+ ms +[\d.]+ ms +regression, p/m,
    );
    assert.match(slow.stdout.text, /✗ \d+ regressions\n$/);
    const shown = JSON.parse(
      (await cli('baseline', 'diff', 'slow', '--format', 'json')).stdout.text,
    ) as BaselineComparison;
    assert.equal(shown.verdict, 'fail');
    assert.ok(shown.rows?.some(({ metric, verdict }) => metric === 'ttft' && verdict === 'regression'));
    assert.ok(!shown.rows?.some(({ metric, verdict }) => metric === 'itl' && verdict === 'regression'));
    const markdown = await cli('baseline', 'diff', 'slow', '--format', 'markdown');
    assert.match(markdown.stdout.text, /- ❌ worse: `alpha, "slow": ttft\.p50/);
    assert.match(markdown.stdout.text, /^\| ❌ \| <code>ttft&#46;p50<\/code> \|/m);
  });
});
