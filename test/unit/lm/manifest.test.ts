import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { ToolName } from '../../../src/extension/contributions';

interface Tool {
  name: string;
  modelDescription: string;
  userDescription: string;
  toolReferenceName: string;
  inputSchema: { type: string; additionalProperties: boolean; required?: string[]; properties: object };
}

const manifest = JSON.parse(readFileSync(path.resolve(__dirname, '../../../package.json'), 'utf8')) as {
  contributes: { languageModelTools: Tool[] };
};

describe('the tools that package.json declares', () => {
  const tools = manifest.contributes.languageModelTools;

  it('are those that are registered', () => {
    assert.deepEqual(tools.map(({ name }) => name).sort(), Object.values(ToolName).sort());
  });

  it('take nothing that they do not describe', () => {
    for (const { name, inputSchema, modelDescription, userDescription, toolReferenceName } of tools) {
      assert.equal(inputSchema.additionalProperties, false, name);
      for (const key of inputSchema.required ?? []) assert.ok(Object.hasOwn(inputSchema.properties, key), key);
      assert.ok(modelDescription.length > 50 && userDescription !== '' && toolReferenceName !== '', name);
    }
  });

  it('tell the model that a run costs money and is asked for', () => {
    const run = tools.find(({ name }) => name === ToolName.run);
    assert.match(run?.modelDescription ?? '', /may cost money.*the person is asked/);
  });
});
