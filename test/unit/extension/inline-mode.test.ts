import assert from 'node:assert/strict';
import { ClearedResults } from '../../../src/extension/engine/cleared-results';
import { gutterSvg } from '../../../src/extension/language/gutter-icons';
import { inlineModeOf } from '../../../src/extension/language/inline-mode';
import { NOT_PASSED, SIGN, STATES, WORD } from '../../../src/extension/language/item-state';
import { iconColorOf, iconIdOf } from '../../../src/extension/language/state-icons';

describe('the setting inlineResults', () => {
  it('still understands the yes or no that it was, and takes anything odd for its default', () => {
    assert.deepEqual([true, false, 'off', 'failures', 'all', 'some', null, undefined, 3].map(inlineModeOf), [
      'all',
      'off',
      'off',
      'failures',
      'all',
      'all',
      'all',
      'all',
      'all',
    ]);
  });

  it('counts as a failure whatever is no pass', () => {
    assert.deepEqual([...NOT_PASSED].sort(), ['error', 'failed', 'inconclusive', 'warning']);
  });
});

describe('a state', () => {
  it('is told by a word, a shape and a colour, in the text, the gutter and the sidebar', () => {
    assert.equal(new Set(STATES.map((state) => WORD[state])).size, STATES.length);
    // Both kinds of failure have one sign: the word tells them apart.
    assert.equal(new Set(STATES.map((state) => SIGN[state])).size, STATES.length - 1);
    assert.equal(new Set(STATES.map(iconIdOf)).size, STATES.length);
    const shapes = STATES.map((state) => gutterSvg(state, 'dark').replace(/stroke="#[0-9a-f]{6}"/, ''));
    assert.equal(new Set(shapes).size, STATES.length);
    for (const state of STATES) {
      assert.notEqual(gutterSvg(state, 'light'), gutterSvg(state, 'dark'));
      assert.match(
        gutterSvg(state, 'light'),
        /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="16" height="16".*<\/svg>$/,
      );
      assert.match(iconColorOf(state), /^[a-zA-Z.]+$/);
    }
  });
});

describe('cleared results', () => {
  function memento() {
    const values = new Map<string, unknown>();
    return {
      get: <T>(key: string, otherwise: T): T => (values.get(key) as T | undefined) ?? otherwise,
      update: (key: string, value: unknown): Promise<void> => {
        values.set(key, JSON.parse(JSON.stringify(value)));
        return Promise.resolve();
      },
      keys: () => [...values.keys()],
    };
  }

  const make = (): ClearedResults =>
    new ClearedResults(memento() as unknown as ConstructorParameters<typeof ClearedResults>[0], (error) => {
      throw error;
    });

  it('stay away until the file is run again', () => {
    const cleared = make();
    cleared.add('a', '2026-02-01T00:00:00.000Z');
    assert.equal(cleared.has('a', '2026-01-31T00:00:00.000Z'), true);
    assert.equal(cleared.has('a', '2026-02-02T00:00:00.000Z'), false);
    assert.equal(cleared.has('b', '2026-01-31T00:00:00.000Z'), false);
  });

  it('of all files include those that are not open', () => {
    const cleared = make();
    cleared.add('a', '2026-02-01T00:00:00.000Z');
    cleared.add(null, '2026-03-01T00:00:00.000Z');
    assert.equal(cleared.has('b', '2026-02-15T00:00:00.000Z'), true);
    assert.equal(cleared.has('a', '2026-02-15T00:00:00.000Z'), true);
    assert.equal(cleared.has('a', '2026-03-02T00:00:00.000Z'), false);
  });

  it('are remembered of a bounded number of files', () => {
    const cleared = make();
    for (let i = 0; i < 700; i++) cleared.add(`file ${i}`, '2026-02-01T00:00:00.000Z');
    assert.equal(cleared.has('file 0', '2026-01-01T00:00:00.000Z'), false);
    assert.equal(cleared.has('file 699', '2026-01-01T00:00:00.000Z'), true);
  });
});
