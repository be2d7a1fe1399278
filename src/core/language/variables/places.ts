/** Every text of a file that templates or code may stand in, with the case that its variables come from. */
import type { FileKind } from '../../spec/document';
import { childPointer } from '../../spec/pointer';
import { ASSERTION_KEYS, assertionType, splitNegation } from '../../spec/schema-assertion';
import { nodeAt, type MapNode, type ScalarNode, type TreeNode } from '../../spec/tree';

export interface TextPlace {
  node: ScalarNode;
  pointer: string;
  /** `code` is JavaScript, which knows the variables as `vars.name`; `file` names a file that holds a template. */
  kind: 'template' | 'code' | 'file';
  /** Index of the case whose variables it is rendered with; null for what every case is asked. */
  owner: number | null;
  /** Whether it is part of an assertion, which also knows `expected`. */
  isJudging: boolean;
}

/** The texts of a file, in no particular order; some may be in the list twice where they are used by alias. */
export function textPlaces(root: TreeNode | null, kind: FileKind): TextPlace[] {
  if (root?.kind !== 'map' || kind === 'workspace') return [];
  return kind === 'eval' ? new PlaceFinder().ofEval(root) : everyText(root);
}

class PlaceFinder {
  private readonly places: TextPlace[] = [];
  private owner: number | null = null;
  private isJudging = false;

  ofEval(root: MapNode): TextPlace[] {
    this.text(nodeAt(root, ['prompt']), '/prompt');
    this.messages(nodeAt(root, ['messages']), '/messages');
    this.variants(nodeAt(root, ['prompts']));
    this.judging(() => this.assertions(nodeAt(root, ['assert']), '/assert'));
    const cases = nodeAt(root, ['cases']);
    if (cases?.kind === 'list') {
      cases.items.forEach((item, index) => {
        this.owner = index;
        if (item.kind === 'map') this.ofCase(item, childPointer('/cases', index));
      });
    }
    return this.places;
  }

  private ofCase(item: MapNode, pointer: string): void {
    this.messages(nodeAt(item, ['messages']), `${pointer}/messages`);
    this.turns(nodeAt(item, ['turns']), `${pointer}/turns`);
    this.judging(() => {
      this.assertions(nodeAt(item, ['assert']), `${pointer}/assert`);
      this.values(nodeAt(item, ['expected']), `${pointer}/expected`);
      this.code(nodeAt(item, ['transform']), `${pointer}/transform`);
    });
  }

  private judging(visit: () => void): void {
    const before = this.isJudging;
    this.isJudging = true;
    visit();
    this.isJudging = before;
  }

  private variants(list: TreeNode | undefined): void {
    itemsOf(list).forEach((variant, index) => {
      const pointer = childPointer('/prompts', index);
      if (variant.kind === 'scalar') this.text(variant, pointer);
      this.text(nodeAt(variant, ['prompt']), `${pointer}/prompt`);
      this.messages(nodeAt(variant, ['messages']), `${pointer}/messages`);
    });
  }

  private messages(list: TreeNode | undefined, pointer: string): void {
    itemsOf(list).forEach((message, index) => {
      this.text(nodeAt(message, ['content']), `${childPointer(pointer, index)}/content`);
    });
  }

  private turns(list: TreeNode | undefined, pointer: string): void {
    itemsOf(list).forEach((turn, index) => {
      const at = childPointer(pointer, index);
      this.text(nodeAt(turn, ['user']), `${at}/user`);
      this.judging(() => this.assertions(nodeAt(turn, ['assert']), `${at}/assert`));
    });
  }

  private assertions(list: TreeNode | undefined, pointer: string): void {
    itemsOf(list).forEach((item, index) => {
      if (item.kind === 'map') this.assertion(item, childPointer(pointer, index));
    });
  }

  private assertion(item: MapNode, pointer: string): void {
    const typeNode = item.entries.get('type')?.node;
    const [first = ''] = item.entries.keys();
    const name = typeNode === undefined ? first : typeNode.kind === 'scalar' ? String(typeNode.value) : '';
    const { type } = splitNegation(name);
    this.code(item.entries.get('transform')?.node, `${pointer}/transform`);
    const isLong = typeNode !== undefined;
    if (assertionType(type)?.value === 'group') {
      const keys = isLong ? ['assert'] : [name, 'assert'];
      this.assertions(nodeAt(item, keys), keys.reduce<string>(childPointer, pointer));
      return;
    }
    for (const { key, node } of item.entries.values()) {
      // What the schema does not know of may be a template as well; the keys that it knows to be none are left out.
      if (isLong && key !== 'value' && key !== 'threshold' && Object.hasOwn(ASSERTION_KEYS, key)) continue;
      const at = childPointer(pointer, key);
      if (type === 'javascript' && (key === 'value' || key === name)) this.code(node, at);
      else this.values(node, at);
    }
  }

  private values(node: TreeNode | undefined, pointer: string): void {
    if (node?.kind === 'scalar') this.text(node, pointer);
    else if (node?.kind === 'list')
      node.items.forEach((item, index) => this.values(item, childPointer(pointer, index)));
    else if (node !== undefined)
      for (const { key, node: value } of node.entries.values()) this.values(value, childPointer(pointer, key));
  }

  private text(node: TreeNode | undefined, pointer: string): void {
    if (node?.kind !== 'scalar' || typeof node.value !== 'string') return;
    this.add(node, pointer, node.value.startsWith('file://') ? 'file' : 'template');
  }

  private code(node: TreeNode | undefined, pointer: string): void {
    if (node?.kind === 'scalar' && typeof node.value === 'string') this.add(node, pointer, 'code');
  }

  private add(node: ScalarNode, pointer: string, kind: TextPlace['kind']): void {
    this.places.push({ node, pointer, kind, owner: this.owner, isJudging: this.isJudging });
  }
}

function itemsOf(node: TreeNode | undefined): readonly TreeNode[] {
  return node?.kind === 'list' ? node.items : [];
}

/** Of formats whose details are other tools' business: wherever a template can be seen, or a file is named. */
function everyText(root: TreeNode): TextPlace[] {
  const places: TextPlace[] = [];
  const visit = (node: TreeNode, pointer: string): void => {
    if (node.kind === 'map')
      for (const { key, node: value } of node.entries.values()) visit(value, childPointer(pointer, key));
    else if (node.kind === 'list') node.items.forEach((item, index) => visit(item, childPointer(pointer, index)));
    else if (typeof node.value === 'string' && /\{[{%]|^file:\/\//.test(node.value)) {
      const kind = node.value.startsWith('file://') ? 'file' : 'template';
      places.push({ node, pointer, kind, owner: null, isJudging: pointer.includes('/assert/') });
    }
  };
  visit(root, '');
  return places;
}
