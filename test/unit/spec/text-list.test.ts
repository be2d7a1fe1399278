import assert from 'node:assert/strict';
import fc from 'fast-check';
import { splitTexts } from '../../../src/core/spec/text-list';

describe('a text that lists texts', () => {
  const lists: [list: string, texts: string[]][] = [
    ['a, b and c ,d', ['a', 'b and c', 'd']],
    ['', []],
    [' , ,, ', []],
    ['"a, b", c', ['a, b', 'c']],
    ['" a "', [' a ']],
    ['"say ""hi"""', ['say "hi"']],
    ['"a \\"b\\" \\\\ \\n"', ['a "b" \\ \\n']],
    ['it\'s "so", b', ['it\'s "so"', 'b']],
    ['"a"\n,\tb', ['a', 'b']],
    ['""', ['']],
  ];
  for (const [list, texts] of lists) {
    it(JSON.stringify(list), () => assert.deepEqual(splitTexts(list), { ok: true, texts }));
  }

  it('says where it cannot be read', () => {
    assert.deepEqual(splitTexts('a, "b'), { ok: false, reason: 'the quote at character 4 is never closed' });
    assert.deepEqual(splitTexts('"a" b'), {
      ok: false,
      reason: 'a comma must follow the quoted text before character 5',
    });
  });

  it('gives back any texts that were quoted', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (texts) => {
        const list = texts.map((text) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '""')}"`).join(', ');
        assert.deepEqual(splitTexts(list), { ok: true, texts });
      }),
    );
  });
});
