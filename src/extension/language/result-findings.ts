/** What a file's results complain about, each at its place: what Problems lists and quick fixes mend. */
import { formatValue } from '../../core/metrics/format';
import { parseSloExpression } from '../../core/metrics/slo';
import type { TextRange } from '../../core/spec/document';
import type { Severity } from '../../protocol/plan';
import type { NodeStatus } from './line-ends';
import type {
  AssertionObservation,
  BaselineObservation,
  CaseObservation,
  CurveObservation,
  SloObservation,
} from './observations';
import { l10n } from '../l10n';

export interface ResultFinding {
  range: TextRange;
  message: string;
  /** Kebab-case: `assertion-contains`, `assertion-error`, `slo-missed`, `case-error`, `capacity-missed`, `baseline-regression`. */
  code: string;
  severity: Severity;
  status: NodeStatus;
  observation: AssertionObservation | SloObservation | CurveObservation | CaseObservation | BaselineObservation;
}

/** Only what still holds: a stale result is no problem of the text as it is now. */
export function findingsOf(status: NodeStatus): ResultFinding[] {
  if (status.state !== 'failed' && status.state !== 'warning' && status.state !== 'error') return [];
  const findings: ResultFinding[] = [];
  for (const { observation, stale } of status.placed) {
    if (stale) continue;
    switch (observation.kind) {
      case 'assertion':
        findings.push(...ofAssertion(status, observation));
        break;
      case 'slo':
        findings.push(...ofSlo(status, observation));
        break;
      case 'curve':
        findings.push(...ofCurve(status, observation));
        break;
      case 'case':
        findings.push(...ofCase(status, observation));
        break;
      case 'baseline':
        findings.push(...ofBaseline(status, observation));
        break;
      default:
        break;
    }
  }
  return findings;
}

function ofAssertion(status: NodeStatus, observation: AssertionObservation): ResultFinding[] {
  const { sample, tally, target, type, outvoted } = observation;
  const { failed, error } = tally;
  if (sample === null || (failed === 0 && error === 0)) return [];
  const of = tally.passed + failed + error;
  const count = of > 1 ? ` ${l10n.t('({0} of {1} answers)', failed + error, of)}` : '';
  const isOutvoted = outvoted === true && observation.severity === 'error';
  const note = isOutvoted ? ` ${l10n.t('(the score of the case suffices all the same)')}` : '';
  return [
    {
      ...at(status),
      message: l10n.t('{0} on {1}: {2}', sample.case, `${target}${count}`, `${sample.reason}${note}`),
      code: failed > 0 ? `assertion-${type}` : 'assertion-error',
      severity: isOutvoted ? 'warning' : observation.severity,
      observation,
    },
  ];
}

function ofSlo(status: NodeStatus, observation: SloObservation): ResultFinding[] {
  const { result, stage, target } = observation;
  if (result.verdict !== 'fail') return [];
  const parsed = parseSloExpression(result.expr);
  const where =
    result.expr.startsWith('quality.') && stage === 'cases' ? target : l10n.t('{0}, stage {1}', target, stage);
  return [
    {
      ...at(status),
      message:
        parsed.ok && result.value !== null
          ? l10n.t(
              '{0} missed at {1} on {2}: {3}',
              result.expr,
              formatValue(result.value, parsed.unit),
              where,
              result.reason,
            )
          : l10n.t('{0} missed on {1}: {2}', result.expr, where, result.reason),
      code: 'slo-missed',
      severity: result.severity,
      observation,
    },
  ];
}

function ofCurve(status: NodeStatus, observation: CurveObservation): ResultFinding[] {
  const { curve, target } = observation;
  if (curve.verdict !== 'fail' && curve.verdict !== 'error') return [];
  return [
    {
      ...at(status),
      message: l10n.t('{0} on {1}: {2}', curve.stage, target, curve.conclusion),
      code: `${curve.kind}-${curve.verdict === 'fail' ? 'missed' : 'error'}`,
      severity: 'error',
      observation,
    },
  ];
}

/** A case whose assertions failed is told by them. */
function ofCase(status: NodeStatus, observation: CaseObservation): ResultFinding[] {
  const { sample, target, tally } = observation;
  if (tally.error === 0 || tally.failed > 0) return [];
  return [
    {
      ...at(status),
      message: l10n.t('{0} on {1} got no answer: {2}', sample.case, target, sample.reason),
      code: 'case-error',
      severity: 'error',
      observation,
    },
  ];
}

function ofBaseline(status: NodeStatus, observation: BaselineObservation): ResultFinding[] {
  const base = { ...at(status), observation };
  const found = observation.regressions.map((message): ResultFinding => ({
    ...base,
    message: l10n.t('Worse than the baseline: {0}', message),
    code: 'baseline-regression',
    severity: 'error',
  }));
  const { error } = observation;
  if (error === undefined) return found;
  return [
    ...found,
    {
      ...base,
      message: l10n.t('The baseline was not compared: {0}', error),
      code: 'baseline-error',
      severity: 'warning',
    },
  ];
}

function at(status: NodeStatus): Pick<ResultFinding, 'range' | 'status'> {
  const { node } = status;
  // A whole case underlined would bury its own assertions: its first line stands for it.
  return { status, range: node.kind === 'case' || node.kind === 'stage' ? node.anchor : node.range };
}
