/** Which variables a template reads, and where: from its syntax tree, and from its words while it cannot be read. */
import type { NunjucksNode } from 'nunjucks/src/parser';
import { parseTemplate } from '../../spec/template';
import { wordsOf } from './words';

export interface VariableUse {
  name: string;
  /** Of the name, in UTF-16 units from the start of the template. */
  offset: number;
  /** Names of the loops around it. */
  within: readonly string[];
}

export interface TemplateUses {
  /** In the order of the text. */
  uses: VariableUse[];
  /** Names that `{% set %}` gives a value: whether a later use means it or the variable depends on the path taken. */
  assigned: ReadonlySet<string>;
  /** False where the template cannot be read, and the uses are a guess. */
  isExact: boolean;
}

const NO_USES: TemplateUses = { uses: [], assigned: new Set(), isExact: true };

/** Reads a template; never throws. */
export function usesOf(source: string): TemplateUses {
  if (!/\{[{%]/.test(source)) return NO_USES;
  const parsed = parseTemplate(source);
  if (!parsed.ok || parsed.template.root === null) {
    return parsed.ok ? NO_USES : { uses: wordsOf(source), assigned: new Set(), isExact: false };
  }
  const reader = new UseReader(source);
  reader.visit(parsed.template.root);
  return reader.result();
}

class UseReader {
  /** With the scopes that each use lies in, since a name may be assigned further down. */
  private readonly found: (VariableUse & { isLocal: boolean })[] = [];
  private readonly assigned = new Set<string>();
  private readonly loops: string[][] = [];
  private readonly lineStarts: number[] = [0];

  constructor(private readonly source: string) {
    for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) this.lineStarts.push(at + 1);
  }

  result(): TemplateUses {
    const { assigned } = this;
    const uses = this.found
      .filter(({ name, isLocal }) => !isLocal || assigned.has(name))
      .map(({ name, offset, within }) => ({ name, offset, within }))
      .sort((a, b) => a.offset - b.offset);
    return { uses, assigned, isExact: true };
  }

  visit(node: unknown): void {
    if (Array.isArray(node)) {
      for (const item of node) this.visit(item);
      return;
    }
    if (!isNode(node)) return;
    switch (node.typename) {
      case 'Literal':
      case 'TemplateData':
        return;
      case 'Symbol':
        return this.use(node);
      case 'LookupVal':
        this.visit(node.target);
        // `user.name`: the name behind the dot is a literal.
        return this.visit(node.val);
      case 'FunCall':
        this.callee(node.name);
        return this.visit(node.args);
      case 'Filter':
        return this.visit(node.args);
      case 'Pair':
        if (!isNode(node.key) || node.key.typename !== 'Symbol') this.visit(node.key);
        return this.visit(node.value);
      case 'Is':
        this.visit(node.left);
        return this.visit(isNode(node.right) ? node.right.args : undefined);
      case 'For':
        return this.loop(node);
      case 'Set':
        return this.assign(node);
      default:
        for (const [field, value] of Object.entries(node)) if (field !== 'parent') this.visit(value);
    }
  }

  private callee(node: unknown): void {
    if (!isNode(node) || node.typename === 'Symbol') return;
    this.visit(node.typename === 'LookupVal' ? node.target : node);
  }

  private loop(node: NunjucksNode): void {
    this.visit(node.arr);
    const target = node.name as NunjucksNode;
    const symbols = target.typename === 'Array' ? (target.children as NunjucksNode[]) : [target];
    const names = symbols.map((symbol) => String(symbol.value));
    names.forEach((name, index) => {
      // Belongs to the variable only where the template assigns it as well.
      this.add(name, symbols[index] ?? target, true);
    });
    this.loops.push([...names, 'loop']);
    this.visit(node.body);
    this.loops.pop();
    this.visit(node.else_);
  }

  private assign(node: NunjucksNode): void {
    this.visit(node.value);
    this.visit(node.body);
    for (const target of node.targets as NunjucksNode[]) {
      const name = String(target.value);
      this.assigned.add(name);
      this.add(name, target, true);
    }
  }

  private use(node: NunjucksNode): void {
    const name = String(node.value);
    this.add(
      name,
      node,
      this.loops.some((names) => names.includes(name)),
    );
  }

  private add(name: string, node: NunjucksNode, isLocal: boolean): void {
    this.found.push({ name, offset: this.offsetOf(node), within: this.loops.flat(), isLocal });
  }

  private offsetOf({ lineno, colno }: NunjucksNode): number {
    return (this.lineStarts[lineno] ?? this.source.length) + colno;
  }
}

function isNode(value: unknown): value is NunjucksNode {
  return value !== null && typeof value === 'object' && 'typename' in value && 'lineno' in value;
}
