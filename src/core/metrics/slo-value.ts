/** The right side of an SLO: a number with the unit of its metric, such as `200ms`, `8/s`, `95%`, `$0.002`. */
import type { Unit } from '../../protocol/plan';
import type { MetricDefinition } from './definitions';

export type SloValue =
  { ok: true; limit: number; text: string } | { ok: false; message: string; suggestions: string[] };

interface UnitWord {
  /** How the canonical expression writes it, after the number. */
  suffix: string;
  /** Power of the base unit, as `value * multiply / divide`: a division by 60 is exact where a factor of 1/60 is not. */
  multiply?: number;
  divide?: number;
}

const times: Record<string, UnitWord> = {
  us: { suffix: 'us', divide: 1000 },
  µs: { suffix: 'us', divide: 1000 },
  ms: { suffix: 'ms' },
  s: { suffix: 's', multiply: 1000 },
  sec: { suffix: 's', multiply: 1000 },
  m: { suffix: 'm', multiply: 60_000 },
  min: { suffix: 'm', multiply: 60_000 },
  h: { suffix: 'h', multiply: 3_600_000 },
};
const perTime = (words: string[]): Record<string, UnitWord> =>
  Object.fromEntries(
    words.flatMap((word): [string, UnitWord][] => [
      [`${word}/s`, { suffix: '/s' }],
      [`${word}/sec`, { suffix: '/s' }],
      [`${word}/min`, { suffix: '/min', divide: 60 }],
      [`${word}/m`, { suffix: '/min', divide: 60 }],
      [`${word}/h`, { suffix: '/h', divide: 3600 }],
    ]),
  );

/** Accepted unit words of each base unit; the empty word stands for a bare number. */
const UNITS: Record<Unit, Record<string, UnitWord>> = {
  ms: times,
  '1/s': { ...perTime(['', 'req', 'requests']), rps: { suffix: '/s' } },
  'tokens/s': { ...perTime(['', 'tok', 'token', 'tokens']), tps: { suffix: '/s' } },
  ratio: { '%': { suffix: '%', divide: 100 }, '': { suffix: '' } },
  USD: { $: { suffix: '$' }, USD: { suffix: '$' }, usd: { suffix: '$' } },
  tokens: { '': { suffix: '' }, tok: { suffix: '' }, token: { suffix: '' }, tokens: { suffix: '' } },
  count: { '': { suffix: '' } },
};

const EXAMPLES: Record<Unit, string> = {
  ms: 'a time such as 200ms or 3s',
  '1/s': 'a rate such as 8/s or 120/min',
  'tokens/s': 'a rate such as 1000/s',
  ratio: 'a share such as 95%',
  USD: 'an amount such as $0.002',
  tokens: 'a number of tokens such as 200',
  count: 'a number such as 32',
};

/** What a bare number was most likely meant to be. */
const BARE: Partial<Record<Unit, (digits: string) => string[]>> = {
  ms: (digits) => [`${digits}ms`, `${digits}s`],
  '1/s': (digits) => [`${digits}/s`],
  'tokens/s': (digits) => [`${digits}/s`],
  USD: (digits) => [`$${digits}`],
};

/** Parses `text` as a limit of `metric`, into its base unit. */
export function parseSloValue(text: string, metric: MetricDefinition): SloValue {
  const parts = /^(-?)\s*(\$?)\s*(-?)((?:\d[\d_]*)?\.?\d+(?:[eE][+-]?\d+)?)\s*(.*)$/.exec(text);
  const wanted = `${metric.name} is limited by ${EXAMPLES[metric.unit]}`;
  if (parts === null) return { ok: false, message: `"${text}" is not a limit: ${wanted}.`, suggestions: [] };
  const [, minusBefore = '', dollar = '', minusAfter = '', digitText = '', word = ''] = parts;
  const digits = digitText.replaceAll('_', '');
  if (dollar !== '' && word !== '')
    return { ok: false, message: `"${text}" has two units: ${wanted}.`, suggestions: [`$${digits}`] };
  const unitWord = dollar === '' ? word.replace(/\s*\/\s*/, '/') : '$';
  const words = UNITS[metric.unit];
  const unit = Object.hasOwn(words, unitWord) ? words[unitWord] : undefined;
  if (unit === undefined) {
    if (unitWord === '')
      return {
        ok: false,
        message: `"${text}" has no unit: ${wanted}.`,
        suggestions: BARE[metric.unit]?.(digits) ?? [],
      };
    return {
      ok: false,
      message: `"${unitWord}" is the wrong unit: ${wanted}.`,
      suggestions: sameWordOtherCase(digits, unitWord, words),
    };
  }
  const number = Number(digits);
  const limit = (number * (unit.multiply ?? 1)) / (unit.divide ?? 1);
  if (minusBefore !== '' || minusAfter !== '')
    return { ok: false, message: `A limit cannot be negative: ${wanted}.`, suggestions: [] };
  if (!Number.isFinite(limit)) return { ok: false, message: `"${text}" is too large: ${wanted}.`, suggestions: [] };
  // A pass rate of 95 is a slip for 95%; only tokens per event is a ratio that may exceed 1.
  if (metric.unit === 'ratio' && metric.kind !== 'tokens' && limit > 1)
    return {
      ok: false,
      message: `${metric.name} lies between 0% and 100%; "${text}" is more.`,
      suggestions: unitWord === '' && number <= 100 ? [`${digits}%`] : [],
    };
  return { ok: true, limit, text: unit.suffix === '$' ? `$${digits}` : `${digits}${unit.suffix}` };
}

function sameWordOtherCase(digits: string, word: string, words: Record<string, UnitWord>): string[] {
  const found = words[word.toLowerCase()];
  return found === undefined ? [] : [found.suffix === '$' ? `$${digits}` : `${digits}${found.suffix}`];
}
