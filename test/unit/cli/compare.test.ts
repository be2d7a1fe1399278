import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { runCli } from '../../../src/cli/program';
import { shardPlans } from '../../../src/core/merge/shard';
import { parseEvalFile } from '../../../src/core/spec/parse';
import type { RunComparison } from '../../../src/protocol/run-comparison';
import { CANARIES } from '../report/documents-helpers';
import { simulate, store, wholePlan } from '../merge/simulated';
import { removeTempDirs, tempDir } from '../support/temp';
import { indexOf, panelFiles, runOf } from '../html-report/page-parts';
import { fakeIo, type FakeIo } from './fake-io';

const FIXTURES = path.join(__dirname, '../../fixtures/interchange');

/** A workspace with the runs of these ids in its folder of runs. */
function workspace(...ids: string[]): string {
  const dir = fs.realpathSync(tempDir());
  fs.mkdirSync(path.join(dir, '.git'));
  ids.forEach((id, index) => {
    const plan = wholePlan(path.join(dir, '.promptrig', 'runs', id), 4);
    plan.targets.pop();
    store({ ...plan, runId: id }, simulate(plan, index + 3));
  });
  return dir;
}

async function cli(cwd: string, ...args: string[]): Promise<FakeIo & { code: number }> {
  const io = fakeIo({ cwd });
  const code = await runCli(args, io);
  return Object.assign(io, { code });
}

describe('promptrig compare', () => {
  after(removeTempDirs);

  it('prints the runs side by side, by id, by folder, or from another tool', async () => {
    const dir = workspace('20250101T000000Z-chat-aaaa', '20250102T000000Z-chat-bbbb');
    const { code, stdout, stderr } = await cli(
      dir,
      'compare',
      'aaaa',
      '.promptrig/runs/20250102T000000Z-chat-bbbb',
      path.join(FIXTURES, 'vllm.json'),
    );
    assert.equal(code, 0, stderr.text);
    assert.match(stdout.text, /^A {2}\S+ \w+ +20250101T000000Z-chat-aaaa/m);
    assert.match(stdout.text, /^C +vllm\.json +vllm bench serve, meta-llama.*\(vllm\)/m);
    assert.match(stdout.text, /^B against A: alpha$/m);
    assert.match(stdout.text, /^ {2}metric +A +B +B less A +95% CI +p +n +better$/m);
    assert.match(
      stdout.text,
      /^ {2}ttft\.p50 +[\d.]+ ms +[\d.]+ ms +[+−][\d.]+ ms \([+−][\d.]+%\) +[+−][\d.]+ to [+−][\d.]+ +[\d.]+ +\d+ \/ \d+ +/m,
    );
    assert.match(stdout.text, /^ {2}rps .* not tested$/m);
    assert.match(stdout.text, /^SLOs\n {2}SLO +stage +A +B +C\n/m);
    assert.match(stdout.text, /^About C\n/m);
    assert.match(stdout.text, /\d+ differences were tested at 95%/);
    assert.equal(stderr.text, '');
  });

  it('gives the comparison as JSON, and as Markdown to a file', async () => {
    const dir = workspace('one-a', 'one-b');
    const { code, stdout } = await cli(
      dir,
      'compare',
      'one-a',
      'latest',
      '--format',
      'json',
      '--format',
      'markdown=out/compare.md',
      '--confidence',
      '90%',
    );
    assert.equal(code, 0);
    const comparison = JSON.parse(stdout.text) as RunComparison;
    assert.deepEqual([comparison.schema, comparison.confidence], ['promptrig.comparison/1', 0.9]);
    assert.deepEqual(
      comparison.runs.map(({ id }) => id),
      ['one-a', 'one-b'],
    );
    const markdown = fs.readFileSync(path.join(dir, 'out', 'compare.md'), 'utf8');
    assert.match(markdown, /^### Promptrig: runs side by side\n/);
    assert.match(markdown, /\| <code>ttft&#46;p50<\/code> \|/);
    assert.match(markdown, /tested at 90%/);
  });

  it('says which run it means where a name is unknown or fits several', async () => {
    const dir = workspace('one-a', 'one-b');
    for (const [args, says] of [
      [['one-a'], /two runs or more/],
      [['one-a', 'one-'], /"one-" fits 2 runs, such as one-b and one-a\. Give more/],
      [['one-a', 'one-c'], /no file and no run called "one-c"\. Did you mean one-[ab]\?/],
      [['one-a', 'zzzzzzzz'], /no run called "zzzzzzzz"\. The newest in .* is one-b/],
      [['one-a', '.git'], /\.git holds no run\.json/],
      [['one-a', 'package.json'], /no file and no run/],
      [
        ['one-a', 'one-b', '--format', 'junit'],
        /junit is not written by this command; it writes table, json and markdown/,
      ],
      [['one-a', 'one-b', '--confidence', '2'], /share such as 0\.95/],
    ] as const) {
      const { code, stderr } = await cli(dir, 'compare', ...args);
      assert.equal(code, 2, args.join(' '));
      assert.match(stderr.text, says);
    }
    fs.writeFileSync(path.join(dir, 'package.json'), '{"name":"x"}');
    const { code, stderr } = await cli(dir, 'compare', 'one-a', 'package.json');
    assert.equal(code, 2);
    assert.match(stderr.text, /package\.json is neither a run of Promptrig nor a result of/);
  });

  it('prints no escape, tag or command of a file', async () => {
    const dir = workspace('one-a');
    const hostile = CANARIES.join(' ');
    const result = JSON.parse(fs.readFileSync(path.join(FIXTURES, 'vllm.json'), 'utf8')) as Record<string, unknown>;
    fs.writeFileSync(path.join(dir, 'hostile.json'), JSON.stringify({ ...result, model_id: hostile, label: hostile }));
    for (const format of ['table', 'json', 'markdown']) {
      const { code, stdout } = await cli(dir, 'compare', 'one-a', 'hostile.json', '--format', format);
      assert.equal(code, 0);
      assert.match(stdout.text, /canary/);
      assert.doesNotMatch(stdout.text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
      if (format === 'markdown')
        assert.doesNotMatch(stdout.text.replace(/(`+)(?!`).*?(?<!`)\1(?!`)/g, ''), /<script|<img|\]\(/);
    }
  });
});

describe('promptrig export', () => {
  it('writes a run in the form of another tool, and says what differs', async () => {
    const dir = workspace('one-a');
    const { code, stdout, stderr } = await cli(dir, 'export', 'latest', '--as', 'aiperf', '--stage', 'fast');
    assert.equal(code, 0, stderr.text);
    assert.equal((JSON.parse(stdout.text) as { schema_version: string }).schema_version, '1.4');
    assert.match(stderr.text, /^note: inter_token_latency is our TPOT/m);
    const toFile = await cli(dir, 'export', 'one-a', '--as', 'vllm', '--out', 'v/vllm.json');
    assert.equal(toFile.code, 0);
    const back = await cli(dir, 'compare', 'one-a', 'v/vllm.json');
    assert.equal(back.code, 0, back.stderr.text);
  });

  it('writes a run as a page', async () => {
    const dir = workspace('one-a');
    const panelDir = await panelFiles(path.join(dir, 'webview'));
    const io = fakeIo({ cwd: dir, panelDir });
    assert.equal(await runCli(['export', 'latest', '--as', 'html'], io), 0, io.stderr.text);
    assert.equal(io.stderr.text, '');
    const ofFile = fakeIo({ cwd: dir, panelDir });
    assert.equal(await runCli(['export', 'one-a', '--as', 'html', '--out', 'h/run.html'], ofFile), 0);
    assert.equal(ofFile.stdout.text, '');
    const html = fs.readFileSync(path.join(dir, 'h/run.html'), 'utf8');
    assert.equal(html, io.stdout.text);
    assert.equal(indexOf(html).runs.length, 1);
    assert.ok(runOf(html).requests.length > 100);
  });

  it('says what is wrong', async () => {
    const dir = workspace('one-a');
    fs.writeFileSync(path.join(dir, 'x.json'), '{}');
    const newer = path.join(dir, '.promptrig', 'runs', 'newer');
    fs.mkdirSync(newer);
    fs.writeFileSync(path.join(newer, 'run.json'), '{"schema":"promptrig.run/2"}');
    for (const [args, says] of [
      [['one-a'], /required option '--as <form>' not specified/],
      [['one-a', '--as', 'html', '--stage', 'fast'], /--as html shows the whole run: leave out --target, --stage/],
      [['one-a', '--as', 'html'], /The page of the HTML report is not in \/nowhere\/webview/],
      [['newer', '--as', 'html'], /has the schema promptrig\.run\/2, which this version does not know/],
      [['one-a', '--as', 'vlm'], /--as vlm is unknown\. Did you mean vllm\?/],
      [['x.json', '--as', 'vllm'], /x\.json is no run of Promptrig/],
      [['one-a', '--as', 'aiperf'], /Choose with --target and --stage/],
    ] as const) {
      const { code, stderr } = await cli(dir, 'export', ...args);
      assert.equal(code, 2, args.join(' '));
      assert.match(stderr.text, says);
    }
  });
});

describe('promptrig merge', () => {
  const EVAL =
    'name: Test\nprompt: Hi\ncases:\n  - name: one\n    assert: [{ contains: x }]\nslo: ["ttft.p90 <= 250ms"]\n';

  function parts(dir: string, of: number, more: { sha256?: string } = {}): void {
    const plan = wholePlan(path.join(dir, 'whole'), 2);
    const { sha256 } = parseEvalFile(EVAL, 'test.eval.yaml');
    plan.source = { path: 'test.eval.yaml', sha256: more.sha256 ?? sha256 };
    const recorded = simulate(plan);
    for (let index = 1; index <= of; index++) {
      const [part] = shardPlans([plan], { index, of });
      if (part != null)
        store(
          { ...part, runId: `p${index}`, outDir: path.join(dir, 'artifacts', `job-${index}`, 'runs', `p${index}`) },
          recorded,
        );
    }
  }

  it('writes the whole as a page, beside other formats', async () => {
    const dir = workspace();
    fs.writeFileSync(path.join(dir, 'test.eval.yaml'), EVAL);
    parts(dir, 3);
    const io = fakeIo({ cwd: dir, panelDir: await panelFiles(path.join(dir, 'webview')) });
    await runCli(
      ['merge', 'artifacts', '--format', 'table', '--format', 'csv=r/a.csv', '--format', 'html=r/a.html'],
      io,
    );
    const html = fs.readFileSync(path.join(dir, 'r/a.html'), 'utf8');
    assert.equal(indexOf(html).runs.length, 1);
    const [merged = ''] = fs.readdirSync(path.join(dir, '.promptrig', 'runs'));
    const lines = fs.readFileSync(path.join(dir, '.promptrig', 'runs', merged, 'requests.ndjson'), 'utf8');
    assert.equal(runOf(html).requests.length, lines.trim().split('\n').length);
    assert.ok(fs.existsSync(path.join(dir, 'r/a.csv')));
  });

  it('joins parts, stores the whole, and reports it with lines like a run', async () => {
    const dir = workspace();
    fs.writeFileSync(path.join(dir, 'test.eval.yaml'), EVAL);
    parts(dir, 3);
    const summary = path.join(dir, 'summary.md');
    const io = fakeIo({ cwd: dir, env: { GITHUB_STEP_SUMMARY: summary } });
    const code = await runCli(
      [
        'merge',
        'artifacts',
        '--format',
        'table',
        '--format',
        'github',
        '--format',
        'junit=r/junit.xml',
        '--format',
        'sarif=r/x.sarif',
        '--format',
        'csv=r/x.csv',
      ],
      io,
    );
    assert.equal(code, 1, io.stderr.text + io.stdout.text);
    assert.match(io.stdout.text, /Quality {2}\d+ of 39 answers passed/);
    assert.match(
      io.stdout.text,
      /^::error file=test\.eval\.yaml,line=\d+,endLine=\d+,col=\d+,(endColumn=\d+,)?title=contains · Case \d+ \(\d of 3 answers\)::/m,
    );
    assert.match(
      fs.readFileSync(path.join(dir, 'r/junit.xml'), 'utf8'),
      /name="Case 0" classname="test\.eval\.yaml \[alpha\]" file="test\.eval\.yaml" line="4" time="/,
    );
    assert.match(fs.readFileSync(summary, 'utf8'), /^### Promptrig: ❌ fail\n/);
    assert.match(fs.readFileSync(path.join(dir, 'r/x.csv'), 'utf8'), /,answer,case 0,0,Case 0,e2e,,\d/);
    const [stored] = fs.readdirSync(path.join(dir, '.promptrig', 'runs'));
    assert.match(stored ?? '', /-test-\w{4}$/);
    const again = await cli(dir, 'merge', 'artifacts', '--out', 'elsewhere', '--quiet');
    assert.match(again.stdout.text, /^test\.eval\.yaml: ✗ FAIL · .*results in elsewhere/);
  });

  it('says that lines are missing where the file has changed or is not there, and refuses what is incomplete', async () => {
    const dir = workspace();
    parts(dir, 2, { sha256: 'other' });
    const missing = await cli(dir, 'merge', 'artifacts', '--quiet');
    assert.match(missing.stderr.text, /test\.eval\.yaml is not here, so findings have no line numbers/);
    fs.writeFileSync(path.join(dir, 'test.eval.yaml'), EVAL);
    const changed = await cli(dir, 'merge', 'artifacts', '--quiet');
    assert.match(changed.stderr.text, /test\.eval\.yaml has changed since the run/);
    fs.rmSync(path.join(dir, 'artifacts', 'job-2'), { recursive: true });
    const incomplete = await cli(dir, 'merge', 'artifacts');
    assert.equal(incomplete.code, 2);
    assert.match(incomplete.stderr.text, /^error: Part 2 of 2 of test\.eval\.yaml is missing/);
    assert.equal((await cli(dir, 'merge')).code, 2);
  });
});

describe('reports of a command in a job of GitHub', () => {
  it('keep the summary within what GitHub takes, and what stood there before', async () => {
    const dir = workspace();
    const summary = path.join(dir, 'summary.md');
    fs.writeFileSync(summary, 'x'.repeat(1024 * 1024 - 1500));
    fs.writeFileSync(path.join(dir, 'a.eval.yaml'), 'prompt: Hi\n');
    const plan = wholePlan(path.join(dir, 'unused'), 2);
    const recorded = simulate(plan);
    for (const index of [1, 2]) {
      const [part] = shardPlans([plan], { index, of: 2 });
      if (part != null) store({ ...part, runId: `p${index}`, outDir: path.join(dir, 'parts', `p${index}`) }, recorded);
    }
    const io = fakeIo({ cwd: dir, env: { GITHUB_STEP_SUMMARY: summary } });
    await runCli(['merge', 'parts', '--format', 'github'], io);
    const text = fs.readFileSync(summary, 'utf8');
    assert.ok(Buffer.byteLength(text) <= 1024 * 1024);
    assert.match(text, /^x+\n\n### Promptrig/);
    const blocked = fakeIo({ cwd: dir, env: { GITHUB_STEP_SUMMARY: path.join(dir, 'parts', 'p1', 'run.json', 'no') } });
    const code = await runCli(['merge', 'parts', '--format', 'github', '--out', 'again'], blocked);
    assert.equal(code, 1, 'the verdict stands');
    assert.match(blocked.stderr.text, /warning: The job's summary could not be written/);
  });
});
