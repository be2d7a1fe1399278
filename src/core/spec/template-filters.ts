/**
 * Filters and tests of templates, with Nunjucks' names and results. They are written anew because Nunjucks' own reach into
 * prototypes, backtrack on long white space and build texts of any length. `random` is left out: a prompt must be the same twice.
 */
import {
  MAX_RANGE,
  TemplateError,
  isDict,
  isList,
  toNumber,
  ownValue,
  toText,
  type Budget,
  type TemplateValue,
} from './template-value';

export interface FilterCall {
  args: TemplateValue[];
  named: Record<string, TemplateValue>;
  budget: Budget;
}

export type Filter = (value: TemplateValue, call: FilterCall) => TemplateValue;
export type Test = (value: TemplateValue, other: TemplateValue) => boolean;

function argument(call: FilterCall, index: number, name: string): TemplateValue {
  return Object.hasOwn(call.named, name) ? call.named[name] : call.args[index];
}

function numberArgument(call: FilterCall, index: number, name: string, fallback: number): number {
  const value = argument(call, index, name);
  if (value === undefined || value === null) return fallback;
  const number = toNumber(value);
  if (!Number.isFinite(number)) throw new TemplateError('template-type', `"${name}" must be a number.`);
  return number;
}

function textOf(value: TemplateValue, { budget }: FilterCall): string {
  if (value === false) return '';
  const text = toText(value, budget);
  budget.text(text.length);
  return text;
}

function listOf(value: TemplateValue, { budget }: FilterCall): readonly TemplateValue[] {
  if (isList(value)) {
    budget.spend(value.length);
    return value;
  }
  if (typeof value === 'string') {
    budget.text(value.length);
    return value.split('');
  }
  if (value === null || value === undefined) return [];
  throw new TemplateError('template-type', 'This filter needs a list.');
}

/** `a.b` of an item, through own properties only. */
function attribute(item: TemplateValue, path: TemplateValue): TemplateValue {
  if (typeof path !== 'string' && typeof path !== 'number') return undefined;
  let value = item;
  for (const key of String(path).split('.')) value = ownValue(value, key);
  return value;
}

function onText(change: (text: string, call: FilterCall) => string): Filter {
  return (value, call) => {
    const result = change(textOf(value, call), call);
    call.budget.text(result.length);
    return result;
  };
}

function padding(width: number, { budget }: FilterCall): string {
  budget.text(Math.max(0, width));
  return ' '.repeat(Math.max(0, Math.floor(width)));
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '"': '&quot;',
    "'": '&#39;',
    '<': '&lt;',
    '>': '&gt;',
    '`': '&#96;',
    '\\': '&#92;',
  };
  return text.replace(/[&"'<>`\\]/g, (character) => entities[character] ?? character);
}

const capitalized = (text: string) => text.charAt(0).toUpperCase() + text.slice(1).toLowerCase();

function compare(a: TemplateValue, b: TemplateValue, caseSensitive: boolean): number {
  let x = isList(a) || isDict(a) || a === undefined || a === null ? '' : a;
  let y = isList(b) || isDict(b) || b === undefined || b === null ? '' : b;
  if (!caseSensitive && typeof x === 'string' && typeof y === 'string') {
    x = x.toLowerCase();
    y = y.toLowerCase();
  }
  return x < y ? -1 : x > y ? 1 : 0;
}

function replace(value: TemplateValue, call: FilterCall): TemplateValue {
  const from = argument(call, 0, 'old');
  const text = textOf(value, call);
  if (typeof from !== 'string' && typeof from !== 'number') return value;
  const to = textOf(argument(call, 1, 'new'), call);
  const most = numberArgument(call, 2, 'count', -1);
  const old = String(from);
  if (most === 0) return text;
  const parts = text.split(old);
  call.budget.text(text.length + (parts.length + 1) * to.length);
  if (old === '') return to + text.split('').join(to) + to;
  if (most < 0 || parts.length - 1 <= most) return parts.join(to);
  return [parts.slice(0, most + 1).join(to), ...parts.slice(most + 1)].join(old);
}

function sum(value: TemplateValue, call: FilterCall): TemplateValue {
  const path = argument(call, 0, 'attribute');
  return listOf(value, call).reduce<number>(
    (total, item) => total + toNumber(path === undefined ? item : attribute(item, path)),
    numberArgument(call, 1, 'start', 0),
  );
}

function groupBy(value: TemplateValue, call: FilterCall): TemplateValue {
  const groups = new Map<string, TemplateValue[]>();
  const path = argument(call, 0, 'attribute');
  for (const item of listOf(value, call)) {
    const key = toText(attribute(item, path), call.budget);
    groups.set(key, [...(groups.get(key) ?? []), item]);
    call.budget.spend(groups.get(key)?.length ?? 0);
  }
  return Object.fromEntries(groups);
}

function batch(value: TemplateValue, call: FilterCall): TemplateValue {
  const size = Math.max(1, Math.floor(numberArgument(call, 0, 'linecount', 1)));
  const fill = argument(call, 1, 'fill_with');
  const items = listOf(value, call);
  const rows: TemplateValue[][] = [];
  for (let i = 0; i < items.length; i += size) rows.push(items.slice(i, i + size));
  const last = rows.at(-1);
  if (fill !== undefined && last !== undefined) {
    call.budget.spend(size - last.length);
    while (last.length < size) last.push(fill);
  }
  return rows;
}

function slice(value: TemplateValue, call: FilterCall): TemplateValue {
  const count = Math.min(MAX_RANGE, Math.max(1, Math.floor(numberArgument(call, 0, 'slices', 1))));
  const fill = argument(call, 1, 'fill_with');
  const items = listOf(value, call);
  call.budget.spend(count);
  const length = Math.floor(items.length / count);
  const extra = items.length % count;
  const rows: TemplateValue[][] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const size = length + (i < extra ? 1 : 0);
    rows.push([...items.slice(at, at + size), ...(fill !== undefined && i >= extra ? [fill] : [])]);
    at += size;
  }
  return rows;
}

function truncate(text: string, call: FilterCall): string {
  const length = numberArgument(call, 0, 'length', 255);
  if (text.length <= length) return text;
  const end = argument(call, 2, 'end');
  const space = text.lastIndexOf(' ', length);
  const cut = argument(call, 1, 'killwords') === true || space === -1 ? length : space;
  return text.slice(0, cut) + (end === undefined || end === null ? '...' : toText(end, call.budget));
}

function selecting(keep: boolean): Filter {
  return (value, call) => {
    const name = textOf(argument(call, 0, 'test') ?? 'truthy', call);
    const test = TESTS.get(name);
    if (test === undefined) throw new TemplateError('template-unsupported', `There is no test "${name}".`);
    return listOf(value, call).filter((item) => test(item, call.args[1]) === keep);
  };
}

function selectingAttribute(keep: boolean): Filter {
  return (value, call) =>
    listOf(value, call).filter((item) => Boolean(attribute(item, argument(call, 0, 'attribute'))) === keep);
}

function length(value: TemplateValue, call: FilterCall): number {
  if (isDict(value)) return Object.keys(value).length;
  return isList(value) ? value.length : textOf(value, call).length;
}

function dictsort(value: TemplateValue, call: FilterCall): TemplateValue {
  if (!isDict(value)) throw new TemplateError('template-type', '"dictsort" needs a map.');
  const at = argument(call, 1, 'by') === 'value' ? 1 : 0;
  const pairs: [string, TemplateValue][] = Object.entries(value);
  call.budget.spend(pairs.length * 4);
  return pairs.sort((a, b) => compare(a[at], b[at], argument(call, 0, 'case_sensitive') === true));
}

function sort(value: TemplateValue, call: FilterCall): TemplateValue {
  const items = [...listOf(value, call)];
  call.budget.spend(items.length * 4);
  const path = argument(call, 2, 'attribute');
  const key = (item: TemplateValue) => (path === undefined || path === null ? item : attribute(item, path));
  const sign = argument(call, 0, 'reverse') === true ? -1 : 1;
  return items.sort((a, b) => sign * compare(key(a), key(b), argument(call, 1, 'case_sensitive') === true));
}

function join(value: TemplateValue, call: FilterCall): string {
  const separator = textOf(argument(call, 0, 'separator'), call);
  const path = argument(call, 1, 'attribute');
  const parts = listOf(value, call).map((item) =>
    toText(path === undefined || path === null ? item : attribute(item, path), call.budget),
  );
  call.budget.text(parts.reduce((total, part) => total + part.length + separator.length, 0));
  return parts.join(separator);
}

function dump(value: TemplateValue, call: FilterCall): TemplateValue {
  call.budget.walk(value);
  const spaces = argument(call, 0, 'spaces');
  const text = JSON.stringify(
    value,
    null,
    typeof spaces === 'number' || typeof spaces === 'string' ? spaces : undefined,
  ) as string | undefined;
  call.budget.text(text?.length ?? 0);
  return text;
}

function toInteger(value: TemplateValue, call: FilterCall): TemplateValue {
  const number = Number.parseInt(textOf(value, call), numberArgument(call, 1, 'base', 10));
  return Number.isNaN(number) ? argument(call, 0, 'default') : number;
}

function toFloat(value: TemplateValue, call: FilterCall): TemplateValue {
  const number = Number.parseFloat(textOf(value, call));
  return Number.isNaN(number) ? argument(call, 0, 'default') : number;
}

function round(value: TemplateValue, call: FilterCall): number {
  const factor = 10 ** numberArgument(call, 0, 'precision', 0);
  const method = argument(call, 1, 'method');
  const rounder = method === 'ceil' ? Math.ceil : method === 'floor' ? Math.floor : Math.round;
  return rounder(toNumber(value) * factor) / factor;
}

function urlencode(value: TemplateValue, call: FilterCall): string {
  if (!isDict(value)) return encodeURIComponent(textOf(value, call));
  return Object.entries(value)
    .map(([key, item]) => `${encodeURIComponent(key)}=${encodeURIComponent(textOf(item, call))}`)
    .join('&');
}

/** Linear: a regular expression for tags would take quadratic time on many unclosed ones. */
function withoutTags(text: string): string {
  let result = '';
  let at = 0;
  for (;;) {
    const open = text.indexOf('<', at);
    if (open < 0) return result + text.slice(at);
    const comment = text.startsWith('<!--', open);
    const isTag = comment || /^<\/?[a-z]/i.test(text.slice(open, open + 3));
    const close = isTag ? text.indexOf(comment ? '-->' : '>', open) : -1;
    if (isTag && close < 0) return result + text.slice(at);
    const end = isTag ? close + (comment ? 3 : 1) : open + 1;
    result += text.slice(at, isTag ? open : end);
    at = end;
  }
}

const fallback: Filter = (value, call) => {
  const other = argument(call, 0, 'default_value');
  return argument(call, 1, 'boolean') === true ? value || other : value === undefined ? other : value;
};

const escape = onText(escapeHtml);
const identity: Filter = (value) => value;

export const FILTERS: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ['abs', (value) => Math.abs(toNumber(value))],
  ['batch', batch],
  ['capitalize', onText(capitalized)],
  [
    'center',
    onText((text, call) => {
      const space = numberArgument(call, 0, 'width', 80) - text.length;
      return space <= 0 ? text : padding(space / 2 - (space % 2), call) + text + padding(space / 2, call);
    }),
  ],
  ['default', fallback],
  ['d', fallback],
  ['dictsort', dictsort],
  ['dump', dump],
  ['tojson', dump],
  ['escape', escape],
  ['e', escape],
  ['forceescape', escape],
  ['first', (value, call) => (isList(value) ? value[0] : textOf(value, call)[0])],
  ['float', toFloat],
  ['groupby', groupBy],
  [
    'indent',
    onText((text, call) => {
      const lines = text.split('\n');
      const width = numberArgument(call, 0, 'width', 4) || 4;
      call.budget.text(text.length + lines.length * Math.max(0, width));
      const space = padding(width, call);
      const first = argument(call, 1, 'indentfirst') === true;
      return text === '' ? '' : lines.map((line, index) => (index === 0 && !first ? line : space + line)).join('\n');
    }),
  ],
  ['int', toInteger],
  ['join', join],
  ['last', (value, call) => (isList(value) ? value.at(-1) : textOf(value, call).at(-1))],
  ['length', length],
  [
    'list',
    (value, call) =>
      isDict(value) ? Object.entries(value).map(([key, item]) => ({ key, value: item })) : listOf(value, call),
  ],
  ['lower', onText((text) => text.toLowerCase())],
  ['nl2br', onText((text) => text.replace(/\r\n|\n/g, '<br />\n'))],
  ['reject', selecting(false)],
  ['rejectattr', selectingAttribute(false)],
  ['replace', replace],
  [
    'reverse',
    (value, call) => {
      if (typeof value !== 'string') return [...listOf(value, call)].reverse();
      return textOf(value, call).split('').reverse().join('');
    },
  ],
  ['round', round],
  ['safe', identity],
  ['select', selecting(true)],
  ['selectattr', selectingAttribute(true)],
  ['slice', slice],
  ['sort', sort],
  ['string', (value, call) => (isDict(value) ? value : toText(value, call.budget))],
  [
    'striptags',
    onText((text, call) => {
      const plain = withoutTags(text).trim();
      return argument(call, 0, 'preserve_linebreaks') === true
        ? plain
            .split(/\r?\n/)
            .map((line) => line.trim().replace(/ +/g, ' '))
            .join('\n')
            .replace(/\n{3,}/g, '\n\n')
        : plain.replace(/\s+/g, ' ');
    }),
  ],
  ['sum', sum],
  [
    'title',
    onText((text) =>
      text
        .split(' ')
        .map((word) => capitalized(word))
        .join(' '),
    ),
  ],
  ['trim', onText((text) => text.trim())],
  ['truncate', onText(truncate)],
  ['upper', onText((text) => text.toUpperCase())],
  ['urlencode', urlencode],
  ['wordcount', (value, call) => textOf(value, call).match(/\w+/g)?.length ?? null],
]);

const equal: Test = (value, other) => value === other;
const greater: Test = (value, other) => compare(value, other, true) > 0;
const less: Test = (value, other) => compare(value, other, true) < 0;

export const TESTS: ReadonlyMap<string, Test> = new Map<string, Test>([
  ['defined', (value) => value !== undefined],
  ['undefined', (value) => value === undefined],
  ['divisibleby', (value, other) => toNumber(value) % toNumber(other) === 0],
  ['equalto', equal],
  ['eq', equal],
  ['sameas', equal],
  ['ne', (value, other) => value !== other],
  ['even', (value) => toNumber(value) % 2 === 0],
  ['odd', (value) => toNumber(value) % 2 === 1],
  ['falsy', (value) => !value],
  ['truthy', (value) => Boolean(value)],
  ['ge', (value, other) => !less(value, other)],
  ['greaterthan', greater],
  ['gt', greater],
  ['le', (value, other) => !greater(value, other)],
  ['lessthan', less],
  ['lt', less],
  ['lower', (value) => typeof value === 'string' && value.toLowerCase() === value],
  ['upper', (value) => typeof value === 'string' && value.toUpperCase() === value],
  ['none', (value) => value === null],
  ['null', (value) => value === null],
  ['number', (value) => typeof value === 'number'],
  ['string', (value) => typeof value === 'string'],
  ['iterable', (value) => typeof value === 'string' || isList(value)],
  ['mapping', isDict],
]);

/** Methods that may be called on texts and lists, as prompts written for other tools do. */
export const METHODS: Readonly<Record<'text' | 'list', ReadonlyMap<string, Filter>>> = {
  text: new Map<string, Filter>([
    ['toUpperCase', onText((text) => text.toUpperCase())],
    ['toLowerCase', onText((text) => text.toLowerCase())],
    ['trim', onText((text) => text.trim())],
    ['replace', (value, call) => replace(value, { ...call, args: [call.args[0], call.args[1], 1] })],
    ['replaceAll', replace],
    ['includes', (value, call) => textOf(value, call).includes(textOf(call.args[0], call))],
    ['startsWith', (value, call) => textOf(value, call).startsWith(textOf(call.args[0], call))],
    ['endsWith', (value, call) => textOf(value, call).endsWith(textOf(call.args[0], call))],
    [
      'slice',
      (value, call) =>
        textOf(value, call).slice(numberArgument(call, 0, 'start', 0), numberArgument(call, 1, 'end', Infinity)),
    ],
    ['split', (value, call) => textOf(value, call).split(textOf(call.args[0], call))],
  ]),
  list: new Map<string, Filter>([
    ['join', (value, call) => join(value, { ...call, args: [call.args[0] ?? ','] })],
    ['includes', (value, call) => listOf(value, call).includes(call.args[0])],
    [
      'slice',
      (value, call) =>
        listOf(value, call).slice(numberArgument(call, 0, 'start', 0), numberArgument(call, 1, 'end', Infinity)),
    ],
  ]),
};
