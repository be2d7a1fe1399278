import assert from 'node:assert/strict';
import fc from 'fast-check';
import { completionsAt } from '../../../src/core/language/completions';
import { foldingOf } from '../../../src/core/language/folding';
import { LanguageDocument } from '../../../src/core/language/language-document';
import { linksOf } from '../../../src/core/language/links';
import type { LooseList, LooseTree } from '../../../src/core/language/loose/nodes';
import { childOf } from '../../../src/core/language/loose/nodes';
import { parseLoose } from '../../../src/core/language/loose/parse';
import { symbolsOf } from '../../../src/core/language/symbols';
import { longEval } from '../../bench/support/long-eval';

const PATH = '/w/x.eval.yaml';

/** What is typed, pasted and left half done. */
const PIECES = [
  ...[
    '\n',
    '\r\n',
    '\r',
    ' ',
    '  ',
    '    ',
    '\t',
    '-',
    '- ',
    '\n- ',
    '\n  - ',
    '\n  - name: x\n',
    '\n    - y',
    '\n---\n',
  ],
  ...[
    'a',
    'name',
    ':',
    ': ',
    'vars: {',
    '{',
    '}',
    '[',
    ']',
    '\n]\n',
    '\n}',
    ',',
    '"',
    "'",
    '#',
    ' # note\n',
    '\n# note',
  ],
  ...['|\n', '>-', '&x ', '*x', '{{ ', ' }}', '{% for', 'assert:\n      - contains: a', 'cases:\n', '\nload:\n', '? '],
];

const TEXTS = [
  longEval(60),
  longEval(40).replaceAll('\n', '\r\n'),
  'cases:\n- name: a\n  vars: {x: ["1\n]\n]\n- name: b\n  turns:\n  - user: "open\n  - user: b\n# end\n',
  '- a: |\n    text\n- - b\n  - c: d\n-\n- e: {f: [1,\n  2]}\n',
  'prompt: >\n  a\n\n  b\ncases:\n  - vars: { a: 1 }\n    assert: [ { contains: x } ]\n\n  # note\n  - name: "two\n      lines"\nslo:\n  - ttft.p99 <= 1s\n',
  '',
];

/** An edit as a fraction of the text, since it is made for whatever the text has become. */
const edits = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    removed: fc.oneof({ weight: 3, arbitrary: fc.nat(2) }, { weight: 1, arbitrary: fc.nat(120) }),
    inserted: fc.array(fc.constantFrom(...PIECES), { maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 12 },
);

function edited(text: string, at: number, removed: number, inserted: string): string {
  return text.slice(0, at) + inserted + text.slice(at + removed);
}

describe('a text that is read on from the one before an edit', () => {
  it('has the tree that it has by itself, after any edits', () => {
    fc.assert(
      fc.property(fc.constantFrom(...TEXTS), edits, (start, steps) => {
        let text = start;
        let tree: LooseTree = parseLoose(text);
        for (const { at, removed, inserted } of steps) {
          text = edited(text, Math.floor(at * text.length), removed, inserted.join(''));
          tree = parseLoose(text, tree);
          assert.deepEqual(tree, parseLoose(text));
        }
      }),
      { numRuns: 600 },
    );
  });

  it('is completed, outlined, folded and linked as it is by itself', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...TEXTS), edits, async (start, steps) => {
        let document = new LanguageDocument(start, PATH);
        // As in the editor: not every version is asked about.
        for (const [index, { at, removed, inserted }] of steps.entries()) {
          const offset = Math.floor(at * document.text.length);
          const words = inserted.join('');
          const text = edited(document.text, offset, removed, words);
          document = new LanguageDocument(text, PATH, document);
          if (index % 3 === 1) continue;
          const alone = new LanguageDocument(text, PATH);
          const cursor = offset + words.length;
          assert.deepEqual(await completionsAt(document, cursor), await completionsAt(alone, cursor));
          assert.deepEqual(symbolsOf(document), symbolsOf(alone));
          assert.deepEqual(foldingOf(document), foldingOf(alone));
          assert.deepEqual(linksOf(document), linksOf(alone));
        }
      }),
      { numRuns: 150 },
    );
  });

  it('takes over every case but the one that is typed in', () => {
    const text = longEval(2_000);
    const before = parseLoose(text);
    const at = text.indexOf('How do I return item 100?');
    const after = parseLoose(edited(text, at, 0, 'x'), before);
    const cases = (tree: LooseTree): LooseList['items'] => {
      const list = childOf(tree.root, 'cases');
      assert.ok(list?.kind === 'list');
      return list.items;
    };
    const [old, now] = [cases(before), cases(after)];
    assert.equal(now.length, old.length);
    assert.ok(now.slice(0, 98).every((item, index) => item === old[index]));
    assert.notEqual(now[99], old[99]);
  });

  it('leaves the tree before the edit as it was', () => {
    const text = longEval(60);
    const before = parseLoose(text);
    parseLoose(edited(text, 20, 0, '\nvars: { a: 1 }'), before);
    assert.deepEqual(before, parseLoose(text));
  });
});
