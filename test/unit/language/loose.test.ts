import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import fc from 'fast-check';
import { parseDocument, stringify } from 'yaml';
import { everyNode, nodeAtPath, type LooseNode, type LooseTree } from '../../../src/core/language/loose/nodes';
import { parseLoose } from '../../../src/core/language/loose/parse';
import { cursorAt } from '../../../src/core/language/cursor';
import { buildTree, type TreeNode } from '../../../src/core/spec/tree';

const root = path.resolve(__dirname, '../../..');
const FILES = [
  'test/fixtures/spec/everything.eval.yaml',
  'media/examples/chatbot.eval.yaml',
  'media/examples/rag.eval.yaml',
  'media/examples/compare.eval.yaml',
  'media/examples/capacity.eval.yaml',
];

/** Where the two trees differ: in kind, keys, number of items, or place. */
function differences(text: string): string[] {
  const document = parseDocument(text, { version: '1.2', merge: true, uniqueKeys: false, prettyErrors: false });
  assert.deepEqual(document.errors, [], text);
  const found: string[] = [];
  compare(buildTree(document, text).root, parseLoose(text).root, '', found);
  return found;
}

function compare(exact: TreeNode | null, loose: LooseNode | null, at: string, found: string[]): void {
  const isEmpty =
    exact === null || (exact.kind === 'scalar' && exact.value === null && exact.span.start >= exact.span.end);
  if (isEmpty) {
    if (loose !== null) found.push(`${at}: something where there is nothing`);
    return;
  }
  if (loose === null) return void found.push(`${at}: nothing`);
  if (loose.kind === 'scalar' && loose.style === 'alias') return;
  if (exact.kind !== loose.kind) return void found.push(`${at}: ${loose.kind} for ${exact.kind}`);
  if (exact.span.start !== loose.start) found.push(`${at}: starts at ${loose.start} for ${exact.span.start}`);
  if (exact.kind === 'scalar' && exact.span.end !== loose.end)
    found.push(`${at}: ends at ${loose.end} for ${exact.span.end}`);
  if (exact.kind === 'list' && loose.kind === 'list') {
    if (exact.items.length !== loose.items.length) found.push(`${at}: ${loose.items.length} items`);
    exact.items.forEach((item, index) => compare(item, loose.items[index]?.value ?? null, `${at}/${index}`, found));
  }
  if (exact.kind === 'map' && loose.kind === 'map') {
    for (const { key, keySpan, node, merged } of exact.entries.values()) {
      if (merged) continue;
      const entry = loose.entries.find((candidate) => candidate.key === key);
      if (entry === undefined || entry.keySpan.start !== keySpan.start || entry.keySpan.end !== keySpan.end)
        found.push(`${at}/${key}: not found`);
      else compare(node, entry.value, `${at}/${key}`, found);
    }
  }
}

describe('the tolerant reading of YAML', () => {
  for (const file of FILES) {
    it(`sees what the parser sees in ${path.basename(file)}`, () => {
      const text = readFileSync(path.join(root, file), 'utf8');
      assert.deepEqual(differences(text), []);
      assert.deepEqual(differences(text.replaceAll('\n', '\r\n')), []);
    });
  }

  it('sees what the parser sees in any data that is written out', () => {
    const word = fc.oneof(
      fc.constantFrom(
        'name',
        'vars',
        'assert',
        'a b',
        'x: y',
        '# no comment',
        "it's",
        '"quoted"',
        '- dash',
        '{{ x }}',
        '[1]',
        '',
      ),
      fc.string({ maxLength: 12 }),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4, depthSize: 'small' },
        word,
        fc.integer(),
        fc.boolean(),
        fc.constantFrom('two\nlines\n', 'one line that is long enough to be folded over several lines '.repeat(3)),
        fc.array(tie('tree'), { minLength: 1, maxLength: 4 }),
        fc.dictionary(fc.constantFrom('name', 'b c', 'd:e', '"f"', 'g#h'), tie('tree'), { minKeys: 1, maxKeys: 4 }),
      ),
    }));
    const layout = fc.record({
      indent: fc.constantFrom(2, 4),
      indentSeq: fc.boolean(),
      collectionStyle: fc.constantFrom('any' as const, 'block' as const, 'flow' as const),
    });
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('a', 'b', 'c'), tree, { minKeys: 1 }), layout, (data, options) => {
        const text = stringify(data, { ...options, lineWidth: 40 });
        assert.deepEqual(differences(text), [], text);
      }),
      { numRuns: 300 },
    );
  });

  it('gives every text a tree whose places lie in it, and finds a cursor everywhere', () => {
    const text = readFileSync(path.join(root, FILES[0] ?? ''), 'utf8');
    const slip = fc.record({
      at: fc.nat(text.length),
      length: fc.nat(40),
      insert: fc.constantFrom('', '"', "'", '[', '{', '- ', ': ', '{{ ', '|', '\t', '&a ', '*b', '#', '\n', 'é😀'),
    });
    fc.assert(
      fc.property(slip, fc.double({ min: 0, max: 1, noNaN: true }), ({ at, length, insert }, share) => {
        const broken = text.slice(0, at) + insert + text.slice(at + length);
        const tree = parseLoose(broken);
        for (const { node } of everyNode(tree.root)) {
          assert.ok(node.start >= 0 && node.start <= node.end && node.end <= broken.length);
          if (node.kind !== 'map') continue;
          for (const { keySpan } of node.entries)
            assert.ok(keySpan.start <= keySpan.end && keySpan.end <= broken.length);
        }
        const cursor = cursorAt(tree, Math.round(share * broken.length));
        assert.ok(cursor.span.start <= cursor.offset && cursor.offset <= cursor.span.end);
      }),
      { numRuns: 400 },
    );
  });

  it('keeps what lies below a line that is half typed', () => {
    const text = 'cases:\n  - name: one\n    ass\n    vars: { a: 1 }\n  - name: two\nload:\n  - pattern: sync\n';
    const tree = parseLoose(text);
    assert.deepEqual(keysAt(tree, ['cases', 0]), ['name', 'ass', 'vars']);
    assert.deepEqual(keysAt(tree, ['cases', 1]), ['name']);
    assert.deepEqual(keysAt(tree, []), ['cases', 'load']);
  });

  it('takes a word at the head of a map for a key', () => {
    assert.deepEqual(keysAt(parseLoose('nam\nprompt: x\n'), []), ['', 'prompt']);
    assert.deepEqual(keysAt(parseLoose('vars:\n  que\n  b: 1\n'), ['vars']), ['', 'b']);
    assert.deepEqual(keysAt(parseLoose('cases:\n  - nam\n    vars: {}\n'), ['cases', 0]), ['', 'vars']);
  });

  it('ends a bracket or a quote that is never closed with its item', () => {
    for (const open of ['[{ contains: ', '{ a: ', '"text', "'text", '[a, b']) {
      const tree = parseLoose(`cases:\n  - name: one\n    vars: ${open}\n    assert: []\n  - name: two\n`);
      assert.deepEqual(keysAt(tree, ['cases', 0]), ['name', 'vars', 'assert'], open);
      assert.deepEqual(keysAt(tree, ['cases', 1]), ['name'], open);
    }
  });

  it('closes a list whose bracket stands in the column of its key', () => {
    const tree = parseLoose('slo: [\n  a,\n  b\n]\nname: x\n');
    assert.deepEqual(keysAt(tree, []), ['slo', 'name']);
    const list = nodeAtPath(tree.root, ['slo']);
    assert.equal(list?.kind === 'list' ? list.items.length : 0, 2);
  });

  it('takes keys that are indented too far for keys of the map above', () => {
    const tree = parseLoose('cases:\n  - name: one two\n      vars: {}\n      tags: []\n    assert: []\n');
    assert.deepEqual(keysAt(tree, ['cases', 0]), ['name', 'vars', 'tags', 'assert']);
  });

  it('is linear in the length of the text', () => {
    const open = '- "never closed\n'.repeat(20_000);
    const started = performance.now();
    parseLoose(open);
    parseLoose('['.repeat(50_000));
    parseLoose('- '.repeat(50_000));
    assert.ok(performance.now() - started < 5_000);
  });
});

function keysAt(tree: LooseTree, at: readonly (string | number)[]): string[] {
  const node = nodeAtPath(tree.root, at);
  return node?.kind === 'map' ? node.entries.map(({ key }) => key) : [];
}
