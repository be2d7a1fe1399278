import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { affectedEvals, SETTLE_MS, watchEvals, type Look } from '../../../src/cli/watch';
import { CliError } from '../../../src/cli/exit-code';
import { EvalWatch } from '../../../src/cli/watch-files';
import { FakeClock } from '../support/fake-clock';
import { removeTempDirs, tempDir } from '../support/temp';
import { makeWorkspace, startCli } from './spawn-cli';

const EVERY_MS = 400;

/** A workspace in memory: evals with the files they depend on, and the state of each file. */
class Workspace {
  evals: Record<string, string[]> = { a: ['a', 'shared', 'prompt'], b: ['b', 'shared'] };
  states: Record<string, string> = { a: '1', b: '1', shared: '1', prompt: '1' };

  look(): Look {
    return { evals: new Map(Object.entries(this.evals)), states: new Map(Object.entries(this.states)) };
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

function start(workspace: Workspace, during?: (round: number) => void) {
  const clock = new FakeClock();
  const controller = new AbortController();
  const rounds: string[][] = [];
  let waits = 0;
  const done = watchEvals({
    look: () => Promise.resolve(workspace.look()),
    run: (evals) => {
      rounds.push([...evals]);
      during?.(rounds.length);
      return Promise.resolve();
    },
    waiting: () => {
      waits++;
    },
    clock,
    everyMs: EVERY_MS,
    signal: controller.signal,
  });
  return {
    rounds,
    waits: () => waits,
    done,
    stop: () => controller.abort(),
    pass: async (ms: number) => {
      await settle();
      clock.advance(ms);
      await settle();
    },
  };
}

describe('watching', () => {
  it('runs everything once, then what a change is about, until it is stopped', async () => {
    const workspace = new Workspace();
    const watch = start(workspace);
    await watch.pass(EVERY_MS);
    assert.deepEqual(watch.rounds, [['a', 'b']]);
    workspace.states.prompt = '2';
    await watch.pass(EVERY_MS);
    await watch.pass(SETTLE_MS);
    assert.deepEqual(watch.rounds.slice(1), [['a']]);
    workspace.states.shared = '2';
    await watch.pass(EVERY_MS);
    await watch.pass(SETTLE_MS);
    assert.deepEqual(watch.rounds.slice(2), [['a', 'b']]);
    assert.equal(watch.waits(), 3);
    watch.stop();
    await watch.done;
    workspace.states.a = '9';
    await watch.pass(10_000);
    assert.equal(watch.rounds.length, 3);
  });

  it('waits until nothing has moved for a moment, and runs once', async () => {
    const workspace = new Workspace();
    const watch = start(workspace);
    await watch.pass(0);
    workspace.states.a = '2';
    await watch.pass(EVERY_MS);
    workspace.states.a = '3';
    await watch.pass(SETTLE_MS);
    assert.equal(watch.rounds.length, 1, 'still moving');
    workspace.states.b = '2';
    await watch.pass(SETTLE_MS);
    await watch.pass(SETTLE_MS);
    assert.deepEqual(watch.rounds.slice(1), [['a', 'b']]);
    watch.stop();
    await watch.done;
  });

  it('runs what changed during a run after it', async () => {
    const workspace = new Workspace();
    const watch = start(workspace, (round) => {
      if (round === 1) workspace.states.b = '2';
    });
    await watch.pass(EVERY_MS);
    await watch.pass(SETTLE_MS);
    assert.deepEqual(watch.rounds, [['a', 'b'], ['b']]);
    watch.stop();
    await watch.done;
  });

  it('runs a new eval, and one that came back, and forgets one that went', async () => {
    const workspace = new Workspace();
    const watch = start(workspace);
    await watch.pass(EVERY_MS);
    const { b, ...rest } = workspace.evals;
    workspace.evals = { ...rest, c: ['c'] };
    await watch.pass(EVERY_MS);
    await watch.pass(SETTLE_MS);
    assert.deepEqual(watch.rounds.slice(1), [['c']]);
    workspace.evals = { ...workspace.evals, b: b ?? [] };
    await watch.pass(EVERY_MS);
    await watch.pass(SETTLE_MS);
    assert.deepEqual(watch.rounds.slice(2), [['b']]);
    watch.stop();
    await watch.done;
  });

  it('that is stopped during a run ends with it', async () => {
    const workspace = new Workspace();
    const watch = start(workspace, () => watch.stop());
    await watch.done;
    assert.equal(watch.rounds.length, 1);
    assert.equal(watch.waits(), 0);
  });
});

describe('what is watched', () => {
  after(removeTempDirs);

  const CASES = 'cases: [{ name: a, vars: { x: 1 } }]\n';

  function write(folder: string, files: Record<string, string>): void {
    for (const [name, text] of Object.entries(files)) {
      fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      fs.writeFileSync(path.join(folder, name), text);
    }
  }

  it('are the evals, what they share, and all that they refer to', async () => {
    const folder = tempDir();
    write(folder, {
      'promptrig.yaml': 'endpoints: []\n',
      'one.eval.yaml': `prompt: file://prompts/one.md\n${CASES}`,
      'two.eval.yaml': `prompts: ['file://prompts/many/*.md']\n${CASES}`,
      'prompts/one.md': 'Hi {{x}}',
      'prompts/many/a.md': 'Hello {{x}}',
    });
    const watch = new EvalWatch(['.'], folder);
    const before = await watch.look();
    const names = (look: Look, now: Look) => affectedEvals(look, now).map((file) => path.basename(file));
    assert.deepEqual(names(before, await watch.look()), []);

    write(folder, { 'prompts/one.md': 'Hi there {{x}}' });
    const second = await watch.look();
    assert.deepEqual(names(before, second), ['one.eval.yaml']);

    write(folder, { 'prompts/many/b.md': 'Good day {{x}}' });
    const third = await watch.look();
    assert.deepEqual(names(second, third), ['two.eval.yaml']);

    write(folder, { 'promptrig.yaml': 'endpoints: []\ndefaults: { confidence: 0.9 }\n' });
    const fourth = await watch.look();
    assert.deepEqual(names(third, fourth), ['one.eval.yaml', 'two.eval.yaml']);

    write(folder, { 'one.eval.yaml': `prompt: file://prompts/other.md\n${CASES}`, 'prompts/other.md': 'Bye {{x}}' });
    const fifth = await watch.look();
    assert.deepEqual(names(fourth, fifth), ['one.eval.yaml']);
    write(folder, { 'prompts/other.md': 'Farewell {{x}}' });
    const sixth = await watch.look();
    assert.deepEqual(names(fifth, sixth), ['one.eval.yaml'], 'what it refers to now');
    write(folder, { 'prompts/one.md': 'nobody asks for this any more' });
    assert.deepEqual(names(sixth, await watch.look()), []);
  });

  it('may all go for a moment, but must be there at first', async () => {
    const folder = tempDir();
    await assert.rejects(new EvalWatch(['.'], folder).look(), CliError);
    write(folder, { 'promptrig.yaml': 'endpoints: []\n' });
    await assert.rejects(new EvalWatch(['.'], folder).look(), /only what evals share/);
    write(folder, { 'one.eval.yaml': `prompt: Hi\n${CASES}` });
    const watch = new EvalWatch(['.'], folder);
    const before = await watch.look();
    fs.rmSync(path.join(folder, 'one.eval.yaml'));
    const gone = await watch.lookAgain();
    assert.equal(gone.evals.size, 0);
    assert.deepEqual(affectedEvals(before, gone), []);
    write(folder, { 'one.eval.yaml': `prompt: Hi\n${CASES}` });
    assert.equal(affectedEvals(gone, await watch.lookAgain()).length, 1);
  });
});

describe('promptrig run --watch', function () {
  this.timeout(60_000);

  const text = (answer: string) =>
    `name: Colour\nprompt: Say {{x}}\ncases: [{ name: a, vars: { x: blue }, assert: [{ contains: ${answer} }] }]\n`;

  it('runs again what changes, goes on where a file is wrong, and ends with Ctrl+C and the last verdict', async () => {
    const workspace = makeWorkspace({ 'colour.eval.yaml': text('blue'), 'other.eval.yaml': text('blue') });
    const file = path.join(workspace.dir, 'colour.eval.yaml');
    const watch = startCli(['run', '--watch'], workspace.dir);
    const rounds = async (count: number) => {
      await watch.shows(new RegExp(`(?:Waiting for changes[^]*){${count}}`));
    };
    try {
      await rounds(1);
      const before = watch.output.stdout.length;
      fs.writeFileSync(file, text('red'));
      await rounds(2);
      const second = watch.output.stdout.slice(before);
      assert.match(second, /colour\.eval\.yaml|Colour/);
      assert.doesNotMatch(second, /other\.eval\.yaml/);
      fs.writeFileSync(file, 'prompt: [');
      await rounds(3);
      assert.match(watch.output.stderr, /nothing was run/);
      fs.writeFileSync(file, text('red'));
      await rounds(4);
      watch.interrupt();
      assert.equal((await watch.done).code, 1);
    } finally {
      watch.child.kill('SIGKILL');
      workspace.dispose();
    }
  });
});
