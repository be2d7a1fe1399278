import assert from 'node:assert/strict';
import { windowUrl } from '../../host/window-url';

describe('windowUrl', () => {
  it('carries the folder and, as remote addresses, extension and suite', () => {
    const url = new URL(
      windowUrl({ authority: '127.0.0.1:4000', folder: '/a b', extension: '/my ext', testsPath: '/s.js' }),
    );
    assert.equal(url.origin, 'http://127.0.0.1:4000');
    assert.equal(url.searchParams.get('folder'), '/a b');
    const payload = new Map(JSON.parse(url.searchParams.get('payload') ?? '') as [string, string][]);
    assert.equal(payload.get('extensionDevelopmentPath'), 'vscode-remote://127.0.0.1:4000/my%20ext');
    assert.equal(payload.get('extensionTestsPath'), 'vscode-remote://127.0.0.1:4000/s.js');
  });

  it('opens an empty window, not the last folder, when there is none', () => {
    const url = new URL(windowUrl({ authority: '127.0.0.1:4000' }));
    assert.equal(url.searchParams.get('ew'), 'true');
    assert.equal(url.searchParams.has('folder'), false);
    assert.doesNotMatch(url.searchParams.get('payload') ?? '', /extension/);
  });
});
