/**
 * A pinned baseline as YAML that people review: keys in a fixed order, a case, a row of numbers or a rate a line, so that what a new pin
 * changes is what its diff shows. Written by hand rather than by a YAML library, whose lines would break where their width says.
 */
import type { BaselineDistribution, BaselineFile, BaselineStage } from '../../protocol/baseline';

const HEAD = `# A baseline of Promptrig: later runs of this eval are held against it. Keep it in version control; to replace it, pin another
# run ("promptrig baseline pin RUN", or "Pin as Baseline" in the editor). Times in ms, money in USD, rates per second.
`;
/** Values of a small sample that stand on one line. */
const PER_LINE = 10;

type Value = string | number | boolean | null;

export function pinnedText(file: BaselineFile): string {
  const { schema, pinned, model, quality, stages } = file;
  const lines = [`schema: ${text(schema)}`, `eval: ${text(file.eval)}`, `target: ${text(file.target)}`, 'pinned:'];
  for (const key of [
    'run',
    'at',
    'started_at',
    'verdict',
    'commit',
    'dirty',
    'promptrig',
    'machine',
    'eval_sha256',
  ] as const) {
    lines.push(`  ${key}: ${scalar(pinned[key])}`);
  }
  lines.push(`model: ${text(model)}`);
  if (quality !== undefined) {
    lines.push('quality:', `  pass_rate: ${scalar(quality.pass_rate)}`, `  score: ${scalar(quality.score)}`);
    lines.push(...mapLines('  cases', sorted(quality.cases), ({ passed, of, score }) => flow({ passed, of, score })));
  }
  if (Object.keys(stages).length === 0) lines.push('stages: {}');
  else lines.push('stages:', ...Object.entries(stages).flatMap(([name, stage]) => stageLines(name, stage)));
  return `${HEAD}${lines.join('\n')}\n`;
}

function stageLines(name: string, { load, unfit, errors, rates, metrics }: BaselineStage): string[] {
  const { requests, failed, worth } = errors;
  const lines = [`  ${text(name)}:`, `    load: ${text(load)}`];
  if (unfit !== undefined) lines.push(`    unfit: ${text(unfit)}`);
  lines.push(`    errors: ${flow({ requests, failed, worth })}`);
  lines.push(...mapLines('    rates', Object.entries(rates), ({ value, se }) => flow({ value, se })));
  if (Object.keys(metrics).length === 0) lines.push('    metrics: {}');
  else lines.push('    metrics:', ...Object.entries(metrics).flatMap(([key, metric]) => metricLines(key, metric)));
  return lines;
}

function metricLines(
  name: string,
  { unit, n, mean, stdev, worth, sorted: values, quantiles }: BaselineDistribution,
): string[] {
  const lines = [`      ${text(name)}:`];
  lines.push(`        unit: ${text(unit)}`, `        n: ${n}`, `        mean: ${mean}`, `        stdev: ${stdev}`);
  lines.push(`        worth: ${flow(worth)}`);
  if (values !== undefined) {
    const rows: string[] = [];
    for (let i = 0; i < values.length; i += PER_LINE) rows.push(values.slice(i, i + PER_LINE).join(', '));
    lines.push('        sorted:', '          [', ...rows.map((row) => `            ${row},`), '          ]');
  }
  lines.push(
    ...(quantiles === undefined
      ? []
      : mapLines('        quantiles', Object.entries(quantiles), (row) => `[${row.join(', ')}]`)),
  );
  return lines;
}

/** A key with a map below it, an entry a line; `key: {}` where it is empty. */
function mapLines<T>(key: string, entries: readonly (readonly [string, T])[], show: (value: T) => string): string[] {
  if (entries.length === 0) return [`${key}: {}`];
  const indent = ' '.repeat(key.search(/\S/) + 2);
  return [`${key}:`, ...entries.map(([name, value]) => `${indent}${text(name)}: ${show(value)}`)];
}

/** Cases by their ids, whatever the order in which their answers came. */
function sorted<T>(values: Record<string, T>): [string, T][] {
  return Object.entries(values).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function flow(values: Record<string, Value>): string {
  return `{ ${Object.entries(values)
    .map(([key, value]) => `${text(key)}: ${scalar(value)}`)
    .join(', ')} }`;
}

function scalar(value: Value): string {
  return typeof value === 'string' ? text(value) : String(value);
}

/** Words that YAML takes for something else than a text. */
const OTHER_TYPES = /^(?:null|true|false|yes|no|on|off|y|n|~)$/i;
const PLAIN = /^[A-Za-z_](?:[\w ./()@%+=-]*[\w./()@%+=-])?$/;

/** Without quotes where that is unmistakable, in keys, values and lists alike; else as JSON, which YAML reads. */
function text(value: string): string {
  if (PLAIN.test(value) && !OTHER_TYPES.test(value)) return value;
  return JSON.stringify(value).replace(
    // Characters that JSON may hold and YAML may not.
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
