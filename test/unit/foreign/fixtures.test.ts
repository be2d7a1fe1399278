import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { buildPlan, type PlanOutput } from '../../../src/core/engine/plan';
import { globFiles } from '../../../src/core/spec/foreign/glob-files';
import { parseEvalFile, type EvalDocument } from '../../../src/core/spec/parse';
import type { AssertionPlan } from '../../../src/protocol/plan';
import { said } from './importing';

const FOLDER = path.resolve(__dirname, '../../fixtures/foreign');

async function planned(name: string): Promise<PlanOutput & { document: EvalDocument }> {
  const file = path.join(FOLDER, name);
  const document = parseEvalFile(fs.readFileSync(file, 'utf8'), file);
  const output = await buildPlan({
    document,
    runsDir: '/tmp/runs',
    now: new Date('2026-11-22T01:47:00.123Z'),
    random: () => 0.5,
    env: {},
    readFile: (each) => fs.promises.readFile(each),
  });
  return { ...output, document };
}

function leaves(assertions: readonly AssertionPlan[]): AssertionPlan[] {
  return assertions.flatMap((assertion) => (assertion.members === undefined ? [assertion] : leaves(assertion.members)));
}

describe('files as people have them', () => {
  it('are planned from disk, with every assertion run or explained', async () => {
    const expected: Record<
      string,
      { targets: string[]; run: number; skipped: number; cases: number; skippedCases: number }
    > = {
      'translations/promptfooconfig.yaml': {
        targets: ['echo/casual 1', 'echo/casual 2', 'echo/formal', 'mini/formal'],
        ...{ cases: 12, skippedCases: 0, run: 16, skipped: 4 },
      },
      'support/promptfooconfig.yaml': {
        targets: [
          'anthropic:messages:claude-sonnet-4-20250514',
          'groq:llama-3.3-70b-versatile',
          'openai:gpt-4.1',
        ].flatMap((name) => [`${name}/You answer customers of a shop. Question: {{question}}`, `${name}/short`]),
        ...{ cases: 42, skippedCases: 6, run: 126, skipped: 18 },
      },
      'chat/promptfooconfig.yaml': { targets: ['echo'], cases: 2, skippedCases: 0, run: 0, skipped: 0 },
      'models/summary.prompt.yml': { targets: ['openai/gpt-4o-mini'], cases: 2, skippedCases: 0, run: 10, skipped: 2 },
    };
    for (const [name, counts] of Object.entries(expected)) {
      const { plan, document, diagnostics } = await planned(name);
      assert.ok(plan !== null, said([...document.diagnostics, ...diagnostics]).join('\n'));
      const cases = plan.targets.flatMap((target) => target.cases);
      const assertions = leaves(cases.flatMap((item) => item.assertions));
      assert.deepEqual(
        {
          targets: plan.targets.map(({ id }) => id).sort(),
          cases: cases.length,
          skippedCases: cases.filter(({ skip }) => skip !== undefined).length,
          run: assertions.filter(({ skip }) => skip === undefined).length,
          skipped: assertions.filter(({ skip }) => skip !== undefined).length,
        },
        { ...counts, targets: counts.targets.sort() },
        name,
      );
      // Whatever is skipped says why, and where.
      const told = [...document.diagnostics, ...diagnostics].map(({ message }) => message).join('\n');
      for (const { skip, pointer } of assertions) {
        if (skip === undefined) continue;
        assert.ok(told.includes(skip), skip);
        assert.ok(
          document.rangeOf(pointer) !== undefined || pointer.includes('#') || pointer.startsWith('/cases/'),
          pointer,
        );
      }
      for (const { skip } of cases) if (skip !== undefined) assert.ok(told.includes(skip), skip);
    }
  });

  it('may be prompts without anything to run', async () => {
    const { plan, document, diagnostics } = await planned('models/template.prompt.yml');
    assert.equal(plan, null);
    assert.notEqual(document.spec, null);
    assert.deepEqual(
      diagnostics.map(({ code, severity }) => [code, severity]),
      [['nothing-to-run', 'warning']],
    );
  });
});

describe('globs over the disk', () => {
  it('find files, sorted, and nothing where there is no such folder', async () => {
    const found = await globFiles(path.join(FOLDER, '**/*.prompt.yml'));
    assert.deepEqual(
      found.map((file) => path.relative(FOLDER, file)),
      ['models/summary.prompt.yml', 'models/template.prompt.yml'],
    );
    assert.deepEqual(await globFiles(path.join(FOLDER, 'translations/prompts/{casual,none}.txt')), [
      path.join(FOLDER, 'translations/prompts/casual.txt'),
    ]);
    await assert.rejects(globFiles(path.join(FOLDER, 'gone/*.txt')), { code: 'ENOENT' });
  });
});
