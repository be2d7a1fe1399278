import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import picomatch from 'picomatch';
import { kindOf } from '../../../src/core/spec/discover';

interface Manifest {
  contributes: { yamlValidation: { fileMatch: string | string[]; url: string }[] };
}

const root = path.resolve(__dirname, '../../..');
const { contributes } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Manifest;

describe('the schemas for the YAML extension', () => {
  it('are those of our files, and of no others', () => {
    const schemaOf = (name: string): string | undefined =>
      contributes.yamlValidation.find(({ fileMatch }) => picomatch.isMatch(name, [fileMatch].flat()))?.url;
    for (const name of ['a.eval.yaml', 'a.eval.yml', 'a.workload.yaml', 'a.workload.yml'])
      assert.equal(schemaOf(name), './media/schema/eval.schema.json', name);
    assert.equal(schemaOf('promptrig.yaml'), './media/schema/workspace.schema.json');
    for (const name of ['a.yaml', 'eval.yaml', 'promptfooconfig.yaml', 'a.prompt.yml', 'docker-compose.yaml'])
      assert.equal(schemaOf(name), undefined, name);
    assert.equal(kindOf('a.workload.yml'), 'eval');
  });

  it('are packed', () => {
    const packed = readFileSync(path.join(root, '.vscodeignore'), 'utf8');
    for (const { url } of contributes.yamlValidation) assert.ok(existsSync(path.join(root, url)), url);
    for (const line of ['!media/schema/*.json', '!media/templates/*.yaml']) assert.ok(packed.includes(line), line);
  });
});
