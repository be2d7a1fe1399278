/**
 * Fences around text that a judge is shown. An answer may hold instructions; within a fence that it cannot close, the judge can
 * tell it from what it was asked. The mark of a fence is a hash of the texts, so that the same question is the same twice.
 */
import { createHash } from 'node:crypto';

const MARK_LENGTH = 12;

/**
 * Tokens that chat templates give to turns. Some servers read them in the middle of a message too, and would end the user's turn
 * there: their first character is replaced by one that looks like it.
 */
const TURN_TOKENS =
  /<(\|[^|<>\n]{1,60}\|>|\/?(?:start|end)_of_turn>)|\[(\/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\])/g;

export class Fence {
  /** Letters and digits that occur in none of the texts. */
  readonly mark: string;

  constructor(texts: readonly string[], length = MARK_LENGTH) {
    this.mark = markFor(texts, length);
  }

  /** The tag that opens a block, as the block begins with it. */
  opening(name: string): string {
    return `<${name}-${this.mark}>`;
  }

  /** `text`, which must be among those that the fence was made for, between its tags. */
  block(name: string, text: string): string {
    return `${this.opening(name)}\n${withoutTurns(text)}\n</${name}-${this.mark}>`;
  }
}

function withoutTurns(text: string): string {
  return text.replace(TURN_TOKENS, (_, angled: string | undefined, square: string | undefined) =>
    angled === undefined ? `⟦${square ?? ''}` : `‹${angled}`,
  );
}

function markFor(texts: readonly string[], length: number): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${text.length}\n`).update(text);
  let mark = '';
  do {
    mark = hash.update('#').copy().digest('hex').slice(0, length);
  } while (texts.some((text) => text.toLowerCase().includes(mark)));
  return mark;
}
