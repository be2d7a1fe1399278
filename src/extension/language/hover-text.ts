/** Markdown behind a line's end: what was measured, how, and on what. Texts of models and files are fenced, never rendered. */
import { formatValue } from '../../core/metrics/format';
import { metricOf } from '../../core/metrics/definitions';
import { parseSloExpression } from '../../core/metrics/slo';
import type { Unit } from '../../protocol/plan';
import type { AssertionObservation, CaseObservation, Sample, SloObservation, StageObservation } from './observations';
import type { NodeStatus } from './line-ends';
import { total } from './observations';

const WORD: Record<NodeStatus['state'], string> = {
  passed: 'Passed',
  failed: 'Failed',
  warning: 'Failed (warning)',
  inconclusive: 'Inconclusive',
  error: 'Could not be evaluated',
  skipped: 'Skipped',
  running: 'Running',
  stale: 'Stale: the file has changed since',
};

const ICON: Record<NodeStatus['state'], string> = {
  passed: 'pass',
  failed: 'error',
  warning: 'warning',
  inconclusive: 'question',
  error: 'circle-slash',
  skipped: 'debug-step-over',
  running: 'loading~spin',
  stale: 'history',
};

/** The hover of one place. */
export function hoverMarkdown(status: NodeStatus): string {
  const parts = [`$(${ICON[status.state]}) **${WORD[status.state]}** ${escape(status.node.name)}`];
  for (const { observation } of status.placed.slice(0, 8)) {
    switch (observation.kind) {
      case 'slo':
        parts.push(sloMarkdown(observation));
        break;
      case 'assertion':
        parts.push(assertionMarkdown(observation));
        break;
      case 'case':
        parts.push(caseMarkdown(observation));
        break;
      case 'stage':
        parts.push(stageMarkdown(observation));
        break;
    }
  }
  if (status.placed.length > 8) parts.push(`and ${status.placed.length - 8} more`);
  const metrics = new Set(
    status.placed.flatMap(({ observation }) =>
      observation.kind === 'slo' ? [metricName(observation.result.expr)] : [],
    ),
  );
  for (const name of metrics) {
    const definition = metricOf(name);
    if (definition !== undefined) {
      parts.push(`**${definition.label}** = ${code(definition.formula)}  \n${escape(definition.meaning)}`);
    }
  }
  return parts.join('\n\n');
}

function sloMarkdown({ result, target, stage, at, provisional }: SloObservation): string {
  const unit = unitOf(result.expr);
  const value = (n: number | null): string => (n === null ? 'no sample' : formatValue(n, unit));
  const rows: [string, string][] = [
    ['Value', `**${value(result.value)}**${provisional ? ' so far' : ''}`],
    ['Limit', code(result.expr)],
    ...(result.ci === null
      ? []
      : [['95% interval', `${value(result.ci[0])} to ${value(result.ci[1])}`] satisfies [string, string]]),
    ['Samples', `${result.n}${result.n_effective === null ? '' : ` (${Math.round(result.n_effective)} effective)`}`],
    ['Confidence', result.confidence],
    ['Measured on', `${code(target)}, stage ${code(stage)}, ${escape(at.replace('T', ' ').slice(0, 19))} UTC`],
  ];
  return `| | |\n| --- | --- |\n${rows.map(([key, text]) => `| ${key} | ${text} |`).join('\n')}\n\n${escape(result.reason)}`;
}

function assertionMarkdown({ tally, target, type, sample }: AssertionObservation): string {
  const head = `${code(type)} on ${code(target)}: ${tally.passed} of ${total(tally)} passed`;
  return sample === null ? head : `${head}\n\n${sampleMarkdown(sample)}`;
}

function caseMarkdown({ tally, target, sample }: CaseObservation): string {
  return `${code(target)}: ${tally.passed} of ${total(tally)} answers passed\n\n${sampleMarkdown(sample)}`;
}

function stageMarkdown({ target, completed, rps, errorRate, flags }: StageObservation): string {
  const flagged = flags.length === 0 ? '' : ` Flags: ${flags.map(code).join(', ')}.`;
  return `${code(target)}: ${completed} requests completed, ${rps.toPrecision(3)}/s, error rate ${(errorRate * 100).toPrecision(2)}%.${flagged}`;
}

function sampleMarkdown(sample: Sample): string {
  const parts: string[] = [];
  if (sample.reason !== '') parts.push(escape(sample.reason));
  if (sample.expected !== undefined) parts.push(`Expected\n\n${fence(sample.expected)}`);
  if (sample.actual !== undefined && sample.actual !== sample.answer) parts.push(`Actual\n\n${fence(sample.actual)}`);
  if (sample.answer !== undefined) parts.push(`Answer\n\n${fence(sample.answer)}`);
  return parts.join('\n\n');
}

function metricName(expression: string): string {
  const parsed = parseSloExpression(expression);
  return parsed.ok ? parsed.metric : '';
}

function unitOf(expression: string): Unit {
  const parsed = parseSloExpression(expression);
  return parsed.ok ? parsed.unit : 'count';
}

/** Markdown's own signs in `text` are shown, not obeyed. */
function escape(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-!|<>~$]/g, '\\$&').replace(/\s+/g, ' ');
}

function code(text: string): string {
  return `\`${text.replace(/[`|\r\n]/g, ' ')}\``;
}

/** A code fence longer than any run of backticks inside. */
function fence(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((match) => match[0].length));
  const bar = '`'.repeat(longest + 1);
  return `${bar}text\n${text}\n${bar}`;
}
