import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { EngineProcess } from '../../../src/core/engine/engine-process';
import { buildPlan } from '../../../src/core/engine/plan';
import { parseEvalFile } from '../../../src/core/spec/parse';
import type { RunJson } from '../../../src/protocol/run-json';
import { cli, makeWorkspace } from './spawn-cli';

const EVAL = 'evals/capitals.eval.yaml';
const PINNED = '.promptrig/baselines/evals/capitals.eval/bot.baseline.yaml';
const engineEntry = path.join(__dirname, '../../../dist/engine.js');

/**
 * Four questions, five answers each, and a load. What decides is the baseline alone: the objectives are met by far (and permit the
 * generator to be as late as a busy machine makes it), and wrong answers are permitted by the bar for quality.
 */
function evalFile({ ttft = '600ms', italy = 'Rome', more = '' } = {}): string {
  return `name: Capitals
prompt: "What is the capital of {{ country }}?"
endpoints:
  - name: bot
    api: sim
    sim:
      { ttft: ${ttft}, itl: 30ms, jitter: 0.05, seed: 1, answer: script, script: [
        { match: France, answer: Paris it is, and has been for a long time }, { match: Italy, answer: ${italy} it is, and has been for a long time },
        { match: Spain, answer: Madrid it is, and has been for a long time }, { match: Peru, answer: Lima it is, and has been for a long time } ] }
repeat: 5
concurrency: 20
cases:
  - { name: France, vars: { country: France }, assert: [{ contains: Paris }] }
  - { name: Italy, vars: { country: Italy }, assert: [{ contains: Rome }] }
  - { name: Spain, vars: { country: Spain }, assert: [{ contains: Madrid }] }
  - { name: Peru, vars: { country: Peru }, assert: [{ contains: Lima }] }
load: { name: steady, pattern: concurrent, concurrency: 20, requests: 60 }
slo: ["ttft.p50 <= 60s", "quality.pass_rate >= 20%"]
regress:
  ttft.p50: 10%
  # This machine may be as busy as it is.
  { ttft.p95: off, ttft.p99: off, itl.p50: 50%, itl.p99: off, tpot.p50: 50%, e2e.p50: 25%, e2e.p99: off }
${more}`.replace(/\n {2}\{ (ttft\.p95.*) \}\n/, (_, keys: string) => `\n  ${keys.split(', ').join('\n  ')}\n`);
}

describe('a pinned eval, from the simulator to the verdict', function () {
  this.timeout(180_000);
  let workspace: ReturnType<typeof makeWorkspace>;
  let dir = '';
  before(async () => {
    workspace = makeWorkspace({ [EVAL]: evalFile() });
    dir = workspace.dir;
    const run = await cli(['run', EVAL], dir);
    assert.equal(run.code, 0, run.stdout + run.stderr);
    assert.doesNotMatch(run.stdout, /baseline/i);
    const pin = await cli(['baseline', 'pin', 'last'], dir);
    assert.equal(pin.code, 0, pin.stderr);
    assert.ok(pin.stdout.includes(PINNED), pin.stdout);
  });
  after(() => workspace.dispose());

  const write = (text: string): void => fs.writeFileSync(path.join(dir, EVAL), text);
  const newest = (): RunJson => {
    const folder = path.join(dir, '.promptrig', 'runs');
    const [name] = fs.readdirSync(folder).sort().reverse();
    return JSON.parse(fs.readFileSync(path.join(folder, name ?? '', 'run.json'), 'utf8')) as RunJson;
  };
  const regressed = (run: RunJson): string[] =>
    (run.baseline?.rows ?? [])
      .filter(({ verdict }) => verdict === 'regression')
      .map(({ stage, metric, stat }) => [stage, metric, stat].filter((part) => part !== null).join(' '));

  it('passes as long as nothing changes, and says what it was held against', async () => {
    write(evalFile());
    const { code, stdout, stderr } = await cli(['run', EVAL], dir);
    assert.equal(code, 0, stdout + stderr);
    assert.deepEqual(regressed(newest()), []);
    assert.equal(newest().baseline?.verdict, 'pass');
    assert.match(stdout, /^Against the baseline {2}\S+, pinned \d{4}-\d\d-\d\d/m);
    assert.match(stdout, /^ {2}· +ttft\.p50 +steady .*no difference shown|^ {2}≈ +ttft\.p50/m);
  });

  it('fails with TTFT 20% up and one answer wrong, with exactly those two, at the lines of their tolerances', async () => {
    write(evalFile({ ttft: '720ms', italy: 'Milan' }));
    const formats = ['sarif', 'junit', 'markdown', 'github'].flatMap((name) => ['--format', `${name}=out.${name}`]);
    const { code, stdout, stderr } = await cli(['run', EVAL, '--format', 'table', ...formats], dir);
    assert.equal(code, 1, stdout + stderr);
    const run = newest();
    assert.deepEqual(
      regressed(run).sort(),
      ['quality.pass_rate', 'steady ttft p50'],
      JSON.stringify(run.baseline?.rows),
    );
    assert.equal(run.verdict, 'fail');
    assert.ok(
      run.targets.every(({ verdict }) => verdict === 'pass'),
      'the baseline alone decides',
    );
    assert.deepEqual(run.baseline?.lost, [{ target: 'bot', case_id: 'Italy', before: '5/5', now: '0/5' }]);
    assert.match(stdout, /✗ regression: bot: quality\.pass_rate is 25 points lower .* Lost: Italy\./s);
    assert.match(stdout, /✗ regression: bot, "steady": ttft\.p50 is [\d.]+ ms \([\d.]+%\) slower than in the baseline/);
    const line =
      evalFile()
        .split('\n')
        .findIndex((text) => text.startsWith('  ttft.p50:')) + 1;
    const written = (name: string): string => fs.readFileSync(path.join(dir, `out.${name}`), 'utf8');
    assert.match(
      written('github'),
      new RegExp(`^::error file=${EVAL},line=${line},.*ttft\\.p50 is worse than in the baseline`, 'm'),
    );
    assert.match(written('sarif'), /"ruleId": "baseline\/ttft"/);
    assert.match(written('junit'), new RegExp(`<testcase name="bot · steady · ttft\\.p50" [^>]*line="${line}"`));
    // Whether it could be tested depends on how much the machine made requests wait for each other; failed it has not.
    assert.match(written('junit'), /<testcase name="bot · steady · itl\.p50"[^>]*(?:\/>|>\s*<skipped)/);
    assert.match(written('markdown'), /❌ worse: `bot, "steady": ttft\.p50/);
    const diff = await cli(['baseline', 'diff', 'last'], dir);
    assert.equal(diff.code, 1, diff.stderr);
  });

  it('gives the editor the same verdict: its plan and its engine are these', async () => {
    const text = evalFile({ ttft: '720ms', italy: 'Milan' });
    const file = path.join(dir, EVAL);
    const { plan } = await buildPlan({
      document: parseEvalFile(text, file),
      userEndpoints: [],
      select: {},
      runsDir: path.join(dir, '.promptrig', 'runs'),
      readFile: (name) => fs.promises.readFile(name),
      now: new Date(),
      allowCode: true,
      editorModels: true,
      overrides: {},
      root: dir,
    });
    assert.ok(plan?.pinned?.length === 1);
    const engine = new EngineProcess({ engineEntry });
    const run = await engine.run(plan, {}, () => undefined, new AbortController().signal);
    assert.equal(run.verdict, 'fail');
    assert.deepEqual(
      regressed(run).sort(),
      ['quality.pass_rate', 'steady ttft p50'],
      JSON.stringify(run.baseline?.rows),
    );
  });

  it('decides nothing of a run that selects, which shows it all the same', async () => {
    write(evalFile({ ttft: '720ms', italy: 'Milan', more: 'purpose: selection\n' }));
    const { code, stdout } = await cli(['run', EVAL], dir);
    assert.equal(code, 0, stdout);
    assert.deepEqual([newest().verdict, newest().baseline?.verdict], ['pass', 'pass']);
    assert.ok(regressed(newest()).includes('quality.pass_rate'));
  });

  it('runs nothing with a baseline that cannot be used, and says where it is broken', async () => {
    write(evalFile());
    const pinned = path.join(dir, PINNED);
    const text = fs.readFileSync(pinned, 'utf8');
    fs.writeFileSync(pinned, text.replace(/^model: .*$/m, '<<<<<<< HEAD\n$&\n=======\nmodel: b\n>>>>>>> theirs'));
    try {
      const { code, stderr } = await cli(['run', EVAL], dir);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /bot\.baseline\.yaml:\d+:1.*\n?.*both sides of a merge conflict/);
    } finally {
      fs.writeFileSync(pinned, text);
    }
  });
});
