/** The entries of `regress`: which number, and how much worse it may be than in the baseline. */
import type { RegressRule, Unit } from '../../protocol/plan';
import { metricOf, type MetricDefinition } from '../metrics/definitions';
import { parseSloSubject } from '../metrics/slo';
import { parseSloValue } from '../metrics/slo-value';
import { childPointer } from '../spec/pointer';
import { isTestable, TESTABLE } from './regression-rules';

export interface RegressProblem {
  ok: false;
  message: string;
  /** Each replaces the whole key, or the whole value. */
  suggestions: string[];
}

export interface RegressSubject {
  ok: true;
  metric: string;
  stat: string | null;
  definition: MetricDefinition;
}

/** Reads a key such as `ttft.p99` or `quality.pass_rate`. */
export function parseRegressKey(key: string): RegressSubject | RegressProblem {
  const found = parseSloSubject(key);
  if (!found.ok) {
    const { message, offset, length, suggestions } = found;
    const whole = suggestions.map((text) => key.slice(0, offset) + text + key.slice(offset + length));
    return { ok: false, message, suggestions: whole };
  }
  const { definition, stat } = found;
  if (isTestable(definition.name, stat)) return { ok: true, metric: definition.name, stat, definition };
  const better = definition.stats ? ['p50', 'p99', 'mean'].filter((each) => isTestable(definition.name, each)) : [];
  return {
    ok: false,
    message: `There is no test of whether ${key} differs from a baseline: one number a run does not say how it scatters. There is one of ${TESTABLE}.`,
    suggestions: better.map((each) => `${definition.name}.${each}`),
  };
}

const EXAMPLES: Readonly<Record<Unit, string>> = {
  ms: 'a time such as 20ms',
  '1/s': 'a rate such as 0.5/s',
  'tokens/s': 'a rate such as 50/s',
  ratio: 'points such as 2%',
  USD: 'an amount such as $0.001',
  tokens: 'a number of tokens such as 20',
  count: 'a number such as 2',
};

/** Reads a value such as `10%`, `20ms` or `off`. A share of what is a share already means points: 2% of 95% is 93%. */
export function parseTolerance(
  value: string | number,
  { unit, ...definition }: MetricDefinition,
): { ok: true; tolerance: RegressRule['tolerance'] } | RegressProblem {
  const text = String(value).trim();
  const wanted = `${definition.name} may be worse by ${unit === 'ratio' ? '' : 'a share such as 10%, '}${EXAMPLES[unit]}, or "off"`;
  const problem = (message: string, suggestions: string[] = []): RegressProblem => ({
    ok: false,
    message,
    suggestions,
  });
  if (text.toLowerCase() === 'off') return { ok: true, tolerance: { kind: 'off' } };
  if (text.startsWith('-')) return problem(`A tolerance cannot be negative: ${wanted}.`, [text.slice(1).trim()]);
  if (/^0+(?:\.0+)?$/.test(text)) return { ok: true, tolerance: { kind: 'absolute', value: 0 } };
  const percent = /^(\d+(?:\.\d+)?|\.\d+)\s*%$/.exec(text)?.[1];
  if (percent !== undefined && unit !== 'ratio')
    return { ok: true, tolerance: { kind: 'share', value: Number(percent) / 100 } };
  // Of a share, 2 is a slip for 2%; 0.02 is the same.
  if (unit === 'ratio' && percent === undefined && Number(text) >= 1)
    return problem(`"${text}" has no unit: ${wanted}.`, [`${text}%`]);
  const parsed = parseSloValue(text, { unit, ...definition });
  if (parsed.ok) return { ok: true, tolerance: { kind: 'absolute', value: parsed.limit } };
  const isBare = /^\d+(?:\.\d+)?$/.test(text);
  return problem(
    `"${text}" is no tolerance: ${wanted}.`,
    isBare ? [`${text}%`, ...parsed.suggestions] : parsed.suggestions,
  );
}

/** Keys with their values, as the parser leaves them. */
export type RegressSpec = Record<string, string | number>;

/**
 * The rules of a file, over those of the workspace's defaults. What is no rule has been said by the checks, and is left out.
 * @param own of the file; each rule points to its place there @param shared of `promptrig.yaml`
 */
export function regressRules(own: RegressSpec = {}, shared: RegressSpec = {}): RegressRule[] {
  const rules = new Map<string, RegressRule>();
  for (const [spec, pointerOf] of [
    [shared, () => ''],
    [own, (key: string) => childPointer('/regress', key)],
  ] as const) {
    for (const [key, value] of Object.entries(spec)) {
      const subject = parseRegressKey(key);
      if (!subject.ok) continue;
      const parsed = parseTolerance(value, subject.definition);
      if (!parsed.ok) continue;
      const { metric, stat } = subject;
      rules.set(`${metric} ${stat}`, { metric, stat, tolerance: parsed.tolerance, pointer: pointerOf(key) });
    }
  }
  return [...rules.values()];
}

/** Names that completion offers, the usual ones first. */
export const REGRESS_KEYS: readonly string[] = [
  'quality.pass_rate',
  'quality.score',
  'error_rate',
  ...['ttft', 'itl', 'tpot', 'e2e'].flatMap((metric) =>
    ['p50', 'p95', 'p99', 'mean'].map((stat) => `${metric}.${stat}`),
  ),
  'ttfat.p99',
  'rps',
  'output_tps',
  'output_tokens.mean',
  'cost.mean',
];

/** What a key of `regress` is about, for a hover. */
export function regressKeyDoc(key: string): string {
  const found = parseSloSubject(key);
  const metric = found.ok ? metricOf(found.definition.name) : undefined;
  if (metric === undefined) return '';
  return `How much worse ${key} may be than in the baseline before it is a regression. ${metric.label}: ${metric.meaning}`;
}
