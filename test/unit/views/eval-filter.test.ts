import assert from 'node:assert/strict';
import type { Uri } from 'vscode';
import { shownOf, tagCounts, type TaggedFile } from '../../../src/extension/views/eval-filter';
import { requestsOf, type SelectedRow } from '../../../src/extension/views/selected-rows';

const FILE: TaggedFile = {
  tags: ['chat'],
  cases: [
    { id: 'one', tags: ['smoke'] },
    { id: 'two', tags: ['slow', 'smoke'] },
    { id: 'three', tags: [] },
  ],
};

describe('the filter by tag', () => {
  it('leaves all without a tag, and a whole file whose own tag is wanted', () => {
    assert.equal(shownOf(FILE, []), 'all');
    assert.equal(shownOf(FILE, ['chat', 'other']), 'all');
  });

  it('leaves the cases with a wanted tag, and no file without one', () => {
    assert.deepEqual(shownOf(FILE, ['smoke']), new Set(['one', 'two']));
    assert.deepEqual(shownOf(FILE, ['slow', 'other']), new Set(['two']));
    assert.equal(shownOf(FILE, ['other']), 'none');
  });

  it('counts the files that bear a tag', () => {
    assert.deepEqual(tagCounts([FILE, { tags: ['smoke'], cases: [] }]), [
      { tag: 'chat', files: 1 },
      { tag: 'slow', files: 1 },
      { tag: 'smoke', files: 2 },
    ]);
  });
});

describe('rows that are selected together', () => {
  const uri = (path: string): Uri => ({ toString: () => path }) as Uri;
  const a = uri('a');
  const b = uri('b');
  const row = (kind: SelectedRow['kind'], of: Uri, id?: string): SelectedRow => ({
    kind,
    uri: of,
    ...(id === undefined ? {} : { id }),
  });

  it('ask for one run a file and kind', () => {
    assert.deepEqual(
      requestsOf([row('case', a, 'x'), row('stage', a, 's'), row('file', b), row('case', a, 'y'), row('case', b, 'z')]),
      [
        { uri: a, what: 'case', ids: ['x', 'y'] },
        { uri: a, what: 'stage', id: 's' },
        { uri: b, what: 'file' },
      ],
    );
    assert.deepEqual(requestsOf([row('file', a), row('file', b)], 'load'), [
      { uri: a, what: 'load' },
      { uri: b, what: 'load' },
    ]);
    assert.deepEqual(requestsOf([]), []);
  });

  it('run of a file that is shown in part what is shown of it', () => {
    const shown = (uri: Uri): string[] | null => (uri === a ? ['x', 'y'] : null);
    assert.deepEqual(requestsOf([row('file', a), row('file', b)], 'file', shown), [
      { uri: a, what: 'case', ids: ['x', 'y'] },
      { uri: b, what: 'file' },
    ]);
    assert.deepEqual(requestsOf([row('case', a, 'z')], 'file', shown), [{ uri: a, what: 'case', id: 'z' }]);
  });
});
