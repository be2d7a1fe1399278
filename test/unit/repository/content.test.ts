import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(__dirname, '../../..');

/** Files that are or would be in version control: tracked, or new and not ignored. */
function repositoryFiles(): string[] {
  // A container's checkout often belongs to another user, which git refuses unless told otherwise.
  const args = [
    '-c',
    'safe.directory=*',
    'ls-files',
    '-z',
    '--cached',
    '--others',
    '--exclude-standard',
    '--deduplicate',
  ];
  const list = execFileSync('git', args, { cwd: root, encoding: 'utf8' });
  return list.split('\0').filter((path) => path !== '' && !/\.(png|gif|ico|woff2?|ttf|gz|vsix)$/.test(path));
}

function text(path: string): string {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch (error) {
    // Deleted but not yet committed.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}

describe('what is in the repository', () => {
  // Joined here, so that this file does not itself contain what it looks for.
  const unwanted: [what: string, pattern: RegExp][] = [
    [
      'a path of the machine it was written on',
      new RegExp(`(?<![\\w.])/(${['work', 'home', 'Users', 'root'].join('|')})/[a-z]`),
    ],
    ['the host of a package registry', new RegExp(['registry', '(npmjs|yarnpkg)', '(org|com)'].join('\\.'))],
    ['the address of a package in a registry', new RegExp(['"resolved', ': "http'].join('"'))],
  ];
  const files = repositoryFiles();

  it('is read at all', () => {
    assert.ok(files.includes('package.json'));
  });

  for (const [what, pattern] of unwanted) {
    it(`does not mention ${what}`, () => {
      const mentions = files.flatMap((path) => {
        const match = pattern.exec(text(path));
        return match ? [`${path}: ${match[0]}`] : [];
      });
      assert.deepEqual(mentions, []);
    });
  }

  it('names one exact version of each dependency', () => {
    const manifest = JSON.parse(text('package.json')) as Record<string, Record<string, string> | undefined>;
    const loose = ['dependencies', 'devDependencies'].flatMap((kind) =>
      Object.entries(manifest[kind] ?? {}).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)),
    );
    assert.deepEqual(loose, []);
  });

  it('explains each dependency in CONTRIBUTING.md', () => {
    const manifest = JSON.parse(text('package.json')) as Record<string, Record<string, string> | undefined>;
    const names = [...Object.keys(manifest.dependencies ?? {}), ...Object.keys(manifest.devDependencies ?? {})];
    const contributing = text('CONTRIBUTING.md');
    assert.deepEqual(
      names.filter((name) => !contributing.includes(`\`${name}\``)),
      [],
    );
  });
});
