import assert from 'node:assert/strict';
import { isNoise, tail, withoutNoise } from '../../host/log-text';

describe('tail', () => {
  it('keeps the last lines, whatever blank ones follow', () => {
    assert.equal(tail('a\nb\nc\n\n', 2), 'b\nc');
    assert.equal(tail('a', 5), 'a');
  });
});

describe('withoutNoise', () => {
  it('drops what an uncompiled native part logs and keeps an error of an extension', () => {
    const log = [
      'Error: Could not locate the bindings file. Tried:',
      ' → /x/node_modules/@vscode/spdlog/build/spdlog.node',
      '    at Module._compile (node:internal/modules/cjs/loader:1929:14)',
      '  ]',
      '}',
      "Activating extension 'promptrig.promptrig' failed: boom",
      '    at activate (/repo/dist/extension.js:1:2)',
    ].join('\n');
    assert.equal(
      withoutNoise(log),
      "Activating extension 'promptrig.promptrig' failed: boom\n    at activate (/repo/dist/extension.js:1:2)",
    );
  });
});

describe('isNoise', () => {
  it('knows the complaints of the extension host from the output of a test', () => {
    assert.ok(isNoise('Error: Could not locate the bindings file. Tried:\n → /x/spdlog.node'));
    assert.ok(!isNoise('  1 passing (2s)'));
  });
});
