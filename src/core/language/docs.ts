/** Markdown about keys, values and names, shared by completion and hovers. */
import type { TSchema } from '@sinclair/typebox';
import { metricOf, type MetricDefinition } from '../metrics/definitions';
import { presetOf } from '../metrics/presets';
import { labelOf } from '../spec/describe';
import { ASSERTION_KEYS, splitNegation, type AssertionType } from '../spec/schema-assertion';
import { metaOf } from '../spec/schema-kit';
import type { WorkspacePresets } from '../spec/spec-slo';
import { alternatives, annotationsOf } from './slots';
import { KNOWN_PARAMS } from './known-params';
import type { KnownEndpoint } from './types';

/** Text of a file inside Markdown: as code, so that nothing in it can become a link, an image or HTML. */
export function code(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  const shown = line.length > 200 ? `${line.slice(0, 199)}…` : line;
  const ticks = '`'.repeat(Math.max(0, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length)) + 1);
  const pad = shown.startsWith('`') || shown.endsWith('`') || shown === '' ? ' ' : '';
  return `${ticks}${pad}${shown}${pad}${ticks}`;
}

function paragraphs(...parts: (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join('\n\n');
}

/** Description, type, default and examples of what a key takes. */
export function schemaDocs(schema: TSchema): string {
  const { description, default: fallback, minimum, maximum } = annotationsOf(schema);
  const options = alternatives(schema);
  const words = options.flatMap((option) => {
    const { enum: values = [], enumDescriptions = [] } = annotationsOf(option);
    return values.map((value, index) => `- \`${value}\`: ${enumDescriptions[index] ?? ''}`);
  });
  const examples = options.flatMap((option) => annotationsOf(option).examples ?? []).slice(0, 2);
  const bounds =
    minimum === undefined && maximum === undefined
      ? ''
      : maximum === undefined
        ? `, at least ${minimum}`
        : `, ${minimum ?? 'at most'}${minimum === undefined ? ' ' : ' to '}${maximum}`;
  const isFree = metaOf(schema).kind === 'json' && metaOf(schema).label === undefined;
  const label = words.length > 0 || isFree ? undefined : `_${capital(labelOf(schema))}${bounds}._`;
  return paragraphs(
    description,
    words.join('\n'),
    [label, fallback === undefined ? undefined : `Default: ${code(written(fallback))}.`]
      .filter((part) => part !== undefined)
      .join(' '),
    examples.length === 0 ? undefined : `Example: ${examples.map((example) => code(written(example))).join(', ')}`,
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function written(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value).replace(/[,:](?=\S)/g, '$& ');
}

const VALUE_KINDS: Readonly<Partial<Record<AssertionType['value'], string>>> = {
  any: 'A text or data.',
  text: 'A text.',
  texts: 'A list of texts, or a text with commas.',
  pattern: 'A regular expression.',
  words: 'A number, or a map of `min` and `max`.',
  none: 'Takes no value.',
  schema: 'A JSON Schema, in place or as `file://`; may be left out.',
  optional: 'The value may be left out.',
  elements: 'Names of elements; may be left out.',
  sql: 'A map with `databaseType`, …; may be left out.',
  call: 'The name of a tool, or a map of `name` and `arguments`.',
  reasons: 'One of the words, or a list of them.',
  reference: 'A text; `threshold` in the long form.',
  similarity: 'A text, or a list of texts; `threshold` in the long form.',
  'limit-ms': 'A time such as `300ms`.',
  'limit-usd': 'An amount such as `$0.002`.',
  'limit-count': 'A whole number.',
  group: 'A map of `assert` and, optionally, `threshold`.',
};

export function assertionDocs(name: string, type: AssertionType): string {
  const { negate } = splitNegation(name);
  const example = type.example === null ? `${name}:` : `${name}: ${written(type.example)}`;
  return paragraphs(
    negate ? `The opposite of \`${splitNegation(name).type}\`. ${type.description}` : type.description,
    VALUE_KINDS[type.value] === undefined ? undefined : `_${VALUE_KINDS[type.value]}_`,
    `Example: ${code(`- ${example}`)}`,
  );
}

export function assertionKeyDocs(key: keyof typeof ASSERTION_KEYS): string {
  return ASSERTION_KEYS[key];
}

export function metricDocs(metric: MetricDefinition): string {
  const stat =
    metric.defaultStat === null
      ? ''
      : ` Statistics: \`p50\`, \`p99.9\`, \`mean\`, …; without one \`${metric.defaultStat}\`.`;
  return paragraphs(`**${metric.label}** (${metric.unit})`, metric.meaning, `Formula: ${code(metric.formula)}.${stat}`);
}

/** Limits and source of a preset; undefined for an unknown name. */
export function presetDocs(name: string, presets: WorkspacePresets): string | undefined {
  const own = Object.hasOwn(presets, name) ? presets[name] : undefined;
  const builtIn = presetOf(name);
  const slos = own ?? builtIn?.slos;
  if (slos === undefined) return undefined;
  const source = own === undefined ? builtIn?.source : 'promptrig.yaml';
  return paragraphs(slos.map((slo) => `- ${code(slo)}`).join('\n'), source === undefined ? undefined : `_${source}_`);
}

/** What an SLO expression is about; undefined where it names no metric. */
export function expressionDocs(text: string): string | undefined {
  const name = /^\s*([A-Za-z_][\w-]*(?:\.[\w-]+)*)/.exec(text)?.[1];
  if (name === undefined) return undefined;
  for (let end = name.length; end > 0; end = name.lastIndexOf('.', end - 1)) {
    const metric = metricOf(name.slice(0, end));
    if (metric !== undefined) return metricDocs(metric);
  }
  return undefined;
}

export function endpointDocs(endpoint: KnownEndpoint & { from?: string }): string {
  const rows = [
    endpoint.api === undefined ? undefined : `- API: ${code(endpoint.api)}`,
    endpoint.url === undefined ? undefined : `- URL: ${code(withoutLogin(endpoint.url))}`,
    endpoint.model === undefined ? undefined : `- Model: ${code(endpoint.model)}`,
    endpoint.from === undefined ? undefined : `- From: ${endpoint.from}`,
  ];
  return rows.filter((row) => row !== undefined).join('\n');
}

/** A password in an address is not for hovers. */
function withoutLogin(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//');
}

export function paramDocs(name: string): string | undefined {
  if (!Object.hasOwn(KNOWN_PARAMS, name)) return undefined;
  const param = KNOWN_PARAMS[name];
  if (param === undefined) return undefined;
  return paragraphs(param.description, `Example: ${code(`${name}: ${param.example}`)}`);
}
