/**
 * CSV in long format, one number a row: answers, assertions, distributions, rates, SLOs, counts and costs of every run, under one
 * head, so that a spreadsheet or a data frame filters by `kind` and `metric` instead of reading two tables out of one file.
 */
import type { CaseRecord, QualityResult, SloResult, StageResult, TargetResult } from '../../protocol/run-json';
import { METRICS } from '../metrics/definitions';
import { latenciesOf } from '../metrics/request-sample';
import { parseSloExpression } from '../metrics/slo';
import { plain } from './plain';
import type { ReportFile, ReportSet } from './report-file';

/** The columns, in their order. New ones are added at the end. */
export const CSV_COLUMNS = [
  'file',
  'run',
  'target',
  'stage',
  /** `answer`, `assertion`, `metric`, `rate`, `count`, `quality`, `slo`, `cost`, `curve`, `verdict`. */
  'kind',
  'case',
  'repeat',
  /** What the row is about: a case, an assertion, an SLO's expression. */
  'name',
  'metric',
  'stat',
  'value',
  'unit',
  'limit',
  /** `pass`, `fail`, `inconclusive`, `error`; of answers `passed`, `failed`, `error`, `skipped`. */
  'verdict',
  'confidence',
  'n',
  'ci_low',
  'ci_high',
  'line',
  'reason',
] as const;

type Row = Partial<Record<(typeof CSV_COLUMNS)[number], string | number | null>>;

export function renderCsv({ files }: ReportSet): string {
  const lines = [CSV_COLUMNS.join(',')];
  for (const file of files) {
    for (const row of rowsOf(file)) {
      const base: Row = { file: file.path, run: file.run.id };
      lines.push(CSV_COLUMNS.map((column) => cell({ ...base, ...row }[column])).join(','));
    }
  }
  // RFC 4180: lines end in CR LF.
  return lines.map((line) => `${line}\r\n`).join('');
}

/** Numbers are as they are; text is made one printable line, kept from being a formula, and quoted where it must be. */
function cell(value: string | number | null | undefined): string {
  if (value === null || value === undefined || value === '') return '';
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '';
  const text = plain(value);
  // A spreadsheet runs a cell that starts like a formula; an apostrophe makes it text. Full-width forms count in some of them.
  const safe = /^\s*[=+\-@＝＋－＠]/.test(text) || /^[\t\r\n]/.test(value) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) || /^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function rowsOf(file: ReportFile): Row[] {
  const { run } = file;
  const rows: Row[] = [{ kind: 'verdict', name: run.name, verdict: run.verdict, reason: run.status_reason ?? '' }];
  for (const target of run.targets) {
    const own = file.cases.filter((record) => record.target === target.id && record.stage === undefined);
    rows.push(...targetRows(file, target, own).map((row) => ({ target: target.id, ...row })));
  }
  return rows;
}

function targetRows(file: ReportFile, target: TargetResult, cases: readonly CaseRecord[]): Row[] {
  const rows: Row[] = [
    { kind: 'verdict', name: target.id, verdict: target.verdict, reason: target.error?.message ?? '' },
  ];
  for (const record of cases) rows.push(...answerRows(file, record));
  if (target.quality !== null) rows.push(...qualityRows(file, target.quality));
  for (const stage of target.stages) {
    rows.push(...stageRows(file, stage).map((row) => ({ stage: stage.name, ...row })));
  }
  for (const curve of target.curves ?? []) {
    rows.push({
      stage: curve.stage,
      kind: 'curve',
      name: curve.kind,
      metric: 'rate',
      value: curve.rate,
      unit: '1/s',
      verdict: curve.verdict,
      confidence: curve.confidence,
      line: lineOf(file, curve.pointer),
      reason: curve.conclusion,
    });
  }
  for (const [key, value] of Object.entries(target.cost)) {
    rows.push({ kind: 'cost', metric: `cost.${key}`, value: value as number | null, unit: 'USD' });
  }
  return rows.map((row) => ({ target: target.id, ...row }));
}

function answerRows(file: ReportFile, record: CaseRecord): Row[] {
  const base: Row = { stage: 'cases', case: record.case_id, repeat: record.repeat };
  const rows: Row[] = [
    {
      ...base,
      kind: 'answer',
      name: record.name,
      metric: 'score',
      value: record.score,
      unit: 'ratio',
      verdict: record.outcome,
      line: lineOf(file, record.case),
      reason: record.reason ?? '',
    },
  ];
  const request = record.request === null ? undefined : file.requests?.get(record.request);
  if (request !== undefined) {
    const values = latenciesOf(request, 'closed');
    for (const metric of ['ttft', 'e2e', 'tpot', 'output_tokens', 'input_tokens', 'cost']) {
      const value = values[metric];
      if (value === undefined) continue;
      rows.push({ ...base, kind: 'answer', name: record.name, metric, value, unit: METRICS[metric]?.unit ?? '' });
    }
  }
  for (const assertion of record.assertions) {
    rows.push({
      ...base,
      kind: 'assertion',
      name: assertion.name ?? assertion.type,
      metric: assertion.type,
      value: assertion.score,
      unit: 'ratio',
      verdict: assertion.outcome,
      line: lineOf(file, assertion.pointer),
      reason: assertion.reason,
    });
  }
  return rows;
}

function qualityRows(file: ReportFile, quality: QualityResult): Row[] {
  const { cases, passed, failed, errors, skipped, pass_rate: passRate, ci, score, flake_rate: flakeRate } = quality;
  const rows: Row[] = Object.entries({ cases, passed, failed, errors, skipped }).map(([metric, value]) => ({
    kind: 'count',
    metric,
    value,
    unit: 'count',
  }));
  rows.push({
    ...{ kind: 'quality', metric: 'quality.pass_rate', value: passRate, unit: 'ratio', n: cases - skipped },
    ...{ ci_low: ci?.[0] ?? null, ci_high: ci?.[1] ?? null },
  });
  rows.push({ kind: 'quality', metric: 'quality.score', value: score, unit: 'ratio' });
  rows.push({ kind: 'quality', metric: 'quality.flake_rate', value: flakeRate, unit: 'ratio' });
  rows.push(...quality.slo.map((slo) => sloRow(file, slo)));
  return rows;
}

function stageRows(file: ReportFile, stage: StageResult): Row[] {
  const rows: Row[] = [];
  for (const [metric, distribution] of Object.entries(stage.metrics)) {
    const { unit, n, method, ...stats } = distribution;
    for (const [stat, value] of Object.entries(stats)) {
      rows.push({ kind: 'metric', metric, stat, value, unit, n, reason: method === 'hdr' ? 'histogram' : '' });
    }
  }
  for (const [metric, value] of Object.entries(stage.rates)) {
    rows.push({ kind: 'rate', metric, value: value as number | null, unit: RATE_UNITS[metric] ?? '' });
  }
  for (const [metric, value] of Object.entries(stage.counts)) {
    rows.push({ kind: 'count', metric, value: value as number, unit: 'count' });
  }
  rows.push(...stage.slo.map((slo) => sloRow(file, slo)));
  if (stage.quality !== undefined) rows.push(...qualityRows(file, stage.quality));
  return rows;
}

const RATE_UNITS: Record<string, string> = {
  rps: '1/s',
  offered_rps: '1/s',
  goodput: '1/s',
  goodput_ratio: 'ratio',
  output_tps: 'tokens/s',
  input_tps: 'tokens/s',
  total_tps: 'tokens/s',
  error_rate: 'ratio',
  concurrency_mean: 'count',
  concurrency_max: 'count',
};

function sloRow(file: ReportFile, slo: SloResult): Row {
  const parsed = parseSloExpression(slo.expr);
  return {
    kind: 'slo',
    name: slo.name === undefined ? slo.expr : `${slo.name}: ${slo.expr}`,
    metric: parsed.ok ? parsed.metric : '',
    stat: parsed.ok ? (parsed.stat ?? '') : '',
    value: slo.value,
    unit: parsed.ok ? parsed.unit : '',
    limit: slo.limit,
    verdict: slo.verdict,
    confidence: slo.confidence,
    n: slo.n,
    ci_low: slo.ci?.[0] ?? null,
    ci_high: slo.ci?.[1] ?? null,
    line: lineOf(file, slo.pointer),
    reason: slo.reason,
  };
}

function lineOf(file: ReportFile, pointer: string): number | null {
  return file.placeOf(pointer)?.line ?? null;
}
