/**
 * Everything of a run that somebody has to look at, as one list: what SARIF, the annotations of GitHub and Markdown show are the
 * same findings, so that they cannot disagree about what failed.
 */
import type {
  AssertionResult,
  CaseRecord,
  CurveResult,
  RunJson,
  SloResult,
  TargetResult,
} from '../../protocol/run-json';
import { parseSloExpression } from '../metrics/slo';
import { rowLabel } from '../compare/regression-text';
import { plain, plainData } from './plain';
import type { ReportFile } from './report-file';

export type FindingLevel = 'error' | 'warning' | 'note';

export interface Finding {
  /** What kind of thing found it: `assert/contains`, `slo/ttft`, `case/error`, `capacity`, `target`, `stage`, `baseline`, `run`. */
  rule: string;
  /** `error` where it decides the verdict; `warning` where it is permitted or undecided; `note` where nothing was judged. */
  level: FindingLevel;
  target: string;
  /** The load stage it is about; absent for quality cases and whole targets. */
  stage?: string;
  /** JSON pointer of the node it belongs to; empty for the whole file. */
  pointer: string;
  /** A few words: `contains · Refund`, `ttft.p99 <= 200ms · steady chat`. One line, without escapes. */
  title: string;
  /** The reason, as a sentence or a lower-case fact; one line, without escapes. */
  message: string;
  /** How many of the case's answers it was found in, where there is more than one. */
  answers?: { count: number; of: number };
  /** An answer that it was found in, as the model gave it. */
  answer?: string;
  /** What stays the same when lines move and other things are edited: the identity of a finding from run to run. */
  identity: string[];
}

const LEVEL_ORDER: readonly FindingLevel[] = ['error', 'warning', 'note'];

/** The findings of a run, what decides first, else in the order of the run's targets and of the file. */
export function findingsOf(file: ReportFile): Finding[] {
  const run = plainData(file.run);
  const found: Finding[] = [];
  for (const target of run.targets) {
    found.push(...targetFindings(target));
    found.push(
      ...caseFindings(
        target,
        file.cases.filter((record) => plain(record.target) === target.id),
      ),
    );
    for (const slo of target.quality?.slo ?? []) found.push(...sloFinding(target, undefined, slo));
    for (const stage of target.stages) {
      // A step is meant to find the rate that misses its SLOs: what counts is the curve's own conclusion.
      if (stage.part_of !== undefined) continue;
      for (const slo of [...stage.slo, ...(stage.quality?.slo ?? [])]) {
        found.push(...sloFinding(target, stage.pointer === null ? undefined : stage.name, slo));
      }
    }
    for (const curve of target.curves ?? []) found.push(...curveFinding(target, curve));
  }
  found.push(...baselineFindings(run), ...statusFindings(run));
  // Stable: within a level the order of the file stays.
  return found.sort((a, b) => LEVEL_ORDER.indexOf(a.level) - LEVEL_ORDER.indexOf(b.level));
}

/**
 * Whether failed cases of a target decide by themselves. Where the file sets a bar for quality, the bar decides, and a case that it
 * permits to fail is worth knowing and no failure.
 */
export function casesDecide({ quality }: TargetResult): boolean {
  const bars = (quality?.slo ?? []).filter(
    ({ expr, severity }) =>
      severity === 'error' && (expr.startsWith('quality.pass_rate') || expr.startsWith('quality.score')),
  );
  return bars.length === 0 || bars.some(({ verdict }) => verdict === 'fail');
}

function targetFindings(target: TargetResult): Finding[] {
  const found: Finding[] = [];
  if (target.error !== undefined) {
    found.push({
      rule: 'target',
      level: 'error',
      target: target.id,
      pointer: '/endpoints',
      title: `${target.id} could not be run`,
      message: target.error.message,
      identity: ['target', target.id],
    });
  }
  for (const { name, pointer, counts, errors, part_of: partOf } of target.stages) {
    if (pointer === null || partOf !== undefined || counts.completed > 0 || target.error !== undefined) continue;
    const failed = counts.failed + counts.timed_out + counts.truncated;
    if (failed === 0) continue;
    const example = errors[0] === undefined ? '' : `: ${errors[0].example}`;
    found.push({
      rule: 'stage',
      level: 'error',
      target: target.id,
      stage: name,
      pointer,
      title: `No request of ${name} was answered`,
      message: `none of ${counts.scheduled} requests completed${example}`,
      identity: ['stage', target.id, name],
    });
  }
  return found;
}

function caseFindings(target: TargetResult, all: readonly CaseRecord[]): Finding[] {
  const cases = all.filter((record) => record.stage === undefined);
  const repeats = new Map<string, number>();
  for (const record of cases) repeats.set(record.case, (repeats.get(record.case) ?? 0) + 1);
  const decides = casesDecide(target);
  const found = new Map<string, Finding>();
  const add = (record: CaseRecord, finding: Omit<Finding, 'answers' | 'target'>): void => {
    const of = repeats.get(record.case) ?? 1;
    const key = JSON.stringify([record.case, finding.pointer, finding.identity, finding.level]);
    const known = found.get(key);
    if (known?.answers !== undefined) known.answers.count++;
    else found.set(key, { ...finding, target: target.id, ...(of > 1 ? { answers: { count: 1, of } } : {}) });
  };
  for (const record of cases) {
    const answer = record.answer === null ? {} : { answer: record.answer };
    const failed = record.assertions.some(({ outcome }) => outcome === 'failed');
    // A request that failed leaves every assertion in error for the one reason that the case carries, too.
    if (record.assertions.length === 0 || (record.outcome === 'error' && !failed)) {
      if (record.outcome === 'passed') continue;
      add(record, {
        rule: `case/${record.outcome}`,
        level: record.outcome === 'skipped' ? 'note' : decides ? 'error' : 'warning',
        pointer: record.case,
        title: plain(`${WORDS[record.outcome]} · ${record.name}`),
        message: plain(record.reason ?? 'without a reason'),
        ...answer,
        identity: ['case', target.id, record.case_id, record.outcome],
      });
      continue;
    }
    for (const [index, assertion] of record.assertions.entries()) {
      if (assertion.outcome === 'passed') continue;
      add(record, {
        rule: `assert/${assertion.type}`,
        level: levelOf(assertion, record, decides),
        pointer: assertion.pointer,
        title: plain(`${assertion.name ?? assertion.type} · ${record.name}`),
        message: plain(assertion.reason),
        ...answer,
        identity: ['assert', target.id, record.case_id, ...assertionIdentity(assertion, record.assertions, index)],
      });
    }
  }
  return [...found.values()];
}

const WORDS: Record<CaseRecord['outcome'], string> = {
  passed: 'passed',
  failed: 'failed',
  error: 'in error',
  skipped: 'skipped',
};

function levelOf(assertion: AssertionResult, record: CaseRecord, decides: boolean): FindingLevel {
  if (assertion.outcome === 'skipped' || assertion.severity === 'info') return 'note';
  // With a threshold the score decides, and no single assertion.
  const minor = assertion.severity === 'warning' || record.outcome === 'passed';
  return minor || !decides ? 'warning' : 'error';
}

/** Not the pointer, which moves with every case that is added above: the type, what is asked for, and which of several alike. */
function assertionIdentity(assertion: AssertionResult, all: readonly AssertionResult[], index: number): string[] {
  const text = (item: AssertionResult): string => item.name ?? item.expected ?? '';
  const alike = all.slice(0, index).filter((item) => item.type === assertion.type && text(item) === text(assertion));
  return [assertion.type, text(assertion), String(alike.length)];
}

function sloFinding(target: TargetResult, stage: string | undefined, slo: SloResult): Finding[] {
  if (slo.verdict === 'pass') return [];
  const level: FindingLevel =
    slo.severity === 'info'
      ? 'note'
      : slo.severity === 'warning' || slo.verdict === 'inconclusive'
        ? 'warning'
        : 'error';
  const parsed = parseSloExpression(slo.expr);
  const subject = parsed.ok ? `${parsed.metric}${parsed.stat === null ? '' : `.${parsed.stat}`}` : slo.expr;
  const word = slo.verdict === 'fail' ? 'missed' : 'undecided';
  return [
    {
      rule: `slo/${parsed.ok ? parsed.metric : 'unknown'}`,
      level,
      target: target.id,
      ...(stage === undefined ? {} : { stage }),
      pointer: slo.pointer,
      title: `${slo.name ?? slo.expr} ${word}${stage === undefined ? '' : ` · ${stage}`}`,
      message: `${slo.name === undefined ? '' : `${slo.expr}: `}${slo.reason}`,
      // The limit is not part of it: relaxing an SLO does not make it another one.
      identity: ['slo', target.id, stage ?? '', subject],
    },
  ];
}

function curveFinding(target: TargetResult, curve: CurveResult): Finding[] {
  if (curve.verdict === 'pass') return [];
  return [
    {
      rule: curve.kind,
      level: curve.verdict === 'inconclusive' ? 'warning' : 'error',
      target: target.id,
      stage: curve.stage,
      pointer: curve.pointer,
      title: `${curve.stage}: ${curve.verdict === 'fail' ? 'no rate meets the SLOs' : 'no answer'}`,
      message: curve.conclusion,
      identity: [curve.kind, target.id, curve.stage],
    },
  ];
}

/** Each regression at the tolerance that the file sets for it, else at its baseline; of a run that selects they decide nothing. */
function baselineFindings({ baseline, targets }: RunJson): Finding[] {
  if (baseline === undefined) return [];
  const target = targets[0]?.id ?? '';
  const base = { rule: 'baseline', target, pointer: '/baseline' };
  const level: FindingLevel = baseline.verdict === 'pass' ? 'note' : 'error';
  const title = 'Worse than the baseline';
  const rows = (baseline.rows ?? []).filter(({ verdict }) => verdict === 'regression');
  const found = baseline.regressions.map((message, index): Finding => {
    const row = rows[index];
    if (row === undefined) {
      return { ...base, level, title, message, identity: ['baseline', message.split(':')[0] ?? message] };
    }
    const { stage, metric, stat, pointer } = row;
    const label = rowLabel(row);
    return {
      rule: `baseline/${metric}`,
      level,
      target: row.target,
      ...(stage === null ? {} : { stage }),
      pointer: pointer === undefined || pointer === '' ? '/baseline' : pointer,
      title: `${label} is worse than in the baseline${stage === null ? '' : ` · ${stage}`}`,
      message,
      identity: ['baseline', row.target, stage ?? '', metric, stat ?? ''],
    };
  });
  if (baseline.error !== undefined) {
    const unread = 'The baseline could not be compared with';
    found.push({ ...base, level: 'warning', title: unread, message: baseline.error, identity: ['baseline', 'error'] });
  } else if (baseline.verdict === 'inconclusive') {
    const open = 'What is asked of the baseline could not be decided';
    const message = (baseline.caveats ?? []).join(' ') || 'numbers that "regress" names were not tested';
    found.push({ ...base, level: 'warning', title: open, message, identity: ['baseline', 'undecided'] });
  }
  return found;
}

function statusFindings({ status, status_reason: reason, targets }: RunJson): Finding[] {
  if (status === 'completed') return [];
  return [
    {
      rule: 'run',
      level: status === 'crashed' ? 'error' : 'warning',
      target: targets[0]?.id ?? '',
      pointer: '',
      title: `The run ${status === 'running' ? 'has not ended' : status === 'stopped' ? 'was stopped' : 'crashed'}`,
      message: `${reason ?? 'without a reason'}; the results cover what had run`,
      identity: ['run', status],
    },
  ];
}
