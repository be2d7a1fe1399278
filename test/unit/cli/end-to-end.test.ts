import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as path from 'node:path';
import type { DoctorReport } from '../../../src/core/doctor/report';
import type { JsonReport } from '../../../src/core/report/json';
import type { RunJson } from '../../../src/protocol/run-json';
import { indexOf, runOf } from '../html-report/page-parts';
import { cli, makeWorkspace, startCli, type RunningCli } from './spawn-cli';

const FAST =
  'sim: { ttft: 5ms, itl: 1ms, jitter: 0, output_tokens: 6, answer: template, template: "Hello Ada, welcome back" }';

function evalFile(more = '', assertion = '{ contains: Ada }', sim = FAST): string {
  return `name: Greeting
prompt: "Greet {{ name }}."
endpoints: [{ name: fast, api: sim, ${sim} }]
cases:
  - name: greets
    vars: { name: Ada }
    assert: [${assertion}]
${more}
`;
}

const LOAD = `load: [{ name: few, pattern: concurrent, concurrency: 2, requests: 10 }]
slo: ["ttft.p95 <= 5s"]`;

function endpointFile(url: string, more = ''): string {
  return `name: Remote
prompt: "Hi"
endpoints: [{ name: remote, url: "${url}", model: m, timeout: { connect: 2s, first_token: 2s }${more} }]
cases: [{ name: greets, assert: [{ contains: Hi }] }]
`;
}

describe('the command line', function () {
  this.timeout(60_000);
  let workspace: ReturnType<typeof makeWorkspace>;
  const use = (files: Record<string, string>): string => {
    workspace = makeWorkspace(files);
    return workspace.dir;
  };
  const runs = (dir: string): RunJson[] => {
    const folder = path.join(dir, '.promptrig', 'runs');
    if (!fs.existsSync(folder)) return [];
    return fs
      .readdirSync(folder)
      .map((name) => JSON.parse(fs.readFileSync(path.join(folder, name, 'run.json'), 'utf8')) as RunJson);
  };
  afterEach(() => workspace.dispose());

  describe('run', () => {
    it('passes: verdicts on the standard output, progress on the other, results in the workspace, exit 0', async () => {
      const dir = use({ 'evals/a.eval.yaml': evalFile(LOAD) });
      const { code, stdout, stderr } = await cli(['run', 'evals'], dir);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /Quality {2}1 of 1 answers passed/);
      assert.match(stdout, /✓ pass +ttft\.p95 +[\d.]+ ms +<= 5s +10/);
      assert.match(stdout, /✓ PASS · .*results in \.promptrig\/runs\/\S+\n$/);
      assert.doesNotMatch(stdout + stderr, /\u001b/);
      assert.match(stderr, /fast.* \/ few: started \(10 requests/);
      const [run, ...others] = runs(dir);
      assert.equal(others.length, 0);
      assert.deepEqual([run?.status, run?.verdict], ['completed', 'pass']);
    });

    it('fails where an assertion fails, names its line, and exits 1', async () => {
      const dir = use({ 'a.eval.yaml': evalFile('', '{ contains: Grace }') });
      const { code, stdout } = await cli(['run', 'a.eval.yaml'], dir);
      assert.equal(code, 1, stdout);
      assert.match(stdout, /a\.eval\.yaml:7 ✗ contains "Grace" · greets\n +the answer starts "Hello Ada/);
    });

    it('fails where an SLO is missed, and --quiet prints the verdict alone', async () => {
      const dir = use({ 'a.eval.yaml': evalFile('slo: ["ttft.min <= 1ms"]') });
      const { code, stdout, stderr } = await cli(['run', '--quiet'], dir);
      assert.equal(code, 1, stdout);
      assert.match(stdout, /^a\.eval\.yaml: ✗ FAIL · .*1 missed.*\n$/);
      assert.equal(stderr, '');
    });

    it('is inconclusive under --strict where the sample is too small, and exits 3', async () => {
      const dir = use({ 'a.eval.yaml': evalFile(LOAD) });
      const { code, stdout } = await cli(['run', '--strict'], dir);
      assert.equal(code, 3, stdout);
      assert.match(stdout, /~ INCONCLUSIVE/);
    });

    it('writes one JSON document and nothing else to the standard output, and a table to a file', async () => {
      const dir = use({ 'a.eval.yaml': evalFile(), 'b.eval.yaml': evalFile('', '{ contains: Grace }') });
      const { code, stdout } = await cli(
        ['run', '--format', 'json', '--format', 'table=out/report.txt', '--out', 'kept'],
        dir,
      );
      assert.equal(code, 1);
      const report = JSON.parse(stdout) as JsonReport;
      assert.equal(report.exit_code, 1);
      assert.equal(report.verdict, 'fail');
      assert.deepEqual(
        report.runs.map(({ run }) => run.verdict),
        ['pass', 'fail'],
      );
      assert.equal(report.runs[0]?.cases[0]?.answer, 'Hello Ada, welcome back');
      assert.ok(
        report.runs.every((run) => path.dirname(run.dir) === path.join(dir, 'kept')),
        'in --out',
      );
      assert.deepEqual(runs(dir), []);
      assert.match(fs.readFileSync(path.join(dir, 'out', 'report.txt'), 'utf8'), /✓ PASS[^]*✗ FAIL/);
    });

    it('writes the runs of all files as one page that holds the panel, beside other formats', async () => {
      const dir = use({ 'a.eval.yaml': evalFile(LOAD), 'b.eval.yaml': evalFile('', '{ contains: Grace }') });
      const { code, stdout, stderr } = await cli(['run', '--format', 'json', '--format', 'html=out/report.html'], dir);
      assert.equal(code, 1, stderr);
      const report = JSON.parse(stdout) as JsonReport;
      const html = fs.readFileSync(path.join(dir, 'out', 'report.html'), 'utf8');
      assert.deepEqual(
        indexOf(html).runs.map(({ source, verdict }) => [source, verdict]),
        [
          ['a.eval.yaml', 'pass'],
          ['b.eval.yaml', 'fail'],
        ],
      );
      assert.deepEqual(runOf(html).files?.run, report.runs[0]?.run);
      assert.equal(runOf(html).requests.length, 11, 'the case and ten requests of the load');
      assert.ok(html.length > 400_000, 'the panel itself is in it');
      assert.match(html, /url\("data:font\/ttf;base64,/);
    });

    it('selects cases and repeats them', async () => {
      const more = '  - { name: other, vars: { name: Grace }, assert: [{ contains: Ada }] }';
      const dir = use({ 'a.eval.yaml': evalFile(more) });
      const { stdout } = await cli(['run', '--case', 'other', '--repeat', '3', '--format', 'json'], dir);
      const report = JSON.parse(stdout) as JsonReport;
      assert.deepEqual(
        report.runs[0]?.cases.map((record) => [record.name, record.repeat]).sort(),
        [0, 1, 2].map((repeat) => ['other', repeat]),
      );
    });

    it('exits 4 where an endpoint cannot be reached', async () => {
      const server = createServer();
      const port = await listen(server);
      await close(server);
      const dir = use({ 'a.eval.yaml': endpointFile(`http://127.0.0.1:${port}/v1`) });
      const { code, stdout, stderr } = await cli(['run'], dir);
      assert.equal(code, 4, stdout + stderr);
      assert.match(stdout, /refused/i);
    });

    it('exits 2 before it sends anything where the variable of a key is missing, and names it', async () => {
      const server = createServer((_request, response) => response.end());
      let requests = 0;
      server.on('request', () => requests++);
      const port = await listen(server);
      const dir = use({
        'a.eval.yaml': endpointFile(`http://127.0.0.1:${port}/v1`, ', apiKeyEnv: PROMPTRIG_TEST_KEY'),
      });
      const { code, stderr } = await cli(['run'], dir);
      await close(server);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /PROMPTRIG_TEST_KEY \(API key of remote\)/);
      assert.equal(requests, 0);
    });

    it('keeps a key out of everything that it prints and writes', async () => {
      const key = 'sk-very-secret-0123456789';
      const seen: (string | undefined)[] = [];
      const server = createServer((request, response) => {
        seen.push(request.headers.authorization);
        response.writeHead(401, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ error: { message: `Incorrect API key provided: ${key}` } }));
      });
      const port = await listen(server);
      const dir = use({
        'a.eval.yaml': endpointFile(`http://127.0.0.1:${port}/v1`, ', apiKeyEnv: PROMPTRIG_TEST_KEY'),
      });
      const { code, stdout, stderr } = await cli(['run'], dir, { PROMPTRIG_TEST_KEY: key });
      await close(server);
      assert.equal(code, 4, stdout + stderr);
      assert.ok(seen.includes(`Bearer ${key}`), 'the endpoint got the key');
      assert.match(stdout, /401/);
      const written = fs.readdirSync(dir, { recursive: true, encoding: 'utf8' }).map((name) => path.join(dir, name));
      const texts = written.filter((name) => fs.statSync(name).isFile()).map((name) => fs.readFileSync(name, 'utf8'));
      for (const text of [stdout, stderr, ...texts]) assert.ok(!text.includes(key), text);
    });

    it('stops at Ctrl+C, keeps and shows what it measured, and exits 130', async () => {
      const load = 'load: [{ name: long, pattern: constant, rate: 20/s, duration: 10m }]';
      const dir = use({ 'a.eval.yaml': evalFile(load), 'b.eval.yaml': evalFile() });
      const running = startCli(['run'], dir);
      await running.shows(/long: started/);
      await until(() => /"stage":"long"[^\n]*"phase":"measured","outcome":"completed"/.test(requestsOf(dir)));
      running.interrupt();
      const { code, stdout, stderr } = await running.done;
      assert.equal(code, 130, stdout + stderr);
      assert.match(stderr, /Stopping\./);
      assert.match(stdout, /stopped: cancelled/);
      const all = runs(dir);
      assert.equal(all.length, 1, 'the file after it was not run');
      assert.equal(all[0]?.status, 'stopped');
      assert.equal(all[0]?.targets[0]?.quality?.passed, 1);
      const last = all[0]?.targets[0]?.stages.at(-1);
      assert.ok((last?.counts.completed ?? 0) > 0, JSON.stringify(last));
    });

    it('stops at the budget of the command line, which replaces that of the file, and then cannot pass', async () => {
      const load =
        'load: [{ name: long, pattern: constant, rate: 20/s, duration: 10m }]\nbudget: { tokens: 1000000, time: 9m }';
      const dir = use({ 'a.eval.yaml': evalFile(load) });
      const { code, stdout, stderr } = await cli(['run', '--budget', '150tokens'], dir);
      assert.equal(code, 3, stdout + stderr);
      assert.match(stdout, /~ INCONCLUSIVE · stopped: budget, the run used \d+ of 150 tokens · /);
      assert.equal(runs(dir)[0]?.status, 'stopped');
    });

    it('runs nothing where any file is invalid', async () => {
      const dir = use({ 'a.eval.yaml': evalFile(), 'b.eval.yaml': 'prompt: [' });
      const { code, stdout, stderr } = await cli(['run'], dir);
      assert.equal(code, 2);
      assert.equal(stdout, '');
      assert.match(stderr, /^b\.eval\.yaml:1:\d+ error /m);
      assert.match(stderr, /nothing was run/);
      assert.deepEqual(runs(dir), []);
    });

    it('shares promptrig.yaml of the workspace', async () => {
      const dir = use({
        'promptrig.yaml': `endpoints: [{ name: shared, api: sim, ${FAST} }]\n`,
        'evals/a.eval.yaml':
          'prompt: Hi {{ n }}\nendpoints: [shared]\ncases: [{ vars: { n: 1 }, assert: [{ contains: Ada }] }]\n',
      });
      const { code, stdout, stderr } = await cli(['run', 'evals/a.eval.yaml', '--format', 'json'], dir);
      assert.equal(code, 0, stdout + stderr);
      assert.equal((JSON.parse(stdout) as JsonReport).runs[0]?.run.targets[0]?.endpoint, 'shared');
      assert.equal(runs(dir).length, 1, 'results beside promptrig.yaml');
    });
  });

  describe('validate', () => {
    it('locates what is wrong, with the line and what to do, and exits 2', async () => {
      const dir = use({
        'bad.eval.yaml':
          'name: x\npromt: "Hi"\nprompt: "Hi {{ nam }}"\ncases:\n  - vars: { name: Ada }\n    asert: []\n',
      });
      const { code, stdout } = await cli(['validate'], dir);
      assert.equal(code, 2, stdout);
      assert.match(
        stdout,
        /^bad\.eval\.yaml:6:5 warning .*"asert".*Did you mean "assert"\? \(unknown-key\)\n {2}6 \| {5}asert: \[\]\n {4}\| {5}\^{5}\n/m,
      );
      assert.match(stdout, /^bad\.eval\.yaml:3:\d+ error .*nam.*\(undefined-variable\)$/m);
      assert.match(stdout, /1 file: \d+ errors?, \d+ warnings?/);
    });

    it('accepts the smallest file, with CRLF and a byte order mark too', async () => {
      const smallest =
        'name: Greeting\nprompt: "Greet {{name}} in one sentence."\ncases:\n  - vars: { name: Ada }\n    assert: [ { contains: Ada } ]\nslo: [ "ttft.p95 <= 300ms" ]\n';
      const dir = use({ 'a.eval.yaml': smallest, 'b.eval.yaml': `\ufeff${smallest.replaceAll('\n', '\r\n')}` });
      const { code, stdout } = await cli(['validate', '.'], dir);
      assert.equal(code, 0, stdout);
      assert.match(stdout, /2 files: no problems/);
    });

    it('exits 2 for an empty file, a missing one and a folder without any', async () => {
      const dir = use({ 'empty.eval.yaml': '', 'sub/readme.md': '' });
      assert.equal((await cli(['validate', 'empty.eval.yaml'], dir)).code, 2);
      const missing = await cli(['validate', 'nope.eval.yaml'], dir);
      assert.equal(missing.code, 2);
      assert.match(missing.stderr, /nope\.eval\.yaml: There is no such file/);
      const none = await cli(['validate', 'sub'], dir);
      assert.equal(none.code, 2);
      assert.match(none.stderr, /No eval files were found in sub/);
    });
  });

  describe('usage', () => {
    for (const [args, says] of [
      [['run', '--sead', '1'], /Did you mean --seed\?/],
      [['rnu'], /Did you mean run\?/],
      [['run', '--repeat', '0'], /whole number, 1 or more/],
      [['doctor', '--format', 'junit'], /junit is not written by this command/],
      [['run', '--budget', 'much'], /--budget much cannot be read.*200000tokens/],
      [['run', '--watch', '--since', 'HEAD'], /leave out --since/],
      [['baseline', 'pin', 'a'], /There is no file and no run called "a"/],
      [['import', 'x.yaml', '--what'], /unknown option '--what'/],
      [['metrics', 'tftt'], /Did you mean ttft/],
      [['sim', '--ttft', 'soon'], /ttft/],
    ] as const) {
      it(`refuses ${args.join(' ')} with a sentence and exit 2`, async () => {
        const { code, stdout, stderr } = await cli([...args], use({}));
        assert.equal(code, 2, stdout + stderr);
        assert.match(stderr, says);
        assert.doesNotMatch(stderr, /\n {4}at /);
      });
    }

    it('prints help, version, metrics and schemas', async () => {
      const dir = use({});
      const help = await cli(['run', '--help'], dir);
      assert.equal(help.code, 0);
      assert.match(help.stdout, /--strict[^]*Exit codes:[^]*130/);
      assert.match((await cli(['--version'], dir)).stdout, /^\d+\.\d+\.\d+\n$/);
      assert.match((await cli(['metrics', 'ttft'], dir)).stdout, /first - origin/);
      const schema = JSON.parse((await cli(['schema'], dir)).stdout) as { properties: Record<string, unknown> };
      assert.ok('cases' in schema.properties);
      const shared = JSON.parse((await cli(['schema', '--workspace'], dir)).stdout) as {
        properties: Record<string, unknown>;
      };
      assert.ok('retention' in shared.properties && !('cases' in shared.properties));
    });
  });

  describe('doctor', () => {
    it('measures both ladders, keeps the result, and warns a later run above it', async function () {
      this.timeout(90_000);
      const dir = use({
        'a.eval.yaml': evalFile('load: [{ name: far too fast, pattern: constant, rate: 9000/s, requests: 1 }]'),
      });
      const env = { XDG_CACHE_HOME: path.join(dir, 'cache') };
      const { code, stdout, stderr } = await cli(['doctor', '--quick', '--format', 'json'], dir, env);
      const report = JSON.parse(stdout) as DoctorReport;
      assert.equal(report.schema, 'promptrig.doctor/1');
      assert.equal(report.quick, true);
      assert.equal(code, report.status === 'fine' ? 0 : 3, stderr);
      assert.equal(report.streams[0]?.streams, 1);
      assert.equal(report.rates[0]?.rate, 100);
      for (const step of [...report.streams, ...report.rates]) {
        assert.ok(step.workers >= 1 && step.attempts >= 1, JSON.stringify(step));
        assert.equal(step.limited, step.why !== null);
      }
      // Speed is the machine's; that every token was found among the simulator's own records is ours.
      assert.ok((report.streams[0]?.tokens_per_s ?? 0) > 0, stdout);
      assert.equal(report.streams[0]?.lost, 0);
      assert.ok(report.clock.resolution_us > 0 && report.conclusion.length > 0);
      assert.match(stderr, /Poisson arrivals: 100\/s/);
      const file = path.join(dir, 'cache', 'promptrig', 'doctor.json');
      assert.deepEqual(JSON.parse(fs.readFileSync(file, 'utf8')), report);

      // As a quiet machine would have it, which the one that runs this test need not be.
      const ceiling = { streams: 256, rate: 500, streams_ended: 'limited', rates_ended: 'limited' };
      fs.writeFileSync(file, JSON.stringify({ ...report, ceiling }));
      const later = await cli(['run'], dir, env);
      assert.match(
        later.stderr,
        /^a\.eval\.yaml:\d+:\d+ warning "far too fast" offers 9000\/s, .* beyond 500\/s .* \(client-ceiling\)$/m,
      );
    });
  });

  describe('sim', () => {
    it('serves with the settings of its flags and file, prints its address, and ends with 0 at Ctrl+C', async () => {
      const dir = use({
        'sim.yaml': 'ttft: 5ms\nitl: 1ms\nanswer: template\ntemplate: From the file\noutput_tokens: 50\n',
      });
      const running: RunningCli = startCli(['sim', '--port', '0', '--config', 'sim.yaml', '--ttft', '2ms'], dir);
      await running.shows(/Ctrl\+C/);
      const url = running.output.stdout.trim();
      assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/v1$/);
      const response = await fetch(`${url}/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x' }] }),
      });
      assert.match(await response.text(), /From the file/);
      running.interrupt();
      assert.equal((await running.done).code, 0);
    });
  });
});

/** Every line of every requests.ndjson so far. */
function requestsOf(dir: string): string {
  const files = fs
    .readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('requests.ndjson'));
  return files.map((name) => fs.readFileSync(path.join(dir, name), 'utf8')).join('');
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 50));
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
