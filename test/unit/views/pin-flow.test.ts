import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { pinnedFolder } from '../../../src/core/compare/pinned-path';
import { PromptrigError } from '../../../src/core/util/errors';
import { adviceOf, PinFlow } from '../../../src/extension/commands/pin-flow';
import type { RunJson } from '../../../src/protocol/run-json';
import { simulate, store, wholePlan } from '../merge/simulated';
import { removeTempDirs, tempDir } from '../support/temp';

const EVAL = 'evals/chat.eval.yaml';

describe('pinning a run in the editor', () => {
  let root: string;
  let said: { kind: string; message: string; actions: Record<string, () => unknown> }[];
  let asked: { question: string; detail: string; yes: string }[];
  let answer: boolean;
  let shown: string[];
  let changed: string[];
  let flow: PinFlow;

  after(removeTempDirs);
  beforeEach(() => {
    root = tempDir();
    said = [];
    asked = [];
    shown = [];
    changed = [];
    answer = true;
    flow = new PinFlow({
      tell: (kind, message, actions = {}) => said.push({ kind, message, actions }),
      confirm: (question, detail, yes) => {
        asked.push({ question, detail, yes });
        return Promise.resolve(answer);
      },
      showFiles: (files) => shown.push(...files),
      rootOf: (dir) => (dir.startsWith(root) ? root : null),
      changed: (dir) => changed.push(path.basename(dir)),
    });
  });

  /** A run of two targets. */
  function stored(name: string, change: (run: RunJson) => void = () => undefined): string {
    const dir = path.join(root, '.promptrig', 'runs', name);
    const plan = { ...wholePlan(dir, 2), source: { path: EVAL, sha256: 'abc' } };
    const run = store(plan, simulate(plan));
    run.id = name;
    for (const one of run.targets) {
      one.verdict = 'pass';
      for (const { client } of one.stages) client.limited = false;
    }
    change(run);
    fs.writeFileSync(path.join(dir, 'run.json'), JSON.stringify(run));
    return dir;
  }

  const last = () => said.at(-1) ?? assert.fail('nothing was said');
  const baselines = (): string[] =>
    fs.existsSync(pinnedFolder(root))
      ? fs
          .readdirSync(pinnedFolder(root), { recursive: true, encoding: 'utf8' })
          .filter((name) => name.endsWith('.yaml'))
      : [];

  it('says what was done, and shows the file', async () => {
    await flow.pin(stored('one'));
    assert.equal(asked.length, 0);
    assert.match(last().message, /^".+" is the baseline of evals\/chat\.eval\.yaml now\./);
    assert.deepEqual(changed, ['one']);
    last().actions['Show File']?.();
    assert.deepEqual(
      shown.map((file) => fs.existsSync(file)),
      baselines().map(() => true),
    );
    assert.ok(shown.length > 0);
  });

  it('asks before it replaces another, with what changes in numbers', async () => {
    await flow.pin(stored('one'));
    answer = false;
    const two = stored('two', (run) => {
      for (const { quality } of run.targets) if (quality !== null) quality.pass_rate = 0.25;
    });
    await flow.pin(two);
    assert.equal(asked.length, 1);
    assert.match(asked[0]?.question ?? '', /^Replace the baseline of evals\/chat\.eval\.yaml by ".+"\?$/);
    assert.match(
      asked[0]?.detail ?? '',
      /\(pinned .+\): .*[Pp]ass rate \S+ → 25%.* · TTFT p(99|50) \(.+\) .+ms → .+ms/,
    );
    assert.deepEqual(changed, ['one']);
    answer = true;
    await flow.pin(two);
    assert.deepEqual(changed, ['one', 'two']);
    await flow.pin(two);
    assert.match(last().message, /is the baseline of .* already\.$/);
    assert.deepEqual(changed, ['one', 'two']);
  });

  it('says what speaks against a run that crashed, and pins it where that is meant', async () => {
    const dir = stored('one', (run) => Object.assign(run, { status: 'crashed', status_reason: 'engine died' }));
    answer = false;
    await flow.pin(dir);
    assert.match(asked[0]?.detail ?? '', /^It crashed \(engine died\), so a part of it is missing\./);
    assert.equal(asked[0]?.yes, 'Pin Anyway');
    assert.deepEqual(baselines(), []);
    answer = true;
    await flow.pin(dir);
    assert.ok(baselines().length > 0);
  });

  it('refuses a run that goes on, one that cannot be read, and one of no folder', async () => {
    await flow.pin(stored('one', (run) => Object.assign(run, { status: 'running' })));
    assert.match(last().message, /^The run was not pinned: It has not ended yet\./);
    await flow.pin(path.join(root, 'gone'));
    assert.match(last().message, /^The run was not pinned: .*run\.json could not be read/);
    await flow.pin(tempDir());
    assert.match(last().message, /belongs to no folder of this window/);
    assert.deepEqual([asked.length, baselines().length, changed.length], [0, 0, 0]);
    assert.ok(said.every(({ kind }) => kind === 'error'));
  });

  it('says that a file holds a merge conflict before it takes the place of both sides', async () => {
    await flow.pin(stored('one'));
    for (const name of baselines()) {
      const file = path.join(pinnedFolder(root), name);
      const text = fs.readFileSync(file, 'utf8');
      fs.writeFileSync(file, text.replace(/^ {2}run: .*$/m, '<<<<<<< HEAD\n  run: one\n=======\n  run: x\n>>>>>>> b'));
    }
    await flow.unpin(path.join(root, '.promptrig', 'runs', 'one'));
    assert.match(last().message, /^The run was not unpinned: .* holds both sides of a merge conflict/);
    await flow.pin(stored('two'));
    assert.match(asked[0]?.detail ?? '', /holds both sides of a merge; this run takes the place of both\./);
    for (const name of baselines())
      assert.doesNotMatch(fs.readFileSync(path.join(pinnedFolder(root), name), 'utf8'), /<<<<</);
  });

  it('says what to do where nothing can be written', async () => {
    const dir = stored('one');
    fs.writeFileSync(pinnedFolder(root), 'a file in its place');
    await flow.pin(dir);
    assert.equal(last().kind, 'error');
    assert.match(last().message, /^The run was not pinned: /);
    const cause = Object.assign(new Error('EROFS'), { code: 'EROFS' });
    const advice = adviceOf(new PromptrigError('results_write', 'x', { cause }), '/project');
    assert.match(advice, /baselines is read-only\. .*make it writable\.$/);
  });

  it('takes a pin away, and that back', async () => {
    const dir = stored('one');
    await flow.unpin(dir);
    assert.equal(last().message, 'The run is not pinned.');
    await flow.pin(dir);
    const before = baselines();
    await flow.unpin(dir);
    assert.deepEqual(baselines(), []);
    await last().actions.Undo?.();
    assert.deepEqual(baselines(), before);
    assert.deepEqual(changed, ['one', 'one', 'one']);
  });
});
