import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { assertionTypes } from '../../../src/core/quality/registry';
import type { JsonReport } from '../../../src/core/report/json';
import type { AssertionResult } from '../../../src/protocol/run-json';
import { removeTempDirs, tempDir } from '../support/temp';
import { cli } from './spawn-cli';

const fixtures = path.resolve(__dirname, '../../fixtures/quality');

/** Everything a run of the fixtures says, with the files copied to where its results may be written. */
async function run(file: string, ...more: string[]) {
  const dir = tempDir();
  fs.cpSync(fixtures, dir, { recursive: true });
  const args = ['run', file, '--allow-code', '--format', 'table', '--format', 'json=report.json', ...more];
  const { code, stdout, stderr } = await cli(args, dir);
  const report = JSON.parse(fs.readFileSync(path.join(dir, 'report.json'), 'utf8')) as JsonReport;
  return { code, stdout, stderr, cases: report.runs.flatMap(({ cases }) => cases), report };
}

function flat(results: AssertionResult[]): AssertionResult[] {
  return results.flatMap((result) => [result, ...flat(result.members ?? [])]);
}

describe('quality on the command line', function () {
  this.timeout(60_000);
  after(removeTempDirs);

  it('runs every assertion of the format, the model-graded ones over HTTP, and gives the expected verdicts', async () => {
    const { code, stdout, cases, report } = await run('every-assertion.eval.yaml');
    assert.equal(code, 1, stdout);
    const results = cases.flatMap((record) => flat(record.assertions));
    const used = new Set(results.map(({ type }) => type.replace(/^not-/, '')));
    const missing = [...assertionTypes(), 'assert-set'].filter((type) => !used.has(type));
    assert.deepEqual(missing, []);

    const unexpected = cases
      .filter(({ name }) => name !== 'wrong')
      .flatMap((record) => record.assertions.map((result) => ({ name: record.name, result })))
      .filter(({ result }) => result.outcome !== 'passed')
      .map(({ name, result }) => `${name}: ${result.type} is ${result.outcome}: ${result.reason}`);
    assert.deepEqual(unexpected, []);
    const wrong = cases.find(({ name }) => name === 'wrong');
    assert.deepEqual(
      wrong?.assertions.map(({ type, outcome }) => [type, outcome]),
      [
        ['ttft', 'passed'],
        ['contains', 'failed'],
        ['llm-rubric', 'error'],
      ],
    );

    const quality = report.runs[0]?.run.targets[0]?.quality;
    assert.deepEqual([quality?.passed, quality?.failed, quality?.errors], [cases.length - 1, 1, 0]);
    assert.ok((quality?.judge?.calls ?? 0) > 10 && (quality?.judge?.cost ?? 0) > 0);
    // Line by line what a person reads of it, times and costs apart.
    const table = stdout.split('\n').map((line) => line.trim());
    assert.ok(
      table.includes('Quality  16 of 17 answers passed (94.1%, 95% CI 73–99) · 1 failed · score 0.957'),
      stdout,
    );
    assert.ok(
      table.some((line) => /^every-assertion\.eval\.yaml:\d+ ✗ contains "Lyon" · wrong$/.test(line)),
      stdout,
    );
    assert.ok(table.some((line) => /^every-assertion\.eval\.yaml:\d+ ! ungraded \(llm-rubric\) · wrong$/.test(line)));
  });

  it('keeps tool calls, reasoning and finish reasons with the answer', async () => {
    const { cases } = await run('every-assertion.eval.yaml', '--case', 'tools', '--case', 'reasoning');
    const tools = cases.find(({ name }) => name === 'tools');
    assert.deepEqual(
      tools?.tool_calls?.map(({ name, arguments: text }) => [name, JSON.parse(text) as unknown]),
      [['get_weather', { city: 'Paris' }]],
    );
    assert.equal(tools?.finish_reason, 'tool_calls');
    const reasoning = cases.find(({ name }) => name === 'reasoning');
    assert.deepEqual([reasoning?.answer, reasoning?.reasoning], ['42', 'The user wants a number.']);
  });

  it('runs no code without being allowed to, and says so at its line', async () => {
    const dir = tempDir();
    fs.cpSync(fixtures, dir, { recursive: true });
    const { stdout, stderr } = await cli(['run', 'every-assertion.eval.yaml', '--case', 'code'], dir);
    assert.match(stderr, /every-assertion\.eval\.yaml:\d+:\d+ warning .*--allow-code/);
    assert.match(stdout, /○ javascript .*· code/);
  });

  for (const form of ['csv', 'jsonl', 'json', 'yaml']) {
    it(`asks the rows of a dataset in ${form.toUpperCase()}`, async () => {
      const { code, cases, stdout } = await run(`dataset-${form}.eval.yaml`);
      assert.equal(code, 1);
      const outcomes = cases.map(({ name, outcome }) => [name.includes('Spain') ? 'Spain' : 'other', outcome]);
      assert.deepEqual(outcomes.sort(), [
        ['Spain', 'failed'],
        ['other', 'passed'],
        ['other', 'passed'],
      ]);
      assert.match(stdout, new RegExp(`rows\\.${form}: 3 of 3 rows`));
      assert.match(stdout, /Quality {2}2 of 3 answers passed/);
    });
  }
});
