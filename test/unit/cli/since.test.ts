import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { CliError } from '../../../src/cli/exit-code';
import { runCli } from '../../../src/cli/program';
import { changedSince } from '../../../src/cli/since';
import { removeTempDirs, tempDir } from '../support/temp';
import { fakeIo } from './fake-io';

const FILES: Record<string, string> = {
  'promptrig.yaml': 'endpoints: []\n',
  'evals/a.eval.yaml': 'prompt: file://prompts/a.txt\ncases: [{ assert: [{ is-json: "file://schema.json" }] }]\n',
  'evals/b.eval.yaml': 'prompt: Hi\ndataset: data/rows.csv\n',
  'evals/c.eval.yaml':
    'prompt: Hi\nbaseline: ../kept/run-1\ncases: [{ assert: [{ javascript: "file://check.js:strict" }] }]\n',
  'evals/d.promptfoo.yaml': 'prompts: ["more/*.txt"]\ntests: file://tests.yaml\n',
  'evals/tests.yaml': '- vars: { text: "file://long.txt" }\n',
  'evals/prompts/a.txt': 'a',
  'evals/schema.json': '{}',
  'evals/data/rows.csv': 'x\n1\n',
  'evals/check.js': 'x',
  'evals/more/one.txt': 'x',
  'evals/long.txt': 'x',
  'kept/run-1/run.json': '{}',
  'other.txt': 'x',
};

function git(dir: string, ...args: string[]): string {
  const fixed = ['-c', 'user.name=t', '-c', 'user.email=t@example.com', '-c', 'commit.gpgsign=false', '-C', dir];
  return execFileSync('git', [...fixed, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
}

function write(dir: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
    fs.writeFileSync(path.join(dir, name), text);
  }
}

/** A repository with one commit of `FILES`. */
function repository(): string {
  const dir = fs.realpathSync(tempDir());
  write(dir, FILES);
  git(dir, 'init', '-q');
  git(dir, 'add', '-A');
  git(dir, 'commit', '-q', '-m', 'one');
  return dir;
}

async function changed(dir: string, revision = 'HEAD'): Promise<string[]> {
  const files = Object.keys(FILES)
    .filter((name) => /\.(eval|promptfoo)\.yaml$/.test(name))
    .map((name) => ({ path: path.join(dir, name), named: false }));
  const found = await changedSince(files, revision, dir);
  assert.equal(found.files.length + found.leftOut, files.length);
  return found.files.map((file) => path.basename(file.path));
}

describe('--since', () => {
  after(removeTempDirs);

  for (const [name, evals] of [
    ['evals/a.eval.yaml', ['a.eval.yaml']],
    ['evals/prompts/a.txt', ['a.eval.yaml']],
    ['evals/schema.json', ['a.eval.yaml']],
    ['evals/data/rows.csv', ['b.eval.yaml']],
    ['evals/check.js', ['c.eval.yaml']],
    ['kept/run-1/run.json', ['c.eval.yaml']],
    ['evals/more/one.txt', ['d.promptfoo.yaml']],
    ['evals/tests.yaml', ['d.promptfoo.yaml']],
    ['evals/long.txt', ['d.promptfoo.yaml']],
    ['promptrig.yaml', ['a.eval.yaml', 'b.eval.yaml', 'c.eval.yaml', 'd.promptfoo.yaml']],
    ['other.txt', []],
  ] as const) {
    it(`finds what a change of ${name} touches`, async () => {
      const dir = repository();
      assert.deepEqual(await changed(dir), []);
      write(dir, { [name]: `${FILES[name]} # changed\n` });
      assert.deepEqual(await changed(dir), evals);
      git(dir, 'add', '-A');
      git(dir, 'commit', '-q', '-m', 'two');
      assert.deepEqual(await changed(dir), []);
      assert.deepEqual(await changed(dir, 'HEAD~1'), evals);
    });
  }

  it('counts files that git does not know yet, deleted ones, and none that it ignores', async () => {
    const dir = repository();
    write(dir, { 'evals/more/two words — ä.txt': 'new' });
    assert.deepEqual(await changed(dir), ['d.promptfoo.yaml']);
    fs.rmSync(path.join(dir, 'evals/more/two words — ä.txt'));
    write(dir, { '.git/info/exclude': 'two.txt\n', 'evals/more/two.txt': 'ignored' });
    assert.deepEqual(await changed(dir), []);
    fs.rmSync(path.join(dir, 'evals/schema.json'));
    assert.deepEqual(await changed(dir), ['a.eval.yaml']);
  });

  it('works from below the root, through a link, and with a user who wants colours', async () => {
    const dir = repository();
    git(dir, 'config', 'color.ui', 'always');
    git(dir, 'config', 'diff.relative', 'true');
    write(dir, { 'evals/check.js': 'changed' });
    const link = path.join(fs.realpathSync(tempDir()), 'link');
    fs.symlinkSync(dir, link);
    const file = { path: path.join(link, 'evals/c.eval.yaml'), named: true };
    assert.deepEqual((await changedSince([file], 'HEAD', path.join(link, 'evals'))).files, [file]);
  });

  it('says what is wrong with the revision or the folder, and takes no revision for an option', async () => {
    const dir = repository();
    const refuses = (revision: string, says: RegExp) =>
      assert.rejects(
        changed(dir, revision),
        (error) => error instanceof CliError && error.exitCode === 2 && says.test(error.message),
      );
    await refuses('origin/main', /--since origin\/main: git knows no such revision here.*fetch-depth: 0/);
    await refuses('--output=x', /git knows no such revision/);
    assert.equal(fs.existsSync(path.join(dir, 'x')), false);
    const bare = fs.realpathSync(tempDir());
    write(bare, FILES);
    await assert.rejects(
      changedSince([{ path: path.join(bare, 'evals/a.eval.yaml'), named: true }], 'HEAD', bare),
      /needs a git repository/,
    );
  });

  it('runs nothing where nothing has changed, says how many were left out, and still writes the reports', async () => {
    const dir = repository();
    const io = fakeIo({ cwd: dir });
    const code = await runCli(['run', '--since', 'HEAD', '--format', 'junit=report.xml', 'evals'], io);
    assert.equal(code, 0, io.stderr.text);
    assert.equal(io.stderr.text, '0 of 4 evals have changed since HEAD, so nothing is run.\n');
    assert.match(fs.readFileSync(path.join(dir, 'report.xml'), 'utf8'), /<testsuites name="promptrig" tests="0"/);
    const wrong = fakeIo({ cwd: dir });
    assert.equal(await runCli(['run', '--since', 'nope'], wrong), 2);
    assert.match(wrong.stderr.text, /^error: --since nope: git knows no such revision/);
  });
});
