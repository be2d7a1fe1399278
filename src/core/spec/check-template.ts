/** Renders every template of a file with the variables of every case, so that an undefined one is known before anything is sent. */
import type { Json } from '../../protocol/plan';
import { nameCase } from './naming';
import { childPointer } from './pointer';
import type { Reporter } from './reporter';
import { spanInScalar } from './scalar-map';
import { assertionType, splitNegation } from './schema-assertion';
import { parseTemplate, renderTemplate, type Template, type TemplateProblem } from './template';
import { nodeAt, toPlain, type MapNode, type PlainValue, type ScalarNode, type TreeNode } from './tree';
import { expandVars } from './variables';

/** Renderings in the editor's process; the plan renders all of them. */
const MAX_RENDERINGS = 5_000;

interface Place {
  node: ScalarNode;
  pointer: string;
  template: Template;
}

interface Subject {
  name: string | null;
  vars: Record<string, Json>;
  /** Additionally known to assertions. */
  expected?: Json;
}

interface Hit {
  place: Place;
  problem: TemplateProblem;
  cases: string[];
}

export function checkTemplates(root: MapNode, source: string, report: Reporter): void {
  new TemplateCheck(root, source, report).run();
}

class TemplateCheck {
  private readonly hits = new Map<string, Hit>();
  private renderings = 0;

  constructor(
    private readonly root: MapNode,
    private readonly source: string,
    private readonly report: Reporter,
  ) {}

  run(): void {
    const prompts = this.promptPlaces();
    const shared = this.assertionPlaces(nodeAt(this.root, ['assert']), '/assert');
    const fileVars = dictAt(this.root, 'vars');
    const cases = nodeAt(this.root, ['cases']);
    if (cases?.kind === 'list' && cases.items.length > 0) {
      cases.items.forEach((item, index) => {
        if (item.kind === 'map') this.checkCase(item, childPointer('/cases', index), fileVars, prompts, shared);
      });
    } else if (!this.root.entries.has('dataset')) {
      this.renderAll(prompts, { name: null, vars: fileVars });
    }
    for (const hit of this.hits.values()) this.add(hit);
  }

  private checkCase(
    item: MapNode,
    pointer: string,
    fileVars: Record<string, Json>,
    prompts: Place[],
    shared: Place[],
  ): void {
    const skip = nodeAt(item, ['skip']);
    if (skip?.kind === 'scalar' && skip.value !== null && skip.value !== false) return;
    const own = [
      ...this.messagePlaces(nodeAt(item, ['messages']), `${pointer}/messages`),
      ...this.turnPlaces(nodeAt(item, ['turns']), `${pointer}/turns`),
    ];
    const assertions = [
      ...shared,
      ...this.assertionPlaces(nodeAt(item, ['assert']), `${pointer}/assert`),
      ...this.turnAssertionPlaces(nodeAt(item, ['turns']), `${pointer}/turns`),
    ];
    const { name } = nameCase(toPlain(item));
    const vars = { ...fileVars, ...dictAt(item, 'vars') };
    const expands = nodeAt(item, ['expand']);
    const combinations = expandVars(
      vars,
      dictAt(item, 'vars'),
      expands?.kind === 'scalar' && expands.value === true,
      1,
    );
    const expectedNode = nodeAt(item, ['expected']);
    const expected = expectedNode === undefined ? undefined : toPlain(expectedNode);
    for (const { vars: known } of combinations.cases) {
      this.renderAll([...prompts, ...own], { name, vars: known });
      this.renderAll(assertions, { name, vars: known, expected });
    }
  }

  private renderAll(places: Place[], subject: Subject): void {
    for (const place of places) {
      if (place.template.root === null) continue;
      if (++this.renderings > MAX_RENDERINGS) return;
      const variables =
        subject.expected === undefined || Object.hasOwn(subject.vars, 'expected')
          ? subject.vars
          : { ...subject.vars, expected: subject.expected };
      const rendered = renderTemplate(place.template, variables);
      if (rendered.ok) continue;
      for (const problem of rendered.problems) this.hit(place, problem, subject.name);
    }
  }

  private hit(place: Place, problem: TemplateProblem, name: string | null): void {
    const key = `${place.pointer}\n${problem.offset}\n${problem.code}\n${problem.variable ?? ''}`;
    const known = this.hits.get(key);
    if (known === undefined) this.hits.set(key, { place, problem, cases: name === null ? [] : [name] });
    else if (name !== null) known.cases.push(name);
  }

  private add({ place, problem, cases }: Hit): void {
    const inCase =
      cases[0] === undefined
        ? ''
        : ` (in case "${cases[0]}"${cases.length > 1 ? ` and ${cases.length - 1} more` : ''})`;
    this.report.add({
      code: problem.code,
      message: problem.message.replace(/\.(?= |$)/, `${inCase}.`),
      span: spanInScalar(place.node, this.source, problem.offset, problem.length),
      severity: 'error',
      pointer: place.pointer,
      replacements: problem.replacements,
      suggestions: problem.variable === undefined ? [] : this.addVariable(problem.variable),
    });
  }

  /** The edit that defines a variable for the whole file. */
  private addVariable(
    name: string,
  ): { title: string; edits: { span: { start: number; end: number }; newText: string }[] }[] {
    if (!/^[A-Za-z_]\w*$/.test(name)) return [];
    const title = `Add "${name}" to the variables of the file`;
    const vars = this.root.entries.get('vars');
    if (vars !== undefined) {
      const [first] = vars.node.kind === 'map' ? vars.node.entries.values() : [];
      if (first === undefined || first.merged || vars.node.kind !== 'map') return [];
      const at = first.keySpan.start;
      const lineStart = Math.max(this.source.lastIndexOf('\n', at - 1), this.source.lastIndexOf('\r', at - 1)) + 1;
      const indent = this.source.slice(lineStart, at);
      if (!vars.node.flow && /^ *$/.test(indent))
        return [{ title, edits: [{ span: { start: at, end: at }, newText: `${name}: ""\n${indent}` }] }];
      return vars.node.flow ? [{ title, edits: [{ span: { start: at, end: at }, newText: `${name}: "", ` }] }] : [];
    }
    const anchor =
      this.root.entries.get('cases') ?? this.root.entries.get('prompt') ?? this.root.entries.get('messages');
    if (anchor === undefined || this.root.flow) return [];
    const at = anchor.keySpan.start;
    return [{ title, edits: [{ span: { start: at, end: at }, newText: `vars:\n  ${name}: ""\n` }] }];
  }

  private promptPlaces(): Place[] {
    const places = [
      ...this.textPlace(nodeAt(this.root, ['prompt']), '/prompt'),
      ...this.messagePlaces(nodeAt(this.root, ['messages']), '/messages'),
    ];
    const variants = nodeAt(this.root, ['prompts']);
    if (variants?.kind !== 'list') return places;
    variants.items.forEach((variant, index) => {
      if (variant.kind !== 'map') return;
      const pointer = childPointer('/prompts', index);
      places.push(
        ...this.textPlace(nodeAt(variant, ['prompt']), `${pointer}/prompt`),
        ...this.messagePlaces(nodeAt(variant, ['messages']), `${pointer}/messages`),
      );
    });
    return places;
  }

  private messagePlaces(list: TreeNode | undefined, pointer: string): Place[] {
    if (list?.kind !== 'list') return [];
    return list.items.flatMap((message, index) =>
      this.textPlace(nodeAt(message, ['content']), `${childPointer(pointer, index)}/content`),
    );
  }

  private turnPlaces(list: TreeNode | undefined, pointer: string): Place[] {
    if (list?.kind !== 'list') return [];
    return list.items.flatMap((turn, index) =>
      this.textPlace(nodeAt(turn, ['user']), `${childPointer(pointer, index)}/user`),
    );
  }

  private turnAssertionPlaces(list: TreeNode | undefined, pointer: string): Place[] {
    if (list?.kind !== 'list') return [];
    return list.items.flatMap((turn, index) =>
      this.assertionPlaces(nodeAt(turn, ['assert']), `${childPointer(pointer, index)}/assert`),
    );
  }

  /** What is rendered of each assertion: its value, and those of its members. */
  private assertionPlaces(list: TreeNode | undefined, pointer: string): Place[] {
    if (list?.kind !== 'list') return [];
    return list.items.flatMap((item, index) =>
      item.kind === 'map' ? this.assertionPlace(item, childPointer(pointer, index)) : [],
    );
  }

  private assertionPlace(item: MapNode, pointer: string): Place[] {
    const typeNode = item.entries.get('type')?.node;
    const isLong = typeNode !== undefined;
    const [first] = item.entries.keys();
    const name = isLong ? (typeNode.kind === 'scalar' ? String(typeNode.value) : '') : (first ?? '');
    const { type } = splitNegation(name);
    const kind = assertionType(type)?.value;
    if (kind === 'group') {
      const members = isLong ? ['assert'] : [name, 'assert'];
      return this.assertionPlaces(nodeAt(item, members), members.reduce<string>(childPointer, pointer));
    }
    // User code has braces of its own.
    if (type === 'javascript') return [];
    const keys = isLong ? ['value', ...(kind?.startsWith('limit-') === true ? ['threshold'] : [])] : [name];
    return keys.flatMap((key) => {
      const node = item.entries.get(key)?.node;
      return node === undefined ? [] : this.valuePlaces(node, childPointer(pointer, key));
    });
  }

  private valuePlaces(node: TreeNode, pointer: string): Place[] {
    if (node.kind === 'scalar') return this.textPlace(node, pointer);
    if (node.kind === 'list')
      return node.items.flatMap((item, index) => this.valuePlaces(item, childPointer(pointer, index)));
    return [...node.entries.values()].flatMap((entry) =>
      this.valuePlaces(entry.node, childPointer(pointer, entry.key)),
    );
  }

  private textPlace(node: TreeNode | undefined, pointer: string): Place[] {
    if (node?.kind !== 'scalar' || typeof node.value !== 'string' || node.value.startsWith('file://')) return [];
    const parsed = parseTemplate(node.value);
    if (parsed.ok) return [{ node, pointer, template: parsed.template }];
    const place: Place = { node, pointer, template: { source: node.value, root: null } };
    this.hit(place, parsed.problem, null);
    return [];
  }
}

function dictAt(node: MapNode, key: string): Record<string, Json> {
  const value: PlainValue = toPlain(node.entries.get(key)?.node ?? emptyMap);
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {};
}

const emptyMap: MapNode = { kind: 'map', entries: new Map(), span: { start: 0, end: 0 }, flow: true, size: 1 };
