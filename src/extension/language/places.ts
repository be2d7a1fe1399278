/** Where the cursor is among the cases, stages and results of a file. */
import type { ItemState } from './item-state';
import type { NodeStatus } from './line-ends';
import type { Survey, SurveyNode } from './survey';

/** The case or load stage that is written at a line; undefined between them. */
export function itemAtLine(survey: Pick<Survey, 'cases' | 'stages'>, line: number): SurveyNode | undefined {
  return [...survey.cases, ...survey.stages].find(({ range }) => range.start.line <= line && line <= range.end.line);
}

const WORTH_A_LOOK: ReadonlySet<ItemState> = new Set(['failed', 'error', 'warning', 'inconclusive']);

/**
 * The line of the next result that somebody has to look at, after the last comes the first; null where all is well.
 * @param line of the cursor
 */
export function nextResultLine(
  statuses: readonly Pick<NodeStatus, 'node' | 'state'>[],
  line: number,
  direction: 'next' | 'previous',
): number | null {
  const wanted = statuses.filter(({ state }) => WORTH_A_LOOK.has(state)).map(({ node }) => node.anchor.start.line);
  const lines = [...new Set(wanted)].sort((a, b) => a - b);
  if (direction === 'next') return lines.find((one) => one > line) ?? lines[0] ?? null;
  return lines.findLast((one) => one < line) ?? lines.at(-1) ?? null;
}
