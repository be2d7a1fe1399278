import assert from 'node:assert/strict';
import { parseLauncherArguments } from '../../host/launcher-arguments';

describe('parseLauncherArguments', () => {
  it('reads what test-electron passes and ignores what concerns a desktop', () => {
    assert.deepEqual(
      parseLauncherArguments([
        '/tmp/folder',
        '--user-data-dir=/tmp/user',
        '--extensions-dir=/tmp/extensions',
        '--no-sandbox',
        '--disable-gpu-sandbox',
        '--disable-updates',
        '--skip-welcome',
        '--disable-workspace-trust',
        '--extensionTestsPath=/repo/out/index.js',
        '--extensionDevelopmentPath=/repo',
      ]),
      {
        extension: '/repo',
        testsPath: '/repo/out/index.js',
        folder: '/tmp/folder',
        userDataDir: '/tmp/user',
        extensionsDir: '/tmp/extensions',
        workspaceTrust: false,
      },
    );
  });

  it('asks for trust unless told otherwise, and opens no folder when none is given', () => {
    const args = parseLauncherArguments(['--extensionTestsPath=/suite.js']);
    assert.equal(args.workspaceTrust, true);
    assert.equal(args.folder, undefined);
    assert.equal(args.extension, undefined);
  });

  it('takes a value with "=" and a file URI with an escaped character', () => {
    const args = parseLauncherArguments(['--extensionTestsPath=file:///a%20b/x=y.js']);
    assert.equal(args.testsPath, '/a b/x=y.js');
  });

  it('refuses a call without a suite, with two folders or with two extensions', () => {
    assert.throws(() => parseLauncherArguments(['/folder']), /extensionTestsPath=PATH is missing/);
    assert.throws(() => parseLauncherArguments(['--extensionTestsPath=/s.js', '/a', '/b']), /one folder, not 2/);
    assert.throws(
      () =>
        parseLauncherArguments([
          '--extensionTestsPath=/s.js',
          '--extensionDevelopmentPath=/a',
          '--extensionDevelopmentPath=/b',
        ]),
      /one extension from its sources, not 2/,
    );
  });
});
