/** The plan of a run as far as the panel needs it: prompts of requests, names of cases, the shape of a stage. */
import * as fs from 'node:fs/promises';
import { runFile } from '../results/files';
import { readPlan } from '../results/store';
import type { CasePlan, Message, RunPlan, StagePlan, TargetPlan } from '../../protocol/plan';
import type { CaseRecord, RequestRecord } from '../../protocol/run-json';

/** A plan with a large dataset is hundreds of megabytes, which are not read for the sake of one prompt. */
const MOST_PLAN_BYTES = 64 << 20;

/** What is known of a run's plan; or why nothing is. */
export type KnownPlan = { plan: PlanIndex } | { reason: string };

/** The plan in a run's folder. */
export async function planOf(dir: string, mostBytes = MOST_PLAN_BYTES): Promise<KnownPlan> {
  const file = runFile(dir, 'plan');
  try {
    const { size } = await fs.stat(file);
    if (size > mostBytes) {
      return {
        reason: `The prompts of this run are ${Math.round(size / 1e6)} MB, in plan.json, which is too much to look one up.`,
      };
    }
    const plan = await readPlan(dir);
    if (!Array.isArray(plan?.targets))
      return { reason: 'plan.json, which holds the prompts, is not a plan of Promptrig.' };
    return { plan: new PlanIndex(plan) };
  } catch (error) {
    const gone = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return {
      reason: gone
        ? 'The prompts were in plan.json, which is gone.'
        : 'The prompts are in plan.json, which cannot be read.',
    };
  }
}

/** Looks up cases and stages by what the records name. */
export class PlanIndex {
  private readonly cases = new Map<string, CasePlan>();

  constructor(readonly plan: RunPlan) {
    for (const target of plan.targets) {
      for (const item of [...(target.loadCases ?? []), ...target.cases])
        this.cases.set(key(target.id, item.pointer), item);
    }
  }

  caseOf(target: string, pointer: string | undefined): CasePlan | undefined {
    return pointer === undefined ? undefined : this.cases.get(key(target, pointer));
  }

  /** The stage of a record; of a step of a `sweep` or `capacity` stage, that stage. */
  stageOf(target: string, stage: string, partOf?: string): StagePlan | undefined {
    const stages = this.targetOf(target)?.stages;
    return stages?.find(({ name }) => name === stage) ?? stages?.find(({ name }) => name === partOf);
  }

  targetOf(id: string): TargetPlan | undefined {
    return this.plan.targets.find((target) => target.id === id);
  }

  /** What a request sent. @param answer what is kept of its conversation, where it is part of one */
  promptOf(
    record: RequestRecord,
    answer: CaseRecord | null,
    partOf?: string,
  ): { messages: Message[] } | { reason: string } {
    const item = this.caseOf(record.target, record.case);
    const stage = this.stageOf(record.target, record.stage, partOf);
    if ((record.turn ?? 0) > 0)
      return {
        reason: 'It is a later turn of a session: what was said before it is part of its prompt and is not kept.',
      };
    if (stage?.synthetic?.inputTokens !== undefined || (stage?.synthetic !== undefined && record.case === undefined))
      return { reason: `Its prompt was made up for the stage${tokens(record)} and is not kept.` };
    const pooled =
      stage?.requestPool.find(({ casePointer }) => casePointer === record.case) ??
      (stage?.requestPool.length === 1 ? stage.requestPool[0] : undefined);
    const messages = stage === undefined ? item?.messages : (pooled?.messages ?? item?.messages);
    if (messages === undefined) return { reason: 'The plan of the run does not say what it sent.' };
    if (stage !== undefined || item?.turns === undefined) return { messages };
    return { messages: [...messages, ...turnsUpTo(item, record, answer)] };
  }
}

/** The turns of a conversation that a request of it has sent: those before it with their answers, and its own. */
function turnsUpTo(item: CasePlan, record: RequestRecord, answer: CaseRecord | null): Message[] {
  const turns = item.turns ?? [];
  const said = answer?.turns ?? [];
  const at = Math.max(
    0,
    said.findIndex(({ request }) => request === record.id),
  );
  return turns.slice(0, at + 1).flatMap(({ user }, i): Message[] => {
    const before = i < at ? (said[i]?.answer ?? null) : null;
    return before === null
      ? [{ role: 'user', content: user }]
      : [
          { role: 'user', content: user },
          { role: 'assistant', content: before },
        ];
  });
}

function tokens({ input_tokens: count }: RequestRecord): string {
  return count === null ? '' : ` (${count} tokens)`;
}

function key(target: string, pointer: string): string {
  return `${target}\n${pointer}`;
}
