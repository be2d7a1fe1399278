import assert from 'node:assert/strict';
import type { Diagnostic } from '../../../src/core/spec/document';
import { shownBeside } from '../../../src/extension/language/features/shown-problems';

function problem(code: string, line: number, from: number, to: number): Diagnostic {
  const range = { start: { line, character: from }, end: { line, character: to } };
  return { code, message: code, path: 'a', range, severity: 'error', suggestions: [] };
}

function range(line: number, from: number, to: number) {
  return { start: { line, character: from }, end: { line, character: to } };
}

describe('problems beside those of another extension', () => {
  const all = [problem('unknown-key', 1, 2, 6), problem('undefined-variable', 1, 2, 6), problem('wrong-type', 3, 0, 4)];

  it('are all shown where it says nothing', () => {
    assert.deepEqual(shownBeside(all, []), all);
  });

  it('are left to it where it marks the same place with what the schema says', () => {
    assert.deepEqual(
      shownBeside(all, [range(1, 0, 3)]).map(({ code }) => code),
      ['undefined-variable', 'wrong-type'],
    );
    assert.deepEqual(
      shownBeside(all, [range(3, 4, 9)]).map(({ code }) => code),
      ['unknown-key', 'undefined-variable'],
    );
    assert.deepEqual(shownBeside(all, [range(2, 0, 90)]), all);
  });
});
