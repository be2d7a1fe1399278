/** SLO expressions: `metric[.stat] op value`, such as `ttft.p99 <= 200ms`. Pure text in, typed limit or located message out. */
import type { SloPlan, Unit } from '../../protocol/plan';
import { METRICS, metricOf, type MetricDefinition } from './definitions';
import { nearest } from './nearest';
import { isStat } from './stat';
import { parseSloValue } from './slo-value';

export interface ParsedSlo {
  ok: true;
  metric: string;
  /** Spelled out (p99 for a latency that names none); null for metrics without one. */
  stat: string | null;
  op: SloPlan['op'];
  /** In the metric's base unit. */
  limit: number;
  unit: Unit;
  /** Canonical: single spaces, the statistic spelled out, the value as its author wrote it. */
  expr: string;
}

export interface SloSyntaxError {
  ok: false;
  message: string;
  /** UTF-16 units from the start of the text that was given. */
  offset: number;
  length: number;
  /** Each replaces the text at `offset`, `length`; the best first. */
  suggestions: string[];
}

/** What other tools call our metrics. */
const ALIASES = new Map(
  Object.entries({
    latency: 'e2e',
    request_latency: 'e2e',
    e2el: 'e2e',
    duration: 'e2e',
    time_to_first_token: 'ttft',
    inter_token_latency: 'itl',
    time_per_output_token: 'tpot',
    tbt: 'itl',
    throughput: 'rps',
    request_rate: 'rps',
    tps: 'output_tps',
    tokens_per_second: 'output_tps',
    errors: 'error_rate',
    pass_rate: 'quality.pass_rate',
    accuracy: 'quality.pass_rate',
    success_rate: 'quality.pass_rate',
    quality: 'quality.pass_rate',
    score: 'quality.score',
    flake_rate: 'quality.flake_rate',
    per_good: 'cost.per_good',
    cost_per_good: 'cost.per_good',
    cost_per_request: 'cost.per_request',
  }),
);

const STAT_ALIASES = new Map(
  Object.entries({
    avg: 'mean',
    average: 'mean',
    median: 'p50',
    p100: 'max',
    p0: 'min',
    maximum: 'max',
    minimum: 'min',
    std: 'stdev',
    stddev: 'stdev',
    sd: 'stdev',
  }),
);

const OPERATORS: readonly string[] = ['<=', '>=', '<', '>'];
const OPERATOR_SLIPS = new Map(
  Object.entries({
    '≤': ['<='],
    '≥': ['>='],
    '=<': ['<='],
    '=>': ['>='],
    '=': ['<=', '>='],
    '==': ['<=', '>='],
    '!=': ['<=', '>='],
  }),
);

/**
 * Parses one expression. Never throws: what is wrong comes back with its place in `text` and replacements for that place.
 * A name that is no metric and stands alone may be a preset's: that is for the caller to try first.
 */
export function parseSloExpression(text: string): ParsedSlo | SloSyntaxError {
  const lead = text.length - text.trimStart().length;
  const body = text.trim();
  if (body === '')
    return problem('An SLO needs a metric, an operator and a limit, such as "ttft.p99 <= 200ms".', 0, text.length);

  const name = /^[A-Za-z_][\w-]*(?:\.[\w-]+)*/.exec(body)?.[0];
  if (name === undefined)
    return problem('An SLO starts with the name of a metric, such as "ttft.p99 <= 200ms".', lead, body.length);
  const subject = parseSubject(name, lead);
  if (!subject.ok) return subject;
  const { definition, stat } = subject;

  const afterName = skipSpace(body, name.length);
  const op = /^[<>=!≤≥]+/.exec(body.slice(afterName))?.[0];
  if (op === undefined)
    return problem(
      `"${name}" needs one of <=, <, >= or > and a limit, such as "${example(definition, stat)}".`,
      lead,
      body.length,
      [example(definition, stat)],
    );
  if (!OPERATORS.includes(op))
    return problem(
      `"${op}" is not an operator here; use <=, <, >= or >.`,
      lead + afterName,
      op.length,
      OPERATOR_SLIPS.get(op) ?? (definition.better === 'lower' ? ['<='] : ['>=']),
    );

  const valueAt = skipSpace(body, afterName + op.length);
  const valueText = body.slice(valueAt);
  if (valueText === '')
    return problem(`The limit is missing, such as "${example(definition, stat)}".`, lead, body.length, [
      example(definition, stat),
    ]);
  const value = parseSloValue(valueText, definition);
  if (!value.ok) return problem(value.message, lead + valueAt, valueText.length, value.suggestions);
  return {
    ok: true,
    metric: definition.name,
    stat,
    op: op as SloPlan['op'],
    limit: value.limit,
    unit: definition.unit,
    expr: `${stat === null ? definition.name : `${definition.name}.${stat}`} ${op} ${value.text}`,
  };
}

type Subject = { ok: true; definition: MetricDefinition; stat: string | null };

/** Parses a name such as `ttft.p99` alone, with the statistic spelled out. */
export function parseSloSubject(name: string): Subject | SloSyntaxError {
  return /^[A-Za-z_][\w-]*(?:\.[\w-]+)*$/.test(name) ? parseSubject(name, 0) : unknownMetric(name, 0);
}

function parseSubject(name: string, offset: number): Subject | SloSyntaxError {
  const definition = longestMetric(name);
  if (definition === undefined) return unknownMetric(name, offset);
  const rest = name.slice(definition.name.length + 1);
  if (rest === '') return { ok: true, definition, stat: definition.defaultStat };
  const statAt = offset + definition.name.length + 1;
  if (!definition.stats) {
    return problem(
      `"${definition.name}" is one number for the whole stage and takes no statistic.`,
      offset,
      name.length,
      [definition.name],
    );
  }
  if (isStat(rest) && (definition.allowedStats === undefined || definition.allowedStats.includes(rest)))
    return { ok: true, definition, stat: rest };
  // `cost` prefixes other metrics: `cost.per_god` is a misspelt metric, not a statistic of one.
  if (definition.name === 'cost' && !isStat(rest) && !STAT_ALIASES.has(rest)) return unknownMetric(name, offset);
  return unknownStat(definition, rest, statAt);
}

function unknownStat(definition: MetricDefinition, stat: string, offset: number): SloSyntaxError {
  const allowed = definition.allowedStats;
  const lower = stat.toLowerCase();
  const candidates = [
    STAT_ALIASES.get(lower),
    isStat(lower) ? lower : undefined,
    ...nearest(lower, allowed ?? ['mean', 'min', 'max', 'stdev', 'p50', 'p90', 'p95', 'p99', 'p99.9']),
  ];
  const known = allowed === undefined ? 'mean, min, max, stdev or a percentile such as p99' : allowed.join(' or ');
  const suggestions = [...new Set(candidates.filter((item): item is string => item !== undefined))].filter(
    (item) => allowed === undefined || allowed.includes(item),
  );
  return problem(`"${stat}" is not a statistic of ${definition.name}; use ${known}.`, offset, stat.length, suggestions);
}

function unknownMetric(name: string, offset: number): SloSyntaxError {
  const lower = name.toLowerCase();
  const suggestions: string[] = [];
  const add = (candidate: string | undefined) => {
    if (candidate !== undefined && !suggestions.includes(candidate)) suggestions.push(candidate);
  };
  if (metricOf(lower) !== undefined) add(lower);
  // `ttft_p99`, `p99_ttft` and `TTFT.P99` are how other tools spell it.
  const parts = /^(?:(p\d+(?:\.\d+)?|mean|min|max)[_-])?(.+?)(?:[._-](p\d+(?:\.\d+)?|mean|min|max|avg|median))?$/.exec(
    lower,
  );
  const base = parts?.[2]?.replaceAll('-', '_') ?? lower;
  const rawStat = parts?.[3] ?? parts?.[1];
  const stat = rawStat === undefined ? undefined : (STAT_ALIASES.get(rawStat) ?? rawStat);
  const spelled = (metric: string | undefined) => {
    const definition = metric === undefined ? undefined : metricOf(metric);
    if (definition === undefined) return undefined;
    return stat !== undefined && definition.stats ? `${definition.name}.${stat}` : definition.name;
  };
  add(spelled(base));
  add(spelled(ALIASES.get(base)));
  for (const near of nearest(base, Object.keys(METRICS))) add(spelled(near));
  const hint = suggestions.length === 0 ? 'Run "promptrig metrics" for the list.' : `Did you mean "${suggestions[0]}"?`;
  return problem(`"${name}" is not a metric. ${hint}`, offset, name.length, suggestions);
}

/** `quality.pass_rate` has a dot of its own, so the metric is the longest known prefix and the rest its statistic. */
function longestMetric(name: string): MetricDefinition | undefined {
  for (let end = name.length; end > 0; end = name.lastIndexOf('.', end - 1)) {
    const definition = metricOf(name.slice(0, end));
    if (definition !== undefined) return definition;
  }
  return undefined;
}

function example(definition: MetricDefinition, stat: string | null): string {
  const values: Record<Unit, string> = {
    ms: '200ms',
    '1/s': '8/s',
    'tokens/s': '1000/s',
    ratio: '95%',
    USD: '$0.002',
    tokens: '200',
    count: '32',
  };
  const value = definition.unit === 'ratio' && definition.better === 'lower' ? '1%' : values[definition.unit];
  return `${definition.name}${stat === null ? '' : `.${stat}`} ${definition.better === 'lower' ? '<=' : '>='} ${value}`;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (/\s/.test(text.charAt(at))) at++;
  return at;
}

function problem(message: string, offset: number, length: number, suggestions: string[] = []): SloSyntaxError {
  return { ok: false, message, offset, length, suggestions };
}
