import assert from 'node:assert/strict';
import { parse } from 'csv-parse/sync';
import { CSV_COLUMNS, renderCsv } from '../../../src/core/report/csv';
import type { RequestRecord } from '../../../src/protocol/run-json';
import { requestRecord } from '../support/samples';
import { hostileFile, reportFile, reportSet } from './documents-helpers';
import { caseRecord, quality, run, slo, target } from './helpers';

type Row = Record<(typeof CSV_COLUMNS)[number], string>;

function rowsOf(text: string): Row[] {
  return parse<Row>(text, { columns: true });
}

describe('the CSV report', () => {
  it('has one head and one number a row', () => {
    const text = renderCsv(reportSet());
    assert.equal(text.split('\r\n')[0], CSV_COLUMNS.join(','));
    const rows = rowsOf(text);
    const p99 = rows.find(({ kind, metric, stat }) => kind === 'metric' && metric === 'ttft' && stat === 'p99');
    assert.deepEqual(
      [p99?.file, p99?.target, p99?.stage, p99?.value, p99?.unit, p99?.n],
      ['evals/chat.eval.yaml', 'sim', 'steady chat', '184.2', 'ms', '478'],
    );
    const rate = rows.find(({ kind, metric }) => kind === 'rate' && metric === 'rps');
    assert.deepEqual([rate?.value, rate?.unit], ['7.98', '1/s']);
    const objective = rows.find(({ kind }) => kind === 'slo');
    assert.deepEqual(
      [objective?.name, objective?.metric, objective?.stat, objective?.value, objective?.limit, objective?.verdict],
      ['ttft.p99 <= 200ms', 'ttft', 'p99', '184.2', '200', 'pass'],
    );
    assert.deepEqual([objective?.ci_low, objective?.ci_high, objective?.line], ['176', '195.1', '20']);
  });

  it('has a row for each answer with its outcome, and its times where they are known', () => {
    const record: RequestRecord = requestRecord({ id: 'sim/cases/0', sent: 100, first: 150, last: 400, end: 401 });
    const rows = rowsOf(renderCsv(reportSet(reportFile({ requests: new Map([[record.id, record]]) }))));
    const answers = rows.filter(({ kind }) => kind === 'answer');
    assert.deepEqual(
      answers.slice(0, 3).map(({ metric, value, verdict, name }) => [metric, value, verdict, name]),
      [
        ['score', '0', 'failed', 'Refund'],
        ['ttft', '50', '', 'Refund'],
        ['e2e', '300', '', 'Refund'],
      ],
    );
    const assertion = rows.find(({ kind }) => kind === 'assertion');
    assert.deepEqual([assertion?.metric, assertion?.verdict, assertion?.line], ['contains', 'failed', '14']);
  });

  it('leaves a value empty where there is none: never a zero', () => {
    const empty = target({ quality: quality({ pass_rate: null, score: null, ci: null }), stages: [] });
    const missing = slo({ value: null, ci: null, verdict: 'inconclusive' });
    const rows = rowsOf(
      renderCsv(
        reportSet(
          reportFile({
            cases: [],
            run: run({ targets: [{ ...empty, quality: quality({ pass_rate: null, slo: [missing] }) }] }),
          }),
        ),
      ),
    );
    assert.equal(rows.find(({ metric }) => metric === 'quality.pass_rate')?.value, '');
    assert.equal(rows.find(({ kind }) => kind === 'slo')?.value, '');
    assert.equal(rows.find(({ metric }) => metric === 'cost.total')?.value, '');
  });

  it('holds no formula, no line break and no control character, whatever a model writes', () => {
    const text = renderCsv(reportSet(hostileFile()));
    assert.doesNotMatch(text.replaceAll('\r\n', ''), /[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
    for (const row of rowsOf(text)) {
      for (const [column, value] of Object.entries(row)) {
        if (/^-?\d+(\.\d+)?(e[+-]\d+)?$/.test(value)) continue;
        assert.doesNotMatch(value, /^\s*[=+\-@＝＋－＠]/, column);
      }
    }
    for (const start of ['=1+1', '+1', '-1+1', '@SUM(1)', '\t=1', '\r=1', ' =1', '＝1']) {
      const rows = rowsOf(renderCsv(reportSet(reportFile({ cases: [caseRecord({ name: start })] }))));
      assert.match(rows.find(({ kind }) => kind === 'answer')?.name ?? '', /^'/, JSON.stringify(start));
    }
  });

  it('keeps quotes and commas of a text', () => {
    const rows = rowsOf(renderCsv(reportSet(reportFile({ cases: [caseRecord({ name: 'a "b", c' })] }))));
    assert.equal(rows.find(({ kind }) => kind === 'answer')?.name, 'a "b", c');
  });
});
