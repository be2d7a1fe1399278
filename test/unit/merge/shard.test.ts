import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { parseShard, planDigest, shardPlans } from '../../../src/core/merge/shard';
import type { RunPlan } from '../../../src/protocol/plan';
import { runPlan, stagePlan, targetPlan } from '../support/samples';
import { casePlan, wholePlan } from './simulated';

/** What a plan has to do, as words. */
function workOf(plan: RunPlan | null): string[] {
  return (plan?.targets ?? []).flatMap(({ id, cases, stages }) => [
    ...cases.map(({ pointer }) => `${plan?.name}/${id}${pointer}`),
    ...stages.map(({ name }) => `${plan?.name}/${id}/${name}`),
  ]);
}

function filePlan(name: string, targets: number, cases: number, stages: number): RunPlan {
  return runPlan('/nowhere', {
    name,
    targets: Array.from({ length: targets }, (_, t) =>
      targetPlan({
        id: `t${t}`,
        cases: Array.from({ length: cases }, (_c, index) => casePlan(index)),
        stages: Array.from({ length: stages }, (_s, index) =>
          stagePlan({ name: `s${index}`, pointer: `/load/${index}` }),
        ),
      }),
    ),
  });
}

function allParts(plans: RunPlan[], of: number): (RunPlan | null)[][] {
  return Array.from({ length: of }, (_, at) => shardPlans(plans, { index: at + 1, of }));
}

describe('a shard', () => {
  it('is read as i/n', () => {
    assert.deepEqual(parseShard('2/3'), { index: 2, of: 3 });
    for (const text of ['0/3', '4/3', '1/0', '2', 'a/b', '1/2/3', '-1/2', '1.5/2', ''])
      assert.equal(parseShard(text), null, text);
  });

  it('shares all work out, each unit once and in the order of the file', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 3 })),
          {
            minLength: 1,
            maxLength: 4,
          },
        ),
        fc.integer({ min: 1, max: 9 }),
        (shapes, of) => {
          const plans = shapes.map(([targets, cases, stages], index) => filePlan(`f${index}`, targets, cases, stages));
          const parts = allParts(plans, of);
          const whole = plans.flatMap((plan) => workOf(plan));
          assert.deepEqual(
            parts.flatMap((part) => part.flatMap((plan) => workOf(plan))),
            whole,
          );
          for (const [at, part] of parts.entries()) {
            for (const plan of part) {
              if (plan === null) continue;
              assert.equal(plan.shard?.units[at], workOf(plan).length);
            }
          }
          const idle = parts.filter((part) => part.every((plan) => plan === null)).length;
          assert.equal(idle, Math.max(0, of - whole.length), 'no machine is idle while there is work for it');
        },
      ),
    );
  });

  it('keeps files whole where there are enough of them, then targets', () => {
    const files = ['a', 'b', 'c', 'd'].map((name) => filePlan(name, 2, 4, 1));
    const byFile = allParts(files, 3);
    for (const [index, plan] of files.entries()) {
      const holders = byFile.filter((part) => part[index] != null);
      assert.equal(holders.length, 1, `${plan.name} is in one part`);
      assert.deepEqual(workOf(holders[0]?.[index] ?? null), workOf(plan));
    }
    const [plan] = [filePlan('one', 3, 4, 1)];
    const byTarget = allParts([plan], 3).map(([part]) => part?.targets.map(({ id }) => id));
    assert.deepEqual(byTarget, [['t0'], ['t1'], ['t2']]);
  });

  it('weighs a load stage by the time that it takes', () => {
    const plan = filePlan('f', 1, 8, 0);
    plan.targets = plan.targets.map((target) => ({
      ...target,
      stages: [stagePlan({ durationMs: 600_000, requests: 1e6 })],
    }));
    const [cases, stage] = allParts([plan], 2).map(([part]) => part?.targets[0]);
    assert.deepEqual([cases?.cases.length, cases?.stages.length], [8, 0]);
    assert.deepEqual([stage?.cases.length, stage?.stages.length], [0, 1]);
  });

  it('takes along the cases that its load stages send and that are asked elsewhere', () => {
    const [plan] = shardPlans([wholePlan('/nowhere')], { index: 4, of: 4 });
    const target = plan?.targets[0];
    const known = [...(target?.cases ?? []), ...(target?.loadCases ?? [])].map(({ pointer }) => pointer);
    const sent = new Set(
      target?.stages.flatMap(({ requestPool }) => requestPool.map(({ casePointer }) => casePointer)),
    );
    assert.ok(sent.size > 0);
    // The one that is skipped is sent by nobody's will: it is not judged either.
    for (const pointer of sent) assert.ok(pointer === '/cases/5' || known.includes(pointer ?? ''), pointer);
  });

  it('has a digest that does not depend on where files lie, and changes with what is asked', () => {
    const plan = (baseDir: string, change: Partial<RunPlan> = {}): RunPlan => {
      const whole = wholePlan(`${baseDir}/out`);
      const [target] = whole.targets;
      assert.ok(target !== undefined);
      target.stages = [stagePlan({ pattern: 'trace', trace: { path: `${baseDir}/traces/a.jsonl`, speed: 1 } })];
      return { ...whole, baseDir, runId: baseDir, ...change };
    };
    const digest = planDigest(plan('/ci/one'));
    assert.equal(planDigest(plan('/mnt/agent 2/checkout')), digest);
    assert.notEqual(planDigest(plan('/ci/one', { seed: 99 })), digest);
    assert.notEqual(planDigest(plan('/ci/one', { policy: 'strict' })), digest);
    const other = plan('/ci/one');
    (other.targets[0] as { params: Record<string, number> }).params = { temperature: 1 };
    assert.notEqual(planDigest(other), digest);
  });
});
