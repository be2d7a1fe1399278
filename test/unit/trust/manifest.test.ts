import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';

interface Manifest {
  capabilities: { untrustedWorkspaces: { restrictedConfigurations: string[] } };
  contributes: { configuration: { properties: Record<string, { scope?: string }> } };
}

const manifest = JSON.parse(readFileSync(path.resolve(__dirname, '../../../package.json'), 'utf8')) as Manifest;
const { properties } = manifest.contributes.configuration;
const restricted = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations;

/** Settings that say what is listed and how it is shown: a workspace may choose them before it is trusted. */
const HARMLESS = new Set([
  'promptrig.files.include',
  'promptrig.files.exclude',
  'promptrig.saveBeforeRun',
  'promptrig.openRunPanel',
  'promptrig.inlineResults',
  'promptrig.endpointHealth',
]);

describe('settings of a workspace that is not trusted', () => {
  it('have no effect where they name a place, a host or a program', () => {
    for (const name of Object.keys(properties)) {
      assert.ok(HARMLESS.has(name) || restricted.includes(name), `${name} is neither restricted nor known as harmless`);
    }
  });

  it('are restricted by a name that exists', () => {
    for (const name of restricted) assert.ok(Object.hasOwn(properties, name), name);
  });

  it('that name hosts belong to the machine and not to all of them', () => {
    for (const [name, { scope }] of Object.entries(properties)) {
      if (/endpoints$|executable|proxy/i.test(name)) assert.match(scope ?? '', /^machine/, name);
    }
  });
});
