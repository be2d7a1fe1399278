import assert from 'node:assert/strict';
import { resolveEndpoint } from '../../../src/core/engine/plan-endpoints';
import { parseEvalFile } from '../../../src/core/spec/parse';
import { workspaceEndpoints } from '../../../src/core/spec/workspace-endpoints';
import {
  addressOf,
  isPaid,
  knownEndpoints,
  type FolderEndpoints,
  type KnownEndpoint,
} from '../../../src/extension/endpoints/known-endpoints';

function folder(name: string, text: string): FolderEndpoints {
  const document = parseEvalFile(text, `/w/${name}/promptrig.yaml`);
  return {
    folder: `file:///w/${name}`,
    folderName: name,
    path: `/w/${name}`,
    endpoints: workspaceEndpoints(document),
    defaultName: document.workspace?.defaults?.endpoint,
  };
}

const user = (name: string, problem: string | null = null) => ({
  spec: { name, url: 'http://127.0.0.1:1234/v1', model: 'm' },
  problem,
});

const brief = (list: KnownEndpoint[]): string[] =>
  list.map(
    ({ name, place, isDefault, isHidden, problem }) =>
      `${place.kind} ${name}${isDefault ? ' default' : ''}${isHidden ? ' hidden' : ''}${problem === null ? '' : ' !'}`,
  );

const LAB = `endpoints:
  - name: lab
    url: http://127.0.0.1:8000/v1
    model: llama
    tls: { ca: ./ca.pem }
  - url: http://nameless/v1
  - name: broken
    url: lab:8000
    model: m
defaults: { endpoint: lab }
`;

describe('the endpoints that an eval may name', () => {
  it('are those of the folders, the person and the simulator, in this order', () => {
    assert.deepEqual(brief(knownEndpoints([], [], resolveEndpoint)), ['builtin sim default']);
    const list = knownEndpoints([folder('a', LAB)], [user('mine')], resolveEndpoint);
    assert.deepEqual(brief(list), ['workspace lab default', 'workspace broken !', 'user mine', 'builtin sim']);
    assert.deepEqual(list[0]?.plan.tls, { caPath: '/w/a/ca.pem', rejectUnauthorized: true });
    // Where it stands in the file, though one before it cannot be used.
    assert.deepEqual(list[1]?.place, { kind: 'workspace', folder: 'file:///w/a', folderName: 'a', index: 2 });
    assert.match(list[1]?.problem ?? '', /http:\/\//);
  });

  it('of a folder stand before those of the person with the same name', () => {
    const list = knownEndpoints([folder('a', LAB)], [user('lab'), user('mine'), user('sim')], resolveEndpoint);
    assert.deepEqual(brief(list).slice(2), ['user lab hidden', 'user mine', 'user sim', 'builtin sim hidden']);
  });

  it('may each be the default of a folder', () => {
    const own = folder('a', 'defaults: { endpoint: mine }\n');
    assert.deepEqual(brief(knownEndpoints([own], [user('mine')], resolveEndpoint)), [
      'user mine default',
      'builtin sim',
    ]);
    const second = folder('b', 'presets: {}\n');
    assert.deepEqual(brief(knownEndpoints([folder('a', LAB), second], [], resolveEndpoint)), [
      'workspace lab default',
      'workspace broken !',
      'builtin sim default',
    ]);
  });

  it('say what keeps them from being used', () => {
    const text = `endpoints:\n  - { name: editor, api: vscode-lm, model: m }\n  - { name: x, model: m }\n`;
    const [editor, x] = knownEndpoints([folder('a', text)], [user('mine', 'It is odd.')], resolveEndpoint);
    assert.ok(editor?.problem === null || /vscode-lm/.test(editor?.problem ?? ''));
    assert.match(x?.problem ?? '', /url/);
  });

  it('are paid for where they have a price, or are a service that has one', () => {
    const paid = (url: string | null, price?: { inputPer1M: number; outputPer1M: number }): boolean =>
      isPaid({ url, ...(price === undefined ? {} : { price }) });
    assert.equal(paid('https://api.openai.com/v1'), true);
    assert.equal(paid('https://my.openai.azure.com/x'), true);
    assert.equal(paid('https://notopenai.com/v1'), false);
    assert.equal(paid('http://127.0.0.1:8000/v1'), false);
    assert.equal(paid('http://127.0.0.1:8000/v1', { inputPer1M: 1, outputPer1M: 2 }), true);
    assert.equal(paid('https://api.openai.com/v1', { inputPer1M: 0, outputPer1M: 0 }), false);
    assert.equal(paid(null), false);
    assert.equal(addressOf({ url: 'https://h/v1' }), 'h/v1');
  });
});
