/** How much of the answers of a run the panel is sent: a file with a million characters in each would be a page of gigabytes. */
import type { PanelCase } from '../../protocol/run-panel';

/** Characters of all answers of a run; past it each is cut to a few lines. */
const BUDGET_CHARACTERS = 8_000_000;
const SHORT_CHARACTERS = 400;

/** Cuts answers to `characters` each, and to less once they have come to a lot together. The whole one is there on demand. */
export class AnswerBudget {
  constructor(
    private readonly characters: number,
    private left = BUDGET_CHARACTERS,
  ) {}

  /** @param record as it was written, or cut already */
  take(record: PanelCase): PanelCase {
    const taken = cutAnswer(record, this.left > 0 ? this.characters : Math.min(this.characters, SHORT_CHARACTERS));
    const { turns = [], assertions } = taken;
    const texts = [taken.answer, taken.reasoning, ...turns.map(({ answer }) => answer)];
    for (const { reason, actual } of assertions) texts.push(reason, actual ?? null);
    this.left -= texts.reduce((sum, text) => sum + (text?.length ?? 0), 0);
    return taken;
  }
}

/** The record with its long texts cut to `characters` each. */
export function cutAnswer(record: PanelCase, characters: number): PanelCase {
  const cut = (text: string | null): string | null =>
    text === null || text.length <= characters ? text : `${text.slice(0, characters)}…`;
  const length = record.answerCharacters ?? record.answer?.length ?? 0;
  return {
    ...record,
    answer: cut(record.answer),
    reasoning: cut(record.reasoning),
    ...(record.turns === undefined
      ? {}
      : { turns: record.turns.map((turn) => ({ ...turn, answer: cut(turn.answer) })) }),
    ...(length > characters ? { answerCharacters: length } : {}),
  };
}
