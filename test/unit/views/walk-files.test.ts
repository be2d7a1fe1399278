import assert from 'node:assert/strict';
import { walkFiles } from '../../../src/extension/views/walk-files';

/** Folders by path; a name that ends in a slash is a folder, one that ends in `@` a link to one. */
function walk(folders: Record<string, string[]>, leftOut = /^node_modules\//) {
  const read: string[] = [];
  const errors: string[] = [];
  return {
    read,
    errors,
    result: walkFiles({
      readFolder: (path) => {
        read.push(path);
        const names = folders[path];
        if (names === undefined) return Promise.reject(new Error('no access'));
        return Promise.resolve(
          names.map((name) => ({
            name: name.replace(/[/@]$/, ''),
            isFolder: /[/@]$/.test(name),
            isLink: name.endsWith('@'),
          })),
        );
      },
      isWanted: (path) => path.endsWith('.eval.yaml'),
      isLeftOut: (path) => leftOut.test(path),
      onError: (path) => errors.push(path),
    }),
  };
}

describe('a search without a search service', () => {
  it('finds files in folders, and enters neither what is left out nor links', async () => {
    const { result, read, errors } = walk({
      '': ['b.eval.yaml', 'a/', 'node_modules/', 'loop@', 'x.yaml', 'secret/'],
      a: ['c.eval.yaml', 'deep/'],
      'a/deep': ['d.eval.yaml'],
    });
    assert.deepEqual(await result, {
      paths: ['a/c.eval.yaml', 'a/deep/d.eval.yaml', 'b.eval.yaml'],
      complete: true,
    });
    assert.deepEqual(read.sort(), ['', 'a', 'a/deep', 'secret']);
    assert.deepEqual(errors, ['secret']);
  });

  it('ends at its bound, and says so', async () => {
    const many = Array.from({ length: 20_001 }, (_, i) => `f${i}`);
    const { result, read } = walk({ '': [...many, 'a.eval.yaml', 'sub/'], sub: ['b.eval.yaml'] });
    const { paths, complete } = await result;
    assert.deepEqual(paths, ['a.eval.yaml']);
    assert.equal(complete, false);
    assert.deepEqual(read, ['']);
  });
});
