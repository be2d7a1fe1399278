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
import { setOwn, toPlain, type MapEntry, type MapNode, type PlainValue, type ScalarNode, type TreeNode } from './tree';
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
        known?.value === 'none' || known?.value === 'schema' || known?.value === 'optional'
          ? [`${String((node as ScalarNode).value)}:`]
          : [],
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
  const cleaned = validateKeys(entry.node, { threshold: number, assert: validateAssertions }, pointer, report);
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
      threshold: limit ?? number,
      weight: number,
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

function wrong(node: TreeNode, label: string, pointer: string, report: Reporter): typeof INVALID {
  report.add({
    code: 'wrong-type',
    message: `${nameOf(pointer)} must be ${label}, not ${describeNode(node)}.`,
    span: node.kind === 'scalar' ? node.span : report.headOf(node),
    severity: 'error',
    pointer,
  });
  return INVALID;
}

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
    if (kind === 'none' || kind === 'schema' || kind === 'optional') return null;
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
      return isPlainScalar(node) ? toPlain(node) : wrong(node, 'a text', pointer, report);
    case 'similarity':
      return isPlainScalar(node) || node.kind === 'list' ? toPlain(node) : wrong(node, 'a text', pointer, report);
    case 'pattern':
      return pattern(node, pointer, report);
    case 'texts':
      return texts(node, pointer, report);
    case 'words':
      return node.kind === 'map' || (node.kind === 'scalar' && typeof node.value === 'number')
        ? toPlain(node)
        : wrong(node, 'a number of words, or a map with min and max', pointer, report);
    case 'none':
      return node.kind === 'scalar' && typeof node.value === 'boolean'
        ? node.value
        : wrong(node, 'left empty', pointer, report);
    case 'schema':
      return node.kind === 'map' || (node.kind === 'scalar' && typeof node.value === 'string')
        ? toPlain(node)
        : wrong(node, 'a JSON Schema (a map), or a file:// path of one', pointer, report);
    default:
      return toPlain(node);
  }
}

function isPlainScalar(node: TreeNode): boolean {
  return node.kind === 'scalar' && node.value !== null;
}

function texts(node: TreeNode, pointer: string, report: Reporter): Cleaned {
  if (node.kind !== 'list') return wrong(node, 'a list of texts', pointer, report);
  const bad = node.items.findIndex((item) => !isPlainScalar(item));
  const item = node.items[bad];
  if (item !== undefined) return wrong(item, 'a text', childPointer(pointer, bad), report);
  return toPlain(node);
}

function pattern(node: TreeNode, pointer: string, report: Reporter): Cleaned {
  if (node.kind !== 'scalar' || node.value === null) return wrong(node, 'a regular expression', pointer, report);
  const source = String(node.value);
  if (source.includes('{{')) return source;
  try {
    new RegExp(source);
    return source;
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^.*: /, '') : String(error);
    const hint = /^\(\?[a-z]+\)/.test(source)
      ? ' JavaScript has no inline flags; use icontains, or classes such as [Rr].'
      : '';
    report.add({
      code: 'bad-regex',
      message: `The regular expression does not compile: ${reason}.${hint}`,
      span: node.span,
      severity: 'error',
      pointer,
    });
    return INVALID;
  }
}

function own(key: string, value: PlainValue): PlainValue {
  const result: { [key: string]: PlainValue } = {};
  setOwn(result, key, value);
  return result;
}
