import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import { renderSarif } from '../../../src/core/report/sarif';
import type { ReportSet } from '../../../src/core/report/report-file';
import { hostileFile, reportFile, reportSet } from './documents-helpers';
import { caseRecord, run, slo, stage, target } from './helpers';

interface Log {
  runs: {
    tool: { driver: { rules: { id: string }[] } };
    results: {
      ruleId: string;
      ruleIndex: number;
      level: string;
      message: { text: string };
      locations: { physicalLocation: { artifactLocation: { uri: string }; region: Record<string, number> } }[];
      partialFingerprints: Record<string, string>;
    }[];
    invocations: { exitCode: number; executionSuccessful: boolean }[];
  }[];
}

/** The schema is in draft 4, of which it uses nothing that draft 7 reads otherwise but the name of its id. */
const schema = JSON.parse(
  readFileSync(require.resolve('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json'), 'utf8'),
) as Record<string, unknown>;
delete schema.$schema;
delete schema.id;
const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
addFormats(ajv);
const validate = ajv.compile(schema);

function logOf(report: ReportSet): Log {
  const log = JSON.parse(renderSarif(report)) as Log;
  assert.ok(validate(log), ajv.errorsText(validate.errors));
  return log;
}

function resultsOf(report: ReportSet): Log['runs'][number]['results'] {
  return logOf(report).runs[0]?.results ?? [];
}

describe('the SARIF report', () => {
  it('is valid, with a result at the range of each YAML node that failed', () => {
    const missed = slo({ verdict: 'fail', value: 231, reason: '31 ms over' });
    const report = reportSet(reportFile({ run: run({ targets: [target({ stages: [stage({ slo: [missed] })] })] }) }));
    const [log] = logOf(report).runs;
    assert.deepEqual(
      log?.tool.driver.rules.map(({ id }) => id),
      ['assert/contains', 'slo/ttft'],
    );
    const [assertion, objective] = log?.results ?? [];
    assert.equal(assertion?.ruleId, 'assert/contains');
    assert.equal(assertion?.level, 'error');
    assert.match(assertion?.message.text ?? '', /^contains · Refund: does not contain "30 days"/);
    assert.deepEqual(assertion?.locations[0]?.physicalLocation, {
      artifactLocation: { uri: 'evals/chat.eval.yaml', uriBaseId: 'SRCROOT' },
      region: { startLine: 14, startColumn: 9, endLine: 14, endColumn: 32 },
    });
    assert.equal(objective?.ruleId, 'slo/ttft');
    assert.equal(objective?.ruleIndex, 1);
    assert.equal(objective?.locations[0]?.physicalLocation.region.startLine, 20);
    assert.deepEqual(log?.invocations[0], { executionSuccessful: true, exitCode: 1 });
  });

  it('keeps a fingerprint when lines and pointers move and when a limit is changed, and gives each finding its own', () => {
    const at = (pointer: string, expr: string): ReportSet => {
      const record = caseRecord({ case: '/cases/7' });
      const [first] = record.assertions;
      const moved = { ...record, assertions: first === undefined ? [] : [{ ...first, pointer }] };
      const missed = slo({ verdict: 'fail', expr, pointer: '/slo/3' });
      return reportSet(
        reportFile({
          cases: [moved],
          placeOf: () => ({ line: 99, column: 1, endLine: 99, endColumn: 2 }),
          run: run({ targets: [target({ stages: [stage({ slo: [missed] })] })] }),
        }),
      );
    };
    const prints = (report: ReportSet): string[] =>
      resultsOf(report).map(({ partialFingerprints }) => partialFingerprints['promptrigFinding/v1'] ?? '');
    const before = prints(at('/cases/0/assert/0', 'ttft.p99 <= 200ms'));
    assert.equal(new Set(before).size, 2);
    assert.deepEqual(prints(at('/cases/7/assert/2', 'ttft.p99 <= 250ms')), before);
    const other = prints(at('/cases/0/assert/0', 'ttft.p50 <= 200ms'));
    assert.equal(other[0], before[0]);
    assert.notEqual(other[1], before[1]);
  });

  it('tells two assertions alike in one case apart', () => {
    const record = caseRecord();
    const [first] = record.assertions;
    assert.ok(first !== undefined);
    const twice = { ...record, assertions: [first, { ...first, pointer: '/cases/0/assert/1' }] };
    const prints = resultsOf(reportSet(reportFile({ cases: [twice] }))).map(
      ({ partialFingerprints }) => partialFingerprints.primaryLocationLineHash,
    );
    assert.equal(new Set(prints).size, 2);
  });

  it('warns of what is undecided or permitted, and notes what was skipped', () => {
    const open = slo({ verdict: 'inconclusive', reason: 'too few' });
    const skipped = caseRecord({ case: '/cases/1', case_id: 'b', outcome: 'skipped', assertions: [], reason: 'later' });
    const report = reportSet(
      reportFile({ cases: [skipped], run: run({ targets: [target({ stages: [stage({ slo: [open] })] })] }) }),
    );
    assert.deepEqual(
      resultsOf(report).map(({ ruleId, level }) => [ruleId, level]),
      [
        ['slo/ttft', 'warning'],
        ['case/skipped', 'note'],
      ],
    );
  });

  it('is valid without findings, without runs, and says when the command itself failed', () => {
    assert.deepEqual(resultsOf({ files: [], exitCode: 0, version: '1' }), []);
    const failed = logOf({ files: [], exitCode: 4, version: '1' }).runs[0]?.invocations[0];
    assert.deepEqual(failed, { executionSuccessful: false, exitCode: 4 });
  });

  it('keeps the findings that decide where there are more than are taken', () => {
    const cases = Array.from({ length: 5100 }, (_, index) =>
      caseRecord({
        ...{ case: `/cases/${index}`, case_id: `c${index}`, assertions: [], reason: 'x' },
        outcome: index < 5090 ? 'skipped' : 'error',
      }),
    );
    const results = resultsOf(reportSet(reportFile({ cases })));
    assert.equal(results.length, 5000);
    assert.equal(results.filter(({ level }) => level === 'error').length, 10);
  });

  it('takes no text for a placeholder or a link, and prints no control character', () => {
    const text = renderSarif(reportSet(hostileFile()));
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    const results = resultsOf(reportSet(hostileFile()));
    assert.ok(results.length > 5);
    for (const { message, locations } of results) {
      assert.doesNotMatch(message.text, /(?<!\{)\{\d\}/);
      assert.doesNotMatch(message.text, /(?<!\\)\[canary\]/);
      for (const { physicalLocation } of locations)
        assert.doesNotMatch(physicalLocation.artifactLocation.uri, /[<> "\\]/);
    }
  });

  it('can tell a log that is not valid', () => {
    const log = JSON.parse(renderSarif(reportSet())) as { runs: { results: { level: string }[] }[] };
    const [result] = log.runs[0]?.results ?? [];
    assert.ok(result !== undefined);
    result.level = 'fatal';
    assert.equal(validate(log), false);
  });
});
