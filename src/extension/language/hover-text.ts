/** Markdown behind a line's end: what was measured, how, and on what. Texts of models and files are fenced, never rendered. */
import { formatInterval, formatValue } from '../../core/metrics/format';
import { metricOf } from '../../core/metrics/definitions';
import { parseSloExpression } from '../../core/metrics/slo';
import type { Unit } from '../../protocol/plan';
import { byRate } from './curve-text';
import type {
  AssertionObservation,
  CaseObservation,
  CurveObservation,
  Sample,
  SloObservation,
  StageObservation,
} from './observations';
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
  noted: 'Judged elsewhere',
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
  noted: 'arrow-small-right',
};

const VERDICT = {
  pass: '$(pass) met',
  fail: '$(error) missed',
  inconclusive: '$(question) undecided',
  error: '$(circle-slash) error',
} as const;

/** Remarks on single steps: beyond it they would bury the table. */
const MOST_CAVEATS = 4;

/** The hover of one place. */
export function hoverMarkdown(status: NodeStatus): string {
  const parts = [`$(${ICON[status.state]}) **${WORD[status.state]}** ${escape(status.node.name)}`];
  // The steps of a curve are rows of its table.
  const whole = status.placed.some(({ observation }) => observation.kind === 'curve');
  const placed = status.placed.filter(({ observation }) => !whole || observation.kind !== 'stage');
  for (const { observation } of placed.slice(0, 8)) {
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
      case 'curve':
        parts.push(curveMarkdown(observation, caveatsOf(status, observation.target)));
        break;
      case 'step':
        parts.push(`${code(observation.target)}: step ${observation.count}, ${code(observation.step)}, is running.`);
        break;
      case 'per-step':
        parts.push(
          `${code(observation.target)}: judged at each step of the stage ${code(observation.stage)}. A miss at one rate is a finding about that rate; the stage says up to which rate this is met.`,
        );
        break;
    }
  }
  if (placed.length > 8) parts.push(`and ${placed.length - 8} more`);
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
      : [['95% interval', formatInterval(result.ci, result.value ?? result.limit, unit)] satisfies [string, string]]),
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

function stageMarkdown({ target, stage, isStep, completed, rps, errorRate, caveats = [] }: StageObservation): string {
  const name = isStep === true ? `, ${code(stage)}` : '';
  const facts = `${code(target)}${name}: ${completed} requests completed, ${formatValue(rps, '1/s')}, error rate ${formatValue(errorRate, 'ratio')}.`;
  return [facts, ...caveats.map((text) => `$(warning) ${escape(text)}`)].join('  \n');
}

function curveMarkdown({ curve, target }: CurveObservation, caveats: string[]): string {
  const expressions = [...new Set(curve.points.flatMap(({ values }) => Object.keys(values)))];
  const heads = ['Rate', ...expressions.map((expr) => escape(expr.split(/\s/)[0] ?? expr)), 'Completed', ''];
  const open = byRate(curve);
  const closed = curve.points.filter(({ rate }) => rate === null);
  const rows = [...closed, ...open].map((point) => [
    point.rate === null ? escape(point.stage) : formatValue(point.rate, '1/s'),
    ...expressions.map((expr) => {
      const value = point.values[expr] ?? null;
      return value === null ? 'no sample' : formatValue(value, unitOf(expr));
    }),
    formatValue(point.rps, '1/s'),
    VERDICT[point.verdict],
  ]);
  const table = [heads, ['---', ...heads.slice(1, -1).map(() => '---:'), '---'], ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
  const cost =
    curve.cost_per_good === null ? '' : ` A good request costs ${formatValue(curve.cost_per_good, 'USD')} there.`;
  return [
    `${code(target)}: ${escape(curve.conclusion)}${escape(cost)}`,
    ...(rows.length === 0 ? [] : [table]),
    ...caveats.map((text) => `$(warning) ${escape(text)}`),
  ].join('\n\n');
}

/** What a reader must know of the steps, once each. */
function caveatsOf(status: NodeStatus, target: string): string[] {
  const all = status.placed.flatMap(({ observation }) =>
    observation.kind === 'stage' && observation.target === target
      ? (observation.caveats ?? []).map((text) => `${observation.stage}: ${text}`)
      : [],
  );
  const shown = all.slice(0, MOST_CAVEATS);
  return all.length > shown.length ? [...shown, `${all.length - shown.length} more remarks on single steps`] : shown;
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
