/** Lists of assertions: both ways to write one, every type with the value that it needs. */
import { INVALID, rememberIndexes, type Cleaned } from './cleaned';
import { clip, describeNode, nameOf } from './describe';
import { childPointer } from './pointer';
import type { Finding, Reporter } from './reporter';
import {
  ASSERTION_KEYS,
  ASSERTION_TYPES,
  assertionNames,
  assertionType,
  SEVERITIES,
  splitNegation,
  type AssertionType,
  type AssertionValueKind,
} from './schema-assertion';
import { nearKeys } from './suggest';
import { setOwn } from './own';
import { toPlain, type MapEntry, type MapNode, type PlainValue, type ScalarNode, type TreeNode } from './tree';
import {
  call,
  elements,
  isText,
  jsonSchema,
  pattern,
  sql,
  textList,
  texts,
  wordLimits,
  wrong,
} from './validate-assertion-value';
import { parseQuantity, quantitySuggestions, QUANTITY_LABELS, type Quantity } from './units';

/** Validates a list of assertions; unusable ones are left out of what it returns. */
export function validateAssertions(node: TreeNode, pointer: string, report: Reporter): Cleaned {
  if (node.kind !== 'list') {
    report.add({
      code: 'wrong-type',
      message: `${nameOf(pointer)} must be a list of assertions such as "- contains: refund", not ${describeNode(node)}.`,
      span: node.kind === 'scalar' ? node.span : report.headOf(node),
      severity: 'error',
      pointer,
    });
    return INVALID;
  }
  const items: PlainValue[] = [];
  const indexes: number[] = [];
  node.items.forEach((item, index) => {
    const cleaned = validateAssertion(item, childPointer(pointer, index), report);
    if (cleaned === INVALID) return;
    items.push(cleaned);
    indexes.push(index);
  });
  rememberIndexes(items, indexes);
  return items;
}

/** Kinds of values that may be left out. */
const WITHOUT_VALUE: ReadonlySet<AssertionValueKind> = new Set(['none', 'schema', 'optional', 'elements', 'sql']);

function validateAssertion(node: TreeNode, pointer: string, report: Reporter): Cleaned {
  if (node.kind !== 'map' || node.entries.size === 0) {
    const known = node.kind === 'scalar' && typeof node.value === 'string' ? assertionType(node.value) : undefined;
    report.add({
      code: 'wrong-type',
      message:
        'An assertion is a map such as "contains: refund" or "{type: contains, value: refund}", not ' +
        `${describeNode(node)}.`,
      span: node.kind === 'scalar' ? node.span : report.headOf(node),
      severity: 'error',
      pointer,
      replacements:
        known !== undefined && WITHOUT_VALUE.has(known.value) ? [`${String((node as ScalarNode).value)}:`] : [],
    });
    return INVALID;
  }
  return node.entries.has('type') ? validateObjectForm(node, pointer, report) : validateOneKey(node, pointer, report);
}

function validateOneKey(node: MapNode, pointer: string, report: Reporter): Cleaned {
  const [entry, second] = [...node.entries.values()] as [MapEntry, MapEntry | undefined];
  const definition = assertionType(splitNegation(entry.key).type);
  if (second !== undefined) {
    const keys = [...node.entries.values()].find(({ key }) => assertionType(splitNegation(key).type) !== undefined);
    report.add({
      code: 'assertion-form',
      message:
        keys === undefined
          ? 'An assertion with several keys needs a "type".'
          : isSecond(second)
            ? `"${second.key}" is a second assertion: start a list item of its own with "- ${second.key}: …".`
            : `"${keys.key}" stands alone in the short form; with other keys write "type: ${keys.key}" and "value: …".`,
      span: second.keySpan,
      severity: 'error',
      pointer,
      suggestions: keys === undefined || isSecond(second) ? [] : longForm(node, keys, report),
    });
    return INVALID;
  }
  if (definition === undefined) {
    unknownType(entry.key, entry.keySpan, pointer, report);
    return INVALID;
  }
  const at = childPointer(pointer, entry.key);
  if (definition.value === 'group') return validateGroup(entry, at, report);
  const value = validateValue(entry.key, definition, entry.node, entry.keySpan, at, report);
  if (value === INVALID) return INVALID;
  return own(entry.key, value);
}

function isSecond(entry: MapEntry): boolean {
  return assertionType(splitNegation(entry.key).type) !== undefined;
}

/** The edit that spells a short form out. */
function longForm(node: MapNode, entry: MapEntry, report: Reporter): Finding['suggestions'] {
  const newText = node.flow
    ? `type: ${entry.key}, value`
    : `type: ${entry.key}\n${' '.repeat(report.columnOf(entry.keySpan.start))}value`;
  return [{ title: `Write "type: ${entry.key}"`, edits: [{ span: entry.keySpan, newText }] }];
}

function validateGroup(entry: MapEntry, pointer: string, report: Reporter): Cleaned {
  if (entry.node.kind !== 'map') {
    report.add({
      code: 'wrong-type',
      message: `"${entry.key}" must be a map with "assert" and perhaps "threshold", not ${describeNode(entry.node)}.`,
      span: entry.node.kind === 'scalar' ? entry.keySpan : report.headOf(entry.node),
      severity: 'error',
      pointer,
    });
    return INVALID;
  }
  const cleaned = validateKeys(entry.node, { threshold: share, assert: validateAssertions }, pointer, report);
  if (entry.node.entries.has('assert')) return own(entry.key, cleaned);
  report.add({
    code: 'missing-key',
    message: `"assert" is missing here. ${ASSERTION_KEYS.assert}`,
    span: entry.keySpan,
    severity: 'error',
    pointer,
  });
  return INVALID;
}

function validateObjectForm(node: MapNode, pointer: string, report: Reporter): Cleaned {
  const entry = node.entries.get('type') as MapEntry;
  const name = entry.node.kind === 'scalar' ? entry.node.value : null;
  if (typeof name !== 'string') {
    report.add({
      code: 'wrong-type',
      message: `"type" must be the name of an assertion such as contains, not ${describeNode(entry.node)}.`,
      span: entry.node.kind === 'scalar' && name !== null ? entry.node.span : entry.keySpan,
      severity: 'error',
      pointer: childPointer(pointer, 'type'),
    });
    return INVALID;
  }
  const definition = assertionType(splitNegation(name).type);
  const limit: Check | undefined = definition === undefined ? undefined : LIMITS[definition.value];
  const cleaned = validateKeys(
    node,
    {
      type: keep,
      value: keep,
      threshold: limit ?? (definition !== undefined && SCORED.has(definition.value) ? share : number),
      weight,
      name: word,
      severity,
      transform: word,
      assert: validateAssertions,
    },
    pointer,
    report,
  );
  if (definition === undefined) {
    unknownType(name, entry.node.span, childPointer(pointer, 'type'), report);
    return INVALID;
  }
  if (definition.value === 'group') {
    if (node.entries.has('assert')) return cleaned;
    report.add({
      code: 'missing-key',
      message: `"assert" is missing here. ${ASSERTION_KEYS.assert}`,
      span: entry.node.span,
      severity: 'error',
      pointer,
    });
    return INVALID;
  }
  const value = node.entries.get('value');
  if (value === undefined && limit !== undefined && node.entries.has('threshold')) return cleaned;
  const at = childPointer(pointer, 'value');
  const checked = validateValue(name, definition, value?.node, value?.keySpan ?? entry.node.span, at, report);
  if (checked === INVALID) return INVALID;
  if (value !== undefined) setOwn(cleaned, 'value', checked);
  return cleaned;
}

function unknownType(name: string, span: { start: number; end: number }, pointer: string, report: Reporter): void {
  const near = nearKeys(name, assertionNames());
  report.add({
    code: 'unknown-assertion',
    message: `"${clip(name)}" is not an assertion. ${near[0] === undefined ? `Some are ${Object.keys(ASSERTION_TYPES).slice(0, 5).join(', ')}.` : `Did you mean "${near[0]}"?`}`,
    span,
    severity: 'error',
    pointer,
    replacements: near,
  });
}

type Check = (node: TreeNode, pointer: string, report: Reporter) => Cleaned;

function validateKeys(
  node: MapNode,
  checks: Record<string, Check>,
  pointer: string,
  report: Reporter,
): { [key: string]: PlainValue } {
  const result: { [key: string]: PlainValue } = {};
  for (const entry of node.entries.values()) {
    const at = childPointer(pointer, entry.key);
    const check = Object.hasOwn(checks, entry.key) ? checks[entry.key] : undefined;
    if (check === undefined) {
      report.unknownKey(entry, at, Object.keys(checks), node);
      continue;
    }
    const cleaned = check(entry.node, at, report);
    if (cleaned !== INVALID) setOwn(result, entry.key, cleaned);
  }
  return result;
}

const keep: Check = (node) => toPlain(node);

const number: Check = (node, pointer, report) => {
  if (node.kind === 'scalar' && typeof node.value === 'number' && Number.isFinite(node.value)) return node.value;
  return wrong(node, 'a number', pointer, report);
};

/** Types whose score lies between 0 and 1; a distance has no such scale, and that of a judge may be any. */
const SCORED: ReadonlySet<AssertionValueKind> = new Set(['similarity', 'group']);

/** A threshold of a score: 75 is most likely 75 %, and no answer would ever meet it. */
const share: Check = (node, pointer, report) => {
  const value = number(node, pointer, report);
  if (typeof value === 'number' && (value < 0 || value > 1)) {
    report.add({
      code: 'out-of-range',
      message: `A score lies between 0 and 1, so that a threshold of ${value} ${value > 1 ? 'is never met' : 'is always met'}.`,
      span: node.span,
      severity: 'warning',
      pointer,
      replacements: value > 1 && value <= 100 ? [String(value / 100)] : [],
    });
  }
  return value;
};

const weight: Check = (node, pointer, report) => {
  const value = number(node, pointer, report);
  if (typeof value !== 'number' || value >= 0) return value;
  report.add({
    code: 'out-of-range',
    message: `"weight" must be at least 0, not ${value}.`,
    span: node.span,
    severity: 'error',
    pointer,
  });
  return INVALID;
};

const word: Check = (node, pointer, report) => {
  if (node.kind === 'scalar' && typeof node.value === 'string') return node.value;
  return wrong(node, 'a text', pointer, report);
};

const severity: Check = (node, pointer, report) => {
  if (node.kind !== 'scalar' || typeof node.value !== 'string')
    return wrong(node, `one of ${Object.keys(SEVERITIES).join(', ')}`, pointer, report);
  if (Object.hasOwn(SEVERITIES, node.value)) return node.value;
  report.unknownWord(node, node.value, Object.keys(SEVERITIES), pointer);
  return INVALID;
};

function limitCheck(quantity: Quantity | null, label: string): Check {
  return (node, pointer, report) => {
    if (node.kind === 'scalar') {
      const { value } = node;
      if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
      if (typeof value === 'string') {
        // A template is known only once it is rendered; the limit is checked again then.
        if (value.includes('{{')) return value;
        if (quantity !== null && parseQuantity(quantity, value) !== null) return value;
        report.add({
          code: 'bad-unit',
          message: `${nameOf(pointer)} must be ${label}, not "${clip(value)}".`,
          span: node.span,
          severity: 'error',
          pointer,
          replacements: quantity === null ? [] : quantitySuggestions(quantity, value),
        });
        return INVALID;
      }
    }
    return wrong(node, label, pointer, report);
  };
}

const LIMITS: Partial<Record<AssertionValueKind, Check>> = {
  'limit-ms': limitCheck('duration', `${QUANTITY_LABELS.duration} (a bare number is ms)`),
  'limit-usd': limitCheck('money', QUANTITY_LABELS.money),
  'limit-count': limitCheck(null, 'a number of tokens'),
};

function validateValue(
  name: string,
  definition: AssertionType,
  node: TreeNode | undefined,
  nameSpan: { start: number; end: number },
  pointer: string,
  report: Reporter,
): Cleaned {
  const kind = definition.value;
  const isEmpty = node === undefined || (node.kind === 'scalar' && node.value === null);
  if (isEmpty) {
    if (WITHOUT_VALUE.has(kind)) return null;
    // An empty text is a value (`equals: ""`); nothing at all is a slip.
    report.add({
      code: 'missing-value',
      message: `"${name}" needs a value, such as ${JSON.stringify(definition.example)}. ${definition.description}`,
      span: nameSpan,
      severity: 'error',
      pointer,
    });
    return INVALID;
  }
  const limit = LIMITS[kind];
  if (limit !== undefined) return limit(node, pointer, report);
  switch (kind) {
    case 'text':
    case 'reference':
      return isPlainScalar(node) ? toPlain(node) : wrong(node, 'a text', pointer, report);
    case 'pattern':
      return pattern(node, pointer, report);
    case 'none':
      return node.kind === 'scalar' && typeof node.value === 'boolean'
        ? node.value
        : wrong(node, 'left empty', pointer, report);
    case 'texts':
      return textList(node, pointer, report);
    case 'similarity':
      return isPlainScalar(node) ? toPlain(node) : texts(node, 'a text or a list of texts', pointer, report);
    case 'reasons':
      return isText(node) ? toPlain(node) : texts(node, 'a word such as stop, or a list of them', pointer, report);
    case 'words':
      return wordLimits(node, pointer, report);
    case 'schema':
      return jsonSchema(node, pointer, report);
    case 'elements':
      return elements(node, pointer, report);
    case 'sql':
      return sql(node, pointer, report);
    case 'call':
      return call(node, pointer, report);
    default:
      return toPlain(node);
  }
}

function isPlainScalar(node: TreeNode): boolean {
  return node.kind === 'scalar' && node.value !== null;
}

function own(key: string, value: PlainValue): PlainValue {
  const result: { [key: string]: PlainValue } = {};
  setOwn(result, key, value);
  return result;
}
