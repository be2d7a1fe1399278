/** What an SLO's tile says, as plain text and numbers: everything that can be wrong about a tile is decided here. */
import { formatCount, formatDifference, formatInterval, formatValue } from '../../src/protocol/format';
import type { SloPlan, Unit } from '../../src/protocol/plan';
import type { SloResult } from '../../src/protocol/run-json';
import type { RunPanelState } from '../../src/protocol/run-panel';
import { provisionalWord, rankOf, verdictWord, WAITING, type Word } from '../words';

export interface TileModel {
  /** Of the expression in the eval file. */
  pointer: string;
  /** `ttft`, `quality.pass_rate`: what its requests or answers are found by. */
  metric: string;
  /** `TTFT p99`, or the author's name for it. */
  title: string;
  word: Word;
  /** `184 ms`; a dash while there is no sample. */
  value: string;
  /** `limit ≤ 200 ms` */
  limit: string;
  /** `16 ms (8%) under the limit`, or why there is no verdict. */
  distance: string;
  /** `n 478 · 95% CI 176–195` */
  sample: string;
  /** Of the bar, each as a share of its width from 0 to 1. */
  bar: { fill: number; limit: number };
  /** Formula and meaning, for a hover. */
  help: string;
  rank: number;
}

type Metrics = RunPanelState['metrics'];

export interface TileOptions {
  /** False while more samples may still turn a verdict round. */
  final: boolean;
  metrics: Metrics;
  /** Level of the intervals, 0.95 where nothing is said. */
  confidence?: number;
}

/** One tile for each expected SLO, in the order of the file, and one for each result that nothing announced. */
export function stageTiles(
  plans: readonly SloPlan[],
  results: readonly SloResult[],
  options: TileOptions,
): TileModel[] {
  const rest = new Map(results.map((result) => [key(result), result]));
  const tiles = plans.map((plan) => {
    const result = rest.get(key(plan));
    rest.delete(key(plan));
    return tile({ ...plan, unit: plan.unit }, result, options);
  });
  return [...tiles, ...[...rest.values()].map((result) => tile(result, result, options))];
}

/** Worst first, and among equals in the order of the file. */
export function worstFirst(tiles: readonly TileModel[]): TileModel[] {
  return [...tiles].sort((a, b) => a.rank - b.rank);
}

/** One preset adds several expressions at one place of the file, so a pointer alone does not name an SLO. */
function key({ pointer, expr }: { pointer: string; expr: string }): string {
  return `${pointer} ${expr}`;
}

function tile(
  slo: { pointer: string; expr: string; name?: string; limit: number; unit?: Unit },
  result: SloResult | undefined,
  { final, metrics, confidence = 0.95 }: TileOptions,
): TileModel {
  const [, subject = slo.expr, operator = ''] = /^(\S+)\s*(<=|>=|<|>)/.exec(slo.expr) ?? [];
  const { metric, stat } = splitSubject(subject, metrics);
  const definition = metrics?.[metric];
  const unit = slo.unit ?? definition?.unit ?? unitOf(metric);
  const minimum = operator.startsWith('>');
  const value = result?.value ?? null;
  const title = [definition?.label ?? labelOf(metric), stat].filter((part) => part !== '').join(' ');
  const known = result !== undefined && (final || value !== null);
  return {
    pointer: slo.pointer,
    metric,
    title: slo.name ?? title,
    word: !known ? WAITING : final ? verdictWord(result.verdict) : provisionalWord(result.verdict, minimum),
    value: value === null ? '–' : formatValue(value, unit),
    limit: `limit ${SYMBOLS[operator] ?? operator} ${formatValue(slo.limit, unit)}`,
    distance: known ? distanceText(result, { value, limit: slo.limit, unit, minimum }) : 'No sample yet',
    sample: result === undefined ? 'n 0' : sampleText(result, unit, confidence),
    bar: barOf(value, slo.limit, unit),
    help: helpText(slo.expr, definition, result),
    rank: known ? rankOf(result.verdict) : 1,
  };
}

const SYMBOLS: Record<string, string> = { '<=': '≤', '>=': '≥', '<': '<', '>': '>' };

/** `ttft.p99.9` is the metric `ttft` and the statistic `p99.9`; `quality.pass_rate` is a metric alone. */
function splitSubject(subject: string, metrics: Metrics): { metric: string; stat: string } {
  if (metrics?.[subject] !== undefined) return { metric: subject, stat: '' };
  const parts = /^(.+?)\.(mean|min|max|stdev|p\d+(?:\.\d+)?)$/.exec(subject);
  return { metric: parts?.[1] ?? subject, stat: parts?.[2] ?? '' };
}

/** A label for a metric whose definition the extension did not send. */
function labelOf(metric: string): string {
  if (/^[a-z0-9]{3,5}$/.test(metric)) return metric.toUpperCase();
  const words = metric.replace(/^quality\./, '').replaceAll(/[._]/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The base unit of an SLO's value. */
export function unitOfExpression(expr: string, metrics: Metrics): Unit {
  const { metric } = splitSubject(/^\S+/.exec(expr)?.[0] ?? expr, metrics);
  return metrics?.[metric]?.unit ?? unitOf(metric);
}

/** The base unit of a metric whose definition the extension did not send. */
function unitOf(metric: string): Unit {
  if (metric.startsWith('cost')) return 'USD';
  if (metric.startsWith('quality.') || /_(rate|ratio)$/.test(metric)) return 'ratio';
  if (metric.endsWith('_tps')) return 'tokens/s';
  if (metric.endsWith('_tokens')) return 'tokens';
  if (metric.endsWith('rps') || metric === 'goodput') return '1/s';
  return metric === 'concurrency' ? 'count' : 'ms';
}

function distanceText(
  result: SloResult,
  { value, limit, unit, minimum }: { value: number | null; limit: number; unit: Unit; minimum: boolean },
): string {
  if (value === null || result.verdict === 'inconclusive') return result.reason === '' ? 'No sample' : result.reason;
  const gap = value - limit;
  if (gap === 0) return 'Exactly at the limit';
  const side = gap > 0 === minimum ? 'to spare' : minimum ? 'short of the limit' : 'over the limit';
  // The percentage of a share would be taken for the share itself.
  const share = unit === 'ratio' || limit === 0 ? '' : ` (${formatValue(Math.abs(gap / limit), 'ratio')})`;
  // Few samples carry the verdict: it may turn out otherwise the next time.
  const doubt = result.confidence === 'low' ? ' · low confidence' : '';
  return `${formatDifference(gap, unit)}${share} ${side}${doubt}`;
}

function sampleText(result: SloResult, unit: Unit, confidence: number): string {
  const parts = [`n ${formatCount(result.n)}`];
  if (result.ci !== null && result.value !== null)
    parts.push(`${formatValue(confidence, 'ratio')} CI ${formatInterval(result.ci, result.value, unit)}`);
  return parts.join(' · ');
}

function helpText(
  expr: string,
  definition: { formula: string; meaning: string } | undefined,
  result: SloResult | undefined,
): string {
  const lines = [expr];
  if (definition !== undefined) lines.push(definition.formula, definition.meaning);
  if (result?.n_effective != null)
    lines.push(
      `${formatCount(result.n)} samples carry as much as ${formatCount(result.n_effective)} independent ones.`,
    );
  if (result !== undefined && result.reason !== '') lines.push(result.reason);
  return lines.join('\n');
}

/** The limit sits at two thirds, so that a value may show by how much it is over; shares end at 100%. */
function barOf(value: number | null, limit: number, unit: Unit): { fill: number; limit: number } {
  const end = unit === 'ratio' && limit <= 1 ? Math.max(limit, limit < 0.5 ? limit * 1.5 : 1) : limit * 1.5;
  if (end <= 0) return { fill: value !== null && value > 0 ? 1 : 0, limit: 0 };
  return { fill: value === null ? 0 : Math.min(1, Math.max(0, value / end)), limit: limit / end };
}
