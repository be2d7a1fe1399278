/** Keeps VS Code's test items in step with what the files hold; writes only what has changed. */
import type { Range, TestItem, TestItemCollection, Uri } from 'vscode';
import type { PlanOutline } from '../../core/engine/plan-outline';
import type { TextRange } from '../../core/spec/document';
import type { ParsedDocument } from '../language/documents';
import { itemId, subjectKey, TestDataMap, type TestSubject } from './test-data';
import { fileNodes, NOTHING_LEARNED, type Learned, type TestNode } from './test-nodes';

/** The part of VS Code's test controller that a tree needs. */
export interface TestItemHost {
  items: TestItemCollection;
  createTestItem(id: string, label: string, uri?: Uri): TestItem;
}

export interface TestFile {
  uri: Uri;
  label: string;
  /** Where it lies, relative to its workspace folder. */
  where: string;
  /** Null where it cannot be read. */
  parsed: ParsedDocument | null;
  /** Null where the targets cannot be told from the file alone. */
  outline: PlanOutline | null;
  /** Why it cannot be listed or run as it is. */
  problem: string | null;
}

/** A leaf of the tree: what one state is reported for. */
export interface TestLeaf {
  item: TestItem;
  file: string;
  subject: TestSubject;
  /** Null where the file's targets are not known before it has run. */
  target: string | null;
}

export class TestTree {
  readonly data = new TestDataMap();
  private readonly files = new Map<string, TestFile>();
  private readonly learned = new Map<string, Learned>();
  /** Nodes whose children have been made, or can be. */
  private readonly expandable = new WeakMap<TestItem, () => TestNode[]>();
  private readonly expanded = new WeakSet<TestItem>();
  /** Files of which a run is in progress: how many, and what waits for its end. */
  private readonly frozen = new Map<string, { runs: number; pending: (() => void) | null }>();

  constructor(
    private readonly host: TestItemHost,
    private readonly toRange: (range: TextRange) => Range,
  ) {}

  get uris(): string[] {
    return [...this.files.keys()];
  }

  file(uri: string): TestFile | undefined {
    return this.files.get(uri);
  }

  fileItem(uri: string): TestItem | undefined {
    return this.host.items.get(itemId(uri));
  }

  /** Puts a file into the tree, or brings it up to date. While it runs its items stay as they are. */
  update(file: TestFile): void {
    const uri = file.uri.toString();
    const before = this.files.get(uri)?.parsed?.document.outline.dataset?.name;
    this.files.set(uri, file);
    const known = this.learned.get(uri);
    // The rows of another file are not those of this one.
    if (known?.rows != null && file.parsed !== null && file.parsed.document.outline.dataset?.name !== before) {
      this.learned.set(uri, { ...known, rows: null });
    }
    this.orWhenThawed(uri, () => this.show(file));
  }

  /** Takes a file out. While it runs it stays, since VS Code drops results of items that are gone. */
  remove(uri: string): void {
    if (!this.files.delete(uri)) return;
    this.orWhenThawed(uri, () => {
      this.learned.delete(uri);
      this.host.items.delete(itemId(uri));
    });
  }

  /** Makes the children of an item that has been expanded, once. */
  resolve(item: TestItem): void {
    const children = this.expandable.get(item);
    if (children === undefined || this.expanded.has(item)) return;
    this.expanded.add(item);
    this.sync(item.children, children(), item.uri);
  }

  /** Makes the children of a file at once, without waiting for it to be expanded: an editor shows icons beside them. */
  resolveFile(uri: string): void {
    const item = this.fileItem(uri);
    if (item !== undefined) this.resolve(item);
  }

  /** The leaves at and below an item, their parents made where they were not yet. */
  leaves(item: TestItem): TestLeaf[] {
    this.resolve(item);
    if (item.children.size > 0) {
      const found: TestLeaf[] = [];
      for (const [, child] of item.children) found.push(...this.leaves(child));
      return found;
    }
    const data = this.data.get(item);
    return data?.kind === 'subject' ? [{ item, file: data.file, subject: data.subject, target: data.target }] : [];
  }

  /** The item of a subject; of a target of it where one is given and there are several. Undefined where the tree has none. */
  find(file: string, subject: TestSubject, target: string | null): TestItem | undefined {
    const root = this.fileItem(file);
    if (root === undefined) return undefined;
    const parent =
      subject.kind === 'row' ? this.child(root, 'dataset') : subject.kind === 'stage' ? this.child(root, 'load') : root;
    const own = parent === undefined ? undefined : this.child(parent, subjectKey(subject));
    if (own === undefined || target === null) return own;
    const child = this.child(own, `target:${target}`);
    if (child !== undefined) return child;
    const data = this.data.get(own);
    // Without targets of its own it stands for the one there is.
    const isLeaf = own.children.size === 0 && data?.kind === 'subject';
    return isLeaf && (data.target === null || data.target === target) ? own : undefined;
  }

  /** Takes what a run tells of a file: its targets, where they could not be told before, and the rows of its dataset. */
  learn(uri: string, news: Partial<Learned>): void {
    const file = this.files.get(uri);
    const before = this.learned.get(uri) ?? NOTHING_LEARNED;
    const after = { ...before, ...news };
    if (JSON.stringify(before) === JSON.stringify(after)) return;
    this.learned.set(uri, after);
    if (file !== undefined) this.show(file);
  }

  /** From now on the items of a file stay, until as many calls of `thaw`. */
  freeze(uri: string): void {
    const state = this.frozen.get(uri) ?? { runs: 0, pending: null };
    this.frozen.set(uri, { ...state, runs: state.runs + 1 });
  }

  thaw(uri: string): void {
    const state = this.frozen.get(uri);
    if (state === undefined) return;
    if (state.runs > 1) {
      this.frozen.set(uri, { ...state, runs: state.runs - 1 });
      return;
    }
    this.frozen.delete(uri);
    state.pending?.();
  }

  private orWhenThawed(uri: string, change: () => void): void {
    const state = this.frozen.get(uri);
    if (state === undefined) change();
    else this.frozen.set(uri, { ...state, pending: change });
  }

  private show(file: TestFile): void {
    const uri = file.uri.toString();
    const id = itemId(uri);
    let item = this.host.items.get(id);
    if (item === undefined) {
      item = this.host.createTestItem(id, file.label, file.uri);
      item.canResolveChildren = true;
      this.data.set(item, { kind: 'file', file: uri });
      this.host.items.add(item);
    }
    const { parsed } = file;
    const range = parsed === null ? null : parsed.survey.nameRange;
    this.describe(item, { label: file.label, description: file.where, range });
    const problem = file.problem ?? undefined;
    if (item.error !== problem) item.error = problem;
    // A file that cannot be read for the moment keeps its tests, and with them their last results.
    if (parsed === null || (parsed.document.spec === null && this.expandable.has(item))) return;
    const children = (): TestNode[] => fileNodes(parsed, file.outline, this.learned.get(uri) ?? NOTHING_LEARNED);
    this.expandable.set(item, children);
    if (this.expanded.has(item)) this.sync(item.children, children(), file.uri);
  }

  private sync(items: TestItemCollection, nodes: TestNode[], uri: Uri | undefined): void {
    const wanted = new Set(nodes.map(({ id }) => id));
    for (const [id] of [...items]) if (!wanted.has(id)) items.delete(id);
    const added: TestItem[] = [];
    for (const node of nodes) {
      const known = items.get(node.id);
      const item = known ?? this.host.createTestItem(node.id, node.label, uri);
      this.fill(item, node, uri);
      if (known === undefined) added.push(item);
    }
    // One message to VS Code for many items, and no needless one for those that are there.
    if (items.size === 0) {
      if (added.length > 0) items.replace(added);
    } else for (const item of added) items.add(item);
  }

  private fill(item: TestItem, node: TestNode, uri: Uri | undefined): void {
    this.data.set(item, node.data);
    this.describe(item, node);
    const { children } = node;
    const canResolveChildren = children !== undefined;
    if (item.canResolveChildren !== canResolveChildren) item.canResolveChildren = canResolveChildren;
    if (children === undefined) {
      this.expandable.delete(item);
      this.expanded.delete(item);
      if (item.children.size > 0) item.children.replace([]);
      return;
    }
    this.expandable.set(item, children);
    if (this.expanded.has(item)) this.sync(item.children, children(), uri);
  }

  private describe(item: TestItem, node: Pick<TestNode, 'label' | 'description' | 'sortText' | 'range'>): void {
    if (item.label !== node.label) item.label = node.label;
    if (item.description !== node.description) item.description = node.description;
    if (item.sortText !== node.sortText) item.sortText = node.sortText;
    const range = node.range === null ? undefined : this.toRange(node.range);
    if (!sameRange(item.range, range)) item.range = range;
  }

  private child(item: TestItem, id: string): TestItem | undefined {
    this.resolve(item);
    return item.children.get(itemId(id));
  }
}

function sameRange(a: Range | undefined, b: Range | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.start.line === b.start.line &&
    a.start.character === b.start.character &&
    a.end.line === b.end.line &&
    a.end.character === b.end.character
  );
}
