/** Holds a tree against the schema of the format: located diagnostics, and what is usable of it as typed data. */
import type { TSchema } from '@sinclair/typebox';
import { clip, describeNode, labelOf, nameOf } from './describe';
import { INVALID, rememberIndexes, type Cleaned } from './cleaned';
import { validateAssertions } from './validate-assertion';
import type { Reporter } from './reporter';
import { metaOf } from './schema-kit';
import { childPointer } from './pointer';
import { setOwn } from './own';
import { toPlain, type MapNode, type PlainValue, type ScalarNode, type TreeNode } from './tree';
import { parseQuantity, quantitySuggestions } from './units';

/** The schema keywords that the definitions use. */
interface Keywords {
  type?: string | string[];
  enum?: string[];
  anyOf?: TSchema[];
  properties?: Record<string, TSchema>;
  required?: string[];
  items?: TSchema;
  patternProperties?: Record<string, TSchema>;
  minItems?: number;
  minLength?: number;
  minimum?: number;
  maximum?: number;
}

/** Validates `node` against `schema`; every problem goes to `report`. */
export function validate(node: TreeNode, schema: TSchema, pointer: string, report: Reporter): Cleaned {
  const keywords = schema as Keywords;
  const meta = metaOf(schema);
  if (meta.kind === 'assertion') return validateAssertions(node, pointer, report);
  if (keywords.anyOf !== undefined && meta.kind !== 'json')
    return validateUnion(node, schema, keywords.anyOf, pointer, report);
  if (!accepts(keywords, node)) return wrongType(node, schema, pointer, report);
  if (meta.kind === 'json') return toPlain(node);
  if (node.kind === 'map') {
    if (keywords.properties !== undefined && keywords.patternProperties === undefined && !isOpen(schema))
      return validateRecord(node, schema, keywords, pointer, report);
    return validateMap(node, schema, pointer, report);
  }
  if (node.kind === 'list') return validateList(node.items, node, keywords, pointer, report);
  return validateScalar(node, schema, keywords, pointer, report);
}

function isOpen(schema: TSchema): boolean {
  return typeof (schema as { additionalProperties?: unknown }).additionalProperties === 'object';
}

function accepts(keywords: Keywords, node: TreeNode): boolean {
  if (keywords.type === undefined) return true;
  const types = typeof keywords.type === 'string' ? [keywords.type] : keywords.type;
  return types.some((type) => {
    switch (type) {
      case 'object':
        return node.kind === 'map';
      case 'array':
        return node.kind === 'list';
      case 'string':
        return node.kind === 'scalar' && typeof node.value === 'string';
      case 'boolean':
        return node.kind === 'scalar' && typeof node.value === 'boolean';
      case 'number':
        return node.kind === 'scalar' && typeof node.value === 'number';
      case 'integer':
        return node.kind === 'scalar' && Number.isInteger(node.value);
      case 'null':
        return node.kind === 'scalar' && node.value === null;
      default:
        return false;
    }
  });
}

function validateUnion(
  node: TreeNode,
  schema: TSchema,
  options: TSchema[],
  pointer: string,
  report: Reporter,
): Cleaned {
  const fitting = options.filter((option) => unionAccepts(option, node));
  const [first] = fitting;
  if (first === undefined) return wrongType(node, schema, pointer, report);
  if (fitting.length === 1) return validate(node, first, pointer, report);
  for (const option of fitting) {
    const trial = report.trial();
    const value = validate(node, option, pointer, trial);
    if (trial.errors === 0) {
      trial.commit();
      return value;
    }
  }
  return validate(node, first, pointer, report);
}

function unionAccepts(option: TSchema, node: TreeNode): boolean {
  const keywords = option as Keywords;
  if (metaOf(option).kind === 'assertion') return node.kind === 'list';
  if (keywords.anyOf !== undefined) return keywords.anyOf.some((inner) => unionAccepts(inner, node));
  return accepts(keywords, node);
}

function validateRecord(
  node: MapNode,
  schema: TSchema,
  keywords: Keywords,
  pointer: string,
  report: Reporter,
): PlainValue | typeof INVALID {
  const properties = keywords.properties ?? {};
  const { openKeys } = metaOf(schema);
  const result: { [key: string]: PlainValue } = {};
  for (const entry of node.entries.values()) {
    const at = childPointer(pointer, entry.key);
    const property = Object.hasOwn(properties, entry.key) ? properties[entry.key] : undefined;
    if (property === undefined) {
      if (openKeys?.test(entry.key) !== true) report.unknownKey(entry, at, Object.keys(properties), node);
      continue;
    }
    if (isEmpty(entry.node) && metaOf(property).kind !== 'json') {
      report.add({
        code: 'empty-value',
        message: `"${entry.key}" has no value, so it has no effect.`,
        span: entry.keySpan,
        severity: 'warning',
        pointer: at,
      });
      continue;
    }
    const value = validate(entry.node, property, at, report);
    if (value !== INVALID) setOwn(result, entry.key, value);
  }
  let usable = true;
  for (const key of keywords.required ?? []) {
    if (Object.hasOwn(result, key)) continue;
    usable = false;
    const there = node.entries.get(key);
    if (there !== undefined && !isEmpty(there.node)) continue;
    const description = (properties[key] as { description?: string } | undefined)?.description ?? '';
    report.add({
      code: 'missing-key',
      message: `"${key}" is missing here. ${description}`.trim(),
      span: report.headOf(node),
      severity: 'error',
      pointer,
    });
  }
  return usable ? result : INVALID;
}

function isEmpty(node: TreeNode): boolean {
  return node.kind === 'scalar' && node.value === null;
}

function validateMap(node: MapNode, schema: TSchema, pointer: string, report: Reporter): PlainValue {
  const { properties = {}, patternProperties = {} } = schema as Keywords;
  const rest = (schema as { additionalProperties?: TSchema | boolean }).additionalProperties;
  const value = Object.values(patternProperties)[0] ?? (typeof rest === 'object' ? rest : undefined);
  const result: { [key: string]: PlainValue } = {};
  for (const entry of node.entries.values()) {
    const own = Object.hasOwn(properties, entry.key) ? properties[entry.key] : value;
    const at = childPointer(pointer, entry.key);
    const cleaned = own === undefined ? toPlain(entry.node) : validate(entry.node, own, at, report);
    if (cleaned !== INVALID) setOwn(result, entry.key, cleaned);
  }
  return result;
}

function validateList(
  items: readonly TreeNode[],
  node: TreeNode,
  keywords: Keywords,
  pointer: string,
  report: Reporter,
): Cleaned {
  const result: PlainValue[] = [];
  const indexes: number[] = [];
  items.forEach((item, index) => {
    const cleaned =
      keywords.items === undefined
        ? toPlain(item)
        : validate(item, keywords.items, childPointer(pointer, index), report);
    if (cleaned === INVALID) return;
    result.push(cleaned);
    indexes.push(index);
  });
  rememberIndexes(result, indexes);
  if (items.length < (keywords.minItems ?? 0)) {
    report.add({
      code: 'empty-list',
      message: `${nameOf(pointer)} needs at least ${keywords.minItems === 1 ? 'one item' : `${keywords.minItems} items`}.`,
      span: node.span,
      severity: 'error',
      pointer,
    });
    return INVALID;
  }
  return result;
}

function validateScalar(
  node: TreeNode & { kind: 'scalar' },
  schema: TSchema,
  keywords: Keywords,
  pointer: string,
  report: Reporter,
): Cleaned {
  const { value } = node;
  const meta = metaOf(schema);
  if (typeof value === 'string') {
    if (keywords.enum !== undefined && !keywords.enum.includes(value)) {
      report.unknownWord(node, value, keywords.enum, pointer);
      return INVALID;
    }
    if (meta.quantity !== undefined && parseQuantity(meta.quantity, value) === null) {
      report.add({
        code: 'bad-unit',
        message: `${nameOf(pointer)} must be ${meta.label ?? meta.quantity}, not "${clip(value)}".`,
        span: node.span,
        severity: 'error',
        pointer,
        replacements: quantitySuggestions(meta.quantity, value),
      });
      return INVALID;
    }
    if (value.trim().length < (keywords.minLength ?? 0)) {
      report.add({
        code: 'empty-value',
        message: `${nameOf(pointer)} must not be empty.`,
        span: node.span,
        severity: 'error',
        pointer,
      });
      return INVALID;
    }
  }
  if (typeof value === 'number') {
    const { minimum, maximum } = keywords;
    if (
      !Number.isFinite(value) ||
      (minimum !== undefined && value < minimum) ||
      (maximum !== undefined && value > maximum)
    ) {
      const bounds =
        minimum !== undefined && maximum !== undefined
          ? `between ${minimum} and ${maximum}`
          : minimum !== undefined
            ? `at least ${minimum}`
            : maximum !== undefined
              ? `at most ${maximum}`
              : 'a finite number';
      report.add({
        code: 'out-of-range',
        message: `${nameOf(pointer)} must be ${bounds}, not ${value}.`,
        span: node.span,
        severity: 'error',
        pointer,
      });
      return INVALID;
    }
  }
  return value;
}

/** Reports that a node has not the type of its schema, with a fix where one is obvious. */
export function wrongType(node: TreeNode, schema: TSchema, pointer: string, report: Reporter): typeof INVALID {
  const fixes = node.kind === 'scalar' ? scalarFixes(node, schema) : [];
  report.add({
    code: 'wrong-type',
    message: `${nameOf(pointer)} must be ${labelOf(schema)}, not ${describeNode(node)}.`,
    // The whole of a long list or map would be a wall of red: its first line is enough to find it.
    span: node.kind === 'scalar' ? node.span : report.headOf(node),
    severity: 'error',
    pointer,
    replacements: fixes,
  });
  return INVALID;
}

function scalarFixes(node: ScalarNode, schema: TSchema): string[] {
  const options = (schema as Keywords).anyOf ?? [schema];
  const fixes: string[] = [];
  for (const option of options) {
    const { type } = option as Keywords;
    const { quantity } = metaOf(option);
    if (typeof node.value === 'number' && quantity !== undefined)
      fixes.push(...quantitySuggestions(quantity, String(node.value)));
    else if (type === 'string' && (typeof node.value === 'number' || typeof node.value === 'boolean'))
      fixes.push(JSON.stringify(String(node.value)));
    else if (typeof node.value === 'string') {
      const value = node.value.trim();
      if ((type === 'integer' && /^\d+$/.test(value)) || (type === 'number' && /^\d+(\.\d+)?$/.test(value)))
        fixes.push(value);
      if (type === 'boolean' && /^(?:yes|on|true)$/i.test(value)) fixes.push('true');
      if (type === 'boolean' && /^(?:no|off|false)$/i.test(value)) fixes.push('false');
      if (type === 'array' && value !== '' && !value.includes('\n')) fixes.push(`[${JSON.stringify(value)}]`);
    }
  }
  return [...new Set(fixes)];
}
