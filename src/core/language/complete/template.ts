/** Completion inside `{{ }}` and `{% %}`: variables with their values, what lies in them, filters, tests and tags. */
import { FILTERS, METHODS, TESTS } from '../../spec/template-filters';
import { code } from '../docs';
import { itemsOf, scalarText, textAt, childOf, type LooseNode, type LooseTree } from '../loose/nodes';
import type { OpenTag } from '../templates/words';
import { openLoops } from '../templates/words';
import type { Draft } from './draft';
import { variablesOf, type VariableValue } from './names';

export interface TemplatePlace {
  tree: LooseTree;
  tag: OpenTag;
  /** Index of the case that the template belongs to; null for what every case is asked. */
  owner: number | null;
  /** Whether it is part of an assertion, where `expected` is known. */
  isJudging: boolean;
  /** Variables that the rows of a dataset bring. */
  columns: readonly string[];
}

export interface TemplateDrafts {
  drafts: Draft[];
  /** Characters before the cursor that are replaced. */
  back: number;
  /** Characters behind it. */
  forth: number;
}

export const FILTER_DOCS: Readonly<Record<string, string>> = {
  abs: 'The number without its sign.',
  batch: 'Lists of so many items: `batch(2)`.',
  capitalize: 'First letter large, the others small.',
  center: 'Centred in so many characters.',
  d: 'Short for `default`.',
  default: "A value for a variable that is not defined: `default('none')`.",
  dictsort: 'The entries of a map, sorted.',
  dump: 'As JSON; `dump(2)` indents it.',
  e: 'Short for `escape`.',
  escape: 'For HTML.',
  first: 'The first item.',
  float: 'As a number.',
  forceescape: 'For HTML, whatever came before.',
  groupby: 'Items by a key: `groupby("kind")`.',
  indent: 'Every line but the first indented: `indent(4)`.',
  int: 'As a whole number.',
  join: "The items with a text between them: `join(', ')`.",
  last: 'The last item.',
  length: 'How many characters or items.',
  list: 'As a list.',
  lower: 'In small letters.',
  nl2br: 'Line ends as `<br />`.',
  reject: 'Items that fail a test.',
  rejectattr: 'Items without a key.',
  replace: "`replace('a', 'b')`.",
  reverse: 'In reverse order.',
  round: 'Rounded: `round(2)`.',
  safe: 'As it is.',
  select: 'Items that pass a test.',
  selectattr: 'Items with a key.',
  slice: 'So many lists of items.',
  sort: 'Sorted.',
  string: 'As a text.',
  striptags: 'Without HTML tags.',
  sum: 'The sum of the items.',
  title: 'Every Word Large.',
  tojson: 'As JSON.',
  trim: 'Without blanks at both ends.',
  truncate: 'At most so many characters: `truncate(80)`.',
  upper: 'In large letters.',
  urlencode: 'For a URL.',
  urlize: 'Addresses as links.',
  wordcount: 'How many words.',
};

const TAGS: Readonly<Record<string, { description: string; snippet: string }>> = {
  if: { description: 'A part that appears under a condition.', snippet: 'if ${1:condition} %}$2{% endif %}' },
  for: {
    description: 'A part for every item.',
    snippet: 'for ${1:item} in ${2:items} %}{{ ${1:item} \\}\\}{% endfor %}',
  },
  set: { description: 'A name for a value.', snippet: 'set ${1:name} = ${2:value} %}' },
  else: { description: 'What appears otherwise.', snippet: 'else %}' },
  elif: { description: 'Another condition.', snippet: 'elif ${1:condition} %}' },
  endif: { description: 'Ends `if`.', snippet: 'endif %}' },
  endfor: { description: 'Ends `for`.', snippet: 'endfor %}' },
  raw: { description: 'Braces that are no template.', snippet: 'raw %}$1{% endraw %}' },
};

export function templateDrafts(place: TemplatePlace): TemplateDrafts {
  const { tag } = place;
  const word = /[\w$]*$/.exec(tag.before)?.[0] ?? '';
  const back = word.length;
  const forth = /^[\w$]*/.exec(tag.after)?.[0].length ?? 0;
  const head = tag.before.slice(0, tag.before.length - word.length);
  if (isInText(head)) return { drafts: [], back, forth };
  if (/\|\s*$/.test(head) && !/\|\|\s*$/.test(head)) return { drafts: filters(place), back, forth };
  if (/\bis\s+(?:not\s+)?$/.test(head)) return { drafts: tests(), back, forth };
  if (head.endsWith('.')) return { drafts: members(head.slice(0, -1), place), back, forth };
  if (tag.kind === 'block' && head.trim() === '') return { drafts: tags(place), back, forth };
  // Behind `for` and `set` stands a name that does not exist yet.
  if (/^\s*(?:for|set)\s+[\w$,\s]*$/.test(head) && !/\s(?:in|=)\s/.test(`${head} `)) return { drafts: [], back, forth };
  return { drafts: variables(place, head), back, forth };
}

/** Whether a quote is open. */
function isInText(text: string): boolean {
  const rest = text.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '');
  return /["']/.test(rest);
}

/** Blanks and braces around what is inserted first in a tag, where they are missing. */
function padded({ tag }: TemplatePlace, text: string): string {
  const before = tag.before.replace(/[\w$]*$/, '') === '' ? ' ' : '';
  if (tag.isClosed) return `${before}${text}${tag.after.replace(/^[\w$]*/, '') === '' ? ' ' : ''}`;
  return `${before}${text} ${tag.kind === 'output' ? '\\}\\}' : '%\\}'}`;
}

function variables(place: TemplatePlace, head: string): Draft[] {
  const { tree, owner, isJudging, columns, tag } = place;
  const known = variablesOf(tree);
  const isFirst = head.trim() === '';
  const finish = (name: string): string => (isFirst && tag.kind === 'output' ? padded(place, name) : name);
  const drafts: Draft[] = openLoops(tag.preceding).map((name) => ({
    label: name,
    detail: name === 'loop' ? 'index, first, last, …' : 'of the loop',
    kind: 'variable',
    snippet: finish(name),
    group: 0,
    source: 'context',
  }));
  for (const [name, values] of known) {
    const isKnown = owner === null || values.some((value) => value.owner === null || value.owner === owner);
    drafts.push({
      label: name,
      detail: originOf(values),
      kind: 'variable',
      documentation: valuesDocs(tree, values, owner),
      snippet: finish(name),
      group: isKnown ? 1 : 3,
      source: 'context',
    });
  }
  for (const name of columns) {
    if (known.has(name)) continue;
    drafts.push({
      label: name,
      detail: 'column of the dataset',
      kind: 'column',
      snippet: finish(name),
      group: 2,
      source: 'context',
    });
  }
  if (isJudging && !known.has('expected')) {
    drafts.push({
      label: 'expected',
      detail: 'of the case',
      kind: 'variable',
      documentation: 'What `expected` of the case says.',
      snippet: finish('expected'),
      group: 2,
      source: 'context',
    });
  }
  return drafts;
}

function originOf(values: readonly VariableValue[]): string {
  const cases = values.filter(({ owner }) => owner !== null).length;
  const ofFile = values.some(({ owner }) => owner === null);
  const ofCases = cases === 0 ? '' : cases === 1 ? 'one case' : `${cases} cases`;
  return [ofFile ? 'file' : '', ofCases].filter((part) => part !== '').join(', ');
}

/** The values of a variable as a list: those of the owner first, at most five. */
export function valuesDocs(tree: LooseTree, values: readonly VariableValue[], owner: number | null): string {
  const cases = childOf(tree.root, 'cases');
  const named = (index: number): string => {
    const node = cases?.kind === 'list' ? cases.items[index]?.value : undefined;
    const name = textAt(tree, node, 'name');
    return name === undefined ? `case ${index + 1}` : `case ${code(name)}`;
  };
  const sorted = [...values].sort((a, b) => Number(b.owner === owner) - Number(a.owner === owner));
  const rows = sorted
    .slice(0, 5)
    .map((value) => `- ${value.owner === null ? 'file' : named(value.owner)}: ${code(shown(tree, value.node))}`);
  if (sorted.length > 5) rows.push(`- and ${sorted.length - 5} more`);
  return rows.join('\n');
}

function shown(tree: LooseTree, node: LooseNode | null): string {
  if (node === null) return 'null';
  return node.kind === 'scalar' ? scalarText(tree, node) : tree.text.slice(node.start, node.end);
}

function members(path: string, { tree, owner }: TemplatePlace): Draft[] {
  const keys = /[\w$.]+$/.exec(path)?.[0].split('.') ?? [];
  const [name, ...rest] = keys;
  if (name === undefined) return [];
  const values = variablesOf(tree).get(name) ?? [];
  const found = new Map<string, Draft>();
  for (const value of [...values].sort((a, b) => Number(b.owner === owner) - Number(a.owner === owner))) {
    let node: LooseNode | null | undefined = value.node;
    for (const key of rest) node = childOf(node, key);
    for (const draft of membersOf(tree, node ?? null)) if (!found.has(draft.label)) found.set(draft.label, draft);
  }
  return [...found.values()];
}

function membersOf(tree: LooseTree, node: LooseNode | null): Draft[] {
  const member = (label: string, documentation: string, group: number): Draft => ({
    label,
    kind: 'variable',
    ...(documentation === '' ? {} : { documentation }),
    snippet: label,
    group,
    source: 'context',
  });
  if (node?.kind === 'map') {
    return node.entries
      .filter(({ key }) => /^[A-Za-z_$][\w$]*$/.test(key))
      .map(({ key, value }) => member(key, code(shown(tree, value)), 0));
  }
  const methods = node?.kind === 'list' ? METHODS.list : METHODS.text;
  const length = node?.kind === 'list' ? `${itemsOf(node).length} items` : 'How many characters.';
  return node === null ? [] : [member('length', length, 0), ...[...methods.keys()].map((name) => member(name, '', 1))];
}

function filters(place: TemplatePlace): Draft[] {
  const space = place.tag.before.endsWith('|') ? ' ' : '';
  return [...FILTERS.keys()].map((name): Draft => {
    const documentation = FILTER_DOCS[name];
    return {
      label: name,
      kind: 'filter',
      ...(documentation === undefined ? {} : { documentation }),
      snippet: `${space}${name}`,
      group: ['default', 'dump', 'join', 'lower', 'upper', 'trim', 'length'].includes(name) ? 0 : 1,
      source: 'context',
    };
  });
}

function tests(): Draft[] {
  return [...TESTS.keys()].map((name): Draft => ({
    label: name,
    kind: 'filter',
    snippet: name,
    group: name === 'defined' ? 0 : 1,
    source: 'context',
  }));
}

function tags({ tag }: TemplatePlace): Draft[] {
  const before = tag.before === '' ? ' ' : '';
  return Object.entries(TAGS).map(([name, { description, snippet }]): Draft => ({
    label: name,
    kind: 'tag',
    documentation: description,
    // Where the tag is closed already, only its word is missing.
    snippet: `${before}${tag.isClosed ? name : snippet}`,
    group: 0,
    source: 'context',
  }));
}
