import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { JsonReport } from '../../../src/core/report/json';
import type { RunJson } from '../../../src/protocol/run-json';
import { cli, makeWorkspace } from './spawn-cli';

const SIM =
  'sim: { ttft: 5ms, itl: 1ms, jitter: 0, output_tokens: 60, answer: template, template: "::error::owned ##[add-mask]x <b>Ada</b>" }';

function evalFile(more = '', cases = 4): string {
  const names = Array.from(
    { length: cases },
    (_, index) =>
      `  - { name: case ${index}, vars: { name: Ada }, assert: [{ contains: ${index === 1 ? 'Grace' : 'Ada'} }] }`,
  );
  return `name: Greeting
prompt: "Greet {{ name }}."
endpoints: [{ name: fast, api: sim, ${SIM} }]
cases:
${names.join('\n')}
${more}
`;
}

const LOAD = 'load: [{ name: few, pattern: concurrent, concurrency: 2, requests: 10 }]\nslo: ["ttft.p95 <= 5s"]';

describe('the command line in CI', function () {
  this.timeout(60_000);
  let workspace: ReturnType<typeof makeWorkspace>;
  const use = (files: Record<string, string>): string => {
    workspace = makeWorkspace(files);
    return workspace.dir;
  };
  const runsIn = (folder: string): RunJson[] =>
    fs
      .readdirSync(folder)
      .sort()
      .map((name) => JSON.parse(fs.readFileSync(path.join(folder, name, 'run.json'), 'utf8')) as RunJson);
  afterEach(() => workspace.dispose());

  it('writes every format of one run, annotates lines, and lets the model command nothing', async () => {
    const dir = use({ 'evals/a.eval.yaml': evalFile(LOAD) });
    const formats = [
      'table',
      'github',
      'junit=r/junit.xml',
      'sarif=r/x.sarif',
      'markdown=r/x.md',
      'csv=r/x.csv',
      'json=r/x.json',
    ];
    const { code, stdout, stderr } = await cli(
      ['run', 'evals', ...formats.flatMap((format) => ['--format', format])],
      dir,
      {
        GITHUB_WORKSPACE: dir,
        GITHUB_STEP_SUMMARY: path.join(dir, 'summary.md'),
      },
    );
    assert.equal(code, 1, stdout + stderr);
    const commands = stdout.split('\n').filter((line) => line.trimStart().startsWith('::'));
    assert.deepEqual(
      commands.map((line) => line.slice(0, line.indexOf('::', 2))),
      ['::error file=evals/a.eval.yaml,line=6,endLine=6,col=51,endColumn=70,title=contains · case 1'],
    );
    assert.doesNotMatch(stdout + stderr, /##\[/);
    assert.match(stdout, /✗ FAIL/);
    const read = (name: string): string => fs.readFileSync(path.join(dir, 'r', name), 'utf8');
    assert.match(
      read('junit.xml'),
      /<testcase name="case 1" classname="evals\/a\.eval\.yaml \[fast\]" file="evals\/a\.eval\.yaml" line="6" time="0\.\d+">/,
    );
    assert.match(read('x.sarif'), /"startLine": 6/);
    assert.match(read('x.md'), /^### Promptrig: ❌ fail/);
    assert.match(read('x.csv'), /evals\/a\.eval\.yaml,[^,]+,fast,few,metric,,,,ttft,p99,[\d.]+,ms/);
    assert.equal((JSON.parse(read('x.json')) as JsonReport).exit_code, 1);
    assert.equal(fs.readFileSync(path.join(dir, 'summary.md'), 'utf8'), read('x.md'));
  });

  it('splits a run over machines and joins it again', async () => {
    const dir = use({ 'a.eval.yaml': evalFile(LOAD, 6), 'whole/.keep': '' });
    const outs = ['1/2', '2/2'].map((shard) => ({ shard, out: `parts/${shard.replace('/', '-of-')}` }));
    for (const { shard, out } of outs) {
      const { stderr } = await cli(
        ['run', 'a.eval.yaml', '--shard', shard, '--out', out, '--quiet', '--repeat', '2'],
        dir,
      );
      assert.equal(stderr, '');
    }
    const parts = outs.flatMap(({ out }) => runsIn(path.join(dir, out)));
    assert.deepEqual(
      parts.map(({ shard, seed }) => [shard?.index, shard?.of, seed]),
      [
        [1, 2, 1],
        [2, 2, 1],
      ],
    );
    const { code, stdout, stderr } = await cli(['merge', 'parts', '--format', 'json', '--out', 'merged'], dir);
    assert.equal(code, 1, stderr);
    const report = JSON.parse(stdout) as JsonReport;
    const target = report.runs[0]?.run.targets[0];
    assert.deepEqual([target?.quality?.cases, target?.quality?.passed, target?.quality?.failed], [12, 10, 2]);
    assert.deepEqual(
      target?.stages.map(({ name, counts }) => [name, counts.completed]),
      [
        ['cases', 12],
        ['few', 10],
      ],
    );
    assert.equal(target?.stages[0]?.metrics.ttft?.n, 12);
    assert.equal(report.runs[0]?.run.merged?.length, 2);
    assert.equal(report.runs[0]?.cases.length, 12);
    const idle = await cli(['run', 'a.eval.yaml', '--shard', '9/9', '--case', 'case 0', '--stage', 'none'], dir);
    assert.equal(idle.code, 0, idle.stderr);
    assert.match(idle.stderr, /Part 9 of 9: nothing to do\./);
  });

  it('runs only what has changed since a revision', async () => {
    const dir = use({ 'a.eval.yaml': evalFile(), 'b.eval.yaml': evalFile('', 1) });
    fs.rmSync(path.join(dir, '.git'), { recursive: true });
    const git = (...args: string[]): void =>
      void execFileSync(
        'git',
        ['-c', 'user.name=t', '-c', 'user.email=t@example.com', '-c', 'commit.gpgsign=false', ...args],
        { cwd: dir, stdio: 'ignore' },
      );
    git('init', '-q');
    git('add', '-A');
    git('commit', '-q', '-m', 'one');
    fs.appendFileSync(path.join(dir, 'b.eval.yaml'), '# changed\n');
    const { code, stdout, stderr } = await cli(['run', '--since', 'HEAD', '--format', 'json'], dir);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^1 of 2 evals have changed since HEAD; 1 left out\.\n/);
    assert.deepEqual(
      (JSON.parse(stdout) as JsonReport).runs.map(({ run }) => run.source.path),
      ['b.eval.yaml'],
    );
  });
});
