/** A node of an imported file with the file that it stands in: everything that is read is read through one. */
import { dirname, resolve } from 'node:path';
import type { Json } from '../../../protocol/plan';
import { nodeAt, toPlain, type Span, type TreeNode } from '../tree';
import type { ForeignFiles } from './files';
import type { ForeignProblems } from './problems';
import { parseTree, placedAt, type ParsedTree, type Place, type SourceFile } from './source';

/** What a conversion works with. */
export interface ForeignContext {
  main: SourceFile;
  root: TreeNode | null;
  files: ForeignFiles;
  problems: ForeignProblems;
  /** For addresses of endpoints; absent while nothing but the text of the file is known. */
  env?: Readonly<Record<string, string | undefined>>;
}

/** References within references: more is a loop. */
const DEEPEST_REFERENCE = 20;

export class Cursor {
  /**
   * @param anchor where the node is shown in the imported file, for nodes of other files; null in that file itself
   * @param root of the file that the node stands in
   * @param keySpan of its key, where it is the value of one
   */
  private constructor(
    readonly context: ForeignContext,
    readonly node: TreeNode,
    readonly file: SourceFile,
    private readonly root: TreeNode | null,
    private readonly anchor: Span | null,
    readonly keySpan: Span | null = null,
  ) {}

  static ofMain(context: ForeignContext, node: TreeNode): Cursor {
    return new Cursor(context, node, context.main, context.root, null);
  }

  /** A node of a file that `reference` leads to. */
  static ofFile(reference: Cursor, node: TreeNode, file: SourceFile, root: TreeNode | null): Cursor {
    return new Cursor(reference.context, node, file, root, reference.mainSpan);
  }

  /** Where it is shown in the imported file. */
  get mainSpan(): Span {
    return this.anchor ?? this.node.span;
  }

  /** For diagnostics: the first line of it, in the file that it stands in. */
  get place(): Place {
    const { start, end } = this.node.span;
    const span = { start, end: Math.min(end, this.file.lines.lineEnd(start)) };
    // A key without a value has a place only as a key.
    return { file: this.file, span: span.end <= span.start && this.keySpan !== null ? this.keySpan : span };
  }

  /** The place of its key, else its own. */
  get keyPlace(): Place {
    return this.keySpan === null ? this.place : { file: this.file, span: this.keySpan };
  }

  /** The node as a part of the native tree. */
  get native(): TreeNode {
    return this.anchor === null ? this.node : placedAt(this.node, this.anchor);
  }

  get plain(): Json {
    return toPlain(this.node);
  }

  /** A reference that leads to nothing, which has been reported, or into a file that has not been read. */
  get isUnresolved(): boolean {
    const reference = this.node.kind === 'map' ? this.node.entries.get('$ref')?.node : undefined;
    return reference?.kind === 'scalar' && typeof reference.value === 'string';
  }

  get isEmpty(): boolean {
    return this.node.kind === 'scalar' && this.node.value === null;
  }

  /** A text; undefined for anything else. */
  get text(): string | undefined {
    return this.node.kind === 'scalar' && typeof this.node.value === 'string' ? this.node.value : undefined;
  }

  /** A text, number or boolean, as a text. */
  get word(): string | undefined {
    const { node } = this;
    return node.kind === 'scalar' && node.value !== null ? String(node.value) : undefined;
  }

  /** A finite number, written as one or as a text of one. */
  get number(): number | undefined {
    const { node } = this;
    if (node.kind !== 'scalar') return undefined;
    if (typeof node.value === 'number') return Number.isFinite(node.value) ? node.value : undefined;
    if (typeof node.value !== 'string' || !/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(node.value.trim()))
      return undefined;
    return Number(node.value);
  }

  get boolean(): boolean | undefined {
    return this.node.kind === 'scalar' && typeof this.node.value === 'boolean' ? this.node.value : undefined;
  }

  /** The value of a key; undefined where the map has none, where it is empty, and in anything but a map. */
  get(key: string): Cursor | undefined {
    const found = this.key(key);
    return found === undefined || found.isEmpty ? undefined : found;
  }

  /** The value of a key, empty or not. */
  key(key: string): Cursor | undefined {
    if (this.node.kind !== 'map') return undefined;
    const entry = this.node.entries.get(key);
    return entry === undefined ? undefined : this.child(entry.node, entry.keySpan);
  }

  get entries(): [string, Cursor][] {
    if (this.node.kind !== 'map') return [];
    return [...this.node.entries.values()].map((entry) => [entry.key, this.child(entry.node, entry.keySpan)]);
  }

  get items(): Cursor[] {
    return this.node.kind === 'list' ? this.node.items.map((item) => this.child(item, null)) : [];
  }

  /** The same place with other content, such as what a file holds that it names. */
  replaced(node: TreeNode): Cursor {
    return new Cursor(this.context, node, this.file, this.root, this.anchor ?? this.node.span, this.keySpan);
  }

  private child(node: TreeNode, keySpan: Span | null): Cursor {
    const child = new Cursor(this.context, node, this.file, this.root, this.anchor, keySpan);
    return child.dereferenced(0);
  }

  /** Follows `$ref`, as JSON Schema tools do: into this file, or into another one. */
  private dereferenced(depth: number): Cursor {
    if (this.node.kind !== 'map') return this;
    const reference = this.node.entries.get('$ref')?.node;
    if (reference?.kind !== 'scalar' || typeof reference.value !== 'string') return this;
    const found = depth < DEEPEST_REFERENCE ? this.target(reference.value) : 'missing';
    if (found === 'pending') return this;
    if (found === 'missing') {
      this.context.problems.error(
        'unknown-reference',
        `"$ref: ${reference.value}" leads to nothing; it is a path in this file such as "#/assertionTemplates/name".`,
        { file: this.file, span: reference.span },
      );
      return this;
    }
    const own = [...this.node.entries.values()].filter(({ key }) => key !== '$ref');
    // Keys beside the reference come before those of what it leads to.
    const node: TreeNode =
      own.length > 0 && found.node.kind === 'map'
        ? {
            ...found.node,
            entries: new Map([...found.node.entries, ...own.map((entry) => [entry.key, entry] as const)]),
          }
        : found.node;
    const anchor = this.anchor ?? (found.file === this.context.main ? null : this.node.span);
    // What a reference leads to has its place where it is used, as with an alias.
    const target = new Cursor(
      this.context,
      { ...node, span: found.file === this.file ? this.node.span : node.span },
      found.file,
      found.root,
      anchor,
      this.keySpan,
    );
    return target.dereferenced(depth + 1);
  }

  private target(
    reference: string,
  ): { node: TreeNode; file: SourceFile; root: TreeNode | null } | 'pending' | 'missing' {
    const hash = reference.indexOf('#');
    const path = hash < 0 ? reference : reference.slice(0, hash);
    const keys = (hash < 0 ? '' : reference.slice(hash + 1))
      .split('/')
      .slice(1)
      .map((key) => decoded(key).replaceAll('~1', '/').replaceAll('~0', '~'));
    let file = this.file;
    let root = this.root;
    if (path !== '') {
      const absolute = resolve(dirname(file.path), path.replace(/^file:\/\//, ''));
      const state = this.context.files.read(absolute);
      if (state === undefined) return 'pending';
      if (state.kind !== 'file') return 'missing';
      const parsed: ParsedTree = parseTree(state.file);
      if (!parsed.ok) return 'missing';
      file = state.file;
      root = parsed.root;
    }
    const node = nodeAt(root, keys);
    return node === undefined ? 'missing' : { node, file, root };
  }
}

function decoded(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    // Not every "%" is an escape: the key is then meant as it is written.
    return key;
  }
}
