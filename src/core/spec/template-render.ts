/**
 * Evaluates the syntax tree of a template. Nunjucks itself compiles a template to JavaScript, which gives whoever wrote the file
 * the rights of the process, and turns an undefined variable into an empty text. This evaluator knows data only: own properties,
 * a fixed set of filters, a bounded amount of work, and every undefined variable reported with its place.
 */
import type { NunjucksNode } from 'nunjucks/src/parser';
import { nearest } from '../metrics/nearest';
import { FILTERS, METHODS, TESTS, type FilterCall } from './template-filters';
import { setOwn } from './own';
import {
  Budget,
  MAX_RANGE,
  MAX_TEXT_LENGTH,
  TemplateError,
  isDict,
  isList,
  toNumber,
  ownValue,
  toText,
  type TemplateValue,
} from './template-value';

/** Something wrong at a node of the template. */
export interface RenderProblem {
  code: 'undefined-variable' | TemplateError['code'];
  message: string;
  node: NunjucksNode;
  /** For an undefined variable: its path as written, such as `user.nmae`, and the names known where it is looked up. */
  variable?: { path: string; last: string; known: string[] };
  /** What an unknown word may have been meant to be. */
  near?: string[];
}

type Scope = Map<string, TemplateValue>;

/** Renders `root` with `variables`. Undefined variables are collected, so that all of them are reported at once. */
export function render(
  root: NunjucksNode,
  variables: { readonly [name: string]: TemplateValue },
): { text: string; problems: RenderProblem[] } {
  const renderer = new Renderer(variables);
  try {
    return { text: renderer.block(root), problems: renderer.problems };
  } catch (error) {
    // Deep nesting of parentheses runs out of stack: as much the template's fault as a limit that is passed.
    const known = error instanceof TemplateError || error instanceof RangeError;
    if (!known) throw error;
    const code = error instanceof TemplateError ? error.code : 'template-limit';
    const message = error instanceof TemplateError ? error.message : 'The template is nested too deeply.';
    const near = renderer.near;
    return { text: '', problems: [...renderer.problems, { code, message, node: renderer.current, near }] };
  }
}

const LOOP_LIMIT_DEPTH = 200;

class Renderer {
  readonly problems: RenderProblem[] = [];
  /** The node being evaluated, to which an error belongs. */
  current: NunjucksNode;
  near: string[] = [];
  private readonly budget = new Budget();
  private readonly scopes: Scope[] = [new Map<string, TemplateValue>()];
  private length = 0;
  private depth = 0;

  constructor(private readonly variables: { readonly [name: string]: TemplateValue }) {
    this.current = { typename: 'Root', lineno: 0, colno: 0 };
  }

  block(node: NunjucksNode | null): string {
    if (node === null) return '';
    return children(node)
      .map((child) => this.statement(child))
      .join('');
  }

  private statement(node: NunjucksNode): string {
    this.budget.spend(1);
    switch (node.typename) {
      case 'Output':
        return children(node)
          .map((child) => this.output(child))
          .join('');
      case 'NodeList':
      case 'Root':
        return this.block(node);
      case 'If':
        if (truthy(this.value(field(node, 'cond')))) return this.block(field(node, 'body'));
        return this.alternative(node.else_ as NunjucksNode | null);
      case 'For':
        return this.loop(node);
      case 'Set':
        this.assign(node);
        return '';
      case 'Switch':
        return this.choose(node);
      default:
        throw this.unsupported(node, `{% ${tagOf(node)} %} is not available in prompts.`);
    }
  }

  /** `else` is a list of nodes; `elif` is another `If`. */
  private alternative(node: NunjucksNode | null): string {
    if (node === null) return '';
    return node.typename === 'If' ? this.statement(node) : this.block(node);
  }

  private output(node: NunjucksNode): string {
    this.current = node;
    const text = node.typename === 'TemplateData' ? String(node.value) : this.outputText(node);
    this.length += text.length;
    // Statements may repeat one text any number of times, each of them short.
    this.budget.text(this.length > MAX_TEXT_LENGTH ? this.length : text.length);
    return text;
  }

  private outputText(node: NunjucksNode): string {
    const value = this.value(node);
    this.current = node;
    return toText(value, this.budget);
  }

  private loop(node: NunjucksNode): string {
    const over = this.value(field(node, 'arr'));
    const names = field(node, 'name');
    const several = names.typename === 'Array' ? children(names).map((name) => String(name.value)) : null;
    const rows: TemplateValue[][] =
      several !== null && isDict(over)
        ? Object.entries(over)
        : isList(over)
          ? over.map((item) => (several === null ? [item] : several.map((_, index) => ownValue(item, index))))
          : typeof over === 'string'
            ? [...over].map((character) => [character])
            : [];
    if (several === null && isDict(over))
      throw this.unsupported(node, 'A loop over a map needs two names: {% for key, value in … %}.');
    if (++this.depth > LOOP_LIMIT_DEPTH) throw new TemplateError('template-limit', 'Loops are nested too deeply.');
    const scope: Scope = new Map();
    this.scopes.push(scope);
    const parts = rows.map((row, index) => {
      this.budget.spend(1);
      (several ?? [String(names.value)]).forEach((name, column) => scope.set(name, row[column] ?? null));
      scope.set('loop', {
        index: index + 1,
        index0: index,
        revindex: rows.length - index,
        revindex0: rows.length - index - 1,
        first: index === 0,
        last: index === rows.length - 1,
        length: rows.length,
      });
      return this.block(field(node, 'body'));
    });
    this.scopes.pop();
    this.depth--;
    return rows.length > 0 ? parts.join('') : this.block(node.else_ as NunjucksNode | null);
  }

  private assign(node: NunjucksNode): void {
    const body = node.body as NunjucksNode | undefined;
    const value =
      body === undefined || body === null ? this.value(field(node, 'value')) : this.block(field(body, 'body'));
    for (const target of node.targets as NunjucksNode[]) {
      const name = String(target.value);
      const holder = [...this.scopes].reverse().find((scope) => scope.has(name)) ?? this.scopes.at(-1);
      // An undefined value was reported where it was read; null keeps each later use from reporting it again.
      holder?.set(name, value ?? null);
    }
  }

  private choose(node: NunjucksNode): string {
    const value = this.value(field(node, 'expr'));
    const cases = node.cases as NunjucksNode[];
    // An empty case falls through to the next one with a body, as in JavaScript.
    const from = cases.findIndex((item) => this.value(field(item, 'cond')) === value);
    if (from >= 0) {
      const filled = cases.slice(from).find((item) => children(field(item, 'body')).length > 0);
      if (filled !== undefined) return this.block(field(filled, 'body'));
    }
    return this.block(node.default as NunjucksNode | null);
  }

  /** `lenient` leaves an undefined variable undefined without a report: for `default` and `is defined`. */
  private value(node: NunjucksNode, lenient = false): TemplateValue {
    this.budget.spend(1);
    this.current = node;
    switch (node.typename) {
      case 'Literal':
        return this.literal(node);
      case 'Symbol':
        return this.variable(node, lenient);
      case 'LookupVal':
        return this.lookup(node, lenient);
      case 'Group':
        return this.value(children(node)[0] ?? node, lenient);
      case 'Array':
        return children(node).map((child) => this.value(child));
      case 'Dict':
        return this.dict(node);
      case 'InlineIf': {
        if (truthy(this.value(field(node, 'cond')))) return this.value(field(node, 'body'), lenient);
        const other = node.else_ as NunjucksNode | null;
        return other === null ? '' : this.value(other, lenient);
      }
      case 'Or': {
        const left = this.value(field(node, 'left'), lenient);
        return truthy(left) ? left : this.value(field(node, 'right'), lenient);
      }
      case 'And': {
        const left = this.value(field(node, 'left'), lenient);
        return truthy(left) ? this.value(field(node, 'right'), lenient) : left;
      }
      case 'Not':
        return !truthy(this.value(field(node, 'target'), lenient));
      case 'In':
        return this.contains(this.value(field(node, 'left')), this.value(field(node, 'right')));
      case 'Is':
        return this.test(node);
      case 'Compare':
        return this.compare(node);
      case 'Add':
      case 'Concat':
      case 'Sub':
      case 'Mul':
      case 'Div':
      case 'FloorDiv':
      case 'Mod':
      case 'Pow':
        return this.arithmetic(node);
      case 'Neg':
        return -toNumber(this.value(field(node, 'target')));
      case 'Pos':
        return toNumber(this.value(field(node, 'target')));
      case 'Filter':
        return this.filter(node);
      case 'FunCall':
        return this.call(node);
      case 'Capture':
        return this.block(field(node, 'body'));
      case 'NodeList':
        return this.block(node);
      default:
        throw this.unsupported(node, `${node.typename} is not available in prompts.`);
    }
  }

  private literal(node: NunjucksNode): TemplateValue {
    const { value } = node;
    if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      return value;
    throw this.unsupported(node, 'Regular expressions are not available in prompts.');
  }

  private variable(node: NunjucksNode, lenient: boolean): TemplateValue {
    const name = String(node.value);
    for (let i = this.scopes.length - 1; i >= 0; i--) {
      const scope = this.scopes[i];
      if (scope?.has(name) === true) return scope.get(name);
    }
    const value = ownValue(this.variables, name);
    if (value === undefined && !lenient) this.undefinedVariable(node, name, name, this.names());
    return value;
  }

  private names(): string[] {
    const local = this.scopes.flatMap((scope) => [...scope.keys()]).filter((name) => name !== 'loop');
    return [...new Set([...local, ...Object.keys(this.variables)])];
  }

  private lookup(node: NunjucksNode, lenient: boolean): TemplateValue {
    const target = field(node, 'target');
    const keyNode = field(node, 'val');
    const base = this.value(target, lenient);
    const key = this.value(keyNode);
    this.current = node;
    // What it is looked up in has been reported already.
    if (base === undefined) return undefined;
    if (typeof key !== 'string' && typeof key !== 'number') {
      if (key === undefined) return undefined;
      throw new TemplateError('template-type', 'A key must be a text or a number.');
    }
    const value = ownValue(base, key);
    if (value === undefined && !lenient) {
      const known = isDict(base) ? Object.keys(base) : isList(base) ? [`0 to ${base.length - 1}`, 'length'] : [];
      this.undefinedVariable(keyNode, pathOf(node), String(key), known, base === null ? pathOf(target) : undefined);
    }
    return value;
  }

  private undefinedVariable(node: NunjucksNode, path: string, last: string, known: string[], empty?: string): void {
    const where = path === last ? 'Known variables' : 'Known there';
    const names =
      known.length === 0 ? '' : ` ${where}: ${known.slice(0, 12).join(', ')}${known.length > 12 ? ', …' : ''}.`;
    const message =
      empty === undefined
        ? `The variable "${path}" is not defined.${names === '' ? ' Add it to "vars".' : names}`
        : `The variable "${path}" is not defined: "${empty}" is null.`;
    // One report for each place, however often a loop passes it.
    if (this.problems.some((problem) => problem.node === node)) return;
    this.problems.push({ code: 'undefined-variable', message, node, variable: { path, last, known } });
  }

  private dict(node: NunjucksNode): TemplateValue {
    const result: { [key: string]: TemplateValue } = {};
    for (const pair of children(node)) {
      const key = field(pair, 'key');
      setOwn(
        result,
        key.typename === 'Symbol' ? String(key.value) : toText(this.value(key), this.budget),
        this.value(field(pair, 'value')),
      );
    }
    return result;
  }

  private contains(item: TemplateValue, container: TemplateValue): boolean {
    if (isList(container)) {
      this.budget.spend(container.length);
      return container.includes(item);
    }
    if (typeof container === 'string') {
      this.budget.text(container.length);
      return container.includes(toText(item, this.budget));
    }
    if (isDict(container)) return Object.hasOwn(container, toText(item, this.budget));
    if (container === undefined) return false;
    throw new TemplateError('template-type', '"in" needs a list, a map or a text on its right.');
  }

  private test(node: NunjucksNode): boolean {
    const right = field(node, 'right');
    const nameNode = right.typename === 'FunCall' ? field(right, 'name') : right;
    const name = nameNode.typename === 'Literal' && nameNode.value === null ? 'none' : String(nameNode.value);
    const test = TESTS.get(name);
    if (test === undefined) {
      this.near = nearest(name, [...TESTS.keys()]);
      throw this.unsupported(right, `There is no test "${name}".${this.meant()}`);
    }
    const value = this.value(field(node, 'left'), name === 'defined' || name === 'undefined');
    const other = right.typename === 'FunCall' ? this.value(children(field(right, 'args'))[0] ?? right) : undefined;
    return test(value, other);
  }

  private compare(node: NunjucksNode): boolean {
    let left = this.value(field(node, 'expr'));
    for (const operand of node.ops as NunjucksNode[]) {
      const right = this.value(field(operand, 'expr'));
      if (!compareBy(String(operand.type), left, right)) return false;
      left = right;
    }
    return true;
  }

  private arithmetic(node: NunjucksNode): TemplateValue {
    const left = this.value(field(node, 'left'));
    const right = this.value(field(node, 'right'));
    this.current = node;
    if (node.typename === 'Concat' || (node.typename === 'Add' && (isTexty(left) || isTexty(right)))) {
      const text = toText(left, this.budget) + toText(right, this.budget);
      this.budget.text(text.length);
      return text;
    }
    const a = toNumber(left);
    const b = toNumber(right);
    switch (node.typename) {
      case 'Add':
        return a + b;
      case 'Sub':
        return a - b;
      case 'Mul':
        return a * b;
      case 'Div':
        return a / b;
      case 'FloorDiv':
        return Math.floor(a / b);
      case 'Mod':
        return a % b;
      default:
        return a ** b;
    }
  }

  private filter(node: NunjucksNode): TemplateValue {
    const name = String(field(node, 'name').value);
    const filter = FILTERS.get(name);
    if (filter === undefined) {
      this.near = nearest(name, [...FILTERS.keys()]);
      throw this.unsupported(field(node, 'name'), `There is no filter "${name}".${this.meant()}`);
    }
    const [subject, ...rest] = children(field(node, 'args'));
    const lenient = name === 'default' || name === 'd';
    const value = subject === undefined ? undefined : this.value(subject, lenient);
    // An undefined subject has been reported; a filter would only add a second, misleading error.
    if (value === undefined && !lenient) return undefined;
    const call = this.callOf(rest);
    this.current = node;
    return filter(value, call);
  }

  private call(node: NunjucksNode): TemplateValue {
    const callee = field(node, 'name');
    const args = children(field(node, 'args'));
    if (callee.typename === 'Symbol' && callee.value === 'range') {
      const call = this.callOf(args);
      this.current = node;
      return this.range(call.args);
    }
    if (callee.typename === 'LookupVal') {
      const target = this.value(field(callee, 'target'));
      const name = String(field(callee, 'val').value);
      if (target === undefined) return undefined;
      const methods = typeof target === 'string' ? METHODS.text : isList(target) ? METHODS.list : undefined;
      const method = methods?.get(name);
      if (method !== undefined) {
        const call = this.callOf(args);
        this.current = node;
        return method(target, call);
      }
    }
    throw this.unsupported(callee, `"${pathOf(callee)}" cannot be called in a prompt.`);
  }

  private callOf(args: NunjucksNode[]): FilterCall {
    const named: Record<string, TemplateValue> = {};
    const positional: TemplateValue[] = [];
    for (const arg of args) {
      if (arg.typename === 'KeywordArgs') {
        for (const pair of children(arg))
          setOwn(named, String(field(pair, 'key').value), this.value(field(pair, 'value')));
      } else {
        positional.push(this.value(arg));
      }
    }
    return { args: positional, named, budget: this.budget };
  }

  private range(args: TemplateValue[]): number[] {
    const [first = 0, second, third] = args.map(toNumber);
    const start = second === undefined ? 0 : first;
    const stop = second ?? first;
    const step = third === undefined || third === 0 ? 1 : third;
    const count = Math.max(0, Math.ceil((stop - start) / step));
    if (!(count <= MAX_RANGE))
      throw new TemplateError('template-limit', `range() gives at most ${MAX_RANGE} numbers in a prompt.`);
    this.budget.spend(count);
    return Array.from({ length: count }, (_, index) => start + index * step);
  }

  private meant(): string {
    return this.near[0] === undefined ? '' : ` Did you mean "${this.near[0]}"?`;
  }

  private unsupported(node: NunjucksNode, message: string): TemplateError {
    this.current = node;
    return new TemplateError('template-unsupported', message);
  }
}

function children(node: NunjucksNode): NunjucksNode[] {
  return (node.children as NunjucksNode[] | undefined) ?? [];
}

function field(node: NunjucksNode, name: string): NunjucksNode {
  return node[name] as NunjucksNode;
}

function truthy(value: TemplateValue): boolean {
  return Boolean(value);
}

function isTexty(value: TemplateValue): boolean {
  return typeof value === 'string' || isList(value) || isDict(value);
}

/** JavaScript's comparison, without its conversion of lists and maps to text. */
function compareBy(operator: string, left: TemplateValue, right: TemplateValue): boolean {
  if (operator === '===') return left === right;
  if (operator === '!==') return left !== right;
  if (isList(left) || isDict(left) || isList(right) || isDict(right))
    return operator === '==' ? left === right : operator === '!=' ? left !== right : false;
  switch (operator) {
    case '==':
      return looselyEqual(left, right);
    case '!=':
      return !looselyEqual(left, right);
    case '<':
      return (left as number) < (right as number);
    case '>':
      return (left as number) > (right as number);
    case '<=':
      return (left as number) <= (right as number);
    default:
      return (left as number) >= (right as number);
  }
}

type Simple = undefined | null | string | number | boolean;

/** `==` of JavaScript on simple values: `"1" == 1`, `null == undefined`. */
function looselyEqual(left: Simple, right: Simple): boolean {
  if (left == null || right == null) return (left ?? null) === (right ?? null);
  return typeof left === typeof right ? left === right : Number(left) === Number(right);
}

function tagOf(node: NunjucksNode): string {
  const tags: Record<string, string> = {
    FromImport: 'from',
    AsyncEach: 'asyncEach',
    AsyncAll: 'asyncAll',
    IfAsync: 'ifAsync',
    CallExtension: 'call',
  };
  return tags[node.typename] ?? node.typename.toLowerCase();
}

/** A variable as it is written: `user.name`, `items[0]`. */
function pathOf(node: NunjucksNode): string {
  if (node.typename === 'Symbol') return String(node.value);
  if (node.typename !== 'LookupVal') return '…';
  const key = field(node, 'val');
  const base = pathOf(field(node, 'target'));
  if (key.typename === 'Literal' && typeof key.value === 'string' && /^[A-Za-z_]\w*$/.test(key.value))
    return `${base}.${key.value}`;
  return `${base}[${key.typename === 'Literal' ? JSON.stringify(key.value) : pathOf(key)}]`;
}
