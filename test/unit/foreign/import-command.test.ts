import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { runCli } from '../../../src/cli/program';
import { fakeIo } from '../cli/fake-io';
import { removeTempDirs, tempDir } from '../support/temp';
import { dedent } from './dedent';

const CONFIG = dedent`
  prompts: [file://prompts.txt]
  providers: [echo, python:chat.py]
  tests: file://rows.csv
`;

/** A folder with a configuration and what it refers to. */
function folder(): string {
  const dir = tempDir();
  const write = (name: string, text: string) => fs.writeFileSync(path.join(dir, name), text);
  write('promptfooconfig.yaml', CONFIG);
  write('prompts.txt', 'Say {{word}}\n---\nSing {{word}}\n');
  write('rows.csv', 'word,__expected,__expected2\nhi,icontains: HI,python: True\nho,contains: ho,\n');
  write('greet.prompt.yml', 'model: m\nmessages: [{ role: user, content: "Hi {{who}}" }]\n');
  return dir;
}

async function cli(cwd: string, ...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = fakeIo({ cwd });
  const code = await runCli(argv, io);
  return { code, out: io.stdout.text, err: io.stderr.text };
}

describe('the command import', () => {
  after(removeTempDirs);

  it('writes the native file beside the imported one, says what differs, and ends with 0', async () => {
    const dir = folder();
    const { code, out, err } = await cli(dir, 'import', 'promptfooconfig.yaml');
    assert.deepEqual([code, out], [0, '']);
    assert.match(err, /^promptfooconfig\.yaml:2:\d+ warning "python:chat\.py" is not asked/m);
    assert.match(err, /^rows\.csv:2:1 warning "python" is not run/m);
    assert.match(err, /promptfooconfig\.eval\.yaml: 2 cases, 2 assertions, 1 assertion without a counterpart\n$/);
    const text = fs.readFileSync(path.join(dir, 'promptfooconfig.eval.yaml'), 'utf8');
    assert.match(text, /# not run here: python True: Python code is not run here/);
    const valid = await cli(dir, 'validate', 'promptfooconfig.eval.yaml');
    assert.equal(valid.code, 0, valid.out + valid.err);
  });

  it('overwrites nothing without --force, and never the file itself', async () => {
    const dir = folder();
    const target = path.join(dir, 'mine.eval.yaml');
    fs.writeFileSync(target, 'kept');
    const refused = await cli(dir, 'import', 'promptfooconfig.yaml', '--out', 'mine.eval.yaml');
    assert.equal(refused.code, 2);
    assert.match(refused.err, /mine\.eval\.yaml is there already.*--force/);
    assert.equal(fs.readFileSync(target, 'utf8'), 'kept');
    assert.equal((await cli(dir, 'import', 'promptfooconfig.yaml', '--out', 'mine.eval.yaml', '--force')).code, 0);
    assert.notEqual(fs.readFileSync(target, 'utf8'), 'kept');
    const itself = await cli(dir, 'import', 'promptfooconfig.yaml', '--out', 'promptfooconfig.yaml', '--force');
    assert.equal(itself.code, 2);
    assert.equal(fs.readFileSync(path.join(dir, 'promptfooconfig.yaml'), 'utf8'), CONFIG);
  });

  it('writes to the standard output, and nothing else there', async () => {
    const { code, out } = await cli(folder(), 'import', 'promptfooconfig.yaml', '--out', '-');
    assert.equal(code, 0);
    assert.match(out, /^# Imported from promptfooconfig\.yaml/);
  });

  it('ends with 2 for a file that is unusable, missing or of another kind', async () => {
    const dir = folder();
    fs.rmSync(path.join(dir, 'rows.csv'));
    const missing = await cli(dir, 'import', 'promptfooconfig.yaml');
    assert.equal(missing.code, 2);
    assert.match(missing.err, /promptfooconfig\.yaml:3:8 error There is no file .*rows\.csv/);
    assert.ok(!fs.existsSync(path.join(dir, 'promptfooconfig.eval.yaml')));
    assert.equal((await cli(dir, 'import', 'gone.yaml')).code, 2);
    fs.writeFileSync(path.join(dir, 'other.yaml'), 'a: 1\n');
    const other = await cli(dir, 'import', 'other.yaml');
    assert.equal(other.code, 2);
    assert.match(other.err, /other\.yaml is neither a promptfoo configuration nor a GitHub Models prompt file/);
  });
});

describe('imported files on the command line', () => {
  after(removeTempDirs);

  it('are validated with what they refer to, by name and in folders', async () => {
    const dir = folder();
    const { code, out } = await cli(dir, 'validate');
    assert.equal(code, 0, out);
    assert.match(out, /greet\.prompt\.yml:1:1 warning The file has no "testData", so there is nothing to run/);
    assert.match(out, /2 files: /);
    fs.rmSync(path.join(dir, 'prompts.txt'));
    const broken = await cli(dir, 'validate', 'promptfooconfig.yaml');
    assert.equal(broken.code, 2);
    assert.match(broken.out, /promptfooconfig\.yaml:1:11 error There is no file/);
  });
});
