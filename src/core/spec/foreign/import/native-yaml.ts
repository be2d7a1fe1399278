/** The native spec of an imported file as YAML that a person goes on to write: in the order of the original, with what was left out. */
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { Document, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { canonicalJson } from '../../naming';
import { toPlain, type MapNode, type ScalarValue, type TreeNode } from '../../tree';
import { mayBeEmpty } from '../may-be-empty';
import { isFileUrl } from '../references';

export interface WrittenFile {
  text: string;
  cases: number;
  /** Assertions that are written, members of sets one by one. */
  assertions: number;
}

export interface WriteOptions {
  /** The imported file, whose folder references are relative to. */
  from: string;
  /** The file that is written. */
  to: string;
  /** Lines of the comment at the top. */
  head: readonly string[];
}

/** Keys of the format in the order in which they are read best; those of the spec come in the order of its tree. */
const INTERNAL: ReadonlySet<string> = new Set(['judge', 'rubricPrompt', 'config', 'skip']);

export function writeNative(root: MapNode, options: WriteOptions): WrittenFile {
  const writer = new Writer(options);
  const document = new Document();
  document.contents = writer.file(root);
  document.commentBefore = options.head.map((line) => (line === '' ? '' : ` ${line}`)).join('\n');
  const text = document.toString({ lineWidth: 0, blockQuote: 'literal' });
  return { text, cases: writer.cases, assertions: writer.assertions };
}

type YamlNode = Scalar | YAMLMap | YAMLSeq;

class Writer {
  cases = 0;
  assertions = 0;
  private readonly names = new Set<string>();
  /** Canonical form of the judge of the file. */
  private judge: string | undefined;

  constructor(private readonly options: WriteOptions) {}

  file(root: MapNode): YAMLMap {
    const map = new YAMLMap();
    // The format knows one judge: where the assertions have several, that of most of them.
    const own = root.entries.get('judge')?.node;
    const chosen = own ?? mostCommon(judgesIn(root));
    this.judge = chosen === undefined ? undefined : canonicalJson(toPlain(chosen));
    const shared = root.entries.get('assert')?.node;
    const sharedRun = shared?.kind === 'list' && shared.items.some((item) => !isSkippedAssertion(item));
    for (const { key, node } of root.entries.values()) {
      if (key === 'endpoints' && node.kind === 'list' && node.items.length === 0) continue;
      if (key === 'assert') this.addAssertions(map, node);
      else if (key === 'cases' && node.kind === 'list') {
        if (node.items.length === 0) continue;
        const cases = new YAMLSeq();
        for (const item of node.items) cases.add(this.case(item, sharedRun));
        add(map, key, cases);
      } else add(map, key, this.plain(node, key === 'prompt' || key === 'prompts' || key === 'messages'));
      if (key === 'endpoints' && own === undefined && chosen !== undefined)
        add(map, 'judge', this.plain(chosen, false));
    }
    spaced(map);
    return map;
  }

  private case(node: TreeNode, hasShared: boolean): YamlNode {
    this.cases++;
    const map = new YAMLMap();
    if (node.kind !== 'map') return map;
    let skipped: string | undefined;
    for (const { key, node: value } of node.entries.values()) {
      if (key === 'name' && value.kind === 'scalar') add(map, key, new Scalar(this.uniqueName(String(value.value))));
      else if (key === 'assert') {
        skipped = this.addAssertions(map, value);
      } else if (key === 'turns' && value.kind === 'list') add(map, key, this.turns(value.items));
      else add(map, key, this.plain(value, key === 'messages' || key === 'transform'));
    }
    // Without any assertion it would pass, and nothing of it has been looked at.
    if (skipped !== undefined && !hasShared && !map.has('assert') && !map.has('skip'))
      add(map, 'skip', new Scalar(skipped));
    return map;
  }

  private turns(items: readonly TreeNode[]): YAMLSeq {
    const seq = new YAMLSeq();
    for (const item of items) {
      const map = new YAMLMap();
      for (const { key, node } of item.kind === 'map' ? item.entries.values() : []) {
        if (key === 'assert') this.addAssertions(map, node);
        else add(map, key, this.plain(node, false));
      }
      seq.add(map);
    }
    return seq;
  }

  /** Names of cases must differ, as their results do. */
  private uniqueName(name: string): string {
    let unique = name;
    for (let n = 2; this.names.has(unique); n++) unique = `${name} (${n})`;
    this.names.add(unique);
    return unique;
  }

  /** Adds the assertions that are run, with the others as comments. @returns the reason of the first of these. */
  private addAssertions(map: YAMLMap, list: TreeNode): string | undefined {
    if (list.kind !== 'list') return undefined;
    const { seq, comments, reason } = this.assertionList(list.items);
    if (seq.items.length > 0) add(map, 'assert', seq);
    else if (comments.length > 0) appendComment(map, comments);
    return reason;
  }

  private assertionList(items: readonly TreeNode[]): { seq: YAMLSeq; comments: string[]; reason: string | undefined } {
    const seq = new YAMLSeq();
    let waiting: string[] = [];
    let reason: string | undefined;
    for (const item of items) {
      const skip = textAt(item, 'skip');
      if (skip !== undefined) {
        reason ??= skip;
        waiting.push(`not run here: ${shown(item)}: ${skip}`);
        continue;
      }
      const node = this.assertion(item);
      const lost = lostOf(item, this.judge);
      if (waiting.length > 0 || lost.length > 0) node.commentBefore = commentOf([...waiting, ...lost]);
      waiting = [];
      seq.add(node);
    }
    if (waiting.length > 0 && seq.items.length > 0) seq.comment = commentOf(waiting);
    return { seq, comments: waiting, reason };
  }

  private assertion(node: TreeNode): YAMLMap {
    const map = new YAMLMap();
    if (node.kind !== 'map') return map;
    const keys = [...node.entries.keys()].filter((key) => !INTERNAL.has(key));
    const type = textAt(node, 'type') ?? '';
    const members = node.entries.get('assert')?.node;
    if (members === undefined) this.assertions++;
    const value = node.entries.get('value')?.node;
    const isShort = keys.every((key) => key === 'type' || key === 'value');
    if (isShort && (value !== undefined || mayBeEmpty(type))) {
      add(map, type, value === undefined ? nothing() : this.plain(value, true));
      return map;
    }
    for (const key of keys) {
      const entry = node.entries.get(key)?.node;
      if (entry === undefined) continue;
      if (key === 'assert' && members?.kind === 'list') {
        const { seq, comments } = this.assertionList(members.items);
        if (comments.length > 0 && seq.items.length === 0) appendComment(map, comments);
        add(map, key, seq);
      } else add(map, key, this.plain(entry, key === 'value' || key === 'transform'));
    }
    return map;
  }

  /** @param refers whether a text may be a path of a file, which then is written relative to the new file */
  private plain(node: TreeNode, refers: boolean): YamlNode {
    if (node.kind === 'scalar') {
      const value: ScalarValue = refers && typeof node.value === 'string' ? this.reference(node.value) : node.value;
      return new Scalar(value);
    }
    if (node.kind === 'list') {
      const seq = new YAMLSeq();
      for (const item of node.items) seq.add(this.plain(item, refers));
      return seq;
    }
    const map = new YAMLMap();
    for (const { key, node: value } of node.entries.values()) add(map, key, this.plain(value, refers));
    return map;
  }

  private reference(text: string): string {
    if (!isFileUrl(text)) return text;
    const path = text.slice('file://'.length);
    const [, file = path, name = ''] = /^(.*\.[cm]?js)(:\w+)?$/i.exec(path) ?? [];
    const absolute = isAbsolute(file) ? file : resolve(dirname(this.options.from), file);
    const shownPath = relative(dirname(this.options.to), absolute).replaceAll('\\', '/');
    return `file://${shownPath}${name}`;
  }
}

/** A key without a value, as people write it. */
function nothing(): Scalar {
  const scalar = new Scalar(null);
  scalar.source = '';
  return scalar;
}

function add(map: YAMLMap, key: string, value: YamlNode): void {
  map.add(new Pair(new Scalar(key), value));
}

function appendComment(map: YAMLMap, lines: readonly string[]): void {
  const before = map.comment ?? '';
  map.comment = (before === '' ? '' : `${before}\n`) + commentOf(lines);
}

function commentOf(lines: readonly string[]): string {
  return lines.map((line) => ` ${line.replace(/\s+/g, ' ')}`).join('\n');
}

/** A blank line before each block of the file, as people write them. */
function spaced(map: YAMLMap): void {
  map.items.forEach((pair, index) => {
    const { key, value } = pair;
    if (index === 0 || !(key instanceof Scalar)) return;
    if (value instanceof YAMLMap || value instanceof YAMLSeq || key.value === 'prompt') key.spaceBefore = true;
  });
}

function textAt(node: TreeNode, key: string): string | undefined {
  const found = node.kind === 'map' ? node.entries.get(key)?.node : undefined;
  return found?.kind === 'scalar' && typeof found.value === 'string' ? found.value : undefined;
}

function isSkippedAssertion(node: TreeNode): boolean {
  return textAt(node, 'skip') !== undefined;
}

function shown(node: TreeNode): string {
  const value = textAt(node, 'value');
  const type = textAt(node, 'type') ?? 'assertion';
  return value === undefined ? type : `${type} ${value.replace(/\s+/g, ' ').slice(0, 60)}`;
}

/** What an assertion had that the format has no key for. */
function lostOf(node: TreeNode, fileJudge: string | undefined): string[] {
  if (node.kind !== 'map') return [];
  const judge = node.entries.get('judge')?.node;
  const isOther = judge !== undefined && canonicalJson(toPlain(judge)) !== fileJudge;
  const name = judge === undefined ? '' : (textAt(judge, 'name') ?? String(judge.kind === 'scalar' ? judge.value : ''));
  return [
    ...(isOther ? [`was graded by "${name}"; here the judge of the file grades it`] : []),
    ...(node.entries.has('rubricPrompt')
      ? ['had a grading prompt of its own ("rubricPrompt"); here the built-in one is used']
      : []),
    ...(node.entries.has('config') ? ['had a "config" for its code, which is not handed on'] : []),
  ];
}

/** Judges of assertions of the whole tree, those that make embeddings left out. */
function judgesIn(node: TreeNode): TreeNode[] {
  if (node.kind === 'list') return node.items.flatMap(judgesIn);
  if (node.kind !== 'map') return [];
  const judge = /similar$/.test(textAt(node, 'type') ?? '') ? undefined : node.entries.get('judge')?.node;
  const inner = [...node.entries.values()].flatMap(({ key, node: value }) => (key === 'judge' ? [] : judgesIn(value)));
  return judge === undefined ? inner : [judge, ...inner];
}

function mostCommon(nodes: readonly TreeNode[]): TreeNode | undefined {
  const counts = new Map<string, { node: TreeNode; count: number }>();
  for (const node of nodes) {
    const key = canonicalJson(toPlain(node));
    const known = counts.get(key) ?? { node, count: 0 };
    counts.set(key, { node, count: known.count + 1 });
  }
  return [...counts.values()].sort((a, b) => b.count - a.count)[0]?.node;
}
