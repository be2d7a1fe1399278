import type { Place, ReportFile, ReportSet } from '../../../src/core/report/report-file';
import type { CaseRecord, RunJson } from '../../../src/protocol/run-json';
import { caseRecord, quality, run, slo, stage, target } from './helpers';

const PLACES: Record<string, Place> = {
  '/cases/0': { line: 12, column: 5, endLine: 16, endColumn: 1 },
  '/cases/0/assert/0': { line: 14, column: 9, endLine: 14, endColumn: 32 },
  '/slo/0': { line: 20, column: 6, endLine: 20, endColumn: 26 },
  '/load/0': { line: 17, column: 5, endLine: 19, endColumn: 1 },
};

export function reportFile(more: Partial<ReportFile> = {}): ReportFile {
  return {
    run: run(),
    cases: [caseRecord()],
    dir: '.promptrig/runs/1',
    path: 'evals/chat.eval.yaml',
    placeOf: (pointer) => PLACES[pointer],
    ...more,
  };
}

export function reportSet(...files: ReportFile[]): ReportSet {
  return { files: files.length === 0 ? [reportFile()] : files, exitCode: 1, version: '1.2.3' };
}

/** What a hostile model, server or author could write: markup, escapes, commands, formulas, mentions, broken Unicode. */
export const CANARIES = [
  '<script>alert("canary")</script>',
  '<img src=x onerror=canary()>',
  ']]></failure><testcase name="canary"/>',
  '&canary; &#27;[31m',
  '\u001b[2J\u001b]0;canary\u0007',
  '\n::error file=canary::owned\n::set-output name=canary::1',
  '   ::stop-commands::canary\r\n##[add-mask]canary',
  '=HYPERLINK("http://canary.example","canary")',
  '@canary/everyone #1 GH-1 canary@canary.example',
  '![canary](http://canary.example/x.png) [canary](javascript:canary())',
  '`` ` ``` ```` canary\n```\n# canary\n<details><h1>canary</h1>',
  '| canary | canary |\n| --- | --- |',
  '{0} {1} canary {"a": 1}',
  'lone \ud800 half, \ufffe and \u0000 and \u202ereversed\u202c',
  '%0A::error::canary%25,col=1:2',
  '$canary "quoted", \'single\' \\backslash\\',
];

const all = CANARIES.join(' ');

/** A run in which every text that is not ours is all of the canaries. */
export function hostileFile(): ReportFile {
  const hostileSlo = slo({ verdict: 'fail', reason: all, name: all });
  const hostile: RunJson = run({
    name: all,
    status: 'stopped',
    status_reason: all,
    source: { path: all, sha256: '' },
    targets: [
      target({
        id: all,
        endpoint: all,
        model: all,
        prompt: all,
        params: { stop: all },
        error: { code: 'endpoint_unreachable', message: all },
        quality: quality({
          slo: [],
          repeated: [{ case: '/cases/0', case_id: all, name: all, n: 2, passed: 1, distinct: 2 }],
        }),
        stages: [
          stage({ name: all, slo: [hostileSlo], flags: [all], errors: [{ kind: all, count: 3, example: all }] }),
        ],
        curves: [
          {
            stage: all,
            pointer: '/load/0',
            kind: 'capacity',
            status: 'fails_at_lowest',
            points: [],
            rate: null,
            bracket: null,
            confidence: 'low',
            cost_per_good: null,
            conclusion: all,
            verdict: 'fail',
          },
        ],
        quality_under_load: {
          low: { stage: all, pass_rate: 1, n: 10 },
          high: { stage: all, pass_rate: 0.5, n: 10 },
          difference: -0.5,
          ci: [-0.8, -0.1],
          verdict: 'worse',
        },
      }),
      target({ id: `${all} 2` }),
    ],
    comparison: {
      pairs: [
        {
          first: all,
          second: `${all} 2`,
          cases: 10,
          only_first: 6,
          only_second: 0,
          difference: -0.6,
          ci: [-0.9, -0.2],
          p_value: 0.03,
          p_adjusted: 0.03,
          verdict: 'first better',
          lost: [all],
          won: [],
        },
      ],
    },
    baseline: { run: all, started_at: '', pairs: [], regressions: [all], improvements: [all], error: all },
  });
  const record: CaseRecord = caseRecord({
    target: all,
    case_id: all,
    name: all,
    answer: all,
    reasoning: all,
    assertions: [
      {
        ...{ pointer: '/cases/0/assert/0', type: 'contains', outcome: 'failed', score: 0, severity: 'error' },
        ...{ reason: all, expected: all, actual: all, name: all },
      },
    ],
  });
  const broken = caseRecord({ target: all, name: all, outcome: 'error', assertions: [], reason: all, repeat: 1 });
  return reportFile({ run: hostile, cases: [record, broken], path: `evals/${all}.eval.yaml` });
}
