import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { parse } from 'yaml';
import { FORMATS, parseFormats } from '../../../src/cli/format-option';
import { runCli } from '../../../src/cli/program';
import { CSV_COLUMNS } from '../../../src/core/report/csv';
import { removeTempDirs, tempDir } from '../support/temp';
import { fakeIo } from './fake-io';

const ROOT = path.resolve(__dirname, '../../..');

interface Step {
  id?: string;
  if?: string;
  uses?: string;
  shell?: string;
  run?: string;
  env?: Record<string, string>;
  with?: Record<string, string>;
}

interface Action {
  name: string;
  description: string;
  inputs: Record<string, { description: string; default: string }>;
  outputs: Record<string, { description: string; value: string }>;
  runs: { using: string; steps: Step[] };
}

function read(name: string): string {
  return fs.readFileSync(path.join(ROOT, name), 'utf8');
}

/** Options that a command has, from its own help. */
async function optionsOf(command: string): Promise<Set<string>> {
  const io = fakeIo();
  assert.equal(await runCli([command, '--help'], io), 0, `there is no command ${command}`);
  return new Set(io.stdout.text.match(/--[a-z-]+/g));
}

/** Commands of ours in a text, with their words; a backslash at the end of a line continues it. */
function commandsIn(text: string): { command: string; options: string[]; formats: string[] }[] {
  const joined = text.replace(/\\\n\s*/g, '');
  return [...joined.matchAll(/promptrig(?:@"?\$VERSION"?)?"? (run|merge|compare|export)\b([^\n`|#]*)/g)].map(
    ([, command = '', rest = '']) => ({
      command,
      options: rest.match(/(?<=\s)--[a-z-]+/g) ?? [],
      formats: [...rest.matchAll(/--format "?([a-z]+)/g)].map(([, name = '']) => name),
    }),
  );
}

describe('action.yml', () => {
  after(removeTempDirs);
  const action = parse(read('action.yml')) as Action;
  const step = action.runs.steps.find(({ id }) => id === 'promptrig');
  assert.ok(step?.run !== undefined);
  const script = step.run;

  it('is a composite action whose steps are complete and whose inputs are described', () => {
    assert.equal(action.runs.using, 'composite');
    assert.ok(action.name !== '' && action.description !== '');
    for (const { run, uses, shell } of action.runs.steps) {
      assert.ok((run === undefined) !== (uses === undefined), 'a step runs something or uses something');
      assert.ok(run === undefined || shell === 'bash');
      assert.ok(uses === undefined || /^[\w-]+\/[\w/-]+@v\d+$/.test(uses), uses);
    }
    for (const [name, input] of Object.entries(action.inputs)) {
      assert.equal(typeof input.description, 'string', name);
      assert.equal(typeof input.default, 'string', name);
    }
  });

  it('uses no input that it does not have, and none inside its script', () => {
    const text = read('action.yml');
    const used = [...text.matchAll(/inputs\.([\w-]+)/g)].map(([, name]) => name);
    assert.deepEqual([...new Set(used)].sort(), Object.keys(action.inputs).sort());
    assert.doesNotMatch(script, /\$\{\{/);
    const variables = new Set(script.match(/(?<=\$)[A-Z_]+/g));
    variables.delete('GITHUB_OUTPUT');
    assert.deepEqual([...variables].sort(), Object.keys(step.env ?? {}).sort());
    for (const { value } of Object.values(action.outputs)) {
      const [, name = ''] = /steps\.promptrig\.outputs\.([\w-]+)/.exec(value) ?? [];
      assert.match(script, new RegExp(`echo "${name}=`));
    }
  });

  it('uses options and formats that there are', async () => {
    const commands = commandsIn(script);
    assert.equal(commands.length, 1);
    const options = await optionsOf('run');
    for (const option of commands[0]?.options ?? []) assert.ok(options.has(option), option);
    assert.deepEqual(commands[0]?.formats, ['table', 'github', 'junit', 'sarif', 'markdown']);
    const formats = [...script.replace(/\\\n\s*/g, '').matchAll(/--format "?([^\s"]+)/g)].map(
      ([, format = '']) => format,
    );
    assert.equal(parseFormats(formats).length, 5);
    assert.match(read('action.yml'), /sarif_file: .*\/promptrig\.sarif/);
    assert.ok(formats.includes('sarif=$REPORTS/promptrig.sarif'));
  });

  describe('run by a shell', () => {
    const run = (
      code: number,
      env: Record<string, string>,
    ): { status: number | null; words: string[]; output: string } => {
      const dir = tempDir();
      const bin = path.join(dir, 'bin');
      fs.mkdirSync(bin);
      // In the place of npx: it notes its arguments, one a line, and ends with the code.
      fs.writeFileSync(path.join(bin, 'npx'), `#!/bin/sh\nprintf '%s\\n' "$@" > "${dir}/words"\nexit ${code}\n`, {
        mode: 0o755,
      });
      const defaults = { PATHS: '.', ARGS: '', FAIL_ON: 'any', REPORTS: 'reports', FOLDER: 'sub', VERSION: 'latest' };
      const result = spawnSync('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', '-c', script], {
        cwd: dir,
        env: { ...defaults, ...env, PATH: `${bin}:${process.env.PATH ?? ''}`, GITHUB_OUTPUT: path.join(dir, 'output') },
        encoding: 'utf8',
      });
      const text = (name: string): string =>
        fs.existsSync(path.join(dir, name)) ? fs.readFileSync(path.join(dir, name), 'utf8') : '';
      return {
        status: result.status,
        words: text('words')
          .split('\n')
          .filter((word) => word !== ''),
        output: text('output') + result.stdout,
      };
    };

    it('ends as fail-on says, and tells the exit code and the folder of the reports', () => {
      const expected: Record<string, number[]> = {
        any: [0, 1, 2, 3, 4],
        fail: [0, 1, 2, 0, 4],
        error: [0, 0, 2, 0, 4],
        never: [0, 0, 2, 0, 0],
      };
      for (const [failOn, statuses] of Object.entries(expected)) {
        statuses.forEach((status, code) => {
          const found = run(code, { FAIL_ON: failOn });
          assert.equal(found.status, status, `${failOn} ${code}`);
          assert.equal(found.output, `exit-code=${code}\nreports=sub/reports\n`);
        });
      }
      const wrong = run(0, { FAIL_ON: 'sometimes' });
      assert.equal(wrong.status, 2);
      assert.match(wrong.output, /^::error title=Promptrig::fail-on is/);
      assert.deepEqual(wrong.words, []);
    });

    it('hands on paths and options word by word, and runs nothing of an input', () => {
      const { words } = run(0, {
        PATHS: 'evals/a evals/b',
        ARGS: '--strict --since origin/main; touch owned $(touch owned)',
        VERSION: '1.2.3',
      });
      assert.deepEqual(words.slice(0, 8), [
        '--yes',
        'promptrig@1.2.3',
        'run',
        'evals/a',
        'evals/b',
        '--strict',
        '--since',
        'origin/main;',
      ]);
      assert.ok(words.includes('$(touch'));
    });
  });
});

describe('docs/ci.md', () => {
  const text = read('docs/ci.md');

  it('shows commands and options that there are', async () => {
    const commands = commandsIn(text);
    assert.ok(commands.length >= 8, `${commands.length}`);
    for (const { command, options, formats } of commands) {
      const known = await optionsOf(command);
      for (const option of options) assert.ok(known.has(option), `${command} ${option}`);
      for (const format of formats) assert.ok((FORMATS as readonly string[]).includes(format), format);
    }
  });

  it('names every format, column of CSV and input of fail-on', () => {
    for (const format of FORMATS) assert.match(text, new RegExp(`\\| \`${format}\` +\\|`));
    for (const column of CSV_COLUMNS) assert.ok(text.includes(`\`${column}\``), column);
    for (const value of ['any', 'fail', 'error', 'never']) assert.ok(text.includes(`\`${value}\``), value);
  });

  it('has examples that are YAML', () => {
    const blocks = [...text.matchAll(/```yaml\n([^]*?)```/g)].map(([, block = '']) => block);
    assert.ok(blocks.length >= 5);
    for (const block of blocks) assert.notEqual(parse(block), null);
  });
});
