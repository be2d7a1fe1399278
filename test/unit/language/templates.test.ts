import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { findingsWithFiles } from '../../../src/core/language/semantics/with-files';
import { buildPlan } from '../../../src/core/engine/plan';
import { parseEvalFile } from '../../../src/core/spec/parse';

const folder = path.resolve(__dirname, '../../../media/templates');

describe('the templates of new evals', () => {
  const names = readdirSync(folder);

  it('are there for everything that is offered', () => {
    const source = readFileSync(path.resolve(__dirname, '../../../src/extension/commands/new-eval.ts'), 'utf8');
    const offered = [...source.matchAll(/file: '(\w+)'/g)].map(([, file]) => `${file ?? ''}.eval.yaml`);
    assert.deepEqual(offered.sort(), [...names].sort());
  });

  for (const name of names) {
    it(`${name} can be run as it is, and nothing is to be said about it`, async () => {
      const file = path.join(folder, name);
      const text = readFileSync(file, 'utf8');
      const document = parseEvalFile(text, file, {});
      const { plan, diagnostics } = await buildPlan({
        document,
        runsDir: '/runs',
        readFile: () => Promise.reject(new Error('templates stand alone')),
        now: new Date(0),
      });
      const semantic = await findingsWithFiles(
        text,
        document,
        { workspace: undefined, complete: true },
        () => undefined,
      );
      const said = [...document.diagnostics, ...diagnostics, ...semantic].map(({ message }) => message);
      assert.deepEqual(said, []);
      assert.ok(plan !== null && plan.targets.length > 0);
    });
  }
});
