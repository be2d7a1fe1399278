/** A row of a table as a test: columns are variables, and those that start with two underscores say what is expected of the answer. */
import type { Json } from '../../../../protocol/plan';
import { setOwn } from '../../own';
import type { CsvRow } from '../csv-rows';
import type { Cursor } from '../cursor';
import { parseShorthand } from './shorthand';

const SPECIAL = [
  'expected',
  'prefix',
  'suffix',
  'description',
  'providerOutput',
  'metric',
  'threshold',
  'metadata',
  'config',
];

/** The row in the form of a test of the configuration. */
export function testOfRow({ record, place }: CsvRow, reference: Cursor): { [key: string]: Json } {
  const { problems } = reference.context;
  const vars: { [key: string]: Json } = {};
  const expected: { column: string; assertion: { [key: string]: Json } }[] = [];
  const options: { [key: string]: Json } = {};
  const metadata: { [key: string]: Json } = {};
  const thresholds = new Map<string, number>();
  const test: { [key: string]: Json } = {};
  let metric: string | undefined;
  for (const [column, cell] of Object.entries(record)) {
    const text = cell.trim();
    if (!column.startsWith('__')) {
      const slip = SPECIAL.find((name) => column.startsWith(`_${name}`));
      if (slip !== undefined)
        problems.add({
          code: 'suspicious-column',
          message: `The column "${column}" is a variable; "_${column}" would say what is expected.`,
          severity: 'warning',
          place: { file: place.file, span: { start: 0, end: place.file.lines.lineEnd(0) } },
        });
      setOwn(vars, column, cell);
    } else if (column.startsWith('__expected')) {
      if (text !== '') expected.push({ column, assertion: { ...parseShorthand(text) } });
    } else if (column.startsWith('__metadata:')) {
      if (text !== '') addMetadata(metadata, column.slice('__metadata:'.length), cell);
    } else if (column.startsWith('__config:')) {
      const [, target = '', key] = /^__config:(__expected\d*):(\w+)$/.exec(column) ?? [];
      const value = numberIn(text);
      if (key === 'threshold' && value !== undefined) thresholds.set(target, value);
      else if (text !== '')
        problems.add({
          code: 'bad-row',
          message: `"${column}" must be a number for a column such as "__config:__expected1:threshold"; it has no effect.`,
          severity: 'warning',
          place,
        });
    } else if (text !== '') {
      switch (column) {
        case '__prefix':
        case '__suffix':
          options[column.slice(2)] = cell;
          break;
        case '__description':
          test['description'] = text;
          break;
        case '__metric':
          metric = text;
          break;
        case '__threshold':
          if (numberIn(text) === undefined)
            problems.add({
              code: 'bad-row',
              message: `"__threshold" must be a number, not "${text}"; it has no effect.`,
              severity: 'warning',
              place,
            });
          else test['threshold'] = numberIn(text) ?? null;
          break;
        case '__providerOutput':
          test['providerOutput'] = cell;
          break;
        default:
          problems.ignored(`The column "${column}" has no counterpart and no effect.`, place);
      }
    }
  }
  if (Object.keys(vars).length > 0) test['vars'] = vars;
  if (expected.length > 0)
    test['assert'] = expected.map(({ assertion, column }, index) => {
      const threshold = thresholds.get(column) ?? thresholds.get(`__expected${index + 1}`);
      return {
        ...assertion,
        ...(metric === undefined ? {} : { metric }),
        ...(threshold === undefined ? {} : { threshold }),
      };
    });
  if (Object.keys(options).length > 0) test['options'] = options;
  if (Object.keys(metadata).length > 0) test['metadata'] = metadata;
  return test;
}

function addMetadata(metadata: { [key: string]: Json }, key: string, cell: string): void {
  if (!key.endsWith('[]')) setOwn(metadata, key, cell);
  else {
    const items = cell.split(/(?<!\\),/).map((item) => item.trim().replaceAll('\\,', ','));
    setOwn(metadata, key.slice(0, -2), items);
  }
}

/** A number in a cell; undefined for an empty one and for anything else. */
function numberIn(text: string): number | undefined {
  return /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}
