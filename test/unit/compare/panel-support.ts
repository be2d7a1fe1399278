/** Runs to compare in a panel, as the engine leaves them, and what is asked of them. */
import * as path from 'node:path';
import { entriesOf, type PanelSource } from '../../../src/core/compare/panel-source';
import { readOwnSource } from '../../../src/core/compare/panel-read';
import {
  NO_CHOICES,
  panelNumbers,
  type PanelChoices,
  type PanelInput,
  type PanelNumbers,
} from '../../../src/core/compare/panel-state';
import { PanelTests } from '../../../src/core/compare/panel-tests';
import type { CompareRow } from '../../../src/protocol/compare-panel';
import type { RequestRecord } from '../../../src/protocol/run-json';
import { simulate, store, wholePlan, type Recorded } from '../merge/simulated';
import { tempDir } from '../support/temp';

/** A stored run of two targets, `alpha` and `beta`, with what it recorded changed. */
export async function storedRun(
  id: string,
  seed: number,
  change: (recorded: Recorded) => Recorded = (same) => same,
): Promise<PanelSource> {
  const plan = { ...wholePlan(path.join(tempDir(), id), 6), runId: id };
  store(plan, change(simulate(plan, seed)));
  return readOwnSource(plan.outDir);
}

/** Every answered request of a target later by a factor. */
export function slower(target: string, factor: number): (recorded: Recorded) => Recorded {
  return ({ requests, answers }) => ({
    answers,
    requests: requests.map((record): RequestRecord => {
      const { sent, first, last } = record;
      if (record.target !== target || sent === null || first === null || last === null) return record;
      const add = (first - sent) * (factor - 1);
      return { ...record, first: first + add, first_answer: first + add, last: last + add, end: record.end + add };
    }),
  });
}

/** Every answer of a target to a case after the first few is wrong. */
export function wrongAfter(target: string, count: number): (recorded: Recorded) => Recorded {
  return ({ requests, answers }) => ({
    requests,
    answers: answers.map((record) => {
      if (record.target !== target || record.outcome === 'skipped' || Number(record.case.split('/')[2]) < count)
        return record;
      const assertions = record.assertions.map((one) => ({ ...one, outcome: 'failed' as const, reason: 'no x in it' }));
      return { ...record, outcome: 'failed' as const, answer: 'wrong', assertions, score: 0 };
    }),
  });
}

export const OPTIONS = { confidence: 0.95, seed: 1 };

/** The numbers once every test has been made. */
export function settled(
  sources: readonly PanelSource[],
  choices: Partial<PanelChoices> = {},
  tests = new PanelTests(OPTIONS),
  planned: PanelInput['planned'] = new Map(),
): PanelNumbers {
  const { confidence } = OPTIONS;
  const input = { sources, choices: { ...NO_CHOICES, ...choices }, tests, confidence, planned };
  panelNumbers(input);
  while (tests.step());
  return panelNumbers(input);
}

export function rowOf({ sections }: Pick<PanelNumbers, 'sections'>, name: string): CompareRow {
  const rows = sections.flatMap((section) => section.rows);
  const row = rows.find(({ metric, stat }) => (stat === null ? metric : `${metric}.${stat}`) === name);
  if (row === undefined) throw new Error(`No row of ${name} among ${rows.map(({ metric }) => metric).join(', ')}.`);
  return row;
}

export function idsOf(sources: readonly PanelSource[]): string[] {
  return entriesOf(sources).map(({ id }) => id);
}
