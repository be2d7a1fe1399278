/** Completion of SLOs: presets with their limits, then the parts of an expression as it is written. */
import { METRICS, metricOf, type MetricDefinition } from '../../metrics/definitions';
import { PRESETS } from '../../metrics/presets';
import type { WorkspacePresets } from '../../spec/spec-slo';
import { metricDocs, presetDocs } from '../docs';
import { stop } from '../snippet';
import type { Draft } from './draft';

export interface SloDrafts {
  drafts: Draft[];
  /** Offset within the text from which on it is replaced. */
  from: number;
}

const EXAMPLES: Readonly<Record<MetricDefinition['unit'], string>> = {
  ms: '200ms',
  '1/s': '8/s',
  'tokens/s': '1000/s',
  ratio: '95%',
  USD: '$0.002',
  tokens: '200',
  count: '32',
};

const STATS: Readonly<Record<string, string>> = {
  p50: 'The median.',
  p90: '90% of the samples are at most this.',
  p95: '95% of the samples are at most this.',
  p99: '99% of the samples are at most this; certain from 299 independent samples on.',
  'p99.9': '99.9% of the samples are at most this; certain from 2,995 independent samples on.',
  mean: 'The mean, which a few slow requests can move.',
  max: 'The worst sample.',
  min: 'The best sample.',
  stdev: 'The standard deviation.',
};

/**
 * What may follow `before`, the text of an SLO up to the cursor.
 * @param presetsToo false inside a preset, where presets cannot nest
 * @param present presets and expressions that the list has already
 */
export function sloDrafts(
  before: string,
  presets: WorkspacePresets,
  presetsToo: boolean,
  present: ReadonlySet<string> = new Set(),
): SloDrafts {
  const lead = before.length - before.trimStart().length;
  const text = before.slice(lead);
  const operator = /^([A-Za-z_][\w.-]*)\s*(<=|>=|<|>)\s*/.exec(text);
  if (operator !== null) {
    const [head = '', name = ''] = operator;
    const metric = longestMetric(name);
    return { drafts: metric === undefined ? [] : valueDrafts(metric), from: lead + head.length };
  }
  const spaced = /^([A-Za-z_][\w.-]*)\s+/.exec(text);
  if (spaced !== null) {
    const [head = '', name = ''] = spaced;
    const metric = longestMetric(name);
    return { drafts: metric === undefined ? [] : operatorDrafts(metric), from: lead + head.length };
  }
  const metric = /\.[\w.]*$/.test(text) ? longestMetric(text.replace(/\.[^.]*$/, '')) : undefined;
  if (metric?.stats === true && text.startsWith(`${metric.name}.`)) {
    return { drafts: statDrafts(metric), from: lead + metric.name.length + 1 };
  }
  return { drafts: [...(presetsToo ? presetDrafts(presets, present) : []), ...metricDrafts()], from: 0 };
}

function longestMetric(name: string): MetricDefinition | undefined {
  for (let end = name.length; end > 0; end = name.lastIndexOf('.', end - 1)) {
    const metric = metricOf(name.slice(0, end));
    if (metric !== undefined) return metric;
  }
  return undefined;
}

function presetDrafts(presets: WorkspacePresets, present: ReadonlySet<string>): Draft[] {
  const own = Object.entries(presets).map(([name, slos]) => ({ name, slos, group: 0 }));
  const builtIn = Object.entries(PRESETS)
    .filter(([name]) => !Object.hasOwn(presets, name))
    .map(([name, { slos }]) => ({ name, slos, group: 1 }));
  return [...own, ...builtIn]
    .filter(({ name }) => !present.has(name))
    .map(({ name, slos, group }): Draft => {
      const documentation = presetDocs(name, presets);
      return {
        label: name,
        detail: slos.join(', '),
        kind: 'preset',
        ...(documentation === undefined ? {} : { documentation }),
        snippet: name,
        group,
        source: 'context',
      };
    });
}

function metricDrafts(): Draft[] {
  return Object.values(METRICS).map((metric): Draft => {
    const subject = metric.defaultStat === null ? metric.name : `${metric.name}.${metric.defaultStat}`;
    return {
      label: subject,
      detail: metric.label,
      kind: 'metric',
      documentation: metricDocs(metric),
      snippet: `${subject} ${operatorOf(metric)} ${stop(1, exampleOf(metric))}`,
      group: 2,
      source: 'context',
    };
  });
}

function statDrafts(metric: MetricDefinition): Draft[] {
  const stats = metric.allowedStats ?? Object.keys(STATS);
  return stats.map((stat, index): Draft => ({
    label: stat,
    kind: 'metric',
    documentation: STATS[stat] ?? '',
    snippet: `${stat} ${operatorOf(metric)} ${stop(1, exampleOf(metric))}`,
    group: index,
    source: 'context',
  }));
}

function operatorDrafts(metric: MetricDefinition): Draft[] {
  const best = operatorOf(metric);
  return ['<=', '<', '>=', '>'].map((operator): Draft => ({
    label: operator,
    kind: 'value',
    snippet: `${operator} ${stop(1, exampleOf(metric))}`,
    group: operator === best ? 0 : operator.startsWith(best.charAt(0)) ? 1 : 2,
    source: 'context',
  }));
}

const VALUES: Readonly<Record<MetricDefinition['unit'], readonly string[]>> = {
  ms: ['100ms', '200ms', '500ms', '1s', '3s'],
  '1/s': ['1/s', '8/s', '100/s', '120/min'],
  'tokens/s': ['100/s', '1000/s'],
  ratio: ['1%', '90%', '95%', '99%'],
  USD: ['$0.001', '$0.01', '$1'],
  tokens: ['100', '200', '1000'],
  count: ['8', '32'],
};

function valueDrafts(metric: MetricDefinition): Draft[] {
  return VALUES[metric.unit].map((value, index): Draft => ({
    label: value,
    detail: metric.label,
    kind: 'value',
    snippet: value.replaceAll('$', '\\$'),
    group: index,
    source: 'context',
  }));
}

function operatorOf({ better }: MetricDefinition): string {
  return better === 'lower' ? '<=' : '>=';
}

function exampleOf(metric: MetricDefinition): string {
  return metric.unit === 'ratio' && metric.better === 'lower' ? '1%' : EXAMPLES[metric.unit];
}
