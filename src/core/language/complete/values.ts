/** Completion of values: what the schema lists, and what only the file and its surroundings know. */
import type { TSchema } from '@sinclair/typebox';
import type { ApiKind } from '../../../protocol/plan';
import { DEFAULT_URLS } from '../../endpoints/default-urls';
import { metaOf } from '../../spec/schema-kit';
import type { AssertionType } from '../../spec/schema-assertion';
import { CASE_KEYS } from '../../dataset/row-case';
import type { Cursor } from '../cursor';
import { endpointDocs, paramDocs } from '../docs';
import { KNOWN_PARAMS } from '../known-params';
import { childOf, itemsOf, nodeAtPath, scalarText, textAt, type LooseTree, type Path } from '../loose/nodes';
import { annotationsOf, patternOf, typesOf } from '../slots';
import { verbatim } from '../snippet';
import type { LanguageContext } from '../types';
import { exampleOf, FINISH_REASONS } from './assertions';
import type { Draft } from './draft';
import { anchorsOf, datasetVariables, endpointOf, namedEndpoints, readNames, tagsOf, variablesOf } from './names';

export interface ValuePlace {
  tree: LooseTree;
  context: LanguageContext;
  cursor: Cursor;
  /** Of the value, as the format has it. */
  path: Path;
  /** Inside brackets, where no other brackets can be offered. */
  flow: boolean;
  /** Columns of the dataset. */
  columns: readonly string[];
}

/** Words of the schema: an enumeration, true and false, and, where `wordsOnly` is not set, defaults and examples. */
export function schemaValues(schema: TSchema, wordsOnly: boolean): Draft[] {
  const { enum: words, enumDescriptions, default: fallback, examples } = annotationsOf(schema);
  if (words !== undefined)
    return words.map((word, index) => schemaDraft(word, enumDescriptions?.[index] ?? '', word === fallback));
  if (typesOf(schema).includes('boolean'))
    return ['true', 'false'].map((word) => schemaDraft(word, '', word === String(fallback)));
  if (wordsOnly) return [];
  const given = [fallback, ...(examples ?? [])].filter(
    (value): value is string | number => typeof value === 'string' || typeof value === 'number',
  );
  const quantity = metaOf(schema).quantity;
  const common = quantity === undefined ? [] : COMMON[quantity];
  return [...new Set([...given.map(String), ...common])].map((word) =>
    schemaDraft(word, '', word === String(fallback)),
  );
}

const COMMON = {
  duration: ['100ms', '1s', '10s', '60s', '5m'],
  rate: ['1/s', '8/s', '120/min'],
  money: ['$0.50'],
  size: ['500MB', '2GB'],
  percent: ['5%', '10%'],
  age: ['30d', '90d'],
  speed: ['2x'],
} as const;

function schemaDraft(word: string, documentation: string, isDefault: boolean): Draft {
  return {
    label: word,
    kind: 'value',
    ...(isDefault ? { detail: 'default' } : {}),
    ...(documentation === '' ? {} : { documentation }),
    text: word,
    group: 0,
    source: 'schema',
  };
}

/** What the surroundings know of a value. */
export async function contextValues(place: ValuePlace): Promise<Draft[]> {
  const { path } = place;
  const pattern = patternOf(path);
  switch (pattern) {
    case 'endpoints/*':
    case 'judge':
    case 'defaults/endpoint':
    case 'defaults/judge':
      return endpointNames(place, pattern);
    case 'endpoints/*/model':
    case 'judge/model':
      return models(place);
    case 'endpoints/*/apiKeyEnv':
    case 'judge/apiKeyEnv':
      return keyVariables(place);
    case 'endpoints/*/url':
    case 'judge/url':
      return urls(place);
    case 'tags/*':
    case 'cases/*/tags/*':
      return tags(place);
    default:
      break;
  }
  if (
    /^(?:params|matrix)\/[^/]+$|^matrix\/[^/]+\/\*$|^(?:endpoints\/\*|judge|defaults)\/params\/[^/]+$/.test(pattern)
  ) {
    const name = path.findLast((key) => typeof key === 'string') ?? '';
    return paramValues(String(name), place.flow);
  }
  if (!/^dataset\/map\/[^/]+$/.test(pattern)) return [];
  return place.columns.map((name) => ({ ...contextDraft(name, 0, 'column'), kind: 'column' as const }));
}

function endpointNames({ tree, context, cursor }: ValuePlace, pattern: string): Draft[] {
  const listed =
    pattern === 'endpoints/*'
      ? itemsOf(childOf(tree.root, 'endpoints'))
          .filter((node) => cursor.scalar === null || node.start !== cursor.scalar.start)
          .map((node) => (node.kind === 'scalar' ? scalarText(tree, node) : textAt(tree, node, 'name')))
      : [];
  return namedEndpoints(tree, context)
    .filter(({ name }) => !listed.includes(name))
    .map((endpoint, index): Draft => ({
      label: endpoint.name,
      detail: endpoint.model ?? endpoint.from,
      kind: 'endpoint',
      documentation: endpointDocs(endpoint),
      text: endpoint.name,
      group: endpoint.from === 'built in' ? 2 : index === 0 ? 0 : 1,
      source: 'context',
    }));
}

async function models({ tree, context, path }: ValuePlace): Promise<Draft[]> {
  const node = nodeAtPath(tree.root, path.slice(0, -1));
  const own = endpointOf(tree, node);
  const url = textAt(tree, node, 'url');
  const api = textAt(tree, node, 'api') as ApiKind | undefined;
  const identity = {
    name: own?.name ?? '',
    ...(api === undefined ? {} : { api }),
    ...(url === undefined ? {} : { url }),
  };
  const served = (await context.models?.(identity)) ?? [];
  // Models that other endpoints at the same address are asked for.
  const beside = namedEndpoints(tree, context)
    .filter((endpoint) => endpoint.name !== own?.name && endpoint.url !== undefined && endpoint.url === url)
    .flatMap(({ model }) => model ?? []);
  return [...new Set([...served, ...beside])].map((name, index): Draft => ({
    label: name,
    kind: 'model',
    text: name,
    group: index < served.length ? 0 : 1,
    source: 'context',
  }));
}

function keyVariables({ tree, path }: ValuePlace): Draft[] {
  const node = nodeAtPath(tree.root, path.slice(0, -1));
  const name = textAt(tree, node, 'name') ?? '';
  const derived = name
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
  const used = itemsOf(childOf(tree.root, 'endpoints')).flatMap(
    (endpoint) => textAt(tree, endpoint, 'apiKeyEnv') ?? [],
  );
  const guesses = [
    ...(derived === '' || /^\d/.test(derived) ? [] : [`${derived}_API_KEY`]),
    ...used.filter((word) => word !== textAt(tree, node, 'apiKeyEnv')),
    ...(vendorVariable(textAt(tree, node, 'api'), textAt(tree, node, 'url')) ?? []),
  ];
  return [...new Set(guesses)].map((word, index) => contextDraft(word, index, 'an environment variable'));
}

/** The variables in which the makers of an API expect their key. */
function vendorVariable(api: string | undefined, url: string | undefined): string[] | undefined {
  if (api === 'anthropic-messages') return ['ANTHROPIC_API_KEY'];
  if (api === 'gemini') return ['GEMINI_API_KEY'];
  if (api === 'openai-responses' || url?.includes('api.openai.com') === true) return ['OPENAI_API_KEY'];
  return undefined;
}

function urls({ tree, path }: ValuePlace): Draft[] {
  const api = textAt(tree, nodeAtPath(tree.root, path.slice(0, -1)), 'api') as ApiKind | undefined;
  const fixed = api === undefined ? undefined : DEFAULT_URLS[api];
  const known = [...(fixed === undefined ? [] : [fixed]), 'http://127.0.0.1:8000/v1', 'http://127.0.0.1:11434/v1'];
  const names: Readonly<Record<string, string>> = {
    'http://127.0.0.1:8000/v1': 'vLLM on this machine',
    'http://127.0.0.1:11434/v1': 'Ollama on this machine',
  };
  return known.map((url, index) => contextDraft(url, index, names[url] ?? 'default of the API'));
}

function tags({ tree, cursor }: ValuePlace): Draft[] {
  const current = cursor.scalar === null ? undefined : scalarText(tree, cursor.scalar);
  return tagsOf(tree)
    .filter((tag) => tag !== current)
    .map((tag) => contextDraft(tag, 0, 'tag'));
}

function paramValues(name: string, flow: boolean): Draft[] {
  const param = Object.hasOwn(KNOWN_PARAMS, name) ? KNOWN_PARAMS[name] : undefined;
  if (param === undefined) return [];
  const words = param.values === undefined ? [[param.example, '']] : Object.entries(param.values);
  return words
    .filter(([word]) => !flow || !/^[[{]/.test(word ?? ''))
    .map(([word = '', documentation = ''], index): Draft => ({
      label: word,
      kind: 'value',
      // As YAML writes it: a number must not become a text.
      snippet: verbatim(word),
      ...(documentation === '' ? {} : { documentation }),
      group: index,
      source: 'context',
    }));
}

function contextDraft(word: string, group: number, detail: string): Draft {
  return {
    label: word,
    ...(detail === '' ? {} : { detail }),
    kind: 'value',
    text: word,
    group,
    source: 'context',
  };
}

/** What an assertion may be held against, where that is one of a few words. */
export function assertionValues(name: string, type: AssertionType): Draft[] {
  if (name.endsWith('finish-reason')) return FINISH_REASONS.map((word, index) => contextDraft(word, index, ''));
  if (type.value.startsWith('limit-')) return [contextDraft(exampleOf(type), 0, '')];
  return [];
}

/** Aliases of the anchors of the file. */
export function aliasValues(tree: LooseTree): Draft[] {
  return [...new Set(anchorsOf(tree))].map((name): Draft => ({
    label: `*${name}`,
    detail: 'alias',
    kind: 'alias',
    snippet: verbatim(`*${name}`),
    group: 4,
    source: 'context',
  }));
}

/** Keys of maps that the schema leaves free. */
export function freeKeys(pattern: string, tree: LooseTree, columnNames: readonly string[]): Draft[] {
  if (/^(?:(?:endpoints\/\*|judge|defaults)\/)?params$|^matrix$|^matrix\/(?:include|exclude)\/\*$/.test(pattern)) {
    const isList = pattern === 'matrix';
    return Object.entries(KNOWN_PARAMS).map(([name, param]): Draft => {
      const documentation = paramDocs(name);
      const value = isList ? `[\${1:${verbatim(param.example)}}]` : `\${1:${verbatim(param.example)}}`;
      return keyDraft(name, value, documentation);
    });
  }
  if (pattern === 'vars' || pattern === 'cases/*/vars') {
    const known = variablesOf(tree);
    const names = [...new Set([...readNames(tree), ...known.keys()])].filter((name) => name !== 'expected');
    return names.map((name) => ({
      ...keyDraft(name, '$1', known.has(name) ? undefined : 'Read by a template, and given no value yet.'),
      kind: 'variable' as const,
      group: known.has(name) ? 1 : 0,
    }));
  }
  if (pattern === 'dataset/map') {
    const used = readNames(tree);
    const keys = ['expected', 'name', 'tags', 'weight', ...CASE_KEYS.filter((key) => key === 'threshold')];
    const variables = [...used, ...datasetVariables(tree, columnNames)];
    return [...new Set([...variables, ...keys])].map((name) => ({
      ...keyDraft(name, '$1', keys.includes(name) ? 'A key of the case.' : undefined),
      group: used.includes(name) ? 0 : 1,
      retrigger: true,
    }));
  }
  return [];
}

function keyDraft(name: string, value: string, documentation: string | undefined): Draft {
  return {
    label: name,
    kind: 'key',
    ...(documentation === undefined ? {} : { documentation }),
    snippet: `${name}: ${value}`,
    group: 0,
    source: 'context',
  };
}
