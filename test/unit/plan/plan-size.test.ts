import assert from 'node:assert/strict';
import { PlanProblems } from '../../../src/core/engine/plan-problems';
import { checkSize, MAX_PLAN_CHARACTERS } from '../../../src/core/engine/plan-size';
import { parseEvalFile } from '../../../src/core/spec/parse';
import { targetPlan } from '../support/samples';
import { slice } from '../spec/marked';

const TEXT = 'prompt: hi\ndataset: rows.csv\n';

function check(cases: number, characters: number, targets: number) {
  const problems = new PlanProblems(parseEvalFile(TEXT, '/w/x.eval.yaml'));
  const content = 'x'.repeat(characters);
  const shared = Array.from({ length: cases }, (_, i) => ({
    pointer: `/dataset#${i + 1}`,
    id: `row ${i + 1}`,
    name: `row ${i + 1}`,
    messages: [{ role: 'user' as const, content }],
    vars: {},
    assertions: [],
    repeat: 1,
    weight: 1,
    tags: [],
  }));
  checkSize(
    Array.from({ length: targets }, (_, i) => targetPlan({ id: String(i), cases: shared })),
    problems,
  );
  return { blocked: problems.blocked, found: problems.found };
}

describe('a plan of very many cases', () => {
  it('is refused where it could not be stored, with a sample that could', () => {
    const { blocked, found } = check(3_000, 40_000, 4);
    assert.ok(blocked);
    assert.equal(slice(TEXT, found[0]?.range), 'rows.csv');
    const [, count] = /"sample" of about ([\d,]+)\./.exec(found[0]?.message ?? '') ?? [];
    const sample = Number(count?.replace(',', ''));
    assert.ok(sample > 500 && sample * 4 * 40_000 < MAX_PLAN_CHARACTERS, found[0]?.message);
    assert.ok(!check(sample, 40_000, 4).blocked);
  });

  it('is fine while it is small, whether in cases or in characters', () => {
    assert.ok(!check(20_000, 10, 4).blocked);
    assert.ok(!check(999, 40_000, 2).blocked);
  });
});
