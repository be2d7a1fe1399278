import { METRICS, metricOf, type MetricDefinition } from '../core/metrics/definitions';
import { nearest } from '../core/metrics/nearest';
import { PRESETS, presetOf } from '../core/metrics/presets';
import { columns } from '../core/report/columns';
import { wrap } from '../core/report/layout';
import { painter, type Paint } from '../core/report/style';
import { CliError, EXIT } from './exit-code';
import { wantsColour, type CliIo } from './io';

/** `promptrig metrics [NAME]`: every metric and preset in a list, or one of them in full. Throws CliError for an unknown name. */
export function metricsCommand(io: CliIo, name: string | undefined): number {
  const paint = painter(wantsColour(io.stdout, io.env));
  const lines = name === undefined ? list(paint) : describe(name, paint, io.stdout.columns);
  io.stdout.write(`${lines.join('\n')}\n`);
  return EXIT.pass;
}

const SCOPES: Record<MetricDefinition['scope'], string> = {
  request: 'Per request (a distribution: add .mean, .min, .max, .stdev, .p50, .p99, .p99.9, ...)',
  stage: 'Per stage and target',
  quality: 'Quality, over the cases of a target',
  cost: 'Cost, of a target',
};

function list(paint: Paint): string[] {
  const lines: string[] = [];
  for (const scope of Object.keys(SCOPES) as MetricDefinition['scope'][]) {
    const rows = Object.values(METRICS)
      .filter((metric) => metric.scope === scope)
      .map((metric) => [
        { text: `  ${metric.name}` },
        { text: metric.unit },
        { text: metric.formula, tone: 'dim' as const },
      ]);
    lines.push(paint('strong', SCOPES[scope]), ...columns(rows, paint), '');
  }
  const presets = Object.entries(PRESETS).map(([name, preset]) => [
    { text: `  ${name}` },
    { text: preset.slos.join(', '), tone: 'dim' as const },
  ]);
  lines.push(paint('strong', 'Presets, for the key slo'), ...columns(presets, paint), '');
  lines.push('promptrig metrics NAME explains one of them.');
  return lines;
}

function describe(name: string, paint: Paint, width: number): string[] {
  const metric = metricOf(name) ?? metricOf(name.toLowerCase());
  if (metric !== undefined) {
    const stats = metric.defaultStat === null ? 'none, it is one number' : describeStats(metric, metric.defaultStat);
    return [
      `${paint('strong', metric.name)}  ${metric.label}`,
      ...wrap(metric.meaning, Math.min(width, 100)),
      '',
      ...columns(
        [
          [{ text: 'formula', tone: 'dim' }, { text: metric.formula }],
          [{ text: 'unit', tone: 'dim' }, { text: metric.unit }],
          [{ text: 'statistics', tone: 'dim' }, { text: stats }],
          [{ text: 'better', tone: 'dim' }, { text: metric.better }],
        ],
        paint,
      ),
    ];
  }
  const preset = presetOf(name);
  if (preset !== undefined) {
    return [`${paint('strong', name)}  a preset for the key slo`, `source: ${preset.source}`, '', ...preset.slos];
  }
  const near = nearest(name, [...Object.keys(METRICS), ...Object.keys(PRESETS)]);
  const hint = near.length === 0 ? 'promptrig metrics lists them.' : `Did you mean ${near.join(' or ')}?`;
  throw new CliError(`There is no metric or preset "${name}". ${hint}`);
}

function describeStats({ allowedStats }: MetricDefinition, defaultStat: string): string {
  const all = allowedStats?.join(', ') ?? 'mean, min, max, stdev, any percentile';
  return `${all} (without one: ${defaultStat})`;
}
