/** The outline of a file: its sections, and in them what has a name. */
import type { Span } from '../spec/tree';
import { shortText } from '../spec/naming';
import type { LanguageDocument } from './language-document';
import { childOf, scalarText, textAt, type LooseItem, type LooseNode } from './loose/nodes';
import type { DocumentSymbol, SymbolKind } from './types';

/** What the items of a section are; keys of other formats among them. */
const ITEMS: Readonly<Record<string, SymbolKind>> = {
  endpoints: 'endpoint',
  providers: 'endpoint',
  targets: 'endpoint',
  prompts: 'prompt',
  messages: 'prompt',
  cases: 'case',
  tests: 'case',
  testData: 'case',
  scenarios: 'case',
  evaluators: 'assertion',
  assert: 'assertion',
  load: 'stage',
  slo: 'slo',
};

/** Keys that name an item, the best first. */
const NAMES = ['name', 'description', 'label', 'id', 'role', 'pattern', 'expr', 'type', 'input', 'user'];

export function symbolsOf(document: LanguageDocument): DocumentSymbol[] {
  return new SymbolBuilder(document).sections(document.loose.root);
}

class SymbolBuilder {
  private readonly tree;

  constructor(private readonly document: LanguageDocument) {
    this.tree = document.loose;
  }

  sections(root: LooseNode | null): DocumentSymbol[] {
    if (root?.kind !== 'map') return [];
    return root.entries
      .filter(({ key, colon }) => key !== '' && colon !== null)
      .map(({ key, keySpan, value }) => {
        const end = value?.end ?? keySpan.end;
        const kind: SymbolKind = key === 'prompt' ? 'prompt' : 'section';
        const children = value === null ? [] : this.contents(key, value);
        const detail =
          value?.kind === 'scalar' ? this.text(value) : children.length === 0 ? '' : String(children.length);
        return this.symbol(key, detail, kind, { start: keySpan.start, end }, keySpan, children);
      });
  }

  private contents(key: string, value: LooseNode): DocumentSymbol[] {
    if (key === 'vars' || key === 'presets') return this.entries(value);
    const kind = Object.hasOwn(ITEMS, key) ? ITEMS[key] : undefined;
    if (kind === undefined) return key === 'defaultTest' ? this.inside(value) : [];
    // A single stage, or a single SLO, needs no list.
    const items: LooseItem[] = value.kind === 'list' ? value.items : [{ start: value.start, value }];
    return items.flatMap((item, index) => (item.value === null ? [] : [this.item(item, item.value, kind, index)]));
  }

  private entries(node: LooseNode): DocumentSymbol[] {
    if (node.kind !== 'map') return [];
    return node.entries
      .filter(({ key }) => key !== '')
      .map(({ key, keySpan, value }) =>
        this.symbol(
          key,
          value?.kind === 'scalar' ? this.text(value) : '',
          'variable',
          { start: keySpan.start, end: value?.end ?? keySpan.end },
          keySpan,
          [],
        ),
      );
  }

  private item(item: LooseItem, value: LooseNode, kind: SymbolKind, index: number): DocumentSymbol {
    const { name, detail } = this.named(value, kind, index);
    const range = { start: item.start, end: value.end };
    const { lines } = this.tree;
    const selection = { start: value.start, end: Math.min(value.end, lines.end(lines.at(value.start))) };
    return this.symbol(name, detail, kind, range, selection, this.inside(value));
  }

  /** What an item holds that is worth a line of its own. */
  private inside(value: LooseNode): DocumentSymbol[] {
    const turns = childOf(value, 'turns');
    const turnItems = turns?.kind === 'list' ? turns.items : [];
    return [
      ...turnItems.flatMap((item, index) => (item.value === null ? [] : [this.item(item, item.value, 'turn', index)])),
      ...['assert', 'slo', 'tests'].flatMap((key) => {
        const child = childOf(value, key);
        return child === undefined ? [] : this.contents(key, child);
      }),
    ];
  }

  private named(node: LooseNode, kind: SymbolKind, index: number): { name: string; detail: string } {
    if (node.kind === 'scalar') return { name: this.text(node), detail: '' };
    if (node.kind === 'list') return { name: `${kind} ${index + 1}`, detail: '' };
    if (kind === 'assertion') return this.assertion(node);
    for (const key of NAMES) {
      const text = textAt(this.tree, node, key);
      if (text !== undefined && text.trim() !== '') return { name: shortText(text), detail: this.detail(node, key) };
    }
    const vars = childOf(node, 'vars');
    const source = vars ?? node;
    return {
      name: shortText(this.tree.text.slice(source.start, source.end).replace(/^\{\s*|\s*\}$/g, '')),
      detail: '',
    };
  }

  private assertion(node: LooseNode): { name: string; detail: string } {
    const type = textAt(this.tree, node, 'type');
    const [first] = node.kind === 'map' ? node.entries : [];
    const value = type === undefined ? first?.value : childOf(node, 'value');
    const name = textAt(this.tree, node, 'name') ?? type ?? first?.key ?? '';
    return {
      name: name === '' ? 'assertion' : name,
      detail: value === undefined || value === null ? '' : this.text(value),
    };
  }

  private detail(node: LooseNode, named: string): string {
    const keys = ['model', 'rate', 'concurrency', 'content'].filter((key) => key !== named);
    for (const key of keys) {
      const text = textAt(this.tree, node, key);
      if (text !== undefined) return shortText(text);
    }
    return '';
  }

  private text(node: LooseNode): string {
    return shortText(node.kind === 'scalar' ? scalarText(this.tree, node) : this.tree.text.slice(node.start, node.end));
  }

  private symbol(
    name: string,
    detail: string,
    kind: SymbolKind,
    range: Span,
    selection: Span,
    children: DocumentSymbol[],
  ): DocumentSymbol {
    return {
      // VS Code refuses a symbol without a name.
      name: name.trim() === '' ? '(empty)' : name,
      detail,
      kind,
      range: this.document.range(range),
      selection: this.document.range(selection),
      children,
    };
  }
}
