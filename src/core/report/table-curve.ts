import type { CurvePoint, CurveResult, StageResult } from '../../protocol/run-json';
import { formatValue } from '../metrics/format';
import { parseSloExpression } from '../metrics/slo';
import { columns, type Cell } from './columns';
import { flagWords, stageCaveats } from './flags';
import { INDENT, sentence } from './sentence';
import { VERDICT_LOOK } from './style';
import type { TableContext } from './table';

/** Flags of single steps that matter to the whole; the others explain one number that is not shown here. */
const STEP_FLAGS = new Set(['client_limited', 'clock_jump', 'not_steady', 'no_samples', 'stopped']);

/** A sweep or a capacity search: a row per step in the order of their rates, then what they mean together. */
export function curveLines(curve: CurveResult, stages: StageResult[], context: TableContext): string[] {
  const { paint } = context;
  const steps = stages.filter((stage) => stage.part_of === curve.stage);
  const look = VERDICT_LOOK[curve.verdict];
  const kind = curve.kind === 'capacity' ? 'highest rate within the SLOs' : 'sweep';
  const lines = [`${paint('strong', curve.stage)}  ${paint('dim', `${kind} · ${curve.points.length} steps`)}`];
  if (curve.points.length > 0) lines.push(...pointRows(curve, steps, context).map((line) => INDENT + line));
  for (const text of new Set(steps.flatMap((step) => shownCaveats(step)))) {
    lines.push(...sentence(text, context, 'unsure'));
  }
  for (const text of errorsOf(steps)) lines.push(...sentence(text, context, 'bad'));
  lines.push(...sentence(`${look.sign} ${curve.conclusion}`, context, look.tone));
  const answer = answerOf(curve);
  if (answer !== '') lines.push(...sentence(answer, context, 'plain'));
  return lines;
}

function pointRows({ points }: CurveResult, steps: StageResult[], { paint }: TableContext): string[] {
  const expressions = [...new Set(points.flatMap(({ values }) => Object.keys(values)))];
  const byRate = [...points].sort((a, b) => (a.rate ?? -1) - (b.rate ?? -1));
  const right = (text: string): Cell => ({ text, align: 'right', tone: 'dim' });
  const head: Cell[] = [
    { text: 'verdict', tone: 'dim' },
    right('rate'),
    right('achieved'),
    ...expressions.map((expr) => right(expr)),
    right('goodput'),
  ];
  const row = (point: CurvePoint): Cell[] => {
    const look = VERDICT_LOOK[point.verdict];
    const step = steps.find(({ name }) => name === point.stage);
    return [
      { text: `${look.sign} ${look.word}`, tone: look.tone },
      { text: point.rate === null ? label(point) : formatValue(point.rate, '1/s'), align: 'right' },
      { text: formatValue(point.rps, '1/s'), align: 'right' },
      ...expressions.map((expr) => valueCell(expr, point, step)),
      { text: point.goodput === null ? '-' : formatValue(point.goodput, '1/s'), align: 'right' },
      {
        text: (step?.flags ?? [])
          .filter((flag) => STEP_FLAGS.has(flag))
          .map(flagWords)
          .join(', '),
        tone: 'unsure',
      },
    ];
  };
  return columns([head, ...byRate.map(row)], paint);
}

/** A closed-loop step has no rate: it is known by the end of its name, such as `sync` or `32`. */
function label({ stage }: CurvePoint): string {
  return stage.split(' ').at(-1) ?? stage;
}

function valueCell(expr: string, { values }: CurvePoint, step: StageResult | undefined): Cell {
  const value = values[expr] ?? null;
  const parsed = parseSloExpression(expr);
  const text = value === null ? '-' : parsed.ok ? formatValue(value, parsed.unit) : String(value);
  const verdict = step?.slo.find((slo) => slo.expr === expr)?.verdict;
  return {
    text,
    align: 'right',
    ...(verdict === 'fail' ? { tone: 'bad' } : verdict === 'inconclusive' ? { tone: 'unsure' } : {}),
  };
}

function shownCaveats(step: StageResult): string[] {
  const flags = step.flags.filter(
    (flag) => flag === 'clock_jump' || flag === 'tokens_mixed' || flag === 'hidden_tokens',
  );
  return stageCaveats({ ...step, flags });
}

/** Errors of all steps by kind: an overloaded server gives the same ones at each rate. */
function errorsOf(steps: StageResult[]): string[] {
  const found = new Map<string, { count: number; example: string }>();
  for (const { kind, count, example } of steps.flatMap((step) => step.errors)) {
    const known = found.get(kind);
    found.set(kind, { count: (known?.count ?? 0) + count, example: known?.example ?? example });
  }
  return [...found].map(([kind, { count, example }]) => `${count} × ${kind}: ${example}`);
}

function answerOf({ kind, rate, bracket, confidence, cost_per_good: cost }: CurveResult): string {
  if (rate === null) return '';
  const above = bracket?.[1] ?? null;
  return [
    `Highest rate ${formatValue(rate, '1/s')}${above === null ? '' : ` (not at ${formatValue(above, '1/s')})`}`,
    kind === 'capacity' ? `confidence ${confidence}` : '',
    cost === null ? '' : `a good request costs ${formatValue(cost, 'USD')} there`,
  ]
    .filter((part) => part !== '')
    .join(' · ');
}
